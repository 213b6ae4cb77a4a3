"""SemTrack's TAO-style JSON: read with counted repairs, and written."""

from __future__ import annotations

import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mmsmot.structures import xywh_to_xyxy, xyxy_to_xywh
from mmsmot.utils.json_file import read_json, write_json
from projects.semtracker.datasets.format_repairs import FormatRepairs
from projects.semtracker.datasets.relation_tracks import (
    NO_RELATION,
    AnnotatedCategories,
    RelationTracks,
)
from projects.semtracker.datasets.semtrack_entries import (
    MAX_NUMBER,
    four_numbers,
    has_area,
    names_by_id,
    whole_number,
)


@dataclass(eq=False)
class SemTrackQuery:
    """One sequence of SemTrack: a video and the query that names its target.

    Attributes:
        video: Its name.
        text: The query, ``lang`` in the file.
        frame_ids: (T,) numbers of its images, from 1.
        tracks: All annotated objects, the target's boxes marked main.
        annotated: Categories that are known to be absent or not annotated exhaustively.
    """

    video: str
    text: str
    frame_ids: np.ndarray
    tracks: RelationTracks
    annotated: AnnotatedCategories = AnnotatedCategories()

    @property
    def name(self) -> str:
        """As the released evaluation names a sequence."""
        return f'{self.video.split("/")[-1]}_{self.text.replace(" ", "_")}'


@dataclass(eq=False)
class SemTrackFile:
    """The content of an annotation file.

    Attributes:
        queries: Its sequences, in the file's order.
        categories: Object category by id.
        relations: Interaction class by id; ids without a name have ``'relation <id>'``.
        repairs: What was mended.
        video_ids: Of each query's video.
        images: Video id, and frame number from 1, of each image by id.
    """

    queries: list[SemTrackQuery]
    categories: dict[int, str]
    relations: dict[int, str]
    repairs: FormatRepairs = field(repr=False)
    video_ids: list[int] = field(default_factory=list, repr=False)
    images: dict[int, tuple[int, int]] = field(default_factory=dict, repr=False)


def read_semtrack_json(path: str | os.PathLike, strict: bool = False) -> SemTrackFile:
    """Read ground truth in SemTrack's TAO-style JSON.

    Frames are numbered from 1: an image's ``frame_index`` plus one, since the file counts
    from 0. Names of interaction classes stand in ``relation_categories``, where there is
    such a list. What :data:`.format_repairs.REPAIRS` lists is mended, counted and logged;
    a missing key, a value of a wrong type and an id that is there twice are errors.

    Args:
        path: The file.
        strict: Make what would be mended an error.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It lacks a list or a key, a value is of a wrong type, or an id is there
            twice; names the file, the list and the entry.
    """
    content = read_json(path)
    videos, images, categories, annotations = (
        _entries(content, name, keys, path)
        for name, keys in (
            ('videos', ('id', 'name', 'lang')),
            ('images', ('id', 'video_id', 'frame_index')),
            ('categories', ('id', 'name')),
            ('annotations', ('image_id', 'track_id', 'category_id', 'bbox')),
        )
    )
    names = names_by_id(categories, 'categories', path)
    names_by_id(videos, 'videos', path, ('name', 'lang'))
    relations = _relation_names(content, annotations, path)
    repairs = FormatRepairs(path, strict)
    places = _image_places(images, {video['id'] for video in videos}, repairs)
    rows = _rows_by_video(annotations, places, names, relations, repairs)
    frame_ids: dict[int, list[int]] = {}
    for video_id, frame_id in places.values():
        frame_ids.setdefault(video_id, []).append(frame_id)
    queries = {}
    for number, video in enumerate(videos):
        video_id = video['id']
        if video_id not in frame_ids:
            repairs.add('video_empty', f'videos[{number}]: {video["name"]!r:.60}')
            continue
        video_rows = rows.get(video_id, [])
        queries[video_id] = _query(video, frame_ids[video_id], video_rows, repairs)
    repairs.report()
    return SemTrackFile(
        [*queries.values()], names, relations, repairs, [*queries], places
    )


def write_semtrack_json(
    path: str | os.PathLike,
    queries: Sequence[SemTrackQuery],
    categories: Mapping[int, str],
    relations: Mapping[int, str],
) -> None:
    """Write ground truth in SemTrack's TAO-style JSON, whole or not at all.

    Track and image ids are unique over the file, as TAO's are.
    """
    content: dict[str, list] = {
        'videos': [],
        'images': [],
        'tracks': [],
        'categories': [dict(id=i, name=name) for i, name in categories.items()],
        'relation_categories': [dict(id=i, name=n) for i, n in relations.items()],
        'annotations': [],
    }
    for video_id, query in enumerate(queries, start=1):
        content['videos'].append(
            dict(
                id=video_id,
                name=query.video,
                lang=query.text,
                neg_category_ids=sorted(query.annotated.negative),
                not_exhaustive_category_ids=sorted(query.annotated.not_exhaustive),
            )
        )
        _add_query(content, query, video_id)
    write_json(content, path)


