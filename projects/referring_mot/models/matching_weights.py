"""The weights of an IKUN's matching, from a checkpoint with any other tracker."""

from __future__ import annotations

from torch import nn

from mmsmot.utils.checkpoint import load_checkpoint, require_checkpoint_weights

TRACKING_PARTS = ('detector', 'reid', 'feature_extractor', 'tracker')


def load_matching(estimator: nn.Module, path: str) -> None:
    """Load the weights of the parts that are not the tracking's.

    Args:
        estimator: The ``IKUN``.
        path: Weights of a pipeline with an ``IKUN``.

    Raises:
        ValueError: Weights are missing, or of other shapes.
    """
    checkpoint = load_checkpoint(path)
    weights = checkpoint.get('state_dict', checkpoint)
    names = [
        name
        for name in estimator.state_dict()
        if name.split('.')[0] not in TRACKING_PARTS
    ]
    matching_weights = {
        name: weights[f'estimator.{name}']
        for name in names
        if f'estimator.{name}' in weights
    }
    missing = [name for name in names if name not in matching_weights]
    if missing:
        raise ValueError(
            f'{path}: not the weights of this IKUN: {len(missing)} are missing '
            f'{missing[:3]}'
        )
    require_checkpoint_weights(estimator, matching_weights, path, partial=True)
    estimator.load_state_dict(matching_weights, strict=False)
