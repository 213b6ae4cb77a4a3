"""Plots in which two come together: hugs, talks, handshakes, gifts, a push."""

from __future__ import annotations

import math

from .script import ScriptedPropSpan
from .storyboard import MIN_FRAMES, Storyboard, StoryboardRole

BOX_COLORS = ('brown', 'red', 'blue')


def _ease(board: Storyboard, role: StoryboardRole, until: int) -> None:
    """What someone does who waits for the story to reach them."""
    gap = until - role.clock
    if gap < MIN_FRAMES:
        role.wait_until(until)
        return
    action = board.pick('stand', 'stand', 'stretch', 'phone', 'drink')
    role.stay(action, gap, heading=board.facing_us())


def _come_together(
    board: Storyboard, gap: float
) -> tuple[StoryboardRole, StoryboardRole]:
    """Someone walks up to someone who stands, or both walk up to each other."""
    meet = board.uniform(-0.25, 0.3) * board.half_width
    way = board.uniform(1.2, 2.0)
    other = board.role(meet + gap)
    comer = board.role(meet - way)
    if board.chance(0.4):
        comer.stay('stand', board.frames(6, 8), heading=board.facing_us())
    if board.chance(0.3):
        other.place = (other.place[0] + board.side * way, other.place[1])
        other.wait_until(comer.clock, heading=board.facing_us())
        board.walk(other, 'approach', board.at(meet + gap), comer)
        frames = other.clock - comer.clock
        comer.move('approach', board.at(meet), frames, other)
        return comer, other
    board.walk(comer, 'approach', board.at(meet), other)
    _ease(board, other, comer.clock)
    return comer, other


def _part(board: Storyboard, one: StoryboardRole, other: StoryboardRole) -> None:
    """The end of an encounter: nothing, one leaves, or a wave."""
    ending = board.pick('stay', 'leave', 'leave', 'wave')
    if ending == 'stay':
        return
    if ending == 'wave':
        one.stay('wave', board.frames(8, 12), heading=board.facing_us())
        other.wait_until(one.clock)
        return
    away = 1.6 + board.uniform(0, 0.8)
    sign = 1 if one.place[0] > other.place[0] else -1
    board.walk(one, 'leave', (one.place[0] + sign * away, one.place[1]), other)
    other.wait_until(one.clock)


def _together(
    board: Storyboard,
    action: str,
    frames: int,
    one: StoryboardRole,
    other: StoryboardRole,
    answer: str = '',
) -> None:
    """Both do it, or one does it and the other the answer to it, face to face."""
    one.stay(action, frames, other)
    other.stay(answer or action, frames, one)


def hugging_plot(board: Storyboard) -> None:
    """Chest to chest."""
    one, other = _come_together(board, 0.46)
    _together(board, 'hug', board.frames(10, 15), one, other)
    _part(board, one, other)


def shaking_hands_plot(board: Storyboard) -> None:
    """A handshake, perhaps a talk after it."""
    one, other = _come_together(board, 0.88)
    _together(board, 'shake_hands', board.frames(10, 14), one, other)
    if board.chance(0.4):
        _together(board, 'talk', board.frames(12, 16), one, other)
    else:
        _part(board, one, other)


def talking_plot(board: Storyboard) -> None:
    """A talk at arm's length."""
    one, other = _come_together(board, board.uniform(0.85, 1.05))
    _together(board, 'talk', board.frames(14, 20), one, other)
    _part(board, one, other)


def dancing_plot(board: Storyboard) -> None:
    """Hand in hand, face to face."""
    one, other = _come_together(board, 0.8)
    _together(board, 'dance_with', board.frames(14, 20), one, other)
    _part(board, one, other)


def pushing_plot(board: Storyboard) -> None:
    """Someone walks up from behind and pushes; the other stumbles on."""
    start = board.uniform(-0.3, 0.0) * board.half_width
    other, one = board.role(start + 0.55), board.role(start - board.uniform(1.2, 1.9))
    ahead = board.ahead
    board.walk(one, 'approach', board.at(start), other)
    other.stay('stand', one.clock + 3, heading=ahead)
    one.stay('push', 9, other)
    other.move('stumble', board.at(start + 1.45), 8)
    if board.chance(0.5):
        board.walk(one, 'leave', board.at(start - 1.8), other)
        other.wait_until(one.clock, heading=board.facing_us())
    else:
        other.stay('stand', board.frames(7, 10), heading=ahead + math.pi)
        one.wait_until(other.clock, heading=ahead)


def giving_plot(board: Storyboard) -> None:
    """Someone brings a box; it changes hands."""
    meet = board.uniform(-0.2, 0.2) * board.half_width
    way, gap = board.uniform(1.2, 1.9), 0.85
    other, one = board.role(meet + gap), board.role(meet - way)
    board.walk(one, 'bring', board.at(meet), other)
    _ease(board, other, one.clock)
    frames = board.frames(11, 14)
    start = one.clock
    _together(board, 'give', frames, one, other, answer='receive_box')
    hand_over = start + round(0.55 * frames)
    other.stay('hold_box', board.frames(8, 10), heading=board.facing_us())
    if board.chance(0.5):
        board.walk(one, 'leave', board.at(meet - 1.8), other)
    else:
        one.stay(
            board.pick('clap', 'wave'), board.frames(8, 10), heading=board.facing_us()
        )
    board.thing(
        'box',
        board.pick(*BOX_COLORS),
        ScriptedPropSpan(0, hand_over, 'hands', one.id),
        ScriptedPropSpan(hand_over, 9999, 'hands', other.id),
    )
    last = max(one.clock, other.clock)
    one.wait_until(last)
    other.hold_on(last)
