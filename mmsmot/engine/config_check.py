"""Checks of a config: keys that nothing reads, and arguments of its parts."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from types import NoneType
from typing import Any

from mmengine.config import Config
from mmengine.registry import LOOPS, Registry
from mmengine.runner import Runner

from .. import registry
from ..utils.arguments import argument_names, did_you_mean, require_arguments
from ..utils.data_config import is_data_config, read_data_config
from .config_file import config_syntax_tree

RUNNER_KEYS = {*inspect.signature(Runner.__init__).parameters} - {'self', 'cfg'}
READ_KEYS = RUNNER_KEYS | {
    *('custom_imports', 'auto_scale_lr', 'launcher'),
    # Runner.wrap_model takes these out of the config itself.
    *('find_unused_parameters', 'model_wrapper_cfg', 'sync_bn'),
}
MISTYPED = 0.8  # likeness of 'modle' to 'model' and of 'train_dataloder'
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
        'estimator',
        'detector',
        'reid',
        'feature_extractor',
        'semantics',
        'roi',
        'video_fusion',
        'trajectory_fusion',
        'crop',
        'cross_track_attention',
        'bigram_head',
        'interaction_tokens',
        'cell',
        'encoding',
        'instance_caption',
        'video_caption',
        'interaction',
        'tokenizer',
    )
}
# Where the parts of a model stand, whatever their slot is called.
PART_REGISTRIES = (registry.MODELS, registry.TASK_UTILS, registry.TRACKERS)
# What else MMEngine takes out of a dict before it builds the part.
TAKEN_OUT = {
    'custom_hooks': ('priority',),
    'optim_wrapper': ('constructor', 'dtype', 'loss_scale', 'paramwise_cfg'),
}
# What is given to a part by whoever builds it.
SUPPLIED = {
    'train_cfg': ('runner', 'dataloader'),
    'sampler': ('dataset',),
    'interaction_tokens': ('num_verbs',),
    'video_caption': ('decoder',),
}
# Parts with the argument that is a config of another package, which checks it itself.
FOREIGN_CONFIGS = {'MMDetDetector': 'config', 'RoboflowTracker': 'tracker'}
# Dicts of MMEngine's own whose keys are known.
FREE_KEYS = {'env_cfg': ('cudnn_benchmark', 'mp_cfg', 'dist_cfg', 'resource_limit')}


def refuse_unread_config_names(path: str) -> None:
    """Refuse a top-level name of the file itself that neither it nor a builder reads."""
    if is_data_config(path):
        # A dump of a config holds the templates of its bases too, which nothing reads.
        for name in {*read_data_config(Path(path))} - READ_KEYS:
            if difflib.get_close_matches(name, READ_KEYS, cutoff=MISTYPED):
                raise KeyError(f'{path}: nothing reads {name!r}.{_slot_hint(name)}')
        return
    tree = config_syntax_tree(Path(path))
    read_names = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    for node in tree.body:
        single = [node.target] if isinstance(node, ast.AnnAssign) else []
        for target in getattr(node, 'targets', single):
            name = getattr(target, 'id', '_')
            if not (name.startswith('_') or name in read_names or name in READ_KEYS):
                raise KeyError(
                    f'{path}:{node.lineno}: nothing reads {name!r}.{_slot_hint(name)}'
                )


def config_without_templates(config: Config) -> Config:
    """What builders read of a config: without the templates of its bases, which have been
    copied into their slots."""
    return Config({k: v for k, v in config.to_dict().items() if k in READ_KEYS})


def _slot_hint(name: str) -> str:
    similar = did_you_mean(name, [*READ_KEYS, 'model.' + name])
    return f'{similar} A part belongs into its slot: model = dict({name}=...).'


def require_read_config_options(
    config: Config, key: str, options: dict[str, Any]
) -> None:
    """Refuse an option that no builder would look at."""
    first, *subkeys = key.split('.')
    if first not in READ_KEYS:
        slots = [
            f'model.{slot}'
            for slot, part in (config.get('model') or {}).items()
            if first in config and part == config[first]
        ]
        guess = [f'{slot}.{".".join(subkeys)}' for slot in slots]
        hint = (
            f' {first!r} is a template that has been copied; did you mean {guess[0]!r}?'
            if guess
            else did_you_mean(key, [*config.keys(), *READ_KEYS])
        )
        raise KeyError(f'unknown key {key!r}: nothing reads it.{hint}')
    node: Any = config.get(first)
    for depth, part in enumerate(subkeys, start=1):
        if isinstance(node, list | tuple):
            node = (
                node[int(part)] if part.isdecimal() and int(part) < len(node) else None
            )
        elif isinstance(node, dict):
            at = '.'.join([first, *subkeys[: depth - 1]])
            # The options themselves may put another part there.
            kind = options.get(f'{at}.type', node.get('type'))
            if part == FOREIGN_CONFIGS.get(str(kind)):
                return
            known_keys = [
                *node.keys(),
                *_arguments({**node, 'type': kind} if kind else node),
            ]
            known_keys += FREE_KEYS.get(at, ())
            new_part = depth < len(subkeys) and f'{at}.{part}.type' not in options
            free = _is_free(first, depth, node) and not new_part and at not in FREE_KEYS
            if part not in known_keys and part != '_delete_' and not free:
                raise KeyError(
                    f'unknown key {key!r}: {at} has no {part!r}.'
                    + did_you_mean(part, known_keys)
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
    owners = {id(r): r for registries in BUILDERS.values() for r in registries}.values()
    part = _find_part(node['type'], owners)
    return [*node] if part is None else argument_names(part)


def _find_part(kind: Any, owners: Iterable[Registry]) -> Callable | None:
    candidates = (owner.get(kind) for owner in owners) if isinstance(kind, str) else ()
    return next((part for part in candidates if part is not None), None)


def require_config_parts(node: Any, key: str = '', path: str = '') -> None:
    """Refuse a ``type`` that its registry does not know, and arguments it does not take."""
    if path == 'model' and not isinstance(node, dict | NoneType):
        raise ValueError(
            f'model: wants a dict with type, got {node!r} ({type(node).__name__})'
        )
    if isinstance(node, list | tuple):
        for i, item in enumerate(node):
            require_config_parts(item, key, f'{path}.{i}')
        return
    if not isinstance(node, dict) or '_scope_' in node:
        return
    kind, owners = node.get('type'), BUILDERS.get(key, ())
    top = path.split('.')[0]
    if top == 'model' and not owners and _find_part(kind, PART_REGISTRIES):
        owners = PART_REGISTRIES  # a slot of a project's own
    in_slot = key in BUILDERS and top == 'model'
    if in_slot and not (isinstance(kind, str) or callable(kind)):
        wrong = 'is missing' if kind is None else f'names no part: {kind!r}'
        raise KeyError(
            f'{path}.type {wrong}; it says which {owners[0].name} stands there'
        )
    if top in READ_KEYS and owners and isinstance(kind, str):
        part = _find_part(kind, owners)
        if part is None:
            known_parts = _known_parts(key, owners)
            raise KeyError(
                f'{path}: there is no {owners[0].name} named {kind!r}.'
                + did_you_mean(kind, known_parts)
                + f' Known: {", ".join(known_parts)}. A part of your own needs custom_imports.'
            )
        supplied = SUPPLIED.get(key, ())
        require_arguments(part, node, path, TAKEN_OUT.get(key, ()), supplied)
        if getattr(part, '__name__', '') in FOREIGN_CONFIGS:
            return
    for name, value in node.items():
        require_config_parts(value, name, f'{path}.{name}' if path else name)


def _known_parts(key: str, owners: Iterable[Registry]) -> list[str]:
    """What may stand in a slot; trackers and what they are made of share a registry."""
    parts = {name: part for owner in owners for name, part in owner.module_dict.items()}
    if key in ('tracker', 'camera_motion'):
        from ..models.trackers.camera_motion import CameraMotion

        is_camera_motion = key == 'camera_motion'
        parts = {
            n: p
            for n, p in parts.items()
            if issubclass(p, CameraMotion) == is_camera_motion
        }
    return sorted(parts)
