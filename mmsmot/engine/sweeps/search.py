"""A search over a part's numbers by Optuna, scored on a validation split."""

from __future__ import annotations

import inspect
import json
import logging
import math
import shlex
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmengine.config import Config

from ... import registry
from ...utils.atomic import atomic_write
from ...utils.bundled_weights import bundled_weights, weights_path
from ...utils.fingerprint import text_fingerprint
from ..config import load_config, set_config_weights
from ..config_check import config_without_templates
from ..runner import SMOTRunner
from .cell import DETECTIONS, cell_argument_words
from .score_table import matching_metrics
from .search_space import Search, is_searchable_number
from .sweep_file import Sweep

if TYPE_CHECKING:
    import optuna

EXPECTED = (
    "--search wants  base = '...'  and  search = dict(space={'model.tracker.max_age': "
    "[10, 90]}, trials=50, metric='HOTA')"
)
STUDY = 'study.log'  # Optuna's journal: what a killed search goes on from


def run_search(
    sweep: Sweep,
    work_dir: Path,
    command: str,
    score: Callable[[Config], dict[str, float]] | None = None,
) -> Path:
    """Search, or go on with a search that was interrupted.

    Detections are cached in ``detections/``, so that a trial costs tracking alone. The
    config's own values are the first trial.

    Args:
        sweep: Its ``base``, ``options`` and ``search`` are read.
        work_dir: Folder of the study and of ``best.py``.
        command: What is written into ``best.py`` for whoever reads it.
        score: Gives a config's scores; by default its test is run.

    Returns:
        ``best.py``, a config on the base with the best values.

    Raises:
        KeyError: A key of the space, or the metric, is not there.
        ValueError: The sweep has no search or no base, or the folder holds another search.
        ImportError: Optuna is not installed.
    """
    import optuna

    space = sweep.search
    if space is None:
        raise ValueError(f'{sweep.path}: {EXPECTED}')
    _base(sweep)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    work_dir.mkdir(parents=True, exist_ok=True)
    initial = _initial_values(sweep, space)
    study = _study(sweep, space, work_dir)
    # Of a new search, or of one that was killed in its first trial.
    if not _trials(study, 'COMPLETE', 'WAITING'):
        study.enqueue_trial(initial)

    def objective(trial: optuna.Trial) -> float:
        values = {key: _suggest(trial, key, *space.space[key]) for key in space.space}
        config = load_config(_base(sweep), {**sweep.setting.options, **values})
        _prepare(config, sweep, space)
        scores = score(config) if score else _test(config, work_dir / DETECTIONS)
        return _metric(scores, space.metric)

    num_trials = max(space.trials - len(_trials(study, 'COMPLETE')), 0)
    study.optimize(objective, num_trials, show_progress_bar=True)
    return _write_best(study, sweep, space, work_dir, command)


def _trials(study: optuna.Study, *states: str) -> list[optuna.trial.FrozenTrial]:
    return [trial for trial in study.trials if trial.state.name in states]


def _base(sweep: Sweep) -> str:
    if sweep.base is None:
        raise ValueError(f'{sweep.path}: {EXPECTED}')
    return sweep.base


def _initial_values(sweep: Sweep, search: Search) -> dict[str, float]:
    """The config's own values; out of the space the nearest in it."""
    options = sweep.setting.options
    config = load_config(_base(sweep), {**options})
    if 'test_dataloader' not in config:
        raise ValueError(
            f'{sweep.base} has no test_dataloader, so nothing to search on'
        )
    values = {}
    for key, (low, high) in search.space.items():
        value = _nested(config, key)
        if not is_searchable_number(value):
            value = _default(config, key)
        if not is_searchable_number(value):
            raise KeyError(
                f'{sweep.base}: {key} is no number that could be searched for'
            )
        values[key] = min(max(value, low), high)
    # Refuses what no part takes.
    load_config(_base(sweep), {**options, **values})
    return values


def _nested(node: Any, key: str) -> Any:
    """What stands under a dotted key; ``None`` where nothing does."""
    for name in key.split('.'):
        if isinstance(node, list):
            node = node[int(name)] if name.isdigit() and int(name) < len(node) else None
        else:
            node = node.get(name) if isinstance(node, Mapping | Config) else None
    return node


def _default(config: Config, key: str) -> Any:
    """The default of an argument that the config leaves out."""
    owner, _, name = key.rpartition('.')
    part = _nested(config, owner)
    kind = part.get('type') if isinstance(part, Mapping) else None
    for root in (registry.TRACKERS, registry.MODELS, registry.TASK_UTILS):
        cls = root.get(kind) if isinstance(kind, str) else None
        if cls is not None and name in inspect.signature(cls).parameters:
            return inspect.signature(cls).parameters[name].default
    return None


