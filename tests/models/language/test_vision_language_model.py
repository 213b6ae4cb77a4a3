"""Questions about images, asked of tiny models in folders."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip('transformers', reason='needs transformers')

from mmsmot.models.language import Question, VisionLanguageModel
from tests.tiny_transformers import save_detector, save_idefics3, save_llava

MAKERS = {'llava': save_llava, 'idefics3': save_idefics3}


@pytest.fixture(scope='module')
def pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return list(rng.integers(0, 255, (12, 40, 30, 3), dtype=np.uint8))


@pytest.fixture(scope='module', params=sorted(MAKERS))
def folder(request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MAKERS[request.param](tmp_path_factory.mktemp(request.param))


def test_a_batch_is_its_questions(folder: Path, pictures: list[np.ndarray]) -> None:
    """Questions of different lengths, with one to three images each."""
    questions = [
        Question(text, lambda n=n: pictures[n : n + 1 + n % 3])
        for n, text in enumerate(['the man in red ?', 'hugs', 'show the man'] * 2)
    ]
    model = VisionLanguageModel(name=str(folder), max_new_tokens=6, batch_size=4)
    together = model.answer(iter(questions))
    model.batch_size = 1
    assert model.answer(questions) == together
    assert len(together) == 6
    assert all(len(answer.split()) <= 6 for answer in together)
    assert model.answer([]) == []


def test_threads_prepare_their_questions_one_after_the_other(
    folder: Path, pictures: list[np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = VisionLanguageModel(name=str(folder), max_new_tokens=4)
    inside, most = [], []
    kind = type(model.processor)
    prepare = kind.__call__

    def watched(*args: object, **kwargs: object) -> object:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        prepared = prepare(*args, **kwargs)
        inside.pop()
        return prepared

    def ask(n: int) -> list[str]:
        return model.answer([Question('the man in red', lambda: [pictures[n]])])

    alone = [ask(n) for n in range(4)]
    monkeypatch.setattr(kind, '__call__', watched)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == alone
    assert max(most) == 1


def test_what_is_seen_and_asked_changes_the_answer(
    folder: Path, pictures: list[np.ndarray]
) -> None:
    model = VisionLanguageModel(name=str(folder), max_new_tokens=8)
    by_image = model.answer(
        Question('the man in red', lambda p=p: [p]) for p in pictures
    )
    assert len(set(by_image)) > 1
    words = ('hugs', 'walks', 'person', 'blue', 'talks', 'show')
    by_text = model.answer(Question(w, lambda: pictures[:1]) for w in words)
    assert len(set(by_text)) > 1


def test_images_of_a_batch_alone_are_held(
    folder: Path, pictures: list[np.ndarray]
) -> None:
    made = []

    def ask(n: int) -> Question:
        return Question('hugs', lambda: made.append(n) or pictures[:1])

    model = VisionLanguageModel(name=str(folder), max_new_tokens=1, batch_size=2)
    sizes = []
    own = model._answer_batch
    model._answer_batch = lambda batch: (
        sizes.append((len(made), len(batch))) or own(batch)
    )
    model.answer(ask(n) for n in range(5))
    assert sizes == [(0, 2), (2, 2), (4, 1)]
    assert made == list(range(5))


def test_answers_do_not_hold_the_question(
    folder: Path, pictures: list[np.ndarray]
) -> None:
    """One new token is one word, not the prompt and a word."""
    model = VisionLanguageModel(name=str(folder), max_new_tokens=1)
    (answer,) = model.answer([Question('the man in red', lambda: pictures[:2])])
    assert len(answer.split()) <= 1


def test_a_model_without_chat_template(tmp_path: Path) -> None:
    save_llava(tmp_path, chat=None)
    with pytest.raises(ValueError, match='has no chat template'):
        VisionLanguageModel(name=str(tmp_path))


def test_wrong_models_and_options(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match='no model /no/such'):
        VisionLanguageModel(name='/no/such')
    with pytest.raises(ValueError, match='AutoModelForImageTextToText'):
        VisionLanguageModel(name=str(save_detector(tmp_path)))
    with pytest.raises(
        ValueError, match='batch_size must be a whole number of 1 or more'
    ):
        VisionLanguageModel(name='/no/such', batch_size=0)


@pytest.mark.parametrize(
    ('split_images', 'tiles'), [(None, 17), (True, 17), (False, 1)]
)
def test_an_image_is_cut_into_tiles_or_not(
    split_images: bool | None, tiles: int, tmp_path: Path, monkeypatch
) -> None:
    """As SmolVLM's files say: enlarged to four by four tiles, and the whole as one."""
    folder = save_idefics3(tmp_path, tiles=4)
    model = VisionLanguageModel(
        name=str(folder), max_new_tokens=1, split_images=split_images
    )
    counts, generate = [], model.model.generate

    def counted(**inputs: torch.Tensor) -> torch.Tensor:
        counts.append(inputs['pixel_values'].shape[1])
        return generate(**inputs)

    monkeypatch.setattr(model.model, 'generate', counted)
    square = np.zeros((12, 12, 3), np.uint8)
    model.answer([Question('show the man', lambda: [square])])
    assert counts == [tiles]


def test_whether_images_are_cut_is_in_the_fingerprint(tmp_path: Path) -> None:
    folder = str(save_idefics3(tmp_path))
    prints = {
        VisionLanguageModel(name=folder, split_images=split).fingerprint
        for split in (None, True, False)
    }
    assert len(prints) == 3
