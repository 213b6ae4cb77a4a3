"""Average precision of a config's detector on a split of SynSMOT or BenSMOT.

    python projects/single_shot_smot/tools/detection_ap.py CONFIG [CHECKPOINT] --data-root DATA

By pycocotools: AP50 at IoU .5, and AP, the mean over IoU .5, .55, ..., .95.
"""

from __future__ import annotations

import argparse
import io
from contextlib import redirect_stdout

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import numpy as np
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    from mmsmot.datasets import BenSMOTDataset
    from mmsmot.structures import Detections, xyxy_to_xywh
    from mmsmot.utils.progress_bar import progress_bar
    from projects.single_shot_smot.shift_recovery import visible_gt_boxes
    from projects.single_shot_smot.trained_model import trained_model


class APTable:
    """Ground truth and detections of images, as pycocotools reads them."""

    def __init__(self) -> None:
        self.images: list[dict] = []
        self.gt: list[dict] = []
        self.detections: list[dict] = []

    def add(self, gt: np.ndarray, detections: Detections) -> None:
        """Add an image.

        Args:
            gt: (G, 4) boxes.
            detections: Of one class.
        """
        image_id = len(self.images) + 1
        self.images.append(dict(id=image_id, width=1, height=1))
        for box in xyxy_to_xywh(gt).tolist():
            self.gt.append(
                dict(
                    id=len(self.gt) + 1,
                    image_id=image_id,
                    category_id=1,
                    bbox=box,
                    area=box[2] * box[3],
                    iscrowd=0,
                )
            )
        scores = detections.scores.tolist()
        boxes = xyxy_to_xywh(detections.boxes).tolist()
        for box, score in zip(boxes, scores, strict=True):
            self.detections.append(
                dict(image_id=image_id, category_id=1, bbox=box, score=score)
            )

    def scores(self) -> dict[str, float]:
        """AP50, AP and the greatest recall at IoU .5, in percent."""
        with redirect_stdout(io.StringIO()):
            gt = COCO()
            gt.dataset = dict(
                images=self.images, annotations=self.gt, categories=[dict(id=1)]
            )
            gt.createIndex()
            evaluation = COCOeval(gt, gt.loadRes(self.detections), 'bbox')
            evaluation.evaluate()
            evaluation.accumulate()
        precision = evaluation.eval['precision'][:, :, 0, 0, -1]  # IoU, recall
        recall = evaluation.eval['recall'][0, 0, 0, -1]
        return dict(
            AP50=100 * float(precision[0].mean()),
            AP=100 * float(precision.mean()),
            recall50=100 * float(recall),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument('checkpoint', nargs='?')
    parser.add_argument('--data-root', required=True)
    parser.add_argument('--split', default='val', choices=('train', 'val', 'test'))
    parser.add_argument('--stride', type=int, default=1, help='every n-th frame alone')
    args = parser.parse_args()
    detector = trained_model(args.config, args.checkpoint).estimator.detector
    dataset = BenSMOTDataset(
        data_root=args.data_root, split=args.split, test_mode=True, cache=False
    )
    table = APTable()
    with progress_bar() as bar:
        task = bar.add_task('videos', total=len(dataset))
        for sample in dataset:
            gt = sample['data_samples'].gt_trajectories
            for frames in sample['inputs'].batches(8):
                frames = [f for f in frames if f.frame_id % args.stride == 0]
                answers = detector.detect(frames)
                for frame, detections in zip(frames, answers, strict=True):
                    table.add(visible_gt_boxes(gt, frame.frame_id), detections)
            bar.advance(task)
    scores = ', '.join(f'{name} {value:.1f}' for name, value in table.scores().items())
    print(f'{len(table.images)} images, {len(table.gt)} boxes: {scores}')


if __name__ == '__main__':
    run_tool(main)
