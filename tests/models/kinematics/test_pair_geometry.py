"""What two people do to each other, from ways that are known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.kinematics.pair_geometry import PairGeometryOptions
from tests.models.kinematics.people import (
    Person,
    described,
    fed,
    frames_of,
    plain,
    walker,
)

FPS = 10


def verbs(*people: Person, seconds: float = 6.0, **options) -> set[tuple]:
    """(subject, verb without its sense, object)."""
    table = described(frames_of(people, seconds=seconds, **options)).interactions
    return {
        (i, verb.split('.')[0], j)
        for (i, j), names in table.as_pairs().items()
        for verb in names
    }


CASES = {
    'follow': (
        (walker(100, (5, 0.7)), walker(190, (5, 0.7), feet=252)),
        {(1, 'follow', 2)},
    ),
    'accompany': (
        (walker(100, (5, 0.7)), walker(125, (5, 0.7), feet=254)),
        {(1, 'accompany', 2), (2, 'accompany', 1)},
    ),
    'fast behind each other': (
        # Boxes do not tell runners from riders.
        (walker(50, (2.5, 1.9)), walker(150, (2.5, 1.9), feet=252)),
        {(1, 'follow', 2)},
    ),
    'approach': (
        (walker(150, (3, 0.8), (2, 0)), walker(450, (5, 0))),
        {(1, 'approach', 2)},
    ),
    'meet': (
        (walker(150, (2, 0.8), (3, 0)), walker(520, (2, -0.8), (3, 0))),
        {(1, 'approach', 2), (2, 'approach', 1)},
    ),
    'leave': (
        (walker(350, (2.5, 0), (3, -0.8)), walker(410, (6, 0))),
        {(1, 'leave', 2)},
    ),
    'pass': (
        (walker(100, (5, 0.8)), walker(300, (6, 0), feet=255)),
        {(1, 'pass', 2)},
    ),
    'pass each other': (
        (walker(100, (5, 0.8)), walker(500, (5, -0.8), feet=255)),
        {(1, 'pass', 2), (2, 'pass', 1)},
    ),
    'stand': (
        (walker(300, (6, 0)), walker(370, (6, 0), feet=255)),
        {(1, 'stand', 2), (2, 'stand', 1)},
    ),
    'apart': ((walker(100, (6, 0)), walker(400, (6, 0))), set()),
    'stand, three in a row': (
        (
            walker(260, (6, 0)),
            walker(310, (6, 0), feet=252),
            walker(360, (6, 0)),
        ),
        {
            (1, 'stand', 2),
            (2, 'stand', 1),
            (2, 'stand', 3),
            (3, 'stand', 2),
        },
    ),
    'feet in one row, one twice as high': (
        (walker(300, (6, 0)), walker(340, (6, 0), height=190)),
        set(),
    ),
    'up to somebody, before a camera at the ground': (
        # In the end 1.5 times as far away from the camera as the other.
        (
            walker(300, (6, 0)),
            Person(((0, 330, 251, 40), (4, 330, 251, 67), (6, 330, 251, 67))),
        ),
        set(),
    ),
    'behind, far away': (
        # Twice as high: in front of the other by some metres, although the boxes touch.
        (walker(300, (6, 0), feet=200, height=50), walker(320, (6, 0), feet=330)),
        set(),
    ),
    'passes in front of, metres nearer': (
        (walker(100, (5, 0.8), feet=340), walker(300, (6, 0), feet=220, height=60)),
        set(),
    ),
}


@pytest.mark.parametrize('name', CASES)
def test_known_cases(name: str) -> None:
    people, expected = CASES[name]
    assert verbs(*people) == expected


@pytest.mark.parametrize('name', CASES)
def test_the_mirror_changes_no_interaction(name: str) -> None:
    people, expected = CASES[name]
    assert verbs(*(person.mirrored() for person in people)) == expected


@pytest.mark.parametrize('name', CASES)
@pytest.mark.parametrize('fps', [4, 25, 50])
def test_the_frame_rate_changes_no_interaction(name: str, fps: float) -> None:
    people, expected = CASES[name]
    assert verbs(*people, fps=fps) == expected


@pytest.mark.parametrize('name', CASES)
def test_noise_on_boxes_invents_no_interaction(name: str) -> None:
    people, expected = CASES[name]
    assert verbs(*people, jitter=5) <= expected


@settings(max_examples=10)
@given(st.sampled_from(sorted(CASES)), st.floats(0.4, 4))
def test_the_size_of_the_image_changes_no_interaction(name: str, factor: float) -> None:
    people, expected = CASES[name]
    size = round(factor * 640), round(factor * 360)
    scaled = [person.scaled(size[0] / 640) for person in people]
    assert verbs(*scaled, size=size) == expected


@pytest.mark.parametrize(
    ('speed', 'expected'),
    [
        (1.9, {(1, 'chase', 2), (2, 'flee', 1)}),
        (1.4, {(1, 'follow', 2)}),  # joggers, children who walk
    ],
)
def test_runners_chase_and_joggers_do_not(speed: float, expected: set) -> None:
    pair = walker(50, (3, speed), height=80), walker(140, (3, speed), height=80)
    assert verbs(*pair, seconds=3, images=True) == expected


def test_riders_do_not_chase() -> None:
    """Fast behind each other, with legs that do not swing, before a plain wall."""
    pair = walker(50, (2.5, 1.9)), walker(160, (2.5, 1.9))
    steps = frames_of(pair, seconds=2.5, images=True, stride=1e9, change=plain)
    table = described(steps).interactions
    assert table.verbs.tolist() == ['follow.v.01']


def test_with_a_horizon_heights_must_fit_the_ground() -> None:
    """A wall hides the feet of the nearer one: both end in one row of the image."""
    crowd = [
        walker(40 + 120 * row, (6, 0), feet=110 + 45 * row, height=25 + 30 * row)
        for row in range(5)
    ]
    place = crowd[2].points[0]
    beside = walker(place[1] + 40, (6, 0), feet=place[2], height=2 * place[3])
    child = walker(place[1] - 40, (6, 0), feet=place[2], height=0.8 * place[3])
    assert verbs(*crowd, beside) == set()
    assert verbs(*crowd, child) == {(3, 'stand', 6), (6, 'stand', 3)}


def test_spans_and_scores() -> None:
    people, _ = CASES['approach']
    table = described(frames_of(people, seconds=5)).interactions
    assert (table.start_frames[0], table.end_frames[0]) == pytest.approx((1, 31), abs=4)
    assert 0.5 <= table.scores[0] <= 1
    crowd = walker(300, (6, 0)), walker(345, (6, 0), feet=251)
    far = walker(300, (6, 0)), walker(405, (6, 0), feet=251)
    scores = [
        described(frames_of(pair)).interactions.scores.max() for pair in (crowd, far)
    ]
    assert scores[0] > scores[1]


def test_requested_pairs_and_verbs_of_the_vocabulary_alone() -> None:
    people = [
        walker(200, (6, 0)),
        walker(270, (6, 0), feet=252),
        walker(330, (6, 0), feet=254),
    ]
    steps = frames_of(people)
    semantics, buffer = fed(steps)
    table = semantics.generate(buffer, pairs={(1, 2)}).interactions
    assert set(table.as_pairs()) == {(1, 2), (2, 1)}
    few = described(steps, vocabulary=['follow.v.01']).interactions
    assert len(few) == 0


def test_a_crowd_stays_apart_from_itself() -> None:
    """Two hundred who stand in a grid, all out of reach of each other."""
    people = [
        walker(30 + 62 * column, (4, 0), feet=40 + 16 * row, height=15)
        for row in range(20)
        for column in range(10)
    ]
    description = described(frames_of(people, fps=4, seconds=4))
    assert len(description.captions) == 200
    assert 'at least 200 people' in description.video_caption.lower()
    assert len(description.interactions) == 0


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match='near_distance must be a finite number above'):
        PairGeometryOptions(near_distance=-1)


def test_an_interaction_with_a_short_break_is_one() -> None:
    """Hidden for a moment, two who stand together have not stopped."""
    people = walker(300, (9, 0)), walker(370, (9, 0), feet=255)
    steps = frames_of(people, seconds=9)
    hidden = [
        (frame, tracks[:1] if 40 <= row < 46 else tracks)
        for row, (frame, tracks) in enumerate(steps)
    ]
    table = described(hidden).interactions
    assert sorted(zip(table.subject_ids, table.object_ids, strict=True)) == [
        (1, 2),
        (2, 1),
    ]
    assert (table.start_frames.min(), table.end_frames.max()) == (1, 90)


@pytest.mark.parametrize('name', ['leave', 'approach', 'pass', 'follow', 'accompany'])
def test_who_does_not_move_does_nothing_that_takes_moving(name: str) -> None:
    """Where all are said to stay, noise of two boxes makes nobody leave."""
    steps = frames_of(CASES[name][0])
    assert len(described(steps).interactions) > 0
    assert len(described(steps, motion=dict(min_travel=9.0)).interactions) == 0


def test_who_meets() -> None:
    """Both come up to each other and stand there; not one who waits for the other."""
    words = dict(vocabulary=['meet.v.01'])
    people, _ = CASES['meet']
    steps = frames_of(people)
    table = described(steps, **words).interactions
    assert set(table.as_pairs()) == {(1, 2), (2, 1)}
    assert {*table.verbs.tolist()} == {'meet.v.01'}
    assert table.end_frames.max() == pytest.approx(21, abs=6)
    assert 'meeting person 2' in described(steps).captions[1]
    for name in ('approach', 'pass each other', 'stand', 'accompany'):
        description = described(frames_of(CASES[name][0]), **words)
        assert len(description.interactions) == 0
        assert 'meeting' not in ' '.join(description.captions.values())


def test_who_goes_on_together_or_comes_one_after_the_other_does_not_meet() -> None:
    pairs = [
        # Both come up to each other and walk away from the camera side by side.
        (
            Person(((0, 150, 250, 100), (2, 310, 250, 100), (6, 319, 205, 62))),
            Person(((0, 520, 250, 100), (2, 360, 250, 100), (6, 350, 205, 62))),
        ),
        # One comes and goes away; later the other one comes after it.
        (
            walker(150, (2, 0.8), (2, 0), (2, -0.8), (6, 0)),
            walker(380, (8, 0), (2, -0.8), (2, 0)),
        ),
    ]
    for pair in pairs:
        table = described(
            frames_of(pair, seconds=12), vocabulary=['approach.v.01', 'meet.v.01']
        ).interactions
        assert 'approach.v.01' in table.verbs
        assert 'meet.v.01' not in table.verbs