def _study(sweep: Sweep, search: Search, work_dir: Path) -> optuna.Study:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    storage = JournalStorage(JournalFileBackend(str(work_dir / STUDY)))
    config = load_config(_base(sweep), {**sweep.setting.options})
    config_facts = config_without_templates(config).to_dict()
    config_digest = text_fingerprint(json.dumps(config_facts, default=str))
    facts = json.dumps(
        [
            *(search.space, search.metric, search.split, sweep.base),
            *(asdict(sweep.setting), config_digest),
        ],
        sort_keys=True,
        default=str,
    )
    study = optuna.create_study(
        storage=storage,
        study_name='search',
        direction='maximize',
        load_if_exists=True,
    )
    if study.user_attrs.get('facts', facts) != facts:
        raise ValueError(
            f'{work_dir / STUDY} holds a search over something else (space, metric, split, '
            'config or options): name another --work-dir, or remove it'
        )
    study.set_user_attr('facts', facts)
    # Else a search that goes on draws again what it drew first.
    seed = search.seed + len(study.trials)
    study.sampler = optuna.samplers.TPESampler(seed=seed)
    for trial in study.trials:
        # Of a process that was killed.
        if trial.state == optuna.trial.TrialState.RUNNING:
            study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    return study


def _suggest(trial: optuna.Trial, key: str, low: float, high: float) -> float:
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(key, low, high)
    return trial.suggest_float(key, low, high)


def _prepare(config: Config, sweep: Sweep, search: Search) -> None:
    """Let a config's test read the split and the weights."""
    arguments = sweep.setting.arguments
    weights = weights_path(arguments.get('weights'))
    set_config_weights(config, weights, arguments.get('reid_weights'))
    config.load_from = _checkpoint(sweep)
    dataset = config.test_dataloader.dataset
    dataset.split = search.split
    if 'data_root' in arguments:
        dataset.data_root = arguments['data_root']


def _checkpoint(sweep: Sweep) -> str | None:
    """The weights of the whole model that tools/test.py would take."""
    arguments = sweep.setting.arguments
    checkpoint = arguments.get('checkpoint')
    if checkpoint is None and arguments.get('weights') is None:
        checkpoint = bundled_weights(_base(sweep))
    return None if checkpoint is None else weights_path(str(checkpoint))


def _test_command(sweep: Sweep, config: Path) -> str:
    """How the best config is tested: what it does not say itself comes from the sweep."""
    words = ['python', 'tools/test.py', str(config)]
    words += filter(None, [_checkpoint(sweep)])
    arguments = sweep.setting.arguments
    names = [n for n in ('data_root', 'weights', 'reid_weights') if n in arguments]
    words += cell_argument_words({name: arguments[name] for name in names})
    return shlex.join(words)


def _test(config: Config, detection_cache: Path) -> dict[str, float]:
    """The scores of a config on its test dataset; nothing of it stays on the disk."""
    folder = tempfile.mkdtemp(prefix='mmsmot-trial-')
    try:
        config.work_dir = folder
        config.log_level = logging.getLevelName(logging.ERROR)
        return SMOTRunner.from_cfg(config).test(detection_cache)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _metric(scores: Mapping[str, float], metric: str) -> float:
    matches = matching_metrics(scores, metric)
    if len(matches) != 1:
        raise KeyError(
            f'search.metric: {metric!r} is {"several" if matches else "none"} of '
            f'{", ".join(matches or scores)}'
        )
    value = float(scores[matches[0]])
    return -math.inf if math.isnan(value) else value


def _write_best(
    study: optuna.Study, sweep: Sweep, search: Search, work_dir: Path, command: str
) -> Path:
    path = work_dir / 'best.py'
    best, first = study.best_trial, _trials(study, 'COMPLETE')[0]
    lines = [
        f'# {search.metric} on {search.split}: {best.value:.4g} '
        f'(the config as it was: {first.value:.4g}), trial {best.number} of '
        f'{len(study.trials)}, by',
        f'#   {command}',
        '# Test it by',
        f'#   {_test_command(sweep, path)}',
        f'_base_ = [{_base_name(_base(sweep))!r}]',
    ]
    tree = _config_tree(_base(sweep), {**sweep.setting.options, **best.params})
    lines += [f'{name} = {_dict_text(value)}' for name, value in tree.items()]
    with atomic_write(path) as stream:
        stream.write('\n'.join(lines) + '\n')
    load_config(str(path))  # it runs
    return path


def _config_tree(base: str, options: dict[str, Any]) -> dict[str, Any]:
    """What a config on ``base`` says for dotted keys: nested dicts.

    A config file changes no single item of a list, so lists stand there whole.
    """
    config = load_config(base, dict(options)).to_dict()
    tree: dict[str, Any] = {}
    for key, value in options.items():
        names = key.split('.')
        for depth in range(1, len(names)):
            above = _nested(config, '.'.join(names[:depth]))
            if isinstance(above, list):
                names, value = names[:depth], above
                break
        node = tree
        for name in names[:-1]:
            node = node.setdefault(name, {})
        node[names[-1]] = value
    return tree


def _base_name(config: str) -> str:
    if Path(config).is_file():
        return str(Path(config).resolve())
    return f'mmsmot::{config.removeprefix("mmsmot::").removesuffix(".py")}.py'


def _dict_text(value: Any) -> str:
    if isinstance(value, dict) and all(str(key).isidentifier() for key in value):
        inner = ', '.join(f'{key}={_dict_text(item)}' for key, item in value.items())
        return f'dict({inner})'
    return repr(value)
