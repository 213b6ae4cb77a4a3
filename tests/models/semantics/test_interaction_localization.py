"""Spans of interactions, with a score that looks only at what a window shows."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.semantics.interaction_localization import localize_interactions
from mmsmot.models.trajectory import TrajectoryTokens
from mmsmot.structures import Interactions


def tracks_of(*frames: np.ndarray) -> TrajectoryTokens:
    """Trajectories whose tokens are their frame numbers."""
    numbers = torch.tensor(np.concatenate(frames))
    track = torch.repeat_interleave(torch.tensor([len(f) for f in frames]))
    tokens = numbers.float()[:, None, None]
    boxes = torch.zeros(len(numbers), 4)
    return TrajectoryTokens.grouped(
        track, tokens, numbers / 25, boxes, len(frames), frame_ids=numbers
    )


def deed(first: int, last: int):
    """Scores of two verbs: the share of the subject's boxes in a span, and half."""

    def score(pairs: TrajectoryTokens) -> torch.Tensor:
        assert pairs.mask.any(1).all()  # a window without one of them is not asked for
        own = pairs.tokens[::2, :, 0, 0]
        inside = (own >= first) & (own <= last) & pairs.mask[::2]
        share = inside.sum(1) / pairs.mask[::2].sum(1)
        return torch.stack([share, torch.full_like(share, 0.5)], dim=1)

    return score


def found(*rows: tuple[int, int]) -> Interactions:
    subjects, others = zip(*rows, strict=True)
    return Interactions(subjects, others, ['hug.v.01'] * len(rows))


def span(table: Interactions, row: int = 0) -> tuple[int, int]:
    return int(table.start_frames[row]), int(table.end_frames[row])


def test_the_window_finds_when_it_is_done() -> None:
    tracks = tracks_of(np.arange(1, 33, 2), np.arange(1, 33, 2))
    said = localize_interactions(found((7, 9)), [7, 9], [0], tracks, deed(9, 17))
    first, last = span(said)
    assert abs(first - 9) <= 2
    assert abs(last - 17) <= 2


def test_a_verb_that_holds_in_all_windows_holds_all_the_time() -> None:
    tracks = tracks_of(np.arange(1, 33, 2), np.arange(5, 41, 2))
    said = localize_interactions(found((7, 9)), [7, 9], [1], tracks, deed(9, 17))
    assert span(said) == (5, 31)  # in which both are there


def test_those_who_never_meet_have_no_span() -> None:
    tracks = tracks_of(np.arange(1, 9), np.arange(9, 17), np.arange(1, 17))
    pairs = found((1, 2), (1, 3))
    said = localize_interactions(pairs, [1, 2, 3], [0, 0], tracks, deed(1, 8))
    assert span(said) == (0, 0)
    assert span(said, 1) == (1, 8)
    assert said.scores.tolist() == pairs.scores.tolist()


def test_what_was_looked_at_once_is_all_that_is_known() -> None:
    tracks = tracks_of(np.array([3]), np.array([3]))
    for verb in (0, 1):
        said = localize_interactions(found((1, 2)), [1, 2], [verb], tracks, deed(1, 9))
        assert span(said) == (3, 3)


@settings(max_examples=40)
@given(st.data())
def test_a_span_lies_where_both_are_and_one_pair_is_as_many(
    data: st.DataObject,
) -> None:
    frames = st.lists(st.integers(1, 300), min_size=1, max_size=60, unique=True)
    own = [np.array(sorted(data.draw(frames))) for _ in range(3)]
    first = data.draw(st.integers(1, 300))
    score = deed(first, first + data.draw(st.integers(0, 100)))
    tracks = tracks_of(*own)
    rows = [(0, 1), (1, 2), (2, 0)]
    together = localize_interactions(found(*rows), [0, 1, 2], [0] * 3, tracks, score)
    for row, (j, k) in enumerate(rows):
        alone = localize_interactions(found((j, k)), [0, 1, 2], [0], tracks, score)
        assert span(alone) == span(together, row)
        start, end = span(together, row)
        low, high = max(own[j][0], own[k][0]), min(own[j][-1], own[k][-1])
        assert (start, end) == (0, 0) if low > high else low <= start <= end <= high


def windows_asked(num_frames: int, parts: int = 4) -> list[list[int]]:
    """Frame numbers of the subject in each window that is scored."""
    asked: list[list[int]] = []

    def score(pairs: TrajectoryTokens) -> torch.Tensor:
        for row, mask in zip(pairs.tokens[::2, :, 0, 0], pairs.mask[::2], strict=True):
            asked.append([int(number) for number in row[mask]])
        return torch.ones(len(pairs.tokens) // 2, 1)

    frames = np.arange(1, num_frames + 1)
    localize_interactions(
        found((1, 2)), [1, 2], [0], tracks_of(frames, frames), score, parts
    )
    return asked


def test_a_window_shows_a_part_of_16_steps_and_two_at_least() -> None:
    # 16 of 46 frames, three apart: a window goes from one over four of them.
    asked = windows_asked(46)
    assert [(w[0], w[-1]) for w in asked] == [
        (3 * k + 1, 3 * k + 10) for k in range(13)
    ]
    assert windows_asked(16, parts=16)[:2] == [[1, 2], [2, 3]]
    assert windows_asked(4) == [[1, 2], [2, 3], [3, 4]]
    assert windows_asked(2) == []  # one window would be all


def test_a_deed_is_over_where_less_than_half_speaks_for_it() -> None:
    frames = np.arange(1, 9)
    for weak, first in ((0.98, 4), (1.0, 3)):
        # By the first frame of a window of two; frame 3 is supported by weak / 2.
        scores = torch.tensor([0, 0, 0, weak, 1.0, 1.0, 0, 0, 0])

        def score(
            pairs: TrajectoryTokens, scores: torch.Tensor = scores
        ) -> torch.Tensor:
            numbers = pairs.tokens[::2, :, 0, 0].masked_fill(~pairs.mask[::2], 99)
            return scores[numbers.min(dim=1).values.long()][:, None]

        tracks = tracks_of(frames, frames)
        said = localize_interactions(found((1, 2)), [1, 2], [0], tracks, score, parts=8)
        assert span(said) == (first, 6)


def test_all_verbs_of_a_pair_at_once_as_one_by_one() -> None:
    """Each pair's frames are swept once, however many verbs are reported of it."""
    tracks = tracks_of(np.arange(1, 41, 2), np.arange(1, 41, 3))
    weights = torch.rand(7, 41, generator=torch.Generator().manual_seed(0))

    def score(pairs: TrajectoryTokens) -> torch.Tensor:
        own = pairs.tokens[::2, :, 0, 0].long() * pairs.mask[::2]
        return (weights[:, own] ** 8).mean(dim=2).T

    verbs = list(range(7))
    rows = Interactions([1] * 7, [2] * 7, [f'verb{v}.v.01' for v in verbs])
    every = localize_interactions(rows, [1, 2], verbs, tracks, score)
    alone = [
        localize_interactions(found((1, 2)), [1, 2], [v], tracks, score) for v in verbs
    ]
    assert [span(every, v) for v in verbs] == [span(a) for a in alone]
    assert len({span(a) for a in alone}) > 1
