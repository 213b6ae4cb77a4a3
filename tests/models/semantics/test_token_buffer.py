from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
import torch

from mmsmot.models.semantics.token_buffer import TokenBuffer


def see(memory: TokenBuffer, ids: list[int], time: float) -> None:
    wanted = torch.tensor(memory.select(ids), dtype=bool)
    kept = torch.tensor(ids)[wanted]
    tokens = torch.full((len(kept), 4, 2), time)
    boxes = torch.zeros(len(kept), 4)
    frames = torch.full((len(kept),), int(time) + 1)
    memory.add(kept, tokens, torch.full((len(kept),), time), boxes, frames)


def test_a_long_trajectory_does_not_grow_the_memory() -> None:
    memory = TokenBuffer(max_boxes=8)
    for time in range(1000):
        see(memory, [1] if time % 10 else [1, 2], float(time))
        assert len(memory._table()['ids']) <= 2 * 16
    tracks = memory.trajectories([1, 2])
    assert tracks.mask.sum(1).tolist() == [8, 8]
    times = tracks.times[0]
    assert times[0] == 0
    assert times[-1] >= 1000 - 128  # up to the last stride
    gaps = times.diff()
    assert gaps.max() <= 2 * gaps.min()
    assert tracks.shares_frame.tolist() == [[False, True], [True, False]]


def test_who_comes_late_meets_who_was_there_all_along() -> None:
    memory = TokenBuffer(max_boxes=2)
    for time in range(100):
        see(memory, [1, 2] if time == 99 else [1], float(time))
    both = memory.trajectories([1, 2])
    assert both.times[0].max() < 99
    assert both.co_occurrence_mask(torch.zeros(2)).tolist() == [
        [False, True],
        [True, False],
    ]


def test_trajectories_in_the_order_asked_for() -> None:
    memory = TokenBuffer()
    for time in range(3):
        see(memory, [5, 2, 9], float(time))
    assert memory.ids == [2, 5, 9]
    tracks = memory.trajectories([9, 2])
    assert tracks.tokens.shape == (2, 3, 4, 2)
    assert tracks.times.tolist() == [[0, 1, 2], [0, 1, 2]]
    assert tracks.frame_ids.tolist() == [[1, 2, 3], [1, 2, 3]]
    assert memory.trajectories([5], 2).frame_ids.tolist() == [[1, 3]]
    assert TokenBuffer().trajectories([]) is None


def test_who_never_shared_a_frame_never_met() -> None:
    memory = TokenBuffer()
    for time, ids in enumerate([[1], [2, 3], [1], [3]]):  # 1 and 2 are there by turns
        see(memory, ids, float(time))
    videos = torch.zeros(3)
    pairs = memory.trajectories([1, 2, 3]).co_occurrence_mask(videos).nonzero().tolist()
    assert pairs == [[1, 2], [2, 1]]
    memory.rename({3: 1})  # 1 was 3 as well, so that 2 met it
    pairs = (
        memory.trajectories([2, 1]).co_occurrence_mask(videos[:2]).nonzero().tolist()
    )
    assert pairs == [[0, 1], [1, 0]]
    memory.forget([2])
    assert memory._shares_frame == {1: {1}}


def test_forgotten_is_gone() -> None:
    memory = TokenBuffer()
    for time in range(3):
        see(memory, [5, 2], float(time))
    memory.forget([5])
    assert memory.ids == [2]
    assert memory._table()['ids'].tolist() == [2, 2, 2]


def test_linked_trajectories_become_one() -> None:
    memory = TokenBuffer()
    see(memory, [1], 0.0)
    see(memory, [3], 1.0)
    memory.rename({3: 1})
    assert memory.ids == [1]
    assert memory.trajectories([1]).times.tolist() == [[0, 1]]
    assert memory._shares_frame == {1: {1}}


