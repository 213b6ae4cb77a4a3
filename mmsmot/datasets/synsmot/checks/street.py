"""Clips of the street against what can be seen: boxes that move, colours, directions.

Nothing of the generator is read but its files: ``gt.txt``, captions, expressions, images.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .clip_evidence import ClipEvidence, clip_color_mask
from .findings import Findings
from .street_motion import check_street_motion, clear_motion_frames

# The nouns of an expression, and the names (car0, man1) that they may list.
NOUNS = {
    'cars': ('car',),
    'vans': ('van',),
    'buses': ('bus',),
    'bicycles': ('bicycle',),
    'vehicles': ('car', 'van', 'bus'),
    'people': ('man', 'woman', 'boy', 'girl'),
    'men': ('man',),
    'women': ('woman',),
    'children': ('boy', 'girl'),
}
COLORS = (
    *('red', 'orange', 'yellow', 'green', 'blue'),
    *('purple', 'pink', 'white', 'black', 'gray'),
)
# Classes of gt.txt by name.
CLASS_OF = {'car': 2, 'van': 3, 'bus': 4, 'bicycle': 5}
# Longest first: what stands within another is found after it.
MOTIONS = (
    'moving in the counter direction',
    'moving away from the camera',
    'coming towards the camera',
    'moving to the left',
    'moving to the right',
    'walking to the left',
    'walking to the right',
    'crossing the road',
    'seen from the side',
    'facing the camera',
    'standing still',
    'turning right',
    'turning left',
    'facing away',
    'walking',
    'waiting',
    'parking',
    'moving',
)
# Kinds with colours that a split must not show, listed a second time here.
HELD_OUT = {
    'test': {
        ('car', 'yellow'),
        ('van', 'red'),
        ('bus', 'white'),
        ('bicycle', 'black'),
        *((kind, color) for kind in NOUNS['people'] for color in ('orange', 'purple')),
    },
    'val': {
        ('car', 'green'),
        ('van', 'blue'),
        ('bus', 'gray'),
        ('bicycle', 'red'),
        *((kind, 'pink') for kind in NOUNS['people']),
    },
}
# Least share of a box that has the object's colour.
COLOR_SHARE = {'vehicle': 0.12, 'person': 0.04}
PLAIN = 0.6  # visible fraction from which on colours can be judged
_CAPTION = re.compile(
    rf'A (?:(?P<paint>{"|".join(COLORS)}) (?P<kind>car|van|bus|bicycle)'
    rf'|(?P<person>man|woman|boy|girl) in (?P<top>{"|".join(COLORS)})) (?P<actions>.+)\.'
)
ACTIONS = re.compile(
    r'is parked|waits|stands still|passes by|crosses the road|turns (?:left|right)'
    r'|(?:drives|rides|walks) (?:to the left|to the right|away|towards the camera)'
)


@dataclass(frozen=True)
class StreetClaim:
    """What a caption says of an object."""

    kind: str
    color: str

    @property
    def is_person(self) -> bool:
        """Whether it is on foot."""
        return self.kind in NOUNS['people']


def check_street(clip: ClipEvidence, findings: Findings) -> None:
    """Captions, colours, held-out combinations and expressions of one clip."""
    claims = [_parse_caption(clip, findings, caption) for caption in clip.captions]
    for number, claim in zip(clip.ids, claims, strict=True):
        if claim is not None:
            _check_object(clip, findings, number, claim)
    table = {n: c for n, c in zip(clip.ids, claims, strict=True) if c is not None}
    boxes = {(int(row[0]), int(row[1])) for row in clip.rows}
    for file, content in clip.expressions.items():
        _check_expression(clip, findings, file, content, table, boxes)


def _parse_caption(
    clip: ClipEvidence, findings: Findings, caption: str
) -> StreetClaim | None:
    match = _CAPTION.fullmatch(caption)
    understood = match is not None and all(
        ACTIONS.fullmatch(action) for action in match['actions'].split(', then ')
    )
    findings.test('street caption understood', understood, clip.folder, caption)
    if match is None:
        return None
    return StreetClaim(match['kind'] or match['person'], match['paint'] or match['top'])


def _check_object(
    clip: ClipEvidence, findings: Findings, number: int, claim: StreetClaim
) -> None:
    name = clip.name(number)
    kind = re.sub(r'\d+$', '', name)
    findings.test('name fits caption', kind == claim.kind, clip.folder, name)
    labels = {int(label) for label in clip.labels[clip.rows[:, 1] == number]}
    expected = {CLASS_OF.get(claim.kind, 1)}
    findings.test(
        'class fits name', labels == expected, clip.folder, f'{name} {labels}'
    )
    split = clip.folder.absolute().parts[-3]
    for owner, other_splits in (('test', ('train', 'val')), ('val', ('train',))):
        if split in other_splits:
            is_held_out = (claim.kind, claim.color) in HELD_OUT[owner]
            text = f'{claim.color} {claim.kind} in {split}'
            findings.test(f'held out for {owner}', not is_held_out, clip.folder, text)
    rows = clip.clear_rows(number, 5)
    if np.median(rows[:, 6]) < PLAIN:
        return  # of who stays half hidden the top may not show
    share = _color_share(clip, rows, claim.color)
    # Of a bicycle and its rider, who wears its colour, the top is what shows.
    is_top = claim.is_person or claim.kind == 'bicycle'
    least = COLOR_SHARE['person' if is_top else 'vehicle']
    text = f'{name}: {claim.color} {share:.3f} < {least}'
    findings.test('colour of the object', share >= least, clip.folder, text)


def _color_share(clip: ClipEvidence, rows: np.ndarray, color: str) -> float:
    """Share of an object's box with a colour, the median of some frames."""
    shares = []
    for row in rows:
        x, y, w, h = row[2:6].astype(int)
        part = clip.image(int(row[0]))[y : y + h, x : x + w]
        shares.append(clip_color_mask(part, color).mean())
    return float(np.median(shares))


