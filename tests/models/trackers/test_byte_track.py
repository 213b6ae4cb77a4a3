"""ByteTrack beyond what the goldens show."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers import ByteTrack
from mmsmot.models.trackers.association import LARGE
from mmsmot.models.trackers.byte_track import CONFIRMED, LOST
from mmsmot.structures import Detections


def walk(seed: int = 0) -> list[Detections]:
    """Three people who walk, found with a little noise."""
    rng = np.random.default_rng(seed)
    low = np.array([[10.0, 10], [80, 20], [200, 30]])
    speed = np.array([[6.0, 0], [-5, 1], [0, 4]])
    frames = []
    for t in range(12):
        corner = low + t * speed + rng.normal(0, 1, (3, 2))
        boxes = np.concatenate([corner, corner + [30, 60]], axis=1)
        seen = rng.random(3) > 0.2
        scores = rng.uniform(0.3, 0.9, 3)[seen]
        frames.append(Detections(boxes[seen], scores, np.zeros(seen.sum(), np.int64)))
    return frames


def test_own_boxes_are_the_detections_and_change_nothing_else() -> None:
    filtered, own = ByteTrack(), ByteTrack(report_detections=True)
    count, moved = 0, 0.0
    for detections in walk():
        theirs, ours = filtered.update(detections), own.update(detections)
        assert ours.ids.tolist() == theirs.ids.tolist()
        assert ours.det_index.tolist() == theirs.det_index.tolist()
        np.testing.assert_array_equal(ours.boxes, detections.boxes[ours.det_index])
        count += len(ours)
        moved = max(moved, np.abs(ours.boxes - theirs.boxes).max(initial=0))
    assert count >= 15
    assert moved > 0.5


@pytest.mark.parametrize(
    ('lives', 'kept'),
    [
        ((5, 4), [True, False]),  # in sight for longer than the lost one lived
        ((4, 5), [False, True]),
        ((4, 4), [False, True]),  # the original's tie: the one in sight goes
    ],
)
def test_of_two_on_one_spot_the_one_of_shorter_life_goes(
    lives: tuple[int, int], kept: list[bool]
) -> None:
    tracker = ByteTrack()
    spot = np.array([[10.0, 10, 50, 90], [10, 10, 50, 90]])
    rows = tracker._tracks.spawn(tracker._filter.initiate(spot))
    rows['stage'] = CONFIRMED, LOST
    rows['first_frame'], rows['last_frame'] = 1, 1 + np.array(lives)
    assert tracker._distinct(np.arange(2)).tolist() == kept
    assert tracker._distinct(np.array([1, 0])).tolist() == kept[::-1]


@pytest.mark.parametrize(('shift', 'goes'), [(5.5, True), (6.5, False)])
@pytest.mark.parametrize('large', [0, LARGE])
def test_what_is_on_one_spot(
    shift: float, goes: bool, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """41 x 81 pixels, 5.5 apart: IoU .86; the distance of .15 lies between."""
    monkeypatch.setattr('mmsmot.models.trackers.association.LARGE', large)
    tracker = ByteTrack(duplicate_threshold=0.25)
    boxes = np.array([[10.0, 10, 50, 90], [10 + shift, 10, 50 + shift, 90]])
    rows = tracker._tracks.spawn(tracker._filter.initiate(boxes))
    rows['stage'] = CONFIRMED, LOST
    rows['last_frame'] = 4, 2
    distance = 1 - (41 - shift) / (41 + shift)
    assert (distance < 0.25) == goes
    assert tracker._distinct(np.arange(2)).tolist() == [True, not goes]


@pytest.mark.parametrize(
    ('score', 'found'),
    [(0.1, False), (0.11, True), (0.59, True), (0.6, False), (0.61, True)],
)
def test_a_score_equal_to_a_threshold_is_in_neither_round(
    score: float, found: bool
) -> None:
    tracker = ByteTrack()
    box = [[10.0, 10, 50, 90]]
    assert len(tracker.update(Detections(box, [0.9]))) == 1
    assert len(tracker.update(Detections(box, [score]))) == found


def test_a_track_is_born_at_the_threshold_and_not_below() -> None:
    for score, born in ((0.7, 1), (0.69, 0)):
        assert len(ByteTrack().update(Detections([[10, 10, 50, 90]], [score]))) == born


@pytest.mark.parametrize(
    ('track_buffer', 'frame_rate', 'remembered'),
    [(30, 30, 30), (30, 8, 8), (10, 60, 20), (2, 29, 1)],
)
def test_how_long_the_lost_are_remembered(
    track_buffer: int, frame_rate: float, remembered: int
) -> None:
    tracker = ByteTrack(track_buffer=track_buffer, frame_rate=frame_rate)
    assert tracker.max_time_lost == remembered
    person = Detections([[10, 10, 50, 90]], [0.9])
    for gap in (remembered + 1, remembered + 2):
        tracker.reset()
        tracker.update(person)
        for _ in range(gap):
            assert len(tracker.update(Detections.empty())) == 0
        again = tracker.update(person)
        # One frame late it is still found, as in the original.
        assert (again.ids.tolist() == [1]) == (gap <= remembered + 1)


def test_old_tracks_are_reported_first_then_new_ones_then_those_found_again() -> None:
    tracker = ByteTrack()
    boxes = np.array([[10.0, 10, 50, 90], [110, 10, 150, 90], [210, 10, 250, 90]])
    scores = np.full(3, 0.9)
    assert tracker.update(Detections(boxes[:2], scores[:2])).ids.tolist() == [1, 2]
    # 1 is lost, 3 is seen for the first time.
    assert tracker.update(Detections(boxes[1:], scores[1:])).ids.tolist() == [2]
    # 2 is old; 3 was tentative and is confirmed now; 1 is found again.
    assert tracker.update(Detections(boxes, scores)).ids.tolist() == [2, 3, 1]
    assert tracker.update(Detections(boxes, scores)).ids.tolist() == [2, 3, 1]


def test_a_duplicate_is_nearer_than_the_threshold_and_not_at_it() -> None:
    tracker = ByteTrack(duplicate_threshold=0.0)
    spot = np.array([[10.0, 10, 50, 90], [10, 10, 50, 90]])
    tracker._tracks.spawn(tracker._filter.initiate(spot))['stage'] = CONFIRMED, LOST
    assert tracker._distinct(np.arange(2)).tolist() == [True, True]


@pytest.mark.parametrize('class_agnostic', [False, True])
@pytest.mark.parametrize('large', [0, LARGE])
def test_a_person_and_a_bus_on_one_spot_are_no_duplicates(
    class_agnostic: bool, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('mmsmot.models.trackers.association.LARGE', large)
    tracker = ByteTrack(class_agnostic=class_agnostic)
    spot = np.array([[10.0, 10, 50, 90], [10, 10, 50, 90]])
    tracker._begin(Detections(spot, [0.9, 0.9], [0, 2]))
    rows = tracker._tracks.spawn(tracker._filter.initiate(spot))
    rows['stage'], rows['label'] = (CONFIRMED, LOST), (0, 2)
    expected = [False, True] if class_agnostic else [True, True]
    assert tracker._distinct(np.arange(2)).tolist() == expected
