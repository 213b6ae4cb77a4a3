"""Episodes drawn so that rare interactions are trained on as often as frequent ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import count, islice

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmsmot.registry import DATA_SAMPLERS
from projects.semtracker.datasets.synsmot_episodes import subject_frames


@DATA_SAMPLERS.register_module()
class VerbBalancedSampler(Sampler):
    """An endless sampler that draws a verb first, then an episode whose rarest verb it is.

    Episodes without a verb are one more pool. Which episode comes k-th follows from
    (seed, k) alone, so that a resumed training goes on.

    Args:
        dataset: Episodes; ``get_data_info(k)['gt']`` has the target's interactions.
        seed: Of the draws; ``None`` for a random one, the same in all processes.
    """

    def __init__(self, *, dataset, seed: int | None = None) -> None:
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        self.size = len(dataset)
        self.pools = verb_pools(
            [subject_frames(dataset.get_data_info(k)['gt']) for k in range(self.size)]
        )
        self._first = 0

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        first, self._first = self._first, 0
        for number in islice(count(self.rank, self.world_size), first, None):
            yield balanced_draw(self.pools, [self.seed, number])

    def skip(self, num_samples: int) -> None:
        """Begin behind the first samples of this process, which were trained on."""
        self._first = num_samples

    def set_epoch(self, epoch: int) -> None:
        """Nothing: there are no epochs in an endless order."""


def verb_pools(frames: Sequence[Mapping[Hashable, int]]) -> list[np.ndarray]:
    """Episodes by the rarest verb of each; those without a verb are one pool.

    Args:
        frames: For each episode, in how many frames each verb is done. A verb is as rare
            as its frames in all episodes are few.

    >>> [pool.tolist() for pool in verb_pools([dict(a=9), dict(a=3, b=2), {}, dict(b=1)])]
    [[0], [1, 3], [2]]
    """
    totals: Counter = Counter()
    for episode in frames:
        totals.update(episode)
    members: dict[Hashable, list[int]] = {}
    for number, episode in enumerate(frames):
        rarest = min(episode, key=lambda verb: (totals[verb], str(verb)), default='')
        members.setdefault(rarest, []).append(number)
    return [
        np.array(members[verb])
        for verb in sorted(members, key=lambda v: (v == '', str(v)))
    ]


def balanced_draw(pools: Sequence[np.ndarray], seed: Sequence[int]) -> int:
    """An episode of a pool that is drawn first; it follows from the seed alone."""
    generator = np.random.default_rng(seed)
    return int(generator.choice(pools[generator.integers(len(pools))]))
