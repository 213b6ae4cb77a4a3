"""Text encoders: shapes, padding, length, other alphabets, files that are not there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from mmsmot.models.language import CaptionTokenizer
from projects.referring_mot.models.text_encoders.base import BaseTextEncoder
from projects.referring_mot.models.text_encoders.onnx_text_encoder import (
    ONNXTextEncoder,
)
from projects.referring_mot.models.text_encoders.small_text_encoder import (
    SmallTextEncoder,
)
from projects.referring_mot.models.text_encoders.transformers_text_encoder import (
    TransformersTextEncoder,
)

SENTENCES = ('people in red', 'a man who walks to the left', '穿红衣服的人')


@pytest.fixture(scope='module')
def small() -> SmallTextEncoder:
    torch.manual_seed(0)
    tokenizer = CaptionTokenizer(vocab_size=300)
    tokenizer.train_on(SENTENCES[:2])
    return SmallTextEncoder(tokenizer=tokenizer, channels=16, max_length=12).eval()


@pytest.fixture(scope='module')
def minilm(test_data: Path) -> ONNXTextEncoder:
    models = test_data / 'data/models'
    return ONNXTextEncoder(
        model=str(models / 'minilm_l6_int8.onnx'),
        vocab=str(models / 'minilm_vocab.txt'),
        max_length=12,
    )


@pytest.fixture(scope='module')
def roberta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa of one layer with random weights, as a folder."""
    transformers = pytest.importorskip('transformers')
    folder = tmp_path_factory.mktemp('roberta')
    letters = ['<s>', '<pad>', '</s>', '<unk>', '<mask>']
    words = letters + sorted({*'abcdefghijklmnopqrstuvwxyz', 'Ġ'})
    (folder / 'vocab.json').write_text(
        json.dumps({word: number for number, word in enumerate(words)})
    )
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    tokenizer = transformers.RobertaTokenizer(
        str(folder / 'vocab.json'), str(folder / 'merges.txt')
    )
    torch.manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=20,
        pad_token_id=1,
    )
    transformers.RobertaModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope='module')
