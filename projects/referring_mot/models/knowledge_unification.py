"""iKUN's knowledge unification: what is seen of a track, guided by a sentence.

::

    crops  -> local  v (N, L, C) --+-- local-global fusion --+-- modulation --> v' (N, L, C)
    frames -> global g (N, G, C) --+                         |
    words  t (N, T, d) --------------------------------------+

In ``cascade`` and ``cross_correlation`` the sentence acts behind the fusion, in
``text_first`` before it. Source: iKUN (Du et al., CVPR 2024), section 3.2; released code at
07dec8e.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, FRACTION, require_choice, require_numbers
from projects.referring_mot.models.text_encoders.base import TextFeatures

CASCADE, CORRELATION, TEXT_FIRST = 'cascade', 'cross_correlation', 'text_first'
MODES = (CASCADE, CORRELATION, TEXT_FIRST)


@MODELS.register_module()
class KnowledgeUnification(nn.Module):
    """Local features, completed by the frame's and modulated by a sentence.

    Args:
        channels: C of the visual features.
        text_channels: d of the words.
        mode: ``'cascade'``: :math:`v \\odot MHA(v, t)`, per cell and channel;
            ``'cross_correlation'``: the sentence is a 1 x 1 kernel, a factor for each
            channel; ``'text_first'``: the same on the local features, before they look at
            the frame. The release's ``cross_correlation`` has batch norms and a second
            convolution behind it; its ``text_first`` is the plain product, of the global
            features too (query and key, not the value), and adds the local features as
            they were before it.
        num_heads: Of both attentions.
        num_words: Tokens of the sentence that act in ``'cascade'`` (released: 10).
        dropout: Of the modulation.
    """

    def __init__(
        self,
        *,
        channels: int = 2048,
        text_channels: int = 1024,
        mode: str = CASCADE,
        num_heads: int = 4,
        num_words: int = 10,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        owner = 'KnowledgeUnification'
        require_choice(owner, MODES, mode=mode)
        require_numbers(owner, COUNT, channels=channels, text_channels=text_channels)
        require_numbers(owner, COUNT, num_heads=num_heads, num_words=num_words)
        require_numbers(owner, FRACTION, dropout=dropout)
        if channels % num_heads:
            raise ValueError(
                f'{owner}: {num_heads} heads do not divide {channels} channels'
            )
        self.mode = mode
        self.num_heads = num_heads
        self.num_words = num_words
        self.fusion = nn.MultiheadAttention(channels, num_heads, batch_first=True)
        self.text = nn.Linear(text_channels, channels)
        self.visual = nn.Linear(channels, channels)
        self.dropout = nn.Dropout(dropout)
        if mode == CASCADE:
            self.key_value = nn.Linear(channels, 2 * channels)
            self.out = nn.Linear(channels, channels)
            self.ffn = nn.Sequential(
                nn.LayerNorm(channels),
                nn.Linear(channels, channels),
                nn.ReLU(),
                nn.Linear(channels, channels),
            )

    @property
    def is_text_first(self) -> bool:
        """Whether :meth:`fuse` waits for the sentence."""
        return self.mode == TEXT_FIRST

    def fuse(self, local: torch.Tensor, global_features: torch.Tensor) -> torch.Tensor:
        """Local features (N, L, C) that have looked at the frame's (N, G, C)."""
        attended, _ = self.fusion(
            local, global_features, global_features, need_weights=False
        )
        return local + attended

    def modulate(
        self,
        local: torch.Tensor,
        text: TextFeatures,
        boxes: torch.Tensor,
        texts: torch.Tensor,
    ) -> torch.Tensor:
        """Features (N, L, C) of N (box, sentence).

        What is of a box or of a sentence alone is computed once for it.

        Args:
            local: (R, L, C) of R boxes.
            text: S sentences.
            boxes: (N,) rows of ``local``.
            texts: (N,) rows of ``text``.
        """
        if self.mode != CASCADE:
            kernels = self.text(text.sentences)[texts, None]
            return local[boxes] + self.visual(local)[boxes] * kernels
        text = text.first_words(self.num_words)
        keys, values = self.key_value(self.text(text.words)).chunk(2, dim=-1)
        attended = F.scaled_dot_product_attention(
            self._heads(self.visual(local))[boxes],
            self._heads(keys)[texts],
            self._heads(values)[texts],
            text.mask[texts, None, None, :],
        )
        return local[boxes] * self.out(attended.transpose(1, 2).flatten(2))

    def pool(self, unified: torch.Tensor) -> torch.Tensor:
        """The mean (N, C) over the cells, and in ``'cascade'`` a feed-forward part.

        The release defines that part and never calls it.
        """
        mean = self.dropout(unified.mean(1))
        return mean + self.ffn(mean) if self.mode == CASCADE else mean

    def _heads(self, features: torch.Tensor) -> torch.Tensor:
        """(N, heads, L, C / heads) of (N, L, C)."""
        return features.unflatten(2, (self.num_heads, -1)).transpose(1, 2)
