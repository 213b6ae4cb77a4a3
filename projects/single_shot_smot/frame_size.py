"""Frames of one video have one size."""

from __future__ import annotations

from typing import Protocol

from mmsmot.structures import Frame


class SizedState(Protocol):
    """State of a video that knows the size of its frames.

    Attributes:
        size: Width and height, ``None`` before the first frame.
    """

    size: tuple[int, int] | None


def remember_size(state: SizedState, frame: Frame) -> None:
    """Remember the size of the frames, and refuse one of another.

    Raises:
        ValueError: Boxes of both could not stand in one trajectory.
    """
    size = frame.image.shape[1], frame.image.shape[0]
    if state.size not in (None, size):
        raise ValueError(
            f'{frame.video.name}: frame {frame.frame_id} is {size[0]}x{size[1]}, those '
            f'before were {state.size[0]}x{state.size[1]}. Boxes of both cannot stand in '
            'one trajectory: scale the frames to one size, or begin another video'
        )
    state.size = size
