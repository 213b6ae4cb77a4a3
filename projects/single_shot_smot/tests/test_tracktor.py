"""Tracktor's rules one by one, on a second stage whose answers are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from mmsmot.models.detectors import DetectionFile
from mmsmot.models.reid import BaseReID
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.structures import Detections, Frame
from mmsmot.structures.boxes import paired_iou
from mmsmot.structures.feature_maps import FeatureMaps
from projects.single_shot_smot.scene_cut import SceneCut
from projects.single_shot_smot.tests.grid_detector import (
    BOX,
    VIDEO,
    GridDetector,
    Places,
    frames,
    square_boxes,
)
from projects.single_shot_smot.tracktor import Tracktor
from projects.single_shot_smot.tracktor_state import TracktorState


class SquareRegression(GridDetector):
    """Regresses a box to the square that it overlaps by .3; its score is 0 without one.

    Detections are the squares of the frames in ``detected_frames``; ``None``: of every frame.
    """

    def __init__(self, places: Places, detected_frames: set[int] | None = None) -> None:
        super().__init__(places)
        self.detected_frames = detected_frames

    def extract(self, frames: Sequence[Frame]) -> FeatureMaps:
        ids = torch.tensor([[float(frame.frame_id)] for frame in frames])
        sizes = torch.tensor([[96.0, 96.0]] * len(frames))
        return FeatureMaps((ids,), (1,), sizes, sizes, ids, list(frames))

    def detect_in(self, features: FeatureMaps) -> list[Detections]:
        detections = []
        for frame in features.samples:
            is_detected = (
                self.detected_frames is None or frame.frame_id in self.detected_frames
            )
            corners = self.places.get(frame.frame_id, []) if is_detected else []
            boxes = square_boxes(corners)
            detections.append(Detections(boxes, np.full(len(boxes), 0.9)))
        return detections

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return self.detect_in(self.extract(frames))

    def regress_in(self, features, boxes, labels):
        answers = []
        for frame, frame_boxes in zip(features.samples, boxes, strict=True):
            squares = square_boxes(self.places.get(frame.frame_id, []))
            moved, scores = frame_boxes.copy(), np.zeros(len(frame_boxes))
            for square in squares:
                iou = paired_iou(np.tile(square, (len(moved), 1)), frame_boxes)
                moved[iou > 0.3] = square
                scores = np.where(iou > 0.3, 0.8, scores)
            answers.append((moved, scores))
        return answers


class SideReID(BaseReID):
    """One of two embeddings: on the left of x = 48, and on the right."""

    fingerprint = 'side'

    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        return np.eye(2, dtype=np.float32)[(boxes[:, 0] > 48).astype(int)]


def run(places: Places, count: int, detected_frames: set[int] | None = None, **options):
    """Ids of each frame, those that ended with it, and the last frame's tracks."""
    options = dict(detector=SquareRegression(places, detected_frames)) | options
    estimator = Tracktor(**options)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    steps = [estimator.step(state, [f]) for f in frames(1, count, places)]
    ids = [step.tracks[0].ids.tolist() for step in steps]
    return ids, [step.ended_ids for step in steps], steps[-1].tracks[0]


def straight(count: int, *starts: tuple[float, float, float]) -> Places:
    return {k: [(x + v * k, y) for x, y, v in starts] for k in range(1, count + 1)}


def test_tracks_go_on_by_regression_without_a_detection() -> None:
    places = straight(8, (4, 8, 3), (60, 60, -3))
    ids, ended, tracks = run(places, 8, detected_frames={1})
    assert ids == [[1, 2]] * 8 and not any(ended)
    np.testing.assert_array_equal(tracks.boxes, square_boxes(places[8]))
    np.testing.assert_array_equal(tracks.scores, [0.8, 0.8])


