from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mmsmot.models.language import CaptionTokenizer, PretrainedTokenizer

TEXTS = ['A man in a red shirt walks to the left.', 'Two women hug each other.'] * 5


def trained() -> CaptionTokenizer:
    tokenizer = CaptionTokenizer(vocab_size=320)
    tokenizer.train_on(TEXTS)
    return tokenizer


TRAINED = trained()


@given(st.text(st.characters(blacklist_categories=('Cs',)), max_size=30))
def test_every_text_comes_back(text: str) -> None:
    ids = TRAINED.encode([text], 1000)
    assert ids[0, 0] == TRAINED.bos_id
    assert ids[0, -1] == TRAINED.eos_id
    assert TRAINED.decode(ids[:, 1:]) == [text.strip()]


def test_a_batch_is_padded_and_cut() -> None:
    ids = TRAINED.encode([TEXTS[0], 'A'], 6)
    assert ids.shape == (2, 6)
    assert ids[0, -1] != TRAINED.eos_id  # cut: the beginning is kept
    assert ids[1].tolist()[2:] == [TRAINED.eos_id, 0, 0, 0]
    assert TRAINED.encode([], 6).shape == (0, 0)


def test_words_are_learnt_the_same_twice_and_travel_in_the_state_dict() -> None:
    state = trained().state_dict()
    assert torch.equal(state['_extra_state'], TRAINED.state_dict()['_extra_state'])
    fresh = CaptionTokenizer(vocab_size=320)
    assert not fresh.is_trained
    fresh.load_state_dict(state)
    assert torch.equal(fresh.encode(TEXTS, 40), TRAINED.encode(TEXTS, 40))


def test_untrained_stays_untrained_through_a_checkpoint() -> None:
    fresh = CaptionTokenizer(vocab_size=320)
    fresh.load_state_dict(CaptionTokenizer(vocab_size=320).state_dict())
    with pytest.raises(ValueError, match='has learnt no words yet'):
        fresh.encode(['A man'], 9)


def test_a_checkpoint_with_other_words_is_refused() -> None:
    fewer = CaptionTokenizer(vocab_size=262)
    with pytest.raises(ValueError, match='checkpoint has .* words, the config'):
        fewer.load_state_dict(TRAINED.state_dict())
    broken = {'_extra_state': torch.tensor([1, 2, 3], dtype=torch.uint8)}
    with pytest.raises(ValueError, match='holds no tokenizer'):
        fewer.load_state_dict(broken)
    with pytest.raises(ValueError, match='need 260'):
        CaptionTokenizer(vocab_size=100)


def test_pretrained_by_folder(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {'[PAD]': 0, '[CLS]': 1, '[SEP]': 2, '[UNK]': 3, 'a': 4, 'man': 5}
    inner = Tokenizer(models.WordLevel(words, unk_token='[UNK]'))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=inner,
        cls_token='[CLS]',
        sep_token='[SEP]',
        pad_token='[PAD]',
        unk_token='[UNK]',
    ).save_pretrained(tmp_path)
    tokenizer = PretrainedTokenizer(str(tmp_path))
    ids = tokenizer.encode(['a man', 'a'], 9)
    assert ids.tolist() == [[1, 4, 5, 2], [1, 4, 2, 0]]
    assert tokenizer.decode(ids[:, 1:]) == ['a man', 'a']
    assert tokenizer.vocab_size == 6


def test_an_absent_one_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no tokenizer .*CaptionTokenizer'):
        PretrainedTokenizer(str(tmp_path / 'nowhere'), local_files_only=True)
