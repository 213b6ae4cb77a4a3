"""Feature maps of the frame before."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True, eq=False)
class SizedLevels:
    """Feature maps of B frames, with the image sizes, from which their padding follows.

    Attributes:
        levels: For each level (B, d, h, w).
        sizes: (B, 2) width and height of the original frames.
    """

    levels: tuple[Tensor, ...]
    sizes: Tensor

    def last_frames(self, count: int) -> SizedLevels:
        """Those of the last frames."""
        # A copy: a view would keep the maps of all frames.
        levels = tuple(level[-count:].clone() for level in self.levels)
        return SizedLevels(levels, self.sizes[-count:])


def previous_frame_levels(
    frames: SizedLevels, previous: SizedLevels | None, step: int = 1
) -> tuple[Tensor, ...]:
    """The levels of the frame before each of B; of the frame itself where there is none.

    Of a frame before that had another size, or whose maps are not finite, none are taken.

    Args:
        frames: B frames, ``step`` of each time.
        previous: The ``step`` frames before them; ``None`` for none.
        step: Frames of one time.
    """
    if previous is None:
        previous = SizedLevels(
            tuple(level[:step] for level in frames.levels), frames.sizes[:step]
        )
    previous_sizes = torch.cat([previous.sizes, frames.sizes[:-step]])
    is_same_size = (previous_sizes == frames.sizes).all(1)
    pairs = zip(previous.levels, frames.levels, strict=True)
    return tuple(
        _usable_or_current(
            torch.cat([_padded_as(earlier, level), level[:-step]]), level, is_same_size
        )
        for earlier, level in pairs
    )


def _padded_as(earlier: Tensor, level: Tensor) -> Tensor:
    """Maps with the padding of other ones, which is at the right and at the bottom."""
    height, width = (level.shape[k] - earlier.shape[k] for k in (-2, -1))
    return F.pad(earlier, (0, width, 0, height))


def _usable_or_current(earlier: Tensor, level: Tensor, is_same_size: Tensor) -> Tensor:
    """(B, d, h, w) of the frames before; of the frame itself where those are of no use."""
    is_usable = earlier.flatten(1).isfinite().all(1) & is_same_size.to(level.device)
    return torch.where(is_usable[:, None, None, None], earlier, level)
