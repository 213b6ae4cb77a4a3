"""Names of version 0.1 that files still hold, and what they are called today."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

Value = TypeVar('Value')

# Where weights stood in a pipeline, by the beginning of their names.
WEIGHT_PREFIXES = (
    ('detector.', 'estimator.detector.'),
    ('reid.', 'estimator.reid.'),
    ('feature_extractor.', 'estimator.feature_extractor.'),
)


def upgraded_weights(
    weights: Mapping[str, Value], model_names: Iterable[str]
) -> dict[str, Value]:
    """Weights by the names that they have in a model of today.

    Args:
        weights: By name, of any version.
        model_names: Names of the model's weights. A name that it has stays as it is.
    """
    model_names = {*model_names}
    upgraded = {}
    for name, value in weights.items():
        new_name = _upgraded(str(name))
        known = name not in model_names and new_name in model_names
        upgraded[new_name if known else name] = value
    return upgraded


def _upgraded(name: str) -> str:
    for old, new in WEIGHT_PREFIXES:
        if name.startswith(old):
            name = new + name[len(old) :]
    return name
