"""Names of version 0.1 that configs and checkpoints still hold, and today's.

They are read for one release, with a warning that says the new name.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from mmengine.logging import print_log

Value = TypeVar('Value')

TYPES = {
    'LearnWords': 'TrainTokenizerHook',
    'LongEnough': 'MinTrackLength',
    'PhraseTokens': 'BigramHead',
    'RelationTokens': 'InteractionTokens',
    'SemanticStart': 'SemanticLossStartHook',
    'StopAtNaN': 'CheckInvalidLossHook',
    'StripeEmbedding': 'PartPooling',
    'TrajectoryContext': 'CrossTrackAttention',
}
_BYTE_TRACK = {
    'new_threshold': 'birth_threshold',
    'own_boxes': 'report_detections',
}
# By today's type: an argument's name before, and now.
ARGUMENTS = {
    'AppearanceByteTrack': _BYTE_TRACK,
    'BigramHead': {'num_phrases': 'num_bigrams'},
    'ByteTrack': _BYTE_TRACK,
    'ClipTraining': {
        'gradient_frames': 'num_grad_frames',
        'true_tracks': 'teacher_forcing_ratio',
    },
    'MMDetDetector': {'picture_cells': 'rgb_cells'},
    'TrajectorySemantics': {
        'context': 'cross_track_attention',
        'phrases': 'bigram_head',
        'relations': 'interaction_tokens',
    },
}
# Where weights stood in a pipeline, by the beginning of their names.
WEIGHT_PREFIXES = (
    ('detector.', 'estimator.detector.'),
    ('reid.', 'estimator.reid.'),
    ('feature_extractor.', 'estimator.feature_extractor.'),
    ('semantics.context.', 'semantics.cross_track_attention.'),
    ('semantics.phrases.', 'semantics.bigram_head.'),
    ('semantics.relations.', 'semantics.interaction_tokens.'),
    ('context.', 'cross_track_attention.'),
    ('phrases.', 'bigram_head.'),
    ('relations.', 'interaction_tokens.'),
)


def upgrade_part(part: dict[str, Any], path: str = '') -> None:
    """Rename in place what a part's config calls by an old name, and warn.

    Args:
        part: A dict with ``type``; what is inside of it is left alone.
        path: Where it stands, for the message.
    """
    kind = part.get('type')
    where = f'{path}: ' if path else ''
    if isinstance(kind, str):
        scope, dot, name = kind.rpartition('.')
        if name in TYPES and scope in ('', 'mmsmot'):
            part['type'] = f'{scope}{dot}{TYPES[name]}'
            _warn(f"{where}type='{kind}' is called '{part['type']}' now")
    name = _type_name(part.get('type'))
    for old, new in ARGUMENTS.get(name, {}).items():
        if old in part:
            value = part.pop(old)
            both = isinstance(part.get(new), dict) and isinstance(value, dict)
            part[new] = {**part[new], **value} if both else value
            _warn(f'{where}{old} of {name} is called {new} now')


def upgrade_config(node: Any, path: str = '') -> None:
    """:func:`upgrade_part` for every part of a config, in place."""
    if isinstance(node, dict):
        upgrade_part(node, path)
        children = list(node.items())
    elif isinstance(node, list | tuple):
        children = list(enumerate(node))
    else:
        return
    for name, child in children:
        upgrade_config(child, f'{path}.{name}' if path else str(name))


def upgraded_options(options: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """The options of ``--cfg-options`` by today's names.

    Args:
        options: Dotted keys to values; ``'model.tracker.new_threshold': 0.7``.
        config: The config that they are set in, upgraded.
    """
    kinds = dict(_types(config, ''))
    for key, value in options.items():
        upgrade_config(value, key)
        if key.endswith('.type') and isinstance(value, str):
            kinds[key.removesuffix('.type')] = _type_name(TYPES.get(value, value))
    return {_upgraded_key(key, kinds): value for key, value in options.items()}


def _types(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Dotted path and type's name of every part of a config."""
    if isinstance(node, dict):
        if 'type' in node:
            yield path, _type_name(node['type'])
        children = list(node.items())
    elif isinstance(node, list | tuple):
        children = list(enumerate(node))
    else:
        return
    for name, child in children:
        yield from _types(child, f'{path}.{name}' if path else str(name))


def _upgraded_key(key: str, kinds: Mapping[str, str]) -> str:
    """One dotted key; ``kinds`` says the type that stands at each path."""
    parts = key.split('.')
    for depth in range(1, len(parts)):
        renamed = ARGUMENTS.get(kinds.get('.'.join(parts[:depth]), ''), {})
        if parts[depth] in renamed:
            _warn(f'{key}: {parts[depth]} is called {renamed[parts[depth]]} now')
            parts[depth] = renamed[parts[depth]]
    return '.'.join(parts)


def upgraded_weights(
    weights: Mapping[str, Value], model_names: Iterable[str]
) -> dict[str, Value]:
    """Weights by the names that they have in a model of today.

    Args:
        weights: By name, of any version.
        model_names: Names of the model's weights. A name that it has stays as it is.
    """
    model_names = {*model_names}
    upgraded = {}
    for name, value in weights.items():
        new_name = _upgraded_weight(str(name))
        is_old = name not in model_names and new_name in model_names
        upgraded[new_name if is_old else name] = value
    return upgraded


def _upgraded_weight(name: str) -> str:
    for old, new in WEIGHT_PREFIXES:
        if name.startswith(old):
            return new + name[len(old) :]
    return name


def _type_name(kind: Any) -> str:
    if isinstance(kind, str):
        return kind.rpartition('.')[2]
    return getattr(kind, '__name__', '')


def _warn(text: str) -> None:
    print_log(
        f'{text}; the old name goes with the next release',
        logger='current',
        level=logging.WARNING,
    )