def _check_expression(
    clip: ClipEvidence,
    findings: Findings,
    file: str,
    content: dict,
    claims: dict[int, StreetClaim],
    boxes: set[tuple[int, int]],
) -> None:
    sentence = content['sentence']
    is_named = file == sentence.replace(' ', '-') + '.json'
    is_named = is_named and content['video_name'] == clip.folder.name
    findings.test('expression: file and names', is_named, clip.folder, file)
    listed_boxes = {(int(f) + 1, i) for f, ids in content['label'].items() for i in ids}
    boxless = sorted(listed_boxes - boxes)[:3]
    text = f'{sentence}: {boxless} have no box'
    findings.test('expression: boxes exist', listed_boxes <= boxes, clip.folder, text)
    noun, colors, motions, unknown_words = parse_street_expression(sentence)
    understood = bool(noun) and not unknown_words and bool(listed_boxes)
    text = f'{sentence} [{unknown_words}]'
    findings.test('expression understood', understood, clip.folder, text)
    if not understood:
        return
    fitting_ids = {
        number
        for number, claim in claims.items()
        if claim.kind in NOUNS[noun] and (not colors or claim.color in colors)
    }
    listed_ids = {number for _, number in listed_boxes}
    text = (
        f'{sentence}: lists {sorted(listed_ids)}, captions allow {sorted(fitting_ids)}'
    )
    findings.test('expression: looks', listed_ids <= fitting_ids, clip.folder, text)
    if not motions:
        required_boxes = {(f, i) for f, i in boxes if i in fitting_ids}
        text = f'{sentence}: leaves out {sorted(required_boxes - listed_boxes)[:3]}'
        findings.test(
            'expression: complete', required_boxes <= listed_boxes, clip.folder, text
        )
    if len(motions) == 1:
        check_street_motion(clip, findings, sentence, motions[0], listed_boxes)
    # Two motions are alternatives: an OR of colours has one motion or none.
    if len(motions) == 1 or (len(motions) == 2 and ' or ' in sentence):
        required_boxes = {
            (frame, number)
            for number in {number for _, number in boxes} & fitting_ids
            for motion in motions
            for frame in clear_motion_frames(clip, number, motion)
        }
        text = f'{sentence}: leaves out {sorted(required_boxes - listed_boxes)[:3]}'
        findings.test(
            'expression: motion complete',
            required_boxes <= listed_boxes,
            clip.folder,
            text,
        )


def parse_street_expression(
    sentence: str,
) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
    """The noun, colours, motions of an expression, and words not understood.

    >>> parse_street_expression('red or black cars waiting')
    ('cars', ('red', 'black'), ('waiting',), '')
    """
    rest, motions = f' {sentence} ', []
    for motion in MOTIONS:
        if f' {motion} ' in rest:
            motions.append(motion)
            rest = rest.replace(f' {motion} ', ' ')
    nouns, colors, unknown_words = [], [], []
    for word in rest.split():
        if word in NOUNS:
            nouns.append(word)
        elif word in COLORS:
            colors.append(word)
        elif word not in ('in', 'or'):
            unknown_words.append(word)
    noun = nouns[0] if len(nouns) == 1 else ''
    return noun, tuple(colors), tuple(motions), ' '.join(unknown_words)
