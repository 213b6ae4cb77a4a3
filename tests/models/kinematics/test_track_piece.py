"""A box that goes on with somebody else: nothing is told across the jump."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmsmot.models.kinematics.box_changes import depth_change, peak_rows
from mmsmot.models.kinematics.track_kinematics import measure_track_kinematics
from mmsmot.models.kinematics.track_piece import longest_pieces
from mmsmot.models.semantics.description import Description
from mmsmot.structures import Frame, Tracks
from tests.models.kinematics.people import (
    GREEN,
    HEIGHT,
    WIDTH,
    Person,
    described,
    fed,
    frames_of,
    tracks_of,
    walker,
    with_lost_tracks,
)

Steps = list[tuple[Frame, Tracks]]


def taken_over(
    first: Person, second: Person, time: float, seconds: float, images: bool = False
) -> Steps:
    """One track, on the first until a time, then on the second.

    Until then the second has a track, too, if it is there.
    """
    steps = []
    for frame, _ in frames_of([first, second], seconds=seconds, images=images):
        now = frame.timestamp
        tracks = tracks_of([first, second], now, (WIDTH, HEIGHT))
        if now >= time:
            tracks = tracks[tracks.ids == 2]
            tracks = replace(tracks, ids=np.ones(len(tracks), np.int64))
        steps.append((frame, tracks))
    return steps


def stands_then_moves(description: Description) -> bool:
    """Whether the second person is told of, too; the first is in any case."""
    stay, *moves = description.motions[1]
    assert (stay.motion, stay.direction) == ('stand', '')
    return bool(moves)


@pytest.mark.parametrize(('top', 'is_one'), [(GREEN, False), ((40, 35, 200), True)])
def test_other_clothes_after_a_crossing_are_somebody_else(top, is_one: bool) -> None:
    """Somebody walks by close to one who stands, and takes the track along."""
    stands = walker(300, (9, 0), feet=250)
    passes = walker(300 - 80 * 6, (12, 0.8), feet=252, top=top, bottoms=top)
    if is_one:
        passes = replace(passes, bottoms=stands.bottoms)
    description = described(taken_over(stands, passes, 6, 9, images=True))
    # In the same clothes nobody could tell.
    assert stands_then_moves(description) == is_one
    assert ('to the right' in description.captions[1]) == is_one


@pytest.mark.parametrize('has_one_garment', [False, True])
def test_all_other_clothes_are_somebody_else_anywhere(has_one_garment: bool) -> None:
    """Nothing is hidden, nothing lost: the id goes over between two frames.

    One garment alone may be a jacket that is opened, or a shadow.
    """
    stands = walker(300, (6, 0))
    walks = walker(300, (5, 0.8), begin=6, top=GREEN, bottoms=(20, 20, 20))
    if has_one_garment:
        walks = replace(walks, bottoms=stands.bottoms)
    description = described(taken_over(stands, walks, 6, 11, images=True))
    assert stands_then_moves(description) == has_one_garment


def test_another_size_is_somebody_else() -> None:
    """A rider in front of somebody far away, at the same place and in the same clothes."""
    far = walker(300, (6, 0), height=70)
    near = walker(300 - 120 * 6, (12, 1.2), height=100)
    description = described(taken_over(far, near, 6, 8))
    assert [span.motion for span in description.motions[1]] == ['stand']
    assert 'to the right' not in description.captions[1]


def test_a_box_around_two_for_a_moment_is_no_jump() -> None:
    steps = frames_of([walker(100, (8, 0.6))], seconds=8)
    for row, (_, tracks) in enumerate(steps):
        if 40 <= row < 46:
            tracks.boxes[:] += [-15, -30, 15, 5]
    (span,) = described(steps).motions[1]
    assert (span.start_frame, span.end_frame, span.direction) == (1, 80, 'right')


@pytest.mark.parametrize('is_mirrored', [False, True])
def test_who_goes_out_does_not_come_back_from_inside(is_mirrored: bool) -> None:
    goes_out = walker(310, (4, 0.8))
    comes = walker(590, (3, -0.8), begin=4.6, height=85)
    people = [goes_out, comes]
    if is_mirrored:
        people = [person.mirrored() for person in people]
    description = described(taken_over(*people, 4.05, 7.6))
    side = 'left' if is_mirrored else 'right'
    assert [span.direction for span in description.motions[1]] == [side]
    assert 'back' not in description.captions[1]


@pytest.mark.parametrize('is_mirrored', [False, True])
def test_who_goes_out_may_come_back_over_the_same_border(is_mirrored: bool) -> None:
    person = Person(
        (
            (0, 310.0, 250.0, 100.0),
            (4.5, 670.0, 250.0, 100.0),
            (5.3, 670.0, 250.0, 100.0),
            (9.8, 310.0, 250.0, 100.0),
        )
    )
    if is_mirrored:
        person = person.mirrored()
    sides = ['left', 'right'] if is_mirrored else ['right', 'left']
    description = described(frames_of([person], seconds=9.8))
    spans = description.motions[1]
    assert [span.direction for span in spans] == sides
    assert spans[-1].end_frame == 98


def test_a_zoom_that_is_not_known_is_no_other_size() -> None:
    """Between two epochs of the camera it zooms, and a box is 1.4 times as large."""
    semantics, buffer = fed(frames_of([walker(320, (8, 0), feet=180)], seconds=8))
    samples = buffer.of([1])
    is_later = samples['time'] >= 4
    middle = np.array([WIDTH, HEIGHT, WIDTH, HEIGHT]) / 2
    zoomed_boxes = middle + 1.4 * (samples['box'][is_later] - middle)
    samples['box'][is_later] = zoomed_boxes
    lengths = []
    for epoch in (0, 1):
        samples['epoch'][is_later] = epoch
        tracks = measure_track_kinematics(
            samples,
            width=WIDTH,
            plane=buffer.plane,
            smoothing=semantics.motion.smoothing,
            depth_smoothing=semantics.motion.depth_smoothing,
            depth_noise=semantics.motion.depth_noise,
        )
        (piece,) = longest_pieces(tracks, semantics.motion, width=WIDTH)
        lengths.append(piece.stop - piece.start)
    # In one epoch the zoom would be known, so that it is somebody larger.
    assert lengths == [pytest.approx(len(samples) / 2, abs=1), len(samples)]


def test_who_is_lost_behind_a_pillar_is_the_same() -> None:
    steps = frames_of([walker(150, (8, 0.5))], seconds=8)
    (span,) = described(with_lost_tracks(steps, 4, 5)).motions[1]
    assert (span.start_frame, span.end_frame, span.direction) == (1, 80, 'right')


@pytest.mark.parametrize('fps', [2.0, 10.0])
def test_who_comes_nearer_stays_the_same(fps: float) -> None:
    """At 1.2 body heights a second, from 8 body heights away to 3."""
    heights = [(t, 1.07 * WIDTH / (8 - 1.2 * t)) for t in np.arange(0, 4.2, 0.1)]
    person = Person(tuple((t, 320.0, 60 + h, h) for t, h in heights))
    (span,) = described(frames_of([person], seconds=4, fps=fps)).motions[1]
    assert span.depth == 'nearer'
    assert span.start_frame == 1


def test_depth_changes_are_those_of_a_fast_walker() -> None:
    # A tenth of a focal length high: 10 body heights away, 1.2 of them in a second.
    height = 1.0722 * 1000 / 10
    change = depth_change(np.array([1.0]), np.array([height]), width=1000)
    np.testing.assert_allclose(change, 0.12, rtol=1e-3)


def test_peaks() -> None:
    values = np.array([0.0, 3, 3, 3, 0, -2, -1, 0, 2])
    assert peak_rows(values, 2).tolist() == [2, 5, 8]
    assert peak_rows(-values, 2).tolist() == [2, 5, 8]
    assert peak_rows(values[:1], 2).tolist() == []
    assert peak_rows(values[:0], 2).tolist() == []
