"""Checks of single entries of SemTrack's TAO-style JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmsmot.structures import xywh_to_xyxy
from mmsmot.structures.boxes import valid_boxes

MAX_NUMBER = 2**53  # JSON readers that know floats alone take whole numbers up to it


def names_by_id(
    entries: Sequence[Mapping[str, Any]],
    name: str,
    path: str | os.PathLike,
    text_keys: Sequence[str] = ('name',),
) -> dict[int, str]:
    """The entries' names by id; all of ``text_keys`` are texts, and no id is there twice.

    Raises:
        ValueError: An id or text is none, or an id stands twice; names file and entry.
    """
    names: dict[int, str] = {}
    for number, entry in enumerate(entries):
        place = f'{path}: {name}[{number}]'
        entry_id = whole_number(entry, 'id', place)
        for key in text_keys:
            if not isinstance(entry[key], str) or not entry[key].strip():
                raise ValueError(
                    f'{place}: {key} must be a text that is not empty, got {entry[key]!r:.60}'
                )
        if entry_id in names:
            raise ValueError(f'{place}: the id {entry_id} is there twice')
        names[entry_id] = entry['name']
    return names


def whole_number(entry: Mapping[str, Any], key: str, place: str) -> int:
    """A whole number of an entry.

    Raises:
        ValueError: It is none; names the place and the key.
    """
    value = entry[key]
    if type(value) is not int or abs(value) > MAX_NUMBER:
        raise ValueError(f'{place}: {key} must be a whole number, got {value!r:.60}')
    return value


def four_numbers(entry: Mapping[str, Any], place: str) -> np.ndarray:
    """(4,) an entry's bbox; what is no finite number of up to 2^53 is infinite.

    Raises:
        ValueError: It is no list of four numbers; names the place.
    """
    box = entry['bbox']
    is_box = isinstance(box, list) and len(box) == 4
    if not is_box or not all(type(x) in (int, float) for x in box):
        raise ValueError(
            f'{place}: bbox must be four numbers left, top, width, height, got {box!r:.60}'
        )
    return np.array([x if abs(x) <= MAX_NUMBER else np.inf for x in box])


def has_area(box: np.ndarray) -> bool:
    """Whether left, top, width and height (4,) are a box that a table takes."""
    is_finite = bool(np.isfinite(box).all())
    return is_finite and bool(valid_boxes(xywh_to_xyxy(box[None]))[0])
