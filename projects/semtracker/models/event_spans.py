"""From classes frame by frame to events, with a state that does not grow with the video."""

from __future__ import annotations

import copy
from collections import deque
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Event:
    """An interaction of the target.

    Attributes:
        verb: Class from 1; 0 is none.
        role: 0 where the target is the subject, 1 where it is the object.
        partner: Class of the other side.
        first_frame: Number of its first frame.
        last_frame: Of its last one, inclusive.
        score: Mean probability of the verb.
    """

    verb: int
    role: int
    partner: int
    first_frame: int
    last_frame: int
    score: float


@dataclass(frozen=True)
class EventRules:
    """What makes an event of the likeliest verbs.

    Attributes:
        num_verbs: V; the probabilities of a role are 1 + V of verbs, then C of partners.
        smoothing: Frames of the moving average, odd.
        min_frames: Shorter runs are left out.
        threshold: Least mean probability of the verb.
    """

    num_verbs: int
    smoothing: int
    min_frames: int
    threshold: float


@dataclass(eq=False)
class VerbRun:
    """Frames with one likeliest verb in a role, which may go on.

    Attributes:
        verb: The verb's class, 0 for none.
        first_frame: Number of its first frame.
        last_frame: Of its last one so far.
        num_frames: How many they are.
        total: (1 + V + C,) sum of their smoothed probabilities.
    """

    verb: int
    first_frame: int
    last_frame: int
    num_frames: int
    total: np.ndarray


class RunningEvents:
    """The events of one target, frame by frame.

    A frame's classes are decided when half the window of the moving average has followed
    it. What is held are the frames of one window, a sum for each run that goes on, and the
    events that have ended: results, not frames. ::

        probabilities -> window of `smoothing` frames -> likeliest verb -> runs -> events

    Args:
        rules: What makes an event.
    """

    def __init__(self, rules: EventRules) -> None:
        self.rules = rules
        self.last_frame = -1
        self._ended: list[Event] = []
        self._window: deque[tuple[int, np.ndarray]] = deque(maxlen=rules.smoothing)
        self._runs: list[VerbRun | None] = [None, None]

    def push(self, frame_id: int, probabilities: np.ndarray) -> None:
        """Take in the target's next frame.

        Args:
            frame_id: Its number.
            probabilities: (2, 1 + V + C), role by role.
        """
        self.last_frame = frame_id
        self._window.append((frame_id, probabilities))
        radius = self.rules.smoothing // 2
        if len(self._window) > radius:
            self._decide(radius, len(self._window))

    def cut(self) -> None:
        """End all runs: the target was lost, and no event reaches over that."""
        radius = self.rules.smoothing // 2
        for ahead in range(min(radius, len(self._window)) - 1, -1, -1):
            self._decide(ahead, min(ahead + radius + 1, len(self._window)))
        self._window.clear()
        for role in range(len(self._runs)):
            self._end_run(role)

    def events(self) -> list[Event]:
        """Those that have ended and what goes on, by time; changes nothing."""
        ended = copy.copy(self)
        ended._ended, ended._window = [*self._ended], self._window.copy()
        ended._runs = copy.deepcopy(self._runs)
        ended.cut()
        return sorted(ended._ended, key=lambda event: (event.first_frame, event.role))

    def join(self, part: RunningEvents) -> None:
        """Take the events of another part of the same target.

        The part that was seen last goes on; the other one's runs end.
        """
        earlier, later = sorted((self, part), key=lambda p: p.last_frame)
        earlier.cut()
        self._ended = earlier._ended + later._ended
        self._window, self._runs = later._window, later._runs
        self.last_frame = later.last_frame

    def _decide(self, ahead: int, width: int) -> None:
        """Decide the frame with so many behind it, by the mean of the window's last ones."""
        frame_id, _ = self._window[-1 - ahead]
        rows = [values for _, values in self._window][-width:]
        mean = np.mean(rows, axis=0, dtype=np.float64)
        verbs = mean[:, : 1 + self.rules.num_verbs].argmax(axis=1)
        for role, verb in enumerate(verbs.tolist()):
            run = self._runs[role]
            if run is None or run.verb != verb:
                self._end_run(role)
                empty = np.zeros(mean.shape[1])
                run = self._runs[role] = VerbRun(verb, frame_id, frame_id, 0, empty)
            run.last_frame = frame_id
            run.num_frames += 1
            run.total += mean[role]

    def _end_run(self, role: int) -> None:
        run, self._runs[role] = self._runs[role], None
        if run is None or not run.verb or run.num_frames < self.rules.min_frames:
            return
        score = float(run.total[run.verb] / run.num_frames)
        if score < self.rules.threshold:
            return
        partner = int(run.total[1 + self.rules.num_verbs :].argmax())
        span = run.first_frame, run.last_frame
        self._ended.append(Event(run.verb, role, partner, *span, min(score, 1.0)))
