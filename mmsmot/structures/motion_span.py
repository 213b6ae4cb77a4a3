"""A part of a trajectory in which it does one thing, and its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..utils.json_entry import JsonEntry
from ..utils.number_ranges import NumberRange

MOTIONS = ('stand', 'stay', 'walk', 'run', 'move')
DIRECTIONS = ('', 'left', 'right')
DEPTHS = ('', 'nearer', 'away')


@dataclass(frozen=True)
class MotionSpan:
    """What a trajectory does from one frame to another.

    Attributes:
        start_frame, end_frame: Inclusive; the next span may begin in the last frame.
        motion: ``'stand'`` (upright) or ``'stay'`` in one place; ``'walk'``, ``'run'``, or
            ``'move'`` where the gait is not known.
        direction: ``'left'`` or ``'right'`` in the image; ``''`` for neither.
        depth: ``'nearer'`` to the camera or ``'away'`` from it; ``''`` for neither.
    """

    start_frame: int
    end_frame: int
    motion: str
    direction: str = ''
    depth: str = ''


def motion_span_to_dict(span: MotionSpan) -> dict[str, Any]:
    """The span as JSON's kinds of values; what is not known is left out."""
    return {name: value for name, value in asdict(span).items() if value != ''}


def motion_span_from_dict(content: Any) -> MotionSpan:
    """The span that :func:`motion_span_to_dict` made this of.

    Raises:
        ValueError: It is not in that form; names the field.
    """
    if not isinstance(content, dict):
        raise ValueError(f'a motion span must be a dict, got {content!r:.60}')
    entry = JsonEntry(content, 'motion span')
    frames = NumberRange(0, integer=True)
    start, end = (entry.number(f'{side}_frame', frames) for side in ('start', 'end'))
    if end < start:
        raise ValueError(
            f'a motion span ends at frame {end}, before it starts, {start}'
        )
    words = {'motion': MOTIONS, 'direction': DIRECTIONS, 'depth': DEPTHS}
    for name, choices in words.items():
        if content.get(name, '') not in choices:
            raise ValueError(
                f'{name} of a motion span must be one of {", ".join(map(repr, choices))}, '
                f'got {content.get(name)!r:.40}'
            )
    return MotionSpan(
        int(start), int(end), **{name: content.get(name, '') for name in words}
    )