def test_batches_of_frames_are_the_frames_one_by_one() -> None:
    places = straight(6, (4, 8, 3), (60, 60, -3))
    estimator = Tracktor(detector=SquareRegression(places))
    state = estimator.begin(VIDEO, (), needs=frozenset())
    tracks = estimator.step(state, frames(1, 6, places)).tracks
    assert [t.ids.tolist() for t in tracks] == run(places, 6)[0]


def test_without_reid_a_lost_track_ends_at_once() -> None:
    places = straight(6, (8, 8, 0))
    places[3] = []
    assert run(places, 6)[:2] == (
        [[1], [1], [], [2], [2], [2]],
        [[], [], [1], [], [], []],
    )


def test_reid_brings_a_track_back_and_patience_ends_it() -> None:
    places = straight(9, (8, 8, 0))
    places |= {3: [], 4: [], 5: [(8, 14)], 6: [], 7: [], 8: [], 9: []}
    ids, ended, _ = run(places, 9, reid=SideReID(), patience=2)
    assert ids == [[1], [1], [], [], [1], [], [], [], []]
    assert ended == [[]] * 7 + [[1]] + [[]]


def test_reid_finds_a_track_near_its_last_place_alone() -> None:
    """A square 8 pixels off overlaps the last box by a third, one 12 off by a seventh."""
    for shift, last_ids in ((8, [1]), (12, [2])):
        places = {1: [(8, 8)], 2: [], 3: [(8, 8 + shift)]}
        assert run(places, 3, reid=SideReID())[0] == [[1], [], last_ids]
    assert run(places, 3, reid=SideReID(), reid_iou=0.1)[0] == [[1], [], [1]]


def test_a_track_that_loses_to_another_is_found_where_it_was_seen_last() -> None:
    """Two tracks on one square: the loser is not moved onto it."""
    places = {1: [(12, 8), (24, 8)], 2: [(18, 8)], 3: [(18, 8), (34, 8)]}
    options = dict(reid=SideReID(), det_nms=0.5)
    ids = run(places, 3, **options)[0]
    assert [len(frame_ids) for frame_ids in ids] == [2, 1, 2]
    assert sorted(ids[2]) == [1, 2]


def test_another_appearance_is_another_track() -> None:
    places = {1: [(40, 8)], 2: [], 3: [(49, 8)]}
    assert run(places, 3, reid=SideReID(), max_distance=1.4)[0] == [[1], [], [2]]
    assert run(places, 3, reid=SideReID(), max_distance=2**0.5)[0] == [[1], [], [1]]


def test_of_two_tracks_on_one_object_the_worse_is_lost() -> None:
    places = {1: [(16, 8), (28, 8)], 2: [(22, 8)], 3: [(22, 8)]}
    ids, ended, _ = run(places, 3)
    assert [len(frame_ids) for frame_ids in ids] == [2, 1, 1]
    assert sum(ended, []) == [2]


@pytest.mark.parametrize('worse', ['left', 'right'])
def test_of_two_tracks_on_one_object_that_of_the_greater_score_goes_on(
    worse: str,
) -> None:
    class SideScores(SquareRegression):
        def regress_in(self, features, boxes, labels):
            ((moved, scores),) = super().regress_in(features, boxes, labels)
            is_left = boxes[0][:, 0] < 22
            return [(moved, np.where(is_left == (worse == 'left'), 0.6, scores))]

    places = {1: [(16, 8), (28, 8)], 2: [(22, 8)]}
    ids, ended, _ = run(places, 2, detector=SideScores(places))
    lost_id, kept_id = (1, 2) if worse == 'left' else (2, 1)
    assert ids == [[1, 2], [kept_id]] and ended == [[], [lost_id]]


