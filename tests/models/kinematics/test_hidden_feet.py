"""What hides the feet, a bicycle or a car, moves nobody."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.kinematics.hidden_feet import _low_levels, has_hidden_feet
from mmsmot.structures import Frame, Tracks
from tests.models.kinematics.people import (
    WIDTH,
    Person,
    described,
    fed,
    frames_of,
    walker,
    with_lost_tracks,
)

Steps = list[tuple[Frame, Tracks]]


def hide_feet(
    steps: Steps, track_id: int, begin: float, end: float, share: float, rise: float = 0
) -> None:
    """Something comes before the feet for a time, within ``rise`` seconds."""
    for frame, tracks in steps:
        time = frame.timestamp
        if begin <= time <= end:
            ramp = min(1.0, (time - begin) / rise) if rise else 1.0
            boxes = tracks.boxes[tracks.ids == track_id]
            boxes[:, 3] -= ramp * share * (boxes[:, 3] - boxes[:, 1])
            tracks.boxes[tracks.ids == track_id] = boxes


@settings(max_examples=12)
@given(
    st.floats(2, 4),
    st.sampled_from([3.0, 20.0]),
    st.floats(0.25, 0.5),
    st.sampled_from([0.0, 0.3]),
    st.integers(0, 9),
)
def test_who_stands_with_hidden_feet_neither_leaves_nor_approaches(
    begin: float, length: float, share: float, rise: float, jitter: int
) -> None:
    people = [walker(300, (10, 0)), walker(340, (10, 0), feet=252)]
    steps = frames_of(people, seconds=10, jitter=jitter)
    hide_feet(steps, 1, begin, begin + length, share, rise)
    description = described(steps)
    assert {*description.interactions.verbs.tolist()} <= {'stand.v.01'}
    assert {
        span.motion for spans in description.motions.values() for span in spans
    } <= {
        'stand',
        'stay',
    }
    if length < 10:  # the feet come back
        assert len(description.interactions) == 2


def test_feet_that_come_out_were_there_before() -> None:
    people = [walker(300, (10, 0)), walker(340, (10, 0), feet=252)]
    steps = frames_of(people, seconds=10)
    hide_feet(steps, 1, 0, 5, 0.35)
    semantics, buffer = fed(steps)
    tracks = semantics._kinematics(buffer, [1, 2])
    np.testing.assert_allclose(tracks[1].feet, 250, atol=0.5)
    assert np.flatnonzero(tracks[1].is_sized)[0] == pytest.approx(41, abs=2)
    verbs = semantics.generate(buffer).interactions.verbs.tolist()
    assert {*verbs} == {'stand.v.01'}


def test_the_lower_side_is_completed_where_feet_are_hidden() -> None:
    steps = frames_of([walker(200, (8, 0.5))], seconds=8)
    hide_feet(steps, 1, 3, 5, 0.4)
    semantics, buffer = fed(steps)
    (track,) = semantics._kinematics(buffer, [1]).values()
    np.testing.assert_allclose(track.feet, 250, atol=0.5)
    np.testing.assert_allclose(track.height, 100, atol=0.5)
    assert np.ptp(track.samples['box'][:, 3]) == pytest.approx(40)


def test_a_box_around_two_for_a_moment_hides_no_feet_before_and_after() -> None:
    steps = frames_of([walker(300, (8, 0))], seconds=8)
    hide_feet(steps, 1, 4.0, 4.45, -0.4)
    semantics, buffer = fed(steps)
    (track,) = semantics._kinematics(buffer, [1]).values()
    np.testing.assert_allclose(track.feet, 250, atol=0.5)
    assert track.is_sized.all()


COMES_NEARER = Person(
    ((0, 300, 250, 100), (11, 300, 250, 100), (16, 300, 310, 160)),
)


def test_feet_that_come_back_while_the_track_is_lost_are_not_hidden() -> None:
    """Hidden from 3 to 5 s, lost until 9, whole from then on, and then nearer."""
    steps = frames_of([COMES_NEARER], seconds=16)
    hide_feet(steps, 1, 3, 8.9, 0.35)
    steps = with_lost_tracks(steps, 5, 9)
    semantics, buffer = fed(steps)
    samples = buffer.of([1])
    is_hidden = has_hidden_feet(samples, width=WIDTH)
    time = samples['time']
    np.testing.assert_array_equal(is_hidden, (time > 2.95) & (time < 5))
    (track,) = semantics._kinematics(buffer, [1]).values()
    assert track.height[-1] == pytest.approx(159, abs=1.5)
    assert track.is_sized.all()
    spans = described(steps).motions[1]
    assert [*{span.depth for span in spans if span.start_frame > 100}] == ['nearer']


def test_feet_that_are_hidden_before_and_after_a_gap_stay_hidden() -> None:
    steps = frames_of([walker(300, (14, 0))], seconds=14)
    hide_feet(steps, 1, 3, 12, 0.35)
    _, buffer = fed(with_lost_tracks(steps, 5, 7))
    samples = buffer.of([1])
    time = samples['time']
    is_hidden = has_hidden_feet(samples, width=WIDTH)
    assert is_hidden[(time > 3) & (time < 12)].all()
    assert not is_hidden[(time < 2.9) | (time > 12.2)].any()


@pytest.mark.parametrize('shift', [-0.25, 0.0, 0.25])
def test_feet_that_come_back_between_two_epochs_are_not_hidden(shift: float) -> None:
    steps = frames_of([COMES_NEARER], seconds=16)
    hide_feet(steps, 1, 3, 6, 0.35)
    _, buffer = fed(steps)
    samples = buffer.of([1])
    time = samples['time']
    samples['epoch'][time > 6 + shift] += 1
    is_hidden = has_hidden_feet(samples, width=WIDTH)
    assert is_hidden[(time > 3.1) & (time < 5.7)].all()
    assert not is_hidden[(time < 2.9) | (time > 6.4)].any()


def test_a_box_that_is_too_long_at_first_hides_no_feet_after_it() -> None:
    steps = frames_of([walker(300, (20, 0))], seconds=20)
    hide_feet(steps, 1, 0, 2, -0.35)
    semantics, buffer = fed(steps)
    samples = buffer.of([1])
    is_hidden = has_hidden_feet(samples, width=WIDTH)
    assert not is_hidden[samples['time'] > 2.3].any()
    (track,) = semantics._kinematics(buffer, [1]).values()
    np.testing.assert_allclose(track.height, 100, atol=0.5)
    np.testing.assert_allclose(track.feet, 250, atol=0.5)
    assert track.is_sized[track.time > 2.3].all()


def test_a_short_peak_that_rises_in_two_steps_hides_nothing_beside_it() -> None:
    edges, signs = [0, 20, 22, 23, 25, 50], [0, 1, 1, -1, -1, 0]
    levels = _low_levels(edges, signs, np.arange(50) / 8)
    assert sorted(levels) == [(20, 25), (22, 23)]
    assert len(edges) == len(signs) == 6  # the caller's


def hidden_samples(person: Person, seconds: float, **options) -> np.ndarray:
    _, buffer = fed(frames_of([person], seconds=seconds, **options))
    return has_hidden_feet(buffer.of([1]), width=WIDTH)


@pytest.mark.parametrize('fps', [2.0, 10.0, 30.0])
@pytest.mark.parametrize('speed', [0.8, 1.2])
@pytest.mark.parametrize('distance', [3.0, 8.0])
def test_who_walks_to_the_camera_has_feet(
    distance: float, speed: float, fps: float
) -> None:
    """Before a camera as high as the eyes only the lower side moves."""
    points = []
    for time in np.arange(0, (distance - 1.5) / speed, 0.1):
        height = 1.07 * WIDTH / (distance + 4 - speed * time)
        points.append((time, 320.0, 100 + height, height))
    person = Person(tuple(points))
    assert not hidden_samples(person, points[-1][0], fps=fps).any()


@settings(max_examples=8)
@given(st.floats(0, 1.2), st.integers(0, 99), st.sampled_from([2.0, 10.0, 25.0]))
def test_noise_hides_no_feet(speed: float, jitter: int, fps: float) -> None:
    person = walker(50, (6, speed), height=80)
    assert not hidden_samples(person, 6, jitter=jitter, fps=fps).any()


def test_few_samples_hide_nothing() -> None:
    assert not hidden_samples(walker(50, (0.3, 0)), 0.4).any()
