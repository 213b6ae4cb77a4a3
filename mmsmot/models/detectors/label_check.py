"""Whether a network has the classes that it is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn


def require_labels(model: nn.Module, labels: Sequence[np.ndarray]) -> None:
    """Refuse true labels that a detector's heads do not have, before a loss indexes them.

    Args:
        model: Its heads tell ``num_classes``; where none does, nothing is refused.
        labels: Of each frame, (N,).

    Raises:
        ValueError: A label is not from 0 to ``num_classes`` - 1.
    """
    counts = [getattr(part, 'num_classes', None) for part in model.modules()]
    num_classes = max((n for n in counts if isinstance(n, int)), default=None)
    all_labels = np.concatenate([np.zeros(0, np.int64), *labels])
    if num_classes is None:
        return
    wrong = all_labels[(all_labels < 0) | (all_labels >= num_classes)]
    if len(wrong):
        raise ValueError(
            f'a true box has label {wrong[0]}, but the detector was built with '
            f'num_classes={num_classes}, labels 0 to {num_classes - 1}. Give its head as '
            'many classes as the dataset has (metainfo=dict(classes=...)), in the '
            "dataset's order."
        )
