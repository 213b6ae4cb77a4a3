"""Sentences about tracks and videos: nothing in them that was not measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

from .clothing import ClothingColours
from .number_words import capitalized, clock_text, duration_words, joined_words
from .pair_geometry import (
    ACCOMPANY,
    APPROACH,
    CHASE,
    FLEE,
    FOLLOW,
    LEAVE,
    MEET,
    PASS,
    STAND,
)
from .track_story import MIN_PART, Story, StoryClause, ToAndFro

Option = TypeVar('Option')
Phrase = tuple[str, int]  # a text, and the number of claims in it that can be checked

# Least number of claims of a caption of a track that is longer than this many seconds.
MIN_CLAIMS, LONG_TRACK = 3, 5.0
# Seconds: that something is in view is told from here on. False detections live shorter:
# of 60 captions that were judged, two were of a sign post, tracked for .3 and 2 s.
MIN_PRESENCE = 3.0
THIRDS = ('left', 'middle', 'right')
SIDES = {'left': 'left side', 'right': 'right side', 'bottom': 'lower edge'}
DEPTHS = {'nearer': 'towards the camera', 'away': 'away from the camera'}
MOVES_WITH = {
    CHASE: ', chasing {}',
    FLEE: ', chased by {}',
    ACCOMPANY: ' beside {}',
    FOLLOW: ' behind {}',
    MEET: ', meeting {}',
    APPROACH: ', up to {}',
    LEAVE: ', leaving {}',
    PASS: ', passing {}',
}


@dataclass(frozen=True)
class GrammarSpeaker:
    """Chooses between phrasings, by a hash of the video's name and the track.

    Attributes:
        seed: Of one track; the same gives the same text.
    """

    seed: int

    @classmethod
    def of(cls, video: str, track_id: int) -> GrammarSpeaker:
        """The speaker of a track of a video."""
        return cls(crc32(f'{video}/{track_id}'.encode()))

    def choose(self, options: Sequence[Option], position: int) -> Option:
        """One of some options, another one in another position of the text."""
        return options[crc32(f'{self.seed}/{position}'.encode()) % len(options)]


def kinematic_noun_phrase(
    outfit: ClothingColours, noun: str = 'person', article: str = ''
) -> str:
    """Who it is.

    >>> kinematic_noun_phrase(ClothingColours('orange', 'dark'))
    'a person in an orange top and dark bottoms'
    >>> kinematic_noun_phrase(ClothingColours('black', 'black'), article='another')
    'another person in black'
    """
    subject = f'{article} {noun}' if article else _with_article(noun)
    upper, lower = outfit.upper, outfit.lower
    if upper and upper == lower:
        clothes = ' clothes' if upper in ('dark', 'light') else ''
        return f'{subject} in {upper}{clothes}'
    garments = [_with_article(f'{upper} top')] if upper else []
    garments += [f'{lower} bottoms'] if lower else []
    return f'{subject} in {joined_words(garments)}' if garments else subject


def _with_article(words: str) -> str:
    return f'{"an" if words[0] in "aeiou" else "a"} {words}'


def kinematic_track_caption(
    story: Story,
    outfit: ClothingColours,
    speaker: GrammarSpeaker,
    name_of: Callable[[int], str],
    noun: str = 'person',
    span: tuple[float, float] | None = None,
) -> str:
    """The caption of a track.

    Args:
        story: What it does.
        outfit: What it wears.
        speaker: Chooses the phrasing.
        name_of: How a partner is called, by id.
        noun: What it is.
        span: Seconds between which the whole track goes, of which the story may be a part;
            ``None`` if it is all.

    Returns:
        One or more sentences; ``''`` for a track of less than :data:`MIN_PRESENCE` seconds
        of which nothing is known but that it was there: a sign post stays, too.
    """
    moves = any(clause.segment.moves for clause in story.clauses)
    has_content = outfit.upper or outfit.lower or moves or story.entry or story.exit
    if not has_content and story.duration < MIN_PRESENCE:
        return ''
    span = span or (story.start, story.end)
    num_colours = len({outfit.upper, outfit.lower} - {''})
    # The same story with ever more of what is known, until it holds enough claims.
    for detail in range(3):
        narrator = GrammarNarrator(speaker, name_of, noun == 'person', detail)
        phrases = narrator.phrases(story)
        claims = num_colours + sum(count for _, count in phrases)
        if claims >= MIN_CLAIMS or span[1] - span[0] < LONG_TRACK:
            break
    texts = [text for text, _ in phrases]
    subject = kinematic_noun_phrase(outfit, noun)
    text = _text(
        subject,
        texts,
        speaker,
        noun,
        from_start=story.is_told_from_start,
        to_end=story.is_told_to_end,
    )
    return text + _caveat(story, span, noun)


def _caveat(story: Story, span: tuple[float, float], noun: str) -> str:
    """That the rest of a track may be of somebody else, if there is much of it."""
    times = []
    if story.start - span[0] > MIN_PART:
        times.append(f'before {clock_text(story.start)}')
    if span[1] - story.end > MIN_PART:
        times.append(f'after {clock_text(story.end)}')
    if not times:
        return ''
    someone = 'somebody' if noun == 'person' else 'something'
    return f' {capitalized(joined_words(times))} the box may be on {someone} else.'


def _text(
    subject: str,
    clauses: Sequence[str],
    speaker: GrammarSpeaker,
    noun: str,
    *,
    from_start: bool,
    to_end: bool,
) -> str:
    """Clauses in their order, two or three to a sentence."""
    pronoun = 'the person' if noun == 'person' else 'it'
    count = len(clauses)
    size = 3 if count in (3, 5, 6) else 2
    groups = [clauses[row : row + size] for row in range(0, count, size)]
    sentences = []
    for row, group in enumerate(groups):
        is_end = to_end and row == len(groups) - 1
        if row == 0:
            opening = subject
        elif is_end and row > 1:
            opening = f'{speaker.choose(("Finally", "In the end"), row)}, {pronoun}'
        else:
            opening = (
                f'{speaker.choose(("After that", "Then", "Next"), row)}, {pronoun}'
            )
        # Once in a sentence is enough, and the opening of a later one says it.
        says_later = row > 0
        group = list(group)
        for number, clause in enumerate(group):
            if clause.startswith('later '):
                group[number] = clause.removeprefix('later ') if says_later else clause
                says_later = True
        forms = [
            ('first ' if row == 0 and from_start else '', ' and then '),
            ('', ', and finally ' if is_end else ' and then '),
        ]
        chain = _chain(group, speaker, 20 + row, forms)
        sentences.append(f'{capitalized(opening)} {chain}.')
    return ' '.join(sentences)


def _chain(
    clauses: Sequence[str],
    speaker: GrammarSpeaker,
    position: int,
    forms: Sequence[tuple[str, str]],
) -> str:
    """Up to three clauses as one.

    Args:
        clauses: One to three.
        speaker: Chooses the phrasing.
        position: Of the choice in the text.
        forms: What may stand before the first and the last of three.
    """
    if len(clauses) == 1:
        return clauses[0]
    if len(clauses) == 2:
        joint = speaker.choose((', then ', ' and then '), position)
        return joint.join(clauses)
    opening, closing = speaker.choose(forms, position)
    return f'{opening}{clauses[0]}, then {clauses[1]}{closing}{clauses[2]}'


@dataclass(frozen=True)
class GrammarNarrator:
    """Tells the clauses of a story.

    Args:
        speaker: Chooses the phrasing.
        name_of: How a partner is called, by id.
        is_person: Whether the track is of a person.
        detail: 0 to 2: how much of what is known is told.
    """

    speaker: GrammarSpeaker
    name_of: Callable[[int], str]
    is_person: bool
    detail: int

    def phrases(self, story: Story) -> list[Phrase]:
        """The clauses, from entering to leaving."""
        phrases = self._crossing('entry', story.entry)
        longest_duration = max((c.segment.duration for c in story.clauses), default=0.0)
        has_moved = bool(story.entry)
        place: Phrase | None = None  # of the clause before, where it stays
        for position, clause in enumerate(story.clauses):
            if clause.segment.moves:
                is_longest = clause.segment.duration == longest_duration
                phrase = self._move(clause, position, is_longest)
            else:
                stops = has_moved and clause.is_adjacent
                is_again = place == _place(clause.segment.place_start)
                phrase = self._stay(clause, position, stops, is_again)
            text, claims = phrase
            phrases.append((text if clause.is_adjacent else f'later {text}', claims))
            has_moved = clause.segment.moves
            place = None if has_moved else _place(clause.segment.place_start)
        if not story.clauses:
            phrases.append(self._presence(story))
        return phrases + self._crossing('exit', story.exit)

    def _crossing(self, kind: str, side: str) -> list[Phrase]:
        """Coming in or going out through a side of the image, if it does."""
        if not side:
            return []
        verbs = {
            'entry': ('comes in at the {} of the image', 'enters at the {}'),
            'exit': ('leaves the image at the {}', 'goes out at the {}'),
        }
        return [(self.speaker.choose(verbs[kind], 2).format(SIDES[side]), 1)]

    def _presence(self, story: Story) -> Phrase:
        """Of a track of which nothing else is sure."""
        place, claims = _place(story.place)
        duration = (
            'less than a second'
            if story.duration < 0.7
            else duration_words(story.duration)
        )
        return f'is in view{place} for {duration}', 2 + claims

    def _stay(
        self, clause: StoryClause, position: int, stops: bool, is_again: bool
    ) -> Phrase:
        """``'stands there near person 3 for about six seconds'``."""
        segment = clause.segment
        is_upright = self.is_person and segment.is_upright
        if stops:
            forms = ('stops and stands there', 'stops') if is_upright else ('stops',)
        else:
            forms = ('stands in place', 'stands there')
            if not is_upright:
                forms = ('stays in place', 'stays in one place')
        text, claims = self.speaker.choose(forms, 40 + position), 1
        if is_again:
            text = f'{forms[0].split()[0]} there again'
        if names := self._names(clause, STAND):
            text, claims = f'{text} near {joined_words(names)}', claims + len(names)
        if (self.detail or not stops) and not is_again:
            place, count = _place(segment.place_start)
            text, claims = text + place, claims + count
        if segment.duration >= 2:
            text = f'{text} for {duration_words(segment.duration)}'
            claims += 1
        return text, claims

    def _move(self, clause: StoryClause, position: int, is_longest: bool) -> Phrase:
        """``'walks to the left beside person 3'``."""
        segment = clause.segment
        verb, claims = self._verb(clause, position)
        way, count = self._way(clause, is_longest)
        text, claims = f'{verb}{way}', claims + count
        if clause.turns_back:
            forms = ('turns round and {}', 'turns and {}', '{}')
            form = self.speaker.choose(forms, 60 + position)
            text = form.format(f'{verb} back{way}')
        for partner_verb, form in MOVES_WITH.items():
            if names := self._names(clause, partner_verb):
                text, claims = (
                    text + form.format(joined_words(names)),
                    claims + len(names),
                )
        is_timed = self.detail > 1 or (self.detail > 0 and is_longest)
        if isinstance(segment, ToAndFro):
            is_timed = True
            if segment.num_stops:
                stops = 'a stop' if segment.num_stops == 1 else 'stops'
                text, claims = f'{text}, with {stops} in between', claims + 1
        if is_timed and segment.duration >= 2:
            comma = ',' if ', ' in text else ''
            text = f'{text}{comma} for {duration_words(segment.duration)}'
            claims += 1
        return text, claims

    def _verb(self, clause: StoryClause, position: int) -> Phrase:
        segment = clause.segment
        verb = {'walk': 'walks', 'run': 'runs'}.get(segment.gait, 'moves')
        claims = int(bool(segment.gait))
        if segment.pace == 'fast' and segment.gait != 'run':
            return f'{verb} fast', claims + 1
        if segment.pace == 'slow':
            return f'{verb} slowly', claims + 1
        if not segment.gait and self.is_person:
            verb = self.speaker.choose(('moves', 'goes'), 80 + position)
        return verb, claims

    def _way(self, clause: StoryClause, is_longest: bool) -> Phrase:
        """Where to."""
        segment = clause.segment
        if isinstance(segment, ToAndFro):
            return _way_to_and_fro(segment)
        ways = [f' to the {segment.lateral}'] if segment.lateral else []
        ways += [f' {DEPTHS[segment.depth]}'] if segment.depth else []
        text, claims = ' and'.join(ways), len(ways)
        start, end = _third(segment.place_start), _third(segment.place_end)
        if self.detail and is_longest:
            if start and end and start != end:
                # "From the left to the right" says "to the right".
                ways[: bool(segment.lateral)] = [
                    f' from the {start} to the {end} of the image'
                ]
                text, claims = ' and'.join(ways), claims + 1
            elif self.detail > 1:
                place, count = _place(segment.place_start)
                text, claims = f'{text}, starting{place},', claims + count
        return text, claims

    def _names(self, clause: StoryClause, verb: str) -> list[str]:
        return [self.name_of(i) for i in clause.partners.get(verb, ())]


def _way_to_and_fro(segment: ToAndFro) -> Phrase:
    """``' to and fro between the left and the middle of the image'``."""
    start, end = _third(segment.place_start), _third(segment.place_end)
    text, claims = ' to and fro', 2  # there, and back
    if start and end and start != end:
        text, claims = f'{text} between the {start} and the {end} of the image', 4
    return text, claims


def _third(position: float) -> str:
    """Where in the image, unless it is near the border between two thirds."""
    if min(abs(position - 1 / 3), abs(position - 2 / 3)) < 0.04:
        return ''
    return THIRDS[min(int(3 * position), 2)]


def _place(position: float) -> Phrase:
    """Where in the image."""
    third = _third(position)
    if not third:
        side = 'left' if position < 0.5 else 'right'
        return f' in the {side} half of the image', 1
    return f' {"in" if third == "middle" else "on"} the {third} of the image', 1
