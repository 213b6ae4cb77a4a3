"""Whether a network has the classes that it is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import nn


def label_class_count(model: nn.Module) -> int | None:
    """Classes of a network, as its heads tell; ``None`` where none does."""
    counts = [getattr(part, 'num_classes', None) for part in model.modules()]
    return max((n for n in counts if isinstance(n, int)), default=None)


def require_known_labels(model: nn.Module, labels: Sequence[int] | None) -> None:
    """Refuse labels to keep that a detector never gives.

    Raises:
        ValueError: One is not from 0 to ``num_classes`` - 1.
    """
    num_classes = label_class_count(model)
    if num_classes is None or not labels or max(labels) < num_classes:
        return
    raise ValueError(
        f'MMDetDetector: labels={tuple(labels)}, but its model has num_classes='
        f'{num_classes}, labels 0 to {num_classes - 1}. Set labels, or the number of '
        'classes of its head.'
    )


def require_labels(model: nn.Module, labels: Sequence[np.ndarray]) -> None:
    """Refuse true labels that a detector's heads do not have, before a loss indexes them.

    Args:
        model: As of :func:`label_class_count`; where it tells nothing, nothing is refused.
        labels: Of each frame, (N,).

    Raises:
        ValueError: A label is not from 0 to ``num_classes`` - 1.
    """
    num_classes = label_class_count(model)
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
