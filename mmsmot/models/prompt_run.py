"""What one video and one prompt hold: the tracks that live, and what ended ones did."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..structures import (
    Frame,
    Interactions,
    MotionSpan,
    Prompt,
    Tracks,
    Trajectories,
)
from ..structures.matching import map_to_merged
from .estimators import Estimate
from .semantics.description import Description, Pair, unordered_pair
from .semantics.interaction_rows import InteractionRows

# Frames that an ended track waits for those it met, so that what they do to each other is
# scored when both are whole; a minute at 25 frames a second.
PAIR_WINDOW = 1500


@dataclass(frozen=True, eq=False)
class EndedTrack:
    """A track that ended, as it is described.

    Attributes:
        prompt: What was asked for; ``None`` for every object.
        track_id: Its id.
        caption: Its caption; ``None`` where none is made.
        interactions: With tracks that had ended too; those with others follow with them.
    """

    prompt: Prompt | None
    track_id: int
    caption: str | None
    interactions: Interactions


@dataclass
class _Span:
    """When a track was reported, by position in the video: 1 is the first frame pushed."""

    first: int
    last: int = 0
    num_boxes: int = 0


class PromptRun:
    """One prompt's part of a :class:`~mmsmot.models.video_run.VideoRun`.

    A track goes through four states::

        live -> ended (waits hold_frames for post-processing) -> described
             -> forgotten, when all that it met have ended, or after PAIR_WINDOW frames

    A pair is described when its second member ends, or when the first is forgotten. A
    track that comes back under its old id after that begins anew, and gets a caption of
    its new part, which replaces the first.

    Args:
        semantics: Describes; ``None`` to track only.
        post_processing: Its parts may drop tracks (``keeps``) or join them (``map``).
        prompt: What was asked for.
        hold_frames: Frames that a track may still be joined to another after it ended;
            ``None``: until the video ends, so nothing is described before.
        patience: As of :class:`~mmsmot.models.video_run.VideoRun`.
    """

    def __init__(
        self,
        *,
        semantics: Any,
        post_processing: Sequence[Callable],
        prompt: Prompt | None,
        hold_frames: int | None,
        patience: int | None,
    ) -> None:
        self.prompt = prompt
        self._semantics = semantics
        self._post_processing = post_processing
        self._hold_frames = hold_frames
        self._patience = patience
        self._buffer = None if semantics is None else semantics.begin()
        self._joins: list[Callable] = []
        if hold_frames is not None:  # else nothing is joined, nor kept for it
            self._joins = [p.map for p in post_processing if hasattr(p, 'map')]
        self._history: deque[tuple[int, Tracks]] = deque()  # for _joins alone
        self._position = 0
        self._spans: dict[int, _Span] = {}
        self._ended: dict[int, int] = {}  # position of the end by id, not described yet
        self._described: dict[int, int] = {}  # position of the end by id, not forgotten
        self._met_open: dict[int, set[int]] = {}  # of each described: who still lives
        self._captions: dict[int, str] = {}
        self._motions: dict[int, list[MotionSpan]] = {}
        self._interactions = InteractionRows()

    @property
    def live_ids(self) -> list[int]:
        """Ids of tracks that have not ended, ascending."""
        return sorted(self._spans.keys() - self._ended.keys() - self._described.keys())

    def take_seconds(self) -> dict[str, float]:
        """Seconds of the stages of semantics since the last call, where it tells them."""
        stopwatch = getattr(self._buffer, 'stopwatch', None)
        if stopwatch is None:
            return {}
        seconds, stopwatch.seconds = stopwatch.seconds, {}
        return seconds

    def push(self, frames: Sequence[Frame], estimate: Estimate) -> list[EndedTrack]:
        """Take in what the estimator made of B frames; the tracks that are finished."""
        self._revive({i for tracks in estimate.tracks for i in tracks.ids.tolist()})
        if self._semantics is not None:
            self._semantics.update(
                self._buffer, estimate.features, frames, estimate.tracks
            )
        for frame, tracks in zip(frames, estimate.tracks, strict=True):
            self._position += 1
            if self._joins:
                self._history.append((frame.frame_id, replace(tracks, features=None)))
            for track_id in tracks.ids.tolist():
                span = self._spans.setdefault(track_id, _Span(self._position))
                span.last = self._position
                span.num_boxes += 1
        for track_id in self._ended_ids(estimate):
            self._ended.setdefault(track_id, self._position)
        if self._hold_frames is None:
            return []
        due = [
            track_id
            for track_id, end in self._ended.items()
            if self._position - end >= self._hold_frames
        ]
        expired = [
            track_id
            for track_id, end in self._described.items()
            if self._position - end >= PAIR_WINDOW
        ]
        return self._finish_tracks(due, expired) if due or expired else []

    def describe(self) -> Description:
        """Captions and interactions so far; changes nothing."""
        if self._semantics is None:
            return Description()
        ids = self._kept_ids()
        waiting = self._described.keys()
        description = self._semantics.generate(
            self._buffer,
            ids,
            caption_ids=[i for i in ids if i not in waiting],
            pairs=None if not waiting else self._open_pairs(ids),
        )
        return self._with_past(description)

    def finish(self, tracked: Trajectories, refined: Trajectories) -> Description:
        """Describe what is still open.

        Args:
            tracked: What the tracker reported.
            refined: The same after post-processing.
        """
        is_early = self._hold_frames is not None
        if self._post_processing and not is_early:
            # Linking renames trajectories; each goes on under the name that covers it.
            names = map_to_merged(refined, tracked)
            self._buffer.forget([i for i in self._buffer.ids if i not in names])
            self._buffer.rename(names)
        ids = np.unique(refined.ids).tolist()
        if not is_early:
            return self._semantics.generate(self._buffer, ids)
        description = self.describe()
        captions = description.captions
        description.captions = {i: captions[i] for i in ids if i in captions}
        if (motions := description.motions) is not None:
            description.motions = {i: motions[i] for i in ids if i in motions}
        description.interactions = description.interactions.for_ids(ids)
        return description

    def _revive(self, reported_ids: set[int]) -> None:
        """Let tracks that are reported again live on; described ones begin anew."""
        for track_id in reported_ids.intersection(self._ended):
            del self._ended[track_id]
        self._forget(sorted(reported_ids.intersection(self._described)))

    def _ended_ids(self, estimate: Estimate) -> list[int]:
        """Tracks that end with these frames, by the estimator's word or by patience."""
        ended = set(estimate.ended_ids).intersection(self._spans)
        if self._patience is not None:
            ended |= {
                track_id
                for track_id, span in self._spans.items()
                if self._position - span.last > self._patience
            }
        return sorted(ended - self._described.keys())

    def _finish_tracks(self, due: list[int], expired: list[int]) -> list[EndedTrack]:
        """Describe ended tracks, and forget those that wait for nobody any more.

        Args:
            due: Ids of tracks that ended, and that nothing may join any more.
            expired: Ids of described ones that have waited long enough.
        """
        for track_id in due:
            self._described[track_id] = self._ended.pop(track_id)
        ended_ids, due = due, self._merged(due)
        kept_ids = [track_id for track_id in due if self._keeps(track_id)]
        open_ids = [*self.live_ids, *self._ended]
        for track_id in due:
            self._met_open[track_id] = set(self._met(track_id, open_ids))
        for met_ids in self._met_open.values():
            met_ids.difference_update(ended_ids)
        finished = []
        if self._semantics is not None:
            pairs = self._closing_pairs(kept_ids, expired)
            if kept_ids or pairs:
                finished = self._describe_ended(kept_ids, pairs)
        alone = [
            track_id for track_id, met_ids in self._met_open.items() if not met_ids
        ]
        dropped = [track_id for track_id in due if track_id not in kept_ids]
        self._forget({*expired, *alone, *dropped})
        return finished

    def _describe_ended(
        self, track_ids: list[int], pairs: set[Pair]
    ) -> list[EndedTrack]:
        description = self._semantics.generate(
            self._buffer,
            self._kept_ids(),
            caption_ids=track_ids,
            pairs=pairs,
            video_caption=False,
            summarize=True,
        )
        self._captions |= description.captions
        self._motions |= description.motions or {}
        self._interactions.update(description.interactions)
        return [
            EndedTrack(
                self.prompt,
                track_id,
                description.captions.get(track_id),
                description.interactions.touching([track_id]),
            )
            for track_id in track_ids
        ]

    def _merged(self, ended_ids: list[int]) -> list[int]:
        """The ended ids after the post-processing has joined what belongs together."""
        for join in self._joins:
            names = join(self._rows(self._described))
            if not names:
                continue
            if self._buffer is not None:
                self._buffer.rename(names)
            self._rename_rows(names)
            for old, new in names.items():
                span, end = self._spans.pop(old), self._described.pop(old)
                joined = self._spans.setdefault(new, _Span(span.first, span.last))
                joined.first = min(joined.first, span.first)
                joined.last = max(joined.last, span.last)
                joined.num_boxes += span.num_boxes
                self._described[new] = max(end, self._described.get(new, 0))
                met_ids = self._met_open.pop(old, set())
                self._met_open.setdefault(new, set()).update(met_ids)
            ended_ids = sorted({names.get(i, i) for i in ended_ids})
        return ended_ids

    def _rename_rows(self, names: dict[int, int]) -> None:
        """Let the rows of joined tracks stand under their new ids, for later joins."""
        old_ids, new_ids = np.array([*names.items()]).T
        for row, (frame_id, tracks) in enumerate(self._history):
            is_old = tracks.ids[:, None] == old_ids
            if is_old.any():
                # The caller has the tracks too; they stay as they were reported.
                ids = np.where(
                    is_old.any(axis=1), new_ids[is_old.argmax(axis=1)], tracks.ids
                )
                self._history[row] = (frame_id, replace(tracks, ids=ids))

    def _rows(self, track_ids: Collection[int]) -> Trajectories:
        """The rows of tracks that were not forgotten."""
        first = min((span.first for span in self._spans.values()), default=0)
        while self._history and self._position - len(self._history) + 1 < first:
            self._history.popleft()
        frame_ids = [frame_id for frame_id, _ in self._history]
        tracks = [t[np.isin(t.ids, list(track_ids))] for _, t in self._history]
        return Trajectories.from_tracks(frame_ids, tracks)

    def _keeps(self, track_id: int) -> bool:
        """Whether the post-processing keeps a track with so many boxes."""
        count = self._spans[track_id].num_boxes
        tests = (getattr(part, 'keeps', None) for part in self._post_processing)
        return all(keeps(count, self._position) for keeps in tests if keeps is not None)

    def _kept_ids(self) -> list[int]:
        """Ids in the buffer that post-processing keeps, so far."""
        return [i for i in self._buffer.ids if i in self._spans and self._keeps(i)]

    def _met(self, track_id: int, other_ids: Iterable[int]) -> list[int]:
        """Those of ``other_ids`` that do not end before a track begins, nor begin after."""
        span = self._spans[track_id]
        return [
            other_id
            for other_id in other_ids
            if other_id != track_id
            and self._spans[other_id].first <= span.last
            and span.first <= self._spans[other_id].last
        ]

    def _closing_pairs(self, ended_ids: list[int], expired: list[int]) -> set[Pair]:
        """Pairs whose second member has ended, and those that the window closes."""
        pairs = set()
        for track_id in ended_ids:
            pairs |= {
                unordered_pair(track_id, i)
                for i in self._met(track_id, self._described)
            }
        for track_id in expired:
            pairs |= {unordered_pair(track_id, i) for i in self._met_open[track_id]}
        return pairs

    def _open_pairs(self, ids: list[int]) -> set[Pair]:
        """Pairs that were not described yet: one of the two has not ended."""
        open_ids = [i for i in ids if i not in self._described]
        return {
            unordered_pair(i, other_id)
            for i in open_ids
            for other_id in self._met(i, ids)
        }

    def _forget(self, track_ids: Collection[int]) -> None:
        """Drop all that is held of tracks, but for their captions and interactions."""
        if track_ids and self._buffer is not None:
            self._buffer.forget(sorted(track_ids))
        for track_id in track_ids:
            for table in (self._spans, self._described, self._met_open):
                table.pop(track_id, None)

    def _with_past(self, description: Description) -> Description:
        return Description(
            captions=self._captions | description.captions,
            motions=None
            if description.motions is None
            else self._motions | description.motions,
            interactions=self._interactions.updated_table(description.interactions),
            video_caption=description.video_caption,
        )
