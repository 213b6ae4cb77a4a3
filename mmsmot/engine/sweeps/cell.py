"""A cell of a sweep: a stage with one value of each of its axes, and its command."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...utils.bundled_weights import bundled_weights, weights_path
from ...utils.command_line import CfgOptions
from ...utils.fingerprint import file_fingerprint, text_fingerprint
from ...utils.training_checkpoints import newest_checkpoint
from .axis import AxisSetting, axis_folder_name, short_axis_names
from .cell_config import checked_cell_config
from .stage import SWEEP, TEST, TOOLS, Stage, with_stage_folders
from .sweep_file import Sweep

RUN = 'run'  # the folder in a cell's that its tool writes into
DETECTIONS = 'detections'  # the folder in the sweep's that all its tests share
MAX_FOLDER = 240  # bytes: file systems take 255, and what is put aside has a suffix
FILES = ('checkpoint', 'weights', 'reid_weights')


@dataclass(frozen=True)
class Cell:
    """One run of a tool.

    Attributes:
        stage: What is run.
        labels: The value of each of its axes, by axis.
        setting: What is set, all together.
        folder: Where its record, its log and its results lie.
        folders: The folders that ``$name`` stands for.
        needs: Ids of the cells that must be finished before it.
        start: The id of the cell whose newest checkpoint is loaded.
        fingerprint: Hash of all that decides its result, but the data and the code.
    """

    stage: Stage
    labels: dict[str, str]
    setting: AxisSetting
    folder: Path
    folders: dict[str, str]
    needs: tuple[str, ...]
    start: str | None
    fingerprint: str

    @property
    def id(self) -> str:
        return cell_id(self.stage, self.labels)

    @property
    def run_dir(self) -> Path:
        """Where its tool writes."""
        return self.folder / RUN

    def command(self, resume: bool = False) -> list[str]:
        """The command line that runs it.

        Args:
            resume: Go on from the newest checkpoint of an interrupted training.

        Raises:
            FileNotFoundError: The stage it starts from has left no checkpoint.
        """
        stage = self.stage
        command = [sys.executable]
        if stage.processes > 1:
            command += ['-m', 'torch.distributed.run', '--standalone']
            command += [f'--nproc_per_node={stage.processes}']
        command.append(str(stage.tool))
        if stage.run not in TOOLS:
            return command + [
                with_stage_folders(arg, self.folders) for arg in stage.args
            ]
        arguments = with_stage_folders(self.setting.arguments, self.folders)
        options = with_stage_folders(self.setting.options, self.folders)
        command.append(str(arguments.pop('config')))
        checkpoint = arguments.pop('checkpoint', None)
        if self.start is not None:
            checkpoint = self._start_checkpoint()
            arguments.pop('weights', None)  # the checkpoint has them
        if checkpoint is not None and stage.run == TEST:
            command.append(str(checkpoint))
        elif checkpoint is not None:
            options['load_from'] = str(checkpoint)
        command += ['--work-dir', str(self.run_dir)]
        if stage.run == TEST:
            command += ['--detection-cache', f'{self.folders[SWEEP]}/{DETECTIONS}']
        # The seed is that of the training before a test; no training has a ReID part.
        arguments.pop('seed' if stage.run == TEST else 'reid_weights', None)
        command += cell_argument_words(arguments)
        if stage.processes > 1:
            command += ['--launcher', 'pytorch']
        if resume:
            command.append('--resume')
        if options:
            command += ['--cfg-options', *cell_option_words(options)]
        return command

    def environment(self) -> dict[str, str]:
        """The variables of the command beside those of this process."""
        threads = self.stage.threads
        return {} if threads is None else {'OMP_NUM_THREADS': str(threads)}

    def _start_checkpoint(self) -> str:
        run_dir = self.folders[str(self.stage.start)]
        checkpoint = newest_checkpoint(run_dir)
        if checkpoint is None:
            raise FileNotFoundError(
                f'{self.id} starts from {self.start}, which left no checkpoint in {run_dir}'
            )
        return checkpoint


def cell_id(stage: Stage, labels: Mapping[str, str]) -> str:
    """``stage`` or ``stage/axis=label+...``, as it is called in messages and on the disk."""
    names = [
        f'{axis_folder_name(name)}={axis_folder_name(labels[axis])}'
        for axis, name in short_axis_names(stage.axes).items()
    ]
    return '/'.join([stage.name, '+'.join(names)] if names else [stage.name])


def plan_cells(
    sweep: Sweep, work_dir: str | os.PathLike, data_root: str | None = None
) -> dict[str, Cell]:
    """All cells by id, each after those it needs; every config is read and checked.

    Args:
        sweep: What is run.
        work_dir: The folder of the cells.
        data_root: The folder of the data instead of that in the sweep's options. It is no
            part of a cell's fingerprint: where the data lie decides no result.

    Raises:
        KeyError: An axis sets a key that nothing reads; names the axis and similar keys.
        ValueError: A cell has no config, or a config is wrong; an option cannot be given
            on a command line; a folder's name is too long.
    """
    work_dir = Path(os.path.abspath(work_dir))
    cells: dict[str, Cell] = {}
    for stage in sweep.stages.values():
        values = [sweep.axes[name].settings for name in stage.axes]
        for labels in itertools.product(*values):
            cell = _cell(
                sweep,
                stage,
                dict(zip(stage.axes, labels, strict=True)),
                work_dir,
                cells,
                data_root,
            )
            cells[cell.id] = cell
    return cells


def _cell(
    sweep: Sweep,
    stage: Stage,
    labels: dict[str, str],
    work_dir: Path,
    cells: Mapping[str, Cell],
    data_root: str | None,
) -> Cell:
    ids = {
        name: cell_id(sweep.stages[name], labels) for name in (*stage.needs, stage.name)
    }
    folders = {name: str(work_dir / id / RUN) for name, id in ids.items()}
    folders[SWEEP] = str(work_dir)
    setting = _setting(sweep, stage, labels)
    if stage.run in TOOLS:
        _require_command(sweep, ids[stage.name], setting, folders)
    digest = _fingerprint(sweep, stage, labels, setting)
    setting = _setting(sweep.with_data_root(data_root), stage, labels)
    upstream = [cells[ids[name]].fingerprint for name in stage.needs]
    return Cell(
        stage=stage,
        labels=labels,
        setting=setting,
        folder=work_dir / ids[stage.name],
        folders=folders,
        needs=tuple(ids[name] for name in stage.needs),
        start=ids[stage.start] if stage.start else None,
        fingerprint=text_fingerprint('\n'.join([digest, *upstream])),
    )


def _setting(sweep: Sweep, stage: Stage, labels: Mapping[str, str]) -> AxisSetting:
    """From the widest to the narrowest: sweep, stage, axes."""
    setting = _config(sweep.base) | sweep.setting
    setting = setting | _config(stage.config) | stage.setting
    for axis in stage.axes:
        setting = setting | sweep.axes[axis].settings[labels[axis]]
    if stage.run in TOOLS and 'config' not in setting.arguments:
        raise ValueError(
            f"{sweep.path}: {cell_id(stage, labels)} has no config: write  base = '...'  or "
            'name one in the stage or an axis'
        )
    return setting


def _config(name: str | None) -> AxisSetting:
    return AxisSetting({} if name is None else {'config': name})


def _require_command(
    sweep: Sweep, id: str, setting: AxisSetting, folders: Mapping[str, str]
) -> None:
    if (length := len(os.fsencode(id.rpartition('/')[2]))) > MAX_FOLDER:
        raise ValueError(
            f'{sweep.path}: {id}: the name of its folder would be {length} bytes long, at '
            f'most {MAX_FOLDER} fit: give values shorter names, as {{"a": ..., "b": ...}}'
        )
    try:
        cell_option_words(with_stage_folders(setting.options, folders))
    except ValueError as error:
        raise ValueError(f'{sweep.path}: {id}: {error}') from error


def _fingerprint(
    sweep: Sweep, stage: Stage, labels: Mapping[str, str], setting: AxisSetting
) -> str:
    facts: dict[str, Any] = dict(run=stage.run, processes=stage.processes)
    if stage.run not in TOOLS:
        facts['args'] = stage.args
    else:
        arguments = setting.arguments
        config = checked_cell_config(
            sweep, stage, cell_id(stage, labels), labels, setting
        )
        facts |= dict(arguments=arguments, config=config)
        files: list[str | Path | None] = [
            weights_path(arguments.get(key)) for key in FILES
        ]
        if stage.run == TEST and stage.start is None and files[:2] == [None, None]:
            # Which the tool takes then.
            files[0] = bundled_weights(arguments['config'])
        facts['files'] = [
            file_fingerprint(file) for file in files if file and Path(file).is_file()
        ]
    return text_fingerprint(json.dumps(facts, sort_keys=True, default=str))


def cell_argument_words(arguments: Mapping[str, Any]) -> list[str]:
    """Arguments of a tool as words of its command line.

    >>> cell_argument_words({'data_root': 'data/MOT17'})
    ['--data-root', 'data/MOT17']
    """
    return [
        word
        for name, value in arguments.items()
        for word in (f'--{name.replace("_", "-")}', str(value))
    ]


def cell_option_words(options: Mapping[str, Any]) -> list[str]:
    """``KEY=VALUE`` words that ``--cfg-options`` reads back as these options.

    Raises:
        ValueError: A text that would be read as something else.

    >>> cell_option_words({'model.tracker': dict(type='SORT', max_age=3), 'a.b': [1, 2]})
    ['model.tracker.type=SORT', 'model.tracker.max_age=3', 'a.b=[1,2]']
    """
    words = []
    for key, value in options.items():
        if isinstance(value, Mapping) and value:
            inner = {f'{key}.{name}': item for name, item in value.items()}
            words += cell_option_words(inner)
        else:
            text = _option_text(value)
            if (parsed_text := _parsed(text)) != repr(_as_lists(value)):
                raise ValueError(
                    f'{key}={value!r:.80}: --cfg-options would read it as {parsed_text:.80}: '
                    'put it into a config of its own, and that into an axis'
                )
            words.append(f'{key}={text}')
    return words


def _option_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return '[' + ','.join(_option_text(item) for item in value) + ']'
    return str(value)


def _parsed(text: str) -> str:
    """What ``--cfg-options`` reads, as Python writes it."""
    try:
        return repr(CfgOptions._parse_iterable(text))
    except (AssertionError, RecursionError, ValueError):
        return 'no value'


def _as_lists(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_as_lists(item) for item in value]
    return value


def with_needed_cells(cells: Mapping[str, Cell], ids: Iterable[str]) -> dict[str, Cell]:
    """Some cells and all that they need, in the order of the plan."""
    needed_ids = {*ids}
    for id in reversed([*cells]):
        if id in needed_ids:
            needed_ids |= {*cells[id].needs}
    return {id: cell for id, cell in cells.items() if id in needed_ids}
