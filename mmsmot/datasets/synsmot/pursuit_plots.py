"""Plots in which two get somewhere: side by side, ahead and behind, past each other."""

from __future__ import annotations

import math

from .storyboard import Storyboard, StoryboardRole


def following_plot(board: Storyboard) -> None:
    """Both walk the same way, one behind the other."""
    start = -board.uniform(0.35, 0.6) * board.half_width
    ahead, behind = board.role(start + 1.25), board.role(start)
    frames, speed = board.frames(16, 24), board.uniform(0.95, 1.2)
    way = speed * frames / board.fps
    pause = board.frames(6, 8) if board.chance(0.4) else 0
    if pause:
        ahead.stay('stand', pause, heading=board.facing_us())
        behind.stay('stand', pause, heading=board.facing_us())
    ahead.move('walk', board.at(start + 1.25 + way), frames)
    behind.move('follow', board.at(start + way), frames, ahead)
    if board.chance(0.5):
        ending = board.frames(8, 12)
        ahead.stay(
            board.pick('wave', 'crouch', 'phone', 'stand'),
            ending,
            heading=board.facing_us(),
        )
        behind.stay('stand', ending, heading=board.ahead)


def leading_plot(board: Storyboard) -> None:
    """Hand in hand, one ahead."""
    start = -board.uniform(0.3, 0.55) * board.half_width
    gap = 0.72
    ahead = board.role(start + gap, kinds=('man', 'woman'))
    behind = board.role(start, kinds=('boy', 'girl', 'woman'))
    frames = board.frames(18, 26)
    way = board.uniform(0.85, 1.1) * frames / board.fps
    ahead.move('lead', board.at(start + gap + way), frames, behind)
    behind.move('led', board.at(start + way), frames, ahead)
    if board.chance(0.5):
        ending = board.frames(8, 12)
        ahead.stay(
            board.pick('stand', 'wave', 'phone'), ending, heading=board.facing_us()
        )
        behind.stay(
            board.pick('stand', 'jump', 'wave'), ending, heading=board.facing_us()
        )


def strolling_plot(board: Storyboard) -> None:
    """Side by side."""
    start = -board.uniform(0.3, 0.6) * board.half_width
    near, far = board.role(start), board.role(start + 0.3, board.depth + 0.55)
    frames = board.frames(16, 24)
    way = board.uniform(0.95, 1.2) * frames / board.fps
    near.move('accompany', board.at(start + way), frames, far)
    far.move('accompany', board.at(start + 0.3 + way, board.depth + 0.55), frames, near)
    if board.chance(0.5):
        ending = board.frames(8, 12)
        for role in (near, far):
            role.stay(
                board.pick('stand', 'wave', 'stretch'),
                ending,
                heading=board.facing_us(),
            )


def chasing_plot(board: Storyboard) -> None:
    """A run after someone who runs away, perhaps there and back again."""
    board.depth = board.uniform(6.6, 8.6)
    wide = board.half_width
    gap = board.uniform(1.0, 1.4)
    start = -board.uniform(0.55, 0.75) * wide
    prey, hunter = board.role(start + gap), board.role(start)
    pause = board.frames(6, 9)
    if board.chance(0.6):
        prey.stay(board.pick('stand', 'wave', 'jump'), pause, heading=board.facing_us())
        hunter.stay('stand', pause, heading=board.ahead)
    speed = board.uniform(2.2, 2.6)
    turn = board.chance(0.6)
    reach = (0.75 if turn else 1.25) * wide
    frames = round((reach - start - gap) / speed * board.fps)
    prey.move('flee', board.at(reach), frames, hunter)
    hunter.move('chase', board.at(reach - 0.85 * gap), frames, prey)
    if turn:
        _run_back(board, prey, hunter, speed)
    if board.chance(0.5):
        prey.stay('stand', 8, heading=board.facing_us())
        hunter.stay('stand', 8, heading=board.facing_us())


def _run_back(
    board: Storyboard, prey: StoryboardRole, hunter: StoryboardRole, speed: float
) -> None:
    """Round a bend and back on a line further from the camera, the prey ahead."""
    edge, back = abs(prey.place[0]), board.depth + 0.8
    bend = (board.at(edge + 0.4, board.depth + 0.3), board.at(edge + 0.1, back))
    way = board.uniform(1.0, 1.3) * board.half_width
    frames = round((way + 1.2) / speed * board.fps)
    lag = 0.9
    corner = prey.place
    prey.move('flee', board.at(edge - way, back), frames, hunter, via=bend)
    hunter.move(
        'chase', board.at(edge - way + lag, back), frames, prey, via=(corner, *bend)
    )


def dodging_plot(board: Storyboard) -> None:
    """Someone runs at someone who steps aside in the last moment."""
    stand = board.uniform(0.05, 0.3) * board.half_width
    start = stand - board.uniform(2.8, 3.4)
    still, runner = board.role(stand), board.role(start)
    if board.chance(0.5):
        runner.stay('stand', board.frames(6, 8), heading=board.ahead)
    begin = runner.clock
    end = stand + board.uniform(1.4, 2.2)
    board.walk(runner, 'run', board.at(end))
    share = (stand - 0.75 - start) / (end - start)
    moment = begin + round(share * (runner.clock - begin))
    back = math.pi - board.ahead
    still.wait_until(max(moment - 1, 1), heading=back)
    step = board.pick(-0.75, 0.75)
    still.move('dodge', board.at(stand, board.depth + step), 7, runner, heading=back)
    ending = board.frames(7, 10)
    still.stay('stand', ending, heading=board.ahead)
    runner.wait_until(still.clock, heading=board.facing_us())
