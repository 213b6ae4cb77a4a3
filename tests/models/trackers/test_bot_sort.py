"""BoT-SORT's own ideas on cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers import BoTSORT, ByteTrack
from mmsmot.structures import Detections

LOOKS = np.eye(4, dtype=np.float32)


def people(*rows: tuple[float, np.ndarray, float]) -> Detections:
    """People 40 wide and 100 high: left edge, look and score."""
    boxes = [[left, 0, left + 40, 100] for left, _, _ in rows]
    looks = np.array([look for _, look, _ in rows], np.float32)
    return Detections(boxes, [score for _, _, score in rows], None, looks)


def between(cosine: float) -> np.ndarray:
    """A look with a given cosine to the first one."""
    return np.array([cosine, np.sqrt(1 - cosine**2), 0, 0])


def test_the_cost_is_the_smaller_of_both_distances() -> None:
    """Section 3.3 for one track: its box overlaps all but the last."""
    tracker = BoTSORT(with_reid=True, pixel_offset=0.0)
    tracker.update(people((0, LOOKS[0], 0.9)))
    detections = people(
        (0, between(0.4), 0.8),  # half distance .3: only the overlap counts, times .8
        (10, between(0.6), 0.9),  # IoU .6, half distance .2
        (10, between(0.4), 0.9),  # IoU .6, half distance .3
        (20, between(1.0), 0.9),  # IoU 1/3: too far for looks
        (10, between(1.0), 0.9),
        (99, between(1.0), 0.9),
    )
    tracker._vectors = detections.embeddings
    boxes = tracker._filter.to_boxes(tracker._tracks.state)
    similarities = tracker._similarities(boxes, np.array([0]), detections, np.arange(6))
    expected = [0.8, 0.8, 0.54, 0.3, 1.0, 0.0]
    np.testing.assert_allclose(similarities.table, [expected], atol=1e-6)


def test_a_look_at_the_thresholds_counts() -> None:
    """IoU 1/2 at the proximity threshold, half a cosine distance of .25 at the other."""
    tracker = BoTSORT(with_reid=True, pixel_offset=0.0)
    tracker.update(people((0, LOOKS[0], 0.9)))
    boxes = tracker._filter.to_boxes(tracker._tracks.state)
    half_box = Detections([[0, 0, 40, 50]], [0.9], None, LOOKS[:1])
    tracker._vectors = half_box.embeddings
    slot = np.array([0])
    assert tracker._similarities(boxes, slot, half_box, slot).table[0, 0] == 1.0
    for distance, counts in ((0.4999, True), (0.5001, False)):
        candidate = people((0, between(1 - distance), 0.5))
        tracker._vectors = candidate.embeddings
        similarity = tracker._similarities(boxes, slot, candidate, slot).table[0, 0]
        assert (similarity > 0.7) == counts


def test_who_jumps_is_known_by_looks() -> None:
    """IoU .51 times a score of .65 is beyond the tentative round's .7, looks are not."""
    video = [people((0, LOOKS[0], 0.9)), people((200, LOOKS[1], 0.9))]
    jump = people((213, LOOKS[1], 0.61))
    for with_reid, expected in ((True, [2]), (False, [])):
        tracker = BoTSORT(with_reid=with_reid, tentative_match_threshold=0.68)
        for detections in video:
            tracker.update(detections)
        assert tracker.update(jump).ids.tolist() == expected


def test_a_new_track_is_reported_at_once() -> None:
    """As in the release, also after the first frame; ByteTrack waits for a second."""
    for tracker, expected in ((BoTSORT(), [1, 2]), (ByteTrack(), [1])):
        tracker.update(people((0, LOOKS[0], 0.9)))
        tracks = tracker.update(people((0, LOOKS[0], 0.9), (200, LOOKS[1], 0.9)))
        assert tracks.ids.tolist() == expected


def test_weak_detections_teach_no_looks() -> None:
    tracker = BoTSORT(with_reid=True)
    tracker.update(people((0, LOOKS[0], 0.9)))
    slot = tracker._tracks.rows['slot']
    assert tracker.update(people((0, LOOKS[1], 0.3))).ids.tolist() == [1]
    np.testing.assert_allclose(
        tracker._gallery.distances(slot, LOOKS[:1]), 0, atol=1e-6
    )
    tracker.update(people((0, LOOKS[1], 0.9)))
    expected = 1 - 0.9 / np.hypot(0.9, 0.1)
    distances = tracker._gallery.distances(slot, LOOKS[:1])
    np.testing.assert_allclose(distances, expected, atol=1e-6)


@pytest.mark.parametrize(('fps', 'missed'), [(30, 31), (10, 11)])
def test_the_buffer_is_seconds(fps: float, missed: int) -> None:
    """As ByteTrack's, a track may be found one frame after it has run out."""
    for gap, expected in ((missed, [1]), (missed + 1, [2])):
        tracker = BoTSORT(frame_rate=fps)
        tracker.update(people((0, LOOKS[0], 0.9)))
        for _ in range(gap):
            assert len(tracker.update(Detections.empty())) == 0
        assert tracker.update(people((0, LOOKS[0], 0.9))).ids.tolist() == expected


def test_whoever_is_lost_does_not_grow() -> None:
    tracker = BoTSORT()
    for width in (40, 50, 60, 70):
        tracker.update(Detections([[0, 0, width, 2 * width]], [0.9]))
    tracker.update(Detections.empty())
    sizes = [np.diff(tracker._filter.to_boxes(tracker._tracks.state)[0, [0, 2]])]
    for _ in range(3):
        tracker.update(Detections.empty())
        sizes.append(
            np.diff(tracker._filter.to_boxes(tracker._tracks.state)[0, [0, 2]])
        )
    np.testing.assert_allclose(sizes[1:], np.broadcast_to(sizes[0], (3, 1)))


def test_the_gallery_holds_those_who_are_remembered() -> None:
    tracker = BoTSORT(with_reid=True, track_buffer=5)
    for step in range(300):
        tracker.update(people((step * 500.0, LOOKS[step % 4], 0.9)))
    assert len(tracker._gallery._counts) <= 16


def test_embeddings_are_asked_for_only_with_reid() -> None:
    plain = Detections([[0, 0, 5, 5]], [0.9])
    assert len(BoTSORT().update(plain)) == 1
    with pytest.raises(ValueError, match='BoTSORT needs the appearance'):
        BoTSORT(with_reid=True).update(plain)
