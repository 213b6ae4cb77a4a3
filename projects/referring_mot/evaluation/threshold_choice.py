"""The threshold that was chosen on one split, for the test of another."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmsmot.structures import Trajectories
from mmsmot.utils.json_file import read_json, write_json
from projects.referring_mot.evaluation.expression_scores import COLUMNS

FILE = 'threshold.json'  # in the folder of a test's results
SELECTION_METRICS = ('mean_HOTA', *COLUMNS)  # the greatest is the best


@dataclass(frozen=True)
class ThresholdChoice:
    """A threshold, and what it was chosen by.

    Attributes:
        threshold: The best.
        metric: By which, of :data:`SELECTION_METRICS`.
        scores: The metric at each threshold.
        ground_truth: :func:`objects_fingerprint` of the videos that it was chosen on.
    """

    threshold: float
    metric: str
    scores: dict[float, float]
    ground_truth: frozenset[str]

    def write(self, path: str | os.PathLike) -> None:
        """Write it as JSON."""
        content = dict(
            threshold=self.threshold,
            metric=self.metric,
            scores={str(value): score for value, score in self.scores.items()},
            ground_truth=sorted(self.ground_truth),
        )
        write_json(content, path)


def read_threshold_choice(path: str | os.PathLike) -> ThresholdChoice:
    """What :meth:`ThresholdChoice.write` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is another file; names it.
    """
    content = read_json(path)
    try:
        return ThresholdChoice(
            float(content['threshold']),
            str(content['metric']),
            {float(k): float(v) for k, v in content['scores'].items()},
            frozenset(content['ground_truth']),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{path}: expected the {FILE} of a test with ReferringMetric(select_threshold='
            f'"mean_HOTA"), with threshold, metric, scores and ground_truth; {error!r:.80}'
        ) from error


def choose_threshold(
    metric: str, scores: Mapping[float, float], ground_truth: frozenset[str]
) -> ThresholdChoice:
    """The threshold with the greatest score, the first of equals.

    Raises:
        ValueError: No score is a number: no expression refers to anybody.
    """
    finite_scores = {k: score for k, score in scores.items() if np.isfinite(score)}
    if not finite_scores:
        raise ValueError(
            f'{metric} is not known at any threshold: none of the expressions refers to '
            'anybody, so none can choose a threshold'
        )
    return ThresholdChoice(
        max(finite_scores, key=finite_scores.__getitem__),
        metric,
        finite_scores,
        ground_truth,
    )


def objects_fingerprint(objects: Trajectories) -> str:
    """SHA-256 of a video's ground truth: frames, ids and boxes."""
    digest = hashlib.sha256()
    for column in (objects.frame_ids, objects.ids, objects.boxes):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()
