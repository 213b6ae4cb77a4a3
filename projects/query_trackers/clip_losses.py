"""The loss of a clip: sums of each frame, divided once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from mmsmot.registry import TASK_UTILS
from mmsmot.utils.mmdet_bridge import import_mmdet
from mmsmot.utils.number_ranges import require_choice

from .assigners import BACKGROUND
from .queries import FrameTargets, Outputs, Queries, corners

import_mmdet()
from mmdet.utils import reduce_mean  # noqa: E402


@dataclass(eq=False)
class LossSums:
    """Sums over objects of a clip, by name, and what to divide them by.

    Attributes:
        sums: By mmdet's names: ``loss_cls`` of the last layer, ``d0.loss_cls`` of the
            first, ...
        num_targets: Objects; with ``'collective'`` also tracks whose object is not there.
    """

    sums: dict[str, Tensor] = field(default_factory=dict)
    num_targets: int = 0

    def add(self, sums: dict[str, Tensor], num_targets: int) -> None:
        """Another frame's."""
        for name, value in sums.items():
            self.sums[name] = self.sums[name] + value if name in self.sums else value
        self.num_targets += num_targets

    def mean(self) -> dict[str, Tensor]:
        """Divided by the number of targets, of all processes the mean, at least 1."""
        device = next(iter(self.sums.values())).device if self.sums else 'cpu'
        count = reduce_mean(torch.tensor(float(self.num_targets), device=device))
        return {name: value / count.clamp(min=1) for name, value in self.sums.items()}


@TASK_UTILS.register_module()
class ClipLoss:
    """Which frames of a clip have a loss, and what that is divided by.

    Args:
        over: ``'collective'``: all frames, summed and divided by the targets of the whole
            clip (MOTR, section 3.5), to which its released code (8690da3) adds tracks
            whose object is not there; ``'last_frame'``: the last frame alone, divided by
            its objects, the frames before it only make its track queries (TrackFormer,
            TransTrack).
        through_time: Whether gradients flow back to the frames before. Must be set with
            ``'collective'``.

    Raises:
        ValueError: There is no such ``over``, or it does not go with ``through_time``.
    """

    def __init__(self, *, over: str = 'collective', through_time: bool = True) -> None:
        require_choice('ClipLoss', ('collective', 'last_frame'), over=over)
        if over == 'collective' and not through_time:
            raise ValueError(
                "ClipLoss: over='collective' has a loss on every frame, so gradients flow "
                "through time; take over='last_frame' with through_time=False"
            )
        self.over = over
        self.through_time = through_time

    def frames_with_loss(self, num_frames: int) -> Sequence[int]:
        """Positions in a clip."""
        if self.over == 'collective':
            return range(num_frames)
        return range(num_frames - 1, num_frames)

    def frames_with_grad(self, num_frames: int) -> Sequence[int]:
        """Positions in a clip, a run that ends with it."""
        return range(0 if self.through_time else num_frames - 1, num_frames)

    def num_targets(
        self, queries: Queries, targets: FrameTargets, target_index: Tensor
    ) -> int:
        """What one frame of B clips adds to the divisor.

        Args:
            queries: Q a frame, with the ids they came with.
            targets: N a frame.
            target_index: (B, Q), of the assigner's last layer.
        """
        count = int((~targets.pad).sum())
        if self.over != 'collective':
            return count
        is_vanished = (queries.ids >= 0) & queries.is_track
        return count + int((is_vanished & (target_index == BACKGROUND)).sum())


def frame_loss(
    head: nn.Module,
    outputs: Outputs,
    queries: Queries,
    targets: FrameTargets,
    target_index: Tensor,
) -> dict[str, Tensor]:
    """Sums of focal, L1 and GIoU losses of one frame of B clips, layer by layer.

    Args:
        head: mmdet's, with ``loss_cls``, ``loss_bbox`` and ``loss_iou``.
        outputs: Of L layers.
        queries: Q a frame; padding has no loss.
        targets: N a frame.
        target_index: (L, B, Q) of the assigner.
    """
    weight = (~queries.pad).flatten().to(outputs.logits)
    num_classes = outputs.logits.shape[-1]
    sums = {}
    for layer in range(len(target_index)):
        is_object = target_index[layer] != BACKGROUND
        labels = torch.full_like(target_index[layer], num_classes)
        labels[is_object] = _target_values(
            targets.labels, target_index[layer], is_object
        )
        logits = outputs.logits[layer].flatten(0, 1)
        prefix = '' if layer == len(target_index) - 1 else f'd{layer}.'
        sums[f'{prefix}loss_cls'] = head.loss_cls(
            logits, labels.flatten(), weight, avg_factor=1.0
        )
        boxes = outputs.boxes[layer][is_object]
        sums |= {
            f'{prefix}{name}': value
            for name, value in box_loss(
                head,
                boxes,
                _target_values(targets.boxes, target_index[layer], is_object),
            ).items()
        }
    return sums


def box_loss(head: nn.Module, boxes: Tensor, gt_boxes: Tensor) -> dict[str, Tensor]:
    """Sums of the L1 and GIoU losses of pairs of boxes (R, 4), cx, cy, w, h."""
    if not len(boxes):
        zero = boxes.sum()  # with a gradient, so that every process has one
        return dict(loss_bbox=zero, loss_iou=zero)
    return dict(
        loss_bbox=head.loss_bbox(boxes, gt_boxes, avg_factor=1.0),
        loss_iou=head.loss_iou(corners(boxes), corners(gt_boxes), avg_factor=1.0),
    )


def _target_values(column: Tensor, target_index: Tensor, mask: Tensor) -> Tensor:
    """The targets' values at ``target_index`` (B, Q), where ``mask`` says so."""
    frames = torch.arange(len(target_index), device=target_index.device)[:, None]
    frames = frames.expand_as(target_index)
    return column[frames[mask], target_index[mask]]
