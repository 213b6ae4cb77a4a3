"""What a temporal window of a track says of a sentence: features of frames to a logit."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_numbers

MOTION_CHANNELS = 8  # of box_motion


@MODELS.register_module()
class CosinePooling(nn.Module):
    """The mean over the frames, and its cosine to the sentence, as released.

    ::

        u (N, W, C) -> mean over W -> Linear -> z (N, d) --+
        sentence (N, d_t) ---------> MLP ----> t (N, d) --+-- cosine -> logit

    Args:
        channels: C.
        text_channels: Of the sentence.
        joint_channels: Of the space that both are compared in.
        scale: Factor of the cosine, learned from there, as is a bias. The released logit
            is the cosine itself; it lies in [-1, 1], so that a sigmoid of it stays between
            .27 and .73.
    """

    def __init__(
        self,
        *,
        channels: int = 2048,
        text_channels: int = 1024,
        joint_channels: int = 1024,
        scale: float = 10.0,
    ) -> None:
        super().__init__()
        owner = 'CosinePooling'
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, COUNT, joint_channels=joint_channels)
        self.visual = nn.Linear(channels, joint_channels)
        self.text = nn.Sequential(
            nn.Linear(text_channels, joint_channels),
            nn.ReLU(),
            nn.Linear(joint_channels, joint_channels),
        )
        self.scale = nn.Parameter(torch.tensor(float(scale)))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(
        self,
        features: torch.Tensor,
        motion: torch.Tensor,
        mask: torch.Tensor,
        sentences: torch.Tensor,
    ) -> torch.Tensor:
        """Logits (N,) of N windows and sentences.

        Args:
            features: (N, W, C) of W frames, guided by the sentence.
            motion: (N, W, MOTION_CHANNELS); not read.
            mask: (N, W) bool, frames in which the track has a box; at least one.
            sentences: (N, text_channels).
        """
        weights = mask[..., None].to(features.dtype)
        mean = (features * weights).sum(1) / weights.sum(1)
        cosine = F.cosine_similarity(self.visual(mean), self.text(sentences))
        return self.scale * cosine + self.bias


@MODELS.register_module()
class WindowAttention(nn.Module):
    """Self-attention over the sentence and the frames with their box's motion (ours).

    A mean has no order, so it cannot tell to the left from to the right.

    ::

        sentence -> Linear --------------------+
        u_1 + MLP(motion_1) + position_1 ------+--> layers -> the sentence's place -> logit
        ...                                    |
        u_W + MLP(motion_W) + position_W ------+

    Args:
        channels: C.
        text_channels: Of the sentence.
        window: W, the most frames.
        num_layers: Self-attention layers.
        num_heads: Of each layer.
        ffn_channels: Of each layer.
        dropout: Of each layer.
    """

    def __init__(
        self,
        *,
        channels: int = 128,
        text_channels: int = 128,
        window: int = 4,
        num_layers: int = 1,
        num_heads: int = 4,
        ffn_channels: int = 256,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        owner = 'WindowAttention'
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, COUNT, window=window, num_layers=num_layers)
        require_numbers(owner, COUNT, num_heads=num_heads, ffn_channels=ffn_channels)
        require_numbers(owner, FRACTION, dropout=dropout)
        self.sentence = nn.Linear(text_channels, channels)
        self.motion = nn.Sequential(
            nn.Linear(MOTION_CHANNELS, channels),
            nn.ReLU(),
            nn.Linear(channels, channels),
        )
        self.position = nn.Parameter(0.02 * torch.randn(window, channels))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                channels,
                num_heads,
                ffn_channels,
                dropout,
                batch_first=True,
                norm_first=True,
            )
            for _ in range(num_layers)
        )
        self.logit = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, channels),
            nn.ReLU(),
            nn.Linear(channels, 1),
        )

    def forward(
        self,
        features: torch.Tensor,
        motion: torch.Tensor,
        mask: torch.Tensor,
        sentences: torch.Tensor,
    ) -> torch.Tensor:
        """Logits (N,) of N windows and sentences; arguments as of
        :meth:`CosinePooling.forward`, the last frame of a window last."""
        steps = features + self.motion(motion) + self.position[-features.shape[1] :]
        tokens = torch.cat([self.sentence(sentences)[:, None], steps], dim=1)
        is_padding = F.pad(~mask, (1, 0), value=False)
        for layer in self.layers:
            tokens = layer(tokens, src_key_padding_mask=is_padding)
        return self.logit(tokens[:, 0])[:, 0]


def box_motion(
    boxes: torch.Tensor, mask: torch.Tensor, sizes: torch.Tensor
) -> torch.Tensor:
    """Place, size and motion of a track's boxes in a window.

    Args:
        boxes: (M, W, 4) x1, y1, x2, y2 in pixels; of any value where there is none.
        mask: (M, W) bool, where there is one; the last frame has one.
        sizes: (M, 2) width and height of the frame.

    Returns:
        (M, W, 8): centre, width and height as fractions of the frame; the way of centre
        and foot to those of the last frame, in heights of the last box, and the logarithm
        of the growth since; 0 where there is no box.
    """
    width_height = (boxes[..., 2:] - boxes[..., :2]).clamp(min=1)
    centres = (boxes[..., 2:] + boxes[..., :2]) / 2
    foot = torch.stack([centres[..., 0], boxes[..., 3]], -1)
    last_height = width_height[:, -1:, 1:]
    ways = (foot[:, -1:] - foot) / last_height
    growth = (last_height / width_height[..., 1:]).log()
    centre_way = (centres[:, -1:] - centres)[..., 1:] / last_height
    parts = [
        centres / sizes[:, None],
        width_height / sizes[:, None],
        ways,
        centre_way,
        growth,
    ]
    return torch.cat(parts, -1) * mask[..., None]
