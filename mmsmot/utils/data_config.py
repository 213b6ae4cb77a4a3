"""Configs that are data (JSON, YAML, options of a command line), which must run no code.

MMEngine imports whatever module a ``type`` names, builds every tag of YAML, and runs
Python files that a config builds on. A ``.py`` config is code by its suffix; from data
nobody expects it. Data are checked here before MMEngine reads them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from mmengine import registry as mmengine_registry
from mmengine.registry import Registry

from .mmdet_bridge import import_mmdet
from .text_file import read_text_file_bytes

SUFFIXES = ('.json', '.yaml', '.yml')
MAX_BYTES = 4 << 20  # the largest config of mmdet has 30 kB
MAX_DEPTH = 64  # ours have 9 levels
MAX_NODES = 200_000  # aliases of YAML can make billions out of a hundred lines
# Keys whose text MMEngine, mmcv, mmdet or torch looks up as it does a type: those of
# optimisers and FSDP, of EMAHook, of Registry.build of runners, of patch embeddings and
# of random resizing.
NAME_KEYS = (
    *('type', 'constructor', 'auto_wrap_policy', 'param_init_fn'),
    *('ema_type', 'runner_type', 'conv_type', 'resize_type'),
)
SCOPE_KEYS = ('_scope_', 'default_scope')
EVALUATED_KEYS = ('warp_mode', 'search_op')  # of mmdet and mmcv, which call eval()
PICKLES = ('.pkl', '.pickle')
PLAIN_NAME = re.compile(r'[^\W\d][\w-]*')
HELP = (
    'A config in JSON or YAML, or an option, is data and runs no code: put it into a '
    '.py config, which is code'
)


class _Loader(getattr(yaml, 'CSafeLoader', yaml.SafeLoader)):
    """Safe, by the library that MMEngine takes, so that both read the same."""


def _tuple(loader: _Loader, node: yaml.Node) -> tuple:
    return tuple(loader.construct_sequence(node, deep=True))


# MMEngine's own dumps have it; the one tag of Python's that builds nothing else.
_Loader.add_constructor('tag:yaml.org,2002:python/tuple', _tuple)


def is_data_config(path: str | os.PathLike) -> bool:
    """Whether a config is data by its suffix."""
    return Path(path).suffix.lower() in SUFFIXES


def require_safe_data_config(
    path: str | os.PathLike, config_folders: tuple[Path, ...] = ()
) -> None:
    """Refuse a config file of data that would run code, and any that it builds on.

    Args:
        path: A JSON or YAML file.
        config_folders: Folders of configs that are part of an installed package; a base
            in them, ``mmsmot::two_stage/NAME.py``, may be Python.

    Raises:
        ValueError: It is no such data, is too large, builds on itself, or would run code.
        OSError: It, or a base, cannot be read.
    """
    _require_safe_file(Path(path), config_folders, ())


def _require_safe_file(
    path: Path, config_folders: tuple[Path, ...], below: tuple
) -> None:
    if path.resolve() in below:
        raise ValueError(f'{path}: builds on itself (_base_)')
    config = read_data_config(path)
    require_safe_config(config, f'{path}: ')
    bases = config.get('_base_', [])
    for base in bases if isinstance(bases, list) else [bases]:
        if not isinstance(base, str):
            raise ValueError(f'{path}: _base_ wants paths of configs, got {base!r}')
        if base.startswith('mmsmot::'):
            _require_ours(base, path, config_folders)
        elif is_data_config(base):
            chain = (*below, path.resolve())
            _require_safe_file(path.parent / base, config_folders, chain)
        else:
            raise ValueError(f'{path}: _base_ {base!r} is code. {HELP}.')


def _require_ours(base: str, path: Path, config_folders: tuple[Path, ...]) -> None:
    name = base.removeprefix('mmsmot::')
    if not any(
        (folder / name).resolve().is_relative_to(folder.resolve())
        for folder in config_folders
    ):
        raise ValueError(f'{path}: _base_ {base!r} is no config of mmsmot. {HELP}.')


def read_data_config(path: Path) -> dict[str, Any]:
    """What a JSON or YAML config holds, without anything being built of it.

    Raises:
        ValueError: It is no JSON or YAML, has a tag that builds an object, is no dict, is
            no file, or is too large.
        OSError: It cannot be read.
    """
    raw = read_text_file_bytes(path, MAX_BYTES)
    try:
        text = raw.decode('utf-8')
        is_json = path.suffix.lower() == '.json'
        config = json.loads(text) if is_json else yaml.load(text, _Loader)
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        cause = ' '.join(str(error).split())
        raise ValueError(
            f'{path}: no {path.suffix[1:].upper()} that could be a config ({cause})'
        ) from error
    if '{{' in text:
        raise ValueError(
            f'{path}: has a "{{{{", by which MMEngine replaces text; write the value, or '
            'a .py config'
        )
    if not isinstance(config, dict):
        kind = type(config).__name__
        raise ValueError(f'{path}: a config is a dict of keys and values, got {kind}')
    return config


def require_safe_config(
    node: Any, source: str = '', may_name_code: bool = False
) -> None:
    """Refuse data by which MMEngine would import or run what is no registered part.

    Args:
        node: Dicts, lists and values; options with dotted keys too.
        source: What the messages begin with.
        may_name_code: Whether ``config``, mmdet's, may be a ``.py`` file: whoever types
            its name on a command line knows that it is code.

    Raises:
        ValueError: It would; or it is nested too deep or too large.
    """
    for count, (path, key, value) in enumerate(_walk(node)):
        if count > MAX_NODES:
            raise ValueError(f'{source}over {MAX_NODES:,} values; that is no config')
        problem = _problem(key, value)
        if 'custom_imports' in path.split('.'):
            problem = 'it imports modules'
        if key == 'config' and isinstance(value, str) and not may_name_code:
            problem = problem or _problem_of_config(value)
        if problem:
            raise ValueError(f'{source}{path} = {value!r}: {problem}. {HELP}.')


def _walk(node: Any) -> Iterator[tuple[str, str, Any]]:
    """Dotted path, last key and value of all there is; not recursive."""
    stack = [('', '', node, 0)]
    while stack:
        path, key, value, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise ValueError(f'{path[:40]}...: nested over {MAX_DEPTH} levels deep')
        if path:
            yield path, key, value
        if isinstance(value, dict):
            items = [(str(name), child) for name, child in value.items()]
        elif isinstance(value, list | tuple):
            items = [(key, child) for child in value]  # ['a'] stands for its key
        else:
            continue
        for number, (name, child) in enumerate(items):
            step = name if isinstance(value, dict) else str(number)
            last_key = name.rsplit('.', 1)[-1]
            level = depth + 1 + step.count('.')
            stack.append((f'{path}.{step}' if path else step, last_key, child, level))


def _problem(key: str, value: Any) -> str | None:
    """Why a value would run code, or ``None``."""
    if not isinstance(value, str):
        return None
    if key in NAME_KEYS:
        return _problem_of_type(value)
    if key in SCOPE_KEYS and value not in _scopes(value):
        return f'the packages with registered parts are {", ".join(_scopes(value))}'
    if key in EVALUATED_KEYS and not re.fullmatch(r'[\w.]+', value):
        return 'it would be evaluated as Python'
    if value.lower().endswith(PICKLES):
        return 'reading a pickle runs what is in it'
    return None


def _problem_of_config(name: str) -> str | None:
    """mmdet's configs come with its package; others may hold anything."""
    inside = name.startswith('mmdet::') and '..' not in name
    return None if inside or is_data_config(name) else 'it is Python code'


