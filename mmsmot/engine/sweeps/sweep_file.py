"""A sweep file: configs, axes and stages of many runs, and the table of their scores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...utils.arguments import did_you_mean
from ..config_file import CONFIG_FOLDERS, read_config_file
from .axis import Axis, AxisSetting, read_axis, read_axis_setting
from .search_space import Search, read_search
from .stage import TEST, TRAIN, Stage, read_stages, stage_references, strings_in_stage

SEED = 'seed'  # the axis that means and standard errors are over
VAL_SUFFIX = '_val'  # of the stage that scores the validation split
SPLIT = 'test_dataloader.dataset.split'
KEYS = (
    *('base', 'axes', 'stages', 'metrics', 'rows', 'columns', 'report', 'baseline'),
    *('select_on', 'select_by', 'options', 'caption', 'search'),
)


@dataclass(frozen=True)
class Sweep:
    """What a sweep file says.

    Attributes:
        path: The file.
        base: The config of cells whose axes name none; ``None``: each names its own.
        axes: By name, in the order of the file.
        stages: By name, each after those it needs.
        setting: What all stages set.
        metrics: Label in the table to the metric's name, or the end of it.
        rows: Axes whose values are rows of the table.
        columns: Axes whose values are columns.
        reports: The test stages whose scores have a table each.
        baseline: Label by axis: the cell that paired differences are taken to; empty
            for none.
        select_on: The split that the best cell is chosen on, ``'val'``; ``None``: no cell
            is chosen.
        select_by: The metric that it is chosen by; the greatest wins.
        caption: The table's caption.
        search: What ``--search`` looks for; ``None``: nothing.
    """

    path: Path
    base: str | None
    axes: dict[str, Axis]
    stages: dict[str, Stage]
    setting: AxisSetting
    metrics: dict[str, str]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    reports: tuple[str, ...]
    baseline: dict[str, str]
    select_on: str | None
    select_by: str | None
    caption: str
    search: Search | None = None

    @property
    def name(self) -> str:
        return self.path.stem

    def selection_stage(self, report: str) -> str | None:
        """The stage that the best cell of a reported stage is chosen by."""
        return f'{report}{VAL_SUFFIX}' if self.select_on else None

    def with_data_root(self, data_root: str | None) -> Sweep:
        """The same sweep on data in another folder than its options name.

        Args:
            data_root: The folder; ``None``: that of the options.
        """
        if data_root is None:
            return self
        setting = self.setting | AxisSetting({'data_root': data_root})
        return replace(self, setting=setting)


def read_sweep(path: str | os.PathLike) -> Sweep:
    """Read a sweep file and check what can be checked without its configs.

    Raises:
        FileNotFoundError: There is no such file.
        KeyError: A key that no sweep has; names similar ones.
        ValueError: An empty axis, two values of one name, an unknown stage or axis, ...;
            names the file and the place in it.
    """
    path = _find(Path(path))
    content = read_config_file(str(path)).to_dict()
    names = [name for name in content if not name.startswith('_')]
    for name in names:
        if name not in KEYS:
            raise KeyError(
                f'{path}: a sweep has no {name!r}. {did_you_mean(name, KEYS)} Its keys '
                f'are {", ".join(KEYS)}; a private name begins with _'
            )
    axes = _axes(content.get('axes', {}), path)
    stages = read_stages(
        content.get('stages', [dict(name=TEST, run=TEST)]), [*axes], f'{path}: stages'
    )
    base = content.get('base')
    if base is not None and not isinstance(base, str):
        raise ValueError(f'{path}: base must be the name of a config, got {base!r:.80}')
    reports = _reports(content, stages, path)
    select_on = content.get('select_on')
    stages = _with_selection(stages, reports, select_on, path)
    setting = read_axis_setting(content.get('options', {}), f'{path}: options')
    _require_no_stages(axes, setting, path)
    metrics = _metrics(content.get('metrics', []), path)
    rows, columns = _layout(content, axes, stages, reports, path)
    return Sweep(
        path=path,
        base=base,
        axes=axes,
        stages=stages,
        setting=setting,
        metrics=metrics,
        rows=rows,
        columns=columns,
        reports=reports,
        baseline=_baseline(content.get('baseline', {}), axes, path),
        select_on=select_on,
        select_by=_select_by(content, metrics, select_on, path),
        caption=str(content.get('caption', '')),
        search=(
            read_search(content['search'], f'{path}: search')
            if 'search' in content
            else None
        ),
    )


def _find(path: Path) -> Path:
    if path.is_file():
        return path
    for folder in CONFIG_FOLDERS:
        for candidate in (folder / path, folder / f'{path}.py'):
            if candidate.is_file():
                return candidate
    raise FileNotFoundError(
        f'there is no sweep file {str(path)!r:.200}; configs/ablations/README.md lists '
        'those that come along'
    )


def _axes(values: Any, path: Path) -> dict[str, Axis]:
    if not isinstance(values, Mapping):
        raise ValueError(f'{path}: axes must be a dict of axes, got {values!r:.80}')
    for name in values:
        if not isinstance(name, str) or not name:
            raise ValueError(f'{path}: axes: {name!r:.60} is no name of an axis')
    return {
        name: read_axis(name, axis, f'{path}: axes[{name!r}]')
        for name, axis in values.items()
    }


def _require_no_stages(
    axes: Mapping[str, Axis], setting: AxisSetting, path: Path
) -> None:
    """Refuse ``$name`` where it would make every stage wait for that one."""
    places = {'options': setting}
    for axis in axes.values():
        for label, value in axis.settings.items():
            places[f'axes[{axis.name!r}], {label!r}'] = value
    for place, value in places.items():
        texts = strings_in_stage([value.arguments, value.options])
        for name in (name for text in texts for name in stage_references(text)):
            raise ValueError(
                f'{path}: {place}: ${name}: only the options and args of a stage name '
                'the folders of others; here stands $sweep, or $$ for a dollar sign'
            )


def _reports(
    content: Mapping, stages: Mapping[str, Stage], path: Path
) -> tuple[str, ...]:
    tests = [stage.name for stage in stages.values() if stage.run == TEST]
    reports = content.get('report', tests[-1:])
    reports = (reports,) if isinstance(reports, str) else tuple(reports)
    for report in reports:
        if report not in tests:
            raise ValueError(
                f'{path}: report must be a test stage '
                f'({", ".join(tests) or "there is none"}), got {report!r:.60}'
            )
    return reports


def _with_selection(
    stages: dict[str, Stage], reports: tuple[str, ...], select_on: Any, path: Path
) -> dict[str, Stage]:
    """The stages, and the reported ones once more on the split of the selection."""
    if select_on is None:
        return stages
    if not isinstance(select_on, str) or select_on in (TEST, TRAIN) or not reports:
        raise ValueError(
            f"{path}: select_on must name a split that is neither 'test' nor 'train', as "
            f"'val', and there must be a test stage; got {select_on!r:.60}"
        )
    stages = dict(stages)
    for report in reports:
        test = stages[report]
        name = f'{report}{VAL_SUFFIX}'
        if name in stages:
            raise ValueError(
                f'{path}: select_on runs {report} on {select_on} as the stage {name!r}: '
                'call your own otherwise'
            )
        setting = test.setting | AxisSetting(options={SPLIT: select_on})
        stages[name] = replace(test, name=name, setting=setting)
    return stages


def _metrics(values: Any, path: Path) -> dict[str, str]:
    if isinstance(values, Mapping):
        pairs = [*values.items()]
    else:
        pairs = [(str(name).rsplit('/', 1)[-1], name) for name in values]
    metrics = dict(pairs)
    if len(metrics) < len(pairs) or not all(
        isinstance(m, str) for m in metrics.values()
    ):
        raise ValueError(
            f"{path}: metrics must be different names, as ['HOTA', 'IDF1'], or "
            f"labels to names, as {{'F1': 'strict/interaction_F1'}}; got {values!r:.120}"
        )
    return metrics


def _layout(
    content: Mapping,
    axes: Mapping[str, Axis],
    stages: Mapping[str, Stage],
    reports: tuple[str, ...],
    path: Path,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The axes of the tables' rows and columns; seeds are averaged."""
    table_axes = [
        a for a in axes if any(a in stages[report].axes for report in reports)
    ]
    columns = tuple(content.get('columns', ()))
    row_axes = [a for a in table_axes if a != SEED and a not in columns]
    rows = tuple(content.get('rows', row_axes))
    for key, names in (('rows', rows), ('columns', columns)):
        for name in names:
            if name not in table_axes:
                raise ValueError(
                    f'{path}: {key} has {name!r:.60}, which is no axis of what is '
                    f'reported ({", ".join(table_axes) or "it has none"})'
                )
    twice = [name for name in rows if name in columns]
    missing = [name for name in row_axes if name not in rows]
    if twice or missing:
        raise ValueError(
            f'{path}: the axis {(twice or missing)[0]!r} must stand once in rows or '
            'columns, or two cells would share a place in the table'
        )
    return rows, columns


def _baseline(value: Any, axes: Mapping[str, Axis], path: Path) -> dict[str, str]:
    baseline = {name: str(label) for name, label in dict(value).items()}
    for name, label in baseline.items():
        if name not in axes or label not in axes[name].settings:
            raise ValueError(
                f'{path}: baseline: the axis {name!r:.60} has no value {label!r:.60}; '
                f'axes are { {n: [*a.settings] for n, a in axes.items()} }'
            )
    return baseline


def _select_by(
    content: Mapping, metrics: Mapping[str, str], select_on: Any, path: Path
) -> str | None:
    select_by = content.get('select_by', next(iter(metrics), None))
    if select_on is not None and select_by not in metrics:
        raise ValueError(
            f'{path}: select_by must be one of metrics ({", ".join(metrics)}), got '
            f'{select_by!r:.60}'
        )
    return select_by
