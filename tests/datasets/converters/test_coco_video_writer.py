"""COCO-video JSON, written and read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsmot.datasets.converters.coco_video import CocoVideoFile
from mmsmot.datasets.converters.coco_video_writer import CocoVideoWriter
from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence


def test_there_and_back(make_video, gt, says_the_same, tmp_path: Path) -> None:
    writer = CocoVideoWriter(tmp_path / 'source')
    writer.add(make_video(), gt)
    bare = GroundTruth(gt.trajectories)
    writer.add(make_video('street/0002'), bare)
    writer.write(tmp_path / 'out' / 'a.json')
    info_a, info_b = CocoVideoFile(tmp_path / 'out/a.json', tmp_path / 'source')
    assert says_the_same(gt, info_a['gt'])
    assert says_the_same(bare, info_b['gt'])
    assert info_a['video'].frame_ids.tolist() == [1, 2, 4, 7]
    assert info_a['video'].video.fps == 8
    assert Path(info_a['video'].image_paths[3]).is_file()


def test_the_form_is_the_released_codes(make_video, gt, tmp_path: Path) -> None:
    writer = CocoVideoWriter(tmp_path / 'source')
    writer.add(make_video(), gt)
    writer.add(make_video('street/0002'), GroundTruth())
    writer.write(tmp_path / 'a.json')
    content = json.loads((tmp_path / 'a.json').read_text())
    assert content['images'][1] == dict(
        id=2,
        file_name='cooking/0001/002.png',
        video_id=1,
        frame_id=2,
        prev_image_id=1,
        next_image_id=3,
        height=48,
        width=64,
    )
    ends = [(i['prev_image_id'], i['next_image_id']) for i in content['images']]
    assert ends == [(-1, 2), (1, 3), (2, 4), (3, -1), (-1, 6), (5, 7), (6, 8), (7, -1)]
    assert content['annotations'][0] == dict(
        id=1,
        category_id=1,
        image_id=1,
        instance_id=2,
        bbox=[5.25, 5, 10.25, 25],
        conf=1,
        iscrowd=0,
        area=256.25,
        visibility=1.0,
    )
    video = content['videos'][0]
    assert video['file_name'] == 'cooking/0001'
    assert video['relation'] == {
        '2-10': ['follow.v.01'],
        '10-2': ['look.v.01'],
        '2-3': ['talk.v.01'],
    }
    assert video['caption']['2'] == 'A man: he waves.'
    assert {c['id']: c['name'] for c in content['categories']} == {
        1: 'person',
        7: 'class 7',
    }


def test_images_must_lie_below_the_root(make_video, gt, tmp_path: Path) -> None:
    writer = CocoVideoWriter(tmp_path / 'elsewhere')
    with pytest.raises(ValueError, match='001.png: lies outside of .*elsewhere'):
        writer.add(make_video(), gt)


def test_a_video_of_no_images_is_refused(make_video, gt, tmp_path) -> None:
    video = make_video()
    bare = ImageSequence(video.video, video.frame_ids)
    with pytest.raises(ValueError, match='no images'):
        CocoVideoWriter(tmp_path).add(bare, gt)
