"""Samples of (video, prompt), the protocols' boxes, the shuffled control."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmsmot.datasets.seeded_index import SeededIndex
from mmsmot.structures import ReferringExpression, Trajectories
from projects.referring_mot.datasets import referring_dataset
from projects.referring_mot.datasets.refer_kitti import ReferKITTIDataset
from projects.referring_mot.datasets.referred_boxes import (
    is_temporal,
    labels_without_box,
    referred_trajectories,
)
from projects.referring_mot.datasets.referring_dataset import (
    ReferringDataset,
    referring_videos,
)
from projects.referring_mot.datasets.shuffled_text import shuffled_rows
from projects.referring_mot.tests.conftest import write_expression_file

assert ReferKITTIDataset  # registers it


def dataset_of(root: Path, split: str = 'test', **options: object) -> ReferringDataset:
    inner = dict(type='ReferKITTIDataset', data_root=str(root), split=split)
    return ReferringDataset(dataset=inner, **options)


def objects() -> Trajectories:
    """Ids 1 and 2 in frames 1 to 3; x1 is 10 * id + frame."""
    frames, ids = np.repeat([1, 2, 3], 2), np.tile([1, 2], 3)
    x1 = 10 * ids + frames
    boxes = np.stack([x1, ids * 0, x1 + 5, ids * 0 + 9], axis=1).astype(float)
    return Trajectories(frames, ids, boxes)


def test_the_fixed_protocol_takes_the_box_of_the_label_s_frame() -> None:
    expression = ReferringExpression('a', {1: (1,), 3: (2,)})
    boxes = referred_trajectories(objects(), expression)
    assert list(zip(boxes.frame_ids, boxes.ids, boxes.boxes[:, 0], strict=True)) == [
        (1, 1, 11.0),
        (3, 2, 23.0),
    ]


def test_the_released_protocol_takes_that_of_the_next() -> None:
    expression = ReferringExpression('a', {1: (1,), 2: (1, 2), 3: (2,)})
    boxes = referred_trajectories(objects(), expression, 'released')
    assert list(zip(boxes.frame_ids, boxes.ids, boxes.boxes[:, 0], strict=True)) == [
        (1, 1, 12.0),
        (2, 1, 13.0),
        (2, 2, 23.0),
    ]  # nobody has a box after frame 3


def test_temporal_is_what_holds_for_a_part_of_a_life() -> None:
    assert not is_temporal(
        objects(), ReferringExpression('a', {1: (1,), 2: (1,), 3: (1,)})
    )
    assert is_temporal(objects(), ReferringExpression('a', {2: (1,), 3: (1,)}))
    assert not is_temporal(objects(), ReferringExpression('a', {}))


def test_a_twentieth_of_a_life_is_no_time() -> None:
    """A label that lacks one frame of 20 is static, one that lacks two is not."""
    frames = np.arange(1, 21)
    table = Trajectories(frames, frames * 0 + 1, np.tile([0.0, 0, 5, 9], (20, 1)))
    for missing, temporal in ((1, False), (2, True)):
        labels = {int(f): (1,) for f in frames[missing:]}
        assert is_temporal(table, ReferringExpression('a', labels)) == temporal


def test_labels_that_nothing_answers_to_are_counted() -> None:
    expression = ReferringExpression('a', {2: (1, 9), 4: (1, 2), 7: (1,)})
    assert labels_without_box(objects(), expression, [1, 2, 3]) == (3, 1)


def test_a_sample_for_each_video_and_prompt(refer_kitti: Path) -> None:
    dataset = dataset_of(refer_kitti, test_mode=True)
    samples = [dataset[k]['data_samples'] for k in range(len(dataset))]
    assert [s.prompt.text for s in samples] == ['cars', 'moving cars']
    assert [len(s.gt_trajectories) for s in samples] == [7, 3]
    assert [len(s.gt_objects) for s in samples] == [7, 7]
    assert samples[1].gt_expressions[0].sentence == 'moving cars'
    assert dataset.sentences() == ['cars', 'moving cars']


def test_a_dropped_sentence_may_have_blanks_or_dashes(refer_kitti: Path) -> None:
    for drop in ('moving cars', 'Moving-Cars'):
        dataset = dataset_of(refer_kitti, test_mode=True, drop=[drop])
        assert dataset.sentences() == ['cars']


def test_shuffled_text_is_another_sentence_with_the_same_gt(refer_kitti: Path) -> None:
    dataset = dataset_of(refer_kitti, test_mode=True, shuffle_text=True)
    rows = [dataset.get_data_info(k) for k in range(2)]
    assert [row['prompt'].text for row in rows] == ['moving cars', 'cars']
    assert [row['gt'].expressions[0].sentence for row in rows] == [
        'cars',
        'moving cars',
    ]
    assert [len(row['gt'].trajectories) for row in rows] == [7, 3]


def test_a_clip_has_all_objects_and_draws_one_expression(refer_kitti: Path) -> None:
    dropped = ['cars which are braking']
    dataset = dataset_of(refer_kitti, 'train', num_frames=2, drop=dropped)
    assert len(dataset) == 1
    texts = set()
    for seed in range(12):
        sample = dataset.prepare_data(SeededIndex(0, (seed, 0, 0)))['data_samples']
        assert len(sample.gt_expressions) == 2
        assert 1 in sample.gt_trajectories.ids
        texts.add(sample.prompt.text)
    assert texts == {'cars', 'moving cars'}


def test_a_clip_may_have_several_prompts(refer_kitti: Path) -> None:
    for count, expected in ((2, 2), (5, 3)):  # there are three sentences
        dataset = dataset_of(refer_kitti, 'train', num_frames=2, prompts_per_clip=count)
        orders = set()
        for seed in range(12):
            sample = dataset.prepare_data(SeededIndex(0, (seed, 0, 0)))['data_samples']
            texts = [prompt.text for prompt in sample.prompts]
            assert len(texts) == count and len({*texts}) == expected
            assert sample.prompt == sample.prompts[0]
            orders.add(tuple(texts))
        assert len(orders) > 1
    with pytest.raises(ValueError, match='prompts_per_clip'):
        dataset_of(refer_kitti, 'train', prompts_per_clip=0)


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the dataset logs."""
    logged: list[str] = []
    monkeypatch.setattr(
        referring_dataset, 'print_log', lambda message, **_: logged.append(message)
    )
    return logged


