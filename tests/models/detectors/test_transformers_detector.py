"""Detectors of transformers in our slot."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.models.detectors import ONNXDetector, TransformersDetector
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from tests.tiny_onnx import write_onnx
from tests.tiny_transformers import save_detector


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_detector(tmp_path_factory.mktemp('detector'))


@pytest.fixture(scope='module')
def frames() -> list[Frame]:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (3, 120, 160, 3), dtype=np.uint8)
    video = VideoInfo('picture', 'picture')
    return [Frame(video, t, t / 10, lambda p=p: p) for t, p in enumerate(pictures, 1)]


@pytest.fixture(scope='module')
def every(folder: Path) -> TransformersDetector:
    return TransformersDetector(model=str(folder), classes=None, score_threshold=0.0)


def test_as_transformers_itself_says(every, frames: list[Frame]) -> None:
    """Boxes in pixels of the frame, worked out from the network's own output."""
    image = frames[0].image
    inputs = every.processor(images=image[..., ::-1].copy(), return_tensors='pt')
    with torch.no_grad():
        out = every.model(**inputs)
    scores = out.logits[0].sigmoid().numpy()  # (queries, classes)
    order = np.argsort(-scores, axis=None)[: len(scores)]
    queries, classes = np.unravel_index(order, scores.shape)
    x, y, w, h = out.pred_boxes[0].double().numpy()[queries].T
    boxes = np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)
    boxes = np.clip(boxes * [160, 120, 160, 120], 0, [160, 120, 160, 120])
    found = every.detect(frames[:1])[0]
    assert len(found) == len(scores) > 5
    np.testing.assert_allclose(found.boxes, boxes, atol=1e-3)
    np.testing.assert_allclose(found.scores, scores.flat[order], atol=1e-6)
    np.testing.assert_array_equal(found.labels, classes)


def test_its_onnx_export_detects_the_same(
    every, frames: list[Frame], tmp_path: Path
) -> None:
    """Preparation, decoding and boxes in the frame, with the network's own outputs."""
    image = frames[0].image
    inputs = every.processor(images=image[..., ::-1].copy(), return_tensors='pt')
    with torch.no_grad():
        out = every.model(**inputs)
    tables = out.logits.numpy(), out.pred_boxes.numpy()
    names = ['logits', 'pred_boxes']  # as optimum writes them
    path = write_onnx(tmp_path / 'net.onnx', *tables, names=names)
    decoder = dict(type='BoxLogitsDecoder')  # three classes could be DETR's, too
    exported = ONNXDetector(
        model=path, labels=None, score_threshold=0.0, decoder=decoder
    )
    pixels, _ = exported.preparation(image, (64, 64), np.float32)
    np.testing.assert_allclose(pixels, inputs['pixel_values'][0], atol=1e-6)
    (expected,), (detections,) = every.detect(frames[:1]), exported.detect(frames[:1])
    rows, order = (np.argsort(d.scores, kind='stable') for d in (expected, detections))
    np.testing.assert_allclose(
        detections.scores[order], expected.scores[rows], rtol=1e-5
    )
    np.testing.assert_allclose(detections.boxes[order], expected.boxes[rows], atol=1e-3)
    np.testing.assert_array_equal(detections.labels[order], expected.labels[rows])


def test_a_batch_is_its_frames(every, frames: list[Frame]) -> None:
    together = every.detect(frames)
    for frame, batched in zip(frames, together, strict=True):
        alone = every.detect([frame])[0]
        np.testing.assert_allclose(batched.boxes, alone.boxes, atol=1e-3)
        np.testing.assert_allclose(batched.scores, alone.scores, atol=1e-6)
    assert np.abs(together[0].boxes - together[1].boxes).max() > 0.01
    assert every.detect([]) == []


def test_people_by_their_name(folder: Path, every, frames: list[Frame]) -> None:
    """``Person`` is the model's class 1; its label is its place in ``classes``."""
    all_of_them = every.detect(frames)
    people = TransformersDetector(model=str(folder), score_threshold=0.0).detect(frames)
    for found, shown in zip(all_of_them, people, strict=True):
        np.testing.assert_allclose(shown.boxes, found.boxes[found.labels == 1])
        assert (shown.labels == 0).all()
    assert 0 < sum(map(len, people)) < sum(map(len, all_of_them))
    with pytest.raises(ValueError, match="no class 'persn' among its 3; .*person"):
        TransformersDetector(model=str(folder), classes=['persn'])


def test_the_threshold(folder: Path, every, frames: list[Frame]) -> None:
    scores = every.detect(frames)[0].scores
    middle = float(np.median(scores))
    some = TransformersDetector(model=str(folder), classes=None, score_threshold=middle)
    assert some.detect(frames)[0].scores.min() > middle
    assert len(some.detect(frames)[0]) == (scores > middle).sum()
    assert some.fingerprint != every.fingerprint


def test_it_stays_at_inference(every, frames: list[Frame]) -> None:
    before = every.detect(frames[:1])[0].boxes
    every.train()  # as a training loop would
    np.testing.assert_array_equal(every.detect(frames[:1])[0].boxes, before)
    assert every.fingerprint == every.fingerprint_of(frames[0].video)


def test_from_a_config(folder: Path) -> None:
    made = MODELS.build(dict(type='TransformersDetector', model=str(folder)))
    assert isinstance(made, TransformersDetector)


def test_weights_that_are_nan_are_an_error(folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / 'broken'
    shutil.copytree(folder, broken)
    weights = load_file(broken / 'model.safetensors')
    name = next(name for name in weights if name.endswith('weight'))
    weights[name][:] = torch.nan
    save_file(weights, broken / 'model.safetensors', metadata={'format': 'pt'})
    with pytest.raises(ValueError, match=r'broken holds weights that are no numbers'):
        TransformersDetector(model=str(broken))
