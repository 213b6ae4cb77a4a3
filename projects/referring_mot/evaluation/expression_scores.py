"""HOTA of referring expressions: each, pooled, and as a mean over expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmsmot.evaluation.tracking import tracking_sequence_data
from mmsmot.structures import ReferringExpression, Trajectories
from projects.referring_mot.datasets.referred_boxes import (
    FIXED,
    is_temporal,
    referred_trajectories,
)
from projects.referring_mot.evaluation.train_sentences import (
    TRAIN_KINDS,
    TrainSentences,
)

# The columns of MLS-Track's Table 2, and the localisation beside them.
COLUMNS = ('HOTA', 'DetA', 'AssA', 'DetRe', 'DetPr', 'AssRe', 'AssPr', 'LocA')
STATIC, TEMPORAL = 'static', 'temporal'
KINDS = (STATIC, TEMPORAL, *TRAIN_KINDS)


@dataclass(frozen=True, eq=False)
class ExpressionScore:
    """What one (video, prompt) scored.

    Attributes:
        name: ``<video>/<prompt.key>``.
        sentence: The expression.
        fields: trackeval's HOTA fields, fractions, a number for each of 19 thresholds.
        num_gt: Boxes that the expression refers to.
        num_pred: Predicted boxes.
        kinds: Of :data:`KINDS`, those it is of.
    """

    name: str
    sentence: str
    fields: dict[str, Any]
    num_gt: int
    num_pred: int
    kinds: tuple[str, ...] = ()

    @property
    def hota(self) -> float:
        """Percent, the mean over the thresholds."""
        return float(100 * np.mean(self.fields['HOTA']))


def score_expression(
    name: str,
    expression: ReferringExpression,
    objects: Trajectories,
    pred: Trajectories,
    frame_ids: np.ndarray,
    protocol: str = FIXED,
    train_sentences: TrainSentences | None = None,
) -> ExpressionScore:
    """HOTA of one expression, and the kinds it is of.

    Args:
        name: ``<video>/<prompt.key>``.
        expression: Ids by frame.
        objects: Ground truth of every object of the video.
        pred: The boxes that were predicted for it.
        frame_ids: (T,) frames of the video.
        protocol: Of :func:`~..datasets.referred_boxes.referred_trajectories`.
        train_sentences: Those that were trained on; ``None``: nothing is said of
            held-out expressions.

    Raises:
        ValueError: The coordinate spaces differ, or a predicted frame was not processed.
    """
    from mmsmot.evaluation.hota import HOTA  # slow to import

    gt = referred_trajectories(objects, expression, protocol)
    data, _ = tracking_sequence_data(gt, pred, frame_ids, 'none')
    kinds = [TEMPORAL if is_temporal(objects, expression) else STATIC]
    if train_sentences is not None:
        kinds += train_sentences.kinds(expression.sentence)
    return ExpressionScore(
        name,
        expression.sentence,
        HOTA().eval_sequence(data),
        data['num_gt_dets'],
        data['num_tracker_dets'],
        tuple(kinds),
    )


def summarize_expressions(scores: Sequence[ExpressionScore]) -> dict[str, float]:
    """The scores of a group of expressions.

    ``HOTA`` to ``LocA`` are pooled over the boxes of all expressions, as RMOT reports:
    that rewards to answer few expressions with many boxes and to give the others up.
    ``mean_HOTA`` is the mean over the expressions that refer to somebody, which is what
    MLS-Track's text says. ``num_unanswered`` is how many of those got no box at all,
    and ``num_zero_hota`` how many got no true one. ``false_boxes`` is the number of boxes
    for the expressions that refer to nobody (``num_without_gt`` of them).

    Args:
        scores: At least one.

    Raises:
        ValueError: There is none.
    """
    if not scores:
        raise ValueError('no expression was scored: the mean of none is no score')
    from mmsmot.evaluation.hota import HOTA

    pooled = HOTA().combine_sequences({score.name: score.fields for score in scores})
    summary = {name: float(100 * np.mean(pooled[name])) for name in COLUMNS}
    referring = [score for score in scores if score.num_gt]
    hota = np.array([score.hota for score in referring])
    error = float('nan')
    if len(hota) > 1:
        error = float(hota.std(ddof=1) / np.sqrt(len(hota)))
    return summary | {
        'mean_HOTA': float(hota.mean()) if len(hota) else float('nan'),
        'mean_HOTA_se': error,
        'expressions': len(scores),
        'num_unanswered': sum(score.num_pred == 0 for score in referring),
        'num_zero_hota': int((hota == 0).sum()),
        'num_without_gt': len(scores) - len(referring),
        'false_boxes': sum(score.num_pred for score in scores if not score.num_gt),
    }


def scores_by_kind(
    scores: Sequence[ExpressionScore],
) -> dict[str, list[ExpressionScore]]:
    """The scores of each of :data:`KINDS` that some expression is of."""
    groups = {kind: [s for s in scores if kind in s.kinds] for kind in KINDS}
    return {kind: group for kind, group in groups.items() if group}


def scores_without_nan(row: dict[str, float]) -> dict[str, float | None]:
    """JSON has no nan: what is not known is null."""
    return {name: None if value != value else value for name, value in row.items()}
