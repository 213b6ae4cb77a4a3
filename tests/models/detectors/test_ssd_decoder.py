"""Encodings of single-shot detectors, made up and of two real exports."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets import open_video
from mmsmot.models.detectors import (
    CachedDetector,
    ONNXDetector,
    RawDetections,
    SSDDecoder,
)
from mmsmot.models.detectors.nms import nms
from mmsmot.structures import Detections, Frame, pairwise_iou
from mmsmot.utils.onnx_session import open_onnx, run_onnx

GRID = dict(type='GridAnchors', strides=[32], sizes=[[(16, 32)]], clip=False)
# UltraFace RFB-320's priors.
FACE_ANCHORS = dict(
    type='GridAnchors',
    strides=(8, 16, 32, 64),
    sizes=((10, 16, 24), (32, 48), (64, 96), (128, 192, 256)),
)


def decode_by_hand(
    encodings: np.ndarray, anchors: np.ndarray, order: str
) -> np.ndarray:
    """Boxes (A, 4) of one image, one at a time, as the papers write it."""
    boxes = []
    for row, (x1, y1, x2, y2) in zip(encodings.tolist(), anchors.tolist(), strict=True):
        dx, dy, dw, dh = row if order == 'xy' else [row[i] for i in (1, 0, 3, 2)]
        x = (x1 + x2) / 2 + dx / 10 * (x2 - x1)
        y = (y1 + y2) / 2 + dy / 10 * (y2 - y1)
        w, h = (x2 - x1) * math.exp(dw / 5), (y2 - y1) * math.exp(dh / 5)
        boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    return np.array(boxes)


@pytest.mark.parametrize('order', ['xy', 'yx'])
@pytest.mark.parametrize('scores_first', [False, True])
def test_two_anchors(order: str, scores_first: bool) -> None:
    random = np.random.default_rng(0)
    encodings = random.normal(size=(3, 2, 4)).astype(np.float32)
    scores = random.random((3, 2, 3)).astype(np.float32)
    decoder = SSDDecoder(anchors=GRID, order=order)
    outputs = [scores, encodings] if scores_first else [encodings, scores]
    decoded = decoder.decode_at_anchors(outputs, (32, 64))
    assert len(decoded) == 3
    for image, (boxes, class_scores, anchors) in enumerate(decoded):
        assert anchors.tolist() == [[8, 0, 24, 32], [40, 0, 56, 32]]
        expected = decode_by_hand(encodings[image], anchors, order)
        np.testing.assert_allclose(boxes, expected, rtol=1e-6)
        np.testing.assert_array_equal(class_scores, scores[image, :, 1:])
    for (boxes, scores, labels), (at_anchors, class_scores, _) in zip(
        decoder(outputs, (32, 64)), decoded, strict=True
    ):
        assert labels.tolist() == [0, 1, 0, 1]
        np.testing.assert_array_equal(scores, class_scores.ravel())
        np.testing.assert_array_equal(boxes, at_anchors[[0, 0, 1, 1]])


def test_activations_and_background() -> None:
    logits = np.log(np.array([[[1.0, 2, 5], [3, 3, 2]]], np.float32))
    outputs = [np.zeros((1, 2, 4), np.float32), logits]

    def scores(**options) -> list:
        decoder = SSDDecoder(anchors=GRID, **options)
        return decoder.decode_at_anchors(outputs, (32, 64))[0][1].round(6).tolist()

    assert scores(activation='softmax', background=2) == [[0.125, 0.25], [0.375, 0.375]]
    assert scores(activation='sigmoid', background=None) == [
        [0.5, pytest.approx(2 / 3, abs=1e-6), pytest.approx(5 / 6, abs=1e-6)],
        [0.75, 0.75, pytest.approx(2 / 3, abs=1e-6)],
    ]
    with pytest.raises(ValueError, match=r'scores \(B, 2, at least 5\)'):
        scores(background=4)


def test_a_size_that_cannot_be_is_no_box() -> None:
    encodings = np.zeros((1, 2, 4), np.float32)
    encodings[0, 0, 2] = 51  # e^10.2 times its anchor
    outputs = [encodings, np.ones((1, 2, 2), np.float32)]
    boxes = SSDDecoder(anchors=GRID).decode_at_anchors(outputs, (32, 64))[0][0]
    assert np.isnan(boxes[0]).any()
    assert boxes[1].tolist() == [40, 0, 56, 32]


def test_another_export_is_refused_with_its_shapes() -> None:
    for shapes in (
        [(1, 3, 4), (1, 3, 2)],
        [(1, 2, 4)],
        [(1, 2, 5), (1, 2, 2)],
        [(1, 2, 4), (1, 2, 1)],
        [(2, 4), (2, 2)],
    ):
        outputs = [np.zeros(shape, np.float32) for shape in shapes]
        with pytest.raises(
            ValueError, match=r'SSDDecoder expects encodings \(B, 2, 4\) and .* shape '
        ) as error:
            SSDDecoder(anchors=GRID)(outputs, (32, 64))
        assert str(shapes[0]) in str(error.value)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(order='xyxy'), "order must be one of 'xy', 'yx'"),
        (dict(activation='tanh'), "must be one of None, 'sigmoid', 'softmax'"),
        (dict(background=-1), 'background must be a whole number of 0'),
        (dict(variances=(0.1, 0)), 'variances must be a finite number above 0'),
    ],
)
def test_options_that_are_none(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SSDDecoder(anchors=GRID, **options)


def test_the_fingerprint_names_anchors_and_options() -> None:
    others = [dict(order='yx'), dict(background=None), dict(activation='softmax')]
    prints = {SSDDecoder(anchors=GRID, **options).fingerprint for options in others}
    prints.add(SSDDecoder(anchors=GRID).fingerprint)
    for change in (dict(sizes=[[(16, 33)]]), dict(strides=[16]), dict(clip=True)):
        prints.add(SSDDecoder(anchors=GRID | change).fingerprint)
    assert len(prints) == 7


@pytest.fixture(scope='module')
def frames(test_data: Path) -> list[Frame]:
    """Every ninth frame of two people."""
    video = test_data / 'data/videos/two_people_interacting_1080p.mp4'
    return [*open_video(str(video), stride=9)]


@pytest.fixture(scope='module')
def faces(test_data: Path) -> ONNXDetector:
    return ONNXDetector(
        model=str(test_data / 'data/models/ultraface_rfb320_raw.onnx'),
        decoder=dict(type='SSDDecoder', anchors=FACE_ANCHORS),
        score_threshold=0.5,
        mean=(127.0, 127.0, 127.0),
        std=(128.0, 128.0, 128.0),
        to_rgb=True,
        keep_ratio=False,
    )


@pytest.fixture(scope='module')
def people(test_data: Path) -> ONNXDetector:
    models = test_data / 'data/models'
    anchors = dict(type='AnchorFile', path=str(models / 'ssdlite_anchors.npy'))
    return ONNXDetector(
        model=str(models / 'ssdlite_pedestrian_raw.onnx'),
        decoder=dict(type='SSDDecoder', anchors=anchors, order='yx'),
        score_threshold=0.5,
        mean=(127.5, 127.5, 127.5),
        std=(127.5, 127.5, 127.5),
        to_rgb=True,
    )


def test_two_faces_within_two_people(
    faces: ONNXDetector, people: ONNXDetector, frames: list[Frame]
) -> None:
    face_detections = faces.detect(frames)
    assert [len(d) for d in face_detections] == [2] * 8
    lowest_scores = [d.scores.min() for d in face_detections]
    assert min(lowest_scores[:4]) > 0.95
    assert min(lowest_scores) > 0.8
    # In the later frames one person hides much of the other.
    for face_boxes, person_boxes in zip(
        face_detections[:5], people.detect(frames[:5]), strict=True
    ):
        assert person_boxes.scores.min() > 0.75
        # The head of each person is in the uppermost fifth of the box.
        centres = (face_boxes.boxes[:, :2] + face_boxes.boxes[:, 2:]) / 2
        x1, y1, x2, y2 = person_boxes.boxes.T
        x, y = centres.T[:, :, None]
        is_head = (x1 < x) & (x < x2) & (y1 < y) & (y < y1 + (y2 - y1) / 5)
        assert is_head.sum(axis=0).tolist() == is_head.sum(axis=1).tolist() == [1, 1]


def test_raw_detections_of_a_real_export_equal_decoding_by_hand(
    people: ONNXDetector, test_data: Path, frames: list[Frame]
) -> None:
    frame = frames[0]
    (raw,) = people.raw([frame])
    assert len(raw.anchors) == 1917
    session = open_onnx(people.model, 'test', '', ['CPUExecutionProvider'], 1)
    picture = people._prepare(frame.image)[0][None]
    encodings, scores = run_onnx(session, people.model, picture)
    y1, x1, y2, x2 = np.load(test_data / 'data/models/ssdlite_anchors.npy').T * 1920
    # 1920 x 1080 scaled to 300 x 168.75: a pixel of the input is 6.4 of the frame.
    anchors = np.stack([x1, y1, x2, y2], axis=1)
    np.testing.assert_allclose(raw.anchors, anchors, rtol=1e-5, atol=1e-3)
    expected = decode_by_hand(encodings[0], anchors, 'yx')
    expected = np.clip(expected, 0, [1920, 1080] * 2)
    np.testing.assert_allclose(raw.boxes, expected, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(raw.scores, scores[0, :, 1:])


def suppressed(raw: RawDetections, detector: ONNXDetector) -> Detections:
    """Detections from all predictions of one class."""
    scores = raw.scores[:, 0]
    rows = np.nonzero(scores >= detector.score_threshold)[0]
    labels = np.zeros(len(rows), np.int64)
    rows = rows[nms(raw.boxes[rows], scores[rows], labels, detector.nms_threshold)]
    return Detections(raw.boxes[rows], scores[rows], np.zeros(len(rows), np.int64))


def test_suppression_of_raw_detections_is_detect(
    faces: ONNXDetector, people: ONNXDetector, test_data: Path, frames: list[Frame]
) -> None:
    yolox = ONNXDetector(
        model=str(test_data / 'data/models/yolox_nano.onnx'),
        decoder=dict(type='YOLOXDecoder'),
        score_threshold=0.3,
        labels=None,
    )
    for detector in (faces, people, yolox):
        (raw,), (expected,) = detector.raw(frames[:1]), detector.detect(frames[:1])
        detections = suppressed(raw, detector)
        expected = expected[expected.labels == 0]
        assert len(expected) == 2
        np.testing.assert_allclose(detections.boxes, expected.boxes, rtol=1e-6)
        np.testing.assert_allclose(detections.scores, expected.scores, rtol=1e-6)
        # The anchor of a detection lies where it is.
        rows = [np.abs(raw.boxes - box).sum(axis=1).argmin() for box in expected.boxes]
        centres = (raw.anchors[rows, :2] + raw.anchors[rows, 2:]) / 2
        assert (centres > expected.boxes[:, :2]).all()
        assert (centres < expected.boxes[:, 2:]).all()
    assert raw.scores.shape == (3549, 80)
    assert pairwise_iou(detections.boxes, detections.boxes)[0, 1] < 0.45


def test_a_cache_has_no_raw_detections_of_its_own(
    people: ONNXDetector, frames: list[Frame], tmp_path: Path
) -> None:
    cached = CachedDetector(detector=people, root=str(tmp_path))
    np.testing.assert_array_equal(
        cached.raw(frames[:1])[0].boxes, people.raw(frames[:1])[0].boxes
    )
    assert [*tmp_path.iterdir()] == []


def test_exports_without_anchors_say_so(test_data: Path, frames: list[Frame]) -> None:
    detector = ONNXDetector(
        model=str(test_data / 'data/models/yolox_nano.onnx'),
        decoder=dict(type='BoxesDecoder'),
    )
    with pytest.raises(TypeError, match='no raw detections with BoxesDecoder'):
        detector.raw(frames[:1])
