"""A stage of a sweep: one run of a tool, for every value of its axes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...utils.number_ranges import COUNT, POSITIVE, require_numbers
from ..config_file import ROOTS
from .axis import AxisSetting, axis_folder_name, read_axis_setting

TRAIN, TEST = 'train', 'test'
SWEEP = 'sweep'  # $sweep: the sweep's folder
PLACEHOLDER = re.compile(r'\$(\$|[A-Za-z_]\w*)')
TOOLS = {TRAIN: 'train.py', TEST: 'test.py'}


@dataclass(frozen=True)
class Stage:
    """A run of a tool.

    Attributes:
        name: Its name, and that of its folder; ``$name`` in another stage's options and
            arguments is the folder that this one wrote into.
        run: ``'train'``, ``'test'``, or a tool below ``tools/``.
        config: The config; ``None`` for the cell's.
        start: The stage whose newest checkpoint is loaded; ``None`` for none.
        axes: Names of the axes it is run for; those it is not run for share it.
        setting: What it sets beside the axes.
        args: Arguments of a tool that is neither train nor test.
        after: Stages that must be finished before it.
        processes: Of ``torch.distributed``.
        threads: Of each process; ``None`` for as many as there are processors.
        memory: GiB of the whole stage, for the memory budget; ``None``: it is measured.
        resume: A training that was interrupted goes on from its newest checkpoint
            instead of its beginning.
    """

    name: str
    run: str = TEST
    config: str | None = None
    start: str | None = None
    axes: tuple[str, ...] = ()
    setting: AxisSetting = AxisSetting()
    args: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    processes: int = 1
    threads: int | None = None
    memory: float | None = None
    resume: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The stages that must be finished before this one."""
        texts = [*self.args, *strings_in_stage(self.setting.options)]
        texts += strings_in_stage(self.setting.arguments)
        named = [name for text in texts for name in stage_references(text)]
        start = [] if self.start is None else [self.start]
        return (*dict.fromkeys([*start, *self.after, *named]),)

    @property
    def tool(self) -> Path:
        """The script, in the checkout or in an installed package."""
        return stage_tool_path(TOOLS.get(self.run, self.run))


def stage_tool_path(name: str) -> Path:
    """The file of a tool below ``tools/``; a sweep file in JSON runs no other program.

    Raises:
        ValueError: There is no such tool.
    """
    for root in ROOTS:
        path = root / 'tools' / str(name)
        is_below = path.resolve().is_relative_to((root / 'tools').resolve())
        if is_below and path.is_file() and path.suffix == '.py':
            return path
    raise ValueError(
        f'there is no tool {name!r:.80} below tools/; a stage runs {TRAIN!r}, {TEST!r} or '
        "a tool such as 'dataset_converters/make_synsmot.py'"
    )


def read_stages(
    values: Sequence[Mapping], axis_names: Sequence[str], location: str
) -> dict[str, Stage]:
    """The stages that a sweep file describes, each after those it needs.

    Raises:
        ValueError: A key that no stage has, an unknown axis or stage, stages that wait
            for each other, or one that needs a stage which differs by an axis it lacks.
    """
    stages: dict[str, Stage] = {}
    for number, value in enumerate(values):
        place = f'{location}[{number}]'
        if not isinstance(value, Mapping) or not isinstance(value.get('name'), str):
            raise ValueError(f"{place}: expected dict(name='...', run='train', ...)")
        stage = _read_stage(value, axis_names, f'{place} ({value["name"]})')
        if stage.name in stages:
            raise ValueError(f'{place}: two stages are called {stage.name!r}')
        stages[stage.name] = stage
    for stage in stages.values():
        _require_shared(stage, stages, location)
    return _in_order(stages, location)


