"""The events of a target as a sentence: what it does, with whom, from when to when."""

from __future__ import annotations

from collections.abc import Sequence

from mmsmot.datasets.verb_forms import inflected_verb

MOST_CLAUSES = 8  # there is no room for more below a picture; the table has all events

# As subject and as object; {o} is the other side.
PHRASES: dict[str, tuple[str, str]] = {
    'accompany.v.02': ('walks with {o}', 'walks with {o}'),
    'applaud.v.01': ('applauds {o}', 'is applauded by {o}'),
    'approach.v.01': ('walks up to {o}', 'is approached by {o}'),
    'beckon.v.01': ('waves to {o}', 'is waved to by {o}'),
    'bounce.v.01': ('bounces {o}', 'is bounced by {o}'),
    'call.v.03': ('talks on {o}', 'is called by {o}'),
    'carry.v.01': ('carries {o}', 'is carried by {o}'),
    'catch.v.04': ('catches a ball from {o}', 'throws a ball that {o} catches'),
    'chase.v.01': ('chases {o}', 'is chased by {o}'),
    'dance.v.01': ('dances with {o}', 'dances with {o}'),
    'dodge.v.01': ('dodges {o}', 'is dodged by {o}'),
    'drink.v.01': ('drinks from {o}', 'is drunk from by {o}'),
    'embrace.v.02': ('hugs {o}', 'hugs {o}'),
    'flee.v.01': ('flees from {o}', 'makes {o} flee'),
    'follow.v.01': ('follows {o}', 'is followed by {o}'),
    'give.v.03': ('gives something to {o}', 'is given something by {o}'),
    'handshake.n.01': ('shakes hands with {o}', 'shakes hands with {o}'),
    'hold.v.02': ('holds {o}', 'is held by {o}'),
    'indicate.v.02': ('points at {o}', 'is pointed at by {o}'),
    'lead.v.01': ('leads {o}', 'is led by {o}'),
    'leave.v.01': ('walks away from {o}', 'is left by {o}'),
    'lift.v.02': ('picks up {o}', 'is picked up by {o}'),
    'look.v.01': ('watches {o}', 'is watched by {o}'),
    'pass.v.05': ('passes a ball to {o}', 'is passed a ball by {o}'),
    'photograph.v.01': ('takes a picture of {o}', 'is photographed by {o}'),
    'push.v.01': ('pushes {o}', 'is pushed by {o}'),
    'receive.v.01': ('receives something from {o}', 'hands something to {o}'),
    'ride.v.01': ('rides {o}', 'is ridden by {o}'),
    'sit.v.01': ('sits on {o}', 'is sat on by {o}'),
    'talk.v.01': ('talks with {o}', 'talks with {o}'),
    'throw.v.01': ('throws a ball to {o}', 'is thrown a ball by {o}'),
    'wheel.v.01': ('wheels {o}', 'is wheeled by {o}'),
}


def event_phrase(verb: str, role: str, partner: str) -> str:
    """A clause about one event, without its subject.

    Args:
        verb: Of the vocabulary; one that has no phrase gets the regular form of its lemma.
        role: ``'subject'`` or ``'object'``: what the target is.
        partner: Class of the other side, ``''`` where it is not known.

    >>> event_phrase('chase.v.01', 'object', 'man')
    'is chased by a man'
    """
    article = 'an' if partner[:1] in tuple('aeiou') else 'a'
    partner_phrase = f'{article} {partner}' if partner else 'somebody'
    if verb in PHRASES:
        return PHRASES[verb][role == 'object'].format(o=partner_phrase)
    lemma = verb.split('.')[0].replace('_', ' ')
    if role == 'object':
        return f'is the object of "{lemma}" by {partner_phrase}'
    return f'{inflected_verb(lemma)[0]} {partner_phrase}'


def event_text(events: Sequence[tuple[str, str, str, int, int]]) -> str:
    """The caption of a target: its longest events, by first frame.

    Args:
        events: Verb, role, partner, first and last frame of each, by first frame. Those
            with the same phrase that overlap, as of what both sides do, are one clause,
            even where their spans differ by a frame.

    >>> event_text([('talk.v.01', r, 'man', 3, 9) for r in ('subject', 'object')])
    'The target talks with a man (frames 3 to 9).'
    """
    clauses: list[tuple[str, int, int]] = []
    clause_of: dict[str, int] = {}  # the last clause of each phrase
    for verb, role, partner, first_frame, last_frame in events:
        phrase = event_phrase(verb, role, partner)
        number = clause_of.get(phrase)
        if number is not None and first_frame <= clauses[number][2]:
            _, start, end = clauses[number]
            clauses[number] = phrase, start, max(end, last_frame)
            continue
        clause_of[phrase] = len(clauses)
        clauses.append((phrase, first_frame, last_frame))
    if not clauses:
        return 'The target interacts with nobody.'
    numbers = sorted(range(len(clauses)), key=lambda n: clauses[n][1] - clauses[n][2])
    told_clauses = [clauses[number] for number in sorted(numbers[:MOST_CLAUSES])]
    texts = [
        f'{phrase} (frames {start} to {end})' for phrase, start, end in told_clauses
    ]
    shorter = len(clauses) - len(told_clauses)
    ending = f' Shorter events: {shorter}.' if shorter else ''
    return f'The target {", then ".join(texts)}.{ending}'
