"""Referring expressions against boxes, and against what captions say of the same people."""

from __future__ import annotations

import re

import numpy as np

from .captions import PARTS, STILL, WAY
from .claims import ActionClaim, AppearanceClaim, parse_caption_claims
from .clip_evidence import ClipEvidence, EvidenceTrack
from .findings import Findings

NOUNS = {
    'people': ('man', 'woman', 'boy', 'girl'),
    'men': ('man',),
    'women': ('woman',),
    'boys': ('boy',),
    'girls': ('girl',),
    'children': ('boy', 'girl'),
    'adults': ('man', 'woman'),
}
# The actions of an expression, and which actions of a caption (see :mod:`.claims`) it may be.
ACTION_PHRASES: dict[str, tuple[str, ...]] = {
    'walking': (
        'walk',
        'walk out',
        'come back',
        'follow',
        'be led',
        'lead',
        'accompany',
        'approach',
        'leave',
        'carry',
        'push a cart',
    ),
    'running': ('run', 'chase', 'flee'),
    'chasing someone': ('chase',),
    'following someone': ('follow', 'be led'),
    'riding a bicycle': ('ride',),
    'pushing a cart': ('push a cart',),
    'carrying a box': ('carry', 'approach'),
    'standing still': ('stand',),
    'sitting on a bench': ('sit',),
    'waving': ('wave', 'greet'),
    'jumping': ('jump',),
    'crouching': ('crouch',),
    'dancing': ('dance', 'dance together'),
    'clapping': ('clap', 'applaud'),
    'doing jumping jacks': ('exercise',),
    'talking on the phone': ('phone',),
    'drinking': ('drink',),
    'bouncing a ball': ('dribble',),
    'hugging': ('hug',),
    'shaking hands': ('shake hands',),
    'talking to someone': ('talk',),
    'pointing at someone': ('point',),
    'taking a picture': ('photograph',),
}
MOVING = ('walking', 'running', 'riding a bicycle', 'pushing a cart', 'carrying a box')
MOVING += ('chasing someone', 'following someone')
MAX_CAPTION_ACTIONS = 3  # a caption names at most so many; the others are left out
RUN_SPEED = 0.11  # body heights a frame, from which on it is no walk
MIN_FRAMES = 6  # of a run of frames, to judge motion
_TERM = re.compile(
    r'in (?P<legs>\w+) (?:trousers|shorts)|in (?P<top>\w+)|wearing a (?P<hat>hat)'
    r'|with an? (?P<extra>backpack|umbrella)'
    rf'|(?P<action>{"|".join(sorted(ACTION_PHRASES, key=len, reverse=True))})'
    r'(?: to the (?P<direction>left|right))?'
)


def check_expressions(
    clip: ClipEvidence, found: Findings, looks: list[AppearanceClaim | None]
) -> None:
    """Every expression: boxes where it lists people, and people of whom it is true."""
    told = {
        person: parse_caption_claims(caption)[1]
        for person, caption in zip(clip.ids, clip.captions, strict=True)
    }
    kept = {(int(row[0]), int(row[1])) for row in clip.rows}
    for file, held in clip.expressions.items():
        sentence, where = held['sentence'], clip.folder
        named = file == sentence.replace(' ', '-') + '.json'
        named = named and held['video_name'] == clip.folder.name
        found.test('expression: file and names', named, where, file)
        listed = {
            (int(frame) + 1, person)
            for frame, people in held['label'].items()
            for person in people
        }
        text = f'{sentence}: {sorted(listed - kept)[:3]} have no box'
        found.test('expression: boxes exist', listed <= kept, where, text)
        noun, groups, rest = _parse(sentence)
        understood = noun in NOUNS and not rest and bool(listed)
        found.test('expression understood', understood, where, f'{sentence} [{rest}]')
        if not understood:
            continue
        _check_looks(clip, found, sentence, noun, groups, listed & kept, looks)
        if len(groups) == 1:
            _check_motion(clip, found, sentence, groups[0], listed & kept)
        _check_told(clip, found, sentence, groups, listed & kept, told)


def _parse(sentence: str) -> tuple[str, list[list[dict[str, str]]], str]:
    """The noun, alternatives of terms that hold together, and words not understood."""
    noun, _, rest = sentence.partition(' ')
    groups = []
    for part in rest.split(' or '):
        groups.append(
            [
                {key: value for key, value in match.groupdict().items() if value}
                for match in _TERM.finditer(part)
            ]
        )
    return noun, groups, ' '.join(_TERM.sub(' ', rest).replace(' or ', ' ').split())


