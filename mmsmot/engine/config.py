"""Reading a config, and refusing what nobody would read."""

from __future__ import annotations

import ast
import difflib
import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import Registry, init_default_scope
from mmengine.runner import Runner

from .. import registry

CONFIG_HOMES = (
    Path(__file__).parents[2] / 'configs',  # a checkout
    Path(__file__).parents[1] / '.mim' / 'configs',  # an installed package
)
RUNNER_KEYS = {*inspect.signature(Runner.__init__).parameters} - {'self', 'cfg'}
READ_KEYS = RUNNER_KEYS | {'custom_imports', 'fp16', 'auto_scale_lr', 'launcher'}
# Which registries build the dict under a key.
BUILDERS: dict[str, tuple[Registry, ...]] = {
    'tracker': (registry.TRACKERS,),
    'decoder': (registry.MODELS, registry.TASK_UTILS),  # of text, of a network's output
    'post_processing': (registry.TASK_UTILS,),
    'training': (registry.TASK_UTILS,),
    'dataset': (registry.DATASETS,),
    'pipeline': (registry.TRANSFORMS,),
    'custom_hooks': (registry.HOOKS,),
    'test_evaluator': (registry.METRICS,),
    'val_evaluator': (registry.METRICS,),
}
BUILDERS |= {
    slot: (registry.MODELS,)
    for slot in (
        'model',
        'detector',
        'reid',
        'feature_extractor',
        'semantics',
        'roi',
        'video_fusion',
        'trajectory_fusion',
        'cell',
        'encoding',
        'instance_caption',
        'video_caption',
        'interaction',
        'tokenizer',
    )
}


def load_config(
    path: str | os.PathLike, options: dict[str, Any] | None = None
) -> Config:
    """Read a config and set options in it.

    ``custom_imports`` are looked for beside the config and in the working directory too.

    Args:
        path: A file, a name below ``configs/`` (``two_stage/sort_public-detections``),
            or ``mmsmot::two_stage/...``.
        options: Dotted keys to values, as of ``--cfg-options``.

    Raises:
        FileNotFoundError: There is no such config; names similar ones.
        KeyError: A key that nothing reads, or a part that is not registered; names
            similar ones.
    """
    path = _find(str(path))
    with _import_path(Path(path).parent):
        config = Config.fromfile(path)  # also runs its custom_imports
    _drop_own_scope(config._cfg_dict)
    _refuse_unread_names(path)
    init_default_scope(registry.SCOPE)
    options = options or {}
    for key in options:
        _require_read(config, key)
    config.merge_from_dict(options)
    _require_parts(config.to_dict())
    return config


def set_weights(
    config: Config, weights: str | None, reid_weights: str | None = None
) -> None:
    """Put weight files where the config's detector and ReID part want them.

    Raises:
        KeyError: The config has no such part, or the part takes no weights.
    """
    for slot, file in (('detector', weights), ('reid', reid_weights)):
        if file is None:
            continue
        part = config.model.get(slot)
        while part is not None and part['type'] == 'CachedDetector':
            part = part['detector']
        keys = [k for k in ('model', 'checkpoint') if part is not None and k in part]
        if not keys:
            raise KeyError(
                f'the config has no {slot} that takes weights '
                f'(model.{slot} = {part and part["type"]}), but {file} was given'
            )
        part[keys[0]] = file


@contextmanager
def _import_path(folder: Path) -> Iterator[None]:
    added = [str(folder.resolve()), os.getcwd()]
    sys.path.extend(added)
    try:
        yield
    finally:
        for name in added:
            sys.path.remove(name)


def _find(path: str) -> str:
    name = path.removeprefix('mmsmot::')
    if name == path and Path(path).is_file():
        return path
    for home in CONFIG_HOMES:
        for candidate in (home / name, home / f'{name}.py'):
            if candidate.is_file():
                return str(candidate)
    known = [
        str(file.relative_to(home))
        for home in CONFIG_HOMES
        for file in home.glob('*/*.py')
        if file.parent.parent == home and '_base_' not in file.parts
    ]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or sorted(known)
    raise FileNotFoundError(
        f'there is no config {path!r}. Similar ones: {", ".join(dict.fromkeys(close))}'
    )


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


