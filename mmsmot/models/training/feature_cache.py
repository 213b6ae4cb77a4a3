"""What a frozen network sees in a frame, kept on disk."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ...structures import Detections, Frame
from ...structures.feature_maps import FeatureMaps
from ...utils.atomic import atomic_path
from ...utils.stored_arrays import DAMAGED, read_all_stored_arrays
from ...utils.weights_hash import weights_hash

LEVEL = 0  # the finest, where heads look; the only one that is kept


class FeatureCache:
    """Feature maps and detections of a frozen detector, computed once a picture.

    A folder for the network and its weights, in it a file a picture, named by the
    picture's own bytes: a clip that was cropped or recoloured is another picture, a
    network with other weights or options another folder. Files are whole or not there; a
    damaged one is made anew. Safe to share between processes.

    Args:
        root: The folder.
        detector: Has ``extract``, ``detect_in`` and, for pictures, ``pictures``.
        pictures: Whether the feature maps come with their pictures, which are not kept.
    """

    def __init__(
        self, root: str | os.PathLike, detector: Any, pictures: bool = False
    ) -> None:
        self.detector = detector
        self.pictures = pictures
        digest = hashlib.sha1(_identity(detector).encode()).hexdigest()
        self.home = Path(root) / f'{digest[:16]}_{LEVEL}'
        self.home.mkdir(parents=True, exist_ok=True)

    @torch.no_grad()
    def look(self, frames: Sequence[Frame]) -> tuple[FeatureMaps, list[Detections]]:
        """Feature maps (one level, no way back) and detections of B > 0 frames."""
        paths = [self._path(frame) for frame in frames]
        found = [self._read(path) for path in paths]
        missing = [row for row, record in enumerate(found) if record is None]
        if missing:
            for row, record in self._compute(frames, missing):
                with atomic_path(paths[row]) as path, open(path, 'wb') as file:
                    np.savez(file, **record)
                found[row] = record
        features = self._features(found)
        if self.pictures:
            features = replace(features, inputs=self.detector.pictures(frames)[0])
        return features, [_detections(record) for record in found]

    def _path(self, frame: Frame) -> Path:
        picture = np.ascontiguousarray(frame.image)
        digest = hashlib.sha1(repr(picture.shape).encode() + picture.tobytes())
        return self.home / f'{digest.hexdigest()}.npz'

    def _read(self, path: Path) -> dict[str, np.ndarray] | None:
        try:
            record = read_all_stored_arrays(path)
        except DAMAGED:
            return None  # not there yet, or cut short by a full disk
        describes = getattr(self.detector, 'embedder', None) is not None
        if describes and 'embeddings' not in record:
            return None  # of a version that did not keep them
        return record

    def _compute(
        self, frames: Sequence[Frame], rows: list[int]
    ) -> Iterator[tuple[int, dict[str, np.ndarray]]]:
        """The records of some frames, in any order."""
        # A batch is padded to its largest picture; what is kept of a picture must not
        # depend on whom it was seen with.
        by_size = defaultdict(list)
        for row in rows:
            by_size[frames[row].image.shape].append(row)
        for own in by_size.values():
            records = self._compute_batch([frames[row] for row in own])
            yield from zip(own, records, strict=True)

    def _compute_batch(self, frames: list[Frame]) -> list[dict[str, np.ndarray]]:
        was_training = self.detector.training
        self.detector.eval()
        features = self.detector.extract(frames)
        found = self.detector.detect_in(features)
        self.detector.train(was_training)
        maps = features.levels[LEVEL].half().cpu().numpy()
        return [
            dict(
                map=maps[row],
                stride=np.array(features.strides[LEVEL]),
                scale=features.scales[row].numpy(),
                size=features.sizes[row].numpy(),
                boxes=detections.boxes,
                scores=detections.scores,
                labels=detections.labels,
                **_embeddings(detections),
            )
            for row, detections in enumerate(found)
        ]

    def _features(self, records: list[dict[str, np.ndarray]]) -> FeatureMaps:
        device = next(self.detector.parameters()).device
        maps = torch.from_numpy(_padded([record['map'] for record in records]))
        return FeatureMaps(
            levels=(maps.to(device).float(),),
            strides=(int(records[0]['stride']),),
            scales=torch.from_numpy(np.stack([r['scale'] for r in records])),
            sizes=torch.from_numpy(np.stack([r['size'] for r in records])),
            inputs=maps.new_empty(len(records), 0),
            samples=[None] * len(records),
        )


def require_kept_level(semantics: nn.Module) -> None:
    """Refuse parts that look at a level that is not kept.

    Raises:
        ValueError: There is one; names it.
    """
    for part in semantics.modules():
        if getattr(part, 'level', LEVEL) != LEVEL:
            raise ValueError(
                f'{type(part).__name__} looks at level {part.level} of the feature maps; '
                f'model.training.feature_cache keeps level {LEVEL} alone'
            )


def _identity(network: Any) -> str:
    """Its options too, where it tells them: they decide what it sees and finds."""
    return getattr(network, 'fingerprint', None) or weights_hash(network)


def _padded(maps: Sequence[np.ndarray]) -> np.ndarray:
    """(B, C, H, W): all (C, h, w) as large as the largest, with zeros below and right."""
    largest = np.max([own.shape for own in maps], axis=0)
    padded = np.zeros((len(maps), *largest), maps[0].dtype)
    for row, own in zip(padded, maps, strict=True):
        row[:, : own.shape[1], : own.shape[2]] = own
    return padded


def _embeddings(detections: Detections) -> dict[str, np.ndarray]:
    vectors = detections.embeddings
    return {} if vectors is None else {'embeddings': vectors}


def _detections(record: dict[str, np.ndarray]) -> Detections:
    columns = (record[name] for name in ('boxes', 'scores', 'labels'))
    return Detections(*columns, record.get('embeddings'))
