"""What appearance adds to ByteTrack, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.trackers import AppearanceByteTrack, ByteTrack
from mmsmot.structures import Detections

from .test_properties import assert_equal, random_video, run

LOOKS = np.eye(4, dtype=np.float32)


def people(*rows: tuple[float, int]) -> Detections:
    """People 40 wide and 100 high: left edge, and which look."""
    boxes = [[left, 0, left + 40, 100] for left, _ in rows]
    return Detections(boxes, [0.9] * len(rows), None, LOOKS[[look for _, look in rows]])


def ids_by_look(tracker: ByteTrack, video: list[Detections]) -> list[dict[int, int]]:
    found = []
    for detections in video:
        tracks = tracker.update(detections)
        looks = detections.embeddings[tracks.det_index].argmax(1)
        found.append(dict(zip(looks.tolist(), tracks.ids.tolist(), strict=True)))
    return found


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1))
def test_without_weight_and_reach_it_is_bytetrack(seed: int) -> None:
    video = random_video(seed)
    blind = AppearanceByteTrack(appearance_weight=0, reach=0)
    assert_equal(run(blind, video), run(ByteTrack(), video))


def test_those_who_cross_between_two_frames_keep_their_ids() -> None:
    video = [people((0, 0), (50, 1)), people((0, 0), (50, 1)), people((20, 1), (30, 0))]
    kept = ids_by_look(AppearanceByteTrack(), video)
    assert kept[2] == kept[0]
    exchanged = ids_by_look(ByteTrack(), video)
    assert exchanged[2] == {0: exchanged[0][1], 1: exchanged[0][0]}


def test_who_runs_out_of_the_predicted_box_is_known_again() -> None:
    video = [people((0, 0)), people((0, 0)), people((90, 0))]  # no overlap
    assert ids_by_look(AppearanceByteTrack(), video)[2] == {0: 1}
    assert run(ByteTrack(), video)[2].ids.tolist() == []  # a new, tentative track


@pytest.mark.parametrize(
    ('other', 'why'),
    [
        (people((90, 1)), 'looks otherwise'),
        (people((190, 0)), 'too far'),
        (Detections([[90, 0, 110, 50]], [0.9], None, LOOKS[:1]), 'of another height'),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_who_is_far_or_another_is_not(other: Detections, why: str) -> None:
    tracker = AppearanceByteTrack()
    for detections in (people((0, 0)), people((0, 0))):
        tracker.update(detections)
    assert len(tracker.update(other)) == 0, why


def test_the_gallery_holds_those_who_are_remembered() -> None:
    tracker = AppearanceByteTrack(track_buffer=5)
    for step in range(300):
        tracker.update(people((step * 500.0, step % 4)))
    assert len(tracker._gallery._counts) <= 16
    tracker.update(Detections.empty())  # nobody, without embeddings
    assert len(tracker.update(people((0, 0)))) == 0


def test_without_embeddings_it_names_itself() -> None:
    with pytest.raises(ValueError, match='AppearanceByteTrack needs the appearance'):
        AppearanceByteTrack().update(Detections([[0, 0, 5, 5]], [0.9]))
