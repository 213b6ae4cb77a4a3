"""Numbers of a dataset."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence
from mmsmot.datasets.statistics import (
    DatasetStatistics,
    dataset_statistics_table,
    distribution_statistics,
    histogram,
    most_frequent_items,
)
from mmsmot.structures import Interactions, Trajectories, VideoInfo

FRAMES = np.array([1, 2, 4, 6, 8])  # holes, as in BenSMOT


def make(gt: GroundTruth) -> dict:
    return dict(video=ImageSequence(VideoInfo('a/1', 'a/1', 2.0), FRAMES), gt=gt)


@pytest.fixture
def described() -> dict:
    boxes = Trajectories(
        [1, 2, 8, 2, 4], [1, 1, 1, 2, 2], np.tile([0.0, 0, 9, 9], (5, 1))
    )
    interactions = Interactions(
        [1, 1, 1, 2],
        [2, 2, 2, 1],
        ['push.v.01', 'push.v.01', 'talk.v.01', 'talk.v.01'],
        [1, 6, 0, 0],
        [2, 8, 0, 0],
    )
    captions = {1: "A man's dog-like walk, then a walk.", 2: 'She walks to the man'}
    return make(GroundTruth(boxes, captions, interactions, 'Two people walk.'))


def test_each_number_is_counted(described: dict) -> None:
    statistics = DatasetStatistics.of([described, make(GroundTruth())])
    assert statistics.table() == {
        'Videos': 2,
        'Min. length (s)': 2.5,  # five images, two a second, whatever their numbers
        'Avg. length (s)': 2.5,
        'Max. length (s)': 2.5,
        'Total length (s)': 5.0,
        'Total tracks': 2,
        'Total boxes': 5,
        'Total frames': 10,
        'Instance captions': 2,
        'Instance interactions': 3,  # the two spans of a push are one
        'Video summaries': 1,
    }
    assert statistics.further() == {
        'Kinds of interaction': 2,
        'Pairs with an interaction': 2,
        'Words in captions': 15,
        'Different words': 12,
        'Referring expressions': 0,
    }
    assert statistics.trajectory_seconds == [2.5, 1.0]  # from first to last box
    assert statistics.interactions == [3]  # none where they are not annotated
    assert statistics.caption_words == [7, 5]
    assert statistics.verbs == {'talk.v.01': 2, 'push.v.01': 1}


def test_frequent_words_leave_prepositions_and_articles_out(described: dict) -> None:
    words = DatasetStatistics.of([described]).words
    assert most_frequent_items(words, 2) == {'walk': 3, 'dog-like': 1}
    assert not {'to', 'the', 'a', 'then', 'she'} & set(words)


def test_splits_add_up(described: dict) -> None:
    statistics = DatasetStatistics.of([described])
    joined = statistics.joined(DatasetStatistics.of([make(GroundTruth())]))
    assert (
        joined.to_dict()
        == DatasetStatistics.of([described, make(GroundTruth())]).to_dict()
    )
    assert statistics.table()['Videos'] == 1
    assert json.loads(json.dumps(joined.to_dict())) == joined.to_dict()


def test_no_video_gives_no_mean() -> None:
    table = DatasetStatistics().table()
    assert table['Min. length (s)'] is None
    assert table['Total boxes'] == 0
    assert '| Avg. length (s) | n/a | 22.9 |' in dataset_statistics_table(
        {'train': DatasetStatistics()}
    )


def test_whole_numbers_get_equal_bins() -> None:
    counts, edges = histogram([1, 2, 2, 4])
    assert counts.tolist() == [1, 2, 0, 1]
    assert edges.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    counts, edges = histogram(list(range(100)))
    assert set(counts[:-1].tolist()) == {4}
    assert counts.sum() == 100
    assert histogram([7])[0].tolist() == [1]
    counts, _ = histogram(np.random.default_rng(0).normal(size=10**5).tolist())
    assert len(counts) == 30
    assert counts.sum() == 10**5


def test_describe_gives_the_usual_numbers() -> None:
    description = distribution_statistics([1.5, 2.5, 5.0])
    assert (
        description['min'],
        description['mean'],
        description['median'],
        description['max'],
    ) == (1.5, 3, 2.5, 5)
    assert sum(description['histogram']['counts']) == description['number'] == 3
    assert distribution_statistics([]) == {'number': 0}


def test_the_table_stands_beside_the_papers(described: dict) -> None:
    text = dataset_statistics_table({'train': DatasetStatistics.of([described])})
    assert '| Total boxes | 5 | 335K |' in text
    assert '| Instance caption length (words), mean | 6.0 |  |' in text


@pytest.mark.parametrize('top', [-1, 1.5, True])
def test_a_number_of_words_is_a_count(top) -> None:
    with pytest.raises(ValueError, match='top must be a whole number of 0 or more'):
        DatasetStatistics().to_dict(top)
    assert DatasetStatistics().to_dict(0)['words'] == {}
