"""Embeddings that know nothing: the control of linking."""

from __future__ import annotations

import zlib

import numpy as np

from mmsmot.models.reid import BaseReID
from mmsmot.registry import MODELS
from mmsmot.utils.number_ranges import COUNT, NON_NEGATIVE_INT, require_numbers


@MODELS.register_module()
class RandomEmbeddings(BaseReID):
    """Random unit vectors, whatever the image: what a linker does without appearance.

    The generator begins anew with each image and its boxes, so that a table which goes on
    after a stop has the vectors that it would have had.

    Args:
        length: Of an embedding.
        seed: Of the vectors.
    """

    def __init__(self, *, length: int = 12, seed: int = 0) -> None:
        require_numbers('RandomEmbeddings', COUNT, length=length)
        require_numbers('RandomEmbeddings', NON_NEGATIVE_INT, seed=seed)
        self.length = length
        self.seed = seed

    @property
    def fingerprint(self) -> str:
        return f'RandomEmbeddings({self.length}, {self.seed})'

    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        stamps = [zlib.crc32(np.ascontiguousarray(a).data) for a in (image, boxes)]
        rng = np.random.default_rng([self.seed, *stamps])
        vectors = rng.normal(size=(len(boxes), self.length))
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(
            np.float32
        )