def _refuse_unread_names(path: str) -> None:
    """Refuse a top-level name of the file itself that neither it nor a builder reads."""
    tree = ast.parse(Path(path).read_text(encoding='utf-8-sig'), path)
    used = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    for node in tree.body:
        for target in getattr(node, 'targets', []):
            name = getattr(target, 'id', '_')
            if not (name.startswith('_') or name in used or name in READ_KEYS):
                raise KeyError(
                    f'{path}:{node.lineno}: nothing reads {name!r}.'
                    + _did_you_mean(name, [*READ_KEYS, 'model.' + name])
                    + f' A part belongs into its slot: model = dict({name}=...).'
                )


def _require_read(config: Config, key: str) -> None:
    """Refuse an option that no builder would look at."""
    first, *rest = key.split('.')
    if first not in READ_KEYS:
        slots = [
            f'model.{slot}'
            for slot, part in (config.get('model') or {}).items()
            if first in config and part == config[first]
        ]
        guess = [f'{slot}.{".".join(rest)}' for slot in slots]
        hint = (
            f' {first!r} is a template that has been copied; did you mean {guess[0]!r}?'
            if guess
            else _did_you_mean(key, [*config.keys(), *READ_KEYS])
        )
        raise KeyError(f'unknown key {key!r}: nothing reads it.{hint}')
    node: Any = config.get(first)
    for depth, part in enumerate(rest, start=1):
        if isinstance(node, list | tuple):
            node = node[int(part)] if part.isdigit() and int(part) < len(node) else None
        elif isinstance(node, dict):
            known = [*node.keys(), *_arguments(node)]
            if part not in known and not _is_free(first, depth, node):
                at = '.'.join([first, *rest[: depth - 1]])
                raise KeyError(
                    f'unknown key {key!r}: {at} has no {part!r}.'
                    + _did_you_mean(part, known)
                )
            node = node.get(part)
        else:
            return  # below something that the option itself makes


def _is_free(first: str, depth: int, node: dict) -> bool:
    """Whether a dict takes keys that cannot be known here (MMEngine's own settings)."""
    if 'type' in node:
        return False
    return first != 'model' and not (depth == 1 and first.endswith('_dataloader'))


def _arguments(node: dict) -> list[str]:
    """The arguments that the part named by a dict's ``type`` takes."""
    if 'type' not in node:
        import torch.utils.data

        return [*inspect.signature(torch.utils.data.DataLoader).parameters]
    for owner in {id(r): r for some in BUILDERS.values() for r in some}.values():
        part = owner.get(node['type']) if isinstance(node['type'], str) else None
        if part is not None:
            return [*inspect.signature(part).parameters]
    return [*node]


def _require_parts(node: Any, key: str = '', path: str = '') -> None:
    """Refuse a ``type`` that its registry does not know."""
    if isinstance(node, list | tuple):
        for i, item in enumerate(node):
            _require_parts(item, key, f'{path}.{i}')
        return
    if not isinstance(node, dict) or '_scope_' in node:
        return
    kind, owners = node.get('type'), BUILDERS.get(key, ())
    top = path.split('.')[0]
    if top in READ_KEYS and owners and isinstance(kind, str):
        if all(owner.get(kind) is None for owner in owners):
            known = sorted(name for owner in owners for name in owner.module_dict)
            raise KeyError(
                f'{path}: there is no {owners[0].name} named {kind!r}.'
                + _did_you_mean(kind, known)
                + f' Known: {", ".join(known)}. A part of your own needs custom_imports.'
            )
        if kind == 'MMDetDetector':
            return  # what is inside belongs to mmdet
    for name, value in node.items():
        _require_parts(value, name, f'{path}.{name}' if path else name)


def _did_you_mean(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f' Did you mean {" or ".join(map(repr, close))}?' if close else ''
