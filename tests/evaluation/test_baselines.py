"""Blind predictions see only what they may; the ceilings are the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsmot.evaluation.baselines import (
    TrainStatistics,
    baseline_gap_closed,
    baseline_noun_phrase,
    consensus_caption,
    predict_baseline,
    verbs_on_every_pair,
)
from mmsmot.structures import SMOTDataSample, VideoInfo

from .smot_samples import interactions, sample, trajectories

CAPTIONS = {
    1: 'A man in a red shirt walks to the left.',
    2: 'A woman wearing a blue shirt with a black hat first stands still and then runs.',
    3: 'A boy in green is seated on a bench.',
}
VERBS = [(1, 2, 'follow.v.01'), (2, 1, 'flee.v.01'), (3, 1, 'look.v.01')]


def video(name: str = 'a') -> SMOTDataSample:
    result = sample(
        name,
        gt_trajectories=trajectories(i1=0.0, i2=50.0, i3=100.0),
        gt_captions=dict(CAPTIONS),
        gt_interactions=interactions(*VERBS),
        gt_video_caption='Three people are in a park.',
    )
    return result


@pytest.fixture(scope='module')
def statistics() -> TrainStatistics:
    calm = sample(
        'calm',
        gt_trajectories=trajectories(i1=0.0, i2=50.0),
        gt_captions={
            1: 'A man in a red shirt stands still.',
            2: 'A boy walks to the left.',
        },
        gt_interactions=interactions((1, 2, 'look.v.01')),
        gt_video_caption='Two people are in a park.',
    )
    return TrainStatistics.of([video(), calm])


def said(name: str, statistics: TrainStatistics) -> SMOTDataSample:
    return next(predict_baseline(name, [video()], statistics))


def test_statistics(statistics: TrainStatistics) -> None:
    assert statistics.appearance == 'A man in a red shirt'
    assert statistics.action == 'walks to the left.'
    assert statistics.verbs[0] == 'look.v.01'
    # Of 4 labels on 8 ordered pairs: 2 right at 8 said is F1 4/12, 3 at 16 is 6/20.
    assert statistics.num_verbs == 1


def test_noun_phrases() -> None:
    assert [baseline_noun_phrase(text) for text in CAPTIONS.values()] == [
        'A man in a red shirt',
        'A woman wearing a blue shirt with a black hat',
        'A boy in green',
    ]


def test_the_consensus_is_most_like_all_others() -> None:
    captions = ['a dog barks', 'a man walks away', 'a man walks off', 'a man runs off']
    assert consensus_caption(captions) == 'a man walks off'


@pytest.mark.parametrize(
    ('name', 'first', 'num_pairs'),
    [
        ('most frequent', 'A man in a red shirt walks to the left.', 6),
        ('appearance', 'A man in a red shirt.', 6),
        ('appearance + most frequent action', CAPTIONS[1], 6),
        ('truth', CAPTIONS[1], 3),
    ],
)
def test_words(
    statistics: TrainStatistics, name: str, first: str, num_pairs: int
) -> None:
    result = said(name, statistics)
    assert result.pred_captions[1] == first
    assert len(result.pred_interactions.as_pairs()) == num_pairs
    assert result.pred_trajectories is result.gt_trajectories


def test_blind_ones_do_not_look_at_the_truth(statistics: TrainStatistics) -> None:
    for name in ('most frequent', 'consensus'):
        result = said(name, statistics)
        assert len(set(result.pred_captions.values())) == 1
        assert set(result.pred_interactions.verbs.tolist()) == {'look.v.01'}
        assert result.pred_video_caption == statistics.video_consensus


def test_the_activity_without_pairs(statistics: TrainStatistics) -> None:
    pairs = said('activity, not who', statistics).pred_interactions.as_pairs()
    verbs = {'follow.v.01', 'flee.v.01', 'look.v.01'}
    assert pairs == {(i, j): verbs for i in (1, 2, 3) for j in (1, 2, 3) if i != j}


def test_nobody_stays_himself_when_shuffled(statistics: TrainStatistics) -> None:
    result = said('identities shuffled', statistics)
    assert sorted(result.pred_captions.values()) == sorted(CAPTIONS.values())
    assert all(result.pred_captions[i] != text for i, text in CAPTIONS.items())
    new = {text: i for i, text in result.pred_captions.items()}
    old = {text: i for i, text in CAPTIONS.items()}
    to = {old[text]: new[text] for text in CAPTIONS.values()}
    moved = {(to[i], to[j], verb) for i, j, verb in VERBS}
    table = result.pred_interactions
    rows = (c.tolist() for c in (table.subject_ids, table.object_ids, table.verbs))
    assert set(zip(*rows, strict=True)) == moved


def test_the_paraphrase_tells_the_same_facts(
    statistics: TrainStatistics, tmp_path: Path
) -> None:
    look = dict(
        kind='man', top='shirt', top_color='red', sleeves='short', bottom='trousers',
        bottom_color='blue', hat='', backpack='', umbrella='',
    )  # fmt: skip
    state = dict(action='walk', start=1, end=4, direction='left', partner=0, color='')
    facts = dict(
        activity='strolling',
        setting='park',
        people=[dict(id=1, name='man0', appearance=look, states=[state])],
    )
    (tmp_path / 'script.json').write_text(json.dumps(facts))
    item = sample(
        gt_trajectories=trajectories(i1=0.0),
        gt_captions={1: 'A man in red walks to the left.'},
        gt_interactions=interactions(),
        gt_video_caption='One person is in a park.',
    )
    item.set_metainfo(dict(video=VideoInfo('v', str(tmp_path))))
    texts = set()
    for seed in range(8):
        result = next(predict_baseline('paraphrase oracle', [item], statistics, seed))
        text = result.pred_captions[1]
        assert 'red shirt' in text
        assert 'walks to the left' in text or 'strolls to the left' in text
        assert result.pred_video_caption.startswith('One person is in a park.')
        texts.add(text)
    assert len(texts) > 2
    again = next(predict_baseline('paraphrase oracle', [item], statistics, 7))
    assert again.pred_captions[1] == text
    with pytest.raises(
        FileNotFoundError, match="Only SynSMOT's captions can be paraphrased"
    ):
        said('paraphrase oracle', statistics)


def test_one_person_alone_has_no_pairs() -> None:
    alone = sample(gt_trajectories=trajectories(i1=0.0))
    assert len(verbs_on_every_pair(alone, ['look.v.01'])) == 0


def test_the_gap_that_a_model_closes() -> None:
    baselines = {
        'most frequent': {'F1': 0.1, 'HOTA': 100.0},
        'consensus': {'F1': 0.2, 'HOTA': 100.0},
        'paraphrase oracle': {'F1': 1.0, 'HOTA': 100.0},
    }
    model = {'F1': 0.6, 'HOTA': 70.0, 'other': 1.0}
    assert baseline_gap_closed(model, baselines) == {'F1': pytest.approx(0.5)}
    assert baseline_gap_closed({'F1': 0.12}, baselines)['F1'] == pytest.approx(-0.1)


def test_a_split_without_words() -> None:
    with pytest.raises(ValueError, match='has no captions to count'):
        TrainStatistics.of([sample(gt_trajectories=trajectories(i1=0.0))])
