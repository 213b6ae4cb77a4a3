"""Feature maps and detections of a frozen detector, cached on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ...structures import Detections, Frame
from ...structures.feature_maps import FeatureMaps
from ...utils.eval_mode import eval_mode
from ...utils.weights_hash import weights_hash
from .frame_cache import FrameCache, Record

LEVEL = 0  # the finest, which heads pool from; the only one that is cached
ARRAYS = {'map', 'stride', 'scale', 'size', 'boxes', 'scores', 'labels'}  # of a record


class FeatureCache:
    """Feature maps and detections of a frozen detector, computed once an image.

    A folder for the network and its weights, in it a file an image
    (:class:`~mmsmot.models.training.frame_cache.FrameCache`): a network with other weights
    or options has another folder.

    Args:
        root: The folder.
        detector: Has ``extract``, ``detect_in`` and, for ``with_images``, ``input_images``.
        with_images: Whether the feature maps come with their input images, which are not
            cached.
    """

    def __init__(
        self, root: str | os.PathLike, detector: Any, with_images: bool = False
    ) -> None:
        self.detector = detector
        self.with_images = with_images
        digest = hashlib.sha1(_identity(detector).encode()).hexdigest()
        self.frames = FrameCache(
            Path(root) / f'{digest[:16]}_{LEVEL}',
            self._compute_batch,
            self._is_complete,
        )

    @torch.no_grad()
    def extract_and_detect(
        self, frames: Sequence[Frame]
    ) -> tuple[FeatureMaps, list[Detections]]:
        """Feature maps (one level, without gradient) and detections of B > 0 frames."""
        records = self.frames.records(frames)
        features = self._features(records)
        if self.with_images:
            features = replace(features, inputs=self.detector.input_images(frames)[0])
        return features, [_detections(record) for record in records]

    def _is_complete(self, record: Record) -> bool:
        # Earlier versions did not cache embeddings.
        has_embedder = getattr(self.detector, 'embedder', None) is not None
        names = ARRAYS | {'embeddings'} if has_embedder else ARRAYS
        return names <= record.keys()

    def _compute_batch(self, frames: list[Frame]) -> list[Record]:
        with eval_mode(self.detector):
            features = self.detector.extract(frames)
            detections = self.detector.detect_in(features)
        maps = features.levels[LEVEL].half().cpu().numpy()
        return [
            dict(
                map=maps[row],
                stride=np.array(features.strides[LEVEL]),
                scale=features.scales[row].numpy(),
                size=features.sizes[row].numpy(),
                boxes=frame_detections.boxes,
                scores=frame_detections.scores,
                labels=frame_detections.labels,
                **_embeddings(frame_detections),
            )
            for row, frame_detections in enumerate(detections)
        ]

    def _features(self, records: list[Record]) -> FeatureMaps:
        device = next(self.detector.parameters()).device
        maps = torch.from_numpy(_padded([record['map'] for record in records]))
        # Turned while it has 16 bits, and laid out as RoIAlign reads it: a third of the
        # time that 32 bits take, which pooling would turn in any case.
        cells = maps.permute(0, 2, 3, 1).contiguous().to(device).float()
        return FeatureMaps(
            levels=(cells.permute(0, 3, 1, 2),),
            strides=(int(records[0]['stride']),),
            scales=torch.from_numpy(np.stack([r['scale'] for r in records])),
            sizes=torch.from_numpy(np.stack([r['size'] for r in records])),
            inputs=maps.new_empty(len(records), 0),
            samples=[None] * len(records),
        )


def require_cached_level(semantics: nn.Module) -> None:
    """Refuse parts that pool from a level that is not cached.

    Raises:
        ValueError: There is one; names it.
    """
    for part in semantics.modules():
        if getattr(part, 'level', LEVEL) != LEVEL:
            raise ValueError(
                f'{type(part).__name__} pools from level {part.level} of the feature maps; '
                f'model.training.feature_cache has level {LEVEL} alone'
            )


def _identity(network: Any) -> str:
    """Weights, and options where it has a fingerprint: both decide the features."""
    return getattr(network, 'fingerprint', None) or weights_hash(network)


def _padded(maps: Sequence[np.ndarray]) -> np.ndarray:
    """(B, C, H, W): all (C, h, w) as large as the largest, with zeros below and right."""
    largest = np.max([level.shape for level in maps], axis=0)
    padded = np.zeros((len(maps), *largest), maps[0].dtype)
    for row, level in zip(padded, maps, strict=True):
        row[:, : level.shape[1], : level.shape[2]] = level
    return padded


def _embeddings(detections: Detections) -> dict[str, np.ndarray]:
    vectors = detections.embeddings
    return {} if vectors is None else {'embeddings': vectors}


def _detections(record: Record) -> Detections:
    return Detections(
        record['boxes'],
        record['scores'],
        record['labels'],
        record.get('embeddings'),
    )
