"""Expressions of motion for MOTChallenge sequences, from their ground truth, as LaMOT's files.

Walking to the left, walking to the right and standing still are what boxes alone tell; so
a model that was trained elsewhere can be measured on real videos without an annotator.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.mot_challenge import MOTChallengeDataset
    from mmsmot.structures import Trajectories
    from mmsmot.utils.atomic import atomic_write
    from mmsmot.utils.printable import printable

# Heights of the box a second: a walk is about .8 of one, somebody who stands sways.
WALKS, STANDS = 0.25, 0.08
SPAN = 1.0  # seconds over which the way is measured
SENTENCES = {
    'people walking to the left': 'left',
    'people walking to the right': 'right',
    'people standing still': 'still',
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder of MOTChallenge sequences with gt')
    parser.add_argument('--out', required=True, help='folder of the expressions')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    dataset = MOTChallengeDataset(args.data_root, test_mode=True, lazy_init=True)
    videos = dataset.load_data_list()
    videos = [info for info in videos if info['gt'].trajectories is not None]
    if not videos:
        raise SystemExit(f'{args.data_root}: no sequence has a gt/gt.txt')
    for info in videos:
        video, gt = info['video'].video, info['gt']
        labels = motion_labels(gt.trajectories[gt.trajectories.scores > 0], video.fps)
        for number, (sentence, name) in enumerate(SENTENCES.items(), start=1):
            path = Path(args.out) / f'{video.name}_{number:02d}.json'
            targets = {str(frame): ids for frame, ids in labels[name].items()}
            with atomic_write(path) as stream:
                json.dump(dict(targets=targets, language=sentence), stream)
            boxes = sum(map(len, labels[name].values()))
            print(printable(f'{video.name}: {sentence}: {boxes} boxes'))


def motion_labels(
    trajectories: Trajectories, fps: float
) -> dict[str, dict[int, list[int]]]:
    """Ids by frame of those who walk to the ``left``, to the ``right`` or are ``still``.

    The way is that of the foot's middle from half a :data:`SPAN` before a frame to half of
    one after it, at the ends of a trajectory as far as it reaches, in heights a second.
    """
    labels: dict[str, dict[int, list[int]]] = {'left': {}, 'right': {}, 'still': {}}
    half_span = max(1, round(SPAN * fps / 2))
    for track_id, rows in trajectories.by_id().items():
        if rows.frame_ids[-1] - rows.frame_ids[0] < half_span:
            continue  # too short to tell
        boxes = rows.boxes
        middle = (boxes[:, 0] + boxes[:, 2]) / 2
        height = np.median(boxes[:, 3] - boxes[:, 1])
        first = np.maximum(rows.frame_ids - half_span, rows.frame_ids[0])
        end = np.minimum(rows.frame_ids + half_span, rows.frame_ids[-1])
        seconds = (end - first) / fps
        ways = [
            (
                np.interp(end, rows.frame_ids, axis)
                - np.interp(first, rows.frame_ids, axis)
            )
            / height
            / seconds
            for axis in (middle, boxes[:, 3])
        ]
        speed = np.hypot(*ways)
        masks = {
            'left': ways[0] <= -WALKS,
            'right': ways[0] >= WALKS,
            'still': speed <= STANDS,
        }
        for name, mask in masks.items():
            for frame_id in rows.frame_ids[mask].tolist():
                labels[name].setdefault(frame_id, []).append(track_id)
    return labels


if __name__ == '__main__':
    run_tool(main)
