"""Interfaces of the parts of TrajectorySemantics, and checks of them."""

from __future__ import annotations

import inspect

import torch
from torch import nn

from ...utils.number_ranges import (
    COUNT,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    require_numbers,
)
from ..fusion.trajectory_fusion import BaseTrajectoryFusion
from ..heads.base import (
    BaseInstanceCaptionHead,
    BaseInteractionHead,
    BaseVideoCaptionHead,
)
from ..trajectory.trajectory_tokens import TrajectoryTokens
from .losses import LOSSES


def slot_interface(base: type[nn.Module], *optional: str) -> tuple[str, ...]:
    """Attributes and abstract methods that a base class declares.

    Args:
        base: The class.
        optional: Those that only some configs need.
    """
    declared = (*inspect.get_annotations(base), *vars(base))
    abstract: frozenset[str] = getattr(base, '__abstractmethods__', frozenset())
    names = {*inspect.get_annotations(base), *abstract} - {*optional}
    return tuple(dict.fromkeys(name for name in declared if name in names))


# By slot: what is called or read of a part; ``forward`` stands for calling it.
INTERFACES: dict[str, tuple[str, ...]] = {
    'roi': ('tokens', 'forward'),
    'trajectory_fusion': slot_interface(BaseTrajectoryFusion),
    'video_fusion': ('frame_tokens', 'forward'),
    'cross_track_attention': ('forward',),
    'bigram_head': ('forward', 'prepend', 'loss'),
    'interaction_tokens': ('partner_tokens', 'track_tokens', 'top_tracks'),
    # `encoded` goes with a bigram head, `decoder` with share_decoder.
    'instance_caption': slot_interface(BaseInstanceCaptionHead, 'encoded', 'decoder'),
    'video_caption': slot_interface(BaseVideoCaptionHead),
    'interaction': slot_interface(BaseInteractionHead),
}


def require_slot_interface(slot: str, part: object | None, *extra_names: str) -> None:
    """Refuse a part that lacks an attribute or method which its slot calls.

    Args:
        slot: A key of :data:`INTERFACES`.
        part: Built for it; ``None`` lacks nothing.
        extra_names: What other parts call of this one.

    Raises:
        TypeError: Names the part, its slot and all that is missing.
    """
    if part is None:
        return
    names = (*INTERFACES[slot], *extra_names)
    missing = [name for name in names if not _has(part, name)]
    if missing:
        raise TypeError(
            f'{type(part).__name__}, built for {slot}, lacks {", ".join(missing)}. A part '
            f'there must have {", ".join(names)}; the base classes in '
            'mmsmot.models.heads and mmsmot.models.fusion say what each is'
        )


def _has(part: object, name: str) -> bool:
    if name == 'forward':  # which every nn.Module has, if only to refuse
        forward = getattr(type(part), 'forward', None)
        return forward is not None and forward is not nn.Module.forward
    return hasattr(part, name)


def fuse_checked_slot(
    fusion: nn.Module, tracks: TrajectoryTokens
) -> tuple[torch.Tensor, torch.Tensor]:
    """T~ of M trajectories: tokens (M, L, d) and their mask (M, L), checked.

    Raises:
        TypeError: The fusion did not return two tensors.
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


def with_shared_decoder(
    part: dict | nn.Module | None,
    instance_caption: nn.Module | None,
    share_decoder: bool,
    share_projection: bool,
) -> dict | nn.Module | None:
    """The part of video captions, with the decoder of instance captions if it is shared.

    Args:
        part: As of :class:`~.trajectory_semantics.TrajectorySemantics`.
        instance_caption: The other head, built.
        share_decoder: Its decoder is this one's too.
        share_projection: So is its projection to the decoder.

    Raises:
        ValueError: There is nothing to share, or both heads have a decoder.
    """
    owner = 'TrajectorySemantics'
    if share_projection and not share_decoder:
        raise ValueError(f'{owner}: share_projection=True goes with share_decoder=True')
    if not share_decoder or not isinstance(part, dict):
        return part
    if instance_caption is None or part.get('decoder') is not None:
        raise ValueError(
            f"{owner}: share_decoder=True takes instance_caption's decoder: give that "
            'head, and none to video_caption'
        )
    return {**part, 'decoder': instance_caption.decoder}


def require_slot_dependencies(*dependencies: tuple[object, object, str]) -> None:
    """Refuse parts without the part that they depend on.

    Args:
        dependencies: A part, the one that it depends on, and a sentence that says so.

    Raises:
        ValueError: The latter is ``None``.
    """
    for part, dependency, reason in dependencies:
        if part is not None and dependency is None:
            raise ValueError(f'TrajectorySemantics: {reason}: give it too')


def require_semantics_slots(
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
