"""The dice of a clip, from its place in the dataset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# In the order of their dice: a split's place is part of every clip's seed. A new split
# is appended, so that the others keep their bytes.
SPLITS = ('train', 'test', 'val')


def clip_generators(
    seed: Sequence[int], split: str, index: int
) -> tuple[np.random.Generator, np.random.Generator]:
    """Dice of what happens in a clip, and of what is said about it.

    Args:
        seed: The dataset's, and what parts its scenario from others.
        split: Of :data:`SPLITS`.
        index: Number of the clip in its split, from 0.

    Raises:
        ValueError: An unknown split.
    """
    if split not in SPLITS:
        raise ValueError(f'split: expected one of {SPLITS}, got {split!r}')
    root = np.random.SeedSequence([*seed, SPLITS.index(split), index])
    scene_rng, sentence_rng = (np.random.default_rng(child) for child in root.spawn(2))
    return scene_rng, sentence_rng
