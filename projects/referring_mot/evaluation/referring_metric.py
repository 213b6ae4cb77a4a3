"""Scores of referring multi-object tracking for MMEngine's evaluator."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from mmsmot.evaluation.result_names import (
    require_unique_names,
    result_name,
    result_path,
)
from mmsmot.registry import DATASETS, METRICS, build_part
from mmsmot.structures import write_trajectories
from mmsmot.utils.json_file import write_json
from mmsmot.utils.number_ranges import require_choice
from projects.referring_mot.datasets.referred_boxes import (
    FIXED,
    PROTOCOLS,
)
from projects.referring_mot.evaluation.expression_scores import (
    COLUMNS,
    ExpressionScore,
    score_expression,
    scores_by_kind,
    scores_without_nan,
    summarize_expressions,
)
from projects.referring_mot.evaluation.train_sentences import TrainSentences

TABLE = (
    'mean_HOTA',
    'mean_HOTA_se',
    *COLUMNS,
    'expressions',
    'num_unanswered',
    'num_zero_hota',
)


@METRICS.register_module()
class ReferringMetric(BaseMetric):
    """HOTA over (video, prompt): pooled, as a mean over expressions, by kind.

    Names of scores are ``<kind>/<column>`` and, for all expressions, ``<column>``; see
    :func:`~.expression_scores.summarize_expressions`. An expression is ``static`` or
    ``temporal`` by its gt (:func:`~..datasets.referred_boxes.is_temporal`), and with
    ``train_dataset`` it is ``in_training`` or ``held_out`` by its sentence
    (:class:`~.train_sentences.TrainSentences`).

    Args:
        protocol: ``'fixed'`` or ``'released'``, of
            :func:`~..datasets.referred_boxes.referred_trajectories`. It needs the samples
            of ``ReferringDataset``, which have every object in ``gt_objects``.
        train_dataset: Config of the ``ReferringDataset`` that was trained on; ``None``:
            nothing is said of held-out expressions.
        out_dir: Folder for ``<video>/<prompt.key>.txt`` and ``scores.json``; ``None`` to
            write nothing.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the scores' names.

    Raises:
        ValueError: There is no such protocol.
    """

    default_prefix = 'refer'

    def __init__(
        self,
        *,
        protocol: str = FIXED,
        train_dataset: dict | None = None,
        out_dir: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        require_choice('ReferringMetric', PROTOCOLS, protocol=protocol)
        self.protocol = protocol
        self.train_dataset = train_dataset
        self.out_dir = None if out_dir is None else Path(out_dir)
        self._train_sentences: TrainSentences | None = None

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch of (video, prompt); only counts are kept.

        Args:
            data_batch: Not used.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries.

        Raises:
            KeyError: A sample has no prediction, no expression or no objects.
            ValueError: A prediction does not fit its gt; names video and prompt.
        """
        for sample in data_samples:
            name = result_name(sample)
            for field in ('pred_trajectories', 'gt_expressions', 'gt_objects'):
                if field not in sample:
                    raise KeyError(
                        f'{name}: the sample has no {field}; ReferringMetric scores the '
                        'samples of ReferringDataset in test_mode'
                    )
            if self.out_dir is not None:
                path = result_path(self.out_dir, name, '.txt')
                write_trajectories(sample['pred_trajectories'], path)
            try:
                self.results.append(self._score(name, sample))
            except ValueError as error:
                raise ValueError(f'{name}: {error}') from error

    def compute_metrics(self, results: list[ExpressionScore]) -> dict[str, float]:
        """Print the table and return its numbers.

        Raises:
            ValueError: Two samples have the same name.
        """
        require_unique_names(score.name for score in results)
        results = sorted(results, key=lambda score: score.name)
        groups = {'all': results, **scores_by_kind(results)}
        rows = {k: summarize_expressions(group) for k, group in groups.items()}
        print_log('\n' + referring_table(rows, self.protocol), logger='current')
        if self.out_dir is not None:
            report = {
                'protocol': self.protocol,
                'scores': {name: scores_without_nan(row) for name, row in rows.items()},
                'expressions': {
                    score.name: dict(
                        sentence=score.sentence,
                        HOTA=score.hota,
                        gt_boxes=score.num_gt,
                        pred_boxes=score.num_pred,
                        kinds=score.kinds,
                    )
                    for score in results
                },
            }
            write_json(report, self.out_dir / 'scores.json')
        overall = rows.pop('all')
        return overall | {
            f'{k}/{c}': v for k, row in rows.items() for c, v in row.items()
        }

    def _score(self, name: str, sample: dict) -> ExpressionScore:
        (expression,) = sample['gt_expressions']
        return score_expression(
            name,
            expression,
            sample['gt_objects'],
            sample['pred_trajectories'],
            sample['frame_ids'],
            self.protocol,
            self._sentences_in_training(),
        )

    def _sentences_in_training(self) -> TrainSentences | None:
        if self._train_sentences is None and self.train_dataset is not None:
            dataset = build_part(dict(self.train_dataset), DATASETS)
            self._train_sentences = TrainSentences(dataset.sentences())
        return self._train_sentences


def referring_table(rows: dict[str, dict[str, float]], protocol: str) -> str:
    """The scores of groups of expressions as text, percent and counts."""
    lines = [f'{"protocol " + protocol:18}' + ''.join(f'{c:>15}' for c in TABLE)]
    for name, row in rows.items():
        cells = [
            f'{row[column]:15d}'
            if isinstance(row[column], int)
            else f'{row[column]:15.2f}'
            for column in TABLE
        ]
        lines.append(f'{name:18}' + ''.join(cells))
    return '\n'.join(lines)
