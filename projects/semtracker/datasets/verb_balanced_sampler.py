"""Episodes drawn so that rare interactions are trained on as often as frequent ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import count

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from mmsmot.registry import DATA_SAMPLERS
from mmsmot.utils.number_ranges import COUNT, require_numbers
from projects.semtracker.datasets.synsmot_episodes import subject_frames


@DATA_SAMPLERS.register_module()
class VerbBalancedSampler(Sampler):
    """An endless sampler that draws a verb first, then an episode whose rarest verb it is.

    It makes rare verbs less rare, not as frequent as the others: an episode has frequent
    verbs too, its clip may lie beside the drawn one, and companions are not drawn by verb.
    Episodes without a verb are one more pool. Which episode comes k-th follows from
    (seed, k) alone, so that a resumed training goes on.

    Args:
        dataset: Episodes; ``get_data_info(k)['gt']`` has the target's interactions.
        targets_per_video: So many targets of one video come one after the other, the first
            of them drawn by its verb: :class:`MetaLearning` takes one of them as the
            support of another. A video with fewer is followed by another draw.
        repeat_targets: A video with fewer targets gives more clips of the one that was
            drawn, which are as good a support where videos are long and have one target
            each, as SemTrack's.
        seed: Of the draws; ``None`` for a random one, the same in all processes.
    """

    def __init__(
        self,
        *,
        dataset,
        targets_per_video: int = 1,
        repeat_targets: bool = False,
        seed: int | None = None,
    ) -> None:
        require_numbers(
            'VerbBalancedSampler', COUNT, targets_per_video=targets_per_video
        )
        self.rank, self.world_size = get_dist_info()
        self.targets_per_video = targets_per_video
        self.repeat_targets = repeat_targets
        self.seed = sync_random_seed() if seed is None else seed
        infos = [dataset.get_data_info(k) for k in range(len(dataset))]
        self.size = len(infos)
        self.pools = verb_pools([subject_frames(info['gt']) for info in infos])
        videos = [info['video'].video.path for info in infos]
        _, self.video_of = np.unique(videos, return_inverse=True)
        self._first = 0

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        first, self._first = self._first, 0
        for number in count(first):
            group, member = divmod(number, self.targets_per_video)
            yield self._drawn(group * self.world_size + self.rank, member)

    def _drawn(self, group: int, member: int) -> int:
        """The episode of a group of one video's targets, its first one drawn by verb."""
        episode = balanced_draw(self.pools, [self.seed, group])
        if not member:
            return episode
        mask = self.video_of == self.video_of[episode]
        mask[episode] = False
        # [seed, group, 0] would be the stream of [seed, group], which drew the episode.
        generator = np.random.default_rng([self.seed, group, 0, 1])
        companions = generator.permutation(np.flatnonzero(mask))
        if member <= len(companions):
            return int(companions[member - 1])
        if self.repeat_targets:
            return episode
        return balanced_draw(self.pools, [self.seed, group, member])

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
