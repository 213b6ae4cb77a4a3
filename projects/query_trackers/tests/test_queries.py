"""Rows of queries, targets and embeddings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from projects.query_trackers.queries import (
    NEW,
    PADDING,
    FrameTargets,
    GatherIndex,
    Queries,
    batched_iou,
    fractions,
    sine_embedding,
)
from projects.query_trackers.tests.conftest import clip


def test_rows_are_gathered_in_their_order_and_padded() -> None:
    content = torch.arange(8.0).reshape(2, 4, 1)
    queries = Queries.new(content, torch.zeros(2, 4, 2))
    mask = torch.tensor([[False, True, False, True], [True, True, False, True]])
    tracks = queries.gather(GatherIndex.where(mask))
    assert tracks.ids.tolist() == [[NEW, NEW, PADDING], [NEW] * 3]
    assert tracks.content[0, :2, 0].tolist() == [1, 3]
    assert tracks.content[1, :, 0].tolist() == [4, 5, 7]


def test_no_row_at_all() -> None:
    queries = Queries.new(torch.zeros(2, 4, 8), torch.zeros(2, 4, 4))
    tracks = queries.gather(GatherIndex.where(torch.zeros(2, 4, dtype=torch.bool)))
    assert len(tracks) == 0 and len(queries.joined(tracks)) == 4


def test_points_and_boxes_do_not_join() -> None:
    points = Queries.new(torch.zeros(1, 2, 8), torch.zeros(1, 2, 2))
    boxes = Queries.new(torch.zeros(1, 2, 8), torch.zeros(1, 2, 4))
    with pytest.raises(ValueError, match='references of 2 numbers .* of 4'):
        points.joined(boxes)
    with pytest.raises(ValueError, match='position embeddings'):
        points.joined(
            Queries.new(
                torch.zeros(1, 2, 8), torch.zeros(1, 2, 2), torch.zeros(1, 2, 8)
            )
        )


def test_targets_are_cut_to_the_image_and_padded() -> None:
    inside, outside = (24, 16, 72, 48), (96, 0, 120, 64)
    clips = [
        clip([{1: inside, 5: (48, 32, 120, 96)}]),
        clip([{2: outside}], 'other'),
    ]
    targets = FrameTargets.of([c[0][0] for c in clips], [c[1] for c in clips])
    assert targets.ids.tolist() == [[1, 5], [PADDING, PADDING]]
    expected = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.75, 0.75, 0.5, 0.5]])
    torch.testing.assert_close(targets.boxes[0], expected)


def test_iou_of_pairs() -> None:
    boxes = torch.tensor(fractions(np.array([[0, 0, 2, 2], [1, 1, 3, 3.0]]), (4, 4)))
    iou = batched_iou(boxes[None], boxes[None])[0]
    torch.testing.assert_close(iou, torch.tensor([[1, 1 / 7], [1 / 7, 1]]).double())


def test_sines_are_those_of_mmdet_in_the_order_x_y_w_h() -> None:
    from mmdet.models.layers.transformer.utils import coordinate_to_encoding

    boxes = torch.rand(2, 3, 4)
    expected = coordinate_to_encoding(boxes, num_feats=16)  # y, x, w, h
    y, x, w, h = expected.split(16, dim=-1)
    ours = sine_embedding(boxes, 16)
    torch.testing.assert_close(ours, torch.cat([x, y, w, h], dim=-1))
