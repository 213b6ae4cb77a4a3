"""The head of CenterNet2's proposal stage, used as a detector of one class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import all_reduce
from mmengine.model import BaseModule
from mmengine.structures import InstanceData
from torch import nn

from ...registry import MODELS
from ...utils.mmdet_bridge import import_mmdet
from .centernet_targets import (
    TargetRules,
    center_targets,
    centernet_level_sizes,
    centernet_target_distance_losses,
    centernet_target_heatmap_losses,
    centernet_target_points,
)

RANGES = ((0, 80), (64, 160), (128, 320), (256, 640), (512, 1e7))
LEAST_SIDE = 0.01  # of a box, in pixels of the network's input


@MODELS.register_module()
class CenterNetProposalHead(BaseModule):
    """CenterNet2's first stage as GTR and the released SMOTer use it.

    ::

        level (B, C, H, W) -> num_convs x (3x3, GN, ReLU), last one deformable
                                |                    |
                             heatmap             distances
                            (B, 1, H, W)   relu(scale_l * (B, 4, H, W)), in strides

    mmdet's ``CenterNetUpdateHead`` has a tower of its own for each of the two, and adds
    more positive points in training. Zhou et al., *Probabilistic two-stage detection*
    (2021), with the constants of its code (``ONLY_PROPOSAL``, ``WITH_AGN_HM``).

    Scores are those of the heat map; the code takes their square root
    (``MMDetDetector(score_power=0.5)``).

    Args:
        in_channels: C of every level and of the tower.
        num_convs: Convolutions of the tower.
        deformable: The last one is a modulated deformable convolution (DCN v2).
        num_classes: 1; there are no classes. mmdet's detectors ask for it.
        strides: Of the levels, in pixels.
        regress_ranges: For each level the least and largest half diagonal of its boxes.
        hm_min_overlap: See :class:`~.centernet_targets.TargetRules`.
        hm_min_radius: The same.
        alpha: Of the focal loss.
        beta: The same.
        gamma: The same.
        pos_weight: Weight of the centers' loss.
        neg_weight: Weight of the other points' loss.
        bbox_weight: Weight of the boxes' loss.
        norm_cfg: Of the tower's norms.
        train_cfg: Unused; mmdet's detectors pass it.
        test_cfg: ``score_thr``, ``nms_pre`` (a level), ``nms`` with ``iou_threshold``,
            ``max_per_img``.
        init_cfg: As of MMEngine's ``BaseModule``.

    Raises:
        ValueError: Another number of classes than 1, or of ranges than levels.
    """

    def __init__(
        self,
        *,
        in_channels: int,
        num_convs: int = 4,
        deformable: bool = True,
        num_classes: int = 1,
        strides: Sequence[int] = (8, 16, 32, 64, 128),
        regress_ranges: Sequence[tuple[float, float]] = RANGES,
        hm_min_overlap: float = 0.8,
        hm_min_radius: float = 4,
        alpha: float = 0.25,
        beta: float = 4.0,
        gamma: float = 2.0,
        pos_weight: float = 0.5,
        neg_weight: float = 0.5,
        bbox_weight: float = 1.0,
        norm_cfg: dict | None = None,
        train_cfg: dict | None = None,
        test_cfg: dict | None = None,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        super().__init__(init_cfg or _default_init())
        if num_classes != 1 or len(regress_ranges) != len(strides):
            raise ValueError(
                f'CenterNetProposalHead: num_classes={num_classes} and '
                f'{len(regress_ranges)} regress_ranges for {len(strides)} strides; '
                'expected 1 class, and a range for each stride'
            )
        self.num_classes = num_classes
        self.strides = tuple(strides)
        self.rules = TargetRules(
            strides=self.strides,
            regress_ranges=regress_ranges,
            hm_min_overlap=hm_min_overlap,
            hm_min_radius=hm_min_radius,
        )
        self.focal = dict(alpha=alpha, beta=beta, gamma=gamma)
        self.loss_weights = (pos_weight, neg_weight, bbox_weight)
        self.test_cfg = test_cfg or {}
        norm_cfg = norm_cfg or dict(type='GN', num_groups=32)
        self.tower = nn.Sequential(
            *(
                _conv(in_channels, norm_cfg, deformable and i == num_convs - 1)
                for i in range(num_convs)
            )
        )
        self.heatmap = nn.Conv2d(in_channels, 1, 3, padding=1)
        self.distances = nn.Conv2d(in_channels, 4, 3, padding=1)
        self.scales = nn.ParameterList(torch.ones(1) for _ in self.strides)

    def forward(
        self, levels: Sequence[torch.Tensor]
    ) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """Logits of the heat maps, and distances of the boxes in strides.

        Args:
            levels: For each (B, C, H_l, W_l).

        Returns:
            For each level (B, 1, H_l, W_l) and (B, 4, H_l, W_l).
        """
        towers = [self.tower(level) for level in levels]
        distances = [
            (scale * self.distances(x).float()).relu()
            for scale, x in zip(self.scales, towers, strict=True)
        ]
        return [self.heatmap(x).float() for x in towers], distances

    def loss(
        self, levels: Sequence[torch.Tensor], samples: Sequence[Any]
    ) -> dict[str, torch.Tensor]:
        """Losses on B images, over the number of centers and of points with a box.

        Args:
            levels: As of :meth:`forward`.
            samples: mmdet's, with ``gt_instances.bboxes`` in pixels of the input.
        """
        heatmaps, distances = self(levels)
        sizes = centernet_level_sizes(heatmaps)
        targets = [
            center_targets(sample.gt_instances.bboxes, sizes, self.rules)
            for sample in samples
        ]
        logits = torch.cat([level.flatten(1) for level in heatmaps], dim=1)
        losses = centernet_target_heatmap_losses(logits, targets, **self.focal)
        target_distances = torch.stack([target.distances for target in targets])
        has_box = target_distances.amin(2) >= 0
        predicted = torch.cat([x.flatten(2) for x in distances], dim=2).transpose(1, 2)
        overlap_losses = centernet_target_distance_losses(
            predicted[has_box], target_distances[has_box]
        )
        # Every weight takes part, also where no point has a box.
        bbox_loss = overlap_losses.sum() + 0 * predicted.sum()
        num_centers = _mean_count(logits, sum(len(t.centers) for t in targets))
        num_boxes = _mean_count(logits, int(has_box.sum()))
        pos_weight, neg_weight, bbox_weight = self.loss_weights
        return dict(
            loss_pos=pos_weight * losses[0] / num_centers,
            loss_neg=neg_weight * losses[1] / num_centers,
            loss_bbox=bbox_weight * bbox_loss / num_boxes,
        )

    def predict(
        self,
        levels: Sequence[torch.Tensor],
        samples: Sequence[Any],
        rescale: bool = True,
    ) -> list[InstanceData]:
        """Detections of B images, best first.

        Args:
            levels: As of :meth:`forward`.
            samples: mmdet's, with ``scale_factor``.
            rescale: Boxes in pixels of the original image.
        """
        heatmaps, distances = self(levels)
        return [
            self.detect(
                [level[i] for level in heatmaps],
                [level[i] for level in distances],
                sample.metainfo['scale_factor'] if rescale else (1.0, 1.0),
            )
            for i, sample in enumerate(samples)
        ]

    def detect(
        self,
        heatmaps: Sequence[torch.Tensor],
        distances: Sequence[torch.Tensor],
        scale_factor: tuple[float, float] = (1.0, 1.0),
    ) -> InstanceData:
        """Boxes of one image after suppression; they may reach out of the image.

        Args:
            heatmaps: For each level (1, H_l, W_l), logits.
            distances: For each level (4, H_l, W_l), in strides.
            scale_factor: Pixels of the input per pixel of the image, x and y.
        """
        from mmcv.ops import nms  # there once mmdet has been imported

        config = self.test_cfg
        sizes = centernet_level_sizes(heatmaps)
        points, _ = centernet_target_points(sizes, self.strides, heatmaps[0].device)
        parts = [
            _candidates(*level, config['score_thr'], config['nms_pre'])
            for level in zip(
                points.split([height * width for height, width in sizes]),
                heatmaps,
                distances,
                self.strides,
                strict=True,
            )
        ]
        boxes, scores = (torch.cat(column) for column in zip(*parts, strict=True))
        boxes = boxes / boxes.new_tensor(scale_factor).repeat(2)
        if len(boxes):
            _, kept_rows = nms(boxes, scores, config['nms']['iou_threshold'])
            kept_rows = kept_rows[: config['max_per_img']]
            boxes, scores = boxes[kept_rows], scores[kept_rows]
        labels = torch.zeros(len(boxes), dtype=torch.int64, device=boxes.device)
        return InstanceData(bboxes=boxes, scores=scores, labels=labels)


def _candidates(
    points: torch.Tensor,
    logits: torch.Tensor,
    distances: torch.Tensor,
    stride: int,
    score_threshold: float,
    max_count: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Boxes (K, 4) and scores (K,) of a level before suppression, best first."""
    scores = logits.flatten().sigmoid()
    best, rows = scores.topk(min(max_count, len(scores)))
    rows = rows[best > score_threshold]
    to_sides = distances.flatten(1).T[rows] * stride
    low = points[rows] - to_sides[:, :2]
    high = torch.maximum(points[rows] + to_sides[:, 2:], low + LEAST_SIDE)
    return torch.cat([low, high], dim=1), scores[rows]


def _mean_count(like: torch.Tensor, count: int) -> torch.Tensor:
    """A count's mean over the processes, 1 at least."""
    counts = like.new_tensor(float(count))
    all_reduce(counts, op='mean')
    return counts.clamp(min=1)


def _conv(channels: int, norm_cfg: dict, deformable: bool) -> nn.Module:
    import_mmdet()  # and mmcv's operators, or what stands in for them
    from mmcv.cnn import ConvModule

    return ConvModule(
        channels,
        channels,
        3,
        padding=1,
        bias=True,
        conv_cfg=dict(type='DCNv2') if deformable else None,
        norm_cfg=norm_cfg,
    )


def _default_init() -> dict:
    """Boxes begin with a side of 16 strides, scores with .01."""
    return dict(
        type='Normal',
        layer='Conv2d',
        std=0.01,
        override=[
            dict(type='Normal', name='heatmap', std=0.01, bias_prob=0.01),
            dict(type='Normal', name='distances', std=0.01, bias=8.0),
        ],
    )
