"""HOTA of referring expressions: each, pooled, and as a mean over expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmsmot.evaluation.tracking import tracking_sequence_data
from mmsmot.structures import Trajectories

# The columns of MLS-Track's Table 2, and the localisation beside them.
COLUMNS = ('HOTA', 'DetA', 'AssA', 'DetRe', 'DetPr', 'AssRe', 'AssPr', 'LocA')


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


def hota_fields(
    gt: Trajectories, pred: Trajectories, frame_ids: np.ndarray
) -> tuple[dict[str, Any], int, int]:
    """HOTA of one expression.

    Args:
        gt: The boxes that it refers to.
        pred: The boxes that were predicted for it.
        frame_ids: (T,) frames of the video.

    Returns:
        trackeval's fields, the number of gt boxes and that of predicted ones.

    Raises:
        ValueError: The coordinate spaces differ, or a predicted frame was not processed.
    """
    from mmsmot.evaluation.hota import HOTA  # slow to import

    data, _ = tracking_sequence_data(gt, pred, frame_ids, 'none')
    fields = HOTA().eval_sequence(data)
    return fields, data['num_gt_dets'], data['num_tracker_dets']


def summarize_expressions(scores: Sequence[ExpressionScore]) -> dict[str, float]:
    """The scores of a group of expressions.

    ``HOTA`` to ``LocA`` are pooled over the boxes of all expressions, as RMOT reports:
    that rewards to answer few expressions with many boxes and to give the others up.
    ``mean_HOTA`` is the mean over the expressions that refer to somebody, which is what
    MLS-Track's text says. ``nothing`` is how many of those got no box at all, and
    ``zero`` how many got no true one. ``false_boxes`` is the number of boxes for the
    expressions that refer to nobody (``nobody`` of them).

    Args:
        scores: At least one.
    """
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
        'nothing': sum(score.num_pred == 0 for score in referring),
        'zero': int((hota == 0).sum()),
        'nobody': len(scores) - len(referring),
        'false_boxes': sum(score.num_pred for score in scores if not score.num_gt),
    }
