"""BenSMOT's layout, written and read back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets.bensmot.check import check_bensmot
from mmsmot.datasets.converters.bensmot_folder import (
    bensmot_name,
    read_bensmot_folder,
    split_bensmot_folder_verbs,
    write_bensmot_sequence,
)
from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.structures import Interactions


def test_what_is_written_is_read_back(
    make_video, gt, says_the_same, tmp_path: Path
) -> None:
    video = make_video()
    write_bensmot_sequence(video, gt, tmp_path / 'out/train/cooking/0001', 'copy')
    (info,) = read_bensmot_folder(tmp_path / 'out', 'train')
    assert says_the_same(gt, info['gt'])
    assert info['video'].frame_ids.tolist() == [1, 2, 4, 7]
    assert info['video'].video.name == 'cooking/0001'
    assert info['video'].video.fps == 8
    assert np.median(info['video'].frame_at(2).image) == 80
    report = check_bensmot(tmp_path / 'out')
    kinds = {kind for kind, count in report.repairs.counts.items() if count}
    # The second trajectory's caption is missing, and a verb has no span.
    assert kinds == {'caption_empty', 'edge_without_span', 'sparse_frames'}


def test_a_video_without_words_has_no_files_of_words(
    make_video, gt, tmp_path: Path
) -> None:
    folder = tmp_path / 'out/train/cooking/0001'
    write_bensmot_sequence(make_video(), GroundTruth(gt.trajectories), folder)
    names = {path.name for path in folder.iterdir()}
    assert names == {'imgs', 'gt', 'seqinfo.ini'}
    (info,) = read_bensmot_folder(tmp_path / 'out', 'train')
    assert info['gt'].captions is info['gt'].interactions is None
    assert len(info['gt'].trajectories) == 7


def test_verbs_of_ones_own_are_kept(make_video, gt, tmp_path: Path) -> None:
    gt.interactions = Interactions([2, 3], [3, 2], ['juggle', 'loo.v.01'])
    write_bensmot_sequence(make_video(), gt, tmp_path / 'out/train/a/b')
    assert split_bensmot_folder_verbs(tmp_path / 'out', 'train') == [
        'juggle',
        'loo.v.01',
    ]
    (info,) = read_bensmot_folder(tmp_path / 'out', 'train')
    assert set(info['gt'].interactions.verbs) == {'juggle', 'loo.v.01'}
    (info,) = read_bensmot_folder(tmp_path / 'out', 'train', vocabulary='clean335')
    assert info['gt'].interactions.verbs.tolist() == ['look.v.01']


def test_a_sequence_that_fails_leaves_nothing(make_video, gt, tmp_path: Path) -> None:
    video = make_video()
    Path(video.image_paths[2]).unlink()
    with pytest.raises(FileNotFoundError, match='1 of 4 images are missing.*004.png'):
        write_bensmot_sequence(video, gt, tmp_path / 'out/train/a/b')
    assert list((tmp_path / 'out/train/a').iterdir()) == []


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('cooking/0001', 'cooking/0001'),
        ('train/cooking/0001', 'cooking/0001'),
        ('cooking__0001', 'cooking/0001'),
        ('MOT17-02-FRCNN', 'videos/MOT17-02-FRCNN'),
    ],
)
def test_names_get_an_activity(name: str, expected: str) -> None:
    assert bensmot_name(name) == expected


@pytest.mark.parametrize('name', ['../x', 'a/.hidden', '__x', '..'])
def test_names_that_are_no_folders_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match='gives no names of folders'):
        bensmot_name(name)


def test_links_and_copies(make_video, gt, tmp_path: Path) -> None:
    video = make_video()
    for placement in ('symlink', 'hardlink', 'copy', 'none'):
        folder = tmp_path / 'out' / 'train' / placement / '1'
        write_bensmot_sequence(video, gt, folder, placement)
    out = tmp_path / 'out/train'
    source = Path(video.image_paths[0])
    assert (out / 'symlink/1/imgs/000001.png').readlink() == source
    assert (out / 'hardlink/1/imgs/000001.png').stat().st_ino == source.stat().st_ino
    copied = out / 'copy/1/imgs/000001.png'
    assert not copied.is_symlink()
    assert copied.stat().st_ino != source.stat().st_ino
    assert copied.read_bytes() == source.read_bytes()
    assert not (out / 'none/1/imgs').exists()


def test_a_kind_of_image_that_the_layout_lacks(make_video, gt, tmp_path: Path) -> None:
    video = make_video(suffix='.bmp')
    with pytest.raises(ValueError, match='001.bmp: the layout knows only .*copy'):
        write_bensmot_sequence(video, gt, tmp_path / 'out/train/a/b', 'symlink')
    write_bensmot_sequence(video, gt, tmp_path / 'out/train/a/b', 'copy')
    image = cv2.imread(str(tmp_path / 'out/train/a/b/imgs/000007.png'))
    assert (image == 140).all()
