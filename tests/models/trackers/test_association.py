"""Matching against brute force and between its own ways."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.trackers import OCSORT, SORT, association
from mmsmot.models.trackers.association import (
    AssociationOverlaps,
    associate_by_iou,
    associate_by_weight,
    unassociated_candidates,
)
from mmsmot.models.trackers.certain_pairs import certain_pairs
from mmsmot.models.trackers.kalman_filter import MEAN
from mmsmot.models.trackers.track_table import TrackTable
from mmsmot.structures import Detections


def best_by_trying(weights: np.ndarray) -> float:
    """The greatest total of positive weights over all matchings."""
    gain = np.maximum(weights, 0)
    if gain.shape[0] > gain.shape[1]:
        gain = gain.T
    rows = range(gain.shape[0])
    return max(
        sum(gain[i, j] for i, j in zip(rows, columns, strict=True))
        for columns in permutations(range(gain.shape[1]), gain.shape[0])
    )


def sparse_weights(seed: int, shape: tuple[int, int], density: float) -> np.ndarray:
    rng = np.random.default_rng(seed)
    weights = rng.random(shape)
    weights[rng.random(shape) > density] = -1
    return weights


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 5))
@pytest.mark.parametrize('small', [0, association.SMALL])
@pytest.mark.parametrize('large', [0, association.LARGE])
def test_matching_is_the_best(small: int, large: int, seed: int, n: int, m: int):
    weights = sparse_weights(seed, (n, m), 0.5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(association, 'SMALL', small)
        patch.setattr(association, 'LARGE', large)
        rows, columns = associate_by_weight(weights)
    assert (np.diff(rows) > 0).all()
    assert len(set(columns.tolist())) == len(columns)
    assert (weights[rows, columns] > 0).all()
    assert weights[rows, columns].sum() == pytest.approx(best_by_trying(weights))


@pytest.mark.parametrize('density', [0.002, 0.02, 0.3])
def test_all_ways_agree_on_a_large_problem(density: float, monkeypatch) -> None:
    weights = sparse_weights(1, (300, 340), density)
    totals = []
    for small, large in ((10**9, 0), (0, 10**9), (0, 0)):
        monkeypatch.setattr(association, 'SMALL', small)
        monkeypatch.setattr(association, 'LARGE', large)
        rows, columns = associate_by_weight(weights)
        totals.append(weights[rows, columns].sum())
    assert totals[1:] == pytest.approx([totals[0]] * 2, rel=1e-12)


def test_nothing_to_match() -> None:
    for shape in ((0, 3), (3, 0), (2, 2)):
        rows, columns = associate_by_weight(np.full(shape, -1.0))
        assert len(rows) == len(columns) == 0


def dense(table: np.ndarray) -> AssociationOverlaps:
    return AssociationOverlaps(table, *np.empty((2, 0), np.int64), np.empty(0))


def sparse(table: np.ndarray) -> AssociationOverlaps:
    rows, columns = np.nonzero(table > 0)
    return AssociationOverlaps(None, rows, columns, table[rows, columns])


def test_sort_takes_clear_pairs_without_the_solver() -> None:
    # The solver would rather have .29 + .4 than .35, but .35 is the only clear pair.
    iou = np.array([[0.35, 0.29], [0.29, 0.0]])
    rows, columns = associate_by_iou(dense(iou), 0.3)
    assert (rows.tolist(), columns.tolist()) == ([0], [0])


def test_sort_undoes_weak_pairs_after_the_assignment() -> None:
    # Two clear pairs in one row call the solver, which prefers the anti-diagonal and
    # so leaves row 1 with a pair that is too weak.
    iou = np.array([[0.5, 0.45], [0.2, 0.0]])
    rows, columns = associate_by_iou(dense(iou), 0.3)
    assert (rows.tolist(), columns.tolist()) == ([0], [1])


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.1, 0.5]))
def test_sort_over_the_overlapping_pairs_is_sort(seed: int, density: float) -> None:
    iou = np.maximum(sparse_weights(seed, (40, 50), density), 0)
    rows, columns = associate_by_iou(dense(iou), 0.3)
    i, j = associate_by_iou(sparse(iou), 0.3)
    assert (i.tolist(), j.tolist()) == (rows.tolist(), columns.tolist())


def test_sort_over_pairs_takes_clear_ones_and_undoes_weak_ones_as_sort() -> None:
    clear = np.array([[0.35, 0.29], [0.29, 0.0]])
    weak = np.array([[0.5, 0.45], [0.2, 0.0]])
    exact = np.array([[0.3]])
    for iou, expected in (
        (clear, [(0, 0)]),
        (weak, [(0, 1)]),
        (exact, [(0, 0)]),
        (np.zeros((2, 2)), []),
    ):
        pairs = list(zip(*associate_by_iou(sparse(iou), 0.3), strict=True))
        assert pairs == expected


@settings(max_examples=100)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.02, 0.1, 0.5]))
def test_both_forms_of_overlaps_agree(seed: int, density: float) -> None:
    iou = np.maximum(sparse_weights(seed, (12, 15), density), 0).round(1)  # with ties
    table, edges = dense(iou), sparse(iou)
    rng = np.random.default_rng(seed)
    factors = rng.uniform(0.1, 1, 15)
    rows, columns = rng.integers(0, 12, 30), rng.integers(0, 15, 30)
    for one, other in ((table, edges), (table.scaled(factors), edges.scaled(factors))):
        np.testing.assert_array_equal(
            one.of_pairs(rows, columns), other.of_pairs(rows, columns)
        )
        for limit in (0.2, 0.5):
            pairs = [o.where(lambda v, limit=limit: v > limit) for o in (one, other)]
            np.testing.assert_array_equal(*pairs)
            totals = [o.of_pairs(*o.match(limit)) - limit for o in (one, other)]
            assert totals[0].sum() == pytest.approx(totals[1].sum())
        for margin in (0.0, 0.2):
            np.testing.assert_array_equal(
                *(certain_pairs(o, margin) for o in (one, other))
            )


def test_remaining_keeps_the_order() -> None:
    left = unassociated_candidates(np.array([7, 2, 9, 4]), np.array([9, 2]))
    assert left.tolist() == [7, 4]
    assert unassociated_candidates(np.array([3, 1]), np.empty(0, int)).tolist() == [
        3,
        1,
    ]


def test_table_grows_keeps_and_counts_on() -> None:
    table = TrackTable(np.dtype([('id', np.int64), ('hits', np.int64)]))
    state = np.arange(5 * 100 * 4, dtype=float).reshape(5, 100, 4)
    table.spawn(state[:, :60])['hits'] = 7
    table.spawn(state[:, 60:])  # more than it was made for
    assert table.rows['id'].tolist() == list(range(1, 101))
    assert table.rows['hits'].tolist() == [7] * 60 + [0] * 40
    np.testing.assert_array_equal(table.state, state)
    table.keep(np.array([70, 3]))
    assert table.rows['id'].tolist() == [71, 4]
    np.testing.assert_array_equal(table.state, state[:, [70, 3]])
    assert table.spawn(state[:, :1])['id'].tolist() == [101]
    table.clear()
    assert table.spawn(state[:, :1])['id'].tolist() == [1]


@pytest.mark.parametrize('tracker', [SORT(), OCSORT()], ids=['SORT', 'OCSORT'])
def test_sort_reports_the_newest_track_first(tracker: SORT) -> None:
    boxes = np.array([[10.0, 10, 50, 90], [110, 10, 150, 90], [210, 10, 250, 90]])
    found = Detections(boxes, [0.9, 0.8, 0.7])
    for _ in range(6):
        tracks = tracker.update(found)
        assert tracks.ids.tolist() == [3, 2, 1]
        assert tracks.det_index.tolist() == [2, 1, 0]
        np.testing.assert_allclose(tracks.boxes, boxes[::-1], atol=1e-6)


def test_sort_reports_no_track_whose_area_is_none() -> None:
    tracker = SORT()
    boxes = np.array([[10.0, 10, 50, 90], [110, 10, 150, 90], [210, 10, 250, 90]])
    tracker.update(Detections(boxes, [0.9] * 3))
    tracker._tracks.state[MEAN, 1, 2] = -5  # a filter's area can fall below 0
    tracks = tracker._report()
    assert tracks.ids.tolist() == [3, 1]
    np.testing.assert_allclose(tracks.boxes, boxes[[2, 0]])
