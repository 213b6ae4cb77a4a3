"""The second stage of a two-stage detector, which re-detects any boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import torch
from torch import nn

from mmsmot.models.detectors import BaseDetector, MMDetDetector
from mmsmot.structures.boxes import boxes_in_image
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.eval_mode import eval_mode

Redetection = tuple[np.ndarray, np.ndarray]  # boxes (N, 4), scores (N,)


class BoxRegression(Protocol):
    """What Tracktor asks of a detector beside its detections."""

    def regress_in(
        self,
        features: FeatureMaps,
        boxes: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
    ) -> list[Redetection]: ...


class SecondStage:
    """The second stage of mmdet's Faster R-CNN as a re-detector of any boxes.

    ::

        frames -> extract -> features -+-> RPN -> RoI head -> detections  (detect_in)
                                       |             |
                      boxes (N, 4) ----+-------------+-> boxes, scores    (regress_in)

    Args:
        detector: Of which the feature maps are.

    Raises:
        TypeError: See :func:`require_box_head`.
    """

    def __init__(self, detector: MMDetDetector) -> None:
        require_box_head(detector.model)
        self.detector = detector

    @torch.no_grad()
    def regress_in(
        self,
        features: FeatureMaps,
        boxes: Sequence[np.ndarray],
        labels: Sequence[np.ndarray],
    ) -> list[Redetection]:
        """Detect objects again where they are expected (Bergmann et al., 2019).

        Args:
            features: Of B frames, made by the detector.
            boxes: For each frame (N, 4) in its pixels.
            labels: For each (N,) int64, the class of each box as the model numbers them.

        Returns:
            For each frame boxes (N, 4) float64, clipped to it, and scores (N,) float64 of
            their classes. A box outside of the frame keeps its place and scores 0.
        """
        counts = [len(frame_boxes) for frame_boxes in boxes]
        if not sum(counts):
            return [(np.empty((0, 4)), np.empty(0)) for _ in counts]
        rows = np.repeat(np.arange(len(counts)), counts)
        all_boxes = np.concatenate([np.reshape(b, (-1, 4)) for b in boxes])
        all_labels = np.concatenate(labels)
        regressed, scores = self._second_stage(features, rows, all_boxes)
        index = np.arange(len(rows))
        scores = scores[index, all_labels]
        is_agnostic = regressed.shape[1] == 1
        regressed = regressed[index, 0 if is_agnostic else all_labels]
        sizes = features.sizes.numpy()[rows]
        limits = np.tile(sizes, 2)
        regressed = np.clip(regressed, 0, limits)
        is_box = np.isfinite(regressed).all(1) & np.isfinite(scores)
        is_box &= boxes_in_image(all_boxes, sizes)
        regressed = np.where(is_box[:, None], regressed, all_boxes)
        scores = np.where(is_box, scores, 0)
        ends = np.cumsum(counts)[:-1]
        return list(zip(np.split(regressed, ends), np.split(scores, ends), strict=True))

    def _second_stage(
        self, features: FeatureMaps, rows: np.ndarray, boxes: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Boxes (R, C or 1, 4) in pixels of the frames and scores (R, C) of R boxes."""
        model = self.detector.model
        levels = self.detector.model_levels(features)
        device = levels[0].device
        index = torch.from_numpy(rows)
        inputs = features.in_cells(index, torch.from_numpy(boxes), None)
        rois = torch.cat([index[:, None].to(inputs), inputs], dim=1).float().to(device)
        with eval_mode(model):
            answers = model.roi_head._bbox_forward(levels, rois)
        coder = model.roi_head.bbox_head.bbox_coder
        scores = answers['cls_score'].softmax(dim=1)[:, :-1]  # the last is background
        deltas = answers['bbox_pred'].reshape(len(rois), -1, 4)
        num_classes = deltas.shape[1]
        proposals = rois[:, None, 1:].expand(-1, num_classes, -1).reshape(-1, 4)
        decoded = coder.decode(proposals, deltas.reshape(-1, 4))
        decoded = decoded.reshape(len(rois), num_classes, 4).cpu().double()
        scale = features.scales[index].repeat(1, 2)[:, None]
        return (decoded / scale).numpy(), scores.cpu().double().numpy()


def box_regression(detector: BaseDetector) -> BoxRegression:
    """What regresses boxes for a detector: itself, or mmdet's second stage in it.

    Raises:
        TypeError: There is no second stage.
    """
    if hasattr(detector, 'regress_in'):
        return detector
    if isinstance(detector, MMDetDetector):
        return SecondStage(detector)
    raise TypeError(
        f'Tracktor: {type(detector).__name__} cannot regress boxes that it is given; take '
        'an MMDetDetector with a Faster R-CNN, or a detector with regress_in'
    )


def require_box_head(model: nn.Module) -> None:
    """Refuse a model whose second stage is not one box head over any proposals.

    Cascade R-CNN has several, Sparse R-CNN's proposals are learnt.

    Raises:
        TypeError: Names the model and what to take instead.
    """
    head = getattr(getattr(model, 'roi_head', None), 'bbox_head', None)
    is_plain = hasattr(head, 'bbox_coder') and getattr(head, 'with_reg', False)
    is_custom = getattr(head, 'custom_cls_channels', False)
    if not is_plain or is_custom:
        raise TypeError(
            f'Tracktor: {type(model).__name__} has no second stage that regresses '
            "and scores any boxes; take a Faster R-CNN, such as config='mmdet::"
            "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py', or for a single-shot detector "
            'the estimator SingleShotTracker'
        )