def _entries(
    content: Any, name: str, keys: Sequence[str], path: str | os.PathLike
) -> list[dict[str, Any]]:
    """A list of the file, each entry with these keys."""
    entries = content.get(name) if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ValueError(
            f"{path}: expected an object with a list {name!r}, as in SemTrack's TAO-style "
            f'JSON, got {type(entries).__name__}'
        )
    for number, entry in enumerate(entries):
        missing = [k for k in keys if not isinstance(entry, dict) or k not in entry]
        if missing:
            raise ValueError(f'{path}: {name}[{number}] has no {missing[0]!r}')
    return entries


def _query(
    video: Mapping[str, Any],
    frame_ids: Sequence[int],
    rows: Sequence[tuple],
    repairs: FormatRepairs,
) -> SemTrackQuery:
    """A video's query, of its frame numbers and of its boxes' rows."""
    name = video['name']
    return SemTrackQuery(
        name,
        video['lang'],
        np.array(sorted(frame_ids), int),
        _with_main(_table(rows), name, repairs),
        _annotated(video, repairs.path),
    )


def _relation_names(
    content: dict[str, Any], annotations: list[dict], path: str | os.PathLike
) -> dict[int, str]:
    if 'relation_categories' in content:
        entries = _entries(content, 'relation_categories', ('id', 'name'), path)
        return names_by_id(entries, 'relation_categories', path)
    keys = [f'relation_{side}_category_id' for side in ('sub', 'obj')]
    numbers = [entry.get(key) for entry in annotations for key in keys]
    ids = sorted({i for i in numbers if type(i) is int and 0 <= i <= MAX_NUMBER})
    return {i: f'relation {i}' for i in ids}


def _annotated(
    video: Mapping[str, Any], path: str | os.PathLike
) -> AnnotatedCategories:
    lists = []
    for key in ('neg_category_ids', 'not_exhaustive_category_ids'):
        ids = video.get(key, [])
        if not isinstance(ids, list) or not all(type(i) is int for i in ids):
            raise ValueError(
                f'{path}: video {video["name"]!r}: {key} must be a list of whole numbers, '
                f'got {ids!r:.60}'
            )
        lists.append(frozenset(ids))
    return AnnotatedCategories(*lists)


def _image_places(
    images: Sequence[dict[str, Any]], video_ids: Container[int], repairs: FormatRepairs
) -> dict[int, tuple[int, int]]:
    """Video and frame number, from 1, of each image by id."""
    places: dict[int, tuple[int, int]] = {}
    image_ids: set[int] = set()
    frames: set[tuple[int, int]] = set()
    for number, image in enumerate(images):
        place = f'{repairs.path}: images[{number}]'
        image_id, video_id, frame_index = (
            whole_number(image, key, place) for key in ('id', 'video_id', 'frame_index')
        )
        if frame_index < 0:
            raise ValueError(f'{place}: frame_index must be from 0, got {frame_index}')
        if image_id in image_ids:
            raise ValueError(f'{place}: the id {image_id} is there twice')
        image_ids.add(image_id)
        if video_id not in video_ids:
            repairs.add('video_unknown', f'images[{number}]: video_id {video_id}')
        elif (video_id, frame_index) in frames:
            repairs.add('image_repeated', f'images[{number}]')
        else:
            frames.add((video_id, frame_index))
            places[image_id] = video_id, frame_index + 1
    return places


def _rows_by_video(
    annotations: Sequence[dict[str, Any]],
    places: Mapping[int, tuple[int, int]],
    categories: Mapping[int, str],
    relations: Mapping[int, str],
    repairs: FormatRepairs,
) -> dict[int, list[tuple]]:
    """The boxes' rows by video id, without second boxes of a track in an image."""
    rows: dict[int, list[tuple]] = {}
    box_keys: set[tuple] = set()
    for number, entry in enumerate(annotations):
        place = f'annotations[{number}]'
        row = _row(entry, place, places, categories, relations, repairs)
        if row is None:
            continue
        video_id = places[entry['image_id']][0]
        key = video_id, *row[:2]
        if key in box_keys:
            repairs.add('box_repeated', place)
            continue
        box_keys.add(key)
        rows.setdefault(video_id, []).append(row)
    return rows