def _read_stage(value: Mapping, axis_names: Sequence[str], location: str) -> Stage:
    stage_keys = {f.name for f in fields(Stage)} - {'setting'} | {'options'}
    if unknown := [key for key in value if key not in stage_keys]:
        raise ValueError(
            f'{location}: unknown key {unknown[0]!r:.60}; a stage has '
            f'{", ".join(sorted(stage_keys))}'
        )
    name = value['name']
    if name != axis_folder_name(name) or not name.isidentifier() or name == SWEEP:
        raise ValueError(
            f'{location}: the name must be letters, digits and _, and not {SWEEP!r}, since '
            'other stages write $name for its folder'
        )
    _require_types(value, location)
    axes = value.get('axes', axis_names)
    for axis in axes:
        if axis not in axis_names:
            raise ValueError(
                f'{location}: axes has {axis!r:.60}, but the sweep has '
                f'{", ".join(axis_names) or "no axes"}'
            )
    require_numbers(location, COUNT, processes=value.get('processes', 1))
    require_numbers(location, COUNT.or_none, threads=value.get('threads'))
    require_numbers(location, POSITIVE.or_none, memory=value.get('memory'))
    settings = dict(value)
    settings['axes'] = tuple(a for a in axis_names if a in axes)
    settings['setting'] = read_axis_setting(
        settings.pop('options', {}), f'{location}.options'
    )
    for key in ('args', 'after'):
        settings[key] = tuple(str(item) for item in value.get(key, ()))
    stage = Stage(**settings)
    try:
        stage.tool.resolve()
    except ValueError as error:
        raise ValueError(f'{location}: {error}') from error
    if stage.args and stage.run in TOOLS:
        raise ValueError(f'{location}: {stage.run} takes options, no args')
    if stage.start is not None:
        for name in {'checkpoint', 'weights'} & {*stage.setting.arguments}:
            raise ValueError(
                f'{location}: starts from {stage.start}, whose checkpoint has the weights: '
                f'leave {name!r} out of its options'
            )
    return stage


def _require_types(value: Mapping, location: str) -> None:
    expectations: tuple[tuple[Any, str, tuple[str, ...]], ...] = (
        (bool, 'True or False', ('resume',)),
        (str, 'text', ('run', 'config', 'start')),
        (Mapping, 'a dict', ('options',)),
        (list | tuple, 'a list', ('axes', 'args', 'after')),
    )
    for kind, expected, keys in expectations:
        for key in keys:
            if value.get(key) is not None and not isinstance(value[key], kind):
                raise ValueError(
                    f'{location}: {key} must be {expected}, got {value[key]!r:.80}'
                )


def _require_shared(stage: Stage, stages: Mapping[str, Stage], location: str) -> None:
    for name in stage.needs:
        if name not in stages:
            raise ValueError(
                f'{location}: {stage.name} needs the stage {name!r:.60}, which is not there; '
                f'there are {", ".join(stages)}'
            )
        if missing := [a for a in stages[name].axes if a not in stage.axes]:
            raise ValueError(
                f'{location}: {stage.name} needs {name}, of which there is one for each '
                f'{missing[0]}: add {missing[0]!r} to the axes of {stage.name}'
            )


def _in_order(stages: dict[str, Stage], location: str) -> dict[str, Stage]:
    ordered: dict[str, Stage] = {}
    while len(ordered) < len(stages):
        ready = [
            stage
            for stage in stages.values()
            if stage.name not in ordered and all(n in ordered for n in stage.needs)
        ]
        if not ready:
            waiting = ', '.join(name for name in stages if name not in ordered)
            raise ValueError(f'{location}: {waiting} wait for each other')
        ordered |= {stage.name: stage for stage in ready}
    return ordered


def stage_references(text: str) -> list[str]:
    """The stages whose folders a text names as ``$name``."""
    names = (match[1] for match in PLACEHOLDER.finditer(text))
    return [name for name in names if name not in ('$', SWEEP)]


def strings_in_stage(value: Any) -> Iterable[str]:
    """All texts in a value of a config."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings_in_stage(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings_in_stage(item)


def with_stage_folders(value: Any, folders: Mapping[str, str]) -> Any:
    """A value with the folders for ``$name`` in all its texts; ``$$`` is a dollar sign."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(
            lambda m: '$' if m[1] == '$' else folders.get(m[1], m[0]), value
        )
    if isinstance(value, Mapping):
        return {key: with_stage_folders(item, folders) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [with_stage_folders(item, folders) for item in value]
    return value
