"""Instance and video captions against boxes, colours and annotated interactions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .claims import (
    KINDS,
    ActionClaim,
    AppearanceClaim,
    parse_caption_claims,
    parse_video_caption_claims,
)
from .clip_evidence import COLORS, ClipEvidence, EvidenceTrack
from .combinations import check_combinations
from .findings import Findings

# Where clothes are looked for, in fractions of the box's height, and how much of that
# must have their colour.
PARTS: dict[str, tuple[tuple[float, float], float]] = {
    'top': ((0.2, 0.55), 0.22),
    'legs': ((0.5, 0.95), 0.05),
    'hat': ((0.0, 0.2), 0.06),
    'backpack': ((0.15, 0.6), 0.015),
    'umbrella': ((-0.35, 0.3), 0.06),
}
# How much of the surroundings a thing takes, the person's box being 1.
THING_AREA = {'ball': 0.008, 'box': 0.02, 'cart': 0.03, 'bicycle': 0.01}
WAY = 0.3  # body heights that must be gone for "to the left"
STILL = 0.75  # body heights that the box's middle may move of someone on the spot
WORDS = (8, 35)


def check_caption(
    clip: ClipEvidence,
    found: Findings,
    person: int,
    caption: str,
    looks: list[AppearanceClaim | None],
) -> None:
    """One instance caption: words, colours, ways, things and partners."""
    where, what = clip.folder, f'{clip.name(person)}: {caption}'
    look, doings, rest = parse_caption_claims(caption)
    understood = look is not None and doings and not rest and look.kind in KINDS
    found.test('caption understood', bool(understood), where, f'{what} [{rest}]')
    found.test(
        'caption of 8 to 35 words',
        WORDS[0] <= len(caption.split()) <= WORDS[1],
        where,
        what,
    )
    if look is None or not understood:
        return
    worn = [('top', look.top), ('legs', look.legs), (look.extra, look.extra_color)]
    for part, color in worn:
        if color:
            band, least = PARTS[part]
            share = clip.share_of(person, color, band) if color in COLORS else 0.0
            text = f'{what} [{part} {color}: {share:.3f} < {least}]'
            found.test(f'colour of {part}', share >= least, where, text)
    track = clip.tracks[person]
    _check_way(found, track, doings, where, what)
    for doing in doings:
        if doing.thing:
            _check_thing(clip, found, person, doing, what)
    _check_partners(clip, found, person, doings, looks, what)
    check_combinations(clip, found, person, look, doings)


def _check_way(
    found: Findings,
    track: EvidenceTrack,
    doings: list[ActionClaim],
    where: Path,
    what: str,
) -> None:
    """Left and right in the order told; who only does things on the spot stays there."""
    cursor = 0
    for doing in doings:
        if not doing.direction:
            continue
        sign = 1 if doing.direction == 'right' else -1
        way = sign * track.x[cursor:] / track.size
        gone = way - np.minimum.accumulate(way) if len(way) else np.zeros(1)
        held = bool((gone >= WAY).any())
        text = f'{what} [{doing.direction}: {gone.max():.2f} of {WAY} body heights]'
        found.test('left and right in order', held, where, text)
        if held:
            cursor += int(np.argmax(gone >= WAY))
    if not any(doing.moves or doing.verb for doing in doings):
        moved = float(np.ptp(track.x)) / track.size
        text = f'{what} [moved {moved:.2f} body heights]'
        found.test('stays where it is', moved <= STILL, where, text)
    elif not any(d.direction for d in doings):
        return
    last = [d.direction for d in doings if d.direction]
    if len(set(last)) == 1 and len(doings) == len(last):
        net = (track.x[-1] - track.x[0]) * (1 if last[0] == 'right' else -1)
        text = f'{what} [net {net / track.size:.2f} body heights]'
        found.test('net way', net > 0, where, text)


def _check_thing(
    clip: ClipEvidence, found: Findings, person: int, doing: ActionClaim, what: str
) -> None:
    """A thing of the colour near the one who has to do with it."""
    least, color = THING_AREA[doing.thing], doing.color
    share = clip.near(person, color) if color in COLORS else 0.0
    text = f'{what} [{color} {doing.thing}: {share:.3f} < {least}]'
    found.test(f'colour of {doing.thing}', share >= least, clip.folder, text)


def _check_partners(
    clip: ClipEvidence,
    found: Findings,
    person: int,
    doings: list[ActionClaim],
    looks: list[AppearanceClaim | None],
    what: str,
) -> None:
    """Whom a action is done to is in the clip, and the interaction is annotated."""
    known: AppearanceClaim | None = None
    order = []
    for doing in doings:
        if not doing.verb:
            continue
        if isinstance(doing.other, AppearanceClaim):
            known = doing.other
        he = doing.other in ('', 'him', 'her')
        pronoun = {'man': 'him', 'boy': 'him'}.get(known.kind if known else '', 'her')
        found.test(
            'pronoun fits',
            not he or (known is not None and doing.other == pronoun),
            clip.folder,
            what,
        )
        ids = [
            other
            for other, look in zip(clip.ids, looks, strict=True)
            if other != person and known and look and known.fits(look)
        ]
        spans = [
            start
            for subject, verb, object_, start, _ in clip.interaction_rows()
            if (subject, verb) == (person, doing.verb) and object_ in ids
        ]
        text = f'{what} [{doing.verb} to one of {ids}]'
        found.test('partner and interaction', bool(spans), clip.folder, text)
        order.append(spans)
    at = -1
    for spans in order:
        later = [start for start in spans if start >= at]
        found.test('order of interactions', bool(later), clip.folder, what)
        at = min(later, default=at)


def check_video_caption(
    clip: ClipEvidence, found: Findings, looks: list[AppearanceClaim | None]
) -> None:
    """The video caption: how many people, and its events by people who are there."""
    summary, where = parse_video_caption_claims(clip.summary), clip.folder
    text = clip.summary
    found.test('video caption understood', not summary.rest, where, text)
    found.test('number of people', summary.count == len(clip.ids), where, text)
    for subject, doing in zip(summary.subjects, summary.doings, strict=False):
        ids = [
            i
            for i, look in zip(clip.ids, looks, strict=True)
            if look and subject.fits(look)
        ]
        found.test('video caption: who', bool(ids), where, text)
        if doing.verb and isinstance(doing.other, AppearanceClaim):
            held = any(
                verb == doing.verb
                and subject_id in ids
                and looks[object_ - 1] is not None
                and doing.other.fits(looks[object_ - 1])
                for subject_id, verb, object_, *_ in clip.interaction_rows()
            )
            found.test('video caption: does what to whom', held, where, text)
