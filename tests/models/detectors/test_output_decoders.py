"""Raw ONNX outputs to boxes, and NMS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.detectors import BoxesDecoder, YOLOXDecoder
from mmsmot.models.detectors.nms import nms
from mmsmot.structures import pairwise_iou


def test_yolox_against_a_loop() -> None:
    rng = np.random.default_rng(0)
    height, width, strides = 64, 96, (8, 16, 32)
    cells = [
        (y, x, s)
        for s in strides
        for y in range(height // s)
        for x in range(width // s)
    ]
    raw = rng.normal(size=(2, len(cells), 8)).astype(np.float32)
    raw[..., 4:] = rng.random(raw[..., 4:].shape)
    for rows, (boxes, scores, labels) in zip(
        raw, YOLOXDecoder(strides)([raw], (height, width)), strict=True
    ):
        for k, (y, x, s) in enumerate(cells):
            cx, cy = (rows[k, 0] + x) * s, (rows[k, 1] + y) * s
            w, h = np.exp(rows[k, 2]) * s, np.exp(rows[k, 3]) * s
            expected = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
            np.testing.assert_allclose(boxes[k], expected, rtol=1e-4, atol=1e-4)
            assert labels[k] == rows[k, 5:].argmax()
            assert scores[k] == pytest.approx(rows[k, 4] * rows[k, 5:].max())


def test_another_export_is_refused_with_its_shapes() -> None:
    with pytest.raises(ValueError, match=r'expects one output \(B, 126.*\(1, 99, 85\)'):
        YOLOXDecoder()([np.zeros((1, 99, 85), np.float32)], (64, 96))
    with pytest.raises(ValueError, match='BoxesDecoder expects'):
        BoxesDecoder()([np.zeros((1, 99, 85), np.float32)], (64, 96))


def test_finished_boxes_in_both_forms() -> None:
    boxes = np.array([[[0.1, 0.2, 0.5, 0.6]]], np.float32)
    scores, labels = np.array([[0.7]], np.float32), np.array([[3]])
    for outputs in ([labels, boxes, scores], [np.dstack([boxes, scores]), labels]):
        found = BoxesDecoder(normalized=True)(outputs, (100, 200))
        np.testing.assert_allclose(found[0][0], [[20, 20, 100, 60]], rtol=1e-5)
        assert found[0][1].tolist() == pytest.approx([0.7])
        assert found[0][2].tolist() == [3]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, 0.9))
def test_nms_against_a_loop(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    corners = rng.uniform(0, 40, (25, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(5, 30, (25, 2))], axis=1)
    scores, labels = rng.random(25), rng.integers(0, 2, 25)
    kept: list[int] = []
    for i in np.argsort(-scores):
        rivals = [j for j in kept if labels[j] == labels[i]]
        if not rivals or pairwise_iou(boxes[[i]], boxes[rivals]).max() <= threshold:
            kept.append(int(i))
    assert nms(boxes, scores, labels, threshold).tolist() == kept
