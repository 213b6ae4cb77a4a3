"""Boxes and images to tokens: a small convolutional encoder of crops."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ...registry import MODELS
from ...structures.feature_maps import FeatureMaps
from ...utils.number_ranges import COUNT, FRACTION, NON_NEGATIVE, require_numbers
from ...utils.roi_align import roi_align


@MODELS.register_module()
class CropTokens(nn.Module):
    """The image crop of a box, resized to one size, through a few convolutions (ours).

    Feature maps of a detector are coarse, and not aligned with boxes: a hat is half a cell
    of them. In a crop it is always at the top. The tokens are appended to those of
    :class:`RoITokens`, past its norm. A gradient flows to the convolutions, none to the
    boxes.

    Args:
        channels: d.
        tokens: Of a box; each costs as much in fusion as one of the features.
        size: Height and width that each crop is resized to.
        widths: Channels after each convolution; each halves height and width.
        margin: Fraction of the box's width and height added on each side: what a person
            holds reaches out of the box.
        dropout: Of the convolutions' output.
    """

    needs_images = True

    def __init__(
        self,
        *,
        channels: int = 256,
        tokens: int = 2,
        size: Sequence[int] = (48, 24),
        widths: Sequence[int] = (24, 48, 96),
        margin: float = 0.15,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        require_numbers('CropTokens', COUNT, channels=channels, tokens=tokens)
        require_numbers('CropTokens', NON_NEGATIVE, margin=margin)
        require_numbers('CropTokens', FRACTION, dropout=dropout)
        self.tokens = tokens
        self.size = (size[0], size[1])
        self.margin = margin
        layers, low = [], 3
        height, width = self.size
        for high in widths:
            layers += [
                nn.Conv2d(low, high, 3, stride=2, padding=1),
                nn.GroupNorm(8, high),
                nn.ReLU(),
            ]
            low, height, width = high, -(-height // 2), -(-width // 2)
        self.layers = nn.Sequential(
            *layers,
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(low * height * width, tokens * channels),
            nn.Unflatten(1, (tokens, channels)),
        )

    def extra_repr(self) -> str:
        return f'size={self.size}, margin={self.margin}'

    def forward(
        self, features: FeatureMaps, rows: torch.Tensor, boxes: torch.Tensor
    ) -> torch.Tensor:
        """Tokens of R boxes.

        Args:
            features: Of B frames, with the input images.
            rows: (R,) int64, the frame of each box, 0 to B - 1.
            boxes: (R, 4) x1, y1, x2, y2 in pixels of the original frames.

        Returns:
            (R, tokens, d).

        Raises:
            ValueError: The feature maps come without their input images.
        """
        if not features.inputs.numel():
            raise ValueError(
                'CropTokens: these feature maps come without their input images'
            )
        boxes = features.in_cells(rows, boxes, None)
        beyond = self.margin * (boxes[:, 2:] - boxes[:, :2])
        boxes = torch.cat([boxes[:, :2] - beyond, boxes[:, 2:] + beyond], dim=1)
        rows = rows.to(features.inputs.device)
        crops = roi_align(features.inputs, rows, boxes, self.size, 1)
        return self.layers(crops.transpose(1, 2).unflatten(2, self.size))
