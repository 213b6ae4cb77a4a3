"""Frame by frame: tracks at once, captions whenever they are asked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
from mmengine.logging import print_log

from ..datasets.streams.monotonic_clock import MonotonicClock
from ..models.semantics.description import Description
from ..models.smot import SMOT
from ..models.video_run import VideoRun
from ..structures import Frame, Prompt, Tracks, VideoInfo, as_prompts
from ..utils.number_ranges import COUNT, POSITIVE, NumberRange, require_numbers

# Seconds since 1970 reach this in the year 2286: what is more counts milliseconds.
TIMES = NumberRange(0, 1e10)


class SMOTSession:
    """A pipeline on a stream without an end: a camera, a socket, a loop of one's own.

    ::

        session = SMOTSession(model, fps=25)
        for image in camera:
            tracks = session.update(image)
        description = session.describe()

    Boxes, tokens and images are held of the tracks in view alone: a track that ended, or
    was not reported for ``patience`` frames, is described and forgotten but for its
    caption and interactions. Those, a few lines a track, are kept until the session is
    let go, so on a stream without an end begin a new one now and then. A track that comes
    back under its old id after that begins anew and gets a caption of its new part, which
    replaces the first.

    There may be several sessions of one model at a time.

    Args:
        model: The pipeline; without ``semantics`` it only tracks.
        fps: Frames per second, where :meth:`update` is given no times.
        name: A name for error messages.
        patience: Frames without a box after which a track has ended; more than the
            tracker bridges.
        prompts: Targets, a text for a :class:`~mmsmot.structures.Prompt` of that text;
            empty for every object.

    Raises:
        ValueError: ``fps`` is no number above 0 or ``patience`` no whole one, or
            post-processing is configured that needs whole videos.
        TypeError: ``model`` is no pipeline.
    """

    def __init__(
        self,
        model: SMOT,
        fps: float = 25.0,
        name: str = 'stream',
        patience: int = 60,
        prompts: Prompt | str | Sequence[Prompt | str] = (),
    ) -> None:
        if not hasattr(model, 'hold_frames'):
            raise TypeError(
                'SMOTSession: model must be a SMOT, such as SMOTInferencer(...).model, '
                f'got {type(model).__name__}'
            )
        require_numbers('SMOTSession', POSITIVE, fps=fps)
        require_numbers('SMOTSession', COUNT, patience=patience)
        if model.hold_frames is None:
            raise ValueError(
                'SMOTSession: post_processing links and smooths whole videos; leave it '
                'out (--cfg-options model.post_processing=[]) or use SMOTInferencer'
            )
        self.model = model.eval()
        self.name = name
        self.fps = fps
        self.patience = patience
        self.prompts = as_prompts(prompts)
        self.frame_id = 0
        self._clock = MonotonicClock(1 / fps)
        self._is_timed: bool | None = None  # whether its frames come with timestamps
        self._size: tuple[int, int] | None = None
        self._run: VideoRun | None = None  # begins with the first image: its size

    @property
    def alive(self) -> list[int]:
        """Ids of the tracks that have not ended, ascending; of the first prompt."""
        return self._run.live_ids if self._run is not None else []

    def update(self, image: np.ndarray, timestamp: float | None = None) -> Tracks:
        """Track through one more frame.

        Args:
            image: (H, W, 3) uint8 BGR, as large as the first.
            timestamp: Seconds of any clock, as of ``time.time()``, whose time at the
                first frame counts as 0; ``None``, then for all frames: by ``fps``. Where
                the clock is set back, the time goes on by ``1 / fps`` from the frame
                before, logged.

        Returns:
            The tracks in it, boxes in its pixels; of the first prompt.

        Raises:
            ValueError: It is no such image, or its size changed; ``timestamp`` is no
                finite number from 0 on, or there for some frames only; or the tracker
                reported an id twice.
        """
        frame = self._frame(image, timestamp)
        if self._run is None:
            self._run = self.model.begin(
                frame.video,
                self.prompts,
                early=True,
                patience=self.patience,
                record=False,
            )
        (result,) = self._run.push([frame])
        return result.tracks

    def describe(self, prompt: int = 0) -> Description:
        """Captions and interactions so far, of the tracks that live and those that ended.

        Asking changes nothing: the stream goes on as if it had not been asked.

        Args:
            prompt: Number of the prompt, from 0.
        """
        return Description() if self._run is None else self._run.describe(prompt)

    def _frame(self, image: np.ndarray, timestamp: float | None) -> Frame:
        is_image = isinstance(image, np.ndarray) and image.dtype == np.uint8
        if not is_image or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            shape = getattr(image, 'shape', None)
            dtype = getattr(image, 'dtype', type(image))
            raise ValueError(
                f'{self.name}: frame {self.frame_id + 1} must be a (H, W, 3) uint8 BGR '
                f'image, got shape {shape} of {dtype}'
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
        video = VideoInfo(self.name, self.name, self.fps, *size, is_live=True)
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
        if timestamp is None:
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
