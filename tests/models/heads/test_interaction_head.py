"""Eq. 5: directed pairs, in one batch, with the focal loss."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mmsmot.models.heads import InteractionHead
from mmsmot.structures import Interactions

VERBS = ['hug.v.01', 'push.v.01', 'talk.v.01']


def ordered_pairs(count: int) -> torch.Tensor:
    return (~torch.eye(count, dtype=bool)).nonzero()


def head(**options) -> InteractionHead:
    torch.manual_seed(0)
    options = dict(pooled_tokens=2, hidden=(24,), num_heads=4) | options
    return InteractionHead(channels=16, vocabulary=VERBS, **options).eval()


def tokens() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    mask = torch.arange(8) < torch.tensor([[8], [3], [6]])
    return torch.randn(3, 8, 16), mask


@pytest.mark.parametrize('chunk_size', [1, 4, 256])
def test_all_pairs_at_once_equal_a_loop(chunk_size: int) -> None:
    part = head(chunk_size=chunk_size)
    fused, mask = tokens()
    pairs = ordered_pairs(3)
    assert pairs.tolist() == [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]]
    logits = part(fused, mask, pairs)
    for row, (j, k) in enumerate(pairs.tolist()):
        subject = fused[j : j + 1, : int(mask[j].sum())]
        other = fused[k : k + 1, : int(mask[k].sum())]
        joined = part.attention(
            part.subject_attention(subject), part.object_attention(other)
        )
        pooled = F.adaptive_avg_pool1d(joined.transpose(1, 2), 2).transpose(1, 2)
        torch.testing.assert_close(logits[row], part.mlp(pooled.flatten(1))[0])
    # Directed: who acts on whom matters.
    assert (logits[0] - logits[2]).abs().max() > 1e-3


def test_without_self_attention_sides_go_in_as_they_are() -> None:
    part = head(self_attention=False)
    fused, mask = tokens()
    logits = part(fused, mask, torch.tensor([[0, 1]]))
    joined = part.attention(fused[:1], fused[1:2, :3])
    pooled = F.adaptive_avg_pool1d(joined.transpose(1, 2), 2).transpose(1, 2)
    torch.testing.assert_close(logits, part.mlp(pooled.flatten(1)))
    assert not [name for name in part.state_dict() if '_attention.' in name]


def test_unused_logits_stand_in_front_and_are_left_out() -> None:
    part = head(unused_logits=1)
    fused, mask = tokens()
    assert part.mlp[-1].out_features == 4
    before = part(fused, mask, ordered_pairs(3))
    assert before.shape == (6, 3)
    with torch.no_grad():
        part.mlp[-1].bias += torch.tensor([100.0, 0, 0, 1])
    after = part(fused, mask, ordered_pairs(3))
    torch.testing.assert_close(after - before, torch.tensor([[0.0, 0, 1]] * 6))


def test_focal_loss_by_hand() -> None:
    logits = torch.tensor([[0.0, math.log(3.0), -math.log(3.0)]])
    target = torch.tensor([[1.0, 1.0, 0.0]])
    # Chances of the right answer: .5, .75, .75.
    expected = 0.25 * math.log(2) + 2 * 0.0625 * math.log(4 / 3)
    total, count = head().loss(logits, target)
    assert float(total) == pytest.approx(expected, rel=1e-6)
    assert count == 3
    assert head(normalizer='positives').loss(logits, target)[1] == 2


def test_targets_are_directed_and_of_the_vocabulary() -> None:
    truth = Interactions(
        [7, 7, 4], [4, 4, 9], np.array(['hug.v.01', 'talk.v.01', 'push.v.01'])
    )
    pairs = ordered_pairs(3)
    target = head().targets(pairs, [4, 7, 9], truth)
    assert target.nonzero().tolist() == [[1, 1], [2, 0], [2, 2]]
    strange = Interactions([7], [4], np.array(['hugg.v.01']))
    with pytest.raises(KeyError, match=r'hug\.v\.01'):
        head().targets(pairs, [4, 7, 9], strange)


def test_predictions_carry_ids_verbs_and_scores() -> None:
    part = head(threshold=0.0)
    fused, mask = tokens()
    pairs = ordered_pairs(3)
    logits = part(fused, mask, pairs)
    found = part.predict(logits, pairs, [4, 7, 9])
    assert len(found) == 18
    row = np.flatnonzero(
        (found.subject_ids == 9) & (found.object_ids == 4) & (found.verbs == VERBS[1])
    )
    assert found.scores[row] == pytest.approx(float(logits[4, 1].sigmoid()))


def test_before_training_nothing_is_claimed() -> None:
    part = head(prior=0.01)
    fused, mask = tokens()
    pairs = ordered_pairs(3)
    assert len(part.predict(part(fused, mask, pairs), pairs, [4, 7, 9])) == 0
    torch.nn.init.zeros_(part.mlp[-1].weight)
    scores = part(fused, mask, pairs).sigmoid()
    torch.testing.assert_close(scores, torch.full_like(scores, 0.01))


@pytest.mark.parametrize('people', [0, 1])
def test_nobody_to_act_upon(people: int) -> None:
    fused, mask = tokens()
    part, pairs = head(threshold=0.0), ordered_pairs(people)
    logits = part(fused[:people], mask[:people], pairs)
    assert len(part.predict(logits, pairs, [4][:people])) == 0


def small(vocabulary: list[str]) -> InteractionHead:
    sizes = dict(channels=8, pooled_tokens=1, hidden=(8,), num_heads=2, ffn_channels=8)
    return InteractionHead(vocabulary=vocabulary, **sizes)


def test_the_verbs_travel_with_the_weights() -> None:
    one, two = small(['hug.v.01', 'push.v.01']), small(['hug.v.01', 'push.v.01'])
    two.load_state_dict(one.state_dict())
    torch.testing.assert_close(two.mlp[0].weight, one.mlp[0].weight)


@pytest.mark.parametrize(
    ('theirs', 'message'),
    [
        (['hug.v.01', 'kick.v.01', 'push.v.01'], r'3 verbs \(only there: kick.v.01\)'),
        (['hug.v.01', 'kick.v.01'], 'only there: push.v.01'),
        (['push.v.01', 'hug.v.01'], 'in another order'),
    ],
)
def test_a_checkpoint_with_other_verbs_is_refused(
    theirs: list[str], message: str
) -> None:
    head = small(['hug.v.01', 'push.v.01'])
    with pytest.raises(ValueError, match=message):
        head.load_state_dict(small(theirs).state_dict())
