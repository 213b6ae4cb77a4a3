"""Check of what an estimator returns against its contract."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...structures import Detections, Frame
from ..trackers import checked_tracker_output
from .base import FEATURES, TRACK_FEATURES, BaseEstimator, Estimate


def checked_step(
    estimator: BaseEstimator,
    state: Any,
    frames: Sequence[Frame],
    *,
    num_estimates: int,
    needs: frozenset[str],
) -> list[Estimate]:
    """``estimator.step``, and an error that names it where it breaks the contract.

    Args:
        estimator: Anybody's.
        state: As of :meth:`BaseEstimator.step`.
        frames: As of :meth:`BaseEstimator.step`.
        num_estimates: How many prompts it reads; 1 where it reads none.
        needs: As of :meth:`BaseEstimator.begin`.

    Returns:
        ``num_estimates`` estimates.

    Raises:
        TypeError: It returned something else than estimates, detections or tracks.
        ValueError: Their numbers do not fit, tracks are not sound, or what was asked for
            is not there.
    """
    estimates = estimator.step(state, frames)
    call = f'{type(estimator).__name__}.step'
    if isinstance(estimates, Estimate):
        estimates = [estimates]
    is_list = isinstance(estimates, list | tuple)
    if not is_list or not all(isinstance(part, Estimate) for part in estimates):
        raise TypeError(
            f'{call} must return an Estimate, or a list of them, one for each prompt; '
            f'got {type(estimates).__name__}'
        )
    if len(estimates) != num_estimates:
        raise ValueError(
            f'{call} gave {len(estimates)} estimates for {num_estimates} prompts'
        )
    return [_checked(estimate, frames, needs, call) for estimate in estimates]


def _checked(
    estimate: Estimate, frames: Sequence[Frame], needs: frozenset[str], call: str
) -> Estimate:
    detections, tracks = estimate.detections, estimate.tracks
    if not len(detections) == len(tracks) == len(frames):
        raise ValueError(
            f'{call} gave {len(detections)} detections and {len(tracks)} tracks for '
            f'{len(frames)} frames'
        )
    if FEATURES in needs and estimate.features is None:
        raise ValueError(f'{call} gave no features, which were asked for')
    sound_tracks = []
    for frame, frame_detections, frame_tracks in zip(
        frames, detections, tracks, strict=True
    ):
        frame_where = f'{call}, frame {frame.frame_id}'
        if not isinstance(frame_detections, Detections):
            raise TypeError(
                f'{frame_where}: detections are mmsmot.structures.Detections, got '
                f'{type(frame_detections).__name__}'
            )
        frame_tracks = checked_tracker_output(
            frame_tracks, frame_detections, frame_where
        )
        if TRACK_FEATURES in needs and frame_tracks.features is None:
            raise ValueError(f'{frame_where}: Tracks.features was asked for, got None')
        sound_tracks.append(frame_tracks)
    return replace(estimate, tracks=sound_tracks)
