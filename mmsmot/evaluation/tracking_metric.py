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
from .table import format_table, write_json
from .tracking import combine_sequences, evaluate_sequence, summarize

COMBINED = 'COMBINED'


@METRICS.register_module()
class TrackingMetric(BaseMetric):
    """HOTA, AssA, DetA, LocA, MOTA, FN, FP, IDs, IDR, IDP, IDF1.

    Each video is scored as soon as it is predicted; only its counts are kept, so memory
    does not grow with the length of the videos and ranks exchange little.

    Args:
        preprocessing: See :func:`~mmsmot.evaluation.evaluate_sequence`.
        out_dir: Folder for ``<video>.txt`` (MOTChallenge results) and ``scores.json``
            (percent, every sequence and ``COMBINED``, and trackeval's own fields);
            nothing is written where it is ``None``.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the metrics' names.
    """

    default_prefix = 'track'

    def __init__(
        self,
        preprocessing: str = 'auto',
        out_dir: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.preprocessing = preprocessing
        self.out_dir = None if out_dir is None else Path(out_dir)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch of videos.

        Args:
            data_batch: Not looked at.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries.
        """
        for sample in data_samples:
            name, pred = sample['video'].name, sample['pred_trajectories']
            if self.out_dir is not None:
                write_trajectories(pred, self.out_dir / f'{name}.txt')
            result = None
            if 'gt_trajectories' in sample:
                result = evaluate_sequence(
                    sample['gt_trajectories'],
                    pred,
                    sample['frame_ids'],
                    self.preprocessing,
                )
            self.results.append((name, result))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Print the table and return the combined row.

        Raises:
            ValueError: No video has a truth.
        """
        scored = {name: result for name, result in results if result is not None}
        if len(scored) < len(results):
            print_log(
                f'{len(results) - len(scored)} of {len(results)} videos have no truth '
                'and are not scored',
                logger='current',
                level=logging.WARNING,
            )
        if not scored:
            raise ValueError(
                'no video has a truth (gt/gt.txt) to score against. '
                'tools/infer.py predicts without one.'
            )
        scored = {name: scored[name] for name in sorted(scored)}
        combined = combine_sequences(scored)
        rows = {name: summarize(result) for name, result in scored.items()}
        rows[COMBINED] = summarize(combined)
        print_log('\n' + format_table(rows), logger='current')
        if self.out_dir is not None:
            details = {**scored, COMBINED: combined}
            write_json(
                {'scores': rows, 'trackeval': details}, self.out_dir / 'scores.json'
            )
        return rows[COMBINED]
