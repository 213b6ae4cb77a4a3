"""The config of a cell: read, checked, and what of it decides the cell's result."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.hooks import Hook

from ...datasets.mot_challenge import TRAIN_HALF, VAL_HALF
from ...registry import DATASETS, HOOKS
from ..config import load_config
from ..config_check import config_without_templates
from .axis import AxisSetting
from .stage import TEST, TRAIN, Stage
from .sweep_file import SPLIT, Sweep

LOADERS = {TRAIN: 'train_dataloader', TEST: 'test_dataloader'}
# Top-level keys (their beginnings) that a tool does not read: another metric makes no
# training stale, and another schedule no test.
UNREAD_BY = {
    TRAIN: ('test_',),
    TEST: ('train_', 'val_', 'optim_', 'param_', 'load_from'),
}


def checked_cell_config(
    sweep: Sweep,
    stage: Stage,
    id: str,
    labels: Mapping[str, str],
    setting: AxisSetting,
) -> dict[str, Any]:
    """What a cell's tool reads of its config.

    Args:
        sweep: For messages, and for what is selected and reported.
        stage: Of the cell; its tool is train or test.
        id: Of the cell, for messages.
        labels: The value of each of its axes.
        setting: What is set, all together; names the config.

    Raises:
        KeyError: A key that nothing reads; names the axis that sets it.
        ValueError: Something else is wrong in the config; it has no dataset; or the cell
            would report the frames that the best one is chosen on.
        FileNotFoundError: There is no such config.
    """
    try:
        config = load_config(setting.arguments['config'], setting.options)
    except (KeyError, ValueError, FileNotFoundError) as error:
        location = id
        for axis in stage.axes:
            options = sweep.axes[axis].settings[labels[axis]].options
            if any(key in str(error) for key in options):
                location = f'axes[{axis!r}], {labels[axis]!r}, of {id}'
        text = error.args[0] if isinstance(error, KeyError) else error
        raise type(error)(f'{sweep.path}: {location}: {text}') from error
    if (loader := LOADERS[stage.run]) not in config:
        raise ValueError(
            f'{sweep.path}: {id}: {setting.arguments["config"]} has no {loader}, so '
            f'nothing to {stage.run} on: take a config with a dataset, or give it one as '
            'configs/two_stage/sort_public-detections.py has it'
        )
    if sweep.select_on is not None and stage.name in sweep.reports:
        _require_unseen_split(sweep, id, config)
    return _read_by_tool(stage, config)


def _require_unseen_split(sweep: Sweep, id: str, config: Config) -> None:
    """Refuse to report frames that the best cell is chosen on.

    Where MOTChallenge's split is ``None`` its sequences are whole, and ``val`` is a half
    of each. A dataset that names no split has its constructor's default.
    """
    dataset = config[LOADERS[TEST]].get('dataset', {})
    dataset_class = DATASETS.get(dataset.get('type', ''))
    if dataset_class is None:
        return
    parameters = inspect.signature(dataset_class).parameters
    if 'split' not in parameters:
        return
    split = dataset.get('split', parameters['split'].default)
    if split is None or _frames_of(split) == _frames_of(sweep.select_on):
        raise ValueError(
            f'{sweep.path}: {id} would report the frames that select_on='
            f'{sweep.select_on!r} chooses the best cell on: name those to report, as '
            f"options = {{'{SPLIT}': 'train_minus_val'}}"
        )


def _frames_of(split: str | None) -> str | None:
    """One name for all that a split is called: ``val`` and ``val_half`` are the same."""
    for names in (TRAIN_HALF, VAL_HALF):
        if split in names:
            return names[0]
    return split


def _read_by_tool(stage: Stage, config: Config) -> dict[str, Any]:
    unread = UNREAD_BY[stage.run]
    facts = {
        key: value
        for key, value in config_without_templates(config).to_dict().items()
        if not key.startswith(unread)
    }
    if stage.run == TEST:
        hooks = facts.pop('custom_hooks', None) or ()
        if test_hooks := [hook for hook in hooks if _acts_in_tests(hook)]:
            facts['custom_hooks'] = test_hooks
    return facts


def _acts_in_tests(hook: Mapping[str, Any]) -> bool:
    """Whether a hook does something beside training, as EMAHook, which swaps weights."""
    hook_class = HOOKS.get(str(hook['type']))
    if hook_class is None:
        return True  # the runner says what is wrong with it
    # It takes a class as well as an instance.
    points = Hook.get_triggered_stages(hook_class)
    return not all(
        'train' in point or 'val' in point or 'save' in point for point in points
    )
