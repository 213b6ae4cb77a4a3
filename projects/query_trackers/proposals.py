"""The detector that makes the proposals of a query tracker (MOTRv2)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from mmsmot.datasets.transforms.clip_transform import TRANSFORMED
from mmsmot.models.detectors import BaseDetector, CachedDetector
from mmsmot.registry import build_part
from mmsmot.structures import SMOTDataSample

if TYPE_CHECKING:
    from .query_tracker import QueryTracker

PROPOSALS = 'proposals'  # their folder in the cache


def frozen_detector(detector: dict | BaseDetector | None, cache: str | None) -> Any:
    """A detector without gradients, behind the cache where there is one.

    Args:
        detector: The detector; ``None`` for none.
        cache: The folder of all caches of the tracker.
    """
    detector = build_part(detector)
    if not isinstance(detector, nn.Module):
        return detector
    detector.requires_grad_(False)
    if cache is None or isinstance(detector, CachedDetector):
        return detector
    return CachedDetector(detector=detector, root=str(Path(cache) / PROPOSALS))


def require_proposal_space(
    tracker: QueryTracker, samples: Sequence[SMOTDataSample]
) -> None:
    """Refuse proposals by frame number for clips that are cropped, scaled or mirrored.

    Raises:
        ValueError: A file or a cache has boxes of the original frames, or would keep
            those of one crop for ever.
    """
    detector = tracker.proposal_detector
    if detector is None or not tracker.query_init.reads_proposals:
        return
    by_frame_id = isinstance(detector, CachedDetector) or not detector.needs_images
    spaces = {sample.gt_trajectories.space.name for sample in samples}
    if by_frame_id and TRANSFORMED in spaces:
        raise ValueError(
            f'QueryTracker: the proposals of {type(detector).__name__} go by frame '
            'number, in pixels of the original frames, but the clips are cropped, '
            'scaled or mirrored: leave ClipRandomFlip, ClipRandomCrop and ClipResize '
            'out of the pipeline, or give a detector as proposal_detector'
        )
