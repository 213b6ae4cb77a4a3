"""Reading a config, and refusing what nobody would read."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import init_default_scope

from .. import registry
from ..utils.data_config import require_safe_config
from ..utils.legacy_names import upgrade_legacy_config, upgraded_legacy_options
from .config_check import (
    refuse_unread_config_names,
    require_config_parts,
    require_read_config_options,
)
from .config_file import ROOTS, read_config_file
from .loader_check import require_loaders

SEMANTICS = '_base_/semantics'  # a slot file for each kind of captions


def load_config(
    path: str | os.PathLike,
    options: dict[str, Any] | None = None,
    semantics: str | None = None,
) -> Config:
    """Read a config and set options in it.

    ``custom_imports`` are looked for beside the config, in the working directory and, as
    ``projects.NAME``, among the projects that come with the package.
    Only a ``.py`` config runs code; JSON, YAML and ``options`` name registered parts.

    Args:
        path: A file, a name below ``configs/`` (``two_stage/sort_public-detections``),
            or ``mmsmot::two_stage/...``; of a project ``projects/NAME/configs/...``.
        options: Dotted keys to values, as of ``--cfg-options``.
        semantics: Name of a slot file of semantics (``'kinematic'``) for a config that has
            none; see :func:`add_config_semantics`.

    Raises:
        FileNotFoundError: There is no such config; names similar ones.
        KeyError: A key that nothing reads, a part that is not registered, an argument
            that a part does not take; names similar ones.
        ValueError: Text where a part wants a number, and the like; a file that is no
            config; data that would run code.
        ImportError: A module of ``custom_imports`` is missing.
        TypeError: ``options`` are no dict by text.
    """
    options = {} if options is None else options
    if not isinstance(options, dict) or not all(isinstance(k, str) for k in options):
        raise TypeError(
            'options must be a dict of dotted keys to values, as '
            f"{{'model.tracker.max_age': 9}}, got {options!r:.80}"
        )
    path = _find(str(path))
    require_safe_config(options, '--cfg-options ', may_name_code=True)
    config = read_config_file(path)
    _drop_own_scope(config._cfg_dict)
    upgrade_legacy_config(config._cfg_dict)
    if semantics is not None:
        add_config_semantics(config, semantics)
    options = upgraded_legacy_options(options, config._cfg_dict)
    refuse_unread_config_names(path)
    init_default_scope(registry.SCOPE)
    for key in options:
        require_read_config_options(config, key, options)
    try:
        config.merge_from_dict(options)
    except (AttributeError, KeyError, TypeError) as error:  # MMEngine prints both dicts
        keys = ', '.join(options)
        raise ValueError(
            f'--cfg-options: {keys} cannot be set in {path}: another kind of value stands '
            f'there or above it ({type(error).__name__})'
        ) from error
    require_config_parts(config.to_dict())
    require_loaders(config.to_dict())
    return config


def require_config_model(config: Config) -> None:
    """Refuse a config without a pipeline.

    Raises:
        KeyError: It has no ``model``.
    """
    if config.get('model') is None:
        raise KeyError(
            f"{config.filename} has no model: write  model = dict(type='SMOT', ...)  or "
            "build on one,  _base_ = ['mmsmot::two_stage/NAME.py']"
        )


def add_config_semantics(config: Config, name: str) -> None:
    """Put the semantics of a slot file into a config that only tracks.

    Args:
        config: Changed in place.
        name: Of a file below ``configs/_base_/semantics``, such as ``'kinematic'``.

    Raises:
        FileNotFoundError: There is no such file; names those that there are.
        ValueError: The config has semantics of its own.
    """
    require_config_model(config)
    if config.model.get('semantics') is not None:
        raise ValueError(
            f'{config.filename} has semantics of its own '
            f'({config.model.semantics["type"]}): leave out --semantics {name}, or take a '
            'config without'
        )
    files = {
        path.stem: path
        for root in reversed(ROOTS)
        for path in (root / 'configs' / SEMANTICS).glob('*.py')
    }
    if name not in files:
        raise FileNotFoundError(
            f'there are no semantics {name!r:.80}; there are {", ".join(sorted(files))}'
        )
    slot = read_config_file(str(files[name]))
    config.model['semantics'] = slot.get(name)


def set_config_weights(
    config: Config, weights: str | None, reid_weights: str | None = None
) -> None:
    """Put weight files where the config's detector and ReID part want them.

    Raises:
        KeyError: The config has no model, or no such part, or the part takes no weights.
    """
    from ..models.detectors import MMDetDetector

    require_config_model(config)
    for slot, file in (('detector', weights), ('reid', reid_weights)):
        if file is None:
            continue
        part = part_config(config, slot)
        keys = [k for k in ('model', 'checkpoint') if part is not None and k in part]
        if (
            not keys
            and part is not None
            and is_config_part_type(part['type'], MMDetDetector)
        ):
            keys = ['checkpoint']  # which is None by default
        if not keys:
            raise KeyError(
                f'the config has no {slot} that takes weights '
                f'(model.{slot} = {part and part["type"]}), but {file} was given: leave '
                f'{"--weights" if slot == "detector" else "--reid-weights"} away, or take '
                'a config with such a part'
            )
        part[keys[0]] = file


def part_config(config: Config, slot: str) -> dict | None:
    """The part in a slot of a config's estimator, also where a cache is around it.

    Args:
        config: With a ``model``.
        slot: ``'detector'`` or ``'reid'``.
    """
    from ..models.detectors import CachedDetector

    model = config.model.get('estimator') or config.model
    part, reid = model.get('detector'), model.get('reid')
    while part is not None and is_config_part_type(part['type'], CachedDetector):
        reid = reid or part.get('reid')
        part = part['detector']
    return reid if slot == 'reid' else part


def is_config_part_type(kind: str | type, base: type) -> bool:
    """Whether a ``type`` of a model's part names a class or one derived from it."""
    part = registry.MODELS.get(kind) if isinstance(kind, str) else kind
    return isinstance(part, type) and issubclass(part, base)


