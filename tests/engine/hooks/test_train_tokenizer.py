from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
from torch import nn

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.engine.hooks import TrainTokenizerHook
from mmsmot.models.language import CaptionTokenizer, TextDecoder
from tests.models.language.test_text_decoder import CONFIGS
from tests.models.language.test_tokenizer import TEXTS, TRAINED

GPT2 = CONFIGS['gpt2']


def runner(*gts: GroundTruth) -> SimpleNamespace:
    class Videos(list):
        def get_data_info(self, index: int) -> dict:
            return dict(gt=self[index])

    model = nn.Module()
    model.tokenizer = CaptionTokenizer(vocab_size=300)
    return SimpleNamespace(
        model=model,
        hooks=[],
        iter=0,
        train_dataloader=SimpleNamespace(dataset=Videos(gts)),
        logger=logging.getLogger('test'),
    )


def test_learns_from_all_captions_and_keeps_what_it_knows() -> None:
    told = GroundTruth(captions={2: 'ho ho ho'}, video_caption='ha ha ha')
    run = runner(told, GroundTruth())
    TrainTokenizerHook().before_train(run)
    tokenizer = run.model.tokenizer
    words = tokenizer._tokenizer.get_vocab()
    assert {'Ġho', 'Ġha'} <= set(words)
    run.train_dataloader.dataset[:] = [GroundTruth(video_caption='hu hu hu')]
    TrainTokenizerHook().before_train(run)
    assert tokenizer._tokenizer.get_vocab() == words


def test_nothing_to_learn_from() -> None:
    with pytest.raises(ValueError, match='no captions'):
        TrainTokenizerHook().before_train(runner(GroundTruth()))


class Speakers(nn.Module):
    """Decoders of 5 ids for people and of 40 for videos, or one for both."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.instance_caption, self.video_caption = nn.Module(), nn.Module()
        self.instance_caption.decoder = TextDecoder(
            tokenizer=TRAINED, config=GPT2, max_length=5
        )
        own = (
            None
            if shared
            else TextDecoder(tokenizer=TRAINED, config=GPT2, max_length=40)
        )
        self.video_caption.decoder = own or self.instance_caption.decoder


@pytest.mark.parametrize(('shared', 'share'), [(False, '1 of 3'), (True, '2 of 4')])
def test_captions_that_are_cut_are_counted(
    shared: bool, share: str, caplog: pytest.LogCaptureFixture
) -> None:
    people = {1: TEXTS[0], 2: 'A', 3: 'man'}
    run = runner(GroundTruth(captions=people, video_caption=TEXTS[1]), GroundTruth())
    run.model = nn.Module()
    run.model.semantics = Speakers(shared)
    whole = [
        TRAINED.encode([text], 1000).shape[1] for text in (*people.values(), TEXTS[1])
    ]
    assert (min(whole[0], whole[3]) > 5) and max(whole[1], whole[2]) <= 5
    with caplog.at_level(logging.WARNING):
        TrainTokenizerHook().before_train(run)
    (record,) = caplog.records
    percent = '50.0%' if shared else '33.3%'
    longest = max(whole) if shared else whole[0]
    assert record.getMessage() == (
        f'{share} training captions ({percent}) are longer than '
        'model.semantics.instance_caption.decoder.max_length=5 and lose their end: raise '
        f'it (the longest has {longest} ids, both marks included)'
    )
    caplog.clear()
    run.iter = 7  # resumed: it was said when training began
    TrainTokenizerHook().before_train(run)
    run.iter, run.model.semantics.instance_caption.decoder.max_length = 0, longest
    TrainTokenizerHook().before_train(run)
    assert not caplog.records
