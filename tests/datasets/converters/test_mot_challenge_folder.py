"""MOTChallenge's layout, with and without words."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmsmot.datasets.converters.bensmot_folder import (
    read_bensmot_folder,
    write_bensmot_sequence,
)
from mmsmot.datasets.converters.mot_challenge_folder import (
    read_mot_challenge_folder,
    write_mot_challenge_sequence,
)
from mmsmot.datasets.seqinfo import read_seqinfo
from mmsmot.datasets.vocabulary import InteractionVocabulary
from mmsmot.structures import Interactions, read_trajectories


def test_there_and_back(make_video, gt, says_the_same, tmp_path: Path) -> None:
    write_mot_challenge_sequence(make_video(), gt, tmp_path / 'mot/cooking__0001')
    (info,) = read_mot_challenge_folder(tmp_path / 'mot')
    assert says_the_same(gt, info['gt'])
    assert info['video'].frame_ids.tolist() == [1, 2, 4, 7]
    write_bensmot_sequence(
        info['video'], info['gt'], tmp_path / 'back/train/cooking/0001'
    )
    (back,) = read_bensmot_folder(tmp_path / 'back', 'train')
    assert says_the_same(gt, back['gt'])


def test_verbs_of_ones_own_are_kept(make_video, gt, tmp_path: Path) -> None:
    gt.interactions = Interactions([2, 3], [3, 2], ['juggle', 'loo.v.01'])
    write_mot_challenge_sequence(make_video(), gt, tmp_path / 'mot/a')
    (info,) = read_mot_challenge_folder(tmp_path / 'mot')
    assert info['gt'].interactions.verbs.tolist() == ['juggle', 'loo.v.01']
    (info,) = read_mot_challenge_folder(tmp_path / 'mot', InteractionVocabulary())
    assert info['gt'].interactions.verbs.tolist() == ['look.v.01']


def test_evaluation_kits_find_what_they_look_for(
    make_video, gt, tmp_path: Path
) -> None:
    folder = tmp_path / 'mot/a'
    write_mot_challenge_sequence(make_video(), gt, folder)
    info = read_seqinfo(folder)
    assert (info.name, info.image_dir, info.fps) == ('a', 'img1', 8)
    assert (info.length, info.width, info.height) == (7, 64, 48)
    assert len(read_trajectories(folder / 'gt/gt.txt')) == 7
    lines = (folder / 'gt/gt.txt').read_text().splitlines()
    assert lines[0] == '1,2,5.25,5,10.25,25,1,1,1'


def test_boxes_not_to_consider_can_be_left_out(make_video, gt, tmp_path: Path) -> None:
    write_mot_challenge_sequence(make_video(), gt, tmp_path / 'mot/a')
    (info,) = read_mot_challenge_folder(tmp_path / 'mot', considered_only=True)
    assert len(info['gt'].trajectories) == 6


def test_boxes_without_an_image_are_left_out_and_told(
    make_video, gt, logged, tmp_path: Path
) -> None:
    write_mot_challenge_sequence(make_video(), gt, tmp_path / 'mot/a')
    (tmp_path / 'mot/a/img1/000007.png').unlink()
    (info,) = read_mot_challenge_folder(tmp_path / 'mot')
    assert len(info['gt'].trajectories) == 6
    assert any(
        '1 of 7 boxes stand in frames that a does not have' in r.getMessage()
        for r in logged
    )


def test_a_real_sequence(test_data: Path, tmp_path: Path) -> None:
    root = test_data / 'data/MOT17-mini/train'
    (info,) = read_mot_challenge_folder(
        root, sequences=['MOT17-02-FRCNN'], considered_only=True
    )
    write_bensmot_sequence(info['video'], info['gt'], tmp_path / 'out/train/street/02')
    (back,) = read_bensmot_folder(tmp_path / 'out', 'train')
    lines = (root / 'MOT17-02-FRCNN/gt/gt.txt').read_text().splitlines()
    rows = [line.split(',') for line in lines]
    frames = len(back['video'])
    expected = [r for r in rows if int(r[0]) <= frames and float(r[6]) > 0]
    assert len(back['gt'].trajectories) == len(expected) > 50
    assert back['gt'].captions is None


def test_a_folder_without_sequences_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='no MOTChallenge sequences'):
        list(read_mot_challenge_folder(tmp_path))


def test_images_and_rows_from_0_lose_no_box(tmp_path: Path, write_images) -> None:
    folder = tmp_path / 'mot/a'
    write_images(folder / 'img1', [f'{k:06d}.png' for k in range(3)])
    (folder / 'gt').mkdir()
    rows = ''.join(f'{k},1,{10 * k},5,10,20,1,1,1\n' for k in range(3))
    (folder / 'gt/gt.txt').write_text(rows)
    (info,) = read_mot_challenge_folder(tmp_path / 'mot')
    write_bensmot_sequence(info['video'], info['gt'], tmp_path / 'back/train/cook/a')
    (back,) = read_bensmot_folder(tmp_path / 'back', 'train')
    boxes = back['gt'].trajectories
    assert boxes.frame_ids.tolist() == [1, 2, 3]
    assert boxes.boxes[:, 0].tolist() == [0, 10, 20]
