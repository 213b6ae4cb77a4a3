"""What is kept of a video for a model that looks at pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ...structures import Frame, Tracks
from ...utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    NON_NEGATIVE_INT,
    NumberRange,
    require_numbers,
)
from ..semantics.uniform_reservoir import UniformReservoir

MARGIN = 0.1  # of a box, on each side: hands and what they hold reach out of boxes


@dataclass(frozen=True, order=True)
class Picture:
    """A part of a frame, as JPEG.

    Attributes:
        frame_id: The original frame number.
        timestamp: Seconds from the start of the video.
        jpeg: The picture's file.
        boxes: For each person shown its id, and x1, y1, x2, y2 in pixels of the picture.
    """

    frame_id: int
    timestamp: float = field(compare=False)
    jpeg: bytes = field(compare=False, repr=False)
    boxes: tuple[tuple[int, tuple[float, ...]], ...] = field(default=(), compare=False)

    def rgb(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""
        image = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        return image[..., ::-1]


@dataclass
class NearPair:
    """Two people who came near each other.

    Attributes:
        pictures: Of both, while they were near.
        count: In how many of the frames looked at they were near.
        first: The first of these frames.
        last: The last one.
    """

    pictures: UniformReservoir[Picture]
    count: int = 0
    first: int = 0
    last: int = 0


class CropBuffer:
    """A few pictures of each person, of near pairs, and of the whole frame, over time.

    It grows with the number of trajectories, not with their length: evenly spaced
    pictures stay, as JPEG. Never are more than ``max_pairs`` pairs held: where others come
    near each other, the nearest of them first, those go that are not near now and were
    near for the shortest; where all that are held are near now, the others are passed over.

    Args:
        max_pictures: Pictures of a person; up to twice as many are held.
        max_frames: Whole frames; likewise.
        max_pair_pictures: Pictures of a pair; likewise.
        max_pairs: See above.
        near_distance: Two people are near where the gap between their boxes is at most so
            many times their mean height, ...
        near_height_ratio: ... and the lower box at least so many times as high as the
            other: else one stands far behind.
        picture_size: Longest side of a picture of people, in pixels.
        frame_size: Longest side of a whole frame, in pixels.
        quality: Of the JPEGs, 1 to 100.

    Attributes:
        next_frame: The least frame number that is to be looked at next.
    """

    def __init__(
        self,
        max_pictures: int = 4,
        max_frames: int = 6,
        max_pair_pictures: int = 3,
        max_pairs: int = 200,
        near_distance: float = 0.25,
        near_height_ratio: float = 0.6,
        picture_size: int = 384,
        frame_size: int = 512,
        quality: int = 90,
    ) -> None:
        require_numbers(
            'CropBuffer',
            COUNT,
            max_pictures=max_pictures,
            max_frames=max_frames,
            max_pair_pictures=max_pair_pictures,
            picture_size=picture_size,
            frame_size=frame_size,
        )
        require_numbers('CropBuffer', NON_NEGATIVE_INT, max_pairs=max_pairs)
        require_numbers('CropBuffer', NON_NEGATIVE, near_distance=near_distance)
        require_numbers('CropBuffer', FRACTION, near_height_ratio=near_height_ratio)
        require_numbers(
            'CropBuffer', NumberRange(1, 100, integer=True), quality=quality
        )
        self.max_pictures = max_pictures
        self.max_pair_pictures = max_pair_pictures
        self.max_pairs = max_pairs
        self.near_distance = near_distance
        self.near_height_ratio = near_height_ratio
        self.picture_size = picture_size
        self.frame_size = frame_size
        self.quality = quality
        self.next_frame = 0
        self.frames: UniformReservoir[Picture] = UniformReservoir(max_frames)
        self.people: dict[int, UniformReservoir[Picture]] = {}
        self.pairs: dict[tuple[int, int], NearPair] = {}

    @property
    def ids(self) -> list[int]:
        """Ids of the trajectories, ascending."""
        return sorted(self.people)

    @property
    def num_bytes(self) -> int:
        """Bytes of all JPEGs."""
        samples = [self.frames, *self.people.values()]
        samples += [pair.pictures for pair in self.pairs.values()]
        return sum(len(p.jpeg) for sample in samples for p in sample.items)

    def see(self, frame: Frame, tracks: Tracks) -> None:
        """Take in one more frame and the tracks in it; decodes it only where wanted."""
        if self.frames.wants():
            whole = np.array([0, 0, *frame.image.shape[1::-1]], float)
            self._keep(self.frames, frame, whole, (), self.frame_size)
        for track_id, box in zip(tracks.ids.tolist(), tracks.boxes, strict=True):
            sample = self.people.setdefault(
                track_id, UniformReservoir(self.max_pictures)
            )
            if sample.wants():
                self._keep(sample, frame, box, (), self.picture_size)
        near = near_rows(tracks.boxes, self.near_distance, self.near_height_ratio)
        keys = [tuple(pair) for pair in np.sort(tracks.ids[near], axis=1).tolist()]
        strangers = [row for row, key in enumerate(keys) if key not in self.pairs]
        room = self.max_pairs - (len(keys) - len(strangers))
        for row in sorted({*range(len(keys))}.difference(strangers[max(room, 0) :])):
            self._see_pair(frame, tracks[near[row]])
        self._drop_pairs(frame.frame_id)

    def rename(self, names: dict[int, int]) -> None:
        """Give trajectories other ids; two with the same new id become one."""
        people, self.people = self.people, {}
        for old, sample in people.items():
            held = self.people.setdefault(names.get(old, old), sample)
            if held is not sample:
                held.join(sample)
        pairs, self.pairs = self.pairs, {}
        for (one, two), pair in pairs.items():
            key = tuple(sorted((names.get(one, one), names.get(two, two))))
            if key[0] == key[1]:
                continue  # linked into one person
            pair.pictures.items = [_renamed(p, names) for p in pair.pictures.items]
            held = self.pairs.setdefault(key, pair)
            if held is not pair:
                held.pictures.join(pair.pictures)
                held.count += pair.count
                held.first = min(held.first, pair.first)
                held.last = max(held.last, pair.last)

    def forget(self, ids: Sequence[int]) -> None:
        """Drop trajectories that have been put into words."""
        gone = set(ids)
        for track_id in gone:
            self.people.pop(track_id, None)
        self.pairs = {key: p for key, p in self.pairs.items() if not gone & {*key}}

    def _see_pair(self, frame: Frame, two: Tracks) -> None:
        key = tuple(sorted(two.ids.tolist()))
        pair = self.pairs.get(key)
        if pair is None:
            sample = UniformReservoir(self.max_pair_pictures)
            pair = self.pairs[key] = NearPair(sample, first=frame.frame_id)
        pair.count += 1
        pair.last = frame.frame_id
        if pair.pictures.wants():
            around = np.r_[two.boxes[:, :2].min(axis=0), two.boxes[:, 2:].max(axis=0)]
            shown = tuple(zip(two.ids.tolist(), two.boxes, strict=True))
            self._keep(pair.pictures, frame, around, shown, self.picture_size)

    def _drop_pairs(self, now: int) -> None:
        """Forget surplus pairs that are not near now, near for the shortest first."""
        surplus = len(self.pairs) - self.max_pairs
        if surplus > 0:
            away = [key for key, pair in self.pairs.items() if pair.last < now]
            for key in sorted(away, key=lambda key: self.pairs[key].count)[:surplus]:
                del self.pairs[key]

    def _keep(
        self,
        sample: UniformReservoir[Picture],
        frame: Frame,
        box: np.ndarray,
        shown: Sequence[tuple[int, np.ndarray]],
        size: int,
    ) -> None:
        """Cut a box with its margin out of a frame, and add it to a sample."""
        height, width = frame.image.shape[:2]
        margin = MARGIN * np.tile(box[2:] - box[:2], 2) * [-1, -1, 1, 1]
        wide = np.clip(box + margin, 0, [width, height] * 2)
        x1, y1, x2, y2 = *np.floor(wide[:2]).astype(int), *np.ceil(wide[2:]).astype(int)
        part = frame.image[y1:y2, x1:x2]
        if not part.size:
            return  # a coasting track may leave the picture
        scale = min(1.0, size / max(part.shape[:2]))
        if scale < 1:
            new = [max(1, round(side * scale)) for side in part.shape[1::-1]]
            part = cv2.resize(part, new, interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode('.jpg', part, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        boxes = tuple(
            (track_id, tuple(((own - [x1, y1, x1, y1]) * scale).tolist()))
            for track_id, own in shown
        )
        sample.add(Picture(frame.frame_id, frame.timestamp, jpeg.tobytes(), boxes))


def near_rows(boxes: np.ndarray, distance: float, height_ratio: float) -> np.ndarray:
    """Which boxes of a frame are near each other.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        distance: Greatest gap between the edges, in mean heights of the two.
        height_ratio: Least height of the one, in heights of the other.

    Returns:
        (P, 2) int64 rows, the first less than the second; the nearest pairs first.
    """
    i, j = np.triu_indices(len(boxes), k=1)
    apart = np.maximum(boxes[i, :2], boxes[j, :2]) - np.minimum(
        boxes[i, 2:], boxes[j, 2:]
    )
    gap = np.hypot(*np.maximum(apart, 0).T)
    heights = boxes[:, 3] - boxes[:, 1]
    low, high = np.minimum(heights[i], heights[j]), np.maximum(heights[i], heights[j])
    gap /= (low + high) / 2
    near = np.flatnonzero((gap <= distance) & (low >= height_ratio * high))
    near = near[np.argsort(gap[near], kind='stable')]
    return np.stack([i[near], j[near]], axis=1).astype(np.int64)


def _renamed(picture: Picture, names: dict[int, int]) -> Picture:
    boxes = tuple((names.get(i, i), box) for i, box in picture.boxes)
    return Picture(picture.frame_id, picture.timestamp, picture.jpeg, boxes)
