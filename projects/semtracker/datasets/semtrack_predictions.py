"""Predictions in SemTrack's TAO-style JSON: a list of boxes with what each is part of."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmsmot.structures import xywh_to_xyxy, xyxy_to_xywh
from mmsmot.utils.json_file import read_json, write_json
from projects.semtracker.datasets.relation_tracks import NO_RELATION, RelationTracks
from projects.semtracker.datasets.semtrack_entries import (
    four_numbers,
    has_area,
    whole_number,
)
from projects.semtracker.datasets.semtrack_json import SemTrackFile

ROLES = ('relation_sub_category_id', 'relation_obj_category_id')
KEYS = (
    'image_id',
    'video_id',
    'track_id',
    'category_id',
    'bbox',
    'score',
    'is_main',
    *ROLES,
)


def read_semtrack_predictions(
    path: str | os.PathLike, gt: SemTrackFile
) -> list[RelationTracks]:
    """Read predictions for the sequences of an annotation file.

    ::

        [{"image_id": 1, "video_id": 1, "track_id": 3, "category_id": 2,
          "bbox": [left, top, width, height], "score": 0.9, "is_main": 1,
          "relation_sub_category_id": [5, 0], "relation_obj_category_id": [-1]}, ...]

    A role has the best interaction classes, the best one first, or one alone; no class, or
    -1, is none. A shorter list than others is filled up with its own last class.

    Args:
        path: The file.
        gt: The annotations, whose images the boxes are of.

    Returns:
        A table for each of ``gt.queries``, in the order of the file; without rows where
        nothing is predicted.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no list of such entries, a value is of a wrong type, an image or
            class is not in the annotations, or a track has two boxes in an image; names
            the file and the entry.
    """
    entries = read_json(path)
    if not isinstance(entries, list):
        raise ValueError(
            f'{path}: expected a list of predicted boxes, got {type(entries).__name__}'
        )
    rows: dict[int, list[tuple]] = {video_id: [] for video_id in gt.video_ids}
    box_keys: set[tuple[int, int]] = set()
    for number, entry in enumerate(entries):
        place = f'{path}: [{number}]'
        video_id, row = _row(entry, place, gt)
        key = entry['image_id'], entry['track_id']
        if key in box_keys:
            raise ValueError(
                f'{place}: track {key[1]} has a box in image {key[0]} already'
            )
        box_keys.add(key)
        rows[video_id].append(row)
    return [_table(rows[video_id]) for video_id in gt.video_ids]


def write_semtrack_predictions(
    path: str | os.PathLike, predictions: Sequence[RelationTracks], gt: SemTrackFile
) -> None:
    """Write predictions, whole or not at all; the inverse of the reader.

    Args:
        path: The file.
        predictions: A table for each of ``gt.queries``; classes and categories as ``gt``
            numbers them. A sequence whose ids of tracks others have too gets greater
            ones, since those of a file are unique.
        gt: The annotations, whose image ids are written.

    Raises:
        ValueError: A frame is not in the annotations; names the video and the frame.
    """
    image_of = {place: image_id for image_id, place in gt.images.items()}
    used_ids: set[int] = set()
    entries = []
    for query, video_id, table in zip(
        gt.queries, gt.video_ids, predictions, strict=True
    ):
        boxes, ids = xyxy_to_xywh(table.boxes), table.ids
        if used_ids & {*ids.tolist()}:
            ids = ids + max(used_ids) + 1  # an id may be 0
        used_ids |= {*ids.tolist()}
        for row, frame_id in enumerate(table.frame_ids.tolist()):
            if (video_id, frame_id) not in image_of:
                raise ValueError(
                    f'{path}: video {query.video!r} has no image of frame {frame_id}'
                )
            values = (
                image_of[video_id, frame_id],
                video_id,
                int(ids[row]),
                int(table.labels[row]),
                boxes[row].tolist(),
                float(table.scores[row]),
                int(table.is_main[row]),
                table.subject_relations[row].tolist(),
                table.object_relations[row].tolist(),
            )
            entries.append(dict(zip(KEYS, values, strict=True)))
    write_json(entries, path)


def _row(entry: Any, place: str, gt: SemTrackFile) -> tuple[int, tuple]:
    """The video of a box, and frame, track, box, category, main, classes and score."""
    missing = [k for k in KEYS if not isinstance(entry, dict) or k not in entry]
    if missing:
        raise ValueError(f'{place} has no {missing[0]!r}')
    image_id, video_id, track_id, category = (
        whole_number(entry, key, place) for key in KEYS[:4]
    )
    if track_id < 0:
        raise ValueError(f'{place}: track_id must be from 0, got {track_id}')
    if image_id not in gt.images:
        raise ValueError(f'{place}: image_id {image_id} is not in the annotations')
    if video_id != gt.images[image_id][0]:
        raise ValueError(
            f'{place}: video_id is {video_id}, but image {image_id} is of video '
            f'{gt.images[image_id][0]}'
        )
    if category not in gt.categories:
        raise ValueError(f'{place}: category_id {category} is not in the annotations')
    box, score, is_main = four_numbers(entry, place), entry['score'], entry['is_main']
    if not has_area(box):
        raise ValueError(f'{place}: bbox has no area: {entry["bbox"]!r:.60}')
    if type(score) not in (int, float) or not math.isfinite(score):
        raise ValueError(f'{place}: score must be a number, got {score!r:.60}')
    if type(is_main) not in (int, bool) or is_main not in (0, 1):
        raise ValueError(f'{place}: is_main must be 0 or 1, got {is_main!r:.60}')
    roles = [_classes(entry, key, place, gt.relations) for key in ROLES]
    row = gt.images[image_id][1], track_id, box, category, bool(is_main)
    return video_id, (*row, *roles, float(score))


def _classes(
    entry: Mapping[str, Any], key: str, place: str, relations: Mapping[int, str]
) -> list[int]:
    """The classes of a role, the best one first; none is [-1]."""
    value = entry[key]
    classes = value if isinstance(value, list) else [value]
    for number in classes:
        if type(number) is not int or number not in (NO_RELATION, *relations):
            raise ValueError(
                f'{place}: {key} must be interaction classes of the annotations, or -1, '
                f'got {value!r:.60}'
            )
    return classes or [NO_RELATION]


def _table(rows: Sequence[tuple]) -> RelationTracks:
    columns = [*zip(*rows, strict=True)] or [()] * 8
    frame_ids, ids, boxes, labels, is_main, subject, object_, scores = columns
    return RelationTracks(
        np.array(frame_ids, np.int64),
        np.array(ids, np.int64),
        xywh_to_xyxy(np.array(boxes, float).reshape(-1, 4)),
        np.array(labels, np.int64),
        np.array(is_main, bool),
        _filled_up(subject),
        _filled_up(object_),
        np.array(scores, float),
    )


def _filled_up(classes: Sequence[list[int]]) -> np.ndarray:
    """(R, k) int64 of lists, each filled up with its last class, which changes nothing."""
    width = max(map(len, classes), default=1)
    rows = [part + part[-1:] * (width - len(part)) for part in classes]
    return np.array(rows, np.int64).reshape(-1, width)
