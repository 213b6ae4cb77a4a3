"""Reading a config, and refusing what nobody would read."""

from __future__ import annotations

import ast
import difflib
import inspect
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.registry import LOOPS, Registry, init_default_scope
from mmengine.runner import Runner

from .. import registry
from .arguments import argument_names, did_you_mean, require_arguments

CONFIG_HOMES = (
    Path(__file__).parents[2] / 'configs',  # a checkout
    Path(__file__).parents[1] / '.mim' / 'configs',  # an installed package
)
RUNNER_KEYS = {*inspect.signature(Runner.__init__).parameters} - {'self', 'cfg'}
READ_KEYS = RUNNER_KEYS | {
    *('custom_imports', 'auto_scale_lr', 'launcher'),
    # Runner.wrap_model takes these out of the config itself.
    *('find_unused_parameters', 'model_wrapper_cfg', 'sync_bn'),
}
# Which registries build the dict under a key.
BUILDERS: dict[str, tuple[Registry, ...]] = {
    'tracker': (registry.TRACKERS,),
    'camera_motion': (registry.TRACKERS,),
    'decoder': (registry.MODELS, registry.TASK_UTILS),  # of text, of a network's output
    'post_processing': (registry.TASK_UTILS,),
    'training': (registry.TASK_UTILS,),
    'dataset': (registry.DATASETS,),
    'pipeline': (registry.TRANSFORMS,),
    'custom_hooks': (registry.HOOKS,),
    'sampler': (registry.DATA_SAMPLERS,),
    'train_cfg': (LOOPS,),
    'optim_wrapper': (registry.OPTIM_WRAPPERS,),
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
        'crop',
        'context',
        'phrases',
        'relations',
        'cell',
        'encoding',
        'instance_caption',
        'video_caption',
        'interaction',
        'tokenizer',
    )
}
# What else MMEngine takes out of a dict before it builds the part.
TAKEN_OUT = {
    'custom_hooks': ('priority',),
    'optim_wrapper': ('constructor', 'dtype', 'loss_scale', 'paramwise_cfg'),
}
# What is given to a part by whoever builds it.
SUPPLIED = {
    'train_cfg': ('runner', 'dataloader'),
    'sampler': ('dataset',),
    'relations': ('num_verbs',),
}
# Dicts of MMEngine's own whose keys are known.
FREE_KEYS = {'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit')}


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
        KeyError: A key that nothing reads, a part that is not registered, an argument
            that a part does not take; names similar ones.
        ValueError: Text where a part wants a number, and the like.
        ImportError: A module of ``custom_imports`` is missing.
    """
    path = _find(str(path))
    config = _read(path)
    _drop_own_scope(config._cfg_dict)
    _refuse_unread_names(path)
    init_default_scope(registry.SCOPE)
    options = options or {}
    for key in options:
        _require_read(config, key, options)
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
    from ..models.detectors import MMDetDetector

    for slot, file in (('detector', weights), ('reid', reid_weights)):
        if file is None:
            continue
        part = _inside_caches(config.model, slot)
        keys = [k for k in ('model', 'checkpoint') if part is not None and k in part]
        if not keys and part is not None and is_part(part['type'], MMDetDetector):
            keys = ['checkpoint']  # which is None by default
        if not keys:
            raise KeyError(
                f'the config has no {slot} that takes weights '
                f'(model.{slot} = {part and part["type"]}), but {file} was given'
            )
        part[keys[0]] = file


def _inside_caches(model: dict, slot: str) -> dict | None:
    """The detector or ReID part of a model, also where a cache is around it."""
    from ..models.detectors import CachedDetector

    part, reid = model.get('detector'), model.get('reid')
    while part is not None and is_part(part['type'], CachedDetector):
        reid = reid or part.get('reid')
        part = part['detector']
    return reid if slot == 'reid' else part


def is_part(kind: str | type, wanted: type) -> bool:
    """Whether a ``type`` of a model's part names a class or one derived from it."""
    part = registry.MODELS.get(kind) if isinstance(kind, str) else kind
    return isinstance(part, type) and issubclass(part, wanted)


@contextmanager
def _import_path(folder: Path) -> Iterator[None]:
    added = [str(folder.resolve()), os.getcwd()]
    sys.path.extend(added)
    try:
        yield
    finally:
        for name in added:
            sys.path.remove(name)


