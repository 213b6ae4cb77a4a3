"""Scores of referring multi-object tracking for MMEngine's evaluator."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
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
from mmsmot.structures import Trajectories, write_trajectories
from mmsmot.utils.json_file import write_json
from mmsmot.utils.number_ranges import FRACTION, require_choice, require_numbers
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
from projects.referring_mot.evaluation.threshold_choice import (
    FILE,
    SELECTION_METRICS,
    ThresholdChoice,
    choose_threshold,
    objects_fingerprint,
    read_threshold_choice,
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


@dataclass(frozen=True, eq=False)
class PromptScores:
    """What one (video, prompt) scored at each threshold.

    Attributes:
        by_threshold: In the order of the thresholds.
        least_score: Of its boxes, before any is left out; inf where there is none.
        ground_truth: Fingerprint of the video's objects.
    """

    by_threshold: tuple[ExpressionScore, ...]
    least_score: float
    ground_truth: str

    @property
    def name(self) -> str:
        """``<video>/<prompt.key>``."""
        return self.by_threshold[0].name


@METRICS.register_module()
class ReferringMetric(BaseMetric):
    """HOTA over (video, prompt): pooled, as a mean over expressions, by kind.

    Names of scores are ``<kind>/<column>`` and, for all expressions, ``<column>``; see
    :func:`~.expression_scores.summarize_expressions`. An expression is ``static`` or
    ``temporal`` by its gt (:func:`~..datasets.referred_boxes.is_temporal`), and with
    ``train_dataset`` it is ``in_training`` or ``held_out`` by its sentence
    (:class:`~.train_sentences.TrainSentences`).

    With ``thresholds`` one test scores each of them: a box stays where its score reaches
    the threshold, which is what the model's own one would leave. So the model must report
    all: ``refer_threshold=0`` in the text hook, or ``threshold=0`` of ``ReferFilter``.
    Scores are then named ``threshold_0.3/<column>`` as well; the names without it are of
    the threshold that is chosen, which is the score ``threshold``.

    Args:
        protocol: ``'fixed'`` or ``'released'``, of
            :func:`~..datasets.referred_boxes.referred_trajectories`. It needs the samples
            of ``ReferringDataset``, which have every object in ``gt_objects``.
        train_dataset: Config of the ``ReferringDataset`` that was trained on; ``None``:
            nothing is said of held-out expressions.
        thresholds: Least scores of a box, each of which is scored; none: all boxes are
            scored as they are.
        select_threshold: The score that chooses among them, such as ``'mean_HOTA'``: for
            val. The choice is written to ``threshold.json`` in ``out_dir``.
        threshold_from: Such a file, whose choice is taken: for test. It is refused where a
            video that is tested now is one that it was chosen on.
        out_dir: Folder for ``<video>/<prompt.key>.txt``, all boxes with their scores, and
            ``scores.json``; ``None`` to write nothing.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the scores' names.

    Raises:
        FileNotFoundError: There is no file ``threshold_from``.
        ValueError: There is no such protocol or score, a threshold is out of its range or
            stands twice, or it is not said which of them is chosen.
    """

    default_prefix = 'refer'

    def __init__(
        self,
        *,
        protocol: str = FIXED,
        train_dataset: dict | None = None,
        thresholds: Sequence[float] = (),
        select_threshold: str | None = None,
        threshold_from: str | os.PathLike | None = None,
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
        self.select_threshold = select_threshold
        self.threshold_from = threshold_from
        self._choice = (
            None if threshold_from is None else read_threshold_choice(threshold_from)
        )
        _require_thresholds(thresholds, select_threshold, self._choice)
        self.thresholds = (*map(float, thresholds),)
        if self._choice and self._choice.threshold not in self.thresholds:
            self.thresholds = (*self.thresholds, self._choice.threshold)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Score a batch of (video, prompt); only counts are kept.

        Args:
            data_batch: Not used.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries.

        Raises:
            KeyError: A sample has no prediction, no expression or no objects.
            ValueError: A prediction does not fit its gt, or the threshold was chosen on
                this video; names video and prompt.
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
                self.results.append(self._scores(name, sample))
            except ValueError as error:
                raise ValueError(f'{name}: {error}') from error

    def compute_metrics(self, results: list[PromptScores]) -> dict[str, float]:
        """Print the tables and return their numbers.

        Raises:
            ValueError: Two samples have the same name, or no threshold can be chosen.
        """
        require_unique_names(result.name for result in results)
        results = sorted(results, key=lambda result: result.name)
        by_threshold = {
            threshold: [result.by_threshold[number] for result in results]
            for number, threshold in enumerate(self.thresholds or (None,))
        }
        rows = {threshold: _rows(scores) for threshold, scores in by_threshold.items()}
        threshold = self._chosen_threshold(rows, results)
        self._report_thresholds(rows, results)
        print_log(
            '\n' + referring_table(rows[threshold], self.protocol), logger='current'
        )
        if self.out_dir is not None:
            self._write_scores(rows[threshold], by_threshold[threshold], threshold)
        scores = _named_scores(rows[threshold])
        if threshold is not None:
            scores['threshold'] = threshold
        for value in self.thresholds:
            named = _named_scores(rows[value])
            scores |= {f'threshold_{value:g}/{k}': v for k, v in named.items()}
        return scores

    def _scores(self, name: str, sample: dict) -> PromptScores:
        (expression,) = sample['gt_expressions']
        pred: Trajectories = sample['pred_trajectories']
        ground_truth = objects_fingerprint(sample['gt_objects'])
        if self._choice and ground_truth in self._choice.ground_truth:
            raise ValueError(
                f'{self.threshold_from}: its threshold was chosen on this video, so that a '
                'test on it says nothing: test on another split, or choose the threshold '
                'on another (test_dataloader.dataset.split=val)'
            )
        tables = [pred[pred.scores >= threshold] for threshold in self.thresholds]
        scores = tuple(
            score_expression(
                name,
                expression,
                sample['gt_objects'],
                table,
                sample['frame_ids'],
                self.protocol,
                self._sentences_in_training(),
            )
            for table in (tables or [pred])
        )
        least_score = float(pred.scores.min()) if len(pred) else math.inf
        return PromptScores(scores, least_score, ground_truth)

    def _chosen_threshold(
        self, rows: dict, results: Sequence[PromptScores]
    ) -> float | None:
        """Val's choice, or that of these scores, which is written; ``None``: there is none."""
        if self._choice:
            return self._choice.threshold
        if self.select_threshold is None:
            return next(iter(rows))
        name = self.select_threshold
        choice = choose_threshold(
            name,
            {threshold: groups['all'][name] for threshold, groups in rows.items()},
            frozenset(result.ground_truth for result in results),
        )
        if self.out_dir is not None:
            choice.write(self.out_dir / FILE)
        return choice.threshold

    def _report_thresholds(self, rows: dict, results: Sequence[PromptScores]) -> None:
        """Print the scores at each threshold; warn where the model leaves out boxes itself."""
        if not self.thresholds:
            return
        all_rows = {f'threshold {t:g}': rows[t]['all'] for t in self.thresholds}
        print_log('\n' + referring_table(all_rows, self.protocol), logger='current')
        least_score = min(result.least_score for result in results)
        if 0 < min(self.thresholds) <= least_score < math.inf:
            print_log(
                f'no box has a score below {least_score:.3f}, and the least threshold is '
                f'{min(self.thresholds):g}: the model probably leaves boxes out itself. Set '
                "its text hook's refer_threshold, or the threshold of ReferFilter, to 0",
                logger='current',
                level=logging.WARNING,
            )

    def _write_scores(
        self,
        rows: dict[str, dict[str, float]],
        scores: Sequence[ExpressionScore],
        threshold: float | None,
    ) -> None:
        assert self.out_dir is not None
        report = {
            'protocol': self.protocol,
            'threshold': threshold,
            'scores': {name: scores_without_nan(row) for name, row in rows.items()},
            'expressions': {
                score.name: dict(
                    sentence=score.sentence,
                    HOTA=score.hota,
                    gt_boxes=score.num_gt,
                    pred_boxes=score.num_pred,
                    kinds=score.kinds,
                )
                for score in scores
            },
        }
        write_json(report, self.out_dir / 'scores.json')

    def _sentences_in_training(self) -> TrainSentences | None:
        if self._train_sentences is None and self.train_dataset is not None:
            dataset = build_part(dict(self.train_dataset), DATASETS)
            self._train_sentences = TrainSentences(dataset.sentences())
        return self._train_sentences


