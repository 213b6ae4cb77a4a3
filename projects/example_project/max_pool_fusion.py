"""A trajectory fusion that lives outside the package."""

from __future__ import annotations

import torch

from mmsmot.models.fusion import BaseTrajectoryFusion
from mmsmot.models.trajectory import TrajectoryTokens
from mmsmot.registry import MODELS


@MODELS.register_module()
class MaxPoolTrajectoryFusion(BaseTrajectoryFusion):
    """The largest of each feature over a trajectory's boxes; nothing is learnt.

    ::

        (M, N, K, d) tokens of up to N boxes -> max over N -> (M, K, d)

    Arguments are those of :class:`~mmsmot.models.fusion.BaseTrajectoryFusion`.
    """

    def forward(self, tracks: TrajectoryTokens) -> tuple[torch.Tensor, torch.Tensor]:
        tokens = self.encoded(tracks)
        is_padding = ~tracks.mask[:, :, None, None]
        fused = tokens.masked_fill(is_padding, -torch.inf).amax(dim=1)
        mask = torch.ones(fused.shape[:2], dtype=torch.bool, device=fused.device)
        return self.summarised(tracks, fused, mask)