class TwoClasses(SquareRegression):
    """Each square is of class 0, and of class 1 too from the frame ``since`` on."""

    def __init__(self, places: Places, since: int, first_end: int = 99) -> None:
        super().__init__(places)
        self.since, self.first_end = since, first_end

    def detect_in(self, features):
        ((frame,), (squares,)) = features.samples, super().detect_in(features)
        labels = []
        if frame.frame_id < self.first_end:
            labels.append(0)
        if frame.frame_id >= self.since:
            labels.append(1)
        count = len(squares)
        return [
            Detections(
                np.tile(squares.boxes, (len(labels), 1)),
                np.tile(squares.scores, len(labels)),
                np.repeat(labels, count).astype(np.int64),
            )
        ]


def test_two_classes_on_one_place_are_two_tracks() -> None:
    places = straight(4, (8, 8, 0))
    ids, _, tracks = run(places, 4, detector=TwoClasses(places, since=2))
    assert ids == [[1], [1, 2], [1, 2], [1, 2]]
    assert tracks.labels.tolist() == [0, 1]


def test_reid_finds_no_track_of_another_class() -> None:
    places = {1: [(8, 8)], 2: [], 3: [(8, 8)]}
    detector = TwoClasses(places, since=3, first_end=3)
    ids, _, tracks = run(places, 3, detector=detector, reid=SideReID())
    assert ids == [[1], [], [2]] and tracks.labels.tolist() == [1]


def test_the_mean_is_that_of_the_last_embeddings() -> None:
    state = TracktorState()
    rows = state.append(Detections(square_boxes([(8, 8), (40, 8)]), np.ones(2)), 3)
    vectors = np.random.default_rng(0).normal(size=(5, 2, 4))
    for count, both in enumerate(vectors, start=1):
        state.add_features(rows, both)
        expected = vectors[max(count - 3, 0) : count].mean(axis=0)
        np.testing.assert_allclose(state.mean_features(rows), expected)
    state.add_features(rows[1:], vectors[0, 1:])  # each has a ring of its own
    np.testing.assert_allclose(state.mean_features(rows[:1]), expected[:1])
    expected = vectors[[3, 4, 0], 1].mean(axis=0)
    np.testing.assert_allclose(state.mean_features(rows[1:]), expected[None])