def test_one_sentence_twice_is_one_prompt(
    refer_kitti: Path, messages: list[str]
) -> None:
    write_expression_file(refer_kitti, '0005', 'moving cars ', {'0': [7]})
    dataset = dataset_of(refer_kitti, test_mode=True)
    assert sorted(dataset.sentences()) == ['cars', 'moving cars']
    row = dataset.sentences().index('moving cars')
    boxes = dataset.get_data_info(row)['gt'].trajectories
    pairs = zip(boxes.frame_ids.tolist(), boxes.ids.tolist(), strict=True)
    assert sorted(pairs) == [(1, 1), (1, 7), (2, 1), (3, 1)]
    assert messages == ["0005: 'moving cars' stands twice; its labels are put together"]


def test_frames_beyond_the_video_and_unknown_ids_are_not_scored(
    refer_kitti: Path, messages: list[str]
) -> None:
    write_expression_file(refer_kitti, '0005', 'odd', {'0': [1, 99], '40': [1]})
    dataset = dataset_of(refer_kitti, test_mode=True)
    info = dataset.get_data_info(2)
    assert info['prompt'].text == 'odd'
    assert info['gt'].trajectories.frame_ids.tolist() == [1]
    assert '0005: 1 labels of its expressions are of frames' in messages[0]
    assert '0005: 1 labels of its expressions are of ids' in messages[1]


def test_a_sentence_that_means_nobody_is_a_sample(refer_kitti: Path) -> None:
    write_expression_file(refer_kitti, '0005', 'unicorns', {})
    dataset = dataset_of(refer_kitti, test_mode=True)
    assert len(dataset.get_data_info(2)['gt'].trajectories) == 0


def test_a_dataset_without_expressions_is_refused(refer_kitti: Path) -> None:
    with pytest.raises(ValueError, match='none of 1 videos has a referring expression'):
        dataset_of(refer_kitti, test_mode=True, drop=['cars', 'moving cars'])


def test_one_expression_has_no_shuffled_text(refer_kitti: Path) -> None:
    options = dict(test_mode=True, shuffle_text=True, drop=['moving cars'])
    with pytest.raises(ValueError, match='no video has a second expression'):
        dataset_of(refer_kitti, **options)


def test_a_split_goes_to_the_dataset_inside(refer_kitti: Path) -> None:
    """As a sweep sets it, and the tools, which read train and val beside test."""
    dataset = dataset_of(refer_kitti, split='train', test_mode=True)
    assert len(dataset) == 3
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti), split='train')
    config = dict(type='ReferringDataset', dataset=inner, split='train')
    assert len(referring_videos(config, 'test').sentences()) == 2
    assert ReferringDataset(
        dataset=inner, split='test', test_mode=True
    ).sentences() == [
        'cars',
        'moving cars',
    ]


def test_indices_of_the_dataset_inside_are_refused(refer_kitti: Path) -> None:
    inner = dict(type='ReferKITTIDataset', data_root=str(refer_kitti), indices=1)
    with pytest.raises(ValueError, match='indices of its dataset would not be read'):
        ReferringDataset(dataset=inner)


@pytest.mark.parametrize('number', [2, 3, 9])
def test_shuffled_text_is_never_its_own(number: int) -> None:
    for seed in range(5):
        rows = shuffled_rows('0005', number, seed)
        assert sorted(rows.tolist()) == [*range(number)]
        assert (rows != np.arange(number)).all()
    assert len(shuffled_rows('0005', 1)) == 0


def test_ids_of_another_release_are_refused(refer_kitti: Path) -> None:
    write_expression_file(refer_kitti, '0005', 'odd', {'0': [1, 91, 92, 93, 94, 95]})
    with pytest.raises(ValueError, match='0005: 5 of 16 labels .* have no box'):
        dataset_of(refer_kitti, test_mode=True)
