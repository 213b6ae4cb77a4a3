"""Phrases: which are asked for, what the captions are told, where gradients go."""

from __future__ import annotations

import itertools

import pytest
import torch

from mmsmot.models.fusion import BigramHead
from mmsmot.models.trajectory import TrajectoryTokens
from tests.models.language.test_text_decoder import decoder
from tests.models.language.test_tokenizer import TEXTS

PAD = 0


def tracks(count: int = 3, longest: int = 4) -> TrajectoryTokens:
    """Trajectories of 1, 2, ... boxes, two tokens of eight numbers each."""
    torch.manual_seed(0)
    length = 1 + torch.arange(count) % longest
    return TrajectoryTokens(
        tokens=torch.randn(count, longest, 2, 8),
        times=torch.arange(longest).expand(count, -1).float(),
        boxes=torch.zeros(count, longest, 4),
        mask=torch.arange(longest) < length[:, None],
    )


def test_a_phrase_is_two_tokens_that_follow_each_other() -> None:
    torch.manual_seed(0)
    part = BigramHead(channels=8, tokens=2, num_bigrams=512)
    tokenizer = decoder(max_length=32).tokenizer
    ids = tokenizer.encode(TEXTS[:3], 32)
    logits = part(tracks())
    expected, count = 0.0, 0
    for row, chance in zip(ids.tolist(), logits.sigmoid(), strict=True):
        pairs = [p for p in itertools.pairwise(row) if p[1] != tokenizer.pad_id]
        said = {(a * 1009 + b) % 512 for a, b in pairs}
        count += len(pairs)
        for phrase, p in enumerate(chance):
            expected -= float((p if phrase in said else 1 - p).log())
    found, told = part.loss(logits, ids, tokenizer.pad_id)
    torch.testing.assert_close(found, torch.tensor(expected))
    assert told == count


def test_padding_says_nothing() -> None:
    part = BigramHead(channels=8, tokens=2, num_bigrams=64)
    logits = part(tracks(1))
    short, padded = torch.tensor([[5, 6, 7]]), torch.tensor([[5, 6, 7, PAD, PAD]])
    assert part.loss(logits, short, PAD) == part.loss(logits, padded, PAD)
    # Not even where a true phrase falls on the place of a padded pair.
    clash = torch.tensor([[7, PAD + 64, 7]])
    with_padding = torch.cat([clash, torch.tensor([[PAD]])], 1)
    assert part.loss(logits, clash, PAD) == part.loss(logits, with_padding, PAD)


def test_16_bits_lose_no_phrase() -> None:
    """A count of more than 256 in bfloat16 would be a multiple of 2, or of 4."""
    part = BigramHead(channels=8, tokens=2, num_bigrams=64)
    logits = part(tracks(1)).expand(2, -1)
    ids = torch.arange(1, 602).expand(2, -1) % 50 + 1
    exact, count = part.loss(logits, ids, PAD)
    rough, same = part.loss(logits.bfloat16(), ids, PAD)
    assert same == count == 1200
    torch.testing.assert_close(rough, exact, rtol=0.01, atol=0)


@pytest.mark.parametrize('wrong', [dict(tokens=0), dict(num_bigrams=0)])
def test_nothing_to_ask_or_to_tell(wrong: dict) -> None:
    with pytest.raises(ValueError, match='must be a whole number of 1 or more, got'):
        BigramHead(channels=8, **wrong)


def test_the_mean_over_the_boxes_is_asked() -> None:
    part = BigramHead(channels=8, tokens=2, num_bigrams=64)
    many = tracks()
    logits = part(many)
    for row, there in enumerate(many.mask):
        alone = part.classifier(many.tokens[row, there].mean(0).flatten())
        torch.testing.assert_close(logits[row], alone)


def test_what_is_told_stands_first() -> None:
    part = BigramHead(channels=8, tokens=2, num_bigrams=64)
    fused, mask = torch.randn(3, 5, 8), torch.ones(3, 5, dtype=bool).tril(2)
    logits = torch.full((3, 64), -100.0)
    logits[1, 7] = 100.0  # the second is sure of one phrase, the others of none
    told, there = part.prepend(logits, fused, mask)
    torch.testing.assert_close(told[1, 0], part.embedding.weight[:, 7])
    assert told[[0, 2], 0].abs().max() < 1e-6
    torch.testing.assert_close(told[:, 1:], fused)
    assert there.tolist() == [[True, *row] for row in mask.tolist()]


def test_the_looks_learn_from_the_phrases_and_from_what_was_told() -> None:
    part = BigramHead(channels=8, tokens=2, num_bigrams=64)
    many = tracks()
    many.tokens.requires_grad_()
    logits = part(many)
    total, _ = part.loss(logits, torch.tensor([[5, 6, 7]]).expand(3, -1), PAD)
    told, _ = part.prepend(logits, torch.zeros(3, 1, 8), torch.ones(3, 1, dtype=bool))
    for value in (total, told.sum()):
        (gradient,) = torch.autograd.grad(value, many.tokens, retain_graph=True)
        assert (gradient.abs().amax((2, 3)) > 0).equal(many.mask)
