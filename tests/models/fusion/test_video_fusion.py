"""Eq. 1, and its siblings of Table 4."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from mmsmot.models.fusion import VideoFusion
from tests.models.trajectory.test_roi_tokens import features

KINDS = ['AttentionCell', 'MLPCell', 'ConcatCell', 'AdditionCell']


def fusion(kind: str) -> VideoFusion:
    torch.manual_seed(0)
    cell = dict(type=kind) if kind == 'AdditionCell' else dict(type=kind, channels=16)
    return VideoFusion(cell=cell, in_channels=8, channels=16, grid=(3, 4)).eval()


@pytest.mark.parametrize('kind', KINDS)
def test_streamed_equals_at_once(kind: str) -> None:
    part = fusion(kind)
    tokens = torch.randn(9, 2, 12, 16)
    at_once = part(tokens)
    state = None
    for piece in tokens.split([1, 3, 0, 4, 1]):
        state = part(piece, state)
    torch.testing.assert_close(state.fused, at_once.fused)
    assert state.fused.shape == (2, 12, 16)
    assert state.count.tolist() == [9, 9]


@pytest.mark.parametrize('kind', KINDS)
def test_one_frame_is_itself(kind: str) -> None:
    tokens = torch.randn(1, 1, 12, 16)
    assert torch.equal(fusion(kind)(tokens).fused, tokens[0])


def test_attention_is_the_papers_recurrence() -> None:
    part = fusion('AttentionCell')
    f = torch.randn(3, 1, 12, 16)
    attend = part.cell.attention
    expected = attend(attend(f[0], f[1]), f[2])
    torch.testing.assert_close(part(f).fused, expected)


@pytest.mark.parametrize('kind', KINDS)
def test_a_cell_goes_through_the_frames_one_by_one(kind: str) -> None:
    part = fusion(kind)
    f = torch.randn(4, 2, 12, 16)
    state = f[0]
    for i in range(1, 4):
        (prepared,) = part.cell.prepare(f[i : i + 1])
        state = part.cell.step(state, prepared, torch.full((2,), float(i)))
    torch.testing.assert_close(part(f).fused, state)


def averaging(count: int) -> VideoFusion:
    torch.manual_seed(0)
    cell = dict(type='AttentionCell', channels=16)
    options = dict(in_channels=8, channels=16, grid=(3, 4), mean_frames=count)
    return VideoFusion(cell=cell, **options).eval()


def test_first_frames_are_averaged_and_then_fused() -> None:
    part, f = averaging(5), torch.randn(7, 2, 12, 16)
    attend = part.cell.attention
    expected = attend(attend(f[:5].mean(0), f[5]), f[6])
    torch.testing.assert_close(part(f).fused, expected)
    for count in (1, 3, 5):  # a video of so few frames is their mean
        torch.testing.assert_close(part(f[:count]).fused, f[:count].mean(0))
    one = averaging(1)
    assert torch.equal(one(f).fused, fusion('AttentionCell')(f).fused)
    with pytest.raises(ValueError, match='mean_frames'):
        averaging(0)


@pytest.mark.parametrize('sizes', [[1, 1, 7], [3, 0, 6], [4, 1, 4], [6, 3]])
def test_averaged_frames_may_come_in_any_pieces(sizes: list[int]) -> None:
    part, f, state = averaging(5), torch.randn(9, 2, 12, 16), None
    for piece in f.split(sizes):
        state = part(piece, state)
    torch.testing.assert_close(state.fused, part(f).fused)
    assert state.count.tolist() == [9, 9]


def test_addition_is_the_mean() -> None:
    tokens = torch.randn(5, 2, 12, 16)
    fused = fusion('AdditionCell')(tokens).fused
    torch.testing.assert_close(fused, tokens.mean(0))


def test_addition_counts_on_in_16_bits() -> None:
    """Where 256 + 1 is 256, the mean would follow the last frames."""
    tokens = torch.zeros(1000, 1, 12, 16, dtype=torch.bfloat16)
    tokens[:500] = 1
    part, state = fusion('AdditionCell'), None
    for some in tokens.split(100):
        state = part(some, state)
    assert state.count.tolist() == [1000.0]
    torch.testing.assert_close(state.fused, torch.full((1, 12, 16), 0.5))


def test_tokens_are_places_or_channels() -> None:
    level = torch.randn(2, 8, 24, 40)
    assert fusion('ConcatCell').frame_tokens(features(level)).shape == (2, 12, 16)
    cell = dict(type='AttentionCell', channels=256)
    released = VideoFusion(cell=cell, in_channels=160, tokens='channel')
    level = torch.randn(2, 160, 24, 40)
    tokens = released.frame_tokens(features(level))
    assert tokens.shape == (2, 160, 256)
    pooled = torch.nn.functional.adaptive_avg_pool2d(level, 16)
    assert torch.equal(tokens, pooled.flatten(2))
    with pytest.raises(ValueError, match='12 positions, which must be channels'):
        VideoFusion(cell=cell, tokens='channel', grid=(3, 4))


def test_no_frame_yet() -> None:
    state = fusion('MLPCell')(torch.randn(0, 1, 12, 16))
    assert state.fused is None


@pytest.mark.parametrize('sizes', [[(30, 16), (17, 24)], [(30, 16), (30, 16)]])
def test_padding_is_not_looked_at(sizes: list[tuple[int, int]]) -> None:
    """A frame's tokens do not depend on who else is in the batch."""
    torch.manual_seed(0)
    maps = features(torch.randn(2, 8, 8, 10), stride=4, scale=1.0)
    maps.sizes[:] = torch.tensor(sizes)
    part = VideoFusion(
        cell=dict(type='AdditionCell'), in_channels=8, channels=8, grid=(2, 3)
    )
    found = part.frame_tokens(maps)
    for row, (width, height) in enumerate(sizes):
        # Cells of 4 pixels; one that is cut counts.
        own = maps.levels[0][row, :, : -(-height // 4), : -(-width // 4)]
        expected = F.adaptive_avg_pool2d(own, (2, 3)).flatten(1).T
        torch.testing.assert_close(found[row], expected)


def test_padding_is_pooled_where_asked() -> None:
    """As in the released code, whose maps end where those of the padded image do."""
    maps = features(torch.randn(2, 8, 8, 10), stride=4, scale=1.0)
    maps.sizes[:] = torch.tensor([(30, 16), (17, 24)])
    options = dict(cell=dict(type='AdditionCell'), in_channels=8, channels=8)
    part = VideoFusion(**options, grid=(2, 3), pool_padding=True)
    expected = F.adaptive_avg_pool2d(maps.levels[0], (2, 3)).flatten(2).transpose(1, 2)
    assert torch.equal(part.frame_tokens(maps), expected)
