"""Frames of a video at test: what a query tracker detects, tracks and reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mmsmot.models.estimators import FEATURES, TRACK_FEATURES, Estimate
from mmsmot.structures import Detections, Frame, Tracks
from mmsmot.structures.feature_maps import FeatureMaps

from .deformable_decoding import Memory
from .previous_levels import SizedLevels
from .queries import PADDING, Outputs, Queries
from .query_state import PromptBatch, QueryState
from .query_table import LifecycleOutcome, QueryTable, query_tables

if TYPE_CHECKING:
    from .query_tracker import QueryTracker


@dataclass(frozen=True, eq=False)
class PromptFrame:
    """What one prompt has of one frame.

    Attributes:
        detections: All of its queries that are one.
        tracks: What is reported.
        ended_ids: Ids that never come back.
    """

    detections: Detections
    tracks: Tracks
    ended_ids: list[int]


def video_pass(
    tracker: QueryTracker, state: QueryState, frames: Sequence[Frame]
) -> list[Estimate]:
    """Detections and tracks of the next frames of a video, for each prompt."""
    previous_levels = state.levels
    if not tracker.fuses_levels:
        # RoI pooling cuts crops out of the images.
        has_maps = FEATURES in state.needs
        features, memory = tracker.features_and_memory(
            frames, previous_levels, with_maps=has_maps, with_images=has_maps
        )
    else:
        features = tracker.detector.extract(frames)
    if tracker.combine is not None:
        state.levels = tracker.levels(features).last_frames(1)
    proposals = tracker.proposals(frames)
    maps = features if FEATURES in state.needs else None
    estimates = []
    for batch in state.prompt_batches:
        if not tracker.fuses_levels:
            memories = (
                memory[row : row + 1].repeated(batch.num_rows)
                for row in range(len(frames))
            )
        else:
            memories = _prompt_memories(tracker, features, previous_levels, batch)
        steps = _decode_frames(
            tracker, state, batch, frames, features, memories, proposals
        )
        estimates += [
            Estimate(
                [step.detections for step in prompt_steps],
                [step.tracks for step in prompt_steps],
                maps,
                [track_id for step in prompt_steps for track_id in step.ended_ids],
            )
            for prompt_steps in zip(*steps, strict=True)
        ]
    return estimates


def _prompt_memories(
    tracker: QueryTracker,
    features: FeatureMaps,
    previous_levels: SizedLevels | None,
    batch: PromptBatch,
) -> Iterator[Memory]:
    """The memory of frame after frame, a row for each of S prompts.

    So many frames are encoded at a time that no more rows are there than
    ``prompt_batch``; one at least.
    """
    count, size = len(features), batch.num_rows
    most_rows = tracker.prompt_batch or count * size
    step = max(1, most_rows // size)
    for start in range(0, count, step):
        part = features[[*range(start, min(start + step, count))]]
        memory = tracker.encode(part, previous_levels, text=batch.text, copies=size)
        if tracker.combine is not None:
            previous_levels = tracker.levels(part).last_frames(1)
        for row in range(len(part)):
            yield memory[row * size : (row + 1) * size]


def _decode_frames(
    tracker: QueryTracker,
    state: QueryState,
    batch: PromptBatch,
    frames: Sequence[Frame],
    features: FeatureMaps,
    memories: Iterable[Memory],
    proposals: list[Detections] | None,
) -> list[list[PromptFrame]]:
    """Frame after frame, what each of the S prompts of a batch has of it.

    Args:
        tracker: The tracker.
        state: Of the video.
        batch: The prompts.
        frames: T frames.
        features: Of the frames.
        memories: Of each frame, R rows.
        proposals: Of the frames, where they are read.
    """
    steps = []
    for row, (frame, memory) in enumerate(zip(frames, memories, strict=True)):
        part = slice(row, row + 1)
        new = tracker.new_queries(
            1, proposals and proposals[part], features.sizes[part]
        ).repeated(batch.num_rows)
        queries, outputs = tracker.decode(memory, new, batch.queries, batch.text)
        steps.append(
            _end_frame(
                tracker,
                batch,
                queries,
                outputs,
                features.sizes[row],
                frame,
                with_features=TRACK_FEATURES in state.needs,
            )
        )
    return steps


def _end_frame(
    tracker: QueryTracker,
    batch: PromptBatch,
    queries: Queries,
    outputs: Outputs,
    size: Tensor,
    frame: Frame,
    *,
    with_features: bool,
) -> list[PromptFrame]:
    """What each prompt has of a frame; the batch goes on to the next one."""
    tables = query_tables(queries, outputs, size)
    outcomes = [
        tracker.lifecycle.update(lifecycle, table, frame)
        for lifecycle, table in zip(batch.lifecycles, tables, strict=True)
    ]
    is_row = ~queries.pad.cpu().numpy()
    if tracker.lifecycle.propagates_queries:
        batch.queries = tracker.updater(
            _with_outcomes(queries, outcomes, is_row), outputs
        )
    refer_scores = _refer_scores(tracker, outputs, batch)
    prompt_frames = []
    for number in range(batch.num_prompts):
        row = number % batch.num_rows
        index = np.flatnonzero(is_row[row])
        detections, tracks, rows = _reported(
            tracker,
            tables[row],
            outcomes[row],
            None if refer_scores is None else refer_scores[number, index],
        )
        if with_features:
            hs = outputs.hs[-1, row]
            tracks = replace(tracks, features=_track_features(tracker, hs, index[rows]))
        prompt_frames.append(PromptFrame(detections, tracks, outcomes[row].ended_ids))
    return prompt_frames


def _with_outcomes(
    queries: Queries, outcomes: Sequence[LifecycleOutcome], is_row: np.ndarray
) -> Queries:
    """The queries (R, Q) with the ids and ages of their tracks."""
    ids = np.full(is_row.shape, PADDING, np.int64)
    ages = np.zeros_like(ids)
    ids[is_row] = np.concatenate([outcome.ids for outcome in outcomes])
    ages[is_row] = np.concatenate([outcome.ages for outcome in outcomes])
    device = queries.ids.device
    return queries.with_ids(
        torch.from_numpy(ids).to(device), ages=torch.from_numpy(ages).to(device)
    )


def _refer_scores(
    tracker: QueryTracker, outputs: Outputs, batch: PromptBatch
) -> np.ndarray | None:
    """(S, Q) float64, how surely each query is meant; ``None``: nothing is said."""
    hook = tracker.text_hook
    scores = None if hook is None else hook.refer_scores(outputs, batch.text)
    return None if scores is None else scores.double().nan_to_num(0).cpu().numpy()


def _reported(
    tracker: QueryTracker,
    table: QueryTable,
    outcome: LifecycleOutcome,
    refer_scores: np.ndarray | None,
) -> tuple[Detections, Tracks, np.ndarray]:
    """Detections and tracks of one prompt, and the rows of the tracks in the table.

    Args:
        tracker: The tracker.
        table: Q queries.
        outcome: Of those.
        refer_scores: (Q,), which are then the scores of the tracks; ``None``: theirs stay.
    """
    is_reported, scores = outcome.is_reported, table.scores
    if refer_scores is not None:
        scores = refer_scores
        if tracker.text_hook.refer_threshold is not None:
            is_reported = is_reported & (scores >= tracker.text_hook.refer_threshold)
    is_detection = table.scores >= tracker.detector.score_threshold
    if tracker.track_decoder is not None:
        is_detection &= ~table.is_track  # it sees again what the detections are of
    index = np.flatnonzero(is_detection | is_reported)
    detections = Detections(
        table.boxes[index], table.scores[index], table.labels[index]
    )
    det_index = np.flatnonzero(is_reported[index])
    rows = index[det_index]
    tracks = Tracks(
        outcome.ids[rows],
        table.boxes[rows],
        scores[rows],
        outcome.labels[rows],
        det_index,
    )
    return detections, tracks, rows


def _track_features(tracker: QueryTracker, hs: Tensor, rows: np.ndarray) -> Tensor:
    """(N, 1, d) of some of the queries (Q, d) of one frame."""
    return tracker.project_features(hs[torch.from_numpy(rows).to(hs.device)])[:, None]
