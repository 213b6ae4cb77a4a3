"""What several models share on the same frames."""

from __future__ import annotations

import copy
import gc
import weakref
from types import SimpleNamespace

import numpy as np
import torch

from mmsmot.models.reid import BaseReID
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.structures.feature_maps import FeatureMaps
from projects.single_shot_smot.box_motion import FarnebackMotion
from projects.single_shot_smot.shared_parts import (
    Memo,
    SharedCameraMotion,
    SharedEmbeddings,
    SharedFlow,
    SharedTwoStage,
)
from projects.single_shot_smot.tests.grid_detector import frames


def speckled_images(count: int) -> list[np.ndarray]:
    """Images of a pattern that moves by two pixels a frame."""
    rng = np.random.default_rng(0)
    pattern = rng.integers(0, 256, (48, 64, 3), np.uint8)
    return [np.roll(pattern, 2 * k, axis=1) for k in range(count)]


def test_a_memo_holds_what_its_keys_are_addresses_of() -> None:
    memo, calls = Memo(2), []

    def value_of(number: int) -> int:
        key = np.array([number])  # without the memo its address would be used again
        return memo.get((key,), lambda: calls.append(number) or number)

    assert [value_of(k) for k in range(5)] == calls == [0, 1, 2, 3, 4]
    key = np.zeros(1)
    results = [memo.get((key,), object, letter) for letter in 'aabca']
    assert results[0] is results[1] is not results[2]
    assert results[4] is not results[0]  # gone since


def test_shared_flow_moves_boxes_as_each_models_flow_does(monkeypatch) -> None:
    images, boxes = speckled_images(3), np.array([[8.0, 8, 40, 40]])
    shared, motion, count = SharedFlow(), FarnebackMotion(), []
    flow = FarnebackMotion.flow
    monkeypatch.setattr(
        FarnebackMotion, 'flow', lambda *args: count.append(1) or flow(*args)
    )
    for _ in range(3):
        for previous, current in zip(images, images[1:], strict=False):
            moved = [
                m.move(boxes, m.prepare(previous), m.prepare(current), (64, 48))
                for m in (shared, motion)
            ]
            np.testing.assert_array_equal(*moved)
    assert len(count) == 2 + 6


def test_copies_of_a_shared_camera_motion_estimate_once() -> None:
    class CountedMotion(CameraMotion):
        count = 0

        def _register(self, previous, gray, mask):
            self.count += 1
            return np.array([[1.0, 0, self.count], [0, 1, 0]])

    motion = SharedCameraMotion(CountedMotion())
    copies = [copy.deepcopy(motion) for _ in range(2)]
    for motion_copy in copies:
        motion_copy.reset()
    shifts = [[m.estimate(i)[0, 2] for m in copies] for i in speckled_images(3)]
    assert shifts == [[0, 0], [1, 1], [2, 2]]


def test_shared_embeddings_are_of_image_and_boxes() -> None:
    class CountedReID(BaseReID):
        fingerprint = 'counted'
        count = 0

        def embed(self, image, boxes):
            self.count += 1
            return np.full((len(boxes), 1), self.count, np.float32)

    reid = SharedEmbeddings(CountedReID())
    (image, other_image), boxes = speckled_images(2), np.zeros((2, 4))
    assert reid.embed(image, boxes).tolist() == [[1], [1]]
    assert reid.embed(image, boxes.copy()).tolist() == [[1], [1]]
    assert reid.embed(image, boxes + 1).tolist() == [[2], [2]]
    assert reid.embed(other_image, boxes).tolist() == [[3], [3]]


def test_feature_maps_of_two_batches_are_held() -> None:
    """The memo of detections holds the maps that they are of, too."""
    box_head = SimpleNamespace(bbox_coder=object(), with_reg=True)

    class Detector:
        fingerprint = 'detector'
        model = SimpleNamespace(roi_head=SimpleNamespace(bbox_head=box_head))

        def extract(self, frames):
            zeros = torch.zeros(len(frames), 2)
            maps = FeatureMaps((zeros,), (1,), zeros, zeros, zeros, [*frames])
            map_refs.append(weakref.ref(maps))
            return maps

        def detect_in(self, features):
            return [object() for _ in features.samples]

    map_refs: list[weakref.ref] = []
    detector = SharedTwoStage(Detector())
    for first in range(1, 41, 8):
        batch = frames(first, first + 7)
        detections = detector.detect(batch)
        for _ in range(3):  # of models
            assert detector.extract(batch) is map_refs[-1]()
            assert detector.detect(batch) is detections
    gc.collect()
    assert [maps() is not None for maps in map_refs] == [False] * 3 + [True] * 2
