"""Standard errors of a table's rows: a bootstrap over the videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

NUM_DRAWS = 1000
Results = Sequence[tuple[str, dict[str, dict[str, Any]], int]]


def drawn_scores(results: Results) -> dict[str, np.ndarray]:
    """MOTA and IDF1 in percent, and transfers, of videos drawn at random, seed 0.

    Rows of the same videos get the same draws, so that they can be compared pairwise.

    Args:
        results: As of :func:`~projects.single_shot_smot.single_shot_metric.table_rows`.

    Returns:
        Each (NUM_DRAWS,).
    """
    results = sorted(results, key=lambda entry: entry[0])
    counts = np.array(
        [
            [result['CLEAR'][k] for k in ('CLR_TP', 'CLR_FN', 'CLR_FP', 'IDSW')]
            + [result['Identity'][k] for k in ('IDTP', 'IDFN', 'IDFP')]
            + [transfers]
            for _, result, transfers in results
        ]
    )
    rng = np.random.default_rng(0)
    draws = rng.integers(len(counts), size=(NUM_DRAWS, len(counts)))
    tp, fn, fp, switches, idtp, idfn, idfp, transfers = counts[draws].sum(axis=1).T
    return {
        'MOTA': 100 * (tp - fp - switches) / np.maximum(tp + fn, 1),
        'IDF1': 100 * idtp / np.maximum(idtp + (idfn + idfp) / 2, 1),
        'transfers': transfers.astype(np.float64),
    }


def standard_errors(results: Results) -> dict[str, float]:
    """Of MOTA, IDF1 and transfers, by ``'NAME error'``."""
    scores = drawn_scores(results)
    return {f'{name} error': float(v.std(ddof=1)) for name, v in scores.items()}


def paired_errors(results: Results, base_results: Results) -> dict[str, float]:
    """Standard errors of a row's differences from another row, by ``'NAME diff error'``.

    Args:
        results: Of the row.
        base_results: Of the other, on the same videos.

    Raises:
        ValueError: They are of other videos.
    """
    names = [sorted(name for name, *_ in rows) for rows in (results, base_results)]
    if names[0] != names[1]:
        raise ValueError('paired_errors: the two rows are of different videos')
    scores, base_scores = drawn_scores(results), drawn_scores(base_results)
    return {
        f'{name} diff error': float((scores[name] - base_scores[name]).std(ddof=1))
        for name in scores
    }
