"""MMEngine's evaluator, whose scores all reach the file of scores."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from mmengine.evaluator import Evaluator
from mmengine.registry import EVALUATOR


@EVALUATOR.register_module()
class ScoreEvaluator(Evaluator):
    """:class:`mmengine.evaluator.Evaluator` whose counts are floats.

    MMEngine keeps a score as a number of NumPy, and writes ``null`` for an integer of
    NumPy: FN, FP and switches would be missing from ``<time>.json``.
    """

    def evaluate(self, size: int) -> dict[str, Any]:
        """See :meth:`mmengine.evaluator.Evaluator.evaluate`."""
        return {
            name: float(score) if isinstance(score, Integral) else score
            for name, score in super().evaluate(size).items()
        }
