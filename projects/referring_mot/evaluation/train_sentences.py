"""The sentences that were trained on, and what is new in another one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

IN_TRAINING, HELD_OUT, NEW_COMBINATION = TRAIN_KINDS = (
    'in_training',
    'held_out',
    'new_combination',
)


class TrainSentences:
    """Which sentences, and which pairs of words in one sentence, were trained on.

    Args:
        sentences: Any may stand several times.

    >>> trained = TrainSentences(['people in red', 'people running', 'men in blue running'])
    >>> trained.kinds('people in blue')
    ('held_out', 'new_combination')
    >>> trained.kinds('men running')
    ('held_out',)
    """

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = frozenset(sentences)
        self._pairs = {pair for s in self.sentences for pair in _word_pairs(s)}
        self._words = {word for s in self.sentences for word in _words(s)}

    def kinds(self, sentence: str) -> tuple[str, ...]:
        """``in_training``; or ``held_out``, which is a ``new_combination`` too where its
        words are known, but two of them stand together in no training sentence."""
        if sentence in self.sentences:
            return (IN_TRAINING,)
        is_known = self._words.issuperset(_words(sentence))
        if is_known and not self._pairs.issuperset(_word_pairs(sentence)):
            return (HELD_OUT, NEW_COMBINATION)
        return (HELD_OUT,)


def _words(sentence: str) -> list[str]:
    """Its different words, in order."""
    return sorted({*re.findall(r'\w+', sentence.lower())})


def _word_pairs(sentence: str) -> set[tuple[str, str]]:
    return {*combinations(_words(sentence), 2)}
