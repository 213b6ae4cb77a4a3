"""The second stage against mmdet's own way through the same head."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.models.detectors import MMDetDetector
from mmsmot.registry import MODELS
from mmsmot.structures import Frame
from projects.single_shot_smot.second_stage import SecondStage, box_regression
from projects.single_shot_smot.tests.grid_detector import VIDEO

CONFIGS = Path(__file__).parents[1] / 'configs' / '_base_'


def built(name: str, **options) -> MMDetDetector:
    torch.manual_seed(0)
    part = Config.fromfile(CONFIGS / f'{name}.py')[name]
    return MODELS.build({**part, **options})


@pytest.fixture(scope='module')
def detector() -> MMDetDetector:
    return built('faster_rcnn_tiny').eval()


@pytest.fixture(scope='module')
def images() -> list[Frame]:
    """Two frames of twice the input's size."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (2, 384, 640, 3), np.uint8)
    return [Frame(VIDEO, k + 1, k / 8, lambda k=k: pixels[k]) for k in range(2)]


BOXES = np.array([[100.0, 80, 160, 240], [400, 30, 470, 200], [-20, 5, 40, 120]])


def regress(
    detector: MMDetDetector, frames: Sequence[Frame], *boxes: np.ndarray
) -> list:
    with torch.no_grad():
        features = detector.extract(frames)
    labels = [np.zeros(len(b), np.int64) for b in boxes]
    return SecondStage(detector).regress_in(features, boxes, labels)


def test_boxes_and_scores_are_those_of_mmdet(
    detector: MMDetDetector, images: list[Frame]
) -> None:
    (boxes, scores), _ = regress(detector, images, BOXES, BOXES[:1])
    with torch.no_grad():
        features = detector.extract(images[:1])
        proposals = InstanceData(bboxes=torch.from_numpy(BOXES / 2).float())
        (expected,) = detector.model.roi_head.predict_bbox(
            features.levels,
            [sample.metainfo for sample in features.samples],
            [proposals],
            rcnn_test_cfg=None,
            rescale=True,
        )
    np.testing.assert_allclose(scores, expected.scores[:, 0], atol=1e-6)
    clipped = np.clip(expected.bboxes.numpy(), 0, [640, 384, 640, 384])
    np.testing.assert_allclose(boxes, clipped, atol=1e-3)


def test_frames_of_a_batch_do_not_touch(
    detector: MMDetDetector, images: list[Frame]
) -> None:
    answers = regress(detector, images, BOXES[:0], BOXES)
    (single_answer,) = regress(detector, images[1:], BOXES)
    assert answers[0][0].shape == (0, 4) and answers[0][1].shape == (0,)
    np.testing.assert_allclose(answers[1][0], single_answer[0], atol=1e-3)
    np.testing.assert_allclose(answers[1][1], single_answer[1], atol=1e-6)


def test_a_box_outside_of_the_frame_scores_0(
    detector: MMDetDetector, images: list[Frame]
) -> None:
    outside = np.array([[700.0, 10, 760, 90], [-90, 10, -1, 90]])
    ((boxes, scores),) = regress(detector, images[:1], outside)
    np.testing.assert_array_equal(boxes, outside)
    np.testing.assert_array_equal(scores, [0, 0])


def test_it_stays_in_training_mode(images: list[Frame]) -> None:
    detector = built('faster_rcnn_tiny').train()
    regress(detector, images[:1], BOXES)
    assert detector.training and detector.model.training


def test_a_single_stage_has_none() -> None:
    with pytest.raises(TypeError, match='SingleStageDetector has no second stage'):
        box_regression(built('ssd_tiny'))


def test_both_detectors_learn_and_their_backbone_does_not(images: list[Frame]) -> None:
    targets = [(BOXES[:2], np.zeros(2, np.int64))] * 2
    for name in ('ssd_tiny', 'faster_rcnn_tiny'):
        detector = built(name).train()
        losses = detector.loss(images, targets)
        total = sum(
            sum(value) if isinstance(value, list) else value
            for key, value in losses.items()
            if 'loss' in key
        )
        assert float(total) > 0
        total.sum().backward()
        grads = {n: p.grad for n, p in detector.model.named_parameters()}
        assert all(g is None for n, g in grads.items() if n.startswith('backbone.'))
        trained = [n for n, g in grads.items() if g is not None and g.abs().sum() > 0]
        assert any(n.startswith('neck.') for n in trained)
        assert any('head' in n for n in trained)
