"""iKUN's similarity calibration: how often sentences like this one mean somebody."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import FINITE, POSITIVE, require_choice, require_numbers
from projects.referring_mot.models.text_encoders.base import BaseTextEncoder

BATCH = 256  # training sentences encoded at once


# Scale and offset by what is counted. Boxes: released. Tracks: half a track of all is
# as good as nothing known; not tuned.
FREQUENCIES = {'boxes': (8.0, -0.1), 'tracks': (1.0, -0.5)}


@MODELS.register_module()
class SimilarityCalibration(nn.Module):
    """A number to add to the scores of a sentence.

    ``scale * p + offset``, where p is the mean frequency of the training expressions, each
    weighted by its similarity to the sentence: a softmax, with ``temperature``, over the
    cosines, which are first scaled to reach from 0 to 1.

    The release counts boxes: those that an expression refers to, of those of all training
    expressions together, so that frequencies sum to 1. The number is added to the cosine
    of :class:`CosinePooling`, which it moves by about a tenth. The release takes CLIP
    ViT-B/32 for the similarity; here it is the model's text encoder.

    The expressions and their frequencies are kept in the checkpoint.

    Args:
        frequency: ``'boxes'``, as released; or ``'tracks'`` (ours): the mean share of the
            tracks of its videos that an expression refers to, for the logit itself.
        scale: ``None``: that of :data:`FREQUENCIES`.
        offset: As ``scale``.
        temperature: Factor of the similarities; released: 100.
    """

    def __init__(
        self,
        *,
        frequency: str = 'boxes',
        scale: float | None = None,
        offset: float | None = None,
        temperature: float = 100.0,
    ) -> None:
        super().__init__()
        owner = 'SimilarityCalibration'
        require_choice(owner, FREQUENCIES, frequency=frequency)
        require_numbers(owner, FINITE.or_none, scale=scale, offset=offset)
        require_numbers(owner, POSITIVE, temperature=temperature)
        self.frequency = frequency
        default_scale, default_offset = FREQUENCIES[frequency]
        self.scale = default_scale if scale is None else scale
        self.offset = default_offset if offset is None else offset
        self.temperature = temperature
        self.frequencies: dict[str, float] = {}
        self._embeddings: torch.Tensor | None = None

    @property
    def is_of_cosine(self) -> bool:
        """Whether the number is in the units of a cosine, and not of a logit."""
        return self.frequency == 'boxes'

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
        """What to add (S,) to the cosines or logits of S sentences.

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
        frequencies = {k: float(f'{v:.6g}') for k, v in self.frequencies.items()}
        text = json.dumps({self.frequency: frequencies})
        return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Take a checkpoint's.

        Raises:
            ValueError: It holds no frequencies, or those of something else.
        """
        try:
            content = json.loads(bytes(state.cpu().numpy()))[self.frequency]
            self.learn({str(k): float(v) for k, v in content.items()})
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise ValueError(
                'SimilarityCalibration: the checkpoint holds no frequencies of '
                f'expressions, counted in {self.frequency}'
            ) from error
