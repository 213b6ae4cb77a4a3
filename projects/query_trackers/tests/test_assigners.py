"""Which object each query has to find."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mmsmot.utils.mmdet_bridge import import_mmdet, mmdet_scope
from projects.query_trackers import assigners
from projects.query_trackers.assigners import TALA, SetAssigner
from projects.query_trackers.clip_losses import ClipLoss
from projects.query_trackers.clip_pass import with_object_ids
from projects.query_trackers.queries import (
    FALSE_POSITIVE,
    NEW,
    PADDING,
    FrameTargets,
    Outputs,
    Queries,
)

BOXES = torch.tensor([[0.2, 0.5, 0.2, 0.4], [0.5, 0.5, 0.2, 0.4], [0.8, 0.5, 0.2, 0.4]])


@pytest.fixture(scope='module')
def costs() -> list:
    import_mmdet()
    from mmdet.registry import TASK_UTILS

    with mmdet_scope():
        return [
            TASK_UTILS.build(dict(type='FocalLossCost', weight=2.0)),
            TASK_UTILS.build(dict(type='BBoxL1Cost', weight=5.0, box_format='xywh')),
            TASK_UTILS.build(dict(type='IoUCost', iou_mode='giou', weight=2.0)),
        ]


def frame(ids: list[int], layers: list[list[int]]) -> tuple[Outputs, Queries]:
    """Queries with ids, of which each layer puts query q at box ``layers[l][q]``."""
    boxes = torch.stack([BOXES[layer][None] for layer in layers])
    count = boxes.shape[2]
    hs = torch.zeros(len(layers), 1, count, 4)
    queries = Queries.new(hs[0], boxes[0])
    outputs = Outputs(hs, boxes, torch.zeros(len(layers), 1, count, 1))
    return outputs, queries.with_ids(torch.tensor([ids]))


def targets(*ids: int) -> FrameTargets:
    return FrameTargets(
        BOXES[None, : len(ids)],
        torch.zeros(1, len(ids), dtype=torch.int64),
        torch.tensor([ids]),
    )


def test_a_track_keeps_its_object_wherever_it_looks(costs: list) -> None:
    """Query 0 tracks object 8, although it is where 7 is."""
    outputs, queries = frame([8, NEW, NEW], [[0, 2, 0], [0, 0, 2]])
    rows = TALA()(outputs, queries, targets(7, 8), costs)
    # Object 7 is free; each layer gives it to the new query that is there.
    assert rows[:, 0].tolist() == [[1, -1, 0], [1, 0, -1]]


def test_vanished_and_false_tracks_are_background(costs: list) -> None:
    outputs, queries = frame([9, FALSE_POSITIVE, NEW], [[0, 0, 2]])
    rows = TALA()(outputs, queries, targets(7), costs)
    assert rows[0, 0].tolist() == [-1, -1, 0]


def test_a_set_is_matched_whoever_was_followed(costs: list) -> None:
    outputs, queries = frame([8, NEW, PADDING], [[0, 1, 0]])
    rows = SetAssigner()(outputs, queries, targets(7, 8), costs)
    assert rows[0, 0].tolist() == [0, 1, -1]


def test_two_queries_never_have_one_id(costs: list) -> None:
    """Set matching moves object 8 to a new query: the track that had it has none now."""
    outputs, queries = frame([8, NEW, 5], [[2, 1, 2]])
    ids = torch.tensor([[9, 8]])
    targets_8 = FrameTargets(BOXES[None, :2], torch.zeros(1, 2, dtype=torch.int64), ids)
    rows = torch.tensor([[-1, 1, -1]])
    ids = with_object_ids(queries, outputs, targets_8, rows).ids
    assert ids.tolist() == [[NEW, 8, 5]]  # 5 is not in the frame: its query waits


def test_tracks_that_vanished_count_in_the_loss_of_motr_alone(costs: list) -> None:
    """2 objects, both taken by new queries from two tracks of other objects."""
    outputs, queries = frame([8, 9, NEW, NEW], [[2, 2, 0, 1]])
    is_track = torch.tensor([[True, True, False, False]])
    queries = replace(queries, is_track=is_track)
    rows = SetAssigner()(outputs, queries, targets(7, 8), costs)[-1]
    assert rows.tolist() == [[-1, -1, 0, 1]]
    collective = ClipLoss(over='collective')
    assert collective.num_targets(queries, targets(7, 8), rows) == 4
    last_frame = ClipLoss(over='last_frame', through_time=False)
    assert last_frame.num_targets(queries, targets(7, 8), rows) == 2


def test_no_object_and_no_query(costs: list) -> None:
    outputs, queries = frame([3, NEW, NEW], [[0, 1, 2]])
    for assigner in (TALA(), SetAssigner()):
        assert (assigner(outputs, queries, targets(), costs) == -1).all()
    outputs, queries = frame([], [[]])
    assert TALA()(outputs, queries, targets(7), costs).shape == (1, 1, 0)


def test_more_objects_than_queries_are_told(
    costs: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = []
    monkeypatch.setattr(assigners, 'log_once', messages.append)
    outputs, queries = frame([NEW], [[1]])
    rows = TALA()(outputs, queries, targets(4, 5, 6), costs)
    assert rows[0, 0].tolist() == [1]
    assert 'more objects are new in a frame than there are queries' in messages[0]


def test_outputs_that_are_no_numbers_are_matched_last(costs: list) -> None:
    outputs, queries = frame([NEW, NEW], [[0, 2]])
    outputs.boxes[0, 0, 0] = torch.nan
    outputs.logits[0, 0, 0] = torch.nan
    rows = TALA()(outputs, queries, targets(4), costs)
    assert rows[0, 0].tolist() == [-1, 0]
