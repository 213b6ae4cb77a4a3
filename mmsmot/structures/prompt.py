"""What a user asks for: a sentence, boxes or points that name a target."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MAX_SLUG = 40  # characters of a sentence in a folder's name


@dataclass(frozen=True)
class Prompt:
    """A target, by text, by boxes, by points, or by several of them.

    Results and scores are keyed by (video, prompt).

    Attributes:
        text: A sentence, ``'people who walk to the right'``.
        boxes: x1, y1, x2, y2 by original frame number, in pixels of the original frame.
        points: x, y by original frame number.

    Raises:
        ValueError: All are empty, the text is blank, a number is not finite, a frame
            number is below 1, or a box is inverted.

    >>> Prompt('a man', boxes={1: (10, 20, 50, 120)}).key
    'a-man-80b3ad54'
    """

    text: str | None = None
    boxes: dict[int, tuple[float, ...]] = field(default_factory=dict)
    points: dict[int, tuple[float, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.text is not None and (
            not isinstance(self.text, str) or not self.text.strip()
        ):
            raise ValueError(f'Prompt: text must be a sentence, got {self.text!r}')
        object.__setattr__(self, 'boxes', _by_frame(self.boxes, 4, 'boxes'))
        object.__setattr__(self, 'points', _by_frame(self.points, 2, 'points'))
        for frame_id, (x1, y1, x2, y2) in self.boxes.items():
            if not (x1 < x2 and y1 < y2):
                raise ValueError(
                    f'Prompt: the box of frame {frame_id} must be x1, y1, x2, y2 with '
                    f'x1 < x2 and y1 < y2, got {x1:g}, {y1:g}, {x2:g}, {y2:g}'
                )
        if self.text is None and not self.boxes and not self.points:
            raise ValueError('Prompt: give text, boxes or points')

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> str:
        """A short name for folders and tables, unique to what is asked for."""
        words = re.sub(r'[^a-z0-9]+', '-', (self.text or 'target').lower()).strip('-')
        content = json.dumps(prompt_to_dict(self), sort_keys=True)
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        return f'{words[:MAX_SLUG].strip("-") or "target"}-{digest}'

    def __str__(self) -> str:
        parts = [repr(self.text)] if self.text else []
        parts += [f'box in frame {frame_id}' for frame_id in self.boxes]
        parts += [f'point in frame {frame_id}' for frame_id in self.points]
        return ', '.join(parts)


def prompt_to_dict(prompt: Prompt) -> dict[str, Any]:
    """A prompt as JSON's kinds of values; what is not asked for is left out."""
    content: dict[str, Any] = {} if prompt.text is None else {'text': prompt.text}
    for name in ('boxes', 'points'):
        rows = {str(f): list(row) for f, row in getattr(prompt, name).items()}
        if rows:
            content[name] = rows
    return content


def prompt_from_dict(content: Any) -> Prompt:
    """The prompt that :func:`prompt_to_dict` made this of.

    Raises:
        ValueError: It is not in that form; names the key.
    """
    if not isinstance(content, dict):
        raise ValueError(f'a prompt must be an object, got {type(content).__name__}')
    unknown = sorted(content.keys() - {'text', 'boxes', 'points'})
    if unknown:
        raise ValueError(f'a prompt has text, boxes and points, got {unknown[0]!r:.40}')
    tables = {}
    for name in ('boxes', 'points'):
        rows = content.get(name, {})
        if not isinstance(rows, dict):
            raise ValueError(f'{name} must be an object of rows by frame number')
        tables[name] = {_frame_number(key, name): row for key, row in rows.items()}
    return Prompt(content.get('text'), **tables)


def as_prompts(prompts: Prompt | str | Sequence[Prompt | str]) -> tuple[Prompt, ...]:
    """What a user gives as prompts: one or several, a text for a :class:`Prompt`.

    Raises:
        TypeError: One is neither.
        ValueError: The same is given twice.

    >>> [prompt.text for prompt in as_prompts('a man')]
    ['a man']
    """
    if isinstance(prompts, Prompt | str):
        prompts = [prompts]
    for prompt in prompts:
        if not isinstance(prompt, Prompt | str):
            raise TypeError(f'a prompt must be a Prompt or a text, got {prompt!r:.60}')
    checked = tuple(Prompt(p) if isinstance(p, str) else p for p in prompts)
    if len({*checked}) < len(checked):
        raise ValueError('the same prompt is given twice')
    return checked


def prompts_from_options(
    texts: Sequence[str] = (), boxes: Sequence[str] = (), points: Sequence[str] = ()
) -> tuple[Prompt, ...]:
    """The prompts of a command line: one for each text; boxes and points are one target.

    Args:
        texts: Sentences.
        boxes: ``'FRAME,X1,Y1,X2,Y2'`` each.
        points: ``'FRAME,X,Y'`` each.

    Raises:
        ValueError: One is not in that form; names it.

    >>> prompts_from_options(boxes=['3,10,20,50,120'])[0].boxes
    {3: (10.0, 20.0, 50.0, 120.0)}
    """
    prompts = [Prompt(text) for text in texts]
    box_rows = _parse_rows(boxes, 'box', 'FRAME,X1,Y1,X2,Y2')
    point_rows = _parse_rows(points, 'point', 'FRAME,X,Y')
    if box_rows or point_rows:
        prompts.append(Prompt(boxes=box_rows, points=point_rows))
    return as_prompts(prompts)


def _parse_rows(
    texts: Sequence[str], name: str, form: str
) -> dict[int, tuple[float, ...]]:
    rows: dict[int, tuple[float, ...]] = {}
    for text in texts:
        frame_id, row = _parse(text, name, form)
        if frame_id in rows:
            raise ValueError(
                f'--{name} {text!r}: frame {frame_id} has a {name} already; a target has '
                'one in a frame'
            )
        rows[frame_id] = row
    return rows


def _parse(text: str, name: str, form: str) -> tuple[int, tuple[float, ...]]:
    parts = text.split(',')
    try:
        if len(parts) != len(form.split(',')):
            raise ValueError
        return int(parts[0]), tuple(float(part) for part in parts[1:])
    except ValueError:
        raise ValueError(f'--{name} {text!r}: write it as {form}') from None


def _by_frame(rows: Any, size: int, name: str) -> dict[int, tuple[float, ...]]:
    """Rows of ``size`` finite numbers by frame number, ascending."""
    if not isinstance(rows, dict):
        raise ValueError(f'Prompt: {name} must be a dict of rows by frame number')
    checked = {}
    for frame_id in sorted(rows):
        row = tuple(float(number) for number in rows[frame_id])
        if isinstance(frame_id, bool) or int(frame_id) != frame_id or frame_id < 1:
            raise ValueError(
                f'Prompt: {name} are by frame number, from 1, got {frame_id!r}'
            )
        if len(row) != size or not all(map(math.isfinite, row)):
            raise ValueError(
                f'Prompt: {name} of frame {frame_id} must be {size} numbers, got {row}'
            )
        checked[int(frame_id)] = row
    return checked


def _frame_number(key: str, name: str) -> int:
    if not (key.isascii() and key.isdigit()):
        raise ValueError(f'{name}: a key must be a frame number, got {key!r:.40}')
    return int(key)
