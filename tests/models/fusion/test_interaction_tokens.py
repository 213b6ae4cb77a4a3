"""Who is told of whom, and what is written on them."""

from __future__ import annotations

import pytest
import torch

from mmsmot.models.fusion import InteractionTokens

PAIRS = torch.tensor([[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]])


def part(**options) -> InteractionTokens:
    torch.manual_seed(0)
    return InteractionTokens(num_verbs=2, channels=8, tokens=2, **options).eval()


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    mask = torch.arange(6) < torch.tensor([6, 4, 2, 5])[:, None]
    return torch.randn(4, 6, 8), mask


def scores() -> torch.Tensor:
    """0 does the first verb to 2; 1 does the second to 2, less surely."""
    table = torch.zeros(6, 2)
    table[1, 0], table[3, 1] = 0.9, 0.6
    return table


def shown(relations: InteractionTokens, k: int, does, suffers) -> torch.Tensor:
    """By hand: two first tokens, the mean of all, the scores both ways."""
    fused, mask = tokens()
    whole = relations.project_mean(fused[k][mask[k]].mean(0))
    marks = relations.as_subject(torch.tensor(does)) + relations.as_object(
        torch.tensor(suffers)
    )
    return fused[k, :2] + whole + marks


def test_a_partner_is_who_interacts_most_with_one_marked_both_ways() -> None:
    relations = part(max_partners=1)
    found, there = relations.partner_tokens(*tokens(), PAIRS, scores())
    assert there.tolist() == [[True] * 2] * 3 + [[False] * 2]  # 3 is alone
    expected = torch.stack(
        [
            shown(relations, 2, [0.0, 0.0], [0.9, 0.0]),  # of 0: who suffers from it
            shown(relations, 2, [0.0, 0.0], [0.0, 0.6]),
            shown(relations, 0, [0.9, 0.0], [0.0, 0.0]),  # of 2: who does more to it
        ]
    )
    torch.testing.assert_close(found[:3], expected)
    assert found[3].abs().max() == 0


def test_more_partners_come_in_the_order_of_their_strength() -> None:
    relations = part(max_partners=3)
    found, there = relations.partner_tokens(*tokens(), PAIRS, scores())
    assert found.shape == (4, 6, 8)
    assert there.tolist() == [[True] * 4 + [False] * 2] * 3 + [[False] * 6]
    second = shown(relations, 1, [0.0, 0.6], [0.0, 0.0])
    torch.testing.assert_close(found[2, 2:4], second)


def test_people_carry_the_highest_scores_that_they_have_with_anybody() -> None:
    relations = part(max_tracks=2)
    found, strength = relations.track_tokens(*tokens(), PAIRS, scores())
    expected = [
        shown(relations, 0, [0.9, 0.0], [0.0, 0.0]),
        shown(relations, 1, [0.0, 0.6], [0.0, 0.0]),
        shown(relations, 2, [0.0, 0.0], [0.9, 0.6]),
        shown(relations, 3, [0.0, 0.0], [0.0, 0.0]),
    ]
    torch.testing.assert_close(found, torch.stack(expected))
    torch.testing.assert_close(strength, torch.tensor([0.9, 0.6, 0.9, 0.0]))
    kept = relations.top_tracks(found, strength)
    torch.testing.assert_close(kept, found[[0, 2]].flatten(0, 1))


def test_one_video_after_the_other_equals_a_batch() -> None:
    relations = part()
    fused, mask = tokens()
    torch.manual_seed(2)
    table = torch.rand(4, 2)
    pairs = torch.tensor([[0, 1], [1, 0], [2, 3], [3, 2]])
    together = relations.partner_tokens(fused, mask, pairs, table)[0]
    for rows in ([0, 1], [2, 3]):
        own = fused[rows], mask[rows], pairs[:2], table[rows]
        alone = relations.partner_tokens(*own)[0]
        torch.testing.assert_close(together[rows], alone)


def test_nobody_meets_anybody() -> None:
    relations = part()
    none = torch.zeros(0, 2, dtype=torch.int64), torch.zeros(0, 2)
    found, there = relations.partner_tokens(*tokens(), *none)
    assert not there.any() and found.abs().max() == 0
    people, strength = relations.track_tokens(*tokens(), *none)
    assert strength.tolist() == [0] * 4
    torch.testing.assert_close(people[1], shown(relations, 1, [0.0, 0.0], [0.0, 0.0]))


def test_options_that_make_no_sense() -> None:
    with pytest.raises(
        ValueError, match='max_partners must be a whole .* of 1 or more, got 0'
    ):
        part(max_partners=0)
