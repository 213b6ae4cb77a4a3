"""Success of targets in a real video against its ground truth, each named in one frame.

    python projects/semtracker/tools/score_targets.py PETS09-S2L1/vtest.avi \\
        --gt PETS09-S2L1/gt/gt.txt --config CONFIG --checkpoint CHECKPOINT --out outputs/pets

The targets are the longest tracks of the ground truth. Each is named by its true box, or by
a click on the middle of it, in the first frame in which it touches nobody else. All of
them share one run, which the folder keeps as ``tools/infer.py`` writes it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    count_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmsmot.apis import SMOTInferencer
    from mmsmot.apis.prompt_output import prompt_output_folders
    from mmsmot.datasets.video_reader import open_video
    from mmsmot.structures import (
        Prompt,
        Trajectories,
        pairwise_iou,
        read_trajectories,
    )
    from projects.semtracker.evaluation.target_success import (
        TargetSuccess,
        false_alarms,
        target_success,
    )

COLUMNS = (
    'success (AUC)',
    'precision (20 px)',
    'normalised precision',
    'false alarms',
    'frames without it',
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('video')
    parser.add_argument('--gt', required=True, help='gt.txt of MOTChallenge')
    parser.add_argument('--config', required=True, help=CONFIG)
    parser.add_argument('--checkpoint', help='weights of the whole model')
    parser.add_argument('--weights', help="the detector's weights")
    parser.add_argument('--targets', type=count_arg, default=5)
    parser.add_argument('--query', choices=('box', 'point'), default='point')
    parser.add_argument('--no-video', action='store_true', help='draw no video')
    parser.add_argument('--out', required=True, help='folder of the results')
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    video = open_video(args.video)
    gt = read_trajectories(args.gt)
    gt = gt[gt.scores > 0]  # MOTChallenge's flag of what is to be considered
    size = video.video.width, video.video.height
    named_rows = chosen_rows(gt, args.targets, size)
    prompts = [prompt_of(gt, row, args.query) for row in named_rows]
    inferencer = SMOTInferencer(
        args.config, args.checkpoint, args.weights, options=args.cfg_options
    )
    inferencer(args.video, args.out, draw=not args.no_video, prompts=prompts)
    frame_ids = np.asarray(video.frame_ids)
    scores = [
        target_success(
            gt[gt.ids == gt.ids[row]],
            read_trajectories(folder / 'tracks.txt'),
            frame_ids,
            int(gt.frame_ids[row]),
        )
        for row, folder in zip(
            named_rows, prompt_output_folders(Path(args.out), prompts), strict=True
        )
    ]
    print(table(gt, named_rows, prompts, scores))


def chosen_rows(gt: Trajectories, count: int, size: tuple[int, int]) -> list[int]:
    """The row in which each of the longest tracks is named.

    Args:
        gt: Everybody.
        count: Tracks.
        size: Width and height of the image.

    Returns:
        Rows of ``gt``: the first box of the track that lies inside the image and touches
        nobody else; where there is none, the one that overlaps others least.
    """
    ids, lengths = np.unique(gt.ids, return_counts=True)
    rows = []
    for track_id in ids[np.argsort(-lengths, kind='stable')][:count].tolist():
        track_rows = np.flatnonzero(gt.ids == track_id)
        overlaps = []
        for row in track_rows.tolist():
            box = gt.boxes[row]
            is_neighbour = (gt.frame_ids == gt.frame_ids[row]) & (gt.ids != track_id)
            overlap = pairwise_iou(box[None], gt.boxes[is_neighbour]).max(initial=0)
            is_inside = (box[:2] >= 0).all() and (box[2:] <= size).all()
            overlaps.append(overlap if is_inside else 1.0)
            if not overlaps[-1]:
                break
        rows.append(int(track_rows[int(np.argmin(overlaps))]))
    return rows


def prompt_of(gt: Trajectories, row: int, query: str) -> Prompt:
    """The box of a row, or a click on its middle."""
    frame_id, box = int(gt.frame_ids[row]), gt.boxes[row]
    if query == 'box':
        return Prompt(boxes={frame_id: tuple(box.tolist())})
    x, y = ((box[:2] + box[2:]) / 2).round(1).tolist()
    return Prompt(points={frame_id: (x, y)})


def table(
    gt: Trajectories,
    rows: list[int],
    prompts: list[Prompt],
    scores: list[TargetSuccess],
) -> str:
    """A line a target, and their mean, in percent; of all frames without their target."""
    lines = ['| target | frames | named | ' + ' | '.join(COLUMNS) + ' |']
    lines.append('|---:|---:|---|' + '---:|' * len(COLUMNS))
    for row, prompt, score in zip(rows, prompts, scores, strict=True):
        ((frame_id, place),) = (prompt.boxes or prompt.points).items()
        place_text = ','.join(f'{number:g}' for number in place)
        num_frames = int((gt.ids == gt.ids[row]).sum())
        lines.append(
            f'| {gt.ids[row]} | {num_frames} | {frame_id},{place_text} | {cells([score])} |'
        )
    lines.append(f'| mean | | | {cells(scores)} |')
    return '\n'.join(lines)


def cells(scores: Sequence[TargetSuccess]) -> str:
    """The columns of a line; empty where there is nothing to judge."""
    means = [
        np.nanmean([getattr(score, name) for score in scores])
        for name in ('success', 'precision', 'normalised_precision')
    ]
    percents = [100 * value for value in (*means, false_alarms(scores))]
    texts = ['' if np.isnan(value) else f'{value:.1f}' for value in percents]
    return ' | '.join([*texts, str(sum(score.absent_frames for score in scores))])


if __name__ == '__main__':
    run_tool(main)
