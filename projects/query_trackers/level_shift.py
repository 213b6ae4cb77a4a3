"""Feature maps of the frame before."""

from __future__ import annotations

import torch
from torch import Tensor


def shifted(
    levels: tuple[Tensor, ...], first: tuple[Tensor, ...] | None, step: int = 1
) -> tuple[Tensor, ...]:
    """The levels of the frame before each of B.

    Args:
        levels: Of B frames.
        first: Of what is before them, ``step`` frames; ``None``: the first ones again.
        step: Frames of one time.
    """
    if first is None or not same_sizes(levels, first):
        first = tuple(level[:step] for level in levels)
    pairs = zip(first, levels, strict=True)
    return tuple(torch.cat([head, level[:-step]]) for head, level in pairs)


def same_sizes(levels: tuple[Tensor, ...], previous: tuple[Tensor, ...]) -> bool:
    """Whether maps have the same height and width."""
    pairs = zip(levels, previous, strict=True)
    return all(level.shape[1:] == earlier.shape[1:] for level, earlier in pairs)
