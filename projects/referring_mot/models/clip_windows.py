"""A training clip as one window of each of its tracks, with labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmsmot.structures import SMOTDataSample

MIN_SHARE = 0.5  # of a window's boxes, those that the expression refers to


@dataclass(frozen=True, eq=False)
class ClipWindows:
    """The tracks that have a box in the last of a clip's W frames.

    Attributes:
        boxes: (M, W, 4) float64, 0 where there is none.
        mask: (M, W) bool, where there is one.
        rows: (M, W) row of each box in the clip's gt, -1 for none.
        sentences: Of the S expressions.
        labels: (M, S) bool, whether the expression refers to the track in at least half of
            the frames that it has a box in.
    """

    boxes: np.ndarray
    mask: np.ndarray
    rows: np.ndarray
    sentences: list[str]
    labels: np.ndarray

    def with_noise(self, scale: float, generator: np.random.Generator) -> ClipWindows:
        """Each corner of each box moved by noise.

        Args:
            scale: Standard deviation in sides of the box; noise is cut at two of them.
            generator: Of the noise.
        """
        sides = np.tile(self.boxes[..., 2:] - self.boxes[..., :2], 2)
        noise = generator.standard_normal(self.boxes.shape).clip(-2, 2) * scale
        return replace(self, boxes=self.boxes + noise * sides)


def clip_windows(sample: SMOTDataSample, skip: int = 0) -> ClipWindows:
    """The windows of one clip.

    Args:
        sample: With all objects as ``gt_trajectories``, and ``gt_expressions``.
        skip: Frames at the beginning in which nothing is seen, as of a new track.
    """
    frame_ids = np.asarray(sample.frame_ids, np.int64)
    gt = sample.gt_trajectories
    ids = np.unique(gt.ids[gt.frame_ids == frame_ids[-1]])
    gt_rows = np.flatnonzero(
        np.isin(gt.ids, ids) & np.isin(gt.frame_ids, frame_ids[skip:])
    )
    gt = gt[gt_rows]
    places = np.searchsorted(ids, gt.ids), np.searchsorted(frame_ids, gt.frame_ids)
    boxes = np.zeros((len(ids), len(frame_ids), 4))
    rows = np.full(boxes.shape[:2], -1)
    boxes[places], rows[places] = gt.boxes, gt_rows
    mask = rows >= 0
    expressions = sample.get('gt_expressions', [])
    labels = np.zeros((len(ids), len(expressions)), bool)
    for column, expression in enumerate(expressions):
        referred = np.zeros_like(mask)
        for frame_id, referred_ids in expression.labels.items():
            step = np.searchsorted(frame_ids, frame_id)
            if step < len(frame_ids) and frame_ids[step] == frame_id:
                referred[:, step] = np.isin(ids, referred_ids)
        share = (referred & mask).sum(1) / np.maximum(mask.sum(1), 1)
        labels[:, column] = share >= MIN_SHARE
    sentences = [expression.sentence for expression in expressions]
    return ClipWindows(boxes, mask, rows, sentences, labels)


@dataclass(frozen=True, eq=False)
class WindowLayout:
    """Where the boxes of all clips' windows stand in one table.

    Boxes are counted clip by clip, frame by frame, track by track.

    Attributes:
        boxes: (M, W, 4) of the tracks of all clips.
        mask: (M, W).
        clips: (M,) the clip of each.
        box_rows: (M, W) number of each box, -1 for none.
        frames: (R,) the frame of each box, counted clip by clip.
    """

    boxes: np.ndarray
    mask: np.ndarray
    clips: np.ndarray
    box_rows: np.ndarray
    frames: np.ndarray

    def sizes(self, samples: Sequence[SMOTDataSample]) -> np.ndarray:
        """(M, 2) width and height of the frames of each track."""
        sizes = [(sample.video.width, sample.video.height) for sample in samples]
        return np.array(sizes, float).reshape(-1, 2)[self.clips]


@dataclass(frozen=True, eq=False)
class WindowPairs:
    """Every (track, expression) of B clips, clip by clip, track by track.

    Attributes:
        tracks: (P,) numbers of the tracks of all clips.
        texts: (P,) sentences.
    """

    tracks: np.ndarray
    texts: np.ndarray


def window_pairs(windows: Sequence[ClipWindows]) -> WindowPairs:
    """The pairs of B clips, in the order of their labels."""
    tracks, texts, first = [], [], 0
    for window in windows:
        count = len(window.boxes)
        tracks.append(first + np.arange(count).repeat(len(window.sentences)))
        texts += [*window.sentences] * count
        first += count
    return WindowPairs(np.concatenate(tracks), np.array(texts, object))


def window_layout(windows: Sequence[ClipWindows]) -> WindowLayout:
    """The layout of B clips' windows, all of the same length."""
    counts = [len(window.boxes) for window in windows]
    clips = np.repeat(np.arange(len(windows)), counts)
    boxes = np.concatenate([window.boxes for window in windows])
    mask = np.concatenate([window.mask for window in windows])
    frames = clips[:, None] * mask.shape[1] + np.arange(mask.shape[1])
    box_rows = np.full(mask.shape, -1)
    order = np.argsort(frames[mask], kind='stable')
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.arange(len(order))
    box_rows[mask] = numbers
    return WindowLayout(boxes, mask, clips, box_rows, frames[mask][order])
