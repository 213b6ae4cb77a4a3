"""Scores of a video against the truth that lies beside it."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.logging import print_log

from ..datasets.sequence_ground_truth import read_ground_truth
from ..evaluation.protocols import STRICT
from ..evaluation.saved_predictions import score_predictions
from ..structures import SMOTDataSample


def self_evaluate(sample: SMOTDataSample) -> dict[str, Any] | None:
    """Put the truth of a sequence folder into its sample, and score it.

    Args:
        sample: What was found, with ``video`` and ``frame_ids``; gets the ``gt_`` fields
            of what is annotated in these frames.

    Returns:
        The report (see :func:`~mmsmot.evaluation.smot_report.report`) by the strict
        protocol, without the CIDEr of a caption that is the only one, which is 0
        whatever it says; or ``None`` where there is no truth, or none that can be read: that is
        logged, since what was found is worth keeping all the same.
    """
    try:
        truth = read_ground_truth(sample.video)
        if truth is None or truth.trajectories is None:
            return None
        truth.on_frames(sample.frame_ids).set_gt_fields(sample)
        found = score_predictions([sample], [STRICT])
        # CIDEr weighs a word by how few captions have it; of a single one nothing is left.
        people = len(sample.get('gt_captions', {}))
        for level in ('video', 'instance') if people == 1 else ('video',):
            found.get(STRICT, {}).get(level, {}).pop('CIDEr', None)
        return found
    except (ValueError, OSError) as error:
        print_log(
            f'not scored: {error}',
            logger='current',
            level=logging.WARNING,
        )
        return None
