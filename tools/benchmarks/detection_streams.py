"""Seeded detection streams: walking boxes with misses, weak scores, noise and ghosts.

A frame of N objects in a 1920x1080 image: 8 % are missed, 15 % have a weak score
(.15 to .5, else .65 to .98), corners are off by 2 % of the height, and there are
Poisson(.08 N) detections of nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SIZE = np.array([1920, 1080])


def make_detection_stream(
    num_objects: int, num_frames: int = 1000, seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Detections and truth of one frame after another.

    Yields:
        (n, 6) float32 x1, y1, x2, y2, score, class 0, shuffled; and (N, 5) float64 id
        (from 1), x1, y1, x2, y2.
    """
    # The order of the draws is part of the stream: equal seeds must give equal arrays.
    rng = np.random.default_rng(seed + num_objects)
    height = rng.uniform(80, 240, num_objects)
    half_size = np.stack([height * rng.uniform(0.35, 0.5, num_objects), height], 1) / 2
    centre = np.stack(
        [
            rng.uniform(half_size[:, axis], SIZE[axis] - half_size[:, axis])
            for axis in (0, 1)
        ],
        1,
    )
    velocity = rng.uniform(-4, 4, (num_objects, 2))
    ids = np.arange(1, num_objects + 1)
    for _ in range(num_frames):
        centre = centre + velocity
        velocity[(centre < half_size) | (centre > SIZE - half_size)] *= -1
        centre = np.clip(centre, half_size, SIZE - half_size)
        boxes = np.concatenate([centre - half_size, centre + half_size], 1)
        is_detected = rng.random(num_objects) > 0.08
        detections = (
            boxes[is_detected]
            + rng.normal(0, 0.02, (is_detected.sum(), 4)) * height[is_detected, None]
        )
        weak = rng.random(len(detections)) < 0.15
        low = rng.uniform(0.15, 0.5, len(detections))
        scores = np.where(weak, low, rng.uniform(0.65, 0.98, len(detections)))
        ghosts, ghost_scores = _ghosts(rng, rng.poisson(0.08 * num_objects))
        frame = np.zeros((len(detections) + len(ghosts), 6))
        frame[:, :4] = np.concatenate([detections, ghosts])
        frame[:, 4] = np.concatenate([scores, ghost_scores])
        shuffled = frame.astype(np.float32)[rng.permutation(len(frame))]
        yield shuffled, np.column_stack([ids, boxes])


def _ghosts(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    height = rng.uniform(80, 240, count)
    half_size = np.stack([height * 0.42, height], 1) / 2
    centre = np.stack(
        [
            rng.uniform(half_size[:, axis], SIZE[axis] - half_size[:, axis])
            for axis in (0, 1)
        ],
        1,
    )
    boxes = np.concatenate([centre - half_size, centre + half_size], 1)
    return boxes, rng.uniform(0.1, 0.75, count)