def _require_thresholds(
    thresholds: Sequence[float], select_by: str | None, choice: ThresholdChoice | None
) -> None:
    for threshold in thresholds:
        require_numbers('ReferringMetric', FRACTION, thresholds=threshold)
    if len({*thresholds}) < len(thresholds):
        raise ValueError(
            f'ReferringMetric: a threshold stands twice in thresholds={(*thresholds,)}'
        )
    if select_by is None:
        if len(thresholds) > 1 and choice is None:
            raise ValueError(
                f'ReferringMetric: which of thresholds={(*thresholds,)} is reported? Set '
                "select_threshold='mean_HOTA' (on val), or threshold_from (on test)"
            )
        return
    require_choice('ReferringMetric', SELECTION_METRICS, select_threshold=select_by)
    if choice is not None or not thresholds:
        raise ValueError(
            'ReferringMetric: select_threshold chooses one of thresholds: give these, and '
            'no threshold_from, which is a choice already'
        )


def _rows(scores: Sequence[ExpressionScore]) -> dict[str, dict[str, float]]:
    """The scores of all expressions and of each kind."""
    groups = {'all': [*scores], **scores_by_kind(scores)}
    return {name: summarize_expressions(group) for name, group in groups.items()}


def _named_scores(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """``<column>`` of all, ``<kind>/<column>`` of a kind."""
    of_kinds = {kind: row for kind, row in rows.items() if kind != 'all'}
    return rows['all'] | {
        f'{kind}/{column}': value
        for kind, row in of_kinds.items()
        for column, value in row.items()
    }


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
