"""Feature maps of the frame before."""

from __future__ import annotations

import torch

from projects.query_trackers.previous_levels import previous_frame_levels


def test_each_frame_has_the_maps_of_the_one_before() -> None:
    levels = tuple(torch.rand(4, 2, size, size) for size in (4, 2))
    previous = tuple(torch.rand(2, 2, size, size) for size in (4, 2))
    shifted = previous_frame_levels(levels, previous, step=2)
    for level, earlier, found in zip(levels, previous, shifted, strict=True):
        assert torch.equal(found, torch.cat([earlier, level[:2]]))
    # Without any, and with those of another size, the first frames are taken again.
    smaller = tuple(level[:2, :, 1:] for level in levels)
    for others in (None, smaller):
        for level, found in zip(
            levels, previous_frame_levels(levels, others, step=2), strict=True
        ):
            assert torch.equal(found, torch.cat([level[:2], level[:2]]))


def test_a_frame_that_is_no_numbers_is_not_looked_back_at() -> None:
    (level,) = levels = (torch.rand(3, 2, 4, 4),)
    level[1, 0, 2, 3] = torch.nan
    (found,) = previous_frame_levels(levels, (torch.rand(1, 2, 4, 4),))
    assert torch.equal(found[2], level[2])
    assert torch.equal(found[1], level[0])
