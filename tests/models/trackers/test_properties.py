"""What holds for every tracker, on random videos."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.trackers import (
    OCSORT,
    SORT,
    AppearanceByteTrack,
    BaseTracker,
    BoTSORT,
    ByteTrack,
    DeepOCSORT,
    DeepSORT,
    StrongSORT,
    association,
)
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.models.trackers.roboflow_tracker import RoboflowTracker
from mmsmot.structures import Detections, Frame, Tracks, VideoInfo

TRACKERS: dict[str, Callable[..., BaseTracker]] = {
    'SORT': partial(SORT, min_hits=1, max_age=3),
    'SORT, published': SORT,
    'ByteTrack': ByteTrack,
    'AppearanceByteTrack': AppearanceByteTrack,
    'OCSORT': partial(OCSORT, min_hits=1),
    'OCSORT with BYTE': partial(OCSORT, use_byte=True, min_hits=0, max_age=5),
    'DeepSORT': partial(DeepSORT, n_init=1),
    'DeepSORT, published': DeepSORT,
    'StrongSORT': partial(StrongSORT, n_init=1, min_confidence=0.3),
    'StrongSORT, published': StrongSORT,
    'BoT-SORT': BoTSORT,
    'BoT-SORT-ReID': partial(BoTSORT, with_reid=True),
    'Deep OC-SORT': partial(DeepOCSORT, min_hits=1),
}
every_tracker = pytest.mark.parametrize('make', TRACKERS.values(), ids=TRACKERS)
videos = st.integers(0, 2**32 - 1)


def random_video(seed: int, num_frames: int = 12) -> list[Detections]:
    """Walking boxes with misses, weak scores, noise, ghosts and empty frames."""
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 9))
    centre = rng.uniform(0, 400, (count, 2))
    velocity = rng.normal(0, 6, (count, 2))
    size = rng.uniform(20, 80, (count, 2))
    looks_of = rng.normal(size=(count, 8))
    video = []
    for _ in range(num_frames):
        centre = centre + velocity
        seen = rng.random(count) > 0.2
        if rng.random() < 0.1:
            seen[:] = False
        ghosts = rng.uniform(0, 400, (rng.poisson(0.5), 2))
        middle = np.concatenate([centre[seen], ghosts])
        half = np.concatenate([size[seen], np.full((len(ghosts), 2), 40.0)]) / 2
        boxes = np.concatenate([middle - half, middle + half], axis=1)
        boxes += rng.normal(0, 0.5, boxes.shape)
        labels = rng.integers(0, 3, len(boxes))
        looks = np.concatenate([looks_of[seen], rng.normal(size=(len(ghosts), 8))])
        scores = rng.uniform(0.05, 1, len(boxes))
        video.append(Detections(boxes, scores, labels, looks))
    return video


def run(tracker: BaseTracker, video: list[Detections]) -> list[Tracks]:
    return [tracker.update(detections) for detections in video]


def assert_equal(a: list[Tracks], b: list[Tracks]) -> None:
    for one, other in zip(a, b, strict=True):
        for name in ('ids', 'boxes', 'scores', 'labels', 'det_index'):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@every_tracker
@settings(max_examples=40)
@given(seed=videos)
def test_ids_are_positive_and_unique_in_a_frame(make, seed: int) -> None:
    for tracks in run(make(), random_video(seed)):
        assert (tracks.ids >= 1).all()
        assert len(np.unique(tracks.ids)) == len(tracks)


@every_tracker
@settings(max_examples=40)
@given(seed=videos)
def test_det_index_points_at_the_detection_taken(make, seed: int) -> None:
    video = random_video(seed)
    for detections, tracks in zip(video, run(make(), video), strict=True):
        took = tracks.det_index >= 0
        rows = tracks.det_index[took]
        assert len(np.unique(rows)) == len(rows)
        np.testing.assert_array_equal(tracks.scores[took], detections.scores[rows])
        np.testing.assert_array_equal(tracks.labels[took], detections.labels[rows])


@every_tracker
@settings(max_examples=25)
@given(seed=videos)
def test_reset_is_a_fresh_tracker_and_runs_are_equal(make, seed: int) -> None:
    video, tracker = random_video(seed), make()
    first = run(tracker, video)
    assert_equal(first, run(make(), video))
    tracker.reset()
    assert_equal(first, run(tracker, video))


@every_tracker
@settings(max_examples=40)
@given(seed=videos)
def test_order_of_detections_does_not_matter(make, seed: int) -> None:
    video = random_video(seed)
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(d)) for d in video]
    shuffled = [d[order] for d, order in zip(video, orders, strict=True)]
    renamed: dict[int, int] = {}
    for one, other, order in zip(
        run(make(), video), run(make(), shuffled), orders, strict=True
    ):
        taken = np.append(order, -1)[other.det_index]  # -1 stays -1
        by_row = {int(r): int(i) for r, i in zip(taken, other.ids, strict=True)}
        assert sorted(one.det_index.tolist()) == sorted(taken.tolist())
        for row, track_id in zip(one.det_index.tolist(), one.ids.tolist(), strict=True):
            if row >= 0:
                assert renamed.setdefault(track_id, by_row[row]) == by_row[row]


@every_tracker
@settings(max_examples=25)
@given(seed=videos)
def test_each_class_is_tracked_as_by_a_tracker_of_its_own(make, seed: int) -> None:
    video = random_video(seed)
    together = run(make(), video)
    for label in range(3):
        rows = [np.flatnonzero(d.labels == label) for d in video]
        alone = run(make(), [d[own] for d, own in zip(video, rows, strict=True)])
        renamed: dict[int, int] = {}
        for one, every, own in zip(alone, together, rows, strict=True):
            same = every[every.labels == label]
            assert len(one) == len(same)
            order = [renamed.setdefault(i, None) for i in one.ids.tolist()]
            taken = np.append(own, -1)[one.det_index]
            by_box = {tuple(b): i for b, i in zip(same.boxes, same.ids, strict=True)}
            for box, row, track_id, known in zip(
                one.boxes, taken, one.ids.tolist(), order, strict=True
            ):
                other = by_box[tuple(box)]  # equal to the last digit
                assert known in (None, other)
                renamed[track_id] = other
                assert row == same.det_index[same.ids == other][0]


@every_tracker
@settings(max_examples=25)
@given(seed=videos)
def test_class_agnostic_looks_at_no_label(make, seed: int) -> None:
    """As the published code, which knows of none; a track has its detection's label."""
    video = random_video(seed)
    mixed = run(make(class_agnostic=True), video)
    plain = run(make(), [replace(d, labels=None) for d in video])
    for one, other, detections in zip(mixed, plain, video, strict=True):
        for name in ('ids', 'boxes', 'scores', 'det_index'):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        took = one.det_index >= 0
        np.testing.assert_array_equal(
            one.labels[took], detections.labels[one.det_index[took]]
        )


