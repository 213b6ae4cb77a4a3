"""The shuffled-text control: each expression of a video is asked for by another's words."""

from __future__ import annotations

import zlib

import numpy as np


def shuffled_rows(video_name: str, num_expressions: int, seed: int = 0) -> np.ndarray:
    """(E,) row of the expression whose sentence stands in place of each one's.

    A random cycle through a video's expressions, whose sentences all differ. A video with
    one has no other: E is 0 then, and who asks leaves it out and counts it.
    """
    if num_expressions < 2:
        return np.empty(0, np.int64)
    generator = np.random.default_rng([seed, zlib.crc32(video_name.encode())])
    order = generator.permutation(num_expressions)
    rows = np.empty(num_expressions, np.int64)
    rows[order] = np.roll(order, 1)
    return rows
