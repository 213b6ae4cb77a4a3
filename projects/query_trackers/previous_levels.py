"""Feature maps of the frame before."""

from __future__ import annotations

import torch
from torch import Tensor


def previous_frame_levels(
    levels: tuple[Tensor, ...],
    previous_levels: tuple[Tensor, ...] | None,
    step: int = 1,
) -> tuple[Tensor, ...]:
    """The levels of the frame before each of B; of the frame itself where there are none.

    Args:
        levels: Of B frames, ``step`` of each time.
        previous_levels: Of the ``step`` frames before them; ``None``, or of images of
            another size: the first ones again. Of a frame whose maps are no numbers none
            are taken.
        step: Frames of one time.
    """
    if previous_levels is None or not _same_sizes(levels, previous_levels):
        previous_levels = tuple(level[:step] for level in levels)
    pairs = zip(previous_levels, levels, strict=True)
    return tuple(
        _finite_or_current(torch.cat([earlier, level[:-step]]), level)
        for earlier, level in pairs
    )


def _same_sizes(
    levels: tuple[Tensor, ...], previous_levels: tuple[Tensor, ...]
) -> bool:
    """Whether maps have the same height and width."""
    pairs = zip(levels, previous_levels, strict=True)
    return all(level.shape[1:] == earlier.shape[1:] for level, earlier in pairs)


def _finite_or_current(earlier: Tensor, level: Tensor) -> Tensor:
    """(B, d, h, w) of the frames before; of the frame itself where those are no numbers."""
    is_finite = earlier.flatten(1).isfinite().all(1)
    return torch.where(is_finite[:, None, None, None], earlier, level)