def _check_looks(
    clip: ClipEvidence,
    found: Findings,
    sentence: str,
    noun: str,
    groups: list[list[dict[str, str]]],
    listed: set[tuple[int, int]],
    looks: list[AppearanceClaim | None],
) -> None:
    """Kind and top are in every caption: an expression of them must list all and only.

    Of trousers, hats and bags a caption may be silent: only those listed are tested.
    """

    def may_be(look: AppearanceClaim, group: list[dict[str, str]]) -> bool:
        legs = next((t['legs'] for t in group if 'legs' in t), '')
        top = next((t['top'] for t in group if 'top' in t), look.top)
        return top == look.top and (not legs or look.legs in ('', legs))

    by_id = dict(zip(clip.ids, looks, strict=True))
    fits = {
        person
        for person, look in by_id.items()
        if look and look.kind in NOUNS[noun] and any(may_be(look, g) for g in groups)
    }
    chosen = {person for _, person in listed}
    text = f'{sentence}: lists {sorted(chosen)}, captions allow {sorted(fits)}'
    found.test('expression: looks', chosen <= fits, clip.folder, text)
    if all(set(term) == {'top'} for group in groups for term in group):
        missing = {(int(r[0]), int(r[1])) for r in clip.rows if int(r[1]) in fits}
        text = f'{sentence}: leaves out {sorted(missing - listed)[:3]}'
        found.test('expression: complete', missing <= listed, clip.folder, text)
    if len(groups) > 1:
        return
    for term in groups[0]:
        for person in chosen if 'legs' in term else ():
            band, least = PARTS['legs']
            share = clip.share_of(person, term['legs'], band)
            text = f'{sentence}: {clip.name(person)} {share:.3f} < {least}'
            found.test('expression: colour of legs', share >= least, clip.folder, text)


def _check_motion(
    clip: ClipEvidence,
    found: Findings,
    sentence: str,
    group: list[dict[str, str]],
    listed: set[tuple[int, int]],
) -> None:
    """Over each run of listed frames the box moves as the participle says."""
    for term in group:
        if 'action' not in term:
            continue
        for person in {person for _, person in listed}:
            frames = np.array(sorted(f for f, p in listed if p == person))
            for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
                if len(run) < MIN_FRAMES:
                    continue
                wrong = _moves_wrong(clip.tracks[person], run, term)
                text = f'{sentence}: {clip.name(person)} {run[0]}-{run[-1]} {wrong}'
                found.test('expression: motion', not wrong, clip.folder, text)


def _moves_wrong(track: EvidenceTrack, run: np.ndarray, term: dict[str, str]) -> str:
    """Why the box cannot move as said, '' where it may."""
    x = track.x[track.during(run[0], run[-1])] / track.size
    path, span = float(np.abs(np.diff(x)).sum()), float(np.ptp(x))
    if 'direction' in term:
        net = (x[-1] - x[0]) * (1 if term['direction'] == 'right' else -1)
        return '' if net >= min(WAY, 0.025 * len(x)) else f'net way {net:.2f}'
    if term['action'] in ('running', 'chasing someone'):
        return '' if path / len(x) >= RUN_SPEED else f'{path / len(x):.3f} a frame'
    if term['action'] in MOVING:
        return '' if span >= min(WAY, 0.025 * len(x)) else f'moves {span:.2f}'
    return '' if span <= STILL else f'moves {span:.2f}'


def _check_told(
    clip: ClipEvidence,
    found: Findings,
    sentence: str,
    groups: list[list[dict[str, str]]],
    listed: set[tuple[int, int]],
    told: dict[int, list[ActionClaim]],
) -> None:
    """A caption that tells everything tells what an expression says, too."""
    actions = [[t['action'] for t in group if 'action' in t] for group in groups]
    if not all(actions):
        return
    for person in sorted({person for _, person in listed}):
        if len(told[person]) >= MAX_CAPTION_ACTIONS:
            continue
        names = {doing.name for doing in told[person]}
        held = any(
            all(names & set(ACTION_PHRASES[d]) for d in group) for group in actions
        )
        text = f'{sentence}: the caption of {clip.name(person)} tells {sorted(names)}'
        found.test('expression: told', held, clip.folder, text)
