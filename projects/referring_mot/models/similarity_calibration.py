"""iKUN's similarity calibration: how often sentences like this one mean somebody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import FINITE, POSITIVE, require_numbers
from projects.referring_mot.models.text_encoders.base import BaseTextEncoder

BATCH = 256  # training sentences encoded at once


@MODELS.register_module()
class SimilarityCalibration(nn.Module):
    """A number to add to the logits of a sentence.

    ``scale * p + offset``, where p is the mean frequency of the training expressions, each
    weighted by its similarity to the sentence: a softmax, with ``temperature``, over the
    cosines, which are first scaled to reach from 0 to 1.

    An expression's frequency is the share of the tracks of its videos that it refers to.
    The expressions and their frequencies are kept in the checkpoint.

    Args:
        scale: Released: 8.
        offset: Released: -0.1.
        temperature: Factor of the similarities; released: 100.
    """

    def __init__(
        self, *, scale: float = 8.0, offset: float = -0.1, temperature: float = 100.0
    ) -> None:
        super().__init__()
        require_numbers('SimilarityCalibration', FINITE, scale=scale, offset=offset)
        require_numbers('SimilarityCalibration', POSITIVE, temperature=temperature)
        self.scale = scale
        self.offset = offset
        self.temperature = temperature
        self.frequencies: dict[str, float] = {}
        self._embeddings: torch.Tensor | None = None

    def learn(self, frequencies: Mapping[str, float]) -> None:
        """Take the frequencies of the training expressions."""
        self.frequencies = dict(sorted(frequencies.items()))
        self._embeddings = None

    def train(self, mode: bool = True) -> SimilarityCalibration:
        """As of ``nn.Module``; the encoder may be another one afterwards."""
        self._embeddings = None
        return super().train(mode)

    @torch.no_grad()
    def forward(
        self, sentences: torch.Tensor, text_encoder: BaseTextEncoder
    ) -> torch.Tensor:
        """What to add (S,) to the logits of S sentences.

        Args:
            sentences: (S, d) of the text encoder.
            text_encoder: Encodes the training expressions, once.

        Raises:
            ValueError: No frequency was learnt, nor is one in the checkpoint.
        """
        if not self.frequencies:
            raise ValueError(
                'SimilarityCalibration knows no training expression: load a checkpoint, '
                'or train with ExpressionStatisticsHook'
            )
        if self._embeddings is None:
            self._embeddings = self._encode(text_encoder)
        rates = torch.tensor([*self.frequencies.values()], device=sentences.device)
        cosine = F.normalize(sentences, dim=1) @ self._embeddings.T
        low, high = cosine.amin(1, keepdim=True), cosine.amax(1, keepdim=True)
        scaled = (cosine - low) / (high - low).clamp(min=1e-9)
        weights = (self.temperature * scaled).softmax(dim=1)
        return self.scale * (weights * rates).sum(1) + self.offset

    def _encode(self, text_encoder: BaseTextEncoder) -> torch.Tensor:
        texts: Sequence[str] = [*self.frequencies]
        parts = [
            text_encoder(texts[first : first + BATCH]).sentences
            for first in range(0, len(texts), BATCH)
        ]
        return F.normalize(torch.cat(parts), dim=1)

    def get_extra_state(self) -> torch.Tensor:
        """The expressions and frequencies as JSON in bytes, (n,) uint8."""
        text = json.dumps({k: round(v, 4) for k, v in self.frequencies.items()})
        return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Take a checkpoint's.

        Raises:
            ValueError: It holds no frequencies.
        """
        try:
            content = json.loads(bytes(state.cpu().numpy()))
            self.learn({str(k): float(v) for k, v in content.items()})
        except (ValueError, AttributeError, TypeError) as error:
            raise ValueError(
                'SimilarityCalibration: the checkpoint holds no frequencies of expressions '
                'where some should be'
            ) from error
