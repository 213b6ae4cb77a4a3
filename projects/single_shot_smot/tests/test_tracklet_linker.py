"""Online linking: which track a new tracklet is given to."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.reid import BaseReID
from projects.single_shot_smot.single_shot_tracker import SingleShotTracker
from projects.single_shot_smot.tests.grid_detector import (
    VIDEO,
    GridDetector,
    Places,
    frames,
)
from projects.single_shot_smot.tracklet_linker import FeatureBank, TrackletLinker


class RowReID(BaseReID):
    """The same embedding for everything in one band of 16 rows of the image."""

    fingerprint = 'row'

    def __init__(self) -> None:
        self.num_boxes = 0

    def embed(self, image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        self.num_boxes += len(boxes)
        embeddings = np.zeros((len(boxes), 6), np.float32)
        rows = ((boxes[:, 1] + boxes[:, 3]) / 2 // 16).astype(int)
        embeddings[np.arange(len(boxes)), rows] = 1
        return embeddings


def run(
    places: Places, num_frames: int, **options
) -> tuple[list, list, RowReID, object]:
    """Sorted ids of each frame, those that ended, the part, and the state."""
    reid = RowReID()
    linker = TrackletLinker(**options)
    estimator = SingleShotTracker(
        detector=GridDetector(places),
        anchors=dict(type='TrackingAnchors'),
        motion=dict(type='IdentityMotion'),
        reid=reid,
        linker=linker,
        det_threshold=0.7,
    )
    state = estimator.begin(VIDEO, (), needs=frozenset())
    steps = [estimator.step(state, [frame]) for frame in frames(1, num_frames, places)]
    ids = [sorted(step.tracks[0].ids.tolist()) for step in steps]
    return ids, [step.ended_ids for step in steps], reid, state


def test_what_looks_the_same_gets_its_id_back_elsewhere() -> None:
    places = {1: [(8, 0), (40, 32)], 2: [(40, 32)], 3: [(64, 0), (40, 32)]}
    ids, ended, _, _ = run(places, 3)
    assert ids == [[1, 2], [2], [1, 2]] and ended == [[], [], []]


def test_what_looks_different_is_new() -> None:
    ids = run({1: [(8, 0)], 2: [], 3: [(8, 64)]}, 3)[0]
    assert ids == [[1], [], [2]]


def test_a_track_that_is_seen_is_not_given_away() -> None:
    ids = run({1: [(8, 0)], 2: [(8, 0), (60, 0)]}, 2)[0]
    assert ids == [[1], [1, 2]]


def test_two_new_tracklets_never_get_one_track() -> None:
    ids = run({1: [(8, 0)], 2: [], 3: [(8, 0), (60, 0)]}, 3)[0]
    assert ids == [[1], [], [1, 2]]


def test_the_matching_is_bipartite_and_within_a_class() -> None:
    """The nearest first would leave the second tracklet without a track."""
    bank = FeatureBank()
    unit = np.eye(3, dtype=np.float32)
    bank.add(np.array([4, 7]), np.array([0, 0]), unit[:2])
    linker = TrackletLinker(max_distance=1.2)
    between = (unit[0] + 0.9 * unit[1]) / np.hypot(1, 0.9)
    embeddings = np.stack([between, unit[0]])
    no_ids = np.empty(0, np.int64)
    labels = np.array([0, 0])
    assert linker.match(bank, embeddings, labels, no_ids).tolist() == [7, 4]
    assert linker.match(bank, embeddings, labels, np.array([4])).tolist() == [7, -1]
    labels = np.array([1, 1])
    assert linker.match(bank, embeddings, labels, no_ids).tolist() == [-1, -1]


def test_the_distance_is_that_of_unit_vectors() -> None:
    """At an angle of 60 degrees it is 1."""
    bank = FeatureBank()
    bank.add(np.array([1]), np.array([0]), np.array([[1.0, 0]]))
    rotated = np.array([[0.5, np.sqrt(0.75)]])
    no_ids, labels = np.empty(0, np.int64), np.array([0])
    for limit, expected in ((0.99, -1), (1.01, 1)):
        linker = TrackletLinker(max_distance=limit)
        assert linker.match(bank, rotated, labels, no_ids).tolist() == [expected]


def test_the_mean_of_a_track_is_brought_to_unit_length() -> None:
    """Of two embeddings at a right angle: from each it is 2 sin(45 / 2 degrees) = .765."""
    bank = FeatureBank()
    for vector in np.eye(2):
        bank.add(np.array([1]), np.array([0]), vector[None])
    no_ids, labels = np.empty(0, np.int64), np.array([0])
    for limit, expected in ((0.76, -1), (0.77, 1)):
        linker = TrackletLinker(max_distance=limit)
        ids = linker.match(bank, np.eye(2)[:1], labels, no_ids)
        assert ids.tolist() == [expected]


def test_the_greatest_distance_is_in_the_gate() -> None:
    """Opposite float32 vectors are 2 apart, or more by rounding."""
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(20, 12)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for vector in vectors:
        bank = FeatureBank()
        bank.add(np.array([1]), np.array([0]), vector[None])
        options = np.array([0]), np.empty(0, np.int64)
        linker = TrackletLinker(max_distance=2.0)
        assert linker.match(bank, -vector[None], *options).tolist() == [1]
        linker = TrackletLinker(max_distance=1.99)
        assert linker.match(bank, -vector[None], *options).tolist() == [-1]
    bank = FeatureBank()
    bank.add(np.array([1]), np.array([0]), np.eye(2)[:1])
    linker = TrackletLinker(max_distance=2**0.5)
    assert linker.match(bank, np.eye(2)[1:], *options).tolist() == [1]


def test_the_bank_holds_the_mean_of_every_update_interval() -> None:
    places = {k: [(8, 0)] for k in range(1, 10)}
    _, _, reid, state = run(places, 9, update_interval=4)
    assert reid.num_boxes == 3  # in frames 1, 5 and 9
    assert state.bank.sums.tolist() == [[3, 0, 0, 0, 0, 0]]
    assert run(places, 9, update_interval=None)[2].num_boxes == 1


def test_a_forgotten_track_ends_once_and_never_comes_back() -> None:
    places = {1: [(8, 0)], 5: [(8, 0)]}
    assert run(places, 5, max_inactive=3)[0][4] == [1]
    ids, ended, _, state = run(places, 5, max_inactive=2)
    assert ids == [[1], [], [], [], [2]]
    assert ended == [[], [], [], [1], []]
    assert state.bank.ids.tolist() == [2] and state.bank.sums.shape == (1, 6)


def test_the_bank_does_not_grow_with_the_video() -> None:
    places = {k: [(8, 16 * (k // 3 % 6))] for k in range(1, 300) if k % 3}
    _, _, _, state = run(places, 300, max_inactive=5)
    assert len(state.bank.ids) <= 3


def test_a_linker_without_reid_is_refused_when_it_is_built() -> None:
    with pytest.raises(ValueError, match='a linker compares appearance: set reid'):
        SingleShotTracker(
            detector=GridDetector({}),
            anchors=dict(type='TrackingAnchors'),
            motion=dict(type='IdentityMotion'),
            linker=dict(type='TrackletLinker'),
        )


def test_embeddings_of_another_length_are_refused() -> None:
    bank = FeatureBank()
    bank.add(np.array([1]), np.array([0]), np.ones((1, 4)))
    with pytest.raises(ValueError, match='length 5 after some of length 4'):
        bank.add(np.array([2]), np.array([0]), np.ones((1, 5)))


def test_options_out_of_their_range_are_refused() -> None:
    for name, value in (('max_distance', -1), ('update_interval', 0)):
        with pytest.raises(ValueError, match=f'TrackletLinker: {name}'):
            TrackletLinker(**{name: value})
    with pytest.raises(
        ValueError, match='max_distance must be a finite number from 0 to 2'
    ):
        TrackletLinker(max_distance=5)
