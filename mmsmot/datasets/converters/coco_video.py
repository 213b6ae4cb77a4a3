"""Videos in one JSON file after COCO's form, as BenSMOT's released code trains on."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ...structures import (
    CoordinateSpace,
    Trajectories,
    VideoInfo,
    valid_boxes,
    xywh_to_xyxy,
)
from ...structures.mot_text import MAX_SCORE
from ...utils.json_entry import JsonEntry
from ...utils.json_file import read_json
from ...utils.number_ranges import (
    FINITE,
    FRACTION,
    FRAME_RATE,
    IMAGE_SIDE,
    NumberRange,
    require_numbers,
)
from ..bensmot.annotation_text import MAX_NUMBER
from ..caption_text import clean_caption
from ..ground_truth import GroundTruth
from ..image_sequence import MAX_DIGITS, ImageSequence
from .coco_video_semantics import (
    coco_video_captions,
    coco_video_expressions,
    coco_video_interactions,
)

_FILE_NUMBER = re.compile(r'(?<!\d)([0-9]+)\.[^.]+$')
_ANY_ID = (-(2**63), 2**63 - 1)
_CONF = NumberRange(-MAX_SCORE, MAX_SCORE)
_NOT_GIVEN = -1  # MOTChallenge's visible fraction that nobody measured


class CocoVideoFile:
    """A COCO-video JSON.

    ::

        videos       {id, file_name or name[, fps][, summary, caption, relation]}
        images       {id, video_id, file_name, frame_id[, width, height]}
        annotations  {id, image_id, bbox: [x, y, w, h], instance_id or track_id
                      [, category_id][, conf or mot_conf][, iscrowd][, ignore]
                      [, visibility]}

    ``summary`` is the video caption, ``caption`` a text by track id, ``relation`` the
    verbs by ``"<subject>-<object>"``. :class:`CocoVideoWriter` adds to a video
    ``semantic_trajectories``, the interactions with spans, and ``expressions``.

    The frame number is the last number in the file name, where all of a video's have
    one and they ascend with ``frame_id`` (which counts images, so that holes are lost
    in it); else ``frame_id``, moved by 1 where it counts from 0. A box with ``conf`` 0
    (``mot_conf`` in OpenMMLab's converters), ``iscrowd`` 1 or ``ignore`` 1 is not to be
    considered. File names stay below ``image_root``. Boxes without area are left out,
    counted and logged, and a trajectory without any goes with its caption and
    interactions; everything else that is odd is an error.

    Args:
        path: The file.
        image_root: The folder that file names are relative to; the JSON's own by
            default.
        default_fps: Frames per second of videos that do not say.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, a list or a key is missing, of another kind or out of
            range, an id or an image of a video stands twice, an image or box is of an
            unknown video or image, a box of a category that is not listed, an image of
            another size than those of its video, or an image lies outside of
            ``image_root``; names the entry.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        image_root: str | os.PathLike | None = None,
        default_fps: float = 2.0,
    ) -> None:
        require_numbers('CocoVideoFile', FRAME_RATE, default_fps=default_fps)
        self.path = Path(path)
        self.image_root = Path(image_root) if image_root else self.path.parent
        self._root = Path(os.path.abspath(self.image_root))
        self.default_fps = default_fps
        content = read_json(self.path)
        if not isinstance(content, dict):
            self._fail('expected an object with "videos", "images" and "annotations"')
        content = JsonEntry(content, str(self.path))
        self._videos = self._by_id(content, 'videos')
        images = self._by_id(content, 'images')
        self._images: dict[int, list[JsonEntry]] = {key: [] for key in self._videos}
        ids: dict[tuple[int, str], int] = {}  # by video and image
        for image in images.values():
            video_id = image.integer('video_id', *_ANY_ID)
            if video_id not in self._videos:
                image.fail(f'video_id {video_id} is no video')
            image.integer('frame_id', 0, MAX_NUMBER)
            image_key = video_id, self._image_name(image)
            if image_key in ids:
                image.fail(
                    f"'file_name' {image_key[1]!r} is that of image {ids[image_key]}"
                )
            ids[image_key] = image.values['id']
            self._images[video_id].append(image)
        self._category_ids = {
            row.integer('id', *_ANY_ID) for row in content.entries('categories', [])
        }
        self._boxes: dict[int, list[JsonEntry]] = {key: [] for key in images}
        for box in content.entries('annotations'):
            image_id = box.integer('image_id', *_ANY_ID)
            if image_id not in images:
                box.fail(f'image_id {image_id} is no image')
            self._require_category(box)
            self._boxes[image_id].append(box)
        self._require_names()

    def __len__(self) -> int:
        return len(self._videos)

    def __iter__(self) -> Iterator[dict]:
        """The videos, each ``dict(video=ImageSequence, gt=GroundTruth)``."""
        for video_id in self._videos:
            if self._images[video_id]:
                yield self._video(video_id)
            else:
                message = f'{self.path}: video {video_id} has no images; left out'
                print_log(message, logger='current', level=logging.WARNING)

    def _require_category(self, box: JsonEntry) -> None:
        category_id = box.integer('category_id', 0, MAX_NUMBER, None)
        listed = self._category_ids
        if listed and category_id is not None and category_id not in listed:
            box.fail(
                f'category_id {category_id} is none of the categories {sorted(listed)[:9]}'
            )

    def _fail(self, message: str) -> None:
        raise ValueError(f'{self.path}: {message}')

    def _by_id(self, content: JsonEntry, key: str) -> dict[int, JsonEntry]:
        table: dict[int, JsonEntry] = {}
        for row in content.entries(key):
            row_id = row.integer('id', *_ANY_ID)
            if row_id in table:
                row.fail(f'id {row_id} stands twice')
            table[row_id] = JsonEntry(row.values, f'{self.path}: {key}: id {row_id}')
        return table

    def _image_name(self, image: JsonEntry) -> str:
        """The file name. A stranger's JSON must not name the user's other files."""
        name = image.name('file_name')
        path = Path(os.path.abspath(self._root / name))
        if not path.is_relative_to(self._root):
            image.fail(
                f"'file_name' {name!r:.60} lies outside of {self._root}. Correct the "
                'name, or set image_root (--image-root) to a folder that holds all '
                'images.'
            )
        return name

    def _name(self, video: JsonEntry) -> str:
        return video.name('file_name' if 'file_name' in video else 'name')

    def _require_names(self) -> None:
        ids: dict[str, int] = {}
        for video_id, video in self._videos.items():
            name = self._name(video)
            if name in ids:
                video.fail(f'the name {name!r} is that of {ids[name]}')
            ids[name] = video_id

    def _video(self, video_id: int) -> dict:
        entry = self._videos[video_id]
        images = sorted(
            self._images[video_id], key=lambda image: image.values['frame_id']
        )
        frame_ids = self._frame_ids(images, entry)
        paths = [str(self.image_root / image.values['file_name']) for image in images]
        fps = entry.number('fps', FRAME_RATE, self.default_fps)
        size = _size_of(images)
        name = self._name(entry)
        video = VideoInfo(name, str(self.image_root / name), float(fps), *size)
        space = CoordinateSpace(width=size[0], height=size[1])
        boxes, lost = self._trajectories(images, frame_ids, space)
        captions, interactions = (
            coco_video_captions(entry),
            coco_video_interactions(entry),
        )
        if captions is not None:
            captions = {i: text for i, text in captions.items() if i not in lost}
        if interactions is not None:
            pair_ids = interactions.subject_ids, interactions.object_ids
            is_lost = np.isin(pair_ids, list(lost)).any(axis=0)
            interactions = interactions[np.flatnonzero(~is_lost)]
        summary = clean_caption(entry.text('summary', '')) or None
        return dict(
            video=ImageSequence(
                video, frame_ids, paths, size_source=os.fspath(self.path)
            ),
            gt=GroundTruth(
                boxes, captions, interactions, summary, coco_video_expressions(entry)
            ),
        )

    def _frame_ids(self, images: list[JsonEntry], video: JsonEntry) -> np.ndarray:
        """(T,) original frame numbers of images sorted by ``frame_id``."""
        counted = np.array([image.values['frame_id'] for image in images], np.int64)
        if (np.diff(counted) == 0).any():
            video.fail('a frame_id of its images stands twice')
        matches = [_FILE_NUMBER.search(image.values['file_name']) for image in images]
        digits = [match[1] for match in matches if match]
        if len(digits) == len(matches) and max(map(len, digits)) <= MAX_DIGITS:
            named = np.array([int(number) for number in digits], np.int64)
            if (np.diff(named) > 0).all():
                counted = named
        return counted + 1 if counted[0] == 0 else counted

    def _trajectories(
        self, images: list[JsonEntry], frame_ids: np.ndarray, space: CoordinateSpace
    ) -> tuple[Trajectories, set[int]]:
        """The boxes, and the ids of which none has an area."""
        rows, keys = [], set()
        for image, frame in zip(images, frame_ids.tolist(), strict=True):
            image_id = image.values['id']
            for box in self._boxes[image_id]:
                track_id, row = _row(box)
                if (frame, track_id) in keys:
                    box.fail(f'id {track_id} stands twice in image {image_id}')
                keys.add((frame, track_id))
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


