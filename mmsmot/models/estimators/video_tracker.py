"""A tracker for each video, although a model holds only one."""

from __future__ import annotations

import copy
import logging
import pickle
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.logging import print_log

from ..trackers import BaseTracker

# What deepcopy raises for a part that holds a lock, a session, a file, a generator, ...
UNCOPYABLE = (
    TypeError,
    AttributeError,
    RuntimeError,
    ValueError,
    copy.Error,
    pickle.PicklingError,
)


class SharedTrackerUse:
    """Which run uses a tracker that cannot be copied.

    A copy of a model (averaged weights, another process) begins with a free one.

    Attributes:
        lock: Held while the tracker works or changes hands.
        user: The run that began last.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.user: VideoTracker | None = None

    def __reduce__(self) -> tuple:
        return SharedTrackerUse, ()


class VideoTracker:
    """The tracker of one video: a copy of the model's, reset.

    One that cannot be copied (it holds a lock, a session of onnxruntime, ...) is used
    itself, by the video that began last; an earlier video that goes on is refused.

    Args:
        tracker: The model's.
        shared_use: The model's, for a tracker that cannot be copied.
    """

    def __init__(self, tracker: BaseTracker, shared_use: SharedTrackerUse) -> None:
        self._shared_use: SharedTrackerUse | None = None
        self._reason = ''
        try:
            self._tracker = copy.deepcopy(tracker)
        except UNCOPYABLE as error:
            self._reason = f'{type(error).__name__}: {error}'
            self._tracker = tracker
            self._shared_use = shared_use
            self._take_over(shared_use)
        else:
            self._tracker.reset()

    @contextmanager
    def in_use(self) -> Iterator[BaseTracker]:
        """The tracker, for some frames of this video.

        Raises:
            TypeError: It cannot be copied, and another video has begun since.
        """
        if self._shared_use is None:
            yield self._tracker
            return
        with self._shared_use.lock:
            if self._shared_use.user is not self:
                raise TypeError(
                    f'{type(self._tracker).__name__} cannot be copied ({self._reason}), '
                    'so it tracks one video at a time, and another video has begun '
                    'before this one ended: implement __deepcopy__ in the tracker, or '
                    'run one video at a time'
                )
            yield self._tracker

    def _take_over(self, shared_use: SharedTrackerUse) -> None:
        with shared_use.lock:
            if shared_use.user is None:
                print_log(
                    f'{type(self._tracker).__name__} cannot be copied ({self._reason}): '
                    'it tracks one video at a time. Implement __deepcopy__ in it to '
                    'track several at once.',
                    logger='current',
                    level=logging.WARNING,
                )
            shared_use.user = self
            self._tracker.reset()
