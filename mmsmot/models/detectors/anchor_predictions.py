"""Predictions of an mmdet head at every anchor, before suppression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ...utils.mmdet_bridge import import_mmdet
from .base import RawDetections

if TYPE_CHECKING:
    from mmdet.models.dense_heads import AnchorHead


def complete_ssd_heads(model: nn.Module) -> None:
    """Give SSD heads the ``loss_cls`` that mmdet 3 asks every head for.

    mmdet's own has none, and so cannot predict. Its losses do not read it.
    """
    ssd_head = import_mmdet().models.dense_heads.SSDHead
    for part in model.modules():
        if isinstance(part, ssd_head):
            part.loss_cls = None


def require_anchor_head(model: nn.Module) -> AnchorHead:
    """The head of an mmdet detector, where each prediction belongs to an anchor.

    Raises:
        TypeError: It has none (anchor-free, two stages, queries), or one that decodes its
            outputs in a way of its own.
    """
    heads = import_mmdet().models.dense_heads
    head = getattr(model, 'bbox_head', None)
    base = heads.base_dense_head.BaseDenseHead
    is_custom = getattr(getattr(head, 'loss_cls', None), 'custom_cls_channels', False)
    if (
        not isinstance(head, heads.AnchorHead)
        or is_custom
        or any(
            getattr(type(head), name) is not getattr(base, name)
            for name in ('predict_by_feat', '_predict_by_feat_single')
        )
    ):
        raise TypeError(
            f'MMDetDetector: {type(model).__name__} has no raw detections: its '
            f'{type(head).__name__} predicts no box for each anchor. Take a detector with '
            'a dense anchor head, such as RetinaNet or SSD'
        )
    return head


@torch.no_grad()
def predict_at_anchors(
    head: AnchorHead, levels: Sequence[torch.Tensor], samples: Sequence[Any]
) -> list[RawDetections]:
    """Decode every prediction of a head.

    ::

        levels (B, C, H_l, W_l) -> head -> scores, deltas of H_l * W_l * k anchors
                                             |      |
                                         activation decode from the anchors

    Args:
        head: Of :func:`require_anchor_head`.
        levels: Feature maps of B images.
        samples: B of mmdet, with ``img_shape`` and ``scale_factor``.

    Returns:
        B, boxes and anchors in pixels of the original frames.
    """
    scores, deltas, *factors = head(tuple(levels))
    anchors = torch.cat(
        head.prior_generator.grid_priors(
            [level.shape[-2:] for level in scores],
            dtype=scores[0].dtype,
            device=scores[0].device,
        )
    )
    logits = _by_anchor(scores, head.cls_out_channels)
    deltas = _by_anchor(deltas, head.bbox_coder.encode_size)
    # Of a softmax, the last class is the background.
    is_sigmoid = head.use_sigmoid_cls
    scores = logits.sigmoid() if is_sigmoid else logits.softmax(-1)[..., :-1]
    if factors:  # the centreness of ATSS
        scores = scores * _by_anchor(factors[0], 1).sigmoid()
    anchor_boxes = anchors.cpu().double().numpy()
    detections = []
    for image_deltas, image_scores, sample in zip(deltas, scores, samples, strict=True):
        boxes = head.bbox_coder.decode(
            anchors, image_deltas, max_shape=sample.metainfo['img_shape']
        )
        scale = np.tile(sample.metainfo['scale_factor'], 2)
        detections.append(
            RawDetections(
                boxes.cpu().double().numpy() / scale,
                image_scores.cpu().double().numpy(),
                anchor_boxes / scale,
            )
        )
    return detections


def _by_anchor(levels: Sequence[torch.Tensor], width: int) -> torch.Tensor:
    """Levels (B, k * width, H_l, W_l) as (B, A, width)."""
    return torch.cat(
        [
            level.permute(0, 2, 3, 1).reshape(len(level), -1, width).float()
            for level in levels
        ],
        dim=1,
    )
