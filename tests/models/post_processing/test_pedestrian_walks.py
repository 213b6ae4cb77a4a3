"""Simulated walks: repeatable, plausible, varied."""

from __future__ import annotations

import numpy as np

from mmsmot.models.post_processing.pedestrian_walks import simulate_walks


def test_equal_seeds_equal_walks_and_no_global_generator() -> None:
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    one, same, other = (simulate_walks(seed) for seed in ((0, 1), (0, 1), (0, 2)))
    np.testing.assert_array_equal(one.boxes, same.boxes)
    np.testing.assert_array_equal(one.frame_ids, same.frame_ids)
    assert len(one) != len(other)
    assert (np.random.get_state()[1] == before).all()


def test_people_are_of_a_persons_shape_and_do_not_jump() -> None:
    for seed in range(12):
        walks = simulate_walks(seed)
        width, height = (walks.boxes[:, 2:] - walks.boxes[:, :2]).T
        assert (height >= 12).all()
        assert 0.2 < np.median(width / height) < 0.6
        for person in walks.by_id().values():
            tall = np.diff(person.boxes[:, [1, 3]])[:, 0]
            near = np.diff(person.frame_ids) == 1
            moved = np.abs(np.diff((person.boxes[:, 0] + person.boxes[:, 2]) / 2))
            # At 10 frames a second a runner crosses at most his height in a frame.
            allowed = tall[1:] + 0.02 * walks.space.width
            assert (moved[near] < allowed[near]).all()


def test_visibility_is_what_a_nearer_person_leaves() -> None:
    hidden = 0
    for seed in range(12):
        walks = simulate_walks(seed)
        assert (walks.visibility >= 0).all() and (walks.visibility <= 1 + 1e-12).all()
        for frame in list(walks.by_frame().values())[::40]:
            clear = frame.visibility > 1 - 1e-9
            # Nobody stands before the nearest one, whose feet are lowest.
            assert clear[frame.boxes[:, 3].argmax()]
            hidden += int((~clear).sum())
    assert hidden > 20
