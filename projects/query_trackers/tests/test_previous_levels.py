"""Feature maps of the frame before."""

from __future__ import annotations

import torch

from projects.query_trackers.previous_levels import SizedLevels, previous_frame_levels


def random_frames(count: int, cells: int = 4) -> SizedLevels:
    """Frames of 64 x 64 in maps of so many cells a side, and of half as many."""
    levels = tuple(torch.rand(count, 2, side, side) for side in (cells, cells // 2))
    return SizedLevels(levels, torch.full((count, 2), 64.0))


def test_each_frame_has_the_maps_of_the_one_before() -> None:
    frames, previous = random_frames(4), random_frames(2)
    shifted = previous_frame_levels(frames, previous, step=2)
    for level, earlier, found in zip(
        frames.levels, previous.levels, shifted, strict=True
    ):
        assert torch.equal(found, torch.cat([earlier, level[:2]]))
    for level, found in zip(
        frames.levels, previous_frame_levels(frames, None, step=2), strict=True
    ):
        assert torch.equal(found, torch.cat([level[:2], level[:2]]))


def test_a_frame_of_another_size_is_not_looked_back_at() -> None:
    """Row by row: of two videos the size of one changes, in a batch and before it."""
    frames, previous = random_frames(6), random_frames(2)
    frames.sizes[2, 0] = previous.sizes[1, 1] = 32
    (found, _) = previous_frame_levels(frames, previous, step=2)
    level, earlier = frames.levels[0], previous.levels[0]
    # Video 0: as before, smaller, larger again. Video 1: larger than before, then the same.
    expected = [earlier[0], level[1], level[2], level[1], level[4], level[3]]
    assert torch.equal(found, torch.stack(expected))


def test_maps_before_have_the_padding_of_the_frame() -> None:
    """Batches of other frames are padded otherwise; what is in the image stays."""
    for cells in (6, 2):
        frames, previous = random_frames(1), random_frames(1, cells)
        for level, earlier, found in zip(
            frames.levels,
            previous.levels,
            previous_frame_levels(frames, previous),
            strict=True,
        ):
            side = min(level.shape[-1], earlier.shape[-1])
            assert found.shape == level.shape
            assert torch.equal(found[..., :side, :side], earlier[..., :side, :side])
            assert not found[..., side:, :].any() and not found[..., side:].any()


def test_a_frame_that_is_no_numbers_is_not_looked_back_at() -> None:
    frames = random_frames(3)
    level = frames.levels[0]
    level[1, 0, 2, 3] = torch.nan
    found, _ = previous_frame_levels(frames, random_frames(1))
    assert torch.equal(found[2], level[2])
    assert torch.equal(found[1], level[0])
