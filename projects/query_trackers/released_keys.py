"""Names of weights in released checkpoints, and in this project."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

# Names that end anywhere: what is an attention, a norm or a linear layer of one layer.
_ENCODER = {
    'self_attn': 'self_attn',
    'norm1': 'norms.0',
    'norm2': 'norms.1',
    'linear1': 'ffn.layers.0.0',
    'linear2': 'ffn.layers.1',
}
_DECODER = {
    'self_attn': 'self_attn.attn',
    'cross_attn': 'cross_attn',
    'norm2': 'norms.0',  # the norms count in the order of the released constructor
    'norm1': 'norms.1',
    'norm3': 'norms.2',
    'linear1': 'ffn.layers.0.0',
    'linear2': 'ffn.layers.1',
}
_UPDATER = {
    'self_attn': 'attention',
    'norm1': 'norm',
    'linear1': 'ffn.layers.0',
    'linear2': 'ffn.layers.3',
    'norm2': 'ffn.norm',
    'linear_pos1': 'pos_ffn.layers.0',
    'linear_pos2': 'pos_ffn.layers.3',
    'norm_pos': 'pos_ffn.norm',
    'linear_feat1': 'content_ffn.layers.0',
    'linear_feat2': 'content_ffn.layers.3',
    'norm_feat': 'content_ffn.norm',
}
_TRACK_ATTENTION = {'update_attn': 'attention', 'norm4': 'norm'}
_EXACT = {
    'transformer.level_embed': 'detector.model.level_embed',
    'query_embed.weight': 'detector.model.query_embedding.weight',
    'position.weight': 'query_init.boxes.weight',
    'yolox_embed.weight': 'query_init.proposal.weight',
    'refine_embed.weight': 'denoising.content.weight',
}
_PREFIXES = {
    'backbone.0.body.': 'detector.model.backbone.',
    'transformer.reference_points.': 'detector.model.reference_points_fc.',
    'combine.': 'combine.',
    # TransRMOT, a MOTR with a text hook
    'fusion_module.multihead_attn.': 'text_hook.fusion.attention.',
    'txt_proj.fc.': 'text_hook.fusion.projection.0.',
    'txt_proj.layer_norm.': 'text_hook.fusion.projection.1.',
    'refer_embed.': 'text_hook.refer_head.layers.',
}
# Registered twice in the released models, or not used there; TransRMOT's frozen RoBERTa.
UNUSED = re.compile(
    r'transformer\.decoder(_track)?\.(bbox|class)_embed\.'
    r'|track_embed\.norm3\.|merge_features\.(weight|bias)$|post_process\.'
    r'|text_encoder\.|.*num_batches_tracked$'
)
# TrackFormer has this layer since 62a38 with merge_frame_features alone, and then uses it;
# before it was called merge_features.weight, and always there.
MERGED_FRAMES = re.compile(r'merge_features\.\d+\.')
MULTI_FRAME = 8  # levels of two frames


def estimator_weights(
    released: Mapping[str, Tensor], *, class_row: int = 0, num_levels: int = 4
) -> dict[str, Tensor]:
    """Released weights by the names that a ``QueryTracker`` has.

    Args:
        released: MOTR's, MOTRv2's, TransTrack's, TrackFormer's or TransRMOT's.
        class_row: The class to keep of a released classifier: 0, TransTrack's person is 1.
        num_levels: Feature levels.

    Raises:
        ValueError: A name is not one of theirs, or the model attends to two frames at a
            time, which this project has not.
    """
    embed = released.get('transformer.level_embed')
    if embed is not None and len(embed) == MULTI_FRAME and num_levels < MULTI_FRAME:
        raise ValueError(
            'the checkpoint is a TrackFormer that attends to two frames at a time '
            f'(multi_frame_attention, {len(embed)} levels); only its models of one frame '
            'are known here'
        )
    if any(MERGED_FRAMES.match(name) for name in released):
        raise ValueError(
            'the checkpoint is a TrackFormer that merges the feature maps of two frames '
            '(merge_frame_features); only its models of one frame are known here'
        )
    # MOTRv2 has content alone in its query_embed; the others position and content.
    is_v2 = 'position.weight' in released
    weights, unknown = {}, []
    for name, weight in released.items():
        if UNUSED.match(name):
            continue
        new = estimator_name(name, num_levels)
        if new is None:
            unknown.append(name)
            continue
        if is_v2 and name == 'query_embed.weight':
            new = 'query_init.content.weight'
        if is_v2 and new.startswith('track_attention.'):
            continue  # built by a flag, and never called
        if name.startswith('class_embed.') and len(weight) > 1:
            weight = weight[class_row : class_row + 1]
        weights[new] = weight
    if unknown:
        raise ValueError(
            f'{len(unknown)} of {len(released)} weights have names of no released query '
            f'tracker: {sorted(unknown)[:3]}'
        )
    return weights


def mmdet_weights(
    released: Mapping[str, Tensor], *, class_row: int = 0
) -> dict[str, Tensor]:
    """Weights of mmdet's ``DeformableDETR`` by the names that a detector has.

    Args:
        released: mmdet's, with box refinement.
        class_row: The class to keep of its classifier; of COCO 0 is the person.
    """
    return {
        f'model.{name}': weight[class_row : class_row + 1]
        if name.startswith('bbox_head.cls_branches.')
        else weight
        for name, weight in released.items()
    }


def estimator_name(name: str, num_levels: int = 4) -> str | None:
    """A released name as a ``QueryTracker`` has it; ``None`` where it is not known.

    >>> estimator_name('transformer.decoder.layers.2.norm2.weight')
    'detector.model.decoder.layers.2.norms.0.weight'
    """
    if name in _EXACT:
        return _EXACT[name]
    for prefix, new in _PREFIXES.items():
        if name.startswith(prefix):
            return new + name.removeprefix(prefix)
    if match := re.fullmatch(r'input_proj\.(\d+)\.([01])\.(\w+)', name):
        level, part = int(match[1]), ('conv', 'gn')[int(match[2])]
        place = 'convs' if level < num_levels - 1 else 'extra_convs'
        level -= 0 if place == 'convs' else num_levels - 1
        return f'detector.model.neck.{place}.{level}.{part}.{match[3]}'
    if match := re.fullmatch(r'class_embed\.(\d+)\.(\w+)', name):
        return f'detector.model.bbox_head.cls_branches.{match[1]}.{match[2]}'
    if match := re.fullmatch(r'bbox_embed\.(\d+)\.layers\.(\d)\.(\w+)', name):
        layer = 2 * int(match[2])  # ReLUs count in mmdet's
        return f'detector.model.bbox_head.reg_branches.{match[1]}.{layer}.{match[3]}'
    if match := re.fullmatch(r'track_embed\.(\w+)\.(.+)', name):
        return _part(_UPDATER, match[1], 'updater.', match[2])
    if match := re.fullmatch(
        r'transformer\.(encoder|decoder|decoder_track)\.layers\.(\d+)\.(\w+)\.(.+)',
        name,
    ):
        return _layer_name(*match.groups())
    return None


def _layer_name(stack: str, number: str, part: str, suffix: str) -> str | None:
    if part in _TRACK_ATTENTION:
        return _part(_TRACK_ATTENTION, part, f'track_attention.{number}.', suffix)
    place = {
        'encoder': 'detector.model.encoder',
        'decoder': 'detector.model.decoder',
        'decoder_track': 'track_decoder',
    }[stack]
    parts = _ENCODER if stack == 'encoder' else _DECODER
    return _part(parts, part, f'{place}.layers.{number}.', suffix)


def _part(parts: Mapping[str, str], part: str, prefix: str, suffix: str) -> str | None:
    return f'{prefix}{parts[part]}.{suffix}' if part in parts else None
