"""List the worst tracks, captions and pairs of a result, with images.

    python tools/analysis_tools/error_analysis.py RESULTS --data-root DATA --out errors

RESULTS is a folder as of eval_predictions.py. Writes ``errors.json``, ``index.html`` and
images into the folder ``--out``, and prints the scores of each verb.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import cv2
    import numpy as np

    from mmsmot.apis.predictions_and_gt import open_predictions_and_gt
    from mmsmot.datasets.image_sequence import ImageSequence
    from mmsmot.datasets.video_dataset import VideoDataset
    from mmsmot.evaluation.error_analysis import ErrorAnalysis, analyze_errors
    from mmsmot.evaluation.gt_dataset import gt_samples
    from mmsmot.evaluation.interactions import THRESHOLD
    from mmsmot.evaluation.result_names import result_name
    from mmsmot.evaluation.saved_predictions import (
        MISSING,
        join_saved_predictions_and_gt,
    )
    from mmsmot.evaluation.table import format_table
    from mmsmot.structures import SMOTDataSample, Trajectories
    from mmsmot.utils.atomic import atomic_path
    from mmsmot.utils.folder_lock import folder_lock
    from mmsmot.utils.json_file import write_json
    from mmsmot.visualization.contact_sheet import contact_sheet, evenly_spaced_frames
    from mmsmot.visualization.error_page import write_error_page


CROPS = 6


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('results', help='folder of predictions')
    parser.add_argument('--config', help='config whose test dataset has the truth')
    parser.add_argument('--data-root', help='BenSMOT, SynSMOT or MOTChallenge folder')
    parser.add_argument(
        '--split',
        help="of BenSMOT and SynSMOT, or 'val_half' of MOTChallenge; default: test, or as "
        'in --config',
    )
    parser.add_argument('--sequences', nargs='+', help='names or patterns to look at')
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument('--top', type=int, default=20, help='how many of each kind')
    parser.add_argument(
        '--threshold', type=float, default=THRESHOLD, help='least score of a verb'
    )
    parser.add_argument('--missing', choices=MISSING, default='error')
    parser.add_argument(
        '--frame-numbers',
        choices=('original', 'position'),
        default='original',
        help='of foreign text files; the released SMOTer counts positions',
    )
    parser.add_argument('--vocabulary', help='verbs of the truth: a mode or a file')
    parser.add_argument(
        *('--no-images', '--no-pictures'),
        action='store_true',
        help='no contact sheets (--no-pictures: the name of version 0.1)',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    predictions, dataset = open_predictions_and_gt(
        args.results,
        args.frame_numbers,
        args.config,
        args.data_root,
        args.split,
        args.sequences,
        args.vocabulary,
    )

    def samples():
        ignore_unknown = args.sequences is not None
        truths = gt_samples(dataset)
        return join_saved_predictions_and_gt(
            predictions, truths, args.missing, ignore_unknown
        )

    errors = analyze_errors(samples(), args.threshold)
    out, pictures = Path(args.out), {}
    with folder_lock(out):
        if not args.no_images:
            pictures = draw_contact_sheets(errors, args.top, dataset, samples(), out)
        summary = errors.summary(args.top)
        write_json(summary, out / 'errors.json')
        write_error_page(summary, pictures, out / 'index.html')
    if summary['verbs']:
        print(format_table(summary['verbs'], corner='verb'))
    print(
        f'{len(errors.tracks)} tracks, {len(errors.captions)} captions, '
        f'{len(errors.pairs)} pairs; the worst in {out / "index.html"}'
    )


def draw_contact_sheets(
    errors: ErrorAnalysis, top: int, dataset: VideoDataset, samples, out: Path
) -> dict[str, str]:
    """Contact sheets of the worst, a video at a time; files by '<kind>/<row>'."""
    errors_of: dict[str, list[tuple[str, tuple[int, ...], tuple[int, ...]]]] = {}
    for row, t in enumerate(errors.tracks[:top]):
        errors_of.setdefault(t.video, []).append(
            (f'tracks/{row}', (t.gt_id,), (t.pred_id,))
        )
    for row, c in enumerate(errors.captions[:top]):
        ids = (c.gt_id,), (c.pred_id,)
        errors_of.setdefault(c.video, []).append((f'captions/{row}', *ids))
    for row, p in enumerate(errors.pairs[:top]):
        errors_of.setdefault(p.video, []).append((f'pairs/{row}', p.gt_ids, p.pred_ids))
    videos = (dataset.get_data_info(i)['video'] for i in range(len(dataset)))
    by_name = {video.video.name: video for video in videos}
    files = {}
    for sample in samples:
        video = by_name[sample.video.name]
        if video.image_paths is None:
            continue
        for key, gt_ids, pred_ids in errors_of.get(result_name(sample), ()):
            if not _has_boxes(sample, gt_ids, pred_ids):
                continue  # a caption of an id without any box
            sheet = draw_contact_sheet(video, sample, gt_ids, pred_ids)
            with atomic_path(out / 'images' / f'{key}.jpg') as path:
                if not cv2.imwrite(str(path), sheet):
                    raise OSError(f'{path}: could not be written; is the disk full?')
            files[key] = f'images/{key}.jpg'
    return files


def _has_boxes(
    sample: SMOTDataSample, gt_ids: tuple[int, ...], pred_ids: tuple[int, ...]
) -> bool:
    gt, pred = sample.gt_trajectories, sample.pred_trajectories
    return bool(np.isin(gt.ids, gt_ids).any() or np.isin(pred.ids, pred_ids).any())


def draw_contact_sheet(
    video: ImageSequence,
    sample: SMOTDataSample,
    gt_ids: tuple[int, ...],
    pred_ids: tuple[int, ...],
) -> np.ndarray:
    gt, pred = sample.gt_trajectories, sample.pred_trajectories
    gt, pred = gt[np.isin(gt.ids, gt_ids)], pred[np.isin(pred.ids, pred_ids)]
    visible_ids = np.unique(gt.frame_ids if len(gt) else pred.frame_ids)
    frame_ids = evenly_spaced_frames(visible_ids, CROPS)
    positions = np.searchsorted(video.frame_ids, frame_ids)
    return contact_sheet(
        [video.frame_at(int(position)).image for position in positions],
        [_boxes(gt, frame) for frame in frame_ids],
        [_boxes(pred, frame) for frame in frame_ids],
    )


def _boxes(tracks: Trajectories, frame: int) -> np.ndarray:
    return tracks.boxes[tracks.frame_ids == frame]


if __name__ == '__main__':
    run_tool(main)
