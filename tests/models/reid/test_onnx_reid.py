"""The real OSNet on real people."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from mmsmot.models.reid import ONNXReID, onnx_reid
from mmsmot.structures import read_trajectories
from tests.tiny_onnx import write_onnx

CROP = (1, 3, 256, 128)


@pytest.fixture(scope='module')
def reid(test_data: Path) -> ONNXReID:
    return ONNXReID(model=str(test_data / 'data/models/osnet_x0_25_msmt17.onnx'))


def test_unit_length_and_zeros_outside(reid: ONNXReID) -> None:
    image = np.random.default_rng(0).integers(0, 255, (200, 200, 3)).astype(np.uint8)
    boxes = np.array([[10.0, 10, 60, 120], [500, 500, 600, 700], [-20, -20, 50, 90]])
    vectors = reid.embed(image, boxes)
    assert vectors.shape == (3, 512)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1], atol=1e-5)
    assert reid.embed(image, boxes[:0]).shape == (0, 512)


def test_a_crop_does_not_depend_on_its_batch(reid: ONNXReID) -> None:
    image = np.random.default_rng(1).integers(0, 255, (300, 300, 3)).astype(np.uint8)
    boxes = np.array([[i, i, i + 60.0, i + 130] for i in range(40)])
    together = reid.embed(image, boxes)
    alone = np.concatenate([reid.embed(image, boxes[[i]]) for i in (0, 35)])
    np.testing.assert_allclose(together[[0, 35]], alone, atol=1e-4)


def test_the_same_person_looks_more_alike(reid: ONNXReID, test_data: Path) -> None:
    folder = test_data / 'data/MOT17-mini/train/MOT17-11-FRCNN'
    truth = read_trajectories(folder / 'gt/gt.txt')
    seen = (truth.labels == 1) & (truth.scores > 0) & (truth.visibility > 0.7)
    truth = truth[seen].by_frame()
    first, last = truth[1], truth[7]
    vectors = [
        reid.embed(cv2.imread(str(folder / f'img1/{f:06d}.jpg')), t.boxes)
        for f, t in ((1, first), (7, last))
    ]
    similarity = vectors[0] @ vectors[1].T
    same = first.ids[:, None] == last.ids
    assert same.sum() >= 3
    assert similarity[same].mean() > similarity[~same].mean() + 0.2


def test_missing_weights_name_their_own_option() -> None:
    with pytest.raises(FileNotFoundError, match=r'--reid-weights FILE.*model\.reid'):
        ONNXReID(model=None)


def test_a_detector_is_no_reid_network(test_data: Path) -> None:
    with pytest.raises(ValueError, match=r'yolox_nano\.onnx: .*\(B, D\).*3549, 85'):
        ONNXReID(model=str(test_data / 'data/models/yolox_nano.onnx'))


class OpenSession:
    """An export that says nothing of its axes."""

    def __init__(self, output: tuple[int, ...]) -> None:
        self.output = output

    def get_inputs(self):
        return [
            SimpleNamespace(name='x', shape=['b', 3, 'h', 'w'], type='tensor(float)')
        ]

    def get_outputs(self):
        return [SimpleNamespace(name='y', shape=['b', 'd'])]

    def run(self, names, feed):
        return [np.ones((len(feed['x']), *self.output), np.float32)]


def test_an_export_with_open_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    outside = np.array([[500.0, 500, 600, 700]])
    image = np.zeros((50, 50, 3), np.uint8)
    monkeypatch.setattr(onnx_reid, 'onnx_file_hash', str)
    monkeypatch.setattr(onnx_reid, 'open_onnx', lambda *_: OpenSession((7,)))
    assert ONNXReID(model='open.onnx').embed(image, outside).shape == (1, 7)
    monkeypatch.setattr(onnx_reid, 'open_onnx', lambda *_: OpenSession((7, 2)))
    with pytest.raises(ValueError, match=r'open\.onnx: .*a vector for each crop'):
        ONNXReID(model='open.onnx').embed(image, outside - 490)


def embed_one(model: str) -> np.ndarray:
    image = np.zeros((50, 50, 3), np.uint8)
    return ONNXReID(model=model).embed(image, np.array([[5.0, 5, 20, 40]]))


def test_vectors_that_are_not_finite_name_the_network(tmp_path: Path) -> None:
    for value in (np.nan, np.inf):
        vectors = np.full((1, 7), value, np.float32)
        model = write_onnx(tmp_path / 'sick.onnx', vectors, input_shape=CROP)
        with pytest.raises(
            ValueError, match=r'sick\.onnx: this ReID network.*--reid-w'
        ):
            embed_one(model)


def test_inputs_of_other_number_types(tmp_path: Path) -> None:
    vectors = np.array([[3.0, 4.0]])
    for kind in ('float16', 'float64'):
        model = write_onnx(
            tmp_path / 'net.onnx', vectors, input_type=kind, input_shape=CROP
        )
        np.testing.assert_allclose(embed_one(model), [[0.6, 0.8]], rtol=1e-6)
    model = write_onnx(
        tmp_path / 'net.onnx', vectors, input_type='uint8', input_shape=CROP
    )
    with pytest.raises(ValueError, match='ONNXReID gives it fractions.*float32 input'):
        ONNXReID(model=model)


def test_weights_in_a_second_file_are_in_the_fingerprint(tmp_path: Path) -> None:
    prints = {
        ONNXReID(
            model=write_onnx(
                tmp_path / 'net.onnx',
                np.full((1, 7), value, np.float32),
                input_shape=CROP,
                weights_in='net.onnx.data',
            )
        ).fingerprint
        for value in (1, 2)
    }
    assert len(prints) == 2


def test_an_export_that_answers_for_one_crop_of_a_batch(tmp_path: Path) -> None:
    model = write_onnx(
        tmp_path / 'net.onnx', np.ones((1, 7), np.float32), input_shape=('b', *CROP[1:])
    )
    boxes = np.array([[5.0, 5, 20, 40], [9, 5, 20, 40]])
    with pytest.raises(ValueError, match=r'net\.onnx: .*a vector for each crop'):
        ONNXReID(model=model).embed(np.zeros((50, 50, 3), np.uint8), boxes)


def test_an_export_with_channels_last(tmp_path: Path) -> None:
    """As TensorFlow's are: crops of 64 x 32 pixels go in as they are."""
    vectors = np.array([[3, 4]], np.float32)
    model = write_onnx(tmp_path / 'nhwc.onnx', vectors, input_shape=(1, 64, 32, 3))
    part = ONNXReID(model=model)
    assert part.input_size == (64, 32)
    image = np.zeros((90, 90, 3), np.uint8)
    embeddings = part.embed(image, np.array([[0.0, 0, 40, 80]]))
    np.testing.assert_allclose(embeddings, [[0.6, 0.8]])
