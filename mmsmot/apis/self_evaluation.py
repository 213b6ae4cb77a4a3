"""Scores of a video against the ground truth that lies beside it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mmengine.logging import print_log

from ..datasets.sequence_ground_truth import read_sequence_ground_truth
from ..evaluation.captions import warn_missing_caption_scorers
from ..evaluation.protocols import STRICT
from ..evaluation.smot_report import build_smot_report, smot_report_video_scores
from ..structures import SMOTDataSample


@dataclass(frozen=True)
class SelfEvaluation:
    """The scores of a video by the strict protocol.

    Attributes:
        scores: See :func:`~mmsmot.evaluation.smot_report.build_smot_report`, without the CIDEr of a
            caption that is the only one, which is always 0; ``None`` where there is no
            gt, or none that can be read.
        gt_of: True id by predicted id of the matched trajectories; ``None`` without
            scores.
    """

    scores: dict[str, Any] | None = None
    gt_of: Mapping[int, int] | None = None


def self_evaluate(sample: SMOTDataSample) -> SelfEvaluation:
    """Put the gt of a sequence folder into its sample, and score it.

    A gt that cannot be read is logged and leaves the video without scores, since its
    predictions are worth keeping all the same.

    Args:
        sample: The predictions, with ``video`` and ``frame_ids``; gets the ``gt_`` fields
            of what is annotated in these frames.
    """
    try:
        gt = read_sequence_ground_truth(sample.video)
        if gt is None or gt.trajectories is None:
            return SelfEvaluation()
        gt.on_frames(sample.frame_ids).set_gt_fields(sample)
        warn_missing_caption_scorers()
        result = smot_report_video_scores(sample, [STRICT])
        scores = build_smot_report([result])
        scores['counts']['skipped'] = 0
    except (ValueError, OSError) as error:
        print_log(
            f'{sample.video.name}: not scored: {error}',
            logger='current',
            level=logging.WARNING,
        )
        return SelfEvaluation()
    # CIDEr weighs a word by how few captions have it; of a single one nothing remains.
    is_single = len(sample.get('gt_captions', {})) == 1
    for level in ('video', 'instance') if is_single else ('video',):
        scores.get(STRICT, {}).get(level, {}).pop('CIDEr', None)
    return SelfEvaluation(scores, result.comparisons[STRICT].gt_of)
