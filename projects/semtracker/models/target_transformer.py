"""The tracking branch: a Transformer that relates a template to a search region."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, require_numbers
from projects.semtracker.models.tracking_loss import box_fractions


@dataclass(frozen=True, eq=False)
class TargetPrediction:
    """What the tracking branch finds in P search regions of S x S cells.

    Attributes:
        centres: (P, S * S) logits of each cell holding the target's centre.
        boxes: (P, S * S, 4) x1, y1, x2, y2 as fractions of the region, a box a cell.
        presence: (P,) logits of the target being visible in the region.
    """

    centres: torch.Tensor
    boxes: torch.Tensor
    presence: torch.Tensor


class TemplateSearchLayer(nn.Module):
    """Pre-norm attention layer; search tokens attend to both, template tokens to theirs.

    Template tokens do not depend on the search region, so a video's template goes through
    the layers once.

    Args:
        channels: d.
        heads: Attention heads.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.out = nn.Linear(channels, channels)
        self.mlp = nn.Sequential(
            nn.LayerNorm(channels),
            nn.Linear(channels, 2 * channels),
            nn.GELU(),
            nn.Linear(2 * channels, channels),
        )

    def forward(self, tokens: torch.Tensor, *memories: torch.Tensor) -> torch.Tensor:
        """Tokens (P, N, d), which attend to themselves and to ``memories`` (P, M, d)."""
        normed = self.norm(tokens)
        memory = torch.cat([normed, *(self.norm(part) for part in memories)], dim=1)
        query = self.query(normed).unflatten(2, (self.heads, -1)).transpose(1, 2)
        key_value = self.key_value(memory).unflatten(2, (2, self.heads, -1))
        key, value = key_value.permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.out(mixed.transpose(1, 2).flatten(2))
        return tokens + self.mlp(tokens)


@MODELS.register_module()
class TargetTransformer(nn.Module):
    """Template tokens and search tokens to the target's box and whether it is there.

    ::

        template (P, K, d) -> layer 1 ----> layer 2 ----> ...      once a video
                                 |             |
        search (P, S*S, d) ---> layer 1 ----> layer 2 ----> map -> centre, offset, size
                                                  |            |
                       template's mean -----------+-> token of the likeliest centre
                                                        -> presence

    Args:
        channels: d of the shared features.
        heads: Attention heads.
        layers: How many layers.
        template_grid: Cells a side of the template.
        search_grid: S, cells a side of the search region.
    """

    def __init__(
        self,
        *,
        channels: int = 96,
        heads: int = 4,
        layers: int = 2,
        template_grid: int = 5,
        search_grid: int = 12,
    ) -> None:
        super().__init__()
        counts = dict(channels=channels, heads=heads, layers=layers)
        grids = dict(template_grid=template_grid, search_grid=search_grid)
        require_numbers('TargetTransformer', COUNT, **counts, **grids)
        self.template_grid, self.search_grid = template_grid, search_grid
        self.template_place = nn.Parameter(torch.randn(template_grid**2, channels) / 50)
        self.search_place = nn.Parameter(torch.randn(search_grid**2, channels) / 50)
        # How much of a template cell the target covers: without it a crop does not say
        # which of two people is meant.
        self.covered = nn.Parameter(torch.zeros(channels))
        self.layers = nn.ModuleList(
            TemplateSearchLayer(channels, heads) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(channels)
        self.box_head = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(channels, 5, 1),
        )
        self.presence = nn.Sequential(
            nn.Linear(3 * channels, channels), nn.GELU(), nn.Linear(channels, 1)
        )
        # One cell in S^2 is the centre: the focal loss starts from there.
        nn.init.constant_(self.box_head[-1].bias, 0.0)
        nn.init.constant_(self.box_head[-1].bias[:1], -4.0)

    def template_memory(
        self, tokens: torch.Tensor, cover: torch.Tensor
    ) -> list[torch.Tensor]:
        """What each layer reads of a template.

        Args:
            tokens: (P, K, d) of K = ``template_grid``^2 cells.
            cover: (P, K) fraction of each cell that the target covers.

        Returns:
            A (P, K, d) for each layer.
        """
        tokens = tokens + self.template_place + cover[..., None] * self.covered
        memory = []
        for layer in self.layers:
            memory.append(tokens)
            tokens = layer(tokens)
        return memory

    def forward(
        self,
        memory: list[torch.Tensor],
        tokens: torch.Tensor,
        prior: torch.Tensor | None = None,
    ) -> TargetPrediction:
        """Find the targets.

        Args:
            memory: Of :meth:`template_memory`, for P targets.
            tokens: (P, S * S, d) of their search regions, row by row.
            prior: (P, S * S) factors in (0, 1] on the centres' scores. Presence is of the
                centre that is likeliest with them; ``None`` for none.
        """
        tokens = tokens + self.search_place
        for layer, template in zip(self.layers, memory, strict=True):
            tokens = layer(tokens, template)
        tokens = self.norm(tokens)
        grid = self.search_grid
        cells = tokens.transpose(1, 2).unflatten(2, (grid, grid))
        maps = self.box_head(cells).flatten(2).transpose(1, 2)
        centres = maps[..., 0]
        boxes = box_fractions(maps[..., 1:], grid)
        return TargetPrediction(
            centres, boxes, self._presence(centres, tokens, memory[-1], prior)
        )

    def _presence(
        self,
        centres: torch.Tensor,
        tokens: torch.Tensor,
        template: torch.Tensor,
        prior: torch.Tensor | None,
    ) -> torch.Tensor:
        """(P,) logits: whether what is at the likeliest centre is the template's target."""
        logits = centres if prior is None else centres + prior.log()
        weight = logits.detach().softmax(dim=1)[..., None]
        best = (weight * tokens).sum(dim=1)
        target = self.norm(template).mean(dim=1)
        return self.presence(torch.cat([best, target, best * target], dim=1))[:, 0]
