"""Mirroring clips."""

from __future__ import annotations

import numpy as np

from ...registry import TRANSFORMS
from ..ground_truth import GroundTruth
from .clip_transform import ClipView, GeometricTransform


@TRANSFORMS.register_module()
class ClipRandomFlip(GeometricTransform):
    """Mirrors clips, left and right exchanged.

    Captions that say left or right would become wrong, so a dataset has to declare that
    its texts do not: ``metainfo=dict(flippable=True)``.

    Args:
        prob: Fraction of clips to mirror.

    Raises:
        ValueError: ``prob`` is not in [0, 1], or the clip's dataset is not flippable.
    """

    def __init__(self, *, prob: float = 0.5) -> None:
        if not 0 <= prob <= 1:
            raise ValueError(f'ClipRandomFlip: prob must be in [0, 1], got {prob}')
        self.prob = prob

    def draw_view(
        self,
        width: int,
        height: int,
        gt: GroundTruth,
        flippable: bool,
        generator: np.random.Generator,
    ) -> ClipView | None:
        """The mirror, or nothing."""
        # Whatever the dice say: training must not fail at some later clip.
        if not flippable:
            raise ValueError(
                'ClipRandomFlip: this dataset does not declare that its captions stay true '
                'in a mirror (left and right). Take the flip out of the pipeline, or '
                'give the dataset metainfo=dict(flippable=True) if they do.'
            )
        if generator.random() >= self.prob:
            return None
        return ClipView(
            width, height, np.fliplr, scale=(-1.0, 1.0), offset=(width, 0.0)
        )
