"""Recall and precision of a model's detections at several scores, on a split of a dataset.

A true box is found where a detection overlaps it by half or more, whatever its class,
one to one.
"""

from __future__ import annotations

import argparse

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    tool_imports,
)

with tool_imports():
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    from mmsmot.engine import load_config
    from mmsmot.registry import DATASETS, MODELS
    from mmsmot.structures import Detections, pairwise_iou
    from mmsmot.utils.bundled_weights import weights_path
    from mmsmot.utils.checkpoint import load_weights
    from mmsmot.utils.progress_bar import progress_bar

MIN_IOU = 0.5


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument(
        'checkpoint',
        help='weights of the whole model, or the name of those that come along',
    )
    parser.add_argument('--data-root', required=True, help="the dataset's folder")
    parser.add_argument('--split', default='val')
    parser.add_argument(
        '--scores', nargs='+', type=float, default=[0.1, 0.3, 0.4, 0.5, 0.6]
    )
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    config = load_config(args.config, args.cfg_options)
    config.model.semantics = None
    model = MODELS.build(config.model).eval()
    load_weights(model.estimator, weights_path(args.checkpoint), within='estimator.')
    dataset_config = config.test_dataloader.dataset
    dataset_config.update(data_root=args.data_root, split=args.split)
    dataset = DATASETS.build(dataset_config)
    counts = np.zeros((len(args.scores), 3), np.int64)  # hits, objects, detections
    with progress_bar() as bar:
        for index in bar.track(range(len(dataset)), description='videos'):
            counts += video_counts(model, dataset[index], args.scores)
    if not counts[0, 1]:
        raise SystemExit(
            f'{args.data_root}: split {args.split} has no true boxes; give another --split'
        )
    print('score  recall  precision')
    for score, (hits, objects, detections) in zip(args.scores, counts, strict=True):
        print(f'{score:5.2f}  {hits / objects:6.4f}  {hits / max(detections, 1):9.4f}')


def video_counts(model, sample: dict, scores: list[float]) -> np.ndarray:
    """(S, 3) hits, objects and detections of one video, at each score."""
    gt = sample['data_samples'].gt_trajectories
    gt = gt[gt.scores > 0]
    run = model.begin(sample['inputs'].video, record=False)
    counts = np.zeros((len(scores), 3), np.int64)
    for frames, results in model.batches(sample['inputs'], run):
        for frame, result in zip(frames, results, strict=True):
            boxes = gt.boxes[gt.frame_ids == frame.frame_id]
            counts += [frame_counts(boxes, result.detections, s) for s in scores]
    return counts


def frame_counts(
    boxes: np.ndarray, detections: Detections, score: float
) -> tuple[int, int, int]:
    """Hits, objects and detections of one frame."""
    detections = detections[detections.scores >= score]
    iou = pairwise_iou(boxes, detections.boxes)
    rows, columns = linear_sum_assignment(-(iou >= MIN_IOU).astype(float))
    hits = int((iou[rows, columns] >= MIN_IOU).sum())
    return hits, len(boxes), len(detections)


if __name__ == '__main__':
    run_tool(main)
