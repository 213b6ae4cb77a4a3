"""CenterNet2's proposal head: hand-made heat maps to boxes, targets and losses by loops."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.structures import InstanceData

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.models.dense_heads import CenterNetProposalHead
from mmsmot.models.dense_heads.centernet_targets import (
    TargetRules,
    center_targets,
    centernet_target_points,
)
from mmsmot.models.detectors import MMDetDetector
from mmsmot.structures import Frame, VideoInfo

STRIDES = (8, 16, 32)
RANGES = ((0, 20), (12, 40), (30, 1e7))
SIZES = [(8, 12), (4, 6), (2, 3)]
TEST = dict(score_thr=1e-4, nms_pre=1000, nms=dict(iou_threshold=0.6), max_per_img=128)
RULES = TargetRules(
    strides=STRIDES, regress_ranges=RANGES, hm_min_overlap=0.8, hm_min_radius=4
)


def make(**options) -> CenterNetProposalHead:
    options = dict(num_convs=1, norm_cfg=dict(type='GN', num_groups=4)) | options
    return CenterNetProposalHead(
        in_channels=8,
        strides=STRIDES,
        regress_ranges=RANGES,
        test_cfg=TEST,
        **options,
    )


@pytest.fixture(scope='module')
def head() -> CenterNetProposalHead:
    torch.manual_seed(0)
    head = make()
    head.init_weights()
    return head


def empty_maps() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Heat of 4.5e-5 everywhere, below the threshold; no distances."""
    heatmaps = [torch.full((1, *size), -10.0) for size in SIZES]
    return heatmaps, [torch.zeros(4, *size) for size in SIZES]


def put(
    maps: tuple[list[torch.Tensor], list[torch.Tensor]],
    level: int,
    cell: tuple[int, int],
    heat: float,
    sides: tuple[float, float, float, float],
) -> None:
    row, column = cell
    maps[0][level][0, row, column] = math.log(heat / (1 - heat))
    maps[1][level][:, row, column] = torch.tensor(sides)


def test_hand_made_heat_maps_become_boxes(head: CenterNetProposalHead) -> None:
    maps = empty_maps()
    put(maps, 0, (3, 5), 0.81, (1, 2, 3, 4))  # around (44, 28), strides of 8
    put(maps, 0, (3, 6), 0.80, (2, 2, 2, 4))  # the same box from the next cell
    put(maps, 1, (0, 0), 0.30, (2, 1, 2, 1))  # reaches out of the image
    put(maps, 2, (1, 2), 0.0002, (0, 0, 0, 0))  # no side: 0.01 pixels
    detections = head.detect(*maps, scale_factor=(2.0, 4.0))
    expected = [[18, 3, 34, 15], [-12, -2, 20, 6], [40, 12, 40.005, 12.0025]]
    torch.testing.assert_close(detections.bboxes, torch.tensor(expected))
    scores = torch.tensor([0.81, 0.30, 0.0002])
    torch.testing.assert_close(detections.scores, scores)
    assert detections.labels.tolist() == [0, 0, 0]
    nothing = head.detect(*empty_maps())
    assert nothing.bboxes.shape == (0, 4)


def test_counts_before_and_after_suppression() -> None:
    """The best of each level, then the best of all, as many as there may be."""
    head = make()
    head.test_cfg = TEST | dict(nms_pre=5, max_per_img=7)
    maps = empty_maps()
    for i in range(8):
        put(maps, 0, (i, i), 0.5 + 0.01 * i, (0.4, 0.4, 0.4, 0.4))
    for i in range(4):
        put(maps, 1, (i, i), 0.2 + 0.01 * i, (0.4, 0.4, 0.4, 0.4))
    detections = head.detect(*maps)
    expected = [0.57, 0.56, 0.55, 0.54, 0.53, 0.23, 0.22]
    torch.testing.assert_close(detections.scores, torch.tensor(expected))


