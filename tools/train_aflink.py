"""Train AFLink's network on simulated walks, or on true trajectories.

python tools/train_aflink.py --out work_dirs/aflink.safetensors
python tools/train_aflink.py data/MOT17/train --out work_dirs/aflink.safetensors
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from mmsmot.utils.command_line import (
    count_arg,
    fraction_arg,
    positive_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    import numpy as np
    import torch
    from rich.progress import Progress
    from torch.nn.functional import cross_entropy

    from mmsmot.datasets import MOTChallengeDataset
    from mmsmot.models.post_processing.link_network import (
        LinkNetwork,
        save_link_network,
    )
    from mmsmot.models.post_processing.link_samples import sample_link_pairs
    from mmsmot.models.post_processing.pedestrian_walks import simulate_walks
    from mmsmot.models.post_processing.tracklet_ends import FILLS, normalize_end_pairs
    from mmsmot.structures import Trajectories


PEDESTRIAN = 1
TRAINING, VALIDATION = 0, 1
Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def main() -> None:
    args = _parse()
    torch.manual_seed(args.seed)
    parts = [_read_truths(root) for root in args.data_root]
    # As in the paper, the first part of each sequence is learnt, the rest judges.
    training_spans = [_span(t, 0, 1 - args.held_out) for part in parts for t in part]
    validation_spans = [_span(t, 1 - args.held_out, 1) for part in parts for t in part]
    network = LinkNetwork(args.width, args.fill).to(args.device)
    validation = _collect(
        _videos(validation_spans, args.seed, VALIDATION),
        args.validation_pairs,
        args.fill,
    )
    training = _batches(
        _videos(training_spans, args.seed, TRAINING),
        args.batch_size,
        args.seed,
        args.fill,
    )
    print(f'before: {_judge(network, validation, args.device)}')
    _train(network, training, validation, args)
    save_link_network(network, args.out)
    print(f'{args.out}: {_judge(network, validation, args.device)}')


def _train(
    network: LinkNetwork,
    batches: Iterator[Pairs],
    validation: Pairs,
    args: argparse.Namespace,
) -> None:
    optimizer = torch.optim.Adam(
        network.parameters(), lr=args.learning_rate, weight_decay=1e-5
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, args.steps, eta_min=args.learning_rate / 100
    )
    with Progress() as progress:
        bar = progress.add_task('train', total=args.steps)
        for step in range(1, args.steps + 1):
            former, later, is_same = _tensors(next(batches), args.device)
            network.train()
            loss = cross_entropy(network(former, later), is_same)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            progress.update(bar, advance=1, description=f'loss {loss.item():.3f}')
            if step % args.judge_every == 0 and step < args.steps:
                scores = _judge(network, validation, args.device)
                progress.console.print(f'step {step}: {scores}')


def _judge(network: LinkNetwork, pairs: Pairs, device: str) -> str:
    """Loss, accuracy, and what AFLink would link at its threshold, as text."""
    network.eval()
    with torch.inference_mode():
        logits, is_same = [], torch.from_numpy(pairs[2])
        for start in range(0, len(is_same), 1024):
            part = tuple(column[start : start + 1024] for column in pairs)
            former, later, _ = _tensors(part, device)
            logits.append(network(former, later).cpu())
    logits = torch.cat(logits)
    linked = logits.softmax(dim=1)[:, 1] >= 0.95
    right = int((linked & (is_same == 1)).sum())
    accuracy = (logits.argmax(dim=1) == is_same).double().mean()
    return (
        f'validation loss {cross_entropy(logits, is_same):.4f}, accuracy {accuracy:.3f} '
        f'({(is_same == 0).double().mean():.3f} for never linking), at probability .95 '
        f'precision {right / max(int(linked.sum()), 1):.3f}, '
        f'recall {right / max(int(is_same.sum()), 1):.3f} ({len(is_same)} pairs)'
    )


def _videos(
    truths: list[Trajectories], seed: int, purpose: int
) -> Iterator[tuple[Trajectories, np.random.Generator]]:
    """Truths without end: those given again and again, or ever new walks."""
    number = 0
    while True:
        rng = np.random.default_rng((seed, purpose, number, 1))
        if truths:
            yield truths[rng.integers(len(truths))], rng
        else:
            yield simulate_walks((seed, purpose, number, 0)), rng
        number += 1


def _collect(
    videos: Iterator[tuple[Trajectories, np.random.Generator]], count: int, fill: str
) -> Pairs:
    """At least ``count`` pairs of as many videos as it takes."""
    pairs, total, tries = [], 0, 0
    while total < count:
        pairs.append(sample_link_pairs(*next(videos), fill))
        total += len(pairs[-1][2])
        tries += 1
        if tries > 100 + 100 * count and not total:
            raise ValueError(
                'the true trajectories give no pairs of tracklets near each other; '
                'are they long enough (a hundred frames and more)?'
            )
    return tuple(np.concatenate(column) for column in zip(*pairs, strict=True))


def _batches(
    videos: Iterator[tuple[Trajectories, np.random.Generator]],
    batch_size: int,
    seed: int,
    fill: str,
) -> Iterator[Pairs]:
    """Batches mixed from many videos; each pair is used once."""
    rng = np.random.default_rng((seed, 2))
    while True:
        pairs = _collect(videos, 32 * batch_size, fill)
        order = rng.permutation(len(pairs[2]))
        for start in range(0, len(order) - batch_size + 1, batch_size):
            rows = order[start : start + batch_size]
            yield tuple(column[rows] for column in pairs)


def _tensors(pairs: Pairs, device: str) -> tuple[torch.Tensor, ...]:
    former, later = normalize_end_pairs(*pairs[:2])
    return tuple(torch.from_numpy(a).to(device) for a in (former, later, pairs[2]))


def _read_truths(root: str) -> list[Trajectories]:
    """The considered pedestrians of every sequence in a folder."""
    dataset = MOTChallengeDataset(root, test_mode=True)
    samples = [dataset[i]['data_samples'] for i in range(len(dataset))]
    bare = [s.video.name for s in samples if 'gt_trajectories' not in s]
    if bare:
        raise ValueError(f'{root}: no gt.txt in {", ".join(bare)}')
    truths = [sample.gt_trajectories for sample in samples]
    return [t[(t.labels <= PEDESTRIAN) & (t.scores > 0)] for t in truths]


def _span(truth: Trajectories, start: float, end: float) -> Trajectories:
    """The frames of a part of a video, given as fractions of its length."""
    low, high = np.quantile(truth.frame_ids, (start, end))
    last = truth.frame_ids <= high if end == 1 else truth.frame_ids < high
    return truth[(truth.frame_ids >= low) & last]


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'data_root',
        nargs='*',
        help='folders of MOTChallenge sequences with gt.txt; none: simulated walks',
    )
    parser.add_argument('--out', type=Path, required=True, help='.safetensors file')
    parser.add_argument(
        '--steps', type=count_arg, default=1500, help='batches to learn from'
    )
    parser.add_argument(
        '--batch-size', type=count_arg, default=256, help='pairs in a batch'
    )
    parser.add_argument(
        '--width',
        type=count_arg,
        default=32,
        help="of the network (256 is the authors')",
    )
    parser.add_argument(
        '--fill',
        choices=FILLS,
        default='edge',
        help="what short tracklets are filled with ('zeros' is the authors')",
    )
    parser.add_argument('--learning-rate', type=positive_arg, default=3e-3)
    parser.add_argument('--seed', type=seed_arg, default=0)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--judge-every', type=count_arg, default=200, help='steps')
    parser.add_argument('--validation-pairs', type=count_arg, default=4096)
    parser.add_argument(
        '--held-out',
        type=fraction_arg,
        default=0.5,
        help='last part of each true sequence that is not learnt (0.5 in the paper)',
    )
    args = parser.parse_args()
    if args.out.suffix != '.safetensors':
        parser.error(f'--out must end in .safetensors, got {args.out}')
    return args


if __name__ == '__main__':
    run_tool(main)