@every_tracker
def test_an_id_does_not_wander_to_another_class(make) -> None:
    """A bus takes the place of a person: two objects, unless classes are not looked at."""
    look = np.ones((1, 4), np.float32)
    person = Detections([[10, 10, 50, 90]], [0.95], [0], look)
    bus = Detections([[10, 10, 50, 90]], [0.95], [2], look)
    video = [person] * 5 + [bus] * 5
    classes_of: dict[int, set[int]] = {}
    for tracks in run(make(), video):
        for track_id, label in zip(tracks.ids, tracks.labels, strict=True):
            classes_of.setdefault(int(track_id), set()).add(int(label))
    assert sorted(classes_of.values(), key=min) == [{0}, {2}]
    ids = np.concatenate([t.ids for t in run(make(class_agnostic=True), video)])
    assert set(ids.tolist()) == {1}


@every_tracker
@pytest.mark.parametrize('given', [None, [], {}, np.zeros((1, 5)), 'boxes'], ids=str)
def test_what_are_no_detections(make, given) -> None:
    with pytest.raises(
        TypeError, match=r'\w+.update takes mmsmot.structures.Detections'
    ):
        make().update(given)


def test_a_tracker_of_another_package_is_given_no_lists() -> None:
    package_tracker = SimpleNamespace(
        update=lambda detections: None, reset=lambda: None
    )
    with pytest.raises(TypeError, match='RoboflowTracker.update takes .*, got list'):
        RoboflowTracker(tracker=package_tracker).update([])


@every_tracker
def test_far_and_huge_boxes_stay_numbers(make) -> None:
    """As far out as a box with sides in pixels can lie, and as large as one may be."""
    look = np.ones((3, 4), np.float32)
    boxes = np.array(
        [[1e12, -1e12, 1e12 + 50, -1e12 + 90], [0, 0, 1e9, 1e9], [5, 5, 5 + 1e-9, 6]]
    )
    for tracks in run(make(), [Detections(boxes, [0.95] * 3, None, look)] * 8):
        assert np.isfinite(tracks.boxes).all()


@pytest.mark.parametrize(
    'name',
    [
        *('SORT', 'SORT, published', 'ByteTrack', 'OCSORT', 'OCSORT with BYTE'),
        *('BoT-SORT', 'BoT-SORT-ReID', 'Deep OC-SORT'),
    ],
)
@settings(max_examples=25)
@given(seed=videos)
def test_a_crowd_is_tracked_alike_without_a_table_of_all_pairs(
    name: str, seed: int
) -> None:
    """What thousands are tracked by gives, on few, the same to the last digit."""
    make, video = TRACKERS[name], random_video(seed)
    dense = run(make(), video)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(association, 'LARGE', 0)
        assert_equal(run(make(), video), dense)


