"""Plots with a ball that goes from one to the other."""

from __future__ import annotations

import math

from .script import ScriptedPropSpan
from .storyboard import Storyboard, StoryboardRole

BALL_COLORS = ('red', 'orange', 'yellow', 'white', 'blue')
# Parts of a pass or a throw: the ball leaves and arrives.
KICK, TRAP = 0.25, 0.7
RELEASE, CATCH = 0.36, 0.72
BALL_RADIUS = 0.15


def _ball_game(board: Storyboard, throw: bool) -> None:
    span = board.uniform(2.0, min(2.9, 1.3 * board.half_width))
    left = -span / 2 + board.uniform(-0.3, 0.3)
    pair = [board.role(left), board.role(left + span)]
    color, spans, turns = board.pick(*BALL_COLORS), [], board.pick(1, 2, 2, 3)
    clock = 0
    if board.chance(0.5):
        clock = board.frames(6, 8)
        other = board.pick('stand', 'stretch', 'jump') if not throw else 'stand'
        pair[0].stay('stand', clock, heading=board.ahead)
        pair[1].stay(other, clock, heading=board.facing_us())
    for turn in range(turns):
        giver, taker = pair[turn % 2], pair[1 - turn % 2]
        frames = board.frames(12, 15)
        answer = (
            ('throw_ball', 'catch_ball') if throw else ('pass_ball', 'receive_ball')
        )
        giver.stay(answer[0], frames, taker)
        taker.stay(answer[1], frames, giver)
        spans += _ball_way(giver, taker, clock, frames, throw)
        clock += frames
    last = pair[turns % 2]
    spans.append(_kept(last, clock, throw, pair[1 - turns % 2]))
    if clock > 0 and spans[0].start > 0:
        spans.insert(0, _kept(pair[0], 0, throw, pair[1], spans[0].start))
    board.thing('ball', color, *spans)
    if board.chance(0.4) and clock < 36:
        pair[1 - turns % 2].stay('clap', 8, heading=board.facing_us())
        pair[turns % 2].wait_until(clock + 8)


def _kept(
    holder: StoryboardRole,
    start: int,
    throw: bool,
    other: StoryboardRole,
    stop: int = 9999,
) -> ScriptedPropSpan:
    """A ball that waits: in the hands, or before the feet."""
    if throw:
        return ScriptedPropSpan(start, stop, 'hands', holder.id)
    spot = _toward(holder, other, 0.3)
    return ScriptedPropSpan(start, stop, 'rest', begin=(*spot, BALL_RADIUS))


def _toward(
    role: StoryboardRole, other: StoryboardRole, way: float
) -> tuple[float, float]:
    """A place a little way from one to the other."""
    dx, dz = other.place[0] - role.place[0], other.place[1] - role.place[1]
    far = math.hypot(dx, dz)
    return (
        round(role.place[0] + dx / far * way, 3),
        round(role.place[1] + dz / far * way, 3),
    )


def _ball_way(
    giver: StoryboardRole, taker: StoryboardRole, start: int, frames: int, throw: bool
) -> list[ScriptedPropSpan]:
    """In the giver's keeping, under way, in the taker's."""
    leaves, arrives = (RELEASE, CATCH) if throw else (KICK, TRAP)
    off, on = start + round(leaves * frames), start + round(arrives * frames)
    heights = (1.75, 1.0) if throw else (BALL_RADIUS, BALL_RADIUS)
    begin = (*_toward(giver, taker, 0.3), heights[0])
    finish = (*_toward(taker, giver, 0.35), heights[1])
    return [
        _kept(giver, start, throw, taker, off),
        ScriptedPropSpan(
            off, on, 'fly', begin=begin, finish=finish, arc=0.7 if throw else 0.0
        ),
        _kept(taker, on, throw, giver, start + frames),
    ]


def passing_a_ball_plot(board: Storyboard) -> None:
    """Kicked along the ground."""
    _ball_game(board, throw=False)


def throwing_a_ball_plot(board: Storyboard) -> None:
    """Thrown in an arc from hands to hands."""
    _ball_game(board, throw=True)
