"""An estimator that reports what a script says, and semantics that keeps the books."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from mmsmot.models.estimators import BaseEstimator, Estimate
from mmsmot.models.semantics.description import Description
from mmsmot.models.smot import SMOT
from mmsmot.structures import Detections, Frame, Interactions, Tracks, VideoInfo

VIDEO = VideoInfo(name='scripted', path='scripted', fps=10.0, width=100, height=80)


def make_frames(first: int, last: int) -> list[Frame]:
    """Frames of these numbers, without images."""
    return [Frame(VIDEO, f, (f - 1) / 10) for f in range(first, last + 1)]


def make_tracks(ids: Sequence[int]) -> Tracks:
    """Tracks side by side."""
    ids = np.array(ids, np.int64)
    left = 1.0 * (ids % 50)
    boxes = np.stack([left, left * 0, left + 5, left * 0 + 20], axis=1).reshape(-1, 4)
    return Tracks(ids, boxes, np.ones(len(ids)), ids * 0, ids * 0 - 1)


class ScriptedEstimator(BaseEstimator):
    """Reports ids by frame number; says that one has ended after its last frame.

    Args:
        script: Ids by frame number.
        tells_end: Whether it says which ids have ended.
    """

    def __init__(self, script: dict[int, list[int]], tells_end: bool = True) -> None:
        super().__init__()
        self.script = script
        self.tells_end = tells_end
        self.last = {i: f for f in sorted(script) for i in script[f]}

    def begin(self, video: Any, prompts: Any, *, needs: frozenset[str]) -> dict:
        return {'live': set()}

    def step(self, state: dict, frames: Sequence[Frame]) -> Estimate:
        tracks = [make_tracks(self.script.get(f.frame_id, [])) for f in frames]
        for reported in tracks:
            state['live'].update(reported.ids.tolist())
        now = frames[-1].frame_id
        ended = sorted(
            i for i in state['live'] if self.tells_end and self.last[i] <= now
        )
        state['live'] -= set(ended)
        return Estimate([Detections.empty() for _ in frames], tracks, None, ended)


class BookBuffer:
    """Number of boxes by id."""

    def __init__(self) -> None:
        self.boxes: dict[int, int] = {}
        self.video_frames = 0

    @property
    def ids(self) -> list[int]:
        return sorted(self.boxes)

    def forget(self, ids: Sequence[int]) -> None:
        for track_id in ids:
            self.boxes.pop(track_id, None)

    def rename(self, names: dict[int, int]) -> None:
        before, self.boxes = self.boxes, {}
        for old, count in before.items():
            new = names.get(old, old)
            self.boxes[new] = self.boxes.get(new, 0) + count


class BookSemantics(nn.Module):
    """A caption is the number of boxes; everybody greets everybody that is asked for.

    Attributes:
        largest: Most trajectories that a buffer ever held.
        asked: ``caption_ids`` and ``pairs`` of each call.
    """

    needs: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0
        self.asked: list[tuple[Any, Any]] = []

    def begin(self) -> BookBuffer:
        return BookBuffer()

    def update(
        self, buffer: BookBuffer, features: Any, frames: Any, tracks: Any
    ) -> None:
        for reported in tracks:
            buffer.video_frames += 1
            for track_id in reported.ids.tolist():
                buffer.boxes[track_id] = buffer.boxes.get(track_id, 0) + 1
        self.largest = max(self.largest, len(buffer.boxes))

    def generate(
        self,
        buffer: BookBuffer,
        ids: Sequence[int] | None = None,
        *,
        caption_ids: Sequence[int] | None = None,
        pairs: Any = None,
        video_caption: bool = True,
        summarize: bool = False,
    ) -> Description:
        ids = buffer.ids if ids is None else list(ids)
        self.asked.append((caption_ids, pairs))
        captions = {
            i: f'{buffer.boxes[i]} boxes'
            for i in ids
            if caption_ids is None or i in caption_ids
        }
        rows = [(i, j) for i in ids for j in ids if i != j]
        greetings = Interactions(
            np.array([i for i, _ in rows], np.int64),
            np.array([j for _, j in rows], np.int64),
            np.array(['greet.v.01'] * len(rows), np.str_),
        )
        if pairs is not None:
            greetings = greetings.of_pairs(pairs)
        text = f'{buffer.video_frames} frames' if video_caption else ''
        return Description(captions, greetings, text)


def scripted_model(script: dict[int, list[int]], **options: Any) -> SMOT:
    """A pipeline of the two."""
    tells_end = options.pop('tells_end', True)
    estimator = ScriptedEstimator(script, tells_end)
    return SMOT(estimator=estimator, semantics=BookSemantics(), **options).eval()
