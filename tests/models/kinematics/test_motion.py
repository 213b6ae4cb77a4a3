"""Ways that are known: what is said of them, at any frame rate, size and side."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.kinematics.motion import Motion
from mmsmot.models.kinematics.motion_options import MotionOptions
from mmsmot.models.kinematics.track_kinematics import fit_kinematics_lines
from tests.models.kinematics.people import (
    HEIGHT,
    WIDTH,
    Person,
    described,
    fed,
    frames_of,
    plain,
    walker,
    with_lost_tracks,
)

CAMERA = dict(type='SparseOpticalFlow', height=120, max_corners=60)


def motions(people, keywords=None, **options) -> list[Motion]:
    semantics, buffer = fed(frames_of(people, **options), **keywords or {})
    tracks = semantics._kinematics(buffer, buffer.ids)
    return [semantics._facts(track, buffer).motion for track in tracks.values()]


def ways(motion: Motion) -> list[str]:
    """A word for each segment."""
    return [
        '+'.join(filter(None, [s.lateral, s.depth])) or ('way' if s.moves else 'still')
        for s in motion.segments
        if s.is_sure
    ]


def test_fit_is_exact_on_lines_and_keeps_series_apart() -> None:
    ids = np.repeat([4, 7, 9], [10, 1, 20])
    bins = np.concatenate([np.arange(10), [4], 2 * np.arange(20)])
    time = bins * 0.125 + 0.03
    values = 2 + 3 * time + 100 * ids
    points = (1 + 2j) * time
    weights = np.random.default_rng(0).uniform(0.2, 1, len(ids))
    levels, slopes = fit_kinematics_lines(
        ids, bins, time, [values, points], weights, 0.4
    )
    np.testing.assert_allclose(levels[0], values, atol=1e-9)
    np.testing.assert_allclose(slopes[0], np.where(ids == 7, 0, 3), atol=1e-9)
    np.testing.assert_allclose(slopes[1][ids != 7], 1 + 2j, atol=1e-9)


@pytest.mark.parametrize('fps', [2, 5, 10, 25, 60])
@pytest.mark.parametrize('jitter', [None, 3])
def test_stand_walk_stop_and_walk_back(fps: float, jitter: int | None) -> None:
    person = walker(150, (3, 0), (3, 0.8), (3, 0), (3, -0.8))
    (motion,) = motions([person], fps=fps, seconds=12 + 1 / fps, jitter=jitter)
    assert ways(motion) == ['still', 'right', 'still', 'left']
    starts = [segment.start for segment in motion.segments]
    np.testing.assert_allclose(starts, [0, 3, 6, 9], atol=0.6)
    way = [segment.right for segment in motion.segments if segment.moves]
    np.testing.assert_allclose(way, [2.4, -2.4], atol=0.35)


def test_to_and_fro() -> None:
    person = walker(200, (3, 0.8), (3, -0.8), (3, 0.8), (3, -0.8))
    (motion,) = motions([person], seconds=12)
    assert ways(motion) == ['right', 'left', 'right', 'left']


@pytest.mark.parametrize(
    ('speed', 'expected'), [(0.3, 'slow'), (0.8, ''), (1.3, ''), (2.0, 'fast')]
)
def test_speeds_are_in_body_heights(speed: float, expected: str) -> None:
    for height in (60.0, 140.0):
        person = walker(60, (2.5, speed), height=height)
        (motion,) = motions([person], seconds=2.5)
        assert [s.pace for s in motion.segments] == [expected]


def test_towards_the_camera_and_away() -> None:
    nearer = Person(((0, 320, 200, 60), (5, 320, 262, 110)))
    away = Person(((0, 320, 262, 110), (5, 320, 200, 60)))
    across = Person(((0, 200, 200, 60), (5, 360, 262, 110)))
    assert [ways(*motions([p], seconds=5)) for p in (nearer, away, across)] == [
        ['nearer'],
        ['away'],
        ['right+nearer'],
    ]


def test_what_hides_the_feet_is_no_way() -> None:
    """A car drives in front of somebody who stands: the box ends above it."""
    feet = Person(((0, 320, 260, 100), (4, 320, 260, 100)))
    hidden = Person(((2, 320, 260, 100), (3, 320, 215, 55)), aspect=0.4)
    steps = frames_of([feet], seconds=4)
    for frame, tracks in steps[20:]:
        box = hidden.box(min(frame.timestamp, 3.0))
        box[[0, 2]] = 300, 340  # as wide as before
        tracks.boxes[:] = box if len(tracks) else tracks.boxes
    semantics, buffer = fed(steps)
    caption = semantics.generate(buffer).captions[1]
    assert 'camera' not in caption
    assert 'moves' not in caption


@pytest.mark.parametrize('pan', [-70.0, 45.0, 120.0])
def test_a_panning_camera_moves_nobody(pan: float) -> None:
    start = 320 - pan * 2
    stands, walks = walker(start, (4, 0)), walker(start + 80, (4, 0.8), feet=280)
    track_motions = motions(
        [stands, walks], dict(camera_motion=CAMERA), seconds=4, pan=pan, images=True
    )
    assert ways(track_motions[0]) == ['still']
    assert ways(track_motions[1]) == ['right']


def test_a_pan_that_begins_later_moves_nobody() -> None:
    """At 0.4 widths of the image a second, for one second."""
    people = [walker(400, (5, 0)), walker(560, (5, 0), feet=280)]
    steps = frames_of(
        people,
        seconds=5,
        fps=25,
        images=True,
        pan=lambda t: -256 * np.clip(t - 2, 0, 1),
    )
    semantics, buffer = fed(steps, camera_motion=CAMERA)
    description = semantics.generate(buffer)
    assert [[span.motion for span in description.motions[i]] for i in (1, 2)] == [
        ['stand']
    ] * 2


def test_a_pan_over_a_plain_wall_is_no_way_and_no_interaction() -> None:
    """Two who stand: what the camera does is not known, so neither is what they do."""
    people = [walker(350, (6, 0)), walker(450, (6, 0))]
    steps = frames_of(people, fps=25, images=True, pan=lambda t: -60 * t, change=plain)
    description = described(steps, camera_motion=CAMERA)
    assert [*description.motions.values()] == [[], []]
    assert len(description.interactions) == 0
    assert 'is in view' in description.captions[1]


def test_a_slow_pan_moves_no_small_people() -> None:
    """At 0.01 widths a second somebody of 25 pixels would walk slowly."""
    people = [walker(350, (6, 0), height=25), walker(450, (6, 0), height=28)]
    track_motions = motions(
        people, dict(camera_motion=CAMERA), seconds=6, pan=6.0, images=True
    )
    assert [ways(motion) for motion in track_motions] == [['still'], ['still']]


def test_a_camera_that_follows_somebody() -> None:
    person = walker(320, (4, 0.8))
    (motion,) = motions(
        [person], dict(camera_motion=CAMERA), seconds=4, pan=-80, images=True
    )
    assert ways(motion) == ['right']
    assert motion.segments[0].right == pytest.approx(3.2, abs=0.3)


def test_the_border_makes_no_way() -> None:
    """Half in the image, the visible part breathes: nobody goes anywhere."""
    for x in (0, 8, WIDTH - 5):
        (motion,) = motions([walker(x, (5, 0))], seconds=5, jitter=4)
        assert ways(motion) in (['still'], [])
    for feet in (HEIGHT + 30, HEIGHT + 5):
        (motion,) = motions([walker(300, (5, 0), feet=feet)], seconds=5, jitter=4)
        assert ways(motion) in (['still'], [])


def towards_the_camera(metres: float, camera: float, begin: float = 14.0) -> Person:
    """Somebody who walks 1.4 m/s past a camera so many metres high, so far beside it."""
    points = []
    for time in np.arange(0, (begin - 1.2) / 1.4, 0.05):
        scale = 1.07 * WIDTH / (begin - 1.4 * time)  # pixels a metre
        feet = 0.45 * HEIGHT + camera * scale
        points.append((time, WIDTH / 2 + metres * scale, feet, 1.7 * scale))
    return Person(tuple(points), aspect=0.36)


@pytest.mark.parametrize('camera', [1.2, 1.6, 2.2])
@pytest.mark.parametrize('metres', [0.0, 0.5, 1.0])
def test_who_walks_into_the_camera_does_not_stop(metres: float, camera: float) -> None:
    """The border cuts the feet from 3 metres on, and the height is not seen any more."""
    (motion,) = motions([towards_the_camera(metres, camera)], seconds=9, fps=25)
    assert 'still' not in ways(motion)
    assert ways(motion)[0].endswith('nearer')
    assert all(segment.pace != 'slow' for segment in motion.segments)


def test_who_stands_close_up_stays() -> None:
    """Head and shoulders of somebody before a webcam: the width tells it."""
    (motion,) = motions([walker(300, (5, 0), feet=500, height=300)], seconds=5)
    assert ways(motion) == ['still']


@pytest.mark.parametrize('phase', [0.0, 0.1, 0.25, 0.4])
@pytest.mark.parametrize('speed', [0.8, 1.3])
def test_a_quick_turn_at_two_frames_a_second_is_one_person(
    speed: float, phase: float
) -> None:
    person = walker(150, (4 - phase, speed), (4, -speed), height=70)
    (motion,) = motions([person], fps=2, seconds=8 - phase)
    assert ways(motion) == ['right', 'left']


def test_long_tracks_keep_their_story() -> None:
    """Of which every 16th sample is held: two seconds from one to the next."""
    rounds = [(30, 0.0), (10, 0.5), (30, 0.0), (10, -0.5)] * 2
    semantics, buffer = fed(
        frames_of([walker(150, *rounds, height=60)], seconds=160, fps=8),
        max_samples=100,
    )
    (track,) = semantics._kinematics(buffer, [1]).values()
    assert np.median(np.diff(track.time)) == 2.0
    motion = semantics._facts(track, buffer).motion
    assert ways(motion) == ['still', 'right', 'still', 'left'] * 2
    assert (motion.segments[0].start, motion.segments[-1].end) == (0, 159.875)


def test_who_comes_in_and_goes_out() -> None:
    person = walker(-60, (9, 0.9), begin=1)
    (motion,) = motions([person], seconds=11)
    assert (motion.entry, motion.exit, ways(motion)) == ('left', 'right', ['right'])
    (motion,) = motions([person.mirrored()], seconds=11)
    assert (motion.entry, motion.exit, ways(motion)) == ('right', 'left', ['left'])
    there = walker(10, (6, 0.9))  # from the first frame on
    assert motions([there], seconds=5)[0].entry == ''


def test_a_box_that_jumps_to_somebody_else_ends_the_story() -> None:
    steps = frames_of([walker(100, (4, 0))], seconds=4)
    steps += frames_of([walker(400, (8, 0.8), begin=0)], seconds=8)[40:]
    semantics, buffer = fed(
        [(step[0].__class__(step[0].video, row + 1, row / 10), step[1])
         for row, step in enumerate(steps)]
    )  # fmt: skip
    track = semantics._kinematics(buffer, [1])[1]
    assert np.ptp(track.x) > 250 or np.ptp(track.x) < 20  # one of the two, not both


def test_two_boxes_are_no_motion() -> None:
    (motion,) = motions([walker(100, (0.1, 0.8))], seconds=1)
    assert ways(motion) == []
    (motion,) = motions([walker(100, (0.0, 0.8))], seconds=1)
    assert ways(motion) == []


CLEAR_WAYS = st.lists(
    st.sampled_from([(3.0, 0.0), (3.0, 0.8), (3.0, -0.8), (4.0, 0.6), (4.0, -0.6)]),
    min_size=1,
    max_size=4,
)
PEOPLE = st.builds(
    lambda ways, start, feet, height: walker(start, *ways, feet=feet, height=height),
    CLEAR_WAYS,
    st.floats(250, 390),
    st.floats(200, 300),
    st.floats(40, 60),
)
SIDES = {'left': 'right', 'right': 'left'}


def all_ways(person: Person, **options) -> list[str]:
    return [
        w for motion in motions([person], seconds=8, **options) for w in ways(motion)
    ]


@settings(max_examples=25)
@given(PEOPLE)
def test_the_mirror_swaps_left_and_right_and_nothing_else(person: Person) -> None:
    mirrored = all_ways(person.mirrored())
    assert [SIDES.get(way, way) for way in mirrored] == all_ways(person)


@settings(max_examples=25)
@given(PEOPLE, st.sampled_from([8.0, 10.0, 12.5, 25.0]))
def test_twice_the_frame_rate_changes_nothing(person: Person, fps: float) -> None:
    assert all_ways(person, fps=2 * fps) == all_ways(person, fps=fps)


@settings(max_examples=15)
@given(PEOPLE, st.floats(0.5, 4))
def test_the_size_of_the_image_changes_nothing(person: Person, factor: float) -> None:
    size = round(factor * WIDTH), round(factor * HEIGHT)
    assert all_ways(person.scaled(size[0] / WIDTH), size=size) == all_ways(person)


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match='move_speed must be a finite number above 0'):
        MotionOptions(move_speed=0)
    with pytest.raises(TypeError, match='walking_speed'):
        MotionOptions(walking_speed=1)


@pytest.mark.parametrize(('lost', 'is_seen'), [((4.2, 6.6), False), ((4.2, 4.9), True)])
def test_a_way_ends_where_it_was_seen_last(lost: tuple, is_seen: bool) -> None:
    """Behind a sign nobody sees when somebody stops; a moment without a box is no gap."""
    steps = frames_of([walker(100, (4, 0.8), (5, 0))], seconds=9)
    way, stay = described(with_lost_tracks(steps, *lost)).motions[1]
    assert (way.start_frame, way.direction) == (1, 'right')
    # The last frames before and the first ones after it is lost are 42, 50 and 67.
    assert way.end_frame == (50 if is_seen else 42)
    assert stay.start_frame == (50 if is_seen else 67)
