"""LaMOT's files over MOTChallenge folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from projects.referring_mot.datasets.lamot import LaMOTDataset, read_lamot_expression
from projects.referring_mot.datasets.referring_dataset import ReferringDataset


@pytest.fixture
def lamot(tmp_path: Path) -> dict[str, str]:
    """A sequence without images, of two people in three frames, with LaMOT's names."""
    gt = tmp_path / 'mot/A/gt/gt.txt'
    gt.parent.mkdir(parents=True)
    rows = [f'{f},{i},{10 * i + f},5,8,20,1,1,1' for f in (1, 2, 3) for i in (1, 2)]
    gt.write_text('\n'.join(rows) + '\n')
    (tmp_path / 'mot/A/seqinfo.ini').write_text(
        '[Sequence]\nname=A\nframeRate=10\nseqLength=3\nimWidth=64\nimHeight=48\n'
    )
    folder = tmp_path / 'annotations/val/MOT17'
    folder.mkdir(parents=True)
    content = {'targets': {'1': [2], '3': [1, 2]}, 'language': 'people on the right'}
    (folder / 'A_01.json').write_text(json.dumps(content))
    (folder / 'A_1_01.json').write_text('of another sequence')
    return dict(data_root=str(tmp_path / 'mot'), expressions=str(folder))


def test_frames_count_from_one(lamot: dict[str, str]) -> None:
    dataset = LaMOTDataset(**lamot, test_mode=True, lazy_init=True)
    (info,) = dataset.load_data_list()
    (expression,) = info['gt'].expressions
    assert expression.sentence == 'people on the right'
    assert expression.labels == {1: (2,), 3: (1, 2)}
    assert expression.video_name == 'A'


def test_a_box_with_score_0_is_no_object(lamot: dict[str, str]) -> None:
    """MOTChallenge marks so what is not to be tracked; a label of it has no box."""
    path = Path(lamot['data_root']) / 'A/gt/gt.txt'
    rows = path.read_text().replace('3,2,23,5,8,20,1', '3,2,23,5,8,20,0')
    path.write_text(rows + '3,3,40,5,8,20,0,1,1\n')
    inner = dict(type='LaMOTDataset', **lamot)
    dataset = ReferringDataset(dataset=inner, test_mode=True)
    info = dataset.get_data_info(0)
    assert info['objects'].ids.tolist() == [1, 2, 1, 2, 1]
    assert info['gt'].trajectories.ids.tolist() == [2, 1]
    (count,) = dataset.expression_counts()
    assert count.share == 1  # both of two


def test_a_half_has_the_labels_of_its_frames(lamot: dict[str, str]) -> None:
    dataset = LaMOTDataset(**lamot, split='val_half', test_mode=True, lazy_init=True)
    (info,) = dataset.load_data_list()
    assert info['video'].frame_ids.tolist() == [3]
    assert info['gt'].expressions[0].labels == {3: (1, 2)}


def test_files_may_lie_one_folder_deeper(lamot: dict[str, str]) -> None:
    folder = Path(lamot['expressions'])
    (folder / 'YFCC100M').mkdir()
    (folder / 'A_01.json').rename(folder / 'YFCC100M/A_0003.json')
    (info,) = LaMOTDataset(**lamot, test_mode=True, lazy_init=True).load_data_list()
    assert len(info['gt'].expressions) == 1


def test_expressions_of_other_sequences_alone_are_an_error(
    lamot: dict[str, str],
) -> None:
    (Path(lamot['expressions']) / 'A_01.json').unlink()
    dataset = LaMOTDataset(**lamot, test_mode=True, lazy_init=True)
    message = r'no expression of the 1 sequences .*A_01.json.*1 files, as A_1_01.json'
    with pytest.raises(FileNotFoundError, match=message):
        dataset.load_data_list()


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        ([], "not an expression in LaMOT's form"),
        ({'targets': {}}, "not an expression in LaMOT's form"),
        ({'targets': [1], 'language': 'a'}, 'targets must be an object of lists'),
        ({'targets': {'0': [1]}, 'language': 'a'}, "'0' is no frame number from 1"),
        ({'targets': {'1': [1.5]}, 'language': 'a'}, '1.5 in frame 1 is no id'),
        ({'targets': {}, 'language': ''}, 'a sentence must be text'),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / 'x.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=f'x.json.*{message}'):
        read_lamot_expression(path)


def test_missing_folders_are_named(lamot: dict[str, str]) -> None:
    with pytest.raises(FileNotFoundError, match='no folder of expressions'):
        LaMOTDataset(lamot['data_root'], expressions='/nowhere')
    folder = Path(lamot['data_root']) / 'A'
    (folder / 'gt/gt.txt').rename(folder / 'det.txt')
    dataset = LaMOTDataset(**lamot, test_mode=True, lazy_init=True)
    with pytest.raises(FileNotFoundError, match=r'has expressions .* but no gt/gt.txt'):
        dataset.load_data_list()
