"""ST-mAP, TrackMAP and CLEARTR together, and what a model has that tells nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from projects.semtracker.datasets.relation_tracks import (
    NO_RELATION,
    AnnotatedCategories,
    RelationTracks,
)
from projects.semtracker.evaluation.clear_tr import clear_tr
from projects.semtracker.evaluation.st_map import GtAndPrediction, st_map


def track_scores(
    sequences: Sequence[GtAndPrediction],
    mode: str = 'fixed',
    coverage: Sequence[AnnotatedCategories] | None = None,
) -> dict[str, float]:
    """The measures of tracks with interactions, averaged over the thresholds.

    ``st_map_silent`` and ``MTIR_silent`` are controls: of the same boxes without any
    event. A frame in which nothing happens is right where nothing is told, so that they
    are what a tracker has that knows no interactions.

    Args:
        sequences: (truth, prediction) of each (video, query).
        mode: Of ST-mAP and CLEARTR, ``'fixed'`` or ``'released'``.
        coverage: As of :func:`~.st_map.st_map`.

    Returns:
        ``st_map``, ``st_mar``, ``st_map_silent``, ``track_map``, ``MTI``, ``MTIR`` and
        ``MTIR_silent``.
    """
    average = st_map(sequences, mode, coverage=coverage)
    open_gate = st_map(sequences, relation_rate=0.0, coverage=coverage)
    silent_sequences = [(gt, without_relations(dt)) for gt, dt in sequences]
    silent_average = st_map(silent_sequences, mode, coverage=coverage)
    return {
        'st_map': float(average['TI_AP_all'].mean()),
        'st_mar': float(average['TI_AR_all'].mean()),
        'st_map_silent': float(silent_average['TI_AP_all'].mean()),
        'track_map': float(open_gate['TI_AP_all'].mean()),
        **clear_tr(sequences, mode),
        'MTIR_silent': clear_tr(silent_sequences, mode)['MTIR'],
    }


def without_relations(tracks: RelationTracks) -> RelationTracks:
    """The same boxes, in which nothing happens."""
    return replace(
        tracks,
        subject_relations=np.full_like(tracks.subject_relations, NO_RELATION),
        object_relations=np.full_like(tracks.object_relations, NO_RELATION),
    )
