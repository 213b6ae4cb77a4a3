"""The queries of a clip that have an object, and the trajectories that they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from mmsmot.models.estimators import EstimatorLoss
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.structures import Frame, SMOTDataSample, Trajectories, valid_boxes
from mmsmot.structures.feature_maps import FeatureMaps

from .assigners import BACKGROUND
from .queries import FrameTargets, Outputs, Queries, corners


@dataclass(eq=False)
class MatchedQueries:
    """The queries of B clips that have an object, row by row.

    Attributes:
        steps: (R,) position of the frame in the clip.
        clips: (R,) clip.
        ids: (R,) ground truth id.
        boxes: (R, 4) predicted, x1, y1, x2, y2 in fractions of the image.
        scores: (R,).
        iou: (R,) of predicted and true box.
        hs: (R, d) with gradient, where the frame has one.
        num_targets: True boxes of all frames.
    """

    steps: list[Tensor] = field(default_factory=list)
    clips: list[Tensor] = field(default_factory=list)
    ids: list[Tensor] = field(default_factory=list)
    boxes: list[Tensor] = field(default_factory=list)
    scores: list[Tensor] = field(default_factory=list)
    iou: list[Tensor] = field(default_factory=list)
    hs: list[Tensor] = field(default_factory=list)
    num_targets: int = 0

    @property
    def num_lost(self) -> int:
        """True boxes that found no query."""
        return self.num_targets - sum(len(ids) for ids in self.ids)

    def add(
        self,
        step: int,
        queries: Queries,
        outputs: Outputs,
        targets: FrameTargets,
        target_index: Tensor,
    ) -> None:
        """The rows of one frame of each clip."""
        self.num_targets += int((~targets.pad).sum())
        clips, index = (target_index != BACKGROUND).nonzero(as_tuple=True)
        self.steps.append(torch.full_like(clips, step))
        self.clips.append(clips)
        self.ids.append(queries.ids[clips, index])
        self.boxes.append(corners(outputs.boxes[-1].detach()[clips, index]))
        self.scores.append(outputs.scores[clips, index])
        self.iou.append(queries.iou[clips, index])
        self.hs.append(outputs.hs[-1][clips, index])

    def recall(self, samples: Sequence[SMOTDataSample]) -> Tensor:
        """Share of true boxes whose query overlaps them by half or more; for the log."""
        count = sum(len(sample.gt_trajectories) for sample in samples)
        hits = (torch.cat(self.iou) >= 0.5).sum()
        return hits / max(count, 1)


def with_trajectories(
    matched_queries: MatchedQueries,
    features: FeatureMaps,
    inputs: Sequence[Sequence[Frame]],
    samples: Sequence[SMOTDataSample],
    plan: ClipPlan,
    losses: dict[str, Tensor],
) -> EstimatorLoss:
    """The trajectories of the queries that have an object, and their embeddings.

    With teacher forcing the boxes are the true ones, else the queries' own. An object
    that found no query in a frame has no row there.
    """
    clips = torch.cat(matched_queries.clips).cpu().numpy()
    steps = torch.cat(matched_queries.steps).cpu().numpy()
    ids = torch.cat(matched_queries.ids).cpu().numpy()
    # The frames of a clip may differ in size.
    sizes = features.sizes.double().cpu().numpy()[steps * len(samples) + clips]
    boxes = torch.cat(matched_queries.boxes).double().cpu().numpy() * np.tile(sizes, 2)
    scores = torch.cat(matched_queries.scores).double().cpu().numpy()
    trajectories, gt_ids, order = [], [], []
    for clip, sample in enumerate(samples):
        index = np.flatnonzero(clips == clip)
        clip_boxes = boxes[index]
        frame_ids = np.array([step[clip].frame_id for step in inputs])[steps[index]]
        if plan.gt_tracks is not None:
            clip_boxes, has_box = _gt_boxes(
                plan.gt_tracks[0][clip], frame_ids, ids[index]
            )
        else:
            has_box = valid_boxes(clip_boxes)
        index = index[has_box]
        trajectories.append(
            Trajectories(
                frame_ids[has_box],
                ids[index],
                clip_boxes[has_box],
                scores=scores[index],
                space=sample.gt_trajectories.space,
            )
        )
        gt_ids.append({i: i for i in np.unique(ids[index]).tolist()})
        order.append(index)
    hs = torch.cat(matched_queries.hs)
    hs = hs[torch.from_numpy(np.concatenate(order)).to(hs.device)][:, None]
    if plan.detach_features or plan.freeze:
        hs, features = hs.detach(), features.detach()
    elif plan.semantic_grad_scale != 1:
        hs = hs.detach() + plan.semantic_grad_scale * (hs - hs.detach())
        features = features.with_grad_scale(plan.semantic_grad_scale)
    return EstimatorLoss(losses, features, trajectories, gt_ids, track_features=hs)


def _gt_boxes(
    gt: Trajectories, frame_ids: np.ndarray, ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The boxes (R, 4) that a table has of frames and ids, and whether it has them."""
    if not len(gt):
        return np.zeros((len(ids), 4)), np.zeros(len(ids), bool)
    is_same = (frame_ids[:, None] == gt.frame_ids) & (ids[:, None] == gt.ids)
    return gt.boxes[is_same.argmax(1)], is_same.any(1)
