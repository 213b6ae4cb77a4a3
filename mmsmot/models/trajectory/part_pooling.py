"""Part-based appearance embeddings: boxes and feature maps to stripes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS
from ...structures.feature_maps import FeatureMaps
from ...utils.number_ranges import COUNT, require_numbers
from ...utils.roi_align import roi_align


@MODELS.register_module()
class PartPooling(nn.Module):
    """The mean features of horizontal stripes of a box's middle half (ours).

    An embedder for trackers that compare appearance without a ReID network: nothing in it
    is learnt. People stand upright in their boxes: clothes lie in stripes, and the left
    and right quarters are mostly ground. Each group of channels is normalised to unit
    length by itself, so that the image's few colours (``rgb_cells`` of
    :class:`~mmsmot.models.detectors.MMDetDetector`) weigh as much as the detector's many
    features.

    Args:
        groups: Channels of each group, in the order of the level's channels.
        stripes: From head to foot.
        level: Which level.
    """

    def __init__(
        self, *, groups: Sequence[int], stripes: int = 4, level: int = 0
    ) -> None:
        super().__init__()
        require_numbers('PartPooling', COUNT, stripes=stripes)
        self.groups = list(groups)
        self.stripes = stripes
        self.level = level

    def extra_repr(self) -> str:
        return f'groups={self.groups}, stripes={self.stripes}, level={self.level}'

    def forward(
        self, features: FeatureMaps, rows: torch.Tensor, boxes: torch.Tensor
    ) -> torch.Tensor:
        """Embeddings of R boxes.

        Args:
            features: Of B frames.
            rows: (R,) int64, the frame of each box, 0 to B - 1.
            boxes: (R, 4) x1, y1, x2, y2 in pixels of the original frames.

        Returns:
            (R, stripes * channels), stripe by stripe within each group.

        Raises:
            ValueError: The level has another number of channels.
        """
        level = features.levels[self.level]
        if level.shape[1] != sum(self.groups):
            raise ValueError(
                f'PartPooling: groups={self.groups} are {sum(self.groups)} channels, '
                f'the feature maps have {level.shape[1]}'
            )
        boxes = features.in_cells(rows, boxes, self.level)
        quarter = (boxes[:, 2] - boxes[:, 0]) / 4
        zero = torch.zeros_like(quarter)
        middle = boxes + torch.stack([quarter, zero, -quarter, zero], dim=1)
        grid = roi_align(level, rows.to(level.device), middle, self.stripes, 1)
        stripes = grid.unflatten(1, (self.stripes, self.stripes)).mean(2)
        parts = stripes.split(self.groups, dim=2)
        return torch.cat([F.normalize(part.flatten(1), dim=1) for part in parts], dim=1)