def test_renaming_in_a_chain_or_a_swap_loses_nobody() -> None:
    memory = TokenBuffer(max_boxes=2)
    for time in range(5):
        see(memory, [1], float(time))
    see(memory, [2, 4], 5.0)
    memory.rename({1: 2, 2: 4, 4: 8})
    assert memory.ids == [2, 4, 8]
    assert memory.trajectories([2, 4, 8]).mask.sum(1).tolist() == [2, 1, 1]
    assert memory._stride == {2: 2, 4: 1, 8: 1}
    memory.rename({2: 4, 4: 2})
    assert memory.ids == [2, 4, 8]
    assert memory.trajectories([2]).times.tolist() == [[5.0]]


class EveryPair(TokenBuffer):
    """Notes all pairs of each frame."""

    def _add_pairs(self, ids: set[int]) -> None:
        for track_id in ids:
            self._shares_frame.setdefault(track_id, set()).update(ids)


@pytest.mark.parametrize('seed', range(5))
def test_pairs_are_noted_when_one_of_them_is_new(seed: int) -> None:
    """As if all pairs of each frame were noted, through forgotten and renamed ids."""
    rng = np.random.default_rng(seed)
    buffers = TokenBuffer(), EveryPair()
    for time in range(80):
        ids = rng.permutation(9)[: rng.integers(0, 7)].tolist()
        names = dict([rng.permutation(9)[:2].tolist()])
        chance = rng.random()
        for buffer in buffers:
            see(buffer, ids, float(time))
            if chance < 0.2:
                buffer.forget(ids[:2])
            elif chance < 0.4:
                buffer.rename(names)
        assert buffers[0]._shares_frame == buffers[1]._shares_frame


def test_a_crowd_that_stays_adds_no_pairs() -> None:
    """Or each frame would cost the square of its tracks."""

    class Counted(set):
        sizes: ClassVar[list[int]] = []

        def update(self, ids) -> None:
            self.sizes.append(len(ids))
            super().update(ids)

    buffer = TokenBuffer()
    buffer.select(range(100))
    buffer._shares_frame = {i: Counted(s) for i, s in buffer._shares_frame.items()}
    for _ in range(5):
        buffer.select(range(100))
    assert Counted.sizes == []
    buffer.select(range(101))
    assert buffer._shares_frame[100] == {*range(101)}
    assert all(100 in buffer._shares_frame[i] for i in range(100))


class OneByOne(TokenBuffer):
    """Thins one trajectory after another, as it is told: the plain way, and slow."""

    def _thin(self, ids: list[int]) -> None:
        for track_id in ids:
            mine = self._table()['ids'] == track_id
            place = mine.cumsum(0) - 1
            self._keep(~mine | (place % 2 == 0))
            self._num_boxes[track_id] = (self._num_boxes[track_id] + 1) // 2
            self._stride[track_id] = 2 * self._stride.get(track_id, 1)


@pytest.mark.parametrize('seed', range(5))
def test_thinned_together_as_one_by_one(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    memories = TokenBuffer(max_boxes=3), OneByOne(max_boxes=3)
    for time in range(60):
        # Crowds that come and go, in any order; now and then two are found to be one.
        there = torch.randperm(12, generator=generator)[: 12 - time % 5].tolist()
        for memory in memories:
            see(memory, there, float(time))
            if time % 20 == 19:
                memory.rename({there[0]: there[1]})
    ours, plain = memories
    for name, column in plain._table().items():
        assert torch.equal(ours._table()[name], column)
    assert len(ours._table()['ids']) < 12 * 7
    for facts in ('_num_boxes', '_stride', '_num_offered', '_shares_frame'):
        assert getattr(ours, facts) == getattr(plain, facts)
    assert max(ours._stride.values()) >= 8


def test_a_crowd_is_thinned_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time the whole table is copied, with all who ever were in the video."""
    memory, copies = TokenBuffer(max_boxes=2), []
    keep = memory._keep
    monkeypatch.setattr(memory, '_keep', lambda rows: copies.append(1) or keep(rows))
    for time in range(5):
        see(memory, list(range(50)), float(time))
    assert len(copies) == 1
    assert memory._num_boxes == dict.fromkeys(range(50), 3)
