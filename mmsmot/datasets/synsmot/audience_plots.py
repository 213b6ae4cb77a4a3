"""Plots in which one attends to another from a distance."""

from __future__ import annotations

from .storyboard import Storyboard, StoryboardRole

# What the looked-at do.
SHOWS = ('dance', 'exercise', 'jump', 'stretch')


def _audience(
    board: Storyboard, action: str, frames: int
) -> tuple[StoryboardRole, StoryboardRole]:
    """Someone does something, someone else attends to it."""
    gap = board.uniform(1.5, 2.3)
    left = -gap / 2 + board.uniform(-0.6, 0.6)
    actor, viewer = board.role(left + gap), board.role(left)
    before = 0
    if board.chance(0.6):
        viewer.place = board.at(left - 1.3)
        board.walk(viewer, 'walk', board.at(left))
        before = viewer.clock
        actor.stay('stand', before, heading=board.facing_us())
    actor.stay(board.pick(*SHOWS), frames, heading=board.facing_us())
    viewer.stay(action, frames, actor)
    return actor, viewer


def applauding_plot(board: Storyboard) -> None:
    """Applause, perhaps answered with a wave."""
    actor, viewer = _audience(board, 'applaud', board.frames(14, 20))
    if board.chance(0.4):
        actor.stay('wave_to', 10, viewer)
        viewer.wait_until(actor.clock)


def watching_plot(board: Storyboard) -> None:
    """A hand over the brow."""
    _audience(board, 'watch', board.frames(14, 20))


def photographing_plot(board: Storyboard) -> None:
    """A camera before the face."""
    _, viewer = _audience(board, 'photograph', board.frames(14, 20))
    if board.chance(0.5):
        viewer.stay('wave', 8, heading=board.facing_us())


def pointing_plot(board: Storyboard) -> None:
    """A finger at someone, who perhaps walks off."""
    actor, viewer = _audience(board, 'point', board.frames(10, 14))
    if board.chance(0.5):
        sign = 1 if actor.place[0] > viewer.place[0] else -1
        frames = board.frames(12, 16)
        actor.move('walk', (actor.place[0] + sign * 1.6, actor.place[1]), frames)
        viewer.wait_until(actor.clock)


def greeting_plot(board: Storyboard) -> None:
    """A wave to someone, who waves back or comes nearer."""
    gap = board.uniform(1.9, 2.8)
    left = -gap / 2 + board.uniform(-0.4, 0.4)
    one, other = board.role(left), board.role(left + gap)
    if board.chance(0.5):
        frames = board.frames(6, 9)
        one.stay('stand', frames, heading=board.facing_us())
        other.stay(
            board.pick('stand', 'phone', 'stretch'), frames, heading=board.facing_us()
        )
    frames = board.frames(10, 14)
    one.stay('wave_to', frames, other)
    other.wait_until(one.clock, heading=board.facing_us())
    if board.chance(0.5):
        other.stay('wave_to', frames, one)
        one.wait_until(other.clock)
    else:
        board.walk(other, 'approach', board.at(left + 0.85), one)
        one.wait_until(other.clock)