def test_scores_are_square_roots_above_the_threshold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = dict(
        model=dict(
            type='CenterNet',
            data_preprocessor=dict(type='DetDataPreprocessor'),
            backbone=dict(
                type='mmsmot.DLA',
                base_channels=4,
                norm_cfg=dict(type='GN', num_groups=4),
            ),
            neck=dict(
                type='mmsmot.BiFPN',
                in_channels=[32, 64, 128],
                out_channels=8,
                num_layers=1,
                num_outs=3,
                norm_cfg=dict(type='GN', num_groups=4),
            ),
            bbox_head=dict(
                type='mmsmot.CenterNetProposalHead',
                in_channels=8,
                num_convs=1,
                strides=STRIDES,
                regress_ranges=RANGES,
                norm_cfg=dict(type='GN', num_groups=4),
            ),
            test_cfg=TEST,
        ),
        test_pipeline=[
            dict(type='LoadImageFromNDArray'),
            dict(type='mmsmot.FitToSquare', size=96),
            dict(
                type='PackDetInputs',
                meta_keys=('img_id', 'ori_shape', 'img_shape', 'scale_factor'),
            ),
        ],
    )
    detector = MMDetDetector(config=config, score_threshold=0.55, score_power=0.5)
    maps = empty_maps()
    put(maps, 0, (3, 5), 0.81, (1, 2, 3, 4))
    put(maps, 1, (2, 1), 0.303, (1, 1, 1, 1))  # .5505
    put(maps, 1, (0, 0), 0.302, (2, 1, 2, 1))  # .5495
    batch = [[level[None] for level in part] for part in maps]
    monkeypatch.setattr(detector.model.bbox_head, 'forward', lambda _: batch)
    image = np.zeros((128, 192, 3), np.uint8)
    detections = detector.detect([Frame(VideoInfo('a', 'a'), 1, 0.0, lambda: image)])[0]
    np.testing.assert_allclose(detections.scores, [0.9, 0.303**0.5], rtol=1e-6)
    np.testing.assert_allclose(detections.boxes[0], [72, 24, 136, 120], rtol=1e-6)


def test_points_are_the_middles_of_cells() -> None:
    points, levels = centernet_target_points(
        [(2, 3), (1, 1)], (8, 16), torch.device('cpu')
    )
    x, y = points.T.tolist()
    assert x == [4, 12, 20, 4, 12, 20, 8]
    assert y == [4, 4, 4, 12, 12, 12, 8]
    assert levels.tolist() == [0] * 6 + [1]


BOXES = torch.tensor(
    [
        [10.0, 10.0, 34.0, 38.0],  # half diagonal 18.4: levels 0 and 1
        [20.0, 12.0, 50.0, 60.0],  # 28.3: level 1
        [0.0, 0.0, 96.0, 64.0],  # 57.7: level 2
        [90.0, 50.0, 110.0, 60.0],  # its center is outside the maps
    ]
)


def targets_by_loops(boxes: list[list[float]]) -> tuple[list, list, list]:
    """Heat, distances in strides (or None) and centers, point by point."""
    heats, distances, centers = [], [], []
    delta = (1 - 0.8) / (1 + 0.8)
    for stride, (low, high), (rows, columns) in zip(
        STRIDES, RANGES, SIZES, strict=True
    ):
        for row, column in np.ndindex(rows, columns):
            x, y = column * stride + stride / 2, row * stride + stride / 2
            heat, best, best_cooling = 0.0, None, math.inf
            for x1, y1, x2, y2 in boxes:
                middle = (x1 + x2) / 2, (y1 + y2) / 2
                cell = [int(m / stride) for m in middle]
                is_middle = cell == [column, row]
                radius2 = max(2 * delta**2 * (x2 - x1) * (y2 - y1), 16)
                cooling = ((x - middle[0]) ** 2 + (y - middle[1]) ** 2) / radius2
                cooling = 0 if is_middle else cooling
                heat = max(heat, math.exp(-cooling))
                sides = [x - x1, y - y1, x2 - x, y2 - y]
                is_size = low <= math.hypot(x2 - x1, y2 - y1) / 2 <= high
                is_near = abs(cell[0] - column) <= 1 and abs(cell[1] - row) <= 1
                if is_middle and is_size:
                    centers.append(len(heats))
                if is_size and is_near and min(sides) > 0 and cooling < best_cooling:
                    best, best_cooling = [side / stride for side in sides], cooling
            heats.append(heat if heat >= 1e-4 else 0.0)
            distances.append(best)
    return heats, distances, centers


def test_targets_are_those_of_the_definition() -> None:
    targets = center_targets(BOXES, SIZES, RULES)
    heats, distances, centers = targets_by_loops(BOXES.tolist())
    torch.testing.assert_close(targets.heatmap, torch.tensor(heats))
    has_box = [row is not None for row in distances]
    assert (targets.distances.amin(1) >= 0).tolist() == has_box
    expected = torch.tensor([row for row in distances if row is not None])
    torch.testing.assert_close(targets.distances[torch.tensor(has_box)], expected)
    assert sorted(targets.centers.tolist()) == centers
    assert len(centers) == 4
    assert sum(has_box) > 15


