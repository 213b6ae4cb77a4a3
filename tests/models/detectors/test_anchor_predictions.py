"""Predictions at every anchor against what the detector makes of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mmsmot.models.detectors import DetectionFile, MMDetDetector
from mmsmot.models.detectors.nms import nms
from mmsmot.structures import Frame, VideoInfo
from tests.models.detectors.tiny_mmdet import tiny_anchor_detector, tiny_fcos

THRESHOLD = 0.3


def make_frames(count: int) -> list[Frame]:
    random = np.random.default_rng(0)
    video = VideoInfo('random', 'random')
    images = random.integers(0, 255, (count, 60, 90, 3), np.uint8)
    return [
        Frame(video, i + 1, 0.0, load=lambda image=image: image)
        for i, image in enumerate(images)
    ]


@pytest.mark.parametrize('rgb_cells', [0, 2])
@pytest.mark.parametrize('kind', ['RetinaNet', 'SSD'])
def test_suppression_of_raw_detections_is_detect(kind: str, rgb_cells: int) -> None:
    torch.manual_seed(0)
    detector = MMDetDetector(
        config=tiny_anchor_detector(kind),
        labels=None,
        score_threshold=THRESHOLD,
        rgb_cells=rgb_cells,
        score_power=0.5,
    ).eval()
    for weight in detector.model.bbox_head.parameters():
        torch.nn.init.normal_(weight, std=0.1)  # else all scores are those of the prior
    frames = make_frames(2)
    features = detector.extract(frames)
    raw_detections = detector.raw_in(features)
    assert len(raw_detections) == 2
    for raw, again in zip(raw_detections, detector.raw(frames), strict=True):
        np.testing.assert_array_equal(raw.boxes, again.boxes)
        np.testing.assert_array_equal(raw.scores, again.scores)
    for raw, expected in zip(raw_detections, detector.detect(frames), strict=True):
        num_anchors = len(raw.anchors)
        assert raw.boxes.shape == (num_anchors, 4)
        assert raw.scores.shape == (num_anchors, 2)
        sizes = raw.boxes[:, 2:] - raw.boxes[:, :2]
        is_box = (sizes > 0).all(axis=1)
        rows, labels = np.nonzero((raw.scores > THRESHOLD) & is_box[:, None])
        scores = raw.scores[rows, labels]
        kept = nms(raw.boxes[rows], scores, labels, 0.6)
        assert len(kept) == len(expected) > 5
        order = np.argsort(-scores[kept], kind='stable')
        expected_order = np.argsort(-expected.scores, kind='stable')
        np.testing.assert_allclose(
            scores[kept][order], expected.scores[expected_order], rtol=1e-5
        )
        np.testing.assert_allclose(
            raw.boxes[rows][kept][order], expected.boxes[expected_order], atol=1e-3
        )
        # Anchors lie all over the frame of 90 x 60 pixels.
        centres = (raw.anchors[:, :2] + raw.anchors[:, 2:]) / 2
        assert centres.min() >= 0
        assert (centres.max(axis=0) > [75, 45]).all()


def test_detectors_without_anchors_say_so() -> None:
    detector = MMDetDetector(config=tiny_fcos())
    frames = make_frames(1)
    with pytest.raises(TypeError, match='FCOS has no raw detections: its FCOSHead'):
        detector.raw(frames)
    with pytest.raises(TypeError, match='DetectionFile has no raw detections'):
        DetectionFile().raw(frames)
    with pytest.raises(TypeError, match=r'call raw\(frames\)'):
        DetectionFile().raw_in(detector.extract(frames))
