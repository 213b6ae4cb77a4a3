"""What is new in a sentence that was not trained on."""

from __future__ import annotations

import pytest

from projects.referring_mot.evaluation.train_sentences import TrainSentences

SEEN = TrainSentences(
    ['people in red', 'people in blue', 'people running', 'men in blue running']
)


@pytest.mark.parametrize(
    ('sentence', 'kinds'),
    [
        ('people in red', ('in_training',)),
        ('people in red running', ('held_out', 'new_combination')),
        ('People in blue running', ('held_out',)),  # each pair stands in one of them
        ('people in green running', ('held_out',)),  # a new word
        ('running', ('held_out',)),
    ],
)
def test_kinds(sentence: str, kinds: tuple[str, ...]) -> None:
    assert SEEN.kinds(sentence) == kinds


def test_nothing_was_trained_on() -> None:
    assert TrainSentences([]).kinds('people') == ('held_out',)
