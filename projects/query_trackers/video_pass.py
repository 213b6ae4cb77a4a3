"""Frames of a video at test: what a query tracker detects, tracks and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from mmsmot.models.estimators import FEATURES, TRACK_FEATURES, Estimate
from mmsmot.structures import Detections, Frame, Tracks

from .queries import Outputs, Queries
from .query_state import PromptTracks, QueryState
from .query_table import QueryTable, query_table

if TYPE_CHECKING:
    from .query_tracker import QueryTracker


def video_pass(
    tracker: QueryTracker, state: QueryState, frames: Sequence[Frame]
) -> list[Estimate]:
    """Detections and tracks of the next frames of a video, for each prompt."""
    previous_levels = state.levels
    if tracker.text_hook is None:
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
    estimates = []
    for prompt_tracks in state.prompt_tracks:
        if tracker.text_hook is not None:
            memory = tracker.encode(features, previous_levels, 1, prompt_tracks.text)
        detections, tracks, ended_ids = [], [], []
        for row, frame in enumerate(frames):
            part = slice(row, row + 1)
            new = tracker.new_queries(
                1, proposals and proposals[part], features.sizes[part]
            )
            queries, outputs = tracker.decode(
                memory[part], new, prompt_tracks.queries, prompt_tracks.text
            )
            frame_detections, frame_tracks, frame_ended_ids = _end_frame(
                tracker,
                prompt_tracks,
                queries,
                outputs,
                features.sizes[row],
                frame,
                with_features=TRACK_FEATURES in state.needs,
            )
            detections.append(frame_detections)
            tracks.append(frame_tracks)
            ended_ids += frame_ended_ids
        maps = features if FEATURES in state.needs else None
        estimates.append(Estimate(detections, tracks, maps, ended_ids))
    return estimates


def _end_frame(
    tracker: QueryTracker,
    prompt_tracks: PromptTracks,
    queries: Queries,
    outputs: Outputs,
    size: Tensor,
    frame: Frame,
    *,
    with_features: bool,
) -> tuple[Detections, Tracks, list[int]]:
    """Detections and tracks of one frame, and the ids that ended with it."""
    table = query_table(queries, outputs, size)
    outcome = tracker.lifecycle.update(prompt_tracks.lifecycle, table, frame)
    if tracker.lifecycle.propagates_queries:
        device = queries.ids.device
        prompt_tracks.queries = tracker.updater(
            queries.with_ids(
                torch.from_numpy(outcome.ids)[None].to(device),
                ages=torch.from_numpy(outcome.ages)[None].to(device),
            ),
            outputs,
        )
    is_reported, scores = _report_scores(
        tracker, prompt_tracks, outputs, outcome.is_reported, table
    )
    is_detection = table.scores >= tracker.detector.score_threshold
    if tracker.track_decoder is not None:
        is_detection &= ~table.is_track  # it sees again what the detections are of
    index = np.flatnonzero(is_detection | is_reported)
    detections = Detections(
        table.boxes[index], table.scores[index], table.labels[index]
    )
    det_index = np.flatnonzero(is_reported[index])
    reported_rows = index[det_index]
    tracks = Tracks(
        outcome.ids[reported_rows],
        table.boxes[reported_rows],
        scores[reported_rows],
        outcome.labels[reported_rows],
        det_index,
        _track_features(tracker, outputs, reported_rows) if with_features else None,
    )
    return detections, tracks, outcome.ended_ids


def _report_scores(
    tracker: QueryTracker,
    prompt_tracks: PromptTracks,
    outputs: Outputs,
    is_reported: np.ndarray,
    table: QueryTable,
) -> tuple[np.ndarray, np.ndarray]:
    """(Q,) whether each track is reported, and its score: that of being meant, if any."""
    hook = tracker.text_hook
    refer_scores = (
        None if hook is None else hook.refer_scores(outputs, prompt_tracks.text)
    )
    if refer_scores is None:
        return is_reported, table.scores
    scores = refer_scores[0].double().nan_to_num(0).cpu().numpy()
    if hook.refer_threshold is not None:
        is_reported = is_reported & (scores >= hook.refer_threshold)
    return is_reported, scores


def _track_features(
    tracker: QueryTracker, outputs: Outputs, rows: np.ndarray
) -> Tensor:
    """(N, 1, d) of some queries of one frame."""
    hs = outputs.hs[-1, 0]
    return tracker.project_features(hs[torch.from_numpy(rows).to(hs.device)])[:, None]