def test_opposite_embeddings_are_within_the_greatest_distance() -> None:
    """Vectors of float32, whose distance rounding takes past 2."""
    vectors = np.random.default_rng(0).normal(size=(20, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for vector in vectors:

        class OppositeReID(SideReID):
            def embed(self, image, boxes, vector=vector):
                signs = np.where(boxes[:, :1] > 48, -1, 1).astype(np.float32)
                return signs * vector

        places = {1: [(40, 8)], 2: [], 3: [(49, 8)]}
        for distance, last_ids in ((2.0, [1]), (1.99, [2])):
            options = dict(reid=OppositeReID(), max_distance=distance)
            assert run(places, 3, **options)[0] == [[1], [], last_ids]


def test_detections_on_a_track_are_not_new() -> None:
    class TwoDetectionsEach(SquareRegression):
        def detect_in(self, features):
            return [
                Detections(
                    np.concatenate([d.boxes, d.boxes + 5]), np.tile(d.scores, 2) * 0.9
                )
                for d in super().detect_in(features)
            ]

    places = straight(4, (8, 8, 0))
    assert run(places, 4, detector=TwoDetectionsEach(places))[0] == [[1]] * 4


def test_boxes_move_with_the_camera() -> None:
    class Pan(CameraMotion):
        def _register(self, previous, gray, mask):
            return np.array([[1.0, 0, 14], [0, 1, 0]])

    places = straight(5, (4, 8, 14))  # steps of 14 leave an overlap of .07
    assert run(places, 5)[0] == [[1], [2], [3], [4], [5]]
    assert run(places, 5, camera_motion=Pan())[0] == [[1]] * 5


def test_a_scene_cut_ends_every_track() -> None:
    """Also the inactive one, though the same square comes back in the next scene."""
    places = {1: [(8, 8), (60, 60)], 2: [(8, 8)], 3: [(8, 8), (60, 60)], 4: [(8, 8)]}

    sequence = frames(1, 2, places) + [
        dataclasses.replace(frame, load=lambda frame=frame: 255 - frame.image)
        for frame in frames(3, 4, places)
    ]
    runs = []
    for scene_cut in (None, SceneCut()):
        options = dict(detector=SquareRegression(places), scene_cut=scene_cut)
        estimator = Tracktor(**options, reid=SideReID())
        state = estimator.begin(VIDEO, (), needs=frozenset())
        steps = [estimator.step(state, [frame]) for frame in sequence]
        runs.append([step.tracks[0].ids.tolist() for step in steps])
        ended = [step.ended_ids for step in steps]
    assert runs[0] == [[1, 2], [1], [1, 2], [1]]
    assert runs[1] == [[1, 2], [1], [3, 4], [3]]
    assert ended == [[], [], [1, 2], []]


def test_public_detections_are_regressed_and_scored_first() -> None:
    class PublicDetections(GridDetector):
        def detect(self, frames):
            boxes = square_boxes([(10, 10), (70, 70)])  # the second is on nothing
            return [Detections(boxes, np.array([0.1, 0.99])) for _ in frames]

    places = straight(3, (8, 8, 0))
    ids, _, tracks = run(places, 3, public_detector=PublicDetections(places))
    assert ids == [[1]] * 3
    np.testing.assert_array_equal(tracks.boxes, square_boxes([(8, 8)]))


def test_nothing_for_hundreds_of_frames_leaves_nothing_behind() -> None:
    places = {1: [(8, 8)], 300: [(8, 8)]}
    estimator = Tracktor(detector=SquareRegression(places), reid=SideReID())
    state = estimator.begin(VIDEO, (), needs=frozenset())
    for first in range(1, 300, 50):
        estimator.step(state, frames(first, first + 49, places))
    assert state.ids.tolist() == [2] and state.features.shape == (1, 10, 2)


def test_scores_that_are_nan_lose_a_track() -> None:
    class NaNScores(SquareRegression):
        def regress_in(self, features, boxes, labels):
            ((moved, scores),) = super().regress_in(features, boxes, labels)
            is_third = features.samples[0].frame_id == 3
            return [(moved, np.where(is_third, np.nan, scores))]

    places = straight(4, (8, 8, 0))
    assert run(places, 4, detector=NaNScores(places))[0] == [[1], [1], [2], [2]]


def test_a_frame_of_another_size_and_embeddings_of_another_length() -> None:
    estimator = Tracktor(detector=SquareRegression({}))
    state = estimator.begin(VIDEO, (), needs=frozenset())
    estimator.step(state, frames(1, 1))
    with pytest.raises(ValueError, match='frame 2 is 48x48, .*were 96x96'):
        estimator.step(state, frames(2, 2, side=48))

    class GrowingEmbeddings(SideReID):
        def embed(self, image, boxes):
            self.width = getattr(self, 'width', 1) + 1
            return np.ones((len(boxes), self.width))

    with pytest.raises(ValueError, match='length 3 after some of length 2'):
        run(straight(2, (8, 8, 0)), 2, reid=GrowingEmbeddings())


def test_bad_options() -> None:
    detector = SquareRegression({})
    with pytest.raises(TypeError, match='DetectionFile cannot regress boxes'):
        Tracktor(detector=DetectionFile())
    for name in ('det_threshold', 'keep_threshold', 'track_nms', 'new_iou', 'reid_iou'):
        with pytest.raises(ValueError, match=f'Tracktor: {name}'):
            Tracktor(detector=detector, **{name: BOX})
    with pytest.raises(ValueError, match='Tracktor: patience'):
        Tracktor(detector=detector, patience=-1)
    with pytest.raises(
        ValueError, match='max_distance must be a finite number from 0 to 2'
    ):
        Tracktor(detector=detector, max_distance=5)
