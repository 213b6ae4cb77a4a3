"""Feature maps of a batch of frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """What a backbone and neck made of B frames, and where its pixels lie.

    Attributes:
        levels: For each level (B, C, H_l, W_l); the paper's :math:`f_i` is the first.
        strides: Input pixels from one cell of a level to the next.
        scales: (B, 2) float64, input pixels per pixel of the original frame, x and y.
        sizes: (B, 2) float64, width and height of the original frames.
        inputs: (B, 3, H, W) normalised images that the network saw.
        samples: B data samples of the network's library.
    """

    levels: tuple[torch.Tensor, ...]
    strides: tuple[int, ...]
    scales: torch.Tensor
    sizes: torch.Tensor
    inputs: torch.Tensor
    samples: list[Any]

    def __len__(self) -> int:
        return len(self.levels[0])

    def __getitem__(self, rows: list[int]) -> FeatureMaps:
        """Those of some frames."""
        return FeatureMaps(
            levels=tuple(level[rows] for level in self.levels),
            strides=self.strides,
            scales=self.scales[rows],
            sizes=self.sizes[rows],
            inputs=self.inputs[rows],
            samples=[self.samples[row] for row in rows],
        )

    def in_cells(
        self, rows: torch.Tensor, boxes: torch.Tensor, level: int | None
    ) -> torch.Tensor:
        """Boxes in cells of a level.

        Args:
            rows: (R,) int64, the frame of each box.
            boxes: (R, 4) x1, y1, x2, y2 in pixels of the original frames.
            level: Which; ``None``: in pixels of the images that the network saw.
        """
        scale = self.scales[rows.cpu()] / (1 if level is None else self.strides[level])
        device = self.inputs.device if level is None else self.levels[level].device
        return boxes.to(device) * scale.repeat(1, 2).to(device)

    @classmethod
    def joined(cls, parts: list[FeatureMaps], order: list[int]) -> FeatureMaps:
        """One batch of several; ``order`` says which row of them all comes where."""
        first = parts[0]
        samples = [sample for part in parts for sample in part.samples]
        columns = zip(*(part.levels for part in parts), strict=True)
        return cls(
            levels=tuple(torch.cat(column)[order] for column in columns),
            strides=first.strides,
            scales=torch.cat([part.scales for part in parts])[order],
            sizes=torch.cat([part.sizes for part in parts])[order],
            inputs=torch.cat([part.inputs for part in parts])[order],
            samples=[samples[row] for row in order],
        )

    def extents(self, level: int) -> list[tuple[int, int]]:
        """Height and width of each frame in cells of a level, without the padding."""
        cells = self.sizes * self.scales / self.strides[level]
        widths, heights = (cells - 1e-6).ceil().long().T.tolist()  # 1e-6: of rounding
        return list(zip(heights, widths, strict=True))

    def detach(self) -> FeatureMaps:
        """The same, through which no gradient flows back."""
        return replace(self, levels=tuple(level.detach() for level in self.levels))

    def with_grad_scale(self, scale: float) -> FeatureMaps:
        """The same values, whose gradient is multiplied on its way to who made them."""
        levels = (
            level.detach() + scale * (level - level.detach()) for level in self.levels
        )
        return replace(self, levels=tuple(levels))
