"""What the parts of TrajectorySemantics must offer and return."""

from __future__ import annotations

import torch
from torch import nn

from ...utils.number_ranges import (
    COUNT,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    require_numbers,
)
from ..trajectory.trajectory_tokens import TrajectoryTokens
from .losses import LOSSES

# By slot: what is called or read of a part; ``forward`` stands for calling it.
OFFERS: dict[str, tuple[str, ...]] = {
    'roi': ('tokens', 'forward'),
    'trajectory_fusion': ('forward',),
    'video_fusion': ('frame_tokens', 'forward'),
    'cross_track_attention': ('forward',),
    'bigram_head': ('forward', 'prepend', 'loss'),
    'interaction_tokens': ('partners', 'people', 'most_active'),
    'instance_caption': ('loss', 'predict'),
    'video_caption': ('prefix', 'loss', 'predict'),
    'interaction': ('forward', 'vocabulary', 'loss', 'targets', 'predict'),
}


def require_offers(slot: str, part: object | None, *more: str) -> None:
    """Refuse a part that lacks something which training or prediction asks of it.

    Args:
        slot: A key of :data:`OFFERS`.
        part: What was built for it; ``None`` lacks nothing.
        more: What other parts need of this one.

    Raises:
        TypeError: Names the part, its slot and all that is missing.
    """
    if part is None:
        return
    missing = [name for name in (*OFFERS[slot], *more) if not _has(part, name)]
    if missing:
        raise TypeError(
            f'{type(part).__name__}, built for {slot}, lacks {", ".join(missing)}. A part '
            f'there must have {", ".join((*OFFERS[slot], *more))}; the base classes in '
            'mmsmot.models.heads and mmsmot.models.fusion say what each is'
        )


def _has(part: object, name: str) -> bool:
    if name == 'forward':  # which every nn.Module has, if only to refuse
        own = getattr(type(part), 'forward', None)
        return own is not None and own is not nn.Module.forward
    return hasattr(part, name)


def fuse_checked(
    fusion: nn.Module, tracks: TrajectoryTokens
) -> tuple[torch.Tensor, torch.Tensor]:
    """What a trajectory fusion makes of M tracks: tokens (M, L, d), and their mask (M, L).

    Raises:
        TypeError: It returned something else than two tensors.
        ValueError: Their shapes do not fit, or the mask is not bool.
    """
    pair = fusion(tracks)
    contract = (
        f'{type(fusion).__name__}: a trajectory fusion returns tokens (M, L, d) and their '
        f'bool mask (M, L), here with M = {len(tracks)}; got '
    )
    if not isinstance(pair, tuple) or len(pair) != 2:
        raise TypeError(f'{contract}{type(pair).__name__}')
    fused, mask = pair
    fits = fused.ndim == 3 and len(fused) == len(tracks)
    if not fits or mask.shape != fused.shape[:2] or mask.dtype != torch.bool:
        shapes = f'{tuple(fused.shape)} and {mask.dtype} {tuple(mask.shape)}'
        raise ValueError(contract + shapes)
    return fused, mask


def require_company(*needs: tuple[object, object, str]) -> None:
    """Refuse parts without the part that they need.

    Args:
        needs: A part, the one that it needs, and a sentence that says so.

    Raises:
        ValueError: The needed one is ``None``.
    """
    for part, needed, why in needs:
        if part is not None and needed is None:
            raise ValueError(f'TrajectorySemantics: {why}: give it too')


def require_options(
    frame_stride: int,
    max_boxes: int | None,
    span_parts: int,
    loss_weights: dict[str, float] | None,
) -> None:
    """Refuse options of TrajectorySemantics that are out of range.

    Raises:
        ValueError: Names the option.
    """
    owner = 'TrajectorySemantics'
    require_numbers(owner, COUNT, frame_stride=frame_stride)
    require_numbers(owner, COUNT.or_none, max_boxes=max_boxes)
    require_numbers(owner, NON_NEGATIVE_INT, span_parts=span_parts)
    require_numbers(owner, NON_NEGATIVE, **(loss_weights or {}))
    unknown = ', '.join(sorted({*(loss_weights or ())} - {*LOSSES}))
    if unknown:
        raise ValueError(
            f'{owner}: loss_weights has {unknown}; there are {", ".join(LOSSES)}'
        )
