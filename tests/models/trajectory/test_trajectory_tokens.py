from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.models.trajectory import TrajectoryTokens


def test_boxes_come_by_time_and_padding_last() -> None:
    track = torch.tensor([1, 0, 1, 1])
    times = torch.tensor([3.0, 7.0, 1.0, 2.0])
    tokens = times[:, None, None].expand(4, 4, 2)
    boxes = times[:, None].expand(4, 4)
    grouped = TrajectoryTokens.grouped(track, tokens, times, boxes, 3)
    assert grouped.times.tolist() == [[7, 0, 0], [1, 2, 3], [0, 0, 0]]
    assert grouped.mask.sum(1).tolist() == [1, 3, 0]
    assert grouped.tokens[1, :, 0, 0].tolist() == [1, 2, 3]
    assert grouped.boxes[1, :, 3].tolist() == [1, 2, 3]


def test_parts_hold_what_was_kept_of_a_trajectory_and_no_padding() -> None:
    track = torch.tensor([0, 0, 0, 1, 1])
    times = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0])
    tokens = times[:, None, None].expand(5, 4, 2)
    boxes = times[:, None].expand(5, 4)
    grouped = TrajectoryTokens.grouped(
        track, tokens, times, boxes, 2, frame_ids=times.long()
    )
    kept = torch.tensor([[False, True, True], [True, True, True], [False] * 3])
    parts = grouped.parts(torch.tensor([0, 1, 0]), kept)
    assert parts.mask.tolist() == [[True, True], [True, True], [False, False]]
    assert parts.frame_ids[:2].tolist() == [[2, 3], [4, 5]]
    assert parts.tokens[:2, :, 0, 0].tolist() == [[2, 3], [4, 5]]
    assert parts.times[0].tolist() == parts.boxes[0, :, 0].tolist() == [2, 3]


def test_together_are_those_of_a_video_who_share_a_frame() -> None:
    track = torch.tensor([0, 0, 1, 1, 2, 3, 3])
    times = torch.tensor([1.0, 5.0, 5.0, 9.0, 9.0, 1.0, 4.0])
    columns = torch.zeros(7, 4, 2), times, torch.zeros(7, 4)
    video = torch.tensor([0, 0, 0, 1, 0])
    for limit in (None, 1):  # whatever is kept of them
        grouped = TrajectoryTokens.grouped(track, *columns, 5, limit)
        met = grouped.co_occurrence_mask(video)
        # 0 and 1 at 5, 1 and 2 at 9; 3 is in another video, 4 nowhere.
        assert met.nonzero().tolist() == [[0, 1], [1, 0], [1, 2], [2, 1]]
    none = torch.zeros(0, dtype=torch.int64)
    empty = TrajectoryTokens.grouped(
        none, torch.zeros(0, 4, 2), torch.zeros(0), torch.zeros(0, 4), 2
    )
    assert not empty.co_occurrence_mask(torch.zeros(2)).any()


def test_gradients_reach_the_rows_that_are_kept() -> None:
    tokens = torch.ones(5, 1, 1, requires_grad=True)
    track, times = torch.zeros(5, dtype=torch.int64), torch.arange(5.0)
    grouped = TrajectoryTokens.grouped(track, tokens, times, torch.zeros(5, 4), 1, 3)
    grouped.tokens.sum().backward()
    assert tokens.grad.flatten().tolist() == [1, 0, 1, 0, 1]


@given(st.integers(1, 200), st.integers(1, 40))
def test_the_cap_keeps_boxes_evenly(length: int, limit: int) -> None:
    times = torch.arange(float(length))
    grouped = TrajectoryTokens.grouped(
        torch.zeros(length, dtype=torch.int64),
        torch.zeros(length, 1, 1),
        times,
        torch.zeros(length, 4),
        1,
        limit,
    )
    kept = grouped.times[0][grouped.mask[0]]
    assert len(kept) == min(length, limit)
    assert kept[0] == 0
    if limit > 1:
        assert kept[-1] == length - 1
        gaps = kept.diff()
        assert len(gaps) == 0 or gaps.max() - gaps.min() <= 1
