"""DeepSORT's gallery and cascade on cases made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.models.trackers import DeepSORT
from mmsmot.models.trackers.gallery import AppearanceGallery
from mmsmot.structures import Detections

EYE = np.eye(4, dtype=np.float32)


def scene(*people: tuple[float, int]) -> Detections:
    """People at x who look like the unit vector of a number."""
    boxes = [[x, 100, x + 40, 220] for x, _ in people]
    return Detections(boxes, [0.9] * len(people), None, EYE[[i for _, i in people]])


def test_missing_embeddings_name_the_slot() -> None:
    with pytest.raises(ValueError, match=r'set model\.reid'):
        DeepSORT().update(Detections([[0, 0, 5, 5]], [0.9]))
    assert len(DeepSORT().update(Detections.empty())) == 0


def test_confirmed_at_the_third_hit_and_shown_one_frame_longer() -> None:
    tracker = DeepSORT()
    shown = [len(tracker.update(scene((100, 0)))) for _ in range(4)]
    assert shown == [0, 0, 1, 1]
    coasted = tracker.update(Detections.empty())
    assert coasted.det_index.tolist() == [-1]
    assert len(tracker.update(Detections.empty())) == 0


def test_looks_keep_two_people_apart_who_swap_places_unseen() -> None:
    tracker = DeepSORT(gating_threshold=1e9)
    for _ in range(5):
        before = tracker.update(scene((100, 0), (160, 1)))
    for _ in range(4):
        tracker.update(Detections.empty())
    after = tracker.update(scene((100, 1), (160, 0)))
    where = dict(zip(before.det_index.tolist(), before.ids.tolist(), strict=True))
    found = dict(zip(after.det_index.tolist(), after.ids.tolist(), strict=True))
    assert found == {0: where[1], 1: where[0]}


def test_a_tentative_track_dies_at_its_first_miss() -> None:
    tracker = DeepSORT()
    tracker.update(scene((100, 0)))
    tracker.update(Detections.empty())
    for _ in range(3):
        found = tracker.update(scene((100, 0)))
    assert found.ids.tolist() == [2]


def test_gallery_keeps_the_last_of_its_budget() -> None:
    gallery = AppearanceGallery(budget=2)
    slots = gallery.allot(2, 4)
    for vector in (0, 1, 2):
        gallery.add(slots[:1], EYE[[vector]])
    gallery.add(slots[1:], EYE[[3]])
    distance = gallery.distances(np.repeat(slots, 4), np.tile(EYE, (2, 1)))
    np.testing.assert_allclose(distance, [1, 0, 0, 1, 1, 1, 1, 0], atol=1e-6)
    gallery.release(slots[:1])
    again = gallery.allot(15, 4)  # the room for 16 is used up without growing
    assert set(again.tolist()) == set(range(16)) - {int(slots[1])}
    again = again[again == slots[0]]
    gallery.add(again, -EYE[[0]])  # what a slot held before does not count
    np.testing.assert_allclose(
        gallery.distances(np.repeat(again, 2), EYE[:2]), [2, 1], atol=1e-6
    )
    with pytest.raises(ValueError, match='length 3 after some of length 4'):
        gallery.add(again, np.ones((1, 3), np.float32))
    with pytest.raises(ValueError, match='length 3 after some of length 4'):
        gallery.allot(99, 3)


def test_a_slot_is_compared_by_what_it_holds_alone() -> None:
    gallery = AppearanceGallery(budget=3)
    slots = gallery.allot(2, 2)
    gallery.add(slots, np.array([[1.0, 0], [-1, 0]], np.float32))
    gallery.add(slots[:1], np.array([[0.0, 1]], np.float32))
    looks = np.array([[1.0, 0], [1, 0]], np.float32)
    # The second holds one vector, that turned round; its empty place is none at 90 degrees.
    assert gallery.distances(slots, looks).tolist() == [0, 2]


def test_released_slots_are_used_again_before_there_are_more() -> None:
    gallery = AppearanceGallery(budget=1)
    slots = gallery.allot(3, 2)
    size = len(gallery._counts)
    gallery.release(slots)
    for _ in range(50):
        gallery.release(gallery.allot(1, 2))
    assert len(gallery._counts) == size


@pytest.mark.parametrize(
    ('n_init', 'shown'), [(1, [1, 1, 1]), (2, [0, 1, 1]), (3, [0, 0, 1])]
)
def test_after_how_many_matches_a_track_is_shown(n_init: int, shown: list[int]) -> None:
    tracker = DeepSORT(n_init=n_init)
    person = Detections([[10, 10, 50, 90]], [0.9], None, [[1.0, 0.0]])
    assert [len(tracker.update(person)) for _ in range(3)] == shown