def _find(path: str) -> str:
    name = path.removeprefix('mmsmot::')
    if name == path and Path(path).is_file():
        return path
    for root in ROOTS:
        config_folder = root if name.startswith('projects/') else root / 'configs'
        for candidate in (config_folder / name, config_folder / f'{name}.py'):
            if candidate.is_file():
                return str(candidate)
    configs = {str(file) for root in ROOTS for file in _configs_below(root)}
    stem = Path(name).name
    close = sorted(c for c in configs if stem and Path(c).name.startswith(stem))[:5]
    close = close or difflib.get_close_matches(name, configs, n=3, cutoff=0.3)
    hint = f'Similar ones: {", ".join(close)}'
    if not close:
        hint = f'There are {len(configs)}, such as {", ".join(sorted(configs)[:3])}'
    raise FileNotFoundError(f'there is no config {path!r:.200}. {hint}')


def _configs_below(root: Path) -> list[Path]:
    """Names of the configs that come with the package, as a user types them."""
    config_folder = root / 'configs'
    experiments = [p.relative_to(config_folder) for p in config_folder.glob('*/*.py')]
    projects = [p.relative_to(root) for p in root.glob('projects/*/configs/*.py')]
    return [p for p in experiments + projects if '_base_' not in p.parts]


def _drop_own_scope(node: Any) -> None:
    """Remove the ``_scope_`` that MMEngine writes into all dicts of a ``mmsmot::`` base.

    It is the default scope anyway, and some builders take it for an argument.
    """
    if isinstance(node, dict):
        if node.get('_scope_') == registry.SCOPE:
            del node['_scope_']
        for value in node.values():
            _drop_own_scope(value)
    elif isinstance(node, list | tuple):
        for value in node:
            _drop_own_scope(value)