def _problem_of_type(name: str) -> str | None:
    scope, dot, part = name.rpartition('.')
    if not PLAIN_NAME.fullmatch(part) or (dot and not PLAIN_NAME.fullmatch(scope)):
        return 'it is no name of a registered part'
    if dot:
        is_part = scope in _scopes(scope) and _is_registered(part, scope)
        return None if is_part else f'{part!r} is no registered part of {scope}'
    # What the builder does not know it takes for a module, and imports it.
    if '-' not in part and find_spec(part) and not _is_registered(part):
        return 'it is a module and no registered part'
    return None


def _registries() -> list[Registry]:
    """All of MMEngine's, with those of the packages below, and our own root."""
    from ..registry import TRACKERS

    roots = vars(mmengine_registry).values()
    registries = [root for root in roots if isinstance(root, Registry)]
    registries.append(TRACKERS)
    for registry in registries:  # grows while it is walked
        registries += registry.children.values()
    return registries


def _scopes(name: str) -> list[str]:
    """Packages whose registries hang in MMEngine's tree; mmdet where it is asked for."""
    if name == 'mmdet':
        import_mmdet()
    return sorted({registry.scope for registry in _registries()})


def _is_registered(name: str, scope: str | None = None) -> bool:
    registries = [r for r in _registries() if scope in (None, r.scope)]
    if any(name in registry.module_dict for registry in registries):
        return True
    for registry in registries:
        registry.import_from_location()  # modules of the package itself
    return any(name in registry.module_dict for registry in registries)
