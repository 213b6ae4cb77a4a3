from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from mmsmot.models.language import CaptionTokenizer, PretrainedTokenizer
from mmsmot.utils.checkpoint import load_weights

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
    with pytest.raises(ValueError, match='has no vocabulary yet'):
        fresh.encode(['A man'], 9)


def test_a_checkpoint_with_a_larger_vocabulary_is_refused() -> None:
    fewer = CaptionTokenizer(vocab_size=262)
    with pytest.raises(ValueError, match='checkpoint has .* tokens, the config'):
        fewer.load_state_dict(TRAINED.state_dict())
    broken = {'_extra_state': torch.tensor([1, 2, 3], dtype=torch.uint8)}
    with pytest.raises(ValueError, match='holds no tokenizer'):
        fewer.load_state_dict(broken)
    with pytest.raises(ValueError, match='need 260'):
        CaptionTokenizer(vocab_size=100)


def pretrained(folder: Path, *words: str) -> PretrainedTokenizer:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ('[PAD]', '[CLS]', '[SEP]', '[UNK]', *words)
    words = {word: number for number, word in enumerate(words)}
    inner = Tokenizer(models.WordLevel(words, unk_token='[UNK]'))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=inner,
        cls_token='[CLS]',
        sep_token='[SEP]',
        pad_token='[PAD]',
        unk_token='[UNK]',
    ).save_pretrained(folder)
    return PretrainedTokenizer(name=str(folder))


def test_pretrained_by_folder(tmp_path: Path) -> None:
    tokenizer = pretrained(tmp_path, 'a', 'man')
    ids = tokenizer.encode(['a man', 'a'], 9)
    assert ids.tolist() == [[1, 4, 5, 2], [1, 4, 2, 0]]
    assert tokenizer.decode(ids[:, 1:]) == ['a man', 'a']
    assert tokenizer.vocab_size == 6


def bert_words(folder: Path) -> Path:
    """A folder with BERT's special words where BERT has them, and a few others."""
    words = ['[PAD]', *(f'[unused{i}]' for i in range(99)), '[UNK]', '[CLS]', '[SEP]']
    words += ['[MASK]', '[unused99]', *".,'", 'a', 'man', 'don', 't', 'walk', '##s']
    (folder / 'vocab.txt').write_text('\n'.join(words) + '\n')
    return folder


def test_berts_vocabulary_as_the_released_code_uses_it(tmp_path: Path) -> None:
    name = str(bert_words(tmp_path))
    plain = PretrainedTokenizer(name=name, local_files_only=True)
    assert (plain.bos_id, plain.eos_id, plain.pad_id) == (101, 102, 0)
    released = PretrainedTokenizer(name=name, bos_id=104, clean_spaces=True)
    ids = released.encode(["A man, a man walks. Don't"], 40)
    assert ids[0, [0, -1]].tolist() == [104, 102]
    assert ids[0, 1:-1].tolist() == [
        *(108, 109, 106),
        *(108, 109, 112, 113, 105),
        *(110, 107, 111),
    ]
    assert released.decode(ids[:, 1:]) == ["a man, a man walks. don't"]
    assert plain.decode(ids[:, 1:]) == ["a man, a man walks. don ' t"]
    with pytest.raises(ValueError, match='bos_id must be a whole number from 0 to 113'):
        PretrainedTokenizer(name=name, bos_id=114)


def test_a_checkpoint_of_another_pretrained_vocabulary(tmp_path: Path) -> None:
    def model(name: str, *words: str) -> nn.Module:
        parts = dict(tokenizer=pretrained(tmp_path / name, *words))
        return nn.ModuleDict(parts | dict(head=nn.Linear(2, 3)))

    torch.manual_seed(0)
    source, same = model('one', 'a', 'man'), model('two', 'a', 'man')
    torch.save({'state_dict': source.state_dict()}, tmp_path / 'new.pth')
    load_weights(same, tmp_path / 'new.pth')
    assert torch.equal(same['head'].weight, source['head'].weight)
    swapped = model('three', 'man', 'a')
    with pytest.raises(ValueError, match="another vocabulary than that of '.*three'"):
        load_weights(swapped, tmp_path / 'new.pth')
    older = {k: v for k, v in source.state_dict().items() if k.startswith('head')}
    torch.save({'state_dict': older}, tmp_path / 'older.pth')
    load_weights(swapped, tmp_path / 'older.pth')
    assert torch.equal(swapped['head'].weight, source['head'].weight)
    del older['head.bias']
    torch.save({'state_dict': older}, tmp_path / 'less.pth')
    with pytest.raises(ValueError, match=r"1 weights missing \['head.bias'\]"):
        load_weights(swapped, tmp_path / 'less.pth')


def test_an_absent_one_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no tokenizer .*CaptionTokenizer'):
        PretrainedTokenizer(name=str(tmp_path / 'nowhere'), local_files_only=True)
