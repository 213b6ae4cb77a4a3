"""Frame by frame: tracks at once, words whenever they are asked for."""

from __future__ import annotations

import copy
import logging
from collections import Counter
from dataclasses import fields

import numpy as np
import torch
from mmengine.logging import print_log

from ..datasets.monotonic_clock import MonotonicClock
from ..models.semantics import Description
from ..models.smot import SMOT
from ..models.trackers import update_checked
from ..structures import Frame, Interactions, Tracks, VideoInfo
from ..utils.number_ranges import COUNT, POSITIVE, NumberRange, require_numbers

Key = tuple[int, int, str]  # subject, object, verb
# Seconds since 1970 reach this in the year 2286: what is more counts milliseconds.
TIMES = NumberRange(0, 1e10)


class SMOTSession:
    """A pipeline on a stream without an end: a camera, a socket, a loop of one's own.

    ::

        session = SMOTSession(model, fps=25)
        for image in camera:
            tracks = session.update(image)
        said = session.describe()

    Boxes, tokens and pictures are held of the people in view alone: whoever has not been
    seen for ``patience`` frames is put into words, with verbs towards those still there,
    and forgotten but for the words. The words, a few lines a person, are kept until the
    session is let go, so on a stream without an end begin a new one now and then. A
    trajectory that comes back under its old id after that begins anew and gets a caption
    of its own part, which replaces the first.

    The session has a tracker of its own, so there may be several of one model at a time.

    Args:
        model: The pipeline; without ``semantics`` it only tracks.
        fps: Frames per second, where :meth:`update` is given no times.
        name: A name for error messages.
        patience: Frames without a box after which a trajectory is finished; more than the
            tracker bridges.

    Raises:
        ValueError: ``fps`` is no number above 0 or ``patience`` no whole one, or
            post-processing is configured that needs whole videos.
    """

    def __init__(
        self, model: SMOT, fps: float = 25.0, name: str = 'stream', patience: int = 60
    ) -> None:
        require_numbers('SMOTSession', POSITIVE, fps=fps)
        require_numbers('SMOTSession', COUNT, patience=patience)
        parts = model.post_processing
        if any(getattr(part, 'needs_whole_video', True) for part in parts):
            raise ValueError(
                'SMOTSession: post_processing links and smooths whole videos; leave it '
                'out (--cfg-options model.post_processing=[]) or use SMOTInferencer'
            )
        self.model = model.eval()
        self.name = name
        self.fps = fps
        self.patience = patience
        self.frame_id = 0
        self._clock = MonotonicClock(1 / fps)
        self._is_timed: bool | None = None  # whether its frames come with timestamps
        self._last_seen: dict[int, int] = {}
        self._boxes: Counter[int] = Counter()
        self._captions: dict[int, str] = {}  # of those who are gone
        self._interactions: dict[Key, list[tuple]] = {}
        self._size: tuple[int, int] | None = None
        self._memory = model.semantics.begin() if model.semantics is not None else None
        self._tracker = copy.deepcopy(model.tracker)
        self._tracker.reset()

    @property
    def alive(self) -> list[int]:
        """Ids of the trajectories that are not finished, ascending."""
        return sorted(self._last_seen)

    @torch.no_grad()
    def update(self, image: np.ndarray, timestamp: float | None = None) -> Tracks:
        """Track through one more frame.

        Args:
            image: (H, W, 3) uint8 BGR, as large as the first.
            timestamp: Seconds of any clock, as of ``time.time()``, whose time at the
                first frame counts as 0; ``None``, then for all frames: by ``fps``. Where
                the clock is set back, the time goes on by ``1 / fps`` from the frame
                before, logged.

        Returns:
            The tracks in it, boxes in its pixels.

        Raises:
            ValueError: It is no such picture, or its size changed; ``timestamp`` is no
                finite number from 0 on, or there for some frames only; or the tracker
                reported an id twice.
        """
        frame = self._frame(image, timestamp)
        features, found = self.model.look([frame], self._memory is not None)
        tracks = update_checked(self._tracker, found[0], frame)
        if self._memory is not None:
            self.model.semantics.see(self._memory, features, [frame], [tracks])
        for track_id in tracks.ids.tolist():
            self._last_seen[track_id] = self.frame_id
        self._boxes.update(tracks.ids.tolist())
        self._finish()
        return tracks

    def describe(self) -> Description:
        """What can be said so far, of those that are there and those that were.

        Asking changes nothing: the stream goes on as if it had not been asked.
        """
        if self._memory is None:
            return Description()
        now = self.model.semantics.describe(self._memory, self._worth_telling())
        return Description(
            captions=self._captions | now.captions,
            interactions=_table(self._interactions | _by_verb(now.interactions)),
            video_caption=now.video_caption,
        )

    def _frame(self, image: np.ndarray, timestamp: float | None) -> Frame:
        is_picture = isinstance(image, np.ndarray) and image.dtype == np.uint8
        if not is_picture or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            what = getattr(image, 'shape', None), getattr(image, 'dtype', type(image))
            raise ValueError(
                f'{self.name}: frame {self.frame_id + 1} must be a (H, W, 3) uint8 BGR '
                f'picture, got shape {what[0]} of {what[1]}'
            )
        size = image.shape[1], image.shape[0]
        if self._size not in (None, size):
            raise ValueError(
                f'{self.name}: frame {self.frame_id + 1} is {size[0]}x{size[1]}, those '
                f'before were {self._size[0]}x{self._size[1]}. Boxes of both cannot stand '
                'in one trajectory: begin a new session.'
            )
        seconds = self._seconds(timestamp)
        self._size = size
        self.frame_id += 1
        video = VideoInfo(self.name, self.name, self.fps, *size)
        return Frame(video, self.frame_id, seconds, load=lambda: image)

    def _seconds(self, timestamp: float | None) -> float:
        """The time of the next frame, since the first."""
        is_timed = timestamp is not None
        if self._is_timed not in (None, is_timed):
            raise ValueError(
                f'{self.name}: frame {self.frame_id + 1} comes '
                f'{"with" if is_timed else "without"} a timestamp, those before came '
                f'{"without" if is_timed else "with"}: give it for all frames or for none'
            )
        if not is_timed:
            self._is_timed = False
            return self.frame_id / self.fps
        if timestamp not in TIMES:
            raise ValueError(
                f'{self.name}: the timestamp of frame {self.frame_id + 1} must be a '
                'number of seconds (not milliseconds), 0 or more and finite, got '
                f'{timestamp!r}'
            )
        self._is_timed = True
        jumps = self._clock.num_jumps
        seconds = self._clock.read(float(timestamp))
        if self._clock.num_jumps > jumps:
            print_log(
                f'{self.name}: the clock was set back before frame {self.frame_id + 1} '
                f'(to {float(timestamp):.3f} s); its time goes on from the frame before',
                logger='current',
                level=logging.WARNING,
            )
        return seconds

    def _finish(self) -> None:
        """Put those into words who are gone, and forget them."""
        gone = [
            track_id
            for track_id, last in self._last_seen.items()
            if self.frame_id - last > self.patience
        ]
        if not gone:
            return
        if self._memory is not None:
            ids = self._worth_telling()
            about = sorted({*gone}.intersection(ids))
            now = self.model.semantics.describe(
                self._memory, ids, video_caption=False, about=about
            )
            self._captions |= now.captions
            self._interactions |= _by_verb(now.interactions)
            self._memory.forget(gone)
        for track_id in gone:
            del self._last_seen[track_id], self._boxes[track_id]

    def _worth_telling(self) -> list[int]:
        """The trajectories in memory that post-processing keeps, so far."""
        parts = self.model.post_processing
        return [
            track_id
            for track_id in self._memory.ids
            if all(part.keeps(self._boxes[track_id], self.frame_id) for part in parts)
        ]


def _by_verb(found: Interactions) -> dict[Key, list[tuple]]:
    """The rows of each pair and verb; of two such tables the newer entry holds."""
    columns = (getattr(found, field.name).tolist() for field in fields(found))
    rows: dict[Key, list[tuple]] = {}
    for row in zip(*columns, strict=True):
        rows.setdefault(row[:3], []).append(row)
    return rows


def _table(by_verb: dict[Key, list[tuple]]) -> Interactions:
    rows = [row for same in by_verb.values() for row in same]
    if not rows:
        return Interactions.empty()
    return Interactions(*map(np.array, zip(*rows, strict=True)))
