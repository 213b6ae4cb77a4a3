"""What a sentence claims: who looks how and does what, read back from the English.

A reader of its own, which shares nothing with the grammar that wrote the sentences: its
words are listed here a second time, so that a word put to the wrong action is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

KINDS = ('man', 'woman', 'boy', 'girl')
NUMBERS = {'one': 1, 'two': 2, 'three': 3, 'four': 4, 'five': 5}
PLACES = r'(?:on a|in a) (?:street|park|beach|schoolyard|room|plaza)'
_PERSON = (
    r'(?:an?|another) (?:man|woman|boy|girl) (?:in|wearing) (?:an? )?'
    r'(?:(?:long|short)-sleeved )?\w+(?: shirt| dress)?'
    r'(?: and (?:a )?\w+ (?:trousers|shorts|skirt))?'
    r'(?: with an? \w+ (?:hat|backpack|umbrella))?'
)
_LOOK = re.compile(
    r'(?P<kind>man|woman|boy|girl) (?:in|wearing) (?:an? )?'
    r'(?:(?:long|short)-sleeved )?(?P<top>\w+)(?: shirt| dress)?'
    r'(?: and (?:a )?(?P<legs>\w+) (?:trousers|shorts|skirt))?'
    r'(?: with an? (?P<extra_color>\w+) (?P<extra>hat|backpack|umbrella))?'
)
# What connects clauses and claims nothing but their order.
_JOINTS = re.compile(
    r'\b(?:then|and|first|finally|after|that|he|she|while|an?|people|there|are|with|is|'
    r'person|one|two|three|four|five)\b|[.,:]',
    re.IGNORECASE,
)


@dataclass(frozen=True)
class AppearanceClaim:
    """How someone is said to look; '' for what is not said."""

    kind: str
    top: str
    legs: str = ''
    extra: str = ''
    extra_color: str = ''

    def fits(self, other: AppearanceClaim) -> bool:
        """Whether both may be the same person: nothing said of one denies the other."""
        legs = not self.legs or not other.legs or self.legs == other.legs
        return (self.kind, self.top) == (other.kind, other.top) and legs


@dataclass(frozen=True)
class ActionClaim:
    """One thing somebody is said to do.

    Attributes:
        name: Key of the action.
        verb: The interaction it is, '' for none.
        moves: Whether the body gets somewhere by it.
        other: The partner as named: a :class:`AppearanceClaim`, ``'him'``, ``'her'`` or ''.
        direction: ``left``, ``right`` or ''.
        thing, color: What it is done with.
    """

    name: str
    verb: str
    moves: bool
    other: AppearanceClaim | str = ''
    direction: str = ''
    thing: str = ''
    color: str = ''


# (verb, whether one gets somewhere, how it may be said); {o} the other, {d} where to.
_ACTIONS: dict[str, tuple[str, bool, tuple[str, ...]]] = {
    'approach': (
        'approach.v.01',
        True,
        (
            'walks up to {o}',
            'approaches {o}',
            'brings {c} (?P<thing>box) to {o}',
            'carries {c} (?P<thing>box) to {o}',
        ),
    ),
    'leave': ('leave.v.01', True, ('walks away from {o}', 'leaves {o}')),
    'hug': ('embrace.v.02', False, ('hugs {o}', 'embraces {o}')),
    'shake hands': (
        'handshake.n.01',
        False,
        ('shakes hands with {o}', 'shakes the hand of {o}'),
    ),
    'talk': ('talk.v.01', False, ('talks (?:to|with) {o}',)),
    'dance together': ('dance.v.01', False, ('dances(?: hand in hand)? with {o}',)),
    'push': ('push.v.01', False, ('pushes {o}', 'gives {o} a push')),
    'follow': (
        'follow.v.01',
        True,
        (
            'follows {o}{d}',
            'walks{d} behind {o}',
        ),
    ),
    'be led': (
        'follow.v.01',
        True,
        ('follows {o}{d} hand in hand', 'is led{d} by {o}'),
    ),
    'lead': (
        'lead.v.01',
        True,
        ('leads {o}{d} by the hand', 'walks{d} leading {o} by the hand'),
    ),
    'accompany': (
        'accompany.v.02',
        True,
        ('walks{d} side by side with {o}', 'accompanies {o}{d}'),
    ),
    'chase': ('chase.v.01', True, ('chases {o}{d}', 'runs{d} after {o}')),
    'flee': ('flee.v.01', True, ('runs away from {o}{d}', 'flees{d} from {o}')),
    'dodge': ('dodge.v.01', False, ('dodges {o}', 'steps aside to avoid {o}')),
    'pass': ('pass.v.05', False, ('(?:passes|kicks) {c} (?P<thing>ball) to {o}',)),
    'receive': (
        'receive.v.01',
        False,
        (
            'receives {c} (?P<thing>ball|box) from {o}',
            'stops {c} (?P<thing>ball) kicked by {o}',
            'takes {c} (?P<thing>box) from {o}',
        ),
    ),
    'throw': ('throw.v.01', False, ('(?:throws|tosses) {c} (?P<thing>ball) to {o}',)),
    'catch': (
        'catch.v.04',
        False,
        ('catches {c} (?P<thing>ball) (?:from|thrown by) {o}',),
    ),
    'give': ('give.v.03', False, ('(?:gives|hands) {c} (?P<thing>box) to {o}',)),
    'point': ('indicate.v.02', False, ('points(?: a finger)? at {o}',)),
    'greet': ('beckon.v.01', False, ('waves to {o}', 'greets {o} with a wave')),
    'watch': ('look.v.01', False, ('looks at {o}', 'watches {o}')),
    'applaud': ('applaud.v.01', False, ('applauds {o}', 'claps for {o}')),
    'photograph': (
        'photograph.v.01',
        False,
        ('takes a picture of {o}', 'photographs {o}'),
    ),
    'walk out': ('', True, ('(?:walks out of|leaves) the picture{d}',)),
    'come back': (
        '',
        True,
        ('comes back walking{d}', 'comes back into the picture and walks{d}'),
    ),
    'ride': (
        '',
        True,
        (
            'rides {c} (?P<thing>bicycle){d}',
            'cycles{d} on {c} (?P<thing>bicycle)',
        ),
    ),
    'carry': (
        '',
        True,
        ('carries {c} (?P<thing>box){d}', 'walks{d} with {c} (?P<thing>box)'),
    ),
    'push a cart': (
        '',
        True,
        ('pushes {c} (?P<thing>cart){d}', 'walks{d} with {c} (?P<thing>cart)'),
    ),
    'stumble': ('', True, ('(?:stumbles|staggers){d}',)),
    'walk': ('', True, ('(?:walks|strolls){d}',)),
    'run': ('', True, ('(?:runs|dashes){d}',)),
    'stand': ('', False, ('stands still', 'stands there')),
    'sit': ('', False, ('(?:sits|is seated) on a bench',)),
    'wave': ('', False, ('waves a hand', 'waves with one hand')),
    'jump': ('', False, ('jumps (?:up and down|on the spot)',)),
    'crouch': ('', False, ('(?:crouches|squats) down',)),
    'dance': ('', False, ('dances (?:alone|on the spot)',)),
    'clap': ('', False, ('claps(?: both hands)?',)),
    'exercise': ('', False, ('(?:does|exercises with) jumping jacks',)),
    'phone': ('', False, ('talks on the phone', 'makes a phone call')),
    'drink': ('', False, ('(?:drinks|takes a drink) from a cup',)),
    'pick up': (
        '',
        False,
        ('picks up {c} (?P<thing>box)', 'lifts {c} (?P<thing>box) from the ground'),
    ),
    'hold': (
        '',
        False,
        ('holds {c} (?P<thing>box)', 'stands with {c} (?P<thing>box)'),
    ),
    'dribble': ('', False, ('(?:bounces|dribbles) {c} (?P<thing>ball)',)),
    'stretch': (
        '',
        False,
        ('stretches both arms overhead', 'bends from side to side'),
    ),
}


def _compiled() -> list[tuple[str, str, bool, re.Pattern]]:
    """Every way to say a action, the longest match to be taken."""
    holes = {
        '{o}': rf'(?P<other>him|her|{_PERSON})',
        '{d}': r'(?: to the (?P<direction>left|right))?',
        '{c}': r'an? (?P<color>\w+)',
    }
    found = []
    for name, (verb, moves, forms) in _ACTIONS.items():
        for form in forms:
            for hole, pattern in holes.items():
                form = form.replace(hole, pattern)
            found.append((name, verb, moves, re.compile(rf'\b{form}\b')))
    return found


_PATTERNS = _compiled()


def parse_appearance_claim(text: str) -> AppearanceClaim | None:
    """The first person described in a text."""
    match = _LOOK.search(text)
    return _look(match) if match else None


def _look(match: re.Match) -> AppearanceClaim:
    return AppearanceClaim(
        **{key: value or '' for key, value in match.groupdict().items()}
    )


def parse_caption_claims(
    text: str,
) -> tuple[AppearanceClaim | None, list[ActionClaim], str]:
    """Who a caption describes, what is done in its order, and what was not understood.

    Args:
        text: An instance caption.
    """
    match = _LOOK.search(text)
    if match is None:
        return None, [], text
    doings, rest = parse_action_claims(text[match.end() :])
    rest = (_JOINTS.sub(' ', text[: match.start()]).strip() + ' ' + rest).strip()
    return _look(match), doings, rest


def parse_action_claims(text: str) -> tuple[list[ActionClaim], str]:
    """Everything done in a text in its order, and the words that were not understood."""
    doings, rest, start = [], '', 0
    while True:
        matches = [
            (found.start(), -found.end(), name, verb, moves, found)
            for name, verb, moves, pattern in _PATTERNS
            if (found := pattern.search(text, start))
        ]
        if not matches:
            break
        *_, name, verb, moves, found = min(matches, key=lambda m: m[:3])
        said = found.groupdict()
        other = said.get('other') or ''
        doings.append(
            ActionClaim(
                name=name,
                verb=verb,
                moves=moves,
                other=parse_appearance_claim(other) or other,
                direction=said.get('direction') or '',
                thing=said.get('thing') or '',
                color=said.get('color') or '',
            )
        )
        rest += text[start : found.start()]
        start = found.end()
    rest = _JOINTS.sub(' ', rest + text[start:])
    return doings, ' '.join(rest.split())


@dataclass(frozen=True)
class VideoCaptionClaims:
    """What a video caption claims.

    Attributes:
        count: How many people, 0 where it does not say.
        subjects: The people it names as doing something.
        doings: What each of them does.
        rest: Words not understood.
    """

    count: int
    subjects: list[AppearanceClaim]
    doings: list[ActionClaim]
    rest: str


def parse_video_caption_claims(text: str) -> VideoCaptionClaims:
    """A video caption as claims."""
    lower = text[0].lower() + text[1:]
    number = re.search(r'\b(one|two|three|four|five) (?:people|person)\b', text, re.I)
    lower = re.sub(PLACES, '', lower, flags=re.I)
    subjects, doings, rest = [], [], ''
    for part in re.split(r'\bwhile\b|: |\. |, and ', lower):
        look, done, left = parse_caption_claims(part[:1].lower() + part[1:])
        if look is None:
            left = ' '.join(_JOINTS.sub(' ', part).split())
        else:
            subjects.append(look)
            doings += done[:1]
        rest = f'{rest} {left}'.strip()
    count = NUMBERS[number[1].lower()] if number else 0
    return VideoCaptionClaims(count, subjects, doings, rest)
