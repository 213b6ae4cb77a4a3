"""A referring expression and its target ids in each frame, in Refer-KITTI's form."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..utils.atomic import atomic_write
from ..utils.error_messages import message_without_path
from ..utils.json_file import read_json
from .id_keys import LAST_ID, read_id

Labels = dict[int, tuple[int, ...]]


@dataclass(frozen=True)
class ReferringExpression:
    """A sentence and the trajectories it refers to.

    Attributes:
        sentence: The expression, ``'people walking to the right'``.
        labels: Ids by *original frame number* (from 1), ascending. A frame that is not
            named has none; one may also be named with none.
        ignore: Ids neither right nor wrong, in the same form.
        video_name: The video it belongs to, ``''`` where unknown.
        raw_sentence: The sentence before it was rewritten (Refer-KITTI-V2).

    Raises:
        ValueError: The sentence is empty, or a frame number or an id is none.
    """

    sentence: str
    labels: Labels
    ignore: Labels = field(default_factory=dict)
    video_name: str = ''
    raw_sentence: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.sentence, str) or not self.sentence.strip():
            raise ValueError(
                f'ReferringExpression: a sentence must be text, got {self.sentence!r}'
            )
        object.__setattr__(self, 'labels', _sorted_labels(self.labels, 'labels'))
        object.__setattr__(self, 'ignore', _sorted_labels(self.ignore, 'ignore'))

    def on_frames(self, frame_ids: Iterable[int]) -> ReferringExpression:
        """The same sentence with the labels of these frames alone."""
        kept_frames = {int(frame) for frame in frame_ids}
        return ReferringExpression(
            self.sentence,
            {f: ids for f, ids in self.labels.items() if f in kept_frames},
            {f: ids for f, ids in self.ignore.items() if f in kept_frames},
            self.video_name,
            self.raw_sentence,
        )

    def ids(self) -> set[int]:
        """Every id it refers to in some frame."""
        return {i for ids in self.labels.values() for i in ids}


def read_expression(path: str | os.PathLike) -> ReferringExpression:
    """Read ``expression/<video>/<words-with-dashes>.json`` of Refer-KITTI.

    Its frame keys count from 0: key ``k`` is frame ``k + 1`` here.

    Raises:
        ValueError: The file is not in that form; names the file and the key.
    """
    try:
        return expression_from_dict(read_json(path))
    except ValueError as error:
        raise ValueError(
            f'{path}: not a referring expression in Refer-KITTI\'s form, {{"label": '
            '{"<frame from 0>": [ids]}, "sentence": "..."}: '
            f'{message_without_path(error, path)}'
        ) from error


def write_expression(expression: ReferringExpression, path: str | os.PathLike) -> None:
    """Write it in Refer-KITTI's form, frame keys from 0, atomically."""
    with atomic_write(path) as stream:
        json.dump(expression_to_dict(expression), stream, ensure_ascii=False)


def expression_to_dict(expression: ReferringExpression) -> dict[str, Any]:
    """The content of Refer-KITTI's file, frame keys from 0."""
    content = {
        'label': _from_zero(expression.labels),
        'ignore': _from_zero(expression.ignore),
        'video_name': expression.video_name,
        'sentence': expression.sentence,
    }
    if expression.raw_sentence is not None:
        content['raw_sentence'] = expression.raw_sentence
    return content


def expression_from_dict(content: Any) -> ReferringExpression:
    """The opposite of :func:`expression_to_dict`.

    Raises:
        ValueError: A key is missing or its value of another kind; names the key.
    """
    if not isinstance(content, dict):
        raise ValueError(f'expected an object, got {type(content).__name__}')
    for key in ('label', 'sentence'):
        if key not in content:
            raise ValueError(f'there is no key {key!r}')
    texts = {key: content.get(key) for key in ('video_name', 'raw_sentence')}
    for key, text in texts.items():
        if text is not None and not isinstance(text, str):
            raise ValueError(f'{key} must be text, got {text!r}')
    return ReferringExpression(
        content['sentence'],
        _from_one(content['label'], 'label'),
        _from_one(content.get('ignore') or {}, 'ignore'),
        texts['video_name'] or '',
        texts['raw_sentence'],
    )


def _from_zero(labels: Labels) -> dict[str, list[int]]:
    return {str(frame - 1): list(ids) for frame, ids in labels.items()}


def _from_one(labels: Any, key: str) -> dict[int, Any]:
    if not isinstance(labels, dict):
        raise ValueError(f'{key} must be an object of lists, got {labels!r:.80}')
    frames = {}
    for text, ids in labels.items():
        frame = read_id(text)
        if frame is None or frame + 1 in frames:
            raise ValueError(
                f'{key}: {text!r:.40} is not a frame number from 0, or stands twice'
            )
        frames[frame + 1] = ids
    return frames


def _sorted_labels(labels: Mapping[int, Iterable[int]], name: str) -> Labels:
    clean: Labels = {}
    for frame, ids in sorted(labels.items()):
        if int(frame) != frame or frame < 1:
            raise ValueError(
                f'ReferringExpression: {name} count frames from 1, got {frame!r}'
            )
        if isinstance(ids, str) or not isinstance(ids, Iterable):
            raise ValueError(
                f'ReferringExpression: {name} of frame {frame} must be a list of ids, '
                f'got {ids!r:.80}'
            )
        clean[int(frame)] = tuple(sorted({_id(i, frame) for i in ids}))
    return clean


def _id(value: Any, frame: int) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number <= LAST_ID or number != value:
        raise ValueError(
            f'ReferringExpression: {value!r:.40} in frame {frame} is no id (0, 1, ...)'
        )
    return number
