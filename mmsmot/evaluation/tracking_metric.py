"""Tracking scores for MMEngine's evaluator."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..registry import METRICS
from ..structures import write_trajectories
from ..utils.json_file import write_json
from .preprocessing import preprocessing_for, require_preprocessing
from .result_names import require_unique_names, result_name, result_path
from .table import format_table
from .tracking import (
    COMBINED,
    Result,
    combine_tracking_sequences,
    evaluate_sequence,
    tracking_score_rows,
)


@METRICS.register_module()
class TrackingMetric(BaseMetric):
    """HOTA, AssA, DetA, LocA, MOTA, FN, FP, IDs, IDR, IDP, IDF1.

    Scores are percent, FN, FP and IDs are counts, as the BenSMOT paper's Table 2 prints
    them. Each video is scored as soon as it is predicted; only its counts are kept, so
    memory does not grow with the length of the videos and ranks exchange little.

    Args:
        preprocessing: See :func:`~mmsmot.evaluation.evaluate_sequence`; ``'auto'``
            decides for each video.
        out_dir: Folder for ``<video>.txt`` (MOTChallenge results), of a sample with a
            prompt ``<video>/<prompt.key>.txt``; nothing is written where it is ``None``.
        json_path: File for the scores (percent, every sequence and ``COMBINED``),
            trackeval's own fields (fractions) and the preprocessing of each sequence;
            ``scores.json`` in ``out_dir`` where it is ``None``.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the metrics' names.

    Raises:
        ValueError: There is no such preprocessing.
    """

    default_prefix = 'track'

    def __init__(
        self,
        *,
        preprocessing: str = 'auto',
        out_dir: str | None = None,
        json_path: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        require_preprocessing(preprocessing)
        self.preprocessing = preprocessing
        self.out_dir = None if out_dir is None else Path(out_dir)
        self.json_path = None if json_path is None else Path(json_path)
        if json_path is None and self.out_dir is not None:
            self.json_path = self.out_dir / 'scores.json'

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch of videos.

        Args:
            data_batch: Not used.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries,
                which MMEngine's evaluator makes of them.

        Raises:
            KeyError: A sample has no prediction, or no frame numbers.
            ValueError: A prediction does not fit its truth, or a name cannot stand in
                the table or be a file's; names the video.
        """
        for sample in data_samples:
            name = result_name(sample)
            for field in ('pred_trajectories', 'frame_ids'):
                if field not in sample:
                    raise KeyError(
                        f'{name}: the sample has no {field}. The model must set it in '
                        "predict(), as mmsmot's SMOT does."
                    )
            if name == COMBINED:
                raise ValueError(
                    f'a video is named {COMBINED}, as the row of all videos together: '
                    'rename it'
                )
            if self.out_dir is not None:
                path = result_path(self.out_dir, name, '.txt')
                write_trajectories(sample['pred_trajectories'], path)
            self.results.append((name, *self._score(sample)))

    def compute_metrics(
        self, results: list[tuple[str, Result | None, str | None]]
    ) -> dict[str, float]:
        """Print the table and return the combined row.

        Raises:
            ValueError: No video has a truth, or two have the same name.
        """
        scored = _by_name(results)
        if len(scored) < len(results):
            print_log(
                f'{len(results) - len(scored)} of {len(results)} videos have no truth '
                'and are not scored',
                logger='current',
                level=logging.WARNING,
            )
        if not scored:
            raise ValueError(
                f'none of {len(results)} videos has a truth (gt/gt.txt) to score '
                'against. tools/infer.py predicts without one.'
            )
        rows = tracking_score_rows(scored)
        print_log('\n' + format_table(rows), logger='current')
        if self.json_path is not None:
            combined = combine_tracking_sequences(scored)
            report = {
                'preprocessing': self.preprocessing,
                'preprocessing_of': {n: rule for n, _, rule in sorted(results) if rule},
                'scores': rows,
                'tracking_fields': {**scored, COMBINED: combined},
            }
            write_json(report, self.json_path)
        return rows[COMBINED]

    def _score(self, sample: dict) -> tuple[Result | None, str | None]:
        """The scores, and the preprocessing that they come from."""
        if 'gt_trajectories' not in sample:
            return None, None
        gt = sample['gt_trajectories']
        video = sample['video']
        rule = preprocessing_for(self.preprocessing, gt, video)
        try:
            result = evaluate_sequence(
                gt, sample['pred_trajectories'], sample['frame_ids'], rule, video
            )
            return result, rule
        except ValueError as error:
            raise ValueError(f'{result_name(sample)}: {error}') from error


def _by_name(
    results: list[tuple[str, Result | None, str | None]],
) -> dict[str, Result]:
    """The results of the videos that have one, sorted by name."""
    require_unique_names(name for name, _, _ in results)
    return {name: result for name, result, _ in sorted(results) if result is not None}
