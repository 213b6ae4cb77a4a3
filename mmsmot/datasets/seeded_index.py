"""Sample indices with a seed that follows (seed, epoch, index), and its generators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


class SeededIndex(int):
    """The index of a sample, with the seed of what is drawn for it.

    It travels to the workers of a ``DataLoader`` with its seed, and what MMEngine's
    ``ConcatDataset`` and ``RepeatDataset`` compute of it keeps that.

    Args:
        index: The index.
        seed: Whole numbers of 0 or more, such as (seed, epoch, index).
    """

    seed: tuple[int, ...]

    def __new__(cls, index: int, seed: tuple[int, ...]) -> SeededIndex:
        seeded = super().__new__(cls, index)
        seeded.seed = tuple(seed)
        return seeded

    def __reduce__(self) -> tuple:
        return SeededIndex, (int(self), self.seed)

    def __sub__(self, number: int) -> SeededIndex:
        return SeededIndex(int(self) - number, self.seed)

    def __mod__(self, number: int) -> SeededIndex:
        return SeededIndex(int(self) % number, self.seed)


def sample_generator(index: int) -> np.random.Generator:
    """The generator of a sample.

    Equal for equal seeds, whichever worker asks; without a seed (a plain index) it is
    another one each time, so that no epoch repeats the one before.
    """
    return np.random.default_rng(getattr(index, 'seed', None))


@contextmanager
def globals_seeded_by_index(generator: np.random.Generator) -> Iterator[None]:
    """Seed the global generators of Python, NumPy and torch for a while.

    For transforms of others, which draw from them; they are as before afterwards.
    """
    python, numpy, tensors = (
        random.getstate(),
        np.random.get_state(),
        torch.get_rng_state(),
    )
    seed_globals_by_index(generator)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)
        torch.set_rng_state(tensors)


def seed_globals_by_index(generator: np.random.Generator) -> None:
    """Seed the global generators of Python, NumPy and torch (of the CPU)."""
    seeds = generator.integers(2**32, size=3).tolist()
    random.seed(seeds[0])
    np.random.seed(seeds[1])
    torch.default_generator.manual_seed(seeds[2])
