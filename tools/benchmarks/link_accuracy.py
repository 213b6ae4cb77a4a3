"""How often AFLink is right about two tracklets that it is asked about.

True trajectories are broken as an imperfect tracker breaks them; every pair of pieces
inside AFLink's gates is asked about.

    python tools/benchmarks/link_accuracy.py            simulated walks
    python tools/benchmarks/link_accuracy.py data/tud   every sequence of a folder
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import numpy as np

    from mmsmot.datasets import MOTChallengeDataset
    from mmsmot.models.post_processing import AFLink
    from mmsmot.models.post_processing.link_samples import break_trajectories
    from mmsmot.models.post_processing.pedestrian_walks import simulate_walks
    from mmsmot.models.post_processing.tracklet_ends import TrackletEnds
    from mmsmot.structures import Trajectories

WALKS, REPEATS = 150, 40
PEDESTRIAN = 1


def link_scores(link: AFLink, truths: Sequence[Trajectories], repeats: int) -> str:
    """Accuracy, precision and recall over all truths, each broken some times."""
    probabilities, right = [], []
    for k, truth in enumerate(truths):
        for repeat in range(repeats):
            rng = np.random.default_rng((99, k, repeat))
            pieces, owners = break_trajectories(truth, rng)
            ends = TrackletEnds.of(pieces, link.fill)
            former, later = ends.candidates(link.max_gap, link.max_distance)
            probabilities.append(
                link.link_probability(ends.tails[former], ends.heads[later])
            )
            right.append(owners[former] == owners[later])
    probabilities, right = np.concatenate(probabilities), np.concatenate(right)
    linked = probabilities >= link.min_probability
    return (
        f'{len(right)} pairs, {right.mean():.1%} of them one object, accuracy '
        f'{((probabilities >= 0.5) == right).mean():.1%}; at {link.min_probability}: precision '
        f'{right[linked].mean() if linked.any() else 0:.1%}, recall '
        f'{linked[right].mean() if right.any() else 0:.1%}'
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', nargs='?', help='MOTChallenge sequences')
    parser.add_argument('--weights', type=Path, help='of another network')
    parser.add_argument('--min-probability', type=float, default=0.8)
    args = parser.parse_args()
    link = AFLink(weights=args.weights, min_probability=args.min_probability)
    if args.data_root is None:
        walks = [simulate_walks((12345, 9, i)) for i in range(WALKS)]
        print(f'{WALKS} simulated walks: {link_scores(link, walks, 1)}')
        return
    dataset = MOTChallengeDataset(args.data_root, test_mode=True)
    for i in range(len(dataset)):
        sample = dataset[i]['data_samples']
        truth = sample.gt_trajectories
        truth = truth[(truth.labels <= PEDESTRIAN) & (truth.scores > 0)]
        print(f'{sample.video.name}: {link_scores(link, [truth], REPEATS)}')


if __name__ == '__main__':
    run_tool(main)
