"""A cache of a vision-language model's answers on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from torch import nn

from ...utils.atomic import atomic_write
from ...utils.fingerprint import text_fingerprint
from ...utils.text_file import read_text
from .vision_language_model import Question, VisionLanguageModel

FOLDER = 'answers'


class CachedAnswers(nn.Module):
    """Keeps the answers of a vision-language model on disk, so that a killed run goes on.

    An answer has a file, named by a hash of the question and its images, in a folder named
    by a hash of the model's fingerprint. Files are written whole, so a killed run loses at
    most one batch, and processes may share the folder.

    Args:
        model: Answers what is not in the cache.
        root: Folder of the cache.
    """

    def __init__(self, model: VisionLanguageModel, root: str | os.PathLike) -> None:
        super().__init__()
        self.model = model
        self._fingerprint = model.fingerprint  # reads all weights
        self._folder = Path(root) / FOLDER / text_fingerprint(self._fingerprint)[:16]

    @property
    def fingerprint(self) -> str:
        """The model's: the cache does not change its answers."""
        return self._fingerprint

    def answer(self, questions: Iterable[Question]) -> list[str]:
        """As of the model, which is asked about full batches of what is not here."""
        answers: dict[int, str] = {}
        pending: list[tuple[int, Path, Question]] = []
        for number, question in enumerate(questions):
            images = question.images()
            path = self._folder / f'{_hash(question.text, images)}.txt'
            try:
                answers[number] = read_text(path)
            except (FileNotFoundError, UnicodeDecodeError):
                decoded = Question(question.text, partial(list, images))
                pending.append((number, path, decoded))
            if len(pending) == self.model.batch_size:
                answers |= self._ask(pending)
                pending = []
        answers |= self._ask(pending)
        return [answers[number] for number in sorted(answers)]

    def _ask(self, pending: list[tuple[int, Path, Question]]) -> dict[int, str]:
        """Ask the model, and keep what it says; answers by number of the question."""
        if not pending:
            return {}
        texts = self.model.answer([question for _, _, question in pending])
        for (_, path, _), text in zip(pending, texts, strict=True):
            with atomic_write(path) as stream:
                stream.write(text)
        return dict(zip((number for number, _, _ in pending), texts, strict=True))


def _hash(text: str, images: list) -> str:
    """SHA-256 of a question and its images."""
    digest = hashlib.sha256(text.encode())
    for image in images:
        digest.update(repr(image.shape).encode())
        digest.update(image.tobytes())
    return digest.hexdigest()