def _row(
    entry: dict[str, Any],
    place: str,
    places: Mapping[int, tuple[int, int]],
    categories: Mapping[int, str],
    relations: Mapping[int, str],
    repairs: FormatRepairs,
) -> tuple | None:
    """Frame, track, box, category, main, relations; ``None`` where it is left out."""
    where = f'{repairs.path}: {place}'
    for key in ('image_id', 'track_id', 'category_id'):
        whole_number(entry, key, where)
    if entry['track_id'] < 0:
        raise ValueError(f'{where}: track_id must be from 0, got {entry["track_id"]}')
    box = four_numbers(entry, where)
    is_main = _is_main(entry, where)
    if entry['image_id'] not in places:
        repairs.add('image_unknown', f'{place}: image_id {entry["image_id"]!r}')
        return None
    if entry['category_id'] not in categories:
        repairs.add(
            'category_unknown', f'{place}: category_id {entry["category_id"]!r}'
        )
        return None
    if not has_area(box):
        repairs.add('box_invalid', f'{place}: bbox {entry["bbox"]!r:.60}')
        return None
    video_id, frame_id = places[entry['image_id']]
    if 'video_id' in entry and whole_number(entry, 'video_id', where) != video_id:
        repairs.add('video_differs', f'{place}: video_id {entry["video_id"]}')
    if 'main_object' not in entry:
        repairs.add('main_object_missing', place)
    classes = [
        _relation(entry, side, place, relations, repairs) for side in ('sub', 'obj')
    ]
    return frame_id, entry['track_id'], box, entry['category_id'], is_main, *classes


def _is_main(entry: Mapping[str, Any], place: str) -> bool:
    value = entry.get('main_object', 0)
    if type(value) not in (int, bool) or value not in (0, 1):
        raise ValueError(f'{place}: main_object must be 0 or 1, got {value!r:.60}')
    return bool(value)


def _relation(
    entry: dict[str, Any],
    side: str,
    place: str,
    relations: Mapping[int, str],
    repairs: FormatRepairs,
) -> int:
    key = f'relation_{side}_category_id'
    if entry.get(key) is None:
        repairs.add('relation_missing', f'{place}: {key}')
        return NO_RELATION
    number = whole_number(entry, key, f'{repairs.path}: {place}')
    if number != NO_RELATION and number not in relations:
        repairs.add('relation_unknown', f'{place}: {key} {number}')
        return NO_RELATION
    return number


def _table(rows: Sequence[tuple]) -> RelationTracks:
    rows = sorted(rows, key=lambda row: row[:2])
    columns = [*zip(*rows, strict=True)] or [()] * 7
    frame_ids, ids, boxes, labels, is_main, subject, object_ = columns
    return RelationTracks(
        np.array(frame_ids, np.int64),
        np.array(ids, np.int64),
        xywh_to_xyxy(np.array(boxes, float).reshape(-1, 4)),
        np.array(labels, np.int64),
        np.array(is_main, bool),
        np.array(subject, np.int64).reshape(-1, 1),
        np.array(object_, np.int64).reshape(-1, 1),
        np.ones(len(rows)),
    )


def _with_main(
    tracks: RelationTracks, name: str, repairs: FormatRepairs
) -> RelationTracks:
    """One track is the target's, in all of its boxes.

    The longest one where no annotation says which one is; of several that are marked the
    one with the most marked boxes.
    """
    if not len(tracks):
        return tracks
    if tracks.is_main.any():
        ids, counts = np.unique(tracks.ids[tracks.is_main], return_counts=True)
        if len(ids) > 1:
            repairs.add('main_object_several', f'video {name}')
        is_target = tracks.ids == ids[counts.argmax()]
        for frame_id in tracks.frame_ids[is_target & ~tracks.is_main].tolist():
            repairs.add('main_object_partial', f'video {name}, frame {frame_id}')
        tracks.is_main[:] = is_target
        return tracks
    repairs.add('main_object_none', f'video {name}')
    ids, counts = np.unique(tracks.ids, return_counts=True)
    tracks.is_main[tracks.ids == ids[counts.argmax()]] = True
    return tracks


def _add_query(content: dict[str, list], query: SemTrackQuery, video_id: int) -> None:
    image_of = {}
    for frame_id in query.frame_ids.tolist():
        image_of[frame_id] = len(content['images']) + 1
        content['images'].append(
            dict(id=image_of[frame_id], video_id=video_id, frame_index=frame_id - 1)
        )
    tracks, track_of = query.tracks, {}
    for track_id in np.unique(tracks.ids).tolist():
        track_of[track_id] = len(content['tracks']) + 1
        label = int(tracks.labels[tracks.ids == track_id][0])
        content['tracks'].append(
            dict(id=track_of[track_id], category_id=label, video_id=video_id)
        )
    boxes = xyxy_to_xywh(tracks.boxes)
    for row in range(len(tracks)):
        content['annotations'].append(
            dict(
                id=len(content['annotations']) + 1,
                image_id=image_of[int(tracks.frame_ids[row])],
                video_id=video_id,
                track_id=track_of[int(tracks.ids[row])],
                category_id=int(tracks.labels[row]),
                bbox=boxes[row].tolist(),
                main_object=int(tracks.is_main[row]),
                relation_sub_category_id=int(tracks.subject_relations[row, 0]),
                relation_obj_category_id=int(tracks.object_relations[row, 0]),
            )
        )
