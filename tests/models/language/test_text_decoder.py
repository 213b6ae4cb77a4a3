"""The prefix language model: what sees what, and the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from mmsmot.models.language import TextDecoder, text_decoder
from tests.models.language.test_tokenizer import TEXTS, TRAINED

CONFIGS = {
    'bert': dict(
        model_type='bert',
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=96,
    ),
    'prefix_bert': dict(
        model_type='prefix_bert',
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=12,  # of the text alone
        initializer_range=0.1,
    ),
    'gpt2': dict(model_type='gpt2', n_embd=32, n_layer=2, n_head=4, n_positions=96),
    'llama': dict(
        model_type='llama',
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=64,
        max_position_embeddings=96,
    ),
}


def decoder(kind: str = 'bert', **options) -> TextDecoder:
    torch.manual_seed(0)
    options.setdefault('max_length', 12)
    return TextDecoder(tokenizer=TRAINED, config=CONFIGS[kind], **options).eval()


@pytest.fixture
def prefix() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(2)
    mask = torch.ones(3, 7, dtype=bool)
    mask[1, 4:] = False
    mask[2, 1:] = False
    return torch.randn(3, 7, 32), mask


@pytest.mark.parametrize('kind', CONFIGS)
@pytest.mark.parametrize('allow_repeats', [True, False])
def test_cached_equals_uncached(kind: str, allow_repeats: bool, prefix) -> None:
    part = decoder(kind, allow_repeats=allow_repeats)
    found = part._generate(*prefix)
    ids = torch.full((3, 1), TRAINED.bos_id)
    for _ in range(found.shape[1]):
        scores = part.logits(*prefix, ids)[:, -1]
        if not allow_repeats:
            scores = scores.scatter(1, ids[:, -1:], float('-inf'))
        best = scores.argmax(1, keepdim=True)
        ids = torch.cat([ids, best], dim=1)
    for row, said in enumerate(found.tolist()):
        end = said.index(TRAINED.eos_id) if TRAINED.eos_id in said else len(said)
        assert said[:end] == ids[row, 1 : end + 1].tolist()
        if not allow_repeats:
            assert all(a != b for a, b in zip(said[:end], said[1:end], strict=False))


def test_the_cache_has_the_name_that_the_model_knows(monkeypatch) -> None:
    """``cache`` is transformers' name from 5.x on; the older one ends with 5.40."""
    part = decoder()
    for name in ('cache', 'past_key_values'):
        scope: dict[str, Any] = {}
        exec(f'def forward(input_ids, {name}=None): ...', scope)
        monkeypatch.setattr(part.model, 'forward', scope['forward'])
        assert part._cache_argument('keys') == {name: 'keys'}


def decided(kind: str, end: float = 1.0, **options) -> TextDecoder:
    """A decoder that is sure of its words, the end mark likelier by ``end``."""
    part = decoder(kind, **options)

    def decide(module: Any, given: Any, out: Any) -> None:
        out.logits *= 10.0
        out.logits[..., TRAINED.eos_id] += end

    part.model.register_forward_hook(decide)
    return part


@pytest.mark.parametrize('kind', CONFIGS)
@pytest.mark.parametrize('num_beams', [1, 3])
def test_batch_equals_one_by_one(kind: str, num_beams: int, prefix) -> None:
    part = decided(kind, num_beams=num_beams, batch_size=2)
    features, mask = prefix
    together = part.generate(features, mask)
    alone = [part.generate(features[i : i + 1], mask[i : i + 1])[0] for i in range(3)]
    assert together == alone
    assert len(set(together)) == 3


@pytest.mark.parametrize('kind', CONFIGS)
@pytest.mark.parametrize('allow_repeats', [True, False])
def test_cached_beams_equal_uncached(kind: str, allow_repeats: bool, prefix) -> None:
    """With a padded batch and a cache, or each hypothesis alone from its beginning."""
    features, mask = prefix
    lengths, greedy = set(), 0
    # A word that is its own output layer follows itself unless the end is far likelier.
    ends = (8.0, 12.0, 16.0) if kind == 'prefix_bert' else (2.0, 3.0, 4.5)
    for end in ends:
        part = decided(kind, end, num_beams=3, allow_repeats=allow_repeats)
        found = part._generate(features, mask)
        for row, said in enumerate(found.tolist()):
            own = features[row : row + 1, : int(mask[row].sum())]
            expected = beam_search(part, own)
            assert said[: len(expected)] == expected
            lengths.add(len(expected))
        part.num_beams = 1
        greedy += torch.equal(found, part._generate(features, mask))
    assert len(lengths) > 1
    assert greedy < 3  # more beams do find something else


