"""Which object each query has to find: set matching, and matching that keeps identity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmengine.structures import InstanceData
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from mmsmot.registry import TASK_UTILS
from mmsmot.utils.log_once import log_once

from .queries import NEW, FrameTargets, Outputs, Queries, corners

BACKGROUND = -1  # in place of the row of a target


@TASK_UTILS.register_module()
class SetAssigner:
    """Hungarian matching of all queries to all objects, whoever they followed before.

    DETR's, and that of both decoders of the released TransTrack (91cfaa7), whose paper
    says nothing else.
    """

    def __call__(
        self,
        outputs: Outputs,
        queries: Queries,
        targets: FrameTargets,
        costs: Sequence[Any],
    ) -> Tensor:
        """The target of each query, layer by layer.

        Args:
            outputs: Of L layers.
            queries: Q a frame.
            targets: N a frame.
            costs: mmdet's match costs.

        Returns:
            (L, B, Q) int64, rows of ``targets``; ``BACKGROUND`` for none.
        """
        num_layers = len(outputs.hs)
        claimed = torch.full_like(queries.ids, BACKGROUND)
        target_index = claimed.expand(num_layers, -1, -1).clone()
        return match_free(
            target_index, outputs, ~queries.pad, targets, ~targets.pad, costs
        )


@TASK_UTILS.register_module()
class TALA:
    """Tracklet-aware label assignment (MOTR, section 3.3; TrackFormer alike).

    A track query keeps its object, in every layer, and is background while that is not
    there; queries without an object (``NEW``) are matched to the objects that no track
    has, anew in each layer; ``FALSE_POSITIVE`` ones are background.
    """

    def __call__(
        self,
        outputs: Outputs,
        queries: Queries,
        targets: FrameTargets,
        costs: Sequence[Any],
    ) -> Tensor:
        """As of :class:`SetAssigner`."""
        target_index = tracked_targets(queries, targets)
        target_index = target_index.expand(len(outputs.hs), -1, -1).clone()
        free = ~targets.pad & ~same_object(queries, targets).any(1)
        return match_free(
            target_index, outputs, queries.ids == NEW, targets, free, costs
        )


def same_object(queries: Queries, targets: FrameTargets) -> Tensor:
    """(B, Q, N) bool, whether a query follows a target."""
    is_same = queries.ids[..., None] == targets.ids[:, None]
    return is_same & (queries.ids >= 0)[..., None]


def tracked_targets(queries: Queries, targets: FrameTargets) -> Tensor:
    """(B, Q) the target that each query follows, ``BACKGROUND`` for none."""
    is_same = same_object(queries, targets)
    if not is_same.shape[-1]:
        return torch.full_like(queries.ids, BACKGROUND)
    return torch.where(is_same.any(-1), is_same.byte().argmax(-1), BACKGROUND)


def match_free(
    target_index: Tensor,
    outputs: Outputs,
    free_queries: Tensor,
    targets: FrameTargets,
    free_targets: Tensor,
    costs: Sequence[Any],
) -> Tensor:
    """The targets of each query, with the cheapest matching of free queries to free objects.

    Args:
        target_index: (L, B, Q), those of the other queries; may be changed.
        outputs: Of L layers.
        free_queries: (B, Q) bool.
        targets: N a frame.
        free_targets: (B, N) bool.
        costs: mmdet's match costs.
    """
    if not target_index.shape[-1] or not targets.ids.shape[1]:
        return target_index
    cost = _cost(outputs, targets, costs)
    # The matching is SciPy's: masks and index cross to the CPU once, not layer by layer.
    matched_index = target_index.cpu().numpy()
    query_masks = free_queries.cpu().numpy()
    for frame, mask in enumerate(free_targets.cpu().numpy()):
        columns = np.flatnonzero(mask)
        queries = np.flatnonzero(query_masks[frame])
        for layer in range(len(matched_index)):
            rows, matches = linear_sum_assignment(
                cost[layer, frame][np.ix_(queries, columns)]
            )
            matched_index[layer, frame, queries[rows]] = columns[matches]
        _warn_of_lost_targets(len(columns) - len(queries))
    return torch.from_numpy(matched_index).to(target_index.device)


def _cost(outputs: Outputs, targets: FrameTargets, costs: Sequence[Any]) -> np.ndarray:
    """(L, B, Q, N): of each query in each layer for the targets of its frame.

    All frames and layers in one call: a match cost has many small operations.
    """
    predicted = InstanceData(
        bboxes=corners(outputs.boxes.detach()).flatten(0, 2),
        scores=outputs.logits.detach().flatten(0, 2),
    )
    gt = InstanceData(
        bboxes=corners(targets.boxes).flatten(0, 1), labels=targets.labels.flatten()
    )
    # Boxes are fractions of the image, so that an image of 1 x 1 has them.
    cost = sum(part(predicted, gt, dict(img_shape=(1, 1))) for part in costs)
    cost = cost.view(*outputs.boxes.shape[:3], *targets.ids.shape)
    cost = cost.diagonal(dim1=1, dim2=3).permute(0, 3, 1, 2).cpu().numpy()
    return np.nan_to_num(cost, nan=1e4, posinf=1e4, neginf=-1e4)


def _warn_of_lost_targets(count: int) -> None:
    if count > 0:
        log_once(
            'query tracker: more objects are new in a frame than there are queries, so '
            'some found none (lost_targets in the log counts them). Raise num_queries.'
        )
