"""Feature maps of the frame before."""

from __future__ import annotations

import torch
from torch import Tensor


def previous_frame_levels(
    levels: tuple[Tensor, ...], before: tuple[Tensor, ...] | None, step: int = 1
) -> tuple[Tensor, ...]:
    """The levels of the frame before each of B.

    Args:
        levels: Of B frames, ``step`` of each time.
        before: Of the ``step`` frames before them; ``None``, or of images of another
            size: the first ones again.
        step: Frames of one time.
    """
    if before is None or not _same_sizes(levels, before):
        before = tuple(level[:step] for level in levels)
    pairs = zip(before, levels, strict=True)
    return tuple(torch.cat([earlier, level[:-step]]) for earlier, level in pairs)


def _same_sizes(levels: tuple[Tensor, ...], previous: tuple[Tensor, ...]) -> bool:
    """Whether maps have the same height and width."""
    pairs = zip(levels, previous, strict=True)
    return all(level.shape[1:] == earlier.shape[1:] for level, earlier in pairs)