def beam_search(part: TextDecoder, prefix: torch.Tensor) -> list[int]:
    """The best text by the rules of ``transformers``: mean log chance of its tokens."""
    count, end = part.num_beams, part.tokenizer.eos_id
    running, finished = [(0.0, [part.tokenizer.bos_id])], []
    for length in range(1, part.max_length):
        ids = torch.tensor([said for _, said in running])
        shown = prefix.expand(len(ids), -1, -1)
        mask = torch.ones(shown.shape[:2], dtype=bool)
        chance = part.logits(shown, mask, ids)[:, -1].log_softmax(-1)
        if not part.allow_repeats:
            chance = chance.scatter(1, ids[:, -1:], float('-inf'))
        chance = chance + torch.tensor([before for before, _ in running])[:, None]
        best = chance.flatten().topk(2 * count)
        longer = [
            (value, [*running[i // chance.shape[1]][1], i % chance.shape[1]])
            for value, i in zip(*map(torch.Tensor.tolist, best), strict=True)
        ]
        is_last = length == part.max_length - 1
        finished += [
            (value / length, said)
            for value, said in longer[:count]
            if said[-1] == end or is_last
        ]
        finished = sorted(finished, reverse=True)[:count]
        running = [(value, said) for value, said in longer if said[-1] != end][:count]
        if len(finished) == count and running[0][0] / length <= finished[-1][0]:
            break
    return finished[0][1][1:]


@pytest.mark.parametrize('kind', CONFIGS)
def test_who_sees_what(kind: str, prefix) -> None:
    part = decoder(kind)
    features, mask = prefix
    ids = TRAINED.encode(TEXTS[:1] * 3, 10)
    before = part.logits(features, mask, ids)
    later = ids.clone()
    later[:, 6:] = 5
    after = part.logits(features, mask, later)
    torch.testing.assert_close(after[:, :6], before[:, :6])  # text is causal
    changed = features.clone()
    changed[1, 4:] = 9.0  # masked
    torch.testing.assert_close(part.logits(changed, mask, ids), before)
    changed[0, 6] = torch.randn(32)  # the prefix's last is seen by all of the text
    moved = (part.logits(changed, mask, ids) - before)[0].abs().amax(-1)
    assert (moved > 1e-5).all()


def test_the_prefix_sees_itself_both_ways(prefix) -> None:
    """Its first token's keys depend on its last; in a causal model they do not."""
    part = decoder()
    features, mask = prefix
    seen = []
    part.model.bert.encoder.layer[1].register_forward_hook(
        lambda module, given, out: seen.append(
            out[0] if isinstance(out, tuple) else out
        )
    )
    ids = torch.full((3, 1), TRAINED.bos_id)
    changed = features.clone()
    changed[0, 6] = torch.randn(32)
    part.logits(features, mask, ids)
    part.logits(changed, mask, ids)
    assert (seen[0][0, 0] - seen[1][0, 0]).abs().max() > 1e-4


def test_loss_is_the_smoothed_cross_entropy_of_the_words(prefix) -> None:
    part = decoder(label_smoothing=0.1)
    texts = ['A man', 'Two women hug', '']
    total, count = part.loss(*prefix, texts)
    lengths = [int((row != 0).sum()) - 1 for row in TRAINED.encode(texts, 12)]
    assert count == sum(lengths)
    expected = 0.0
    for i, text in enumerate(texts):
        ids = TRAINED.encode([text], 12)
        one = slice(i, i + 1)
        logits = part.logits(prefix[0][one], prefix[1][one], ids[:, :-1])[0]
        chance = F.log_softmax(logits, -1)
        right = chance[torch.arange(len(logits)), ids[0, 1:]]
        expected += -(0.9 * right + 0.1 * chance.mean(-1)).sum()
    torch.testing.assert_close(total, expected)


def test_too_long_says_which_options() -> None:
    part = decoder()
    features, mask = torch.zeros(1, 90, 32), torch.ones(1, 90, dtype=bool)
    with pytest.raises(ValueError, match='102 tokens long.*96 positions.*max_boxes'):
        part.generate(features, mask)


def test_all_positions_may_be_used_and_not_one_more() -> None:
    part = decoder()
    part._require_room(84, 12)
    with pytest.raises(ValueError, match='97 tokens long.*96 positions'):
        part._require_room(85, 12)
    features, mask = torch.zeros(1, 84, 32), torch.ones(1, 84, dtype=bool)
    assert len(part.generate(features, mask)) == 1  # and 12 of text


def test_a_prefix_without_positions_may_be_of_any_length() -> None:
    part = decoder('prefix_bert')
    features, mask = torch.randn(1, 200, 32), torch.ones(1, 200, dtype=bool)
    assert len(part.generate(features, mask)) == 1
    with pytest.raises(ValueError, match='texts are 13 tokens long.*12 positions'):
        decoder('prefix_bert', max_length=13).generate(features, mask)


def test_a_prefix_without_positions_is_a_set(prefix) -> None:
    """Its order has no effect, and BERT's norm and positions are not added to it."""
    part = decoder('prefix_bert')
    features, mask = prefix[0][:1], prefix[1][:1]
    ids = torch.tensor([[TRAINED.bos_id, 9, 17]])
    logits = part.logits(features, mask, ids)
    torch.testing.assert_close(part.logits(features.flip(1), mask, ids), logits)
    assert (part.logits(features, mask, ids[:, [0, 2, 1]]) - logits).abs().max() > 1e-3
    layers = part.model.bert.encoder.layer
    hidden = torch.cat([features, part.model.bert.embeddings.of_text(ids)], dim=1)
    columns = torch.arange(10)
    allowed = (columns < 7) | ((columns <= columns[:, None]) & (columns[:, None] >= 7))
    bias = torch.zeros(10, 10).masked_fill(~allowed, -1e30)[None, None]
    for layer in layers:
        hidden = layer(hidden, bias)
    words = part.model.get_input_embeddings().weight
    torch.testing.assert_close(hidden[:, 7:] @ words.T, logits)


def test_pretrained_by_folder_and_frozen(tmp_path: Path, prefix) -> None:
    source = decoder('gpt2')
    source.model.save_pretrained(tmp_path)
    part = TextDecoder(
        tokenizer=TRAINED, pretrained=str(tmp_path), frozen=True, max_length=12
    )
    assert part.eval().generate(*prefix) == source.generate(*prefix)
    assert not any(p.requires_grad for p in part.parameters())
    with pytest.raises(FileNotFoundError, match='no language model'):
        TextDecoder(tokenizer=TRAINED, pretrained=str(tmp_path / 'nowhere'))
    with pytest.raises(ValueError, match='either config or pretrained'):
        TextDecoder(tokenizer=TRAINED)


def test_rules_of_a_pretrained_generation_config_do_not_count_the_prefix(
    tmp_path: Path, prefix, monkeypatch
) -> None:
    """They would: least lengths be reached, padding not be said again."""
    source = decoder('gpt2')
    expected = source._generate(*prefix)
    rules = dict(repetition_penalty=5.0, no_repeat_ngram_size=1, min_length=15)
    source.model.generation_config.update(**rules, eos_token_id=5)
    source.model.save_pretrained(tmp_path)
    logged = []
    monkeypatch.setattr(
        text_decoder, 'print_log', lambda text, **_: logged.append(text)
    )
    part = TextDecoder(
        tokenizer=TRAINED, pretrained=str(tmp_path), max_length=12
    ).eval()
    assert torch.equal(part._generate(*prefix), expected)
    (warning,) = logged
    for name, value in rules.items():
        assert f'{name}={value}' in warning
    decoder('gpt2')
    assert len(logged) == 1


def test_a_frozen_model_has_no_dropout_and_lets_gradients_through(prefix) -> None:
    part = decoder('gpt2', frozen=True).train()  # GPT-2's own dropout is 0.1
    features, mask = prefix
    features.requires_grad_()
    texts = TEXTS[:1] * 3
    one, two = (part.loss(features, mask, texts)[0] for _ in range(2))
    assert torch.equal(one, two)
    one.backward()
    assert features.grad[mask].abs().amax(-1).min() > 1e-6
    assert part.training
    learning = decoder('gpt2').train()
    one, two = (learning.loss(features, mask, texts)[0] for _ in range(2))
    assert not torch.equal(one, two)


@pytest.mark.parametrize('saved', [torch.bfloat16, torch.float16])
def test_a_model_saved_in_16_bits_is_trained_in_32(
    saved: torch.dtype, tmp_path: Path, prefix
) -> None:
    source = decoder('gpt2').model.to(saved)
    source.save_pretrained(tmp_path)
    part = TextDecoder(tokenizer=TRAINED, pretrained=str(tmp_path), max_length=12)
    assert {weight.dtype for weight in part.parameters()} == {torch.float32}
    rough = dict(source.named_parameters())
    for name, weight in part.model.named_parameters():
        assert torch.equal(weight, rough[name].float())
    ids = TRAINED.encode(TEXTS[:1] * 3, 10)
    assert part.logits(*prefix, ids).dtype == torch.float32


def test_a_trajectory_nobody_looked_at_still_gets_words(prefix) -> None:
    part = decoder()
    texts = part.generate(prefix[0][:1], torch.zeros(1, 7, dtype=bool))
    assert len(texts) == 1
