"""What the others of a video tell a trajectory."""

from __future__ import annotations

import pytest
import torch

from mmsmot.models.fusion import CrossTrackAttention

VIDEO = torch.tensor([0, 0, 1, 0, 1, 2])
OTHERS = (VIDEO[:, None] == VIDEO).fill_diagonal_(False)
BOXES = [3, 1, 2, 2, 3, 1]


@pytest.fixture
def part() -> CrossTrackAttention:
    torch.manual_seed(0)
    return CrossTrackAttention(channels=16, num_heads=4, ffn_channels=32).eval()


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    mask = torch.arange(12) < 4 * torch.tensor(BOXES)[:, None]
    return torch.randn(6, 12, 16), mask


def test_a_batch_of_videos_equals_one_video_after_the_other(part) -> None:
    fused, mask = tokens()
    found = part(fused, mask, OTHERS)
    for video in range(3):
        rows = VIDEO.eq(video).nonzero()[:, 0]
        length = int(mask[rows].sum(1).max())
        alone = part(fused[rows, :length], mask[rows, :length], OTHERS[rows][:, rows])
        for row, single in zip(rows, alone, strict=True):
            own = mask[row]
            torch.testing.assert_close(found[row][own], single[own[:length]])


def test_many_others_are_looked_at_in_parts(part, monkeypatch) -> None:
    fused, mask = tokens()
    whole = part(fused, mask, OTHERS)
    monkeypatch.setattr('mmsmot.models.fusion.cross_track_attention.MAX_KEYS', 4)
    torch.testing.assert_close(part(fused, mask, OTHERS), whole)
    assert part(fused[:0], mask[:0], OTHERS[:0, :0]).shape == (0, 12, 16)


def test_equal_to_attention_over_the_means_of_the_others_boxes(part) -> None:
    fused, mask = tokens()
    seen = torch.cat(
        [fused[k, : 4 * BOXES[k]].unflatten(0, (-1, 4)).mean(1) for k in (0, 3)]
    )
    expected = part.attention(fused[1:2], seen[None])
    torch.testing.assert_close(part(fused, mask, OTHERS)[1:2], expected)


def test_nobody_sees_another_video_nor_padding(part) -> None:
    fused, mask = tokens()
    before = part(fused, mask, OTHERS)
    changed = fused.clone()
    changed[2] += 1  # of video 1
    changed[~mask] += 7
    after = part(changed, mask, OTHERS)
    for row in (0, 1, 3, 5):
        torch.testing.assert_close(after[row][mask[row]], before[row][mask[row]])
    assert (after[4] - before[4])[mask[4]].abs().max() > 1e-2


def test_who_is_alone_passes_through_the_norms(part) -> None:
    fused, mask = tokens()
    alone = part(fused[5:], mask[5:], OTHERS[5:, 5:])
    no_one = part.attention(fused[5:], fused[5:, :0], mask[5:, :0])
    torch.testing.assert_close(alone, no_one)
    assert torch.isfinite(alone).all()
    torch.testing.assert_close(part(fused, mask, OTHERS)[5:], alone)