def clip_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The text side of a CLIP, of one layer with random weights, as a folder."""
    transformers = pytest.importorskip('transformers')
    folder = tmp_path_factory.mktemp('clip')
    letters = [*'abcdefghijklmnopqrstuvwxyz']
    words = [*letters, *(f'{letter}</w>' for letter in letters)]
    words += ['<unk>', '<|startoftext|>', '<|endoftext|>']
    (folder / 'vocab.json').write_text(
        json.dumps({word: row for row, word in enumerate(words)})
    )
    (folder / 'merges.txt').write_text('#version: 0.2\n')
    tokenizer = transformers.CLIPTokenizer(
        str(folder / 'vocab.json'), str(folder / 'merges.txt'), unk_token='<unk>'
    )
    torch.manual_seed(0)
    config = transformers.CLIPTextConfig(
        vocab_size=len(words),
        hidden_size=16,
        projection_dim=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=20,
        bos_token_id=len(words) - 2,
        eos_token_id=len(words) - 1,
        pad_token_id=len(words) - 1,
    )
    transformers.CLIPTextModelWithProjection(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def check_contract(encoder: BaseTextEncoder) -> None:
    """Shapes, and that a sentence is the same alone and among others."""
    features = encoder(SENTENCES)
    assert features.words.shape == (3, features.mask.shape[1], encoder.channels)
    assert features.sentences.shape == (3, encoder.channels)
    assert features.mask.any(1).all()
    assert not (~features.mask[:, :-1] & features.mask[:, 1:]).any()  # padding is last
    for row, text in enumerate(SENTENCES):
        alone = encoder([text])
        length = int(alone.mask.sum())
        assert length == int(features.mask[row].sum())
        torch.testing.assert_close(
            alone.words[0, :length], features.words[row, :length], atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(
            alone.sentences[0], features.sentences[row], atol=1e-5, rtol=1e-4
        )
    long_text = 'people in red ' * 150
    assert encoder([long_text]).mask.sum() <= encoder.max_length


def test_the_small_encoder(small: SmallTextEncoder) -> None:
    check_contract(small)


def test_the_small_encoder_keeps_its_words_in_the_checkpoint(
    small: SmallTextEncoder,
) -> None:
    torch.manual_seed(1)
    loaded = SmallTextEncoder(
        tokenizer=dict(type='CaptionTokenizer', vocab_size=300),
        channels=16,
        max_length=12,
    ).eval()
    loaded.load_state_dict(small.state_dict())
    expected = small(SENTENCES).sentences
    torch.testing.assert_close(loaded(SENTENCES).sentences, expected)


def test_the_small_encoder_may_start_with_another_ones_words(
    small: SmallTextEncoder, tmp_path: Path
) -> None:
    options = dict(
        tokenizer=dict(type='CaptionTokenizer', vocab_size=300), max_length=12
    )
    path = tmp_path / 'model.pth'
    weights = {f'estimator.text_encoder.{k}': v for k, v in small.state_dict().items()}
    torch.save(dict(state_dict=weights | {'estimator.x': torch.ones(2)}), path)
    loaded = SmallTextEncoder(channels=16, weights=str(path), **options).eval()
    expected = small(SENTENCES).sentences
    torch.testing.assert_close(loaded(SENTENCES).sentences, expected)
    with pytest.raises(ValueError, match='model.pth'):
        SmallTextEncoder(channels=32, weights=str(path), **options)
    torch.save(dict(state_dict={'estimator.x': torch.ones(2)}), path)
    with pytest.raises(ValueError, match='model.pth belongs to another config'):
        SmallTextEncoder(channels=16, weights=str(path), **options)


def test_minilm(minilm: ONNXTextEncoder) -> None:
    check_contract(minilm)
    assert minilm.channels == 384
    assert not minilm.state_dict()  # frozen weights are in no checkpoint


def test_minilm_knows_paraphrases(minilm: ONNXTextEncoder) -> None:
    texts = [
        'A man is running to the left.',
        'Somebody runs towards the left side.',
        'The soup is too salty.',
    ]
    sentences = minilm(texts).sentences.numpy()
    np.testing.assert_allclose(np.linalg.norm(sentences, axis=1), 1, atol=1e-5)
    paraphrase, unrelated = sentences[0] @ sentences[1], sentences[0] @ sentences[2]
    assert paraphrase > 0.5
    assert unrelated < 0.2


def test_a_model_of_transformers_in_a_folder(roberta: Path) -> None:
    encoder = TransformersTextEncoder(name=str(roberta))
    check_contract(encoder)
    assert encoder.max_length == 18  # of 20 places, which count from the padding id on
    assert not list(encoder.parameters())


def test_the_sentence_of_a_clip_is_its_last_mark(clip_text: Path) -> None:
    """Words and sentence are in the space of the projection, 8 of 16 channels."""
    encoder = TransformersTextEncoder(name=str(clip_text), kind='clip')
    check_contract(encoder)
    assert encoder.channels == 8
    features = encoder(SENTENCES)
    last = features.mask.sum(1) - 1
    expected = features.words[torch.arange(3), last]
    assert (expected.norm(dim=1) > 1e-3).all()
    torch.testing.assert_close(features.sentences, expected)


@pytest.mark.parametrize('name', ['/nowhere/roberta', './nowhere'])
def test_an_encoder_that_is_not_here_is_named(name: str) -> None:
    with pytest.raises(FileNotFoundError, match='no model .*nowhere'):
        TransformersTextEncoder(name=name)


def test_an_encoder_that_cannot_be_downloaded_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    monkeypatch.setenv('HF_HUB_OFFLINE', '1')
    with pytest.raises(FileNotFoundError, match='hf download'):
        TransformersTextEncoder(name='nobody/no-such-model')


def test_files_of_onnx_that_are_not_there_are_named(test_data: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match="sentence encoder is not at '/no.onnx'"
    ):
        ONNXTextEncoder(model='/no.onnx', vocab='/no.txt')
    model = str(test_data / 'data/models/minilm_l6_int8.onnx')
    with pytest.raises(FileNotFoundError, match="word pieces is not at '/no.txt'"):
        ONNXTextEncoder(model=model, vocab='/no.txt')
