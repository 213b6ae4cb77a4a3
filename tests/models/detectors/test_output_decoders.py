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
    decoder = YOLOXDecoder(strides=strides)
    for rows, (boxes, scores, labels), at_anchors in zip(
        raw,
        decoder([raw], (height, width)),
        decoder.decode_at_anchors([raw], (height, width)),
        strict=True,
    ):
        np.testing.assert_array_equal(at_anchors[0], boxes)
        np.testing.assert_array_equal(at_anchors[1].max(axis=1), scores)
        expected = [[x * s, y * s, (x + 1) * s, (y + 1) * s] for y, x, s in cells]
        np.testing.assert_array_equal(at_anchors[2], expected)
        for k, (y, x, s) in enumerate(cells):
            cx, cy = (rows[k, 0] + x) * s, (rows[k, 1] + y) * s
            w, h = np.exp(rows[k, 2]) * s, np.exp(rows[k, 3]) * s
            expected = [cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2]
            np.testing.assert_allclose(boxes[k], expected, rtol=1e-4, atol=1e-4)
            assert labels[k] == rows[k, 5:].argmax()
            assert scores[k] == pytest.approx(rows[k, 4] * rows[k, 5:].max())


def yolox_outputs() -> tuple[np.ndarray, np.ndarray]:
    """A person at 16, 8, 32, 56 in a 64x64 image, in grid cells and in pixels."""
    grid = [
        (x, y, s) for s in (8, 16, 32) for y in range(64 // s) for x in range(64 // s)
    ]
    corners, strides = np.array(grid)[:, :2], np.array(grid)[:, 2:]
    raw = np.zeros((1, len(grid), 85), np.float32)
    raw[0, 35, :6] = 0, 0, np.log(16 / 8), np.log(48 / 8), 0.9, 1
    decoded = raw.copy()
    decoded[0, :, :2] = (raw[0, :, :2] + corners) * strides
    decoded[0, :, 2:4] = np.exp(raw[0, :, 2:4]) * strides
    return raw, decoded


@pytest.mark.parametrize('told', [False, True])
def test_yolox_with_its_grid_decoding(told: bool) -> None:
    for in_pixels, output in zip((False, True), yolox_outputs(), strict=True):
        decoder = YOLOXDecoder(in_pixels=in_pixels if told else None)
        boxes, scores, _ = decoder([output], (64, 64))[0]
        np.testing.assert_allclose(boxes[35], [16, 8, 32, 56], atol=1e-5)
        assert scores[35] == pytest.approx(0.9)


def test_a_log_size_that_cannot_be_is_no_box() -> None:
    raw, _ = yolox_outputs()
    raw[0, 35, 2] = 11  # of a box 479,000 pixels wide
    raw[0, 36, :2] = -1
    boxes, _, _ = YOLOXDecoder()([raw], (64, 64))[0]
    assert np.isnan(boxes[35]).any()
    assert np.isfinite(np.delete(boxes, 35, axis=0)).all()


@pytest.mark.parametrize('normalized', [False, True])
def test_boxes_in_other_units_are_refused(normalized: bool) -> None:
    boxes = np.array([[[10, 20, 50, 60], [0, 0, 0, 0]]], np.float32)
    boxes = boxes if normalized else boxes / 100
    outputs = [boxes, np.ones((1, 2), np.float32), np.zeros((1, 2), np.int64)]

    def judge(normalized: bool) -> None:
        decoder = BoxesDecoder(normalized=normalized)
        (decoded,) = decoder(outputs, (100, 100))
        decoder.require_units(decoded, (100, 100), 0.3)

    with pytest.raises(ValueError, match=f'Set normalized={not normalized}'):
        judge(normalized)
    judge(not normalized)
    outputs[0] = boxes * 0  # padding alone, where nothing was found
    judge(normalized)


@pytest.mark.parametrize('normalized', [False, True])
def test_units_of_boxes_below_the_threshold_are_not_judged(normalized: bool) -> None:
    good, padding = ([0.1, 0.2, 0.5, 0.6], [0, 0, 7, 7])
    if not normalized:
        good, padding = [10, 20, 50, 60], [0, 0, 1, 1]
    decoder = BoxesDecoder(normalized=normalized)
    for boxes in ([good, padding], [padding]):
        scores = np.float32([[0.9, 0.0]])[:, -len(boxes) :]
        outputs = [np.float32([boxes]), scores, np.zeros((1, len(boxes)), np.int64)]
        (decoded,) = decoder(outputs, (100, 100))
        decoder.require_units(decoded, (100, 100), 0.3)


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


@settings(max_examples=50)
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