@every_tracker
@settings(max_examples=10)
@given(seed=videos)
def test_two_videos_in_turn_by_copies(make, seed: int) -> None:
    """A copy taken in the middle goes on alone, and neither disturbs the other."""
    video, other_video = random_video(seed), random_video(seed ^ 1)
    one, expected = make(), run(make(), video)
    middle = len(video) // 2
    first_half = run(one, video[:middle])
    other, copied = make(), copy.deepcopy(one)
    halves: list[list[Tracks]] = [[], []]
    for detections, other_detections in zip(
        video[middle:], other_video[: len(video) - middle], strict=True
    ):
        halves[0].append(one.update(detections))
        other.update(other_detections)
        halves[1].append(copied.update(detections))
    for half in halves:
        assert_equal(first_half + half, expected)


@pytest.mark.parametrize(
    'name',
    [n for n in TRACKERS if 'ReID' in n or 'Deep' in n or n.startswith('Strong')],
)
def test_looks_of_another_length_are_no_silent_mistake(name: str) -> None:
    """Also after a frame of nobody, which has no embeddings."""
    tracker = TRACKERS[name]()
    box = [[10, 10, 50, 90]]
    tracker.update(Detections(box, [0.95], None, np.ones((1, 8))))
    tracker.update(Detections.empty())
    with pytest.raises(
        ValueError, match='embeddings of length 4 after some of length 8'
    ):
        tracker.update(Detections(box, [0.95], None, np.ones((1, 4))))


class Panning(CameraMotion):
    """Knows how the camera moved: frame t is shifted by ``pans[t]``."""

    def __init__(self, pans: np.ndarray) -> None:
        self.steps = np.diff(pans, axis=0, prepend=pans[:1])
        super().__init__()

    def reset(self) -> None:
        self.seen = 0

    def estimate(self, frame: np.ndarray) -> np.ndarray:
        self.seen += 1
        return np.column_stack([np.eye(2), self.steps[self.seen - 1]])

    def _register(self, previous, gray): ...


@every_tracker
@settings(max_examples=25)
@given(seed=videos)
def test_a_pan_that_is_known_changes_nothing(make, seed: int) -> None:
    video = random_video(seed)
    pans = (
        np.random.default_rng(seed).integers(-300, 300, (len(video), 2)).astype(float)
    )
    shifts = np.concatenate([pans, pans], axis=1)
    tracker = make(camera_motion=Panning(pans))
    frame = Frame(VideoInfo('pan', ''), 1, 0.0, lambda: np.zeros((1, 1, 3), np.uint8))
    still = run(make(), video)
    for detections, shift, expected in zip(video, shifts, still, strict=True):
        moved = Detections(
            detections.boxes + shift,
            detections.scores,
            detections.labels,
            detections.embeddings,
        )
        tracks = tracker.update(moved, frame)
        np.testing.assert_array_equal(tracks.ids, expected.ids)
        np.testing.assert_allclose(tracks.boxes - shift, expected.boxes, atol=1e-6)


@every_tracker
def test_a_moving_camera_needs_the_image(make) -> None:
    tracker = make(camera_motion=dict(type='SparseOpticalFlow'))
    with pytest.raises(ValueError, match=r'must see the image: call update'):
        tracker.update(Detections.empty())


@every_tracker
def test_a_video_without_detections(make) -> None:
    for tracks in run(make(), [Detections.empty()] * 5):
        assert len(tracks) == 0
        assert tracks.boxes.shape == (0, 4)


@every_tracker
def test_one_frame(make) -> None:
    look = np.ones((1, 4), np.float32)
    tracks = make().update(Detections([[10, 10, 50, 90]], [0.95], [2], look))
    if make in (DeepSORT, StrongSORT):  # a track is shown when it is confirmed
        assert len(tracks) == 0
        return
    assert tracks.ids.tolist() == [1]
    assert tracks.labels.tolist() == [2]
    np.testing.assert_allclose(tracks.boxes, [[10, 10, 50, 90]])


@pytest.mark.parametrize(
    ('name', 'count'),
    [
        ('SORT', 10_000),
        ('ByteTrack', 10_000),
        ('OCSORT', 3_000),
        ('DeepSORT', 3_000),
        ('StrongSORT', 3_000),
        ('BoT-SORT-ReID', 10_000),
        ('Deep OC-SORT', 3_000),
    ],
)
def test_a_crowd_of_thousands(name: str, count: int) -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, [1920, 1080], (count, 2))
    sizes = rng.uniform(5, 30, corners.shape)
    boxes = np.concatenate([corners, corners + sizes], axis=1)
    scores = rng.uniform(0.71, 1, count)
    looks = rng.normal(size=(count, 4))
    tracker = TRACKERS[name]()
    tracker.update(Detections(boxes, scores, None, looks))
    is_sparse = name in ('SORT', 'ByteTrack', 'BoT-SORT-ReID')
    if is_sparse:  # a table of all pairs alone would be 800 MB
        tracemalloc.start()
    tracks = tracker.update(Detections(boxes + 0.2, scores, None, looks))
    assert len(np.unique(tracks.ids)) == len(tracks) > 0.9 * count
    if is_sparse:
        assert tracemalloc.get_traced_memory()[1] < 400e6
        tracemalloc.stop()
