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
        'speaks': 'semantic_losses_enabled',
        'true_tracks': 'teacher_forcing_ratio',
    },
    'CropBuffer': {
        'max_pair_pictures': 'max_pair_crops',
        'max_pictures': 'max_crops',
        'picture_size': 'crop_size',
    },
    'InteractionTokens': {'partners': 'max_partners', 'people': 'max_tracks'},
    'MMDetDetector': {'picture_cells': 'rgb_cells'},
    'TrajectorySemantics': {
        'context': 'cross_track_attention',
        'phrases': 'bigram_head',
        'relations': 'interaction_tokens',
    },
    'VisionLanguageSemantics': {'memory': 'crop_buffer'},
}
# By type and argument: the class whose options stand there, in a dict without type.
_OPTIONS_OF = {('VisionLanguageSemantics', 'crop_buffer'): 'CropBuffer'}
# Beginnings of the names of weights in a pipeline or in its semantics, before and now;
# applied one after the other.
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
    *(
        (f'{owner}{part}.{old}.', f'{owner}{part}.{new}.')
        for owner in ('semantics.', '')
        for part, old, new in (
            ('bigram_head', 'ask', 'classifier'),
            ('bigram_head', 'tell', 'embedding'),
            ('interaction_tokens', 'acts', 'as_subject'),
            ('interaction_tokens', 'suffers', 'as_object'),
            ('interaction_tokens', 'whole', 'project_mean'),
        )
    ),
)


def upgrade_legacy_part(part: dict[str, Any], path: str = '') -> None:
    """Rename in place what a part's config calls by an old name, and warn.

    Args:
        part: A dict with ``type``; what is inside of it is left alone.
        path: Where it stands, for the message.
    """
    prefix = f'{path}: ' if path else ''
    if 'type' in part:
        part['type'] = _upgraded_type(part['type'], prefix)
    name = _type_name(part.get('type'))
    _rename_arguments(part, name, prefix)
    for key, options in part.items():
        if (name, key) in _OPTIONS_OF and isinstance(options, dict):
            part[key] = dict(options)
            _rename_arguments(part[key], _OPTIONS_OF[name, key], prefix)


def _upgraded_type(kind: Any, prefix: str) -> Any:
    """A part's ``type`` by today's name; foreign ones and classes stay."""
    name = _type_name(kind)
    if not isinstance(kind, str) or name not in TYPES:
        return kind
    upgraded = kind.removesuffix(name) + TYPES[name]
    _warn(f"{prefix}type='{kind}' is called '{upgraded}' now")
    return upgraded


def _rename_arguments(part: dict[str, Any], name: str, prefix: str) -> None:
    for old, new in ARGUMENTS.get(name, {}).items():
        if old in part:
            value = part.pop(old)
            are_dicts = isinstance(part.get(new), dict) and isinstance(value, dict)
            part[new] = {**part[new], **value} if are_dicts else value
            _warn(f'{prefix}{old} of {name} is called {new} now')


def upgrade_legacy_config(node: Any, path: str = '') -> None:
    """:func:`upgrade_legacy_part` for every part of a config, in place."""
    if isinstance(node, dict):
        upgrade_legacy_part(node, path)
    for child_path, child in _children(node, path):
        upgrade_legacy_config(child, child_path)


def upgraded_legacy_options(options: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """The options of ``--cfg-options`` by today's names.

    Args:
        options: Dotted keys to values; ``'model.tracker.new_threshold': 0.7``.
        config: The config that they are set in, upgraded.
    """
    kinds = dict(_types(config, ''))
    options = dict(options)
    for key, value in options.items():
        upgrade_legacy_config(value, key)
        if key.endswith('.type'):
            options[key] = _upgraded_type(value, f'{key}: ')
            kinds[key.removesuffix('.type')] = _type_name(options[key])
    return {_upgraded_key(key, kinds): value for key, value in options.items()}


def _types(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Dotted path and type's name of every part of a config."""
    if isinstance(node, dict) and 'type' in node:
        yield path, _type_name(node['type'])
        for (owner, argument), name in _OPTIONS_OF.items():
            if owner == _type_name(node['type']):
                yield f'{path}.{argument}', name
    for child_path, child in _children(node, path):
        yield from _types(child, child_path)


def _children(node: Any, path: str) -> list[tuple[str, Any]]:
    """Dotted path and value of all that stands directly in a dict or list."""
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list | tuple):
        items = list(enumerate(node))
    else:
        return []
    return [(f'{path}.{name}' if path else str(name), child) for name, child in items]


def _upgraded_key(key: str, kinds: Mapping[str, str]) -> str:
    """One dotted key; ``kinds`` says the type that stands at each path."""
    parts = key.split('.')
    for depth in range(1, len(parts)):
        renamed = ARGUMENTS.get(kinds.get('.'.join(parts[:depth]), ''), {})
        if parts[depth] in renamed:
            _warn(f'{key}: {parts[depth]} is called {renamed[parts[depth]]} now')
            parts[depth] = renamed[parts[depth]]
    return '.'.join(parts)


def upgraded_legacy_weights(
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
            name = new + name[len(old) :]
    return name


def _type_name(kind: Any) -> str:
    """The name of a type of ours; of another package's '' (``mmdet.ByteTrack``)."""
    if isinstance(kind, str):
        scope, _, name = kind.rpartition('.')
        return name if scope in ('', 'mmsmot') else ''
    return getattr(kind, '__name__', '')


def _warn(text: str) -> None:
    print_log(
        f'{text}; the old name goes with the next release',
        logger='current',
        level=logging.WARNING,
    )