def _size_of(images: list[JsonEntry]) -> list[int | None]:
    """Width and height of all images of a video, ``None`` where they do not say."""
    sizes = {}
    for image in images:
        for side in ('width', 'height'):
            value = image.number(side, IMAGE_SIDE, None)
            if value is not None and sizes.setdefault(side, value) != value:
                image.fail(
                    f'{side} {value}, but images of the same video before it have '
                    f'{sizes[side]}; boxes of both cannot be in one trajectory'
                )
    return [sizes.get('width'), sizes.get('height')]


def _flag(box: JsonEntry, key: str) -> bool:
    value = box.values.get(key)
    if value not in (None, 0, 1):
        box.fail(f'{key!r} must be 0 or 1, got {value!r:.60}')
    return bool(value)


def _row(box: JsonEntry) -> tuple[int, list[float]]:
    """Its id, and x, y, w, h, flag, class, visible fraction."""
    key = 'instance_id' if 'instance_id' in box else 'track_id'
    track_id = box.integer(key, 0, MAX_NUMBER)
    bbox = box.items('bbox', list)
    if len(bbox) != 4 or not all(value in FINITE for value in bbox):
        box.fail(f'bbox must be [x, y, w, h], four finite numbers, got {bbox!r:.60}')
    flag = box.number('conf' if 'conf' in box else 'mot_conf', _CONF, 1)
    visibility = box.number('visibility', FINITE, 1.0)
    if visibility == _NOT_GIVEN:
        visibility = 1.0
    elif visibility not in FRACTION:
        box.fail(f"'visibility' must be from 0 to 1, got {visibility!r:.60}")
    label = box.integer('category_id', 0, MAX_NUMBER, 1)
    ignored = any([_flag(box, 'iscrowd'), _flag(box, 'ignore')])
    considered = float(flag > 0 and not ignored)
    return track_id, [*map(float, bbox), considered, label, float(visibility)]
