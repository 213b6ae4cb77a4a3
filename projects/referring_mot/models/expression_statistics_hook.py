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
from projects.referring_mot.models.similarity_calibration import SimilarityCalibration


@HOOKS.register_module()
class ExpressionStatisticsHook(Hook):
    """Trains the tokenizers on the expressions, and counts how many tracks they mean.

    A tokenizer that a checkpoint has brought is left as it is.
    """

    priority = 'VERY_HIGH'

    def before_train(self, runner: Runner) -> None:
        """Learn before the first iteration.

        Raises:
            TypeError: The training set has no expressions.
        """
        dataset = runner.train_dataloader.dataset
        if not hasattr(dataset, 'expression_shares'):
            raise TypeError(
                'ExpressionStatisticsHook: the training set must be a ReferringDataset or '
                f'a WindowCacheDataset, got {type(dataset).__name__}'
            )
        for part in unwrapped_model(runner.model).modules():
            if isinstance(part, CaptionTokenizer) and not part.is_trained:
                part.train_on(dataset.sentences())
            if isinstance(part, SimilarityCalibration):
                part.learn(expression_frequencies(dataset.expression_shares()))


def expression_frequencies(shares: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The mean share of tracks that each sentence refers to."""
    rows: dict[str, list[float]] = defaultdict(list)
    for sentence, share in shares:
        rows[sentence].append(share)
    return {sentence: float(np.mean(row)) for sentence, row in rows.items()}
