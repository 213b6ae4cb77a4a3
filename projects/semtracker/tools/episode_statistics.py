"""Statistics of SynSMOT as semantic tracking: the dataset paper's table, head and tail.

python projects/semtracker/tools/episode_statistics.py data/SynSMOT --tail 20
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

from mmsmot.utils.command_line import positive_arg, run_tool, tool_imports

with tool_imports():
    from projects.semtracker.datasets.episode_labels import frame_labels, verb_frames
    from projects.semtracker.datasets.interaction_classes import (
        OBJECTS,
        SUPERCATEGORIES,
        SUPERCATEGORY_OF,
        VERBS,
        frequency_groups,
    )
    from projects.semtracker.datasets.synsmot_episodes import SynSMOTEpisodes


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder of a SynSMOT')
    parser.add_argument(
        '--tail', type=positive_arg, default=1.0, help='of the training split'
    )
    parser.add_argument('--splits', nargs='+', default=['train', 'val', 'test'])
    parser.add_argument('--index', help="folder of the datasets' indices")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    print(
        '| split | videos | frames | targets | verbs | objects | supercategories | ',
        end='',
    )
    print('events | events a target | frames with an event |\n|---|' + '---:|' * 9)
    first_infos = None
    for split in args.splits:
        tail = args.tail if split == 'train' else 1.0
        cache = f'{args.index}/idx_{split}.npz' if args.index else True
        dataset = SynSMOTEpisodes(
            data_root=args.data_root,
            split=split,
            tail=tail,
            test_mode=True,
            cache=cache,
        )
        infos = [dataset.get_data_info(k) for k in range(len(dataset))]
        print(f'| {split} | ' + ' | '.join(statistics_row(infos)) + ' |')
        if split == args.splits[0]:
            first_infos = infos
    print(f'\n{args.splits[0]}:\n' + frequency_table(first_infos))


def statistics_row(infos: list[dict]) -> list[str]:
    """The cells of one split."""
    videos = {info['video'].video.name: len(info['video']) for info in infos}
    verbs, partners = set(), set()
    num_events = num_busy_frames = num_frames = 0
    for info in infos:
        table, gt = info['gt'].interactions, info['gt'].trajectories
        verbs |= {*table.verbs.tolist()}
        partners |= {*table.partner_labels.tolist()}
        num_events += len(table)
        inside = (gt.frame_ids[:, None] >= table.start_frames) & (
            gt.frame_ids[:, None] <= table.end_frames
        )
        num_busy_frames += int(inside.any(axis=1).sum())
        num_frames += len(gt)
    groups = {SUPERCATEGORY_OF[verb] for verb in verbs}
    counts = len(videos), sum(videos.values()), len(infos), len(verbs), len(partners)
    cells = [f'{n:,}' for n in (*counts, len(groups), num_events)]
    return [
        *cells,
        f'{num_events / max(len(infos), 1):.2f}',
        f'{num_busy_frames / max(num_frames, 1):.0%}',
    ]


def frequency_table(infos: list[dict]) -> str:
    """Each verb with its frames and targets, in either role, group and supercategory."""
    frames, targets = Counter(), Counter()
    for info in infos:
        gt = info['gt']
        labels, _ = frame_labels(
            gt.interactions, gt.trajectories.frame_ids, VERBS, OBJECTS
        )
        counts = {v: n for v, n in verb_frames(labels, VERBS).items() if n}
        frames.update(counts)
        targets.update(counts.keys())
    groups = frequency_groups(frames)
    lines = [
        '| verb | group | supercategory | frames | targets |',
        '|---|---|---|---:|---:|',
    ]
    for verb, count in frames.most_common():
        row = (
            verb,
            groups[verb],
            SUPERCATEGORY_OF[verb],
            f'{count:,}',
            f'{targets[verb]:,}',
        )
        lines.append('| ' + ' | '.join(row) + ' |')
    counts = np.array([*frames.values()])
    shares = {
        group: sum(c for v, c in frames.items() if groups[v] == group) / counts.sum()
        for group in dict.fromkeys(groups.values())
    }
    lines.append('')
    lines.append(
        f'head to tail {counts.max() / counts.min():.1f} to 1; '
        + ', '.join(
            f'{group} {share:.0%} of the frames' for group, share in shares.items()
        )
        + f'; {len(SUPERCATEGORIES)} supercategories'
    )
    return '\n'.join(lines)


if __name__ == '__main__':
    run_tool(main)
