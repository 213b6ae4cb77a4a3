from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from torch import nn

from mmsmot.datasets.video_truth import VideoTruth
from mmsmot.engine.hooks import LearnWords
from mmsmot.models.language import CaptionTokenizer


def runner(*truths: VideoTruth) -> SimpleNamespace:
    class Videos(list):
        def get_data_info(self, index: int) -> dict:
            return dict(truth=self[index])

    model = nn.Module()
    model.tokenizer = CaptionTokenizer(vocab_size=300)
    return SimpleNamespace(
        model=model,
        hooks=[],
        train_dataloader=SimpleNamespace(dataset=Videos(truths)),
        logger=logging.getLogger('test'),
    )


def test_learns_from_all_captions_and_keeps_what_it_knows() -> None:
    told = VideoTruth(captions={2: 'ho ho ho'}, video_caption='ha ha ha')
    run = runner(told, VideoTruth())
    LearnWords().before_train(run)
    tokenizer = run.model.tokenizer
    words = tokenizer._tokenizer.get_vocab()
    assert {'Ġho', 'Ġha'} <= set(words)
    run.train_dataloader.dataset[:] = [VideoTruth(video_caption='hu hu hu')]
    LearnWords().before_train(run)
    assert tokenizer._tokenizer.get_vocab() == words


def test_nothing_to_learn_from() -> None:
    with pytest.raises(ValueError, match='no captions'):
        LearnWords().before_train(runner(VideoTruth()))
