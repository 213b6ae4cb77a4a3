"""Sentences: ordered, of several kinds, and each claim counted."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mmsmot.models.kinematics.clothing import ClothingColours
from mmsmot.models.kinematics.grammar import (
    LONG_TRACK,
    MIN_CLAIMS,
    GrammarNarrator,
    GrammarSpeaker,
    kinematic_noun_phrase,
    kinematic_track_caption,
)
from mmsmot.models.kinematics.motion import Motion, MotionSegment
from mmsmot.models.kinematics.number_words import (
    clock_text,
    duration_words,
    joined_words,
)
from mmsmot.models.kinematics.pair_geometry import ACCOMPANY, PASS, STAND, PairEvent
from mmsmot.models.kinematics.track_story import Story, tell_story

# What is told of nobody, since boxes do not show it.
FORBIDDEN = re.compile(
    r'\b(he|she|him|her|his|man|woman|men|women|boy|girl|child|children|old|young|hugs?|'
    r'talks?|says?|smiles?|waits?)\b'
)


def segment(start: float, end: float, lateral: str = '', **options) -> MotionSegment:
    defaults = dict(
        moves=bool(lateral or options.get('depth')),
        is_sure=True,
        first_frame=1,
        last_frame=2,
        is_upright=True,
    )
    return MotionSegment(
        start=start, end=end, lateral=lateral, **{**defaults, **options}
    )


def event(verb: str, partner: int, start: float, end: float) -> PairEvent:
    return PairEvent(1, partner, verb, start, end, 1, 2, 0.8)


STAND_WALK_BACK = Motion(
    (
        segment(0, 4),
        segment(4, 8, 'right', gait='walk', depth='nearer'),
        segment(8, 12, 'left', gait='walk', pace='slow'),
    ),
    exit='left',
    start=0.0,
    end=12.0,
)


def caption(motion: Motion, *events: PairEvent, seed: int = 0, **options) -> str:
    outfit = options.pop('outfit', ClothingColours('red', 'blue'))
    return kinematic_track_caption(
        tell_story(motion, events),
        outfit,
        GrammarSpeaker(seed),
        'person {}'.format,
        **options,
    )


def test_the_order_is_that_of_time() -> None:
    texts = {caption(STAND_WALK_BACK, seed=seed) for seed in range(40)}
    assert len(texts) >= 8  # phrasings
    for text in texts:
        assert text.startswith('A person in a red top and blue bottoms ')
        places = [
            text.index(words)
            for words in (
                'stands',
                'to the right and towards the camera',
                'slowly back',
            )
        ]
        assert places == sorted(places)
        assert re.search(r'(leaves the image|goes out) at the left side\.$', text)
        assert not FORBIDDEN.search(text)


def test_the_same_track_always_has_the_same_text() -> None:
    speakers = [GrammarSpeaker.of('street', 3), GrammarSpeaker.of('street', 3)]
    assert speakers[0] == speakers[1] != GrammarSpeaker.of('street', 4)
    assert caption(STAND_WALK_BACK, seed=9) == caption(STAND_WALK_BACK, seed=9)


def test_partners_stand_with_what_is_done_with_them() -> None:
    text = caption(
        STAND_WALK_BACK,
        event(STAND, 7, 0, 4),
        event(ACCOMPANY, 3, 4.5, 7.5),
        event(PASS, 5, 9, 10),
    )
    assert re.search(r'near person 7.*beside person 3.*passing person 5', text)
    # Nothing is said of an interaction that falls into no segment.
    assert 'person 8' not in caption(STAND_WALK_BACK, event(STAND, 8, 5, 12))


def test_partners_of_one_verb_are_named_in_order() -> None:
    first = replace(event(PASS, 9, 4.5, 5.5), score=0.6)
    text = caption(STAND_WALK_BACK, event(PASS, 2, 6, 7), first, event(PASS, 4, 7, 8))
    assert 'passing person 9 and person 2' not in text  # the surest two
    assert 'passing person 2 and person 4' in text
    text = caption(STAND_WALK_BACK, event(PASS, 2, 6, 7), first)
    assert 'passing person 9 and person 2' in text


def test_an_object_does_not_walk_or_stand() -> None:
    motion = Motion((segment(0, 4), segment(4, 8, 'right')), start=0, end=8.0)
    text = caption(motion, noun='object', outfit=ClothingColours())
    assert text.startswith('An object stays in ')
    assert 'moves to the right' in text
    assert 'person' not in text


def test_nothing_sure_is_said_as_such() -> None:
    unsure = Motion((segment(0, 3, is_sure=False),), start=0.0, end=3.0)
    assert caption(unsure, outfit=ClothingColours()) == (
        'A person is in view in the middle of the image for about three seconds.'
    )
    short = Motion((segment(0, 0.1, is_sure=False),), start=0.0, end=0.1)
    assert 'for less than a second' in caption(short)  # its clothes are known
    for seconds in (0.1, 2.9):
        glimpse = Motion((segment(0, seconds, is_sure=False),), end=seconds)
        assert caption(glimpse, outfit=ClothingColours()) == ''
        assert 'goes out' in caption(
            replace(glimpse, exit='left'), outfit=ClothingColours()
        ).replace('leaves the image', 'goes out')


def test_a_way_through_the_image_is_told_once() -> None:
    walk = replace(segment(0, 6, 'right'), place_start=0.1, place_end=0.9)
    text = caption(Motion((walk,), start=0.0, end=6.0), outfit=ClothingColours())
    assert 'from the left to the right of the image' in text
    assert text.count('to the right') == 1


@pytest.mark.parametrize('position', [0.0, 0.2, 0.33, 0.5, 0.66, 0.9])
@pytest.mark.parametrize(
    'segments',
    [
        (segment(0, 6, is_sure=False),),
        (segment(0, 6),),
        (segment(0, 6, 'left'),),
        (segment(0, 6, depth='away'),),
        (segment(0, 1.0), segment(1.0, 6, 'right', pace='slow')),
    ],
)
def test_long_tracks_have_three_claims(segments: tuple, position: float) -> None:
    motion = Motion(
        tuple(
            MotionSegment(**{**vars(s), 'place_start': position, 'place_end': position})
            for s in segments
        ),
        start=0.0,
        end=6.0,
    )
    story = tell_story(motion, ())
    assert story.duration >= LONG_TRACK
    narrator = GrammarNarrator(GrammarSpeaker(0), str, True, 2)
    assert sum(count for _, count in narrator.phrases(story)) >= MIN_CLAIMS
    text = kinematic_track_caption(story, ClothingColours(), GrammarSpeaker(0), str)
    assert re.search(r'seconds|of the image', text)


def test_clothes() -> None:
    assert kinematic_noun_phrase(ClothingColours('orange', 'gray')) == (
        'a person in an orange top and gray bottoms'
    )
    assert (
        kinematic_noun_phrase(ClothingColours('', 'gray')) == 'a person in gray bottoms'
    )
    assert (
        kinematic_noun_phrase(ClothingColours('dark', 'dark'))
        == 'a person in dark clothes'
    )
    assert (
        kinematic_noun_phrase(ClothingColours(), article='another') == 'another person'
    )


@pytest.mark.parametrize(
    ('seconds', 'text'),
    [
        (1.2, 'about a second'),
        (4.4, 'about four seconds'),
        (13.2, 'about 13 seconds'),
        (31, 'about half a minute'),
        (47, 'about 45 seconds'),
        (62, 'about a minute'),
        (290, 'about five minutes'),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_words(seconds) == text


@pytest.mark.parametrize(
    ('seconds', 'text'), [(0.4, '0:00'), (59.7, '1:00'), (67, '1:07'), (3661, '61:01')]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_lists() -> None:
    assert joined_words(['a']) == 'a'
    assert joined_words(['a', 'b', 'c']) == 'a, b and c'


def test_a_story_is_not_longer_than_six_segments() -> None:
    ways = [dict(lateral=side) for side in ('left', 'right')]
    ways += [dict(depth=depth) for depth in ('nearer', 'away')]
    many = tuple(
        segment(2.0 * row, 2.0 * row + 2, **ways[row % 4]) for row in range(30)
    )
    story = tell_story(Motion(many, start=0, end=60.0), ())
    assert isinstance(story, Story)
    assert len(story.clauses) == 6
    assert len(caption(Motion(many, start=0, end=60.0)).split()) < 90


def test_what_was_left_out_in_between_shows() -> None:
    gap = Motion((segment(0, 3, 'left'), segment(9, 12, 'left')), start=0, end=12.0)
    text = caption(gap)
    assert re.search(r'to the left.*later (moves|goes) to the left', text)
    assert 'back' not in text


def test_first_and_finally_are_the_first_and_the_last_thing() -> None:
    ways = [dict(lateral=side) for side in ('left', 'right')]
    parts = [segment(3.0 * row, 3.0 * row + 3, **ways[row % 2]) for row in range(3)]
    parts += [segment(9.0, 12.0), segment(12.0, 15.0, depth='away')]
    for count in (3, 5):
        motion = Motion(tuple(parts[:count]), start=0.0, end=3.0 * count)
        texts = {caption(motion, seed=seed) for seed in range(60)}
        assert any('bottoms first ' in text for text in texts)
        # Of five, two stand in a second sentence.
        assert {text.count('.') for text in texts} == {1 if count == 3 else 2}
        assert any('finally ' in text for text in texts) == (count == 3)
        # Two seconds at its beginning, or at its end, are not known.
        texts = {caption(replace(motion, start=-2.0), seed=n) for n in range(60)}
        assert not any('first' in text for text in texts)
        motion = replace(motion, end=motion.end + 2)
        texts = {caption(motion, seed=n).lower() for n in range(60)}
        assert not any('finally' in text or 'in the end' in text for text in texts)
        leaves = replace(motion, exit='left')
        texts = {caption(leaves, seed=n).lower() for n in range(60)}
        # With leaving four are two sentences of two, and six two of three.
        assert any('finally' in text for text in texts) == (count == 5)
    ways = [dict(lateral='left'), dict(depth='away'), dict(lateral='right')]
    parts = [segment(3.0 * row, 3.0 * row + 3, **ways[row % 3]) for row in range(4)]
    parts += [segment(12.0, 15.0), segment(15.0, 18.0, 'left'), segment(18.0, 21.0)]
    for end in (21.0, 23.0):
        motion = Motion(tuple(parts[1:]), start=3.0, end=end)
        for seed in range(20):
            # Of four sentences, if six things and leaving; of three without.
            sentences = caption(motion, seed=seed).split('. ')
            assert len(sentences) == 2
            sentences = caption(replace(motion, entry='left'), seed=seed).split('. ')
            assert len(sentences) == 4
            is_end = sentences[-1].startswith(('Finally', 'In the end'))
            assert is_end == (end == 21.0)


def test_who_stands_and_later_stands_stands_there_again() -> None:
    parts = (segment(0, 2), segment(5, 9))
    text = caption(Motion(parts, end=9.0))
    assert re.search(
        r'stands \w+( place)? in the middle of the image for about two seconds.* later '
        r'stands there again for about four seconds\.$',
        text,
    )
    # Elsewhere it is another thing, and so is another partner.
    parts = parts[0], replace(parts[1], place_start=0.9)
    text = caption(Motion(parts, end=9.0), event(STAND, 3, 0, 2), event(STAND, 7, 5, 9))
    assert 'again' not in text
    assert re.search(r'near person 3 .*near person 7 on the right', text)


def test_a_long_story_tells_where_somebody_goes() -> None:
    """Not that the person stood for half a minute six times."""
    parts = []
    for row in range(8):
        parts += [
            segment(40 * row, 40 * row + 30),
            segment(40 * row + 30, 40 * row + 35, ('left', 'right')[row % 2]),
        ]
    story = tell_story(Motion(tuple(parts), start=0.0, end=320.0), [])
    moves = [clause.segment.lateral for clause in story.clauses if clause.segment.moves]
    assert len(story.clauses) == 6
    assert {'left', 'right'} <= {*moves}
    assert len(moves) == 5
    text = kinematic_track_caption(
        story, ClothingColours(), GrammarSpeaker(1), 'person {}'.format
    )
    for sentence in text.split('.'):
        assert sentence.count('later') <= 1


def test_what_stays_for_a_moment_may_be_a_sign_post() -> None:
    for seconds, is_told in ((2.0, False), (4.0, True)):
        story = tell_story(Motion((segment(0, seconds),), end=seconds), [])
        text = kinematic_track_caption(
            story, ClothingColours(), GrammarSpeaker(1), 'person {}'.format
        )
        assert bool(text) == is_told


def ways_by_turns(count: int, stop: float = 0.0) -> Motion:
    """Two seconds to the right and two to the left, with stops in between."""
    parts, start = [], 0.0
    for row in range(count):
        side = ('right', 'left')[row % 2]
        places = dict(place_start=0.1, place_end=0.5)
        if side == 'left':
            places = dict(place_start=0.5, place_end=0.1)
        parts.append(segment(start, start + 2, side, gait='walk', **places))
        start += 2
        if stop and row < count - 1:
            parts.append(segment(start, start + stop))
            start += stop
    return Motion(tuple(parts), start=0.0, end=start)


@pytest.mark.parametrize(
    ('motion', 'expected'),
    [
        (
            ways_by_turns(6),
            'A person walks to and fro between the left and the middle of the image for '
            'about twelve seconds.',
        ),
        (
            ways_by_turns(4, stop=2.0),
            'A person walks to and fro between the left and the middle of the image, '
            'with stops in between, for about 14 seconds.',
        ),
    ],
)
def test_many_turns_are_one_part(motion: Motion, expected: str) -> None:
    assert caption(motion, outfit=ClothingColours()) == expected


@pytest.mark.parametrize('motion', [ways_by_turns(3), ways_by_turns(5, stop=6.0)])
def test_few_turns_and_long_stops_are_told_one_by_one(motion: Motion) -> None:
    text = caption(motion, outfit=ClothingColours())
    assert 'to and fro' not in text
    assert text.index('right') < text.index('left')


def test_to_and_fro_is_part_of_a_longer_story() -> None:
    turns = ways_by_turns(5)
    start = turns.end
    motion = Motion(
        (*turns.segments, segment(start, start + 8), segment(start + 8, start + 11, 'left')),
        start=0.0,
        end=start + 11,
    )  # fmt: skip
    partners = (
        event(ACCOMPANY, 3, 1, 9),
        event(ACCOMPANY, 8, 1, 4),
        event(PASS, 5, 6, 7),
    )
    text = caption(motion, *partners, outfit=ClothingColours())
    assert 'right' not in text
    # Person 8 was beside for two ways of five.
    assert ('person 8' in text, 'passing person 5' in text) == (False, True)
    assert re.search(r'to and fro.*beside person 3.*st(ands|ops).*to the left', text)


def test_a_short_way_is_told_where_nothing_else_is() -> None:
    short = Motion((segment(0, 0.5, 'right', pace='fast'),), end=0.5)
    text = caption(short, outfit=ClothingColours())
    assert re.fullmatch(r'A person (moves|goes) to the right\.', text)
    longer = Motion((segment(0, 0.5, 'right'), segment(0.5, 4)), end=4.0)
    assert 'right' not in caption(longer, outfit=ClothingColours())


def test_a_long_track_has_three_claims_where_a_part_is_told() -> None:
    walk = replace(segment(0, 4, 'left'), place_start=0.9, place_end=0.5)
    story = tell_story(Motion((walk,), end=4.0), [])
    texts = [
        kinematic_track_caption(
            story, ClothingColours(), GrammarSpeaker(0), str, span=span
        )
        for span in ((0.0, 4.0), (0.0, 8.0))
    ]
    assert 'about four seconds' not in texts[0]
    assert (
        'from the right to the middle of the image for about four seconds' in texts[1]
    )


@pytest.mark.parametrize(
    ('span', 'caveat'),
    [
        ((61.0, 67.9), ''),
        ((58.0, 68.0), ' Before 1:02 the box may be on somebody else.'),
        ((62.0, 71.0), ' After 1:07 the box may be on somebody else.'),
        ((8, 71), ' Before 1:02 and after 1:07 the box may be on somebody else.'),
    ],
)
def test_what_a_caption_leaves_to_somebody_else(span: tuple, caveat: str) -> None:
    walk = Motion((segment(61.6, 67, 'left'),), start=61.6, end=67.0)
    story = tell_story(walk, [])
    speaker = GrammarSpeaker(0)
    text = kinematic_track_caption(story, ClothingColours(), speaker, str, span=span)
    assert text.partition('.')[2] == caveat


def test_the_last_thing_of_many_is_told() -> None:
    parts: list[MotionSegment] = []
    for row in range(8):  # with stops in between that are too long for "to and fro"
        way = dict(lateral=('left', 'right')[row % 2])
        way['depth'] = ('', 'nearer', 'away', '')[row // 2]
        parts += [segment(10.0 * row, 10.0 * row + 3, **way)]
        parts += [segment(10.0 * row + 3, 10.0 * row + 10)]
    parts += [segment(80.0, 82.0, 'left'), segment(82.0, 84.0)]
    for count in (len(parts) - 1, len(parts)):
        story = tell_story(Motion(tuple(parts[:count]), end=84.0), ())
        assert len(story.clauses) == 6
        assert story.clauses[-1].segment is parts[count - 1]


def test_ways_to_one_side_are_one_where_there_are_many() -> None:
    sides = ('left', 'right', 'left', 'left', 'right', 'left')
    parts = [segment(0.0, 9.0)]
    for side in sides:
        depth = 'away' if len(parts) == 4 else ''
        stop = 12.0 if len(parts) == 3 else 6.0  # seconds: nothing is to and fro
        begin = parts[-1].end
        parts += [segment(begin, begin + 3, side, depth=depth)]
        if side == 'right':
            parts += [segment(begin + 3, begin + 3 + stop)]
    for gap in (0.0, 1.0):
        motion = Motion(
            tuple(
                part if row < 5 else replace(part, start=part.start + gap)
                for row, part in enumerate(parts)
            ),
            end=parts[-1].end,
        )
        clauses = [clause.segment for clause in tell_story(motion, ()).clauses]
        assert len(clauses) == 6
        ways = [clause for clause in clauses if clause.duration == 6 and clause.moves]
        # Only one of the two went away.
        assert [(way.lateral, way.depth) for way in ways] == [('left', '')] * (not gap)
