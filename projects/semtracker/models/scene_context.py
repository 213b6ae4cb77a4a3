"""What the interaction branch sees of a frame: the target, around it, and the scene."""

from __future__ import annotations

import torch
from torch import nn

from mmsmot.registry import MODELS
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.number_ranges import COUNT, POSITIVE, require_numbers
from projects.semtracker.models.search_region import square_regions
from projects.semtracker.models.shared_features import SharedFeatures


@MODELS.register_module()
class SceneContext(nn.Module):
    """Pools the target's box, a square around it, and the whole image.

    Nothing is learnt here. The cells of the square stand at places relative to the
    target, where a partner is; those of the image say where in the scene this is.

    Args:
        target_grid: Cells down and across of the target's box.
        around_grid: Cells a side of the square.
        around_factor: Its side, in square roots of the box's area.
        scene_grid: Cells down and across of the image.
    """

    def __init__(
        self,
        *,
        target_grid: tuple[int, int] = (3, 2),
        around_grid: int = 7,
        around_factor: float = 4.0,
        scene_grid: tuple[int, int] = (3, 5),
    ) -> None:
        super().__init__()
        owner = 'SceneContext'
        require_numbers(owner, COUNT, around_grid=around_grid)
        require_numbers(owner, POSITIVE, around_factor=around_factor)
        self.target_grid = tuple(target_grid)
        self.around_grid = around_grid
        self.around_factor = around_factor
        self.scene_grid = tuple(scene_grid)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Tokens of the target, around it, and of the scene."""
        (down, across), (rows, columns) = self.target_grid, self.scene_grid
        return down * across, self.around_grid**2, rows * columns

    def forward(
        self,
        shared: SharedFeatures,
        features: FeatureMaps,
        rows: torch.Tensor,
        boxes: torch.Tensor,
    ) -> torch.Tensor:
        """Pooled cells of R boxes, before the layers of the shared features.

        Args:
            shared: Pools.
            features: Of B frames.
            rows: (R,) int64, the frame of each box.
            boxes: (R, 4) in pixels of the original frames.

        Returns:
            (R, K, C): :attr:`counts` of each, in this order.
        """
        around = square_regions(boxes, self.around_factor)
        size = features.sizes[rows.cpu()].to(boxes)
        image = torch.cat([torch.zeros_like(size), size], dim=1)
        return torch.cat(
            [
                shared.pool(features, rows, boxes, self.target_grid),
                shared.pool(features, rows, around, self.around_grid, 4),
                shared.pool(features, rows, image, self.scene_grid, 4),
            ],
            dim=1,
        )