def samples(*boxes: torch.Tensor) -> list[SimpleNamespace]:
    return [SimpleNamespace(gt_instances=InstanceData(bboxes=b)) for b in boxes]


def test_losses_are_those_of_the_definition(head: CenterNetProposalHead) -> None:
    """Focal loss .25, 2, 4 and 1 - GIoU with 1 beside the areas; over two images."""
    generator = torch.Generator().manual_seed(3)
    levels = [torch.randn(2, 8, *size, generator=generator) for size in SIZES]
    with torch.no_grad():
        heatmaps, sides = head(levels)
        losses = head.loss(levels, samples(BOXES, BOXES[:0]))
    positive = negative = overlap = 0.0
    num_centers = num_boxes = 0
    for image, boxes in enumerate((BOXES.tolist(), [])):
        heats, distances, centers = targets_by_loops(boxes)
        logits = torch.cat([level[image].flatten() for level in heatmaps]).tolist()
        boxes_at = torch.cat([level[image].flatten(1) for level in sides], 1).T.tolist()
        scores = [1 / (1 + math.exp(-logit)) for logit in logits]
        positive -= sum(math.log(scores[i]) * (1 - scores[i]) ** 2 for i in centers)
        negative -= sum(
            math.log(1 - p) * p**2 * (1 - heat) ** 4
            for p, heat in zip(scores, heats, strict=True)
        )
        num_centers += len(centers)
        for predicted, true in zip(boxes_at, distances, strict=True):
            if true is not None:
                num_boxes += 1
                overlap += giou_loss(predicted, true)
    expected = dict(
        loss_pos=0.5 * 0.25 * positive / num_centers,
        loss_neg=0.5 * 0.75 * negative / num_centers,
        loss_bbox=overlap / num_boxes,
    )
    assert {k: v.item() for k, v in losses.items()} == pytest.approx(expected, rel=1e-4)


def giou_loss(one: list[float], two: list[float]) -> float:
    def area(sides: list[float]) -> float:
        return (sides[0] + sides[2]) * (sides[1] + sides[3])

    overlap = area([min(pair) for pair in zip(one, two, strict=True)])
    hull = area([max(pair) for pair in zip(one, two, strict=True)])
    union = area(one) + area(two) - overlap
    return 1 - ((overlap + 1) / (union + 1) - (hull - union) / hull)


def test_every_weight_learns_and_the_losses_fall(head: CenterNetProposalHead) -> None:
    head = make()
    head.init_weights()
    assert head.distances.bias.tolist() == [8.0] * 4
    assert head.heatmap.bias.item() == pytest.approx(-math.log(99))
    torch.manual_seed(0)
    levels = [torch.randn(1, 8, *size) for size in SIZES]
    optimizer = torch.optim.SGD(head.parameters(), lr=0.05)
    totals = []
    for _ in range(4):
        losses = head.loss(levels, samples(BOXES))
        totals.append(sum(losses.values()))
        optimizer.zero_grad()
        totals[-1].backward()
        optimizer.step()
    assert totals[-1] < totals[0]
    still = [n for n, p in head.named_parameters() if not p.grad.abs().sum()]
    assert not still
    # No box in any image: a loss of the heat alone, through all weights.
    losses = head.loss(levels, samples(BOXES[:0]))
    assert losses['loss_pos'] == losses['loss_bbox'] == 0
    sum(losses.values()).backward()


def test_without_a_deformable_layer() -> None:
    plain, deformable = make(deformable=False), make()
    assert not any('conv_offset' in name for name in plain.state_dict())
    assert deformable.tower[0].conv.conv_offset.weight.shape == (27, 8, 3, 3)
    assert plain.tower[0].conv.bias.shape == (8,)  # as released, beside the norm


def test_classes_and_ranges_that_it_does_not_have() -> None:
    with pytest.raises(ValueError, match='num_classes=80 and 3 regress_ranges'):
        make(num_classes=80)
    with pytest.raises(ValueError, match='5 regress_ranges for 3 strides'):
        CenterNetProposalHead(in_channels=8, strides=STRIDES)
