"""Refer-KITTI: both label forms, splits, dropped expressions, bad files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from projects.referring_mot.datasets.refer_kitti import (
    DROPPED_EXPRESSIONS,
    SPLITS,
    ReferKITTIDataset,
)
from projects.referring_mot.tests.conftest import write_expression_file


def load(root: Path, **options: object) -> list[dict]:
    dataset = ReferKITTIDataset(
        data_root=str(root), test_mode=True, lazy_init=True, **options
    )
    return dataset.load_data_list()


def test_splits_are_those_of_the_releases() -> None:
    sizes = {
        (v, s): len(names) for v, parts in SPLITS.items() for s, names in parts.items()
    }
    assert sizes == {
        ('v1', 'train'): 15,
        ('v1', 'test'): 3,
        ('v2', 'train'): 17,
        ('v2', 'test'): 4,
    }
    assert not set(SPLITS['v2']['train']) & set(SPLITS['v2']['test'])
    assert len(set(DROPPED_EXPRESSIONS)) == 8


@pytest.mark.parametrize('labels', ['labels_with_ids', 'label_02'])
def test_boxes_are_the_same_from_both_label_forms(
    refer_kitti: Path, labels: str
) -> None:
    (info,) = load(refer_kitti, split='test', labels=labels)
    video, gt = info['video'], info['gt'].trajectories
    assert (video.video.name, video.video.fps, len(video)) == ('0005', 10.0, 4)
    assert video.frame_ids.tolist() == [1, 2, 3, 4]  # the files count from 0
    np.testing.assert_allclose(gt.boxes[gt.ids == 1][:, 0], [4, 6, 8, 10])
    np.testing.assert_allclose(gt.boxes[gt.ids == 7], [[40, 8, 50, 24]] * 3)
    assert gt.frame_ids[gt.ids == 7].tolist() == [1, 2, 3]


def test_who_sits_has_two_names(refer_kitti: Path) -> None:
    """KITTI's own tracking files have Person beside Person_sitting."""
    path = refer_kitti / 'KITTI/training/label_02/0005.txt'
    rows = [row.replace(' 7 Car', ' 7 Person') for row in path.read_text().split('\n')]
    rows[-2] = '3 8 Person_sitting 0 0 0 1 2 9 9 1 1 1 0 0 0 0'
    path.write_text('\n'.join(rows))
    (info,) = load(refer_kitti, split='test', labels='label_02')
    gt = info['gt'].trajectories
    assert gt.labels[gt.ids == 1].tolist() == [1] * 4
    assert gt.labels[gt.ids > 1].tolist() == [5] * 4


def test_dropped_expressions_are_those_of_v1_alone(refer_kitti: Path) -> None:
    def sentences(**options: object) -> list[str]:
        (info,) = load(refer_kitti, split='test', **options)
        return [expression.sentence for expression in info['gt'].expressions]

    assert sentences() == ['cars', 'moving cars']
    assert sentences(keep_dropped=True) == [
        'cars which are braking',
        'cars',
        'moving cars',
    ]  # by file name, where a dash comes before the dot of .json
    assert len(sentences(version='v2')) == 3
    (train,) = load(refer_kitti, split='train')  # RMOT trains on them
    assert len(train['gt'].expressions) == 3


def test_the_folder_names_the_video(refer_kitti: Path) -> None:
    """RMOT never reads the key."""
    path = refer_kitti / 'expression/0005/cars.json'
    path.write_text(path.read_text().replace('0005', '0011'))
    (info,) = load(refer_kitti, split='test')
    assert {e.video_name for e in info['gt'].expressions} == {'0005'}


def test_labels_count_frames_from_one_here(refer_kitti: Path) -> None:
    (info,) = load(refer_kitti, split='test')
    moving = info['gt'].expressions[1]
    assert moving.labels == {1: (1,), 2: (1,), 3: (1,)}


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (
            {'label': {'one': [1]}, 'sentence': 'a'},
            "bad.json.*label: 'one' is not a frame",
        ),
        ({'label': {'-1': [1]}, 'sentence': 'a'}, "bad.json.*'-1' is not a frame"),
        ({'label': {'0': ['1']}, 'sentence': 'a'}, "bad.json.*'1' in frame 1 is no id"),
        ({'label': {'0': 3}, 'sentence': 'a'}, 'bad.json.*must be a list of ids'),
        ({'label': {'0': [1]}}, "bad.json.*no key 'sentence'"),
        ({'label': {}, 'sentence': '  '}, 'bad.json.*a sentence must be text'),
    ],
)
def test_a_bad_expression_names_file_and_key(
    refer_kitti: Path, content: dict, message: str
) -> None:
    path = refer_kitti / 'expression/0005/bad.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        load(refer_kitti, split='test')


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('0 1 .1 .1 .2', '000001.txt:1: expected "class id x1 y1 width height"'),
        ('0 1.5 .1 .1 .2 .2', '000001.txt:1: frame, class and id must be whole'),
        ('0 1 x .1 .2 .2', '000001.txt:1: expected numbers'),
        ('0 nan .1 .1 .2 .2', '000001.txt:1: frame, class and id must be whole'),
    ],
)
def test_a_bad_label_names_file_and_line(
    refer_kitti: Path, line: str, message: str
) -> None:
    path = refer_kitti / 'KITTI/labels_with_ids/image_02/0005/000001.txt'
    path.write_text(line + '\n')
    with pytest.raises(ValueError, match=message):
        load(refer_kitti, split='test')


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('0 1 Car 0 0 0 1 2 3', 'got 9 columns'),
        ('0 1 Horse 0 0 0 1 2 3 4', "unknown type 'Horse'"),
        (
            '0 1 Car 0 0 0 1 2 3 4\n0 1 Car 0 0 0 1 2 3 4',
            'id 1 stands twice in frame 1',
        ),
    ],
)
def test_a_bad_row_of_label_02_names_file_and_line(
    refer_kitti: Path, line: str, message: str
) -> None:
    (refer_kitti / 'KITTI/training/label_02/0005.txt').write_text(line + '\n')
    with pytest.raises(ValueError, match=f'0005.txt.*{message}'):
        load(refer_kitti, split='test', labels='label_02')


def test_a_box_of_a_missing_image_is_left_out(refer_kitti: Path) -> None:
    (refer_kitti / 'KITTI/training/image_02/0005/000002.png').unlink()
    (info,) = load(refer_kitti, split='test')
    assert info['video'].frame_ids.tolist() == [1, 2, 4]
    assert set(info['gt'].trajectories.frame_ids.tolist()) == {1, 2, 4}


def test_missing_parts_are_named(refer_kitti: Path) -> None:
    with pytest.raises(FileNotFoundError, match='none of the 15 sequences of v1 train'):
        load(refer_kitti / 'expression', split='train')
    for path in (refer_kitti / 'expression/0005').iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match='0005: no expressions'):
        load(refer_kitti, split='test')


def test_another_alphabet_is_a_sentence(refer_kitti: Path) -> None:
    write_expression_file(refer_kitti, '0005', '黑色的汽车', {'0': [7]})
    (info,) = load(refer_kitti, split='test')
    assert '黑色的汽车' in [e.sentence for e in info['gt'].expressions]