def _read(path: str) -> Config:
    folder = Path(path).parent
    try:
        with _import_path(folder):
            return Config.fromfile(path)  # also runs its custom_imports
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{path} builds on what is not there: {error.filename or error}. A config of '
            "this package is named  _base_ = ['mmsmot::two_stage/NAME.py']"
        ) from error
    except ImportError as error:
        cause: BaseException = error
        while cause.__cause__ or cause.__context__:
            cause = cause.__cause__ or cause.__context__
        raise ImportError(
            f'{path}: custom_imports failed: {cause}. Modules are looked for in '
            f'{folder.resolve()}, in {os.getcwd()} and in PYTHONPATH.'
        ) from error


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
        single = [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in getattr(node, 'targets', single):
            name = getattr(target, 'id', '_')
            if not (name.startswith('_') or name in used or name in READ_KEYS):
                raise KeyError(
                    f'{path}:{node.lineno}: nothing reads {name!r}.'
                    + did_you_mean(name, [*READ_KEYS, 'model.' + name])
                    + f' A part belongs into its slot: model = dict({name}=...).'
                )


def _require_read(config: Config, key: str, options: dict[str, Any]) -> None:
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
            else did_you_mean(key, [*config.keys(), *READ_KEYS])
        )
        raise KeyError(f'unknown key {key!r}: nothing reads it.{hint}')
    node: Any = config.get(first)
    for depth, part in enumerate(rest, start=1):
        if isinstance(node, list | tuple):
            node = node[int(part)] if part.isdigit() and int(part) < len(node) else None
        elif isinstance(node, dict):
            at = '.'.join([first, *rest[: depth - 1]])
            # The options themselves may put another part there.
            kind = options.get(f'{at}.type', node.get('type'))
            if kind == 'MMDetDetector' and part == 'config':
                return  # what is inside belongs to mmdet, whose parts know their keys
            known = [
                *node.keys(),
                *_arguments({**node, 'type': kind} if kind else node),
            ]
            known += FREE_KEYS.get(at, ())
            new_part = depth < len(rest) and f'{at}.{part}.type' not in options
            free = _is_free(first, depth, node) and not new_part and at not in FREE_KEYS
            if part not in known and part != '_delete_' and not free:
                raise KeyError(
                    f'unknown key {key!r}: {at} has no {part!r}.'
                    + did_you_mean(part, known)
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
    owners = {id(r): r for some in BUILDERS.values() for r in some}.values()
    part = _find_part(node['type'], owners)
    return [*node] if part is None else argument_names(part)


def _find_part(kind: Any, owners: Iterable[Registry]) -> Callable | None:
    found = (owner.get(kind) for owner in owners) if isinstance(kind, str) else ()
    return next((part for part in found if part is not None), None)


def _require_parts(node: Any, key: str = '', path: str = '') -> None:
    """Refuse a ``type`` that its registry does not know, and arguments it does not take."""
    if isinstance(node, list | tuple):
        for i, item in enumerate(node):
            _require_parts(item, key, f'{path}.{i}')
        return
    if not isinstance(node, dict) or '_scope_' in node:
        return
    kind, owners = node.get('type'), BUILDERS.get(key, ())
    top = path.split('.')[0]
    if top in READ_KEYS and owners and isinstance(kind, str):
        part = _find_part(kind, owners)
        if part is None:
            known = _known_parts(key, owners)
            raise KeyError(
                f'{path}: there is no {owners[0].name} named {kind!r}.'
                + did_you_mean(kind, known)
                + f' Known: {", ".join(known)}. A part of your own needs custom_imports.'
            )
        supplied = SUPPLIED.get(key, ())
        require_arguments(part, node, path, TAKEN_OUT.get(key, ()), supplied)
        if getattr(part, '__name__', '') == 'MMDetDetector':
            return  # what is inside belongs to mmdet
    for name, value in node.items():
        _require_parts(value, name, f'{path}.{name}' if path else name)


def _known_parts(key: str, owners: Iterable[Registry]) -> list[str]:
    """What may stand in a slot; trackers and what they are made of share a registry."""
    parts = {name: part for owner in owners for name, part in owner.module_dict.items()}
    if key in ('tracker', 'camera_motion'):
        from ..models.trackers.camera_motion import CameraMotion

        wanted = key == 'camera_motion'
        parts = {
            n: p for n, p in parts.items() if issubclass(p, CameraMotion) == wanted
        }
    return sorted(parts)
