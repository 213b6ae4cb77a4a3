"""Image crops of the live tracks and near pairs of one video, and whole frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
from ...utils.stopwatch import Stopwatch
from ..semantics.description import unordered_pair
from ..semantics.uniform_reservoir import UniformReservoir

MARGIN = 0.1  # of a box, on each side: hands and held objects reach out of boxes


@dataclass(frozen=True, order=True)
class Crop:
    """A crop of a frame, as JPEG.

    Attributes:
        frame_id: The original frame number.
        timestamp: Seconds from the start of the video.
        jpeg: The encoded image.
        boxes: Of a pair: each id, and its x1, y1, x2, y2 in pixels of the crop.
    """

    frame_id: int
    timestamp: float = field(compare=False)
    jpeg: bytes = field(compare=False, repr=False)
    boxes: tuple[tuple[int, tuple[float, ...]], ...] = field(default=(), compare=False)

    def rgb(self) -> np.ndarray:
        """The image, (H, W, 3) uint8 RGB."""
        image = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        return image[..., ::-1]


@dataclass
class CropPair:
    """Two tracks that were near each other.

    Attributes:
        crops: Of both, while they were near.
        count: Number of frames taken in where they were near.
        gap_sum: Sum over these of the gap between the boxes, in mean heights of the two.
        first_frame: The first of these.
        last_frame: The last of these.
    """

    crops: UniformReservoir[Crop]
    count: int = 0
    gap_sum: float = 0.0
    first_frame: int = 0
    last_frame: int = 0

    @property
    def mean_gap(self) -> float:
        """Gap between the boxes while they were near, in mean heights of the two."""
        return self.gap_sum / max(self.count, 1)


class CropBuffer:
    """Evenly spaced crops of each track and of near pairs, and whole frames, as JPEG.

    It grows with the number of trajectories, not with their length. It holds at most
    ``max_pairs`` pairs: new pairs, the nearest first, replace those that are not near now
    and were near in the fewest frames; where all held pairs are near now, new ones are
    left out.

    Args:
        max_crops: Crops of a track; up to twice as many are held.
        max_frames: Whole frames; likewise.
        max_pair_crops: Crops of a pair; likewise.
        max_pairs: See above.
        near_distance: Two tracks are near where the gap between their boxes is at most so
            many times their mean height, ...
        near_height_ratio: ... and the lower box at least so many times as high as the
            other: else one stands far behind.
        crop_size: Longest side of a crop, in pixels.
        frame_size: Longest side of a whole frame, in pixels.
        quality: Of the JPEGs, 1 to 100.

    Attributes:
        next_frame: The least frame number that is taken in next.
        is_full: Whether a near pair had no room among ``max_pairs``.
        num_asked: Pairs of the video that were asked about and forgotten.
        stopwatch: Seconds of the stages that work on the buffer.
    """

    def __init__(
        self,
        *,
        max_crops: int = 4,
        max_frames: int = 6,
        max_pair_crops: int = 3,
        max_pairs: int = 200,
        near_distance: float = 0.25,
        near_height_ratio: float = 0.6,
        crop_size: int = 384,
        frame_size: int = 512,
        quality: int = 90,
    ) -> None:
        require_numbers(
            'CropBuffer',
            COUNT,
            max_crops=max_crops,
            max_frames=max_frames,
            max_pair_crops=max_pair_crops,
            crop_size=crop_size,
            frame_size=frame_size,
        )
        require_numbers('CropBuffer', NON_NEGATIVE_INT, max_pairs=max_pairs)
        require_numbers('CropBuffer', NON_NEGATIVE, near_distance=near_distance)
        require_numbers('CropBuffer', FRACTION, near_height_ratio=near_height_ratio)
        require_numbers(
            'CropBuffer', NumberRange(1, 100, integer=True), quality=quality
        )
        self.max_crops = max_crops
        self.max_pair_crops = max_pair_crops
        self.max_pairs = max_pairs
        self.near_distance = near_distance
        self.near_height_ratio = near_height_ratio
        self.crop_size = crop_size
        self.frame_size = frame_size
        self.quality = quality
        self.next_frame = 0
        self.is_full = False
        self.num_asked = 0
        self.stopwatch = Stopwatch()
        self.frames: UniformReservoir[Crop] = UniformReservoir(max_frames)
        self.track_crops: dict[int, UniformReservoir[Crop]] = {}
        self.pairs: dict[tuple[int, int], CropPair] = {}

    @property
    def ids(self) -> list[int]:
        """Ids of the trajectories, ascending."""
        return sorted(self.track_crops)

    def update(self, frame: Frame, tracks: Tracks) -> None:
        """Take in one more frame and the tracks in it; decodes it only where needed."""
        if self.frames.admits_next():
            frame_box = np.array([0, 0, *frame.image.shape[1::-1]], float)
            self._add_crop(self.frames, frame, frame_box, (), self.frame_size)
        for track_id, box in zip(tracks.ids.tolist(), tracks.boxes, strict=True):
            reservoir = self.track_crops.setdefault(
                track_id, UniformReservoir(self.max_crops)
            )
            if reservoir.admits_next():
                self._add_crop(reservoir, frame, box, (), self.crop_size)
        pairs, gaps = crop_box_pairs(
            tracks.boxes, self.near_distance, self.near_height_ratio
        )
        ids = tracks.ids[pairs].tolist()
        is_held = np.array([unordered_pair(*pair) in self.pairs for pair in ids], bool)
        room = max(self.max_pairs - is_held.sum(), 0)
        has_room = is_held | (np.cumsum(~is_held) <= room)
        self.is_full |= not has_room.all()
        for pair, gap in zip(pairs[has_room], gaps[has_room].tolist(), strict=True):
            self._update_pair(frame, tracks[pair], gap)
        self._drop_pairs(frame.frame_id)

    def rename(self, names: dict[int, int]) -> None:
        """Give trajectories other ids; two with the same new id become one."""
        track_crops, self.track_crops = self.track_crops, {}
        for old, reservoir in track_crops.items():
            merged = self.track_crops.setdefault(names.get(old, old), reservoir)
            if merged is not reservoir:
                merged.merge(reservoir)
        pairs, self.pairs = self.pairs, {}
        for ids, pair in pairs.items():
            key = unordered_pair(*(names.get(track_id, track_id) for track_id in ids))
            if key[0] == key[1]:
                continue  # linked into one track
            pair.crops.items = [_renamed(crop, names) for crop in pair.crops.items]
            held = self.pairs.setdefault(key, pair)
            if held is not pair:
                held.crops.merge(pair.crops)
                held.count += pair.count
                held.gap_sum += pair.gap_sum
                held.first_frame = min(held.first_frame, pair.first_frame)
                held.last_frame = max(held.last_frame, pair.last_frame)

    def forget(self, ids: Sequence[int]) -> None:
        """Drop trajectories whose captions have been generated."""
        dropped_ids = set(ids)
        for track_id in dropped_ids:
            self.track_crops.pop(track_id, None)
        self.pairs = {
            key: pair for key, pair in self.pairs.items() if not dropped_ids & {*key}
        }

    def _update_pair(self, frame: Frame, tracks: Tracks, gap: float) -> None:
        """Count a frame of two near tracks, and crop it where it is admitted."""
        ids = tracks.ids.tolist()
        key = unordered_pair(*ids)
        pair = self.pairs.get(key)
        if pair is None:
            crops: UniformReservoir[Crop] = UniformReservoir(self.max_pair_crops)
            pair = self.pairs[key] = CropPair(crops, first_frame=frame.frame_id)
        pair.count += 1
        pair.gap_sum += gap
        pair.last_frame = frame.frame_id
        if pair.crops.admits_next():
            low, high = tracks.boxes[:, :2].min(axis=0), tracks.boxes[:, 2:].max(axis=0)
            boxes = tuple(zip(ids, tracks.boxes, strict=True))
            self._add_crop(pair.crops, frame, np.r_[low, high], boxes, self.crop_size)

    def _drop_pairs(self, frame_id: int) -> None:
        """Drop surplus pairs that are not near in this frame, the shortest first."""
        surplus = len(self.pairs) - self.max_pairs
        if surplus > 0:
            self.is_full = True
            keys = [key for key, p in self.pairs.items() if p.last_frame < frame_id]
            for key in sorted(keys, key=lambda key: self.pairs[key].count)[:surplus]:
                del self.pairs[key]

    def _add_crop(
        self,
        reservoir: UniformReservoir[Crop],
        frame: Frame,
        box: np.ndarray,
        id_boxes: Sequence[tuple[int, np.ndarray]],
        size: int,
    ) -> None:
        """Crop a box with its margin from a frame, and add it to a reservoir."""
        height, width = frame.image.shape[:2]
        margin = MARGIN * np.tile(box[2:] - box[:2], 2) * [-1, -1, 1, 1]
        wide = np.clip(box + margin, 0, [width, height] * 2)
        x1, y1, x2, y2 = *np.floor(wide[:2]).astype(int), *np.ceil(wide[2:]).astype(int)
        part = frame.image[y1:y2, x1:x2]
        if not part.size:
            return  # a coasting track may leave the image
        scale = min(1.0, size / max(part.shape[:2]))
        if scale < 1:
            new = [max(1, round(side * scale)) for side in part.shape[1::-1]]
            part = cv2.resize(part, new, interpolation=cv2.INTER_AREA)
        _, jpeg = cv2.imencode('.jpg', part, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        boxes = tuple(
            (track_id, tuple(((corners - [x1, y1, x1, y1]) * scale).tolist()))
            for track_id, corners in id_boxes
        )
        reservoir.add(Crop(frame.frame_id, frame.timestamp, jpeg.tobytes(), boxes))


def crop_box_pairs(
    boxes: np.ndarray, distance: float, height_ratio: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of boxes of a frame that are near each other.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        distance: Greatest gap between the edges, in mean heights of the two.
        height_ratio: Least height of the one, in heights of the other.

    Returns:
        (P, 2) int64 rows, the first less than the second, and their gaps (P,); the nearest
        pairs first.
    """
    i, j = np.triu_indices(len(boxes), k=1)
    gaps = np.maximum(boxes[i, :2], boxes[j, :2]) - np.minimum(
        boxes[i, 2:], boxes[j, 2:]
    )
    gap = np.hypot(*np.maximum(gaps, 0).T)
    heights = boxes[:, 3] - boxes[:, 1]
    low, high = np.minimum(heights[i], heights[j]), np.maximum(heights[i], heights[j])
    gap /= (low + high) / 2
    rows = np.flatnonzero((gap <= distance) & (low >= height_ratio * high))
    rows = rows[np.argsort(gap[rows], kind='stable')]
    return np.stack([i[rows], j[rows]], axis=1).astype(np.int64), gap[rows]


def _renamed(crop: Crop, names: dict[int, int]) -> Crop:
    return replace(crop, boxes=tuple((names.get(i, i), box) for i, box in crop.boxes))
