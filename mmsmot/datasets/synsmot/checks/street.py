"""Clips of the street against what can be seen: boxes that move, colours, directions.

Nothing of the generator is read but its files: ``gt.txt``, captions, expressions, images.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .clip_evidence import ClipEvidence, clip_color_mask
from .findings import Findings

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
MIN_RUN = 5  # frames of a run of frames, to judge motion
# Least share of a box that has the object's colour.
COLOR_SHARE = {'vehicle': 0.12, 'person': 0.04}
STILL = 0.10  # of the box's size, that a standing object may move in a run
PLAIN = 0.6  # visible fraction from which on colours can be judged
MOVES = 0.08  # of the box's size, that a moving one must; far ones creep
# Of those who surely move: least way in three frames, in sizes of the box, and the
# greatest share of it that is up or down of one who surely goes to the left or right.
SURE_WAY, SURE_LATERAL, HALF_RUN = 0.3, 0.1, 3
SURE_DIRECTIONS = {
    'moving': 0,
    'walking': 0,
    'moving to the left': -1,
    'walking to the left': -1,
    'moving to the right': 1,
    'walking to the right': 1,
}
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
        _check_motion(clip, findings, sentence, motions[0], listed_boxes)
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


def _check_motion(
    clip: ClipEvidence,
    findings: Findings,
    sentence: str,
    motion: str,
    listed_boxes: set[tuple[int, int]],
) -> None:
    """Over each run of listed frames the box moves as the words say."""
    for number in sorted({number for _, number in listed_boxes}):
        frames = np.array(sorted(f for f, n in listed_boxes if n == number))
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
            rows = clip.rows[
                (clip.rows[:, 1] == number) & np.isin(clip.rows[:, 0], run)
            ]
            # A box that the image's edge cuts off has no place that can be measured.
            if len(run) < MIN_RUN or _is_cut(clip, rows):
                continue
            reason = _motion_error(rows, motion)
            text = f'{sentence}: {clip.name(number)} {run[0]}-{run[-1]} {reason}'
            findings.test('expression: motion', not reason, clip.folder, text)


def clear_motion_frames(clip: ClipEvidence, number: int, motion: str) -> list[int]:
    """Frames in which the boxes leave no doubt that an object moves so.

    Three frames before and three after it the object is in full view and goes the same
    way. Of motions that are not in :data:`SURE_DIRECTIONS` nothing is sure.
    """
    rows = clip.rows[clip.rows[:, 1] == number]
    direction = SURE_DIRECTIONS.get(motion)
    frames = []
    for middle in range(HALF_RUN, len(rows) - HALF_RUN):
        run = rows[middle - HALF_RUN : middle + HALF_RUN + 1]
        is_whole = run[-1, 0] - run[0, 0] == 2 * HALF_RUN and run[:, 6].min() >= 0.9
        if direction is None or not is_whole or _is_cut(clip, run):
            continue
        size = float(np.sqrt(run[:, 4] * run[:, 5]).mean())
        foot = np.stack([run[:, 2] + run[:, 4] / 2, run[:, 3] + run[:, 5]], 1)
        halves = (foot[HALF_RUN] - foot[0], foot[-1] - foot[HALF_RUN])
        is_sure = all(np.hypot(*way) >= SURE_WAY * size for way in halves)
        if direction:
            is_sure &= all(
                way[0] * direction > 0 and abs(way[1]) <= SURE_LATERAL * abs(way[0])
                for way in halves
            )
        if is_sure:
            frames.append(int(run[HALF_RUN, 0]))
    return frames


def _is_cut(clip: ClipEvidence, rows: np.ndarray) -> bool:
    """Whether some box touches the image's edge."""
    height, width = clip.image(1).shape[:2]
    x, y, w, h = rows[:, 2:6].T
    return bool(((x <= 0) | (y <= 0) | (x + w >= width) | (y + h >= height)).any())


def _motion_error(rows: np.ndarray, motion: str) -> str:
    """Why boxes cannot move as said, '' where they may."""
    x = rows[:, 2] + rows[:, 4] / 2
    y = rows[:, 3] + rows[:, 5]
    size = float(np.sqrt(rows[:, 4] * rows[:, 5]).mean())
    way = np.hypot(np.ptp(x), np.ptp(y)) / size
    dx, dy = (x[-1] - x[0]) / size, (y[-1] - y[0]) / size
    if motion in ('waiting', 'parking', 'standing still'):
        return '' if way <= STILL + 2 / size else f'moves {way:.2f}'
    if motion in ('facing the camera', 'facing away', 'seen from the side'):
        return _facing_error(dx, dy, way, motion)
    if way < MOVES:
        return f'moves {way:.2f} only'
    if motion in ('turning left', 'turning right'):
        return _turn_error(x, y, size, motion)
    wrong = {
        # Traffic keeps right: on the near side of the road it goes to the right.
        'moving in the counter direction': dx >= 0,
        'coming towards the camera': dy <= 0,
        'moving away from the camera': dy >= 0,
        'moving to the left': dx >= 0,
        'walking to the left': dx >= 0,
        'moving to the right': dx <= 0,
        'walking to the right': dx <= 0,
    }.get(motion, False)
    return f'way {dx:.2f}, {dy:.2f}' if wrong else ''


def _facing_error(dx: float, dy: float, way: float, motion: str) -> str:
    """Who moves goes where he faces; of who stands nothing is told by boxes."""
    if way < 0.5:
        return ''
    wrong = {
        'facing the camera': dy < 0,
        'facing away': dy > 0,
        'seen from the side': abs(dx) < abs(dy),
    }[motion]
    return f'way {dx:.2f}, {dy:.2f}' if wrong else ''


def _turn_error(x: np.ndarray, y: np.ndarray, size: float, motion: str) -> str:
    """To the left the way bends against the clock, as the ground is seen from above."""
    third = max(len(x) // 3, 1)
    initial = x[third] - x[0], y[0] - y[third]
    final = x[-1] - x[-1 - third], y[-1 - third] - y[-1]
    if min(np.hypot(*initial), np.hypot(*final)) < 0.08 * size:
        return ''  # too slow at one end to have a direction
    cross = initial[0] * final[1] - initial[1] * final[0]
    bends_left = cross > 0
    return '' if bends_left == (motion == 'turning left') else f'bends {cross:.1f}'
