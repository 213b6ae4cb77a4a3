"""Videos in one JSON file after COCO's form, as BenSMOT's released code trains on."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ...structures import (
    CoordinateSpace,
    Interactions,
    Trajectories,
    VideoInfo,
    valid_boxes,
    xywh_to_xyxy,
)
from ...structures.referring_expression import expression_from_dict
from ..image_sequence import MAX_DIGITS, ImageSequence
from ..video_truth import VideoTruth

NUMBER = (int, float)
_FILE_NUMBER = re.compile(r'(?<!\d)(\d+)\.[^.]+$')
_PAIR = re.compile(r'\s*(\d+)\s*-\s*(\d+)\s*')


class CocoVideoFile:
    """A COCO-video JSON.

    ::

        videos       {id, file_name or name[, fps][, summary, caption, relation]}
        images       {id, video_id, file_name, frame_id[, width, height]}
        annotations  {id, image_id, bbox: [x, y, w, h], instance_id or track_id
                      [, category_id][, conf][, iscrowd][, visibility]}

    ``summary`` is the video caption, ``caption`` a text by track id, ``relation`` the
    verbs by ``"<subject>-<object>"``. :class:`CocoVideoWriter` adds to a video
    ``semantic_trajectories``, the interactions with spans, and ``expressions``.

    The frame number is the last number in the file name, where all of a video's have
    one and they ascend with ``frame_id`` (which counts pictures, so that holes are lost
    in it); else ``frame_id``, moved by 1 where it counts from 0. A box with ``conf`` 0
    or ``iscrowd`` 1 is not to be considered. Boxes without area are left out, counted
    and logged, and a trajectory without any goes with its words; everything else that is
    odd is an error.

    Args:
        path: The file.
        image_root: The folder that file names are relative to; the JSON's own by
            default.
        default_fps: Frames per second of videos that do not say.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, a list or a key is missing or of another kind, an id
            stands twice, or a picture or box is of an unknown video or picture; names
            the entry.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        image_root: str | os.PathLike | None = None,
        default_fps: float = 2.0,
    ) -> None:
        self.path = Path(path)
        self.image_root = Path(image_root) if image_root else self.path.parent
        self.default_fps = default_fps
        content = self._read()
        self._videos = self._by_id(content, 'videos')
        images = self._by_id(content, 'images')
        self._images: dict[int, list[dict]] = {key: [] for key in self._videos}
        for image_id, image in images.items():
            where = f'images: id {image_id}'
            video_id = self._value(image, 'video_id', int, where)
            if video_id not in self._videos:
                self._fail(f'{where}: video_id {video_id} is no video')
            self._value(image, 'frame_id', int, where)
            self._value(image, 'file_name', str, where)
            self._images[video_id].append(image)
        self._boxes: dict[int, list[dict]] = {key: [] for key in images}
        for number, box in enumerate(self._list(content, 'annotations')):
            where = f'annotations[{number}]'
            image_id = self._value(box, 'image_id', int, where)
            if image_id not in images:
                self._fail(f'{where}: image_id {image_id} is no image')
            self._boxes[image_id].append({**box, 'where': where})
        self._require_names()

    def __len__(self) -> int:
        return len(self._videos)

    def __iter__(self) -> Iterator[dict]:
        """The videos, each ``dict(video=ImageSequence, truth=VideoTruth)``."""
        for video_id in self._videos:
            if self._images[video_id]:
                yield self._video(video_id)
            else:
                message = f'{self.path}: video {video_id} has no images; left out'
                print_log(message, logger='current', level=logging.WARNING)

    def _fail(self, message: str) -> None:
        raise ValueError(f'{self.path}: {message}')

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding='utf-8-sig'))
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f'{self.path}: not JSON: {error}') from error
        if not isinstance(content, dict):
            self._fail('expected an object with "videos", "images" and "annotations"')
        return content

    def _list(self, content: dict, key: str) -> list[dict]:
        rows = content.get(key)
        if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
            self._fail(f'expected a list of objects under {key!r}')
        return rows

    def _by_id(self, content: dict, key: str) -> dict[int, dict]:
        table: dict[int, dict] = {}
        for number, row in enumerate(self._list(content, key)):
            row_id = self._value(row, 'id', int, f'{key}[{number}]')
            if row_id in table:
                self._fail(f'{key}[{number}]: id {row_id} stands twice')
            table[row_id] = row
        return table

    def _value(self, row: dict, key: str, kind: Any, where: str) -> Any:
        value = row.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            names = ' or '.join(k.__name__ for k in np.atleast_1d(kind))
            self._fail(f'{where}: {key!r} must be {names}, got {value!r:.60}')
        return value

    def _name(self, video_id: int) -> str:
        row, where = self._videos[video_id], f'videos: id {video_id}'
        key = 'file_name' if 'file_name' in row else 'name'
        return self._value(row, key, str, where)

    def _require_names(self) -> None:
        seen: dict[str, int] = {}
        for video_id in self._videos:
            name = self._name(video_id)
            if name in seen:
                self._fail(
                    f'videos: id {video_id}: the name {name!r} is that of {seen[name]}'
                )
            seen[name] = video_id

    def _video(self, video_id: int) -> dict:
        row = self._videos[video_id]
        images = sorted(self._images[video_id], key=lambda image: image['frame_id'])
        frame_ids = self._frame_ids(images, video_id)
        paths = [str(self.image_root / image['file_name']) for image in images]
        where = f'videos: id {video_id}'
        fps = self._value({'fps': self.default_fps, **row}, 'fps', NUMBER, where)
        if not 0 < fps < float('inf'):
            self._fail(f'{where}: fps must be above 0, got {fps}')
        size = [self._size(images[0], side) for side in ('width', 'height')]
        name = self._name(video_id)
        video = VideoInfo(name, str(self.image_root / name), float(fps), *size)
        space = CoordinateSpace(width=size[0], height=size[1])
        boxes, lost = self._trajectories(images, frame_ids, space)
        captions = self._captions(row, where)
        interactions = self._interactions(row, where)
        if captions is not None:
            captions = {i: text for i, text in captions.items() if i not in lost}
        if interactions is not None:
            about = interactions.subject_ids, interactions.object_ids
            interactions = interactions[~np.isin(about, list(lost)).any(axis=0)]
        summary = row.get('summary') or None
        expressions = self._expressions(row, where)
        return dict(
            video=ImageSequence(video, frame_ids, paths),
            truth=VideoTruth(boxes, captions, interactions, summary, expressions),
        )

    def _size(self, image: dict, side: str) -> int | None:
        where = f'images: id {image["id"]}'
        return None if image.get(side) is None else self._value(image, side, int, where)

    def _frame_ids(self, images: list[dict], video_id: int) -> np.ndarray:
        """(T,) original frame numbers of pictures sorted by ``frame_id``."""
        counted = np.array([image['frame_id'] for image in images], np.int64)
        if counted[0] < 0 or (np.diff(counted) == 0).any():
            self._fail(
                f'videos: id {video_id}: a frame_id of its images is negative or stands '
                'twice'
            )
        found = [_FILE_NUMBER.search(image['file_name']) for image in images]
        if all(match and len(match[1]) <= MAX_DIGITS for match in found):
            named = np.array([int(match[1]) for match in found], np.int64)
            if (np.diff(named) > 0).all():
                counted = named
        return counted + 1 if counted[0] == 0 else counted

    def _trajectories(
        self, images: list[dict], frame_ids: np.ndarray, space: CoordinateSpace
    ) -> tuple[Trajectories, set[int]]:
        """The boxes, and the ids of which none has an area."""
        rows, seen = [], set()
        for image, frame in zip(images, frame_ids.tolist(), strict=True):
            for box in self._boxes[image['id']]:
                track_id, row = self._row(box)
                if (frame, track_id) in seen:
                    self._fail(
                        f'{box["where"]}: id {track_id} stands twice in image '
                        f'{image["id"]}'
                    )
                seen.add((frame, track_id))
                rows.append([frame, track_id, *row])
        table = np.array(rows, np.float64).reshape(-1, 9)
        boxes = xywh_to_xyxy(table[:, 2:6])
        good = valid_boxes(boxes)
        if not good.all():
            message = f'{self.path}: {(~good).sum()} boxes without area; left out'
            print_log(message, logger='current', level=logging.WARNING)
        scores, labels, visibility = table[good, 6:].T
        trajectories = Trajectories(
            table[good, 0],
            table[good, 1],
            boxes[good],
            scores,
            labels,
            visibility=visibility,
            space=space,
        )
        lost = {*table[:, 1].astype(int).tolist()} - {*trajectories.ids.tolist()}
        return trajectories, lost

    def _row(self, box: dict) -> tuple[int, list[float]]:
        """Its id, and x, y, w, h, flag, class, visible fraction."""
        where = box['where']
        key = 'instance_id' if 'instance_id' in box else 'track_id'
        track_id = self._value(box, key, int, where)
        bbox = self._value(box, 'bbox', list, where)
        if len(bbox) != 4 or not all(
            isinstance(v, NUMBER) and not isinstance(v, bool) for v in bbox
        ):
            self._fail(f'{where}: bbox must be [x, y, w, h], got {bbox!r:.60}')
        if track_id < 0:
            self._fail(f'{where}: {key} must be 0 or more, got {track_id}')
        given = {'conf': 1, 'visibility': 1.0, 'category_id': 1, **box}
        flag, visibility = (
            self._value(given, key, NUMBER, where) for key in ('conf', 'visibility')
        )
        label = self._value(given, 'category_id', int, where)
        considered = float(flag > 0 and not box.get('iscrowd'))
        return track_id, [*map(float, bbox), considered, label, float(visibility)]

    def _captions(self, row: dict, where: str) -> dict[int, str] | None:
        if row.get('caption') is None:
            return None
        captions = self._value(row, 'caption', dict, where)
        for key, text in captions.items():
            if not (key.isdecimal() and isinstance(text, str)):
                self._fail(f'{where}: caption must map ids to texts, got {key!r:.40}')
        return {
            int(key): text.strip() for key, text in captions.items() if text.strip()
        }

    def _interactions(self, row: dict, where: str) -> Interactions | None:
        if row.get('relation') is None:
            return None
        spans: dict[tuple[int, int, str], list[tuple[int, int]]] = {}
        for item in row.get('semantic_trajectories') or []:
            if not isinstance(item, dict):
                self._fail(f'{where}: semantic_trajectories holds {item!r:.40}')
            keys = ('subject', 'object', 'start', 'end')
            subject, other, *span = (self._value(item, k, int, where) for k in keys)
            verb = _clean_verb(self._value(item, 'verb', str, where))
            spans.setdefault((subject, other, verb), []).append(tuple(span))
        rows = []
        for pair, verbs in self._value(row, 'relation', dict, where).items():
            match = _PAIR.fullmatch(pair)
            if match is None or not isinstance(verbs, list):
                self._fail(
                    f'{where}: relation must map "i-j" to lists, got {pair!r:.40}'
                )
            ids = int(match[1]), int(match[2])
            for verb in dict.fromkeys(_clean_verb(verb) for verb in verbs):
                if verb:
                    ends = spans.pop((*ids, verb), [(0, 0)])
                    rows += [(*ids, verb, *span) for span in ends]
        if spans:
            lost = next(iter(spans))
            self._fail(f'{where}: semantic_trajectories {lost} is not in relation')
        if not rows:
            return Interactions.empty()
        subjects, objects, verbs, starts, stops = zip(*rows, strict=True)
        try:
            return Interactions(subjects, objects, verbs, starts, stops)
        except ValueError as error:
            raise ValueError(f'{self.path}: {where}: {error}') from error

    def _expressions(self, row: dict, where: str) -> list | None:
        if row.get('expressions') is None:
            return None
        try:
            items = self._value(row, 'expressions', list, where)
            return [expression_from_dict(item) for item in items]
        except ValueError as error:
            raise ValueError(f'{self.path}: {where}: {error}') from error


def _clean_verb(verb: Any) -> str:
    """As the released code cleans it: a blank or full stop in front, upper case."""
    return str(verb).strip().lstrip('. ').lower()
