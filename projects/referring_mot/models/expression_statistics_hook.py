"""What is learnt from the training expressions before the first iteration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmsmot.models.language import CaptionTokenizer
from mmsmot.registry import HOOKS
from mmsmot.utils.model_wrapper import unwrapped_model
from projects.referring_mot.datasets.referred_boxes import ExpressionCount
from projects.referring_mot.models.similarity_calibration import SimilarityCalibration


@HOOKS.register_module()
class ExpressionStatisticsHook(Hook):
    """Trains the tokenizers on the expressions, and counts how often they mean somebody.

    A tokenizer that a checkpoint has brought is left as it is.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Learn before the first iteration.

        Raises:
            TypeError: The training set has no expressions.
        """
        dataset = runner.train_dataloader.dataset
        while not hasattr(dataset, 'expression_counts') and hasattr(dataset, 'dataset'):
            dataset = dataset.dataset  # of a RepeatDataset
        if not hasattr(dataset, 'expression_counts'):
            raise TypeError(
                'ExpressionStatisticsHook: the training set must be a ReferringDataset or '
                f'a WindowCacheDataset, got {type(dataset).__name__}'
            )
        for part in unwrapped_model(runner.model).modules():
            if isinstance(part, CaptionTokenizer) and not part.is_trained:
                part.train_on(dataset.sentences())
            if isinstance(part, SimilarityCalibration):
                counts = dataset.expression_counts()
                part.learn(expression_frequencies(counts, part.frequency))


def expression_frequencies(
    counts: Iterable[ExpressionCount], frequency: str
) -> dict[str, float]:
    """How often each sentence means somebody, as of :class:`SimilarityCalibration`."""
    rows: dict[str, list[ExpressionCount]] = defaultdict(list)
    for count in counts:
        rows[count.sentence].append(count)
    if frequency == 'tracks':
        return {k: float(np.mean([c.share for c in row])) for k, row in rows.items()}
    boxes = {k: sum(c.boxes for c in row) for k, row in rows.items()}
    total = max(sum(boxes.values()), 1)
    return {sentence: number / total for sentence, number in boxes.items()}
