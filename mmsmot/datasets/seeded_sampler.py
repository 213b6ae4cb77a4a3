"""A sampler whose indices carry the seed of what is drawn for their sample."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from itertools import islice
from typing import Any

from mmengine.dist import get_dist_info
from torch.utils.data import Sampler

from ..registry import DATA_SAMPLERS, build_part
from .seeded_index import SeededIndex


@DATA_SAMPLERS.register_module()
class SeededSampler(Sampler):
    """Another sampler's indices as :class:`~.seeded_index.SeededIndex`.

    The seed of each is (seed, epoch, lap, index). Workers, of whatever number, draw the
    same for it; epochs draw differently; a resumed training goes on. ``lap`` tells the
    rounds of a sampler that never ends apart.

    Args:
        sampler: The sampler, or its config.
        dataset: What is sampled.
        seed: Of order and draws, where the sampler has none of its own.
    """

    def __init__(
        self, *, sampler: dict | Sampler, dataset: Sized, seed: int | None = None
    ) -> None:
        if isinstance(sampler, dict):
            sampler = build_part(
                {'dataset': dataset, 'seed': seed, **sampler}, DATA_SAMPLERS
            )
        self.sampler = sampler
        self.dataset = dataset
        self.epoch = 0
        self._seed = seed or 0
        self._first = 0
        if hasattr(sampler, 'skip'):
            self.skip = self.begin_at  # MMEngine's way to go on, of endless samplers

    def __getattr__(self, name: str) -> Any:
        # Batch samplers and hooks ask a sampler for its rank, shuffle and the like.
        if name.startswith('__') or 'sampler' not in self.__dict__:
            raise AttributeError(name)
        return getattr(self.sampler, name)

    @property
    def seed(self) -> int:
        """The seed of order and draws."""
        seed = getattr(self.sampler, 'seed', None)
        return self._seed if seed is None else seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = seed
        if hasattr(self.sampler, 'seed'):
            self.sampler.seed = seed

    def __len__(self) -> int:
        return len(self.sampler)

    def set_epoch(self, epoch: int) -> None:
        """Go on to another order and other draws."""
        self.epoch = epoch
        if hasattr(self.sampler, 'set_epoch'):
            self.sampler.set_epoch(epoch)

    def begin_at(self, num_samples: int) -> None:
        """Let the next round begin behind its first samples, which were trained on.

        Raises:
            ValueError: The number is negative.
        """
        if num_samples < 0:
            raise ValueError(f'SeededSampler: cannot begin at sample {num_samples}')
        self._first = num_samples
        if hasattr(self.sampler, 'skip'):
            self.sampler.skip(num_samples)

    def __iter__(self) -> Iterator[SeededIndex]:
        rank, world_size = get_dist_info()
        first, self._first = self._first, 0
        indices = iter(self.sampler)
        if not hasattr(self.sampler, 'skip'):
            indices = islice(indices, first, None)
        for position, index in enumerate(indices, first):
            lap = (position * world_size + rank) // len(self.dataset)
            yield SeededIndex(index, (self.seed, self.epoch, lap, index))
