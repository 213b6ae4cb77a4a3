"""Pairs to learn from: broken trajectories and wrong pairs of three kinds."""

from __future__ import annotations

import numpy as np

from mmsmot.models.post_processing.link_samples import (
    break_trajectories,
    sample_link_pairs,
)
from mmsmot.models.post_processing.pedestrian_walks import simulate_walks
from mmsmot.structures import Trajectories


def broken(seed: int) -> tuple[Trajectories, Trajectories, np.ndarray]:
    truth = simulate_walks(seed)
    return truth, *break_trajectories(truth, np.random.default_rng(seed))


def test_each_piece_is_of_one_person_and_lies_on_the_truth() -> None:
    for seed in range(8):
        truth, pieces, owners = broken(seed)
        by_id = pieces.by_id()
        assert len(owners) == len(by_id) > len(np.unique(owners))
        people = truth.by_id()
        for owner, piece in zip(owners, by_id.values(), strict=True):
            person = people[int(owner)]
            rows = np.searchsorted(person.frame_ids, piece.frame_ids)
            assert (person.frame_ids[rows] == piece.frame_ids).all()
            tall = person.boxes[rows, 3] - person.boxes[rows, 1]
            off = np.abs(piece.boxes - person.boxes[rows]).max(axis=1)
            assert np.median(off / tall) < 0.1


def test_pieces_of_one_person_share_no_frame() -> None:
    for seed in range(8):
        _, pieces, owners = broken(seed)
        position = np.unique(pieces.ids, return_inverse=True)[1]
        seen = np.column_stack([owners[position], pieces.frame_ids])
        assert len(np.unique(seen, axis=0)) == len(pieces)


def test_a_wrong_pair_for_each_right_one() -> None:
    for seed in range(6):
        truth = simulate_walks(seed)
        tails, heads, same = sample_link_pairs(
            truth, np.random.default_rng(seed), 'edge'
        )
        again = sample_link_pairs(truth, np.random.default_rng(seed), 'edge')
        np.testing.assert_array_equal(heads, again[1])
        right = int(same.sum())
        assert tails.shape == heads.shape == (len(same), 30, 3)
        assert right and not same[-right:].any()
        # The natural ones lie as AFLink meets them: behind each other, and near.
        natural = slice(0, len(same) - right)
        last, first = tails[natural, -1], heads[natural, 0]
        gap = first[:, 0] - last[:, 0]
        assert ((gap > 0) & (gap < 40)).all()
        assert (np.linalg.norm(first[:, 1:] - last[:, 1:], axis=1) <= 110).all()


def test_wrong_pairs_are_turned_late_or_far() -> None:
    kinds = np.zeros(3, int)
    for seed in range(6):
        tails, heads, same = sample_link_pairs(
            simulate_walks(seed), np.random.default_rng(0), 'edge'
        )
        right = int(same.sum())
        last, first = tails[-right:, -1], heads[-right:, 0]
        gap = first[:, 0] - last[:, 0]
        far = np.abs(first[:, 1:] - last[:, 1:]).max(axis=1) > 110
        kinds += [
            int((~far & (gap <= 0)).sum()),
            int((~far & (gap >= 40)).sum()),
            int(far.sum()),
        ]
    assert (kinds > 20).all(), kinds


def test_nothing_to_break() -> None:
    pieces, owners = break_trajectories(Trajectories.empty(), np.random.default_rng(0))
    assert len(pieces) == len(owners) == 0
    assert (
        len(
            sample_link_pairs(Trajectories.empty(), np.random.default_rng(0), 'edge')[2]
        )
        == 0
    )
