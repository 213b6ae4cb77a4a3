"""Time and place encodings of tokens t^."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from ...registry import MODELS
from ...utils.number_ranges import COUNT, POSITIVE, require_numbers

if TYPE_CHECKING:
    from .trajectory_tokens import TrajectoryTokens


@MODELS.register_module()
class TokenEncoding(nn.Module):
    """Adds time, place and motion of its box to each token (ours; none in the paper).

    Args:
        channels: d.
        tokens: K, tokens of a box. TrajectorySemantics fills it in.
        time: Add the time since the trajectory's video began, as sines.
        box: Add place and size of the box, and their rates of change, through an MLP.
        cell: Add a learned embedding of the token's cell in the box.
        period: The slowest sine's period in seconds.
    """

    def __init__(
        self,
        *,
        channels: int = 256,
        tokens: int = 4,
        time: bool = True,
        box: bool = True,
        cell: bool = True,
        period: float = 60.0,
    ) -> None:
        super().__init__()
        require_numbers('TokenEncoding', COUNT, channels=channels, tokens=tokens)
        require_numbers('TokenEncoding', POSITIVE, period=period)
        fastest = 0.25  # seconds; walking legs take about one
        waves = torch.logspace(0, 1, channels // 2, base=period / fastest)
        self.frequency: torch.Tensor
        self.register_buffer('frequency', 2 * torch.pi / period * waves, False)
        self.time = nn.Linear(channels, channels) if time else None
        self.box = None
        if box:
            self.box = nn.Sequential(
                nn.Linear(8, channels), nn.ReLU(), nn.Linear(channels, channels)
            )
        self.cell = nn.Parameter(torch.randn(tokens, channels) * 0.02) if cell else None

    def forward(self, tracks: TrajectoryTokens) -> torch.Tensor:
        """The tokens (M, N, K, d) plus their encodings.

        Raises:
            ValueError: K is not ``tokens``, where ``cell`` is on.
        """
        tokens = tracks.tokens
        if self.cell is not None:
            if len(self.cell) != tokens.shape[2]:
                raise ValueError(
                    f'TokenEncoding: tokens={len(self.cell)}, but boxes have '
                    f'{tokens.shape[2]} tokens each; set it to that'
                )
            tokens = tokens + self.cell
        if self.time is not None:
            # 32 bits do not resolve the frames of a long video, 16 not its seconds.
            phase = tracks.times.double()[..., None] * self.frequency.double()
            waves = torch.cat([phase.sin(), phase.cos()], -1)
            tokens = tokens + self.time(waves.to(tokens.dtype))[:, :, None]
        if self.box is not None:
            tokens = tokens + self.box(_motion(tracks).to(tokens.dtype))[:, :, None]
        return tokens


def _motion(tracks: TrajectoryTokens) -> torch.Tensor:
    """(M, N, 8) centre, log size, and their change per second since the box before."""
    low, high = tracks.boxes[..., :2], tracks.boxes[..., 2:]
    size = (high - low).clamp(min=1e-3).log()
    state = torch.cat([(low + high) - 1, size], -1)
    change = torch.zeros_like(state)
    elapsed = tracks.times.diff(dim=1).clamp(min=1e-3)[..., None].to(state.dtype)
    has_previous = (tracks.mask[:, 1:] & tracks.mask[:, :-1])[..., None]
    change[:, 1:] = torch.where(has_previous, state.diff(dim=1) / elapsed, 0)
    return torch.cat([state, change.clamp(-4, 4)], -1)
