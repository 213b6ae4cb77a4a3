"""COCO-video JSON: what is read, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmsmot.datasets.converters.coco_video import CocoVideoFile


def content() -> dict[str, Any]:
    """Two videos as the released code has them, the first with words."""
    videos = [
        dict(
            id=7,
            file_name='cooking/0001',
            summary='A man cooks.',
            caption={'1': 'A man stirs. ', '2': ''},
            relation={'1-2': ['.Look.v.01', '', 'talk.v.01']},
        ),
        dict(id=8, name='street'),
    ]
    images = [
        dict(id=10 * v + f, video_id=v, frame_id=f, width=64, height=48, file_name=n)
        for v, f, n in (
            (7, 1, 'cooking/0001/imgs/001.jpg'),
            (7, 2, 'cooking/0001/imgs/004.jpg'),
            (8, 0, 'street/b.jpg'),
            (8, 1, 'street/a.jpg'),
        )
    ]
    box = dict(category_id=1, conf=1, iscrowd=0, area=200)
    annotations = [
        dict(id=1, image_id=71, instance_id=1, bbox=[1, 2, 10, 20], **box),
        dict(id=2, image_id=72, instance_id=1, bbox=[2, 2, 10, 20], **box),
        dict(id=3, image_id=72, instance_id=2, bbox=[30, 2, 10.5, 20], **box),
        dict(id=4, image_id=80, track_id=5, bbox=[0, 0, 4, 4], iscrowd=1),
    ]
    return dict(videos=videos, images=images, annotations=annotations)


@pytest.fixture
def save(tmp_path: Path) -> Callable[[Any], Path]:
    """Writes a JSON file."""

    def write(value: Any) -> Path:
        (tmp_path / 'a.json').write_text(json.dumps(value))
        return tmp_path / 'a.json'

    return write


def test_the_released_form_is_read(save, tmp_path: Path) -> None:
    info_a, info_b = CocoVideoFile(save(content()), default_fps=3)
    video, gt = info_a['video'], info_a['gt']
    assert video.video.name == 'cooking/0001'
    assert (video.video.fps, video.video.width, video.video.height) == (3, 64, 48)
    assert video.frame_ids.tolist() == [1, 4]  # the images' own numbers
    assert video.image_paths[1] == str(tmp_path / 'cooking/0001/imgs/004.jpg')
    assert gt.captions == {1: 'A man stirs.'}
    assert gt.video_caption == 'A man cooks.'
    assert gt.interactions.as_pairs() == {(1, 2): {'look.v.01', 'talk.v.01'}}
    assert gt.trajectories.boxes.tolist() == [
        [1, 2, 11, 22],
        [2, 2, 12, 22],
        [30, 2, 40.5, 22],
    ]
    assert gt.trajectories.frame_ids.tolist() == [1, 4, 4]
    video, gt = info_b['video'], info_b['gt']
    assert video.frame_ids.tolist() == [1, 2]  # names without numbers, from 0
    assert gt.captions is gt.interactions is gt.video_caption is None
    assert gt.trajectories.scores.tolist() == [0]
    assert gt.trajectories.ids.tolist() == [5]


def test_file_numbers_against_the_order_do_not_count(save) -> None:
    value = content()
    value['images'][1]['file_name'] = 'cooking/0001/imgs/000.jpg'
    info_a, _ = CocoVideoFile(save(value))
    assert info_a['video'].frame_ids.tolist() == [1, 2]


def test_boxes_without_area_go_with_the_words_of_who_has_none_left(
    save, logged
) -> None:
    value = content()
    value['annotations'][2]['bbox'] = [30, 2, 0, 20]
    value['videos'][0]['caption']['2'] = 'A pot.'
    info_a, _ = CocoVideoFile(save(value))
    assert len(info_a['gt'].trajectories) == 2
    assert info_a['gt'].captions == {1: 'A man stirs.'}
    assert len(info_a['gt'].interactions) == 0
    assert any('1 boxes without area; left out' in r.getMessage() for r in logged)


def test_a_video_without_images_is_left_out_and_told(save, logged) -> None:
    value = content()
    value['videos'].append(dict(id=9, name='empty'))
    assert len(list(CocoVideoFile(save(value)))) == 2
    assert any('video 9 has no images' in r.getMessage() for r in logged)


HUGE = 10**30
ENDLESS = 10**400  # beyond float64
SPAN = dict(subject=1, verb='look.v.01', object=2, start=1, end=4)
BAD = {
    "annotations[0]: 'iscrowd' must be 0 or 1": ('annotations', 0, 'iscrowd', HUGE),
    "annotations[0]: 'ignore' must be 0 or 1": ('annotations', 0, 'ignore', 'yes'),
    "annotations[0]: 'conf' must be": ('annotations', 0, 'conf', HUGE),
    'id 72: width 65, but images of the same video': ('images', 1, 'width', 65),
    'annotations[0]: image_id 99 is no image': ('annotations', 0, 'image_id', 99),
    "annotations[1]: 'instance_id' must be a whole": (
        'annotations',
        1,
        'instance_id',
        '1',
    ),
    "annotations[2]: 'instance_id' must be a whole number from 0 to 1000000000": (
        'annotations',
        2,
        'instance_id',
        HUGE,
    ),
    'annotations[1]: bbox must be': ('annotations', 1, 'bbox', [1, 2, 3]),
    'annotations[0]: bbox must be': ('annotations', 0, 'bbox', [1, 2, 3, ENDLESS]),
    'annotations[2]: bbox must be': ('annotations', 2, 'bbox', [1, 2, 3, float('nan')]),
    "annotations[0]: 'category_id' must be": ('annotations', 0, 'category_id', HUGE),
    "annotations[0]: 'visibility' must be a": (
        'annotations',
        0,
        'visibility',
        ENDLESS,
    ),
    "annotations[1]: 'visibility' must be from 0": ('annotations', 1, 'visibility', 7),
    "annotations[1]: 'conf' must be": ('annotations', 1, 'conf', 'yes'),
    'annotations[2]: id 1 stands twice in image 72': (
        'annotations',
        2,
        'instance_id',
        1,
    ),
    'images[1]: id 71 stands twice': ('images', 1, 'id', 71),
    "images[1]: 'id' must be a whole number": ('images', 1, 'id', HUGE),
    'images: id 71: video_id 3 is no video': ('images', 0, 'video_id', 3),
    "images: id 71: there is no 'file_name'": ('images', 0, 'file_name', None),
    "images: id 72: 'file_name' must be a name": ('images', 1, 'file_name', 'a\0.jpg'),
    "id 72: 'file_name' 'cooking/0001/imgs/001.jpg' is that of image 71": (
        'images',
        1,
        'file_name',
        'cooking/0001/imgs/001.jpg',
    ),
    "images: id 71: 'width' must be": ('images', 0, 'width', '64'),
    "images: id 71: 'width' must be a whole number from 1": ('images', 0, 'width', -5),
    "images: id 71: 'height' must be a whole": ('images', 0, 'height', HUGE),
    "images: id 72: 'frame_id' must be": ('images', 1, 'frame_id', HUGE),
    "images: id 71: 'frame_id' must be": ('images', 0, 'frame_id', -1),
    'videos: id 7: a frame_id of its images': ('images', 1, 'frame_id', 1),
    'videos[1]: id 7 stands twice': ('videos', 1, 'id', 7),
    "the name 'cooking/0001' is that of 7": ('videos', 1, 'name', 'cooking/0001'),
    "videos: id 8: 'name' must be a name": ('videos', 1, 'name', 'street\0'),
    "videos: id 7: 'fps' must be a finite number from 1e-06": ('videos', 0, 'fps', -1),
    "videos: id 7: 'fps' must be": ('videos', 0, 'fps', ENDLESS),
    "videos: id 7: 'summary' must be a text": ('videos', 0, 'summary', 3),
    'videos: id 7: caption must map ids': ('videos', 0, 'caption', {'man': 'A man.'}),
    'videos: id 7: caption must map ids to texts, each id once': (
        'videos',
        0,
        'caption',
        {'1': 'A', '01': 'B'},
    ),
    'the caption of 1 holds half a surrogate pair': (
        'videos',
        0,
        'caption',
        {'1': 'a \ud800'},
    ),
    "videos: id 7: 'caption' must be an object": ('videos', 0, 'caption', 'A man.'),
    'videos: id 7: relation must map "i-j"': ('videos', 0, 'relation', {'1': []}),
    'relation must map "i-j" to lists': (
        'videos',
        0,
        'relation',
        {f'1-{HUGE}': ['look.v.01']},
    ),
    'a verb of 1-2 must be a text': ('videos', 0, 'relation', {'1-2': [3]}),
    'id 1 is subject and object': ('videos', 0, 'relation', {'1-1': ['look.v.01']}),
    "'semantic_trajectories' must be a list": (
        'videos',
        0,
        'semantic_trajectories',
        3,
    ),
    "semantic_trajectories[0]: 'end' must be a whole": (
        'videos',
        0,
        'semantic_trajectories',
        [SPAN | {'end': HUGE}],
    ),
}


@pytest.mark.parametrize('message', BAD)
def test_bad_input_is_named(save, message: str) -> None:
    table, row, key, bad = BAD[message]
    value = content()
    value[table][row][key] = bad
    with pytest.raises(ValueError) as caught:
        list(CocoVideoFile(save(value)))
    assert 'a.json: ' in str(caught.value)
    assert message in str(caught.value)


def test_a_category_that_is_not_listed(save) -> None:
    value = content() | dict(categories=[dict(id=1, name='person')])
    assert len(list(CocoVideoFile(save(value)))) == 2
    value['annotations'][2]['category_id'] = 3
    with pytest.raises(ValueError, match=r'\[2\]: category_id 3 is none of .* \[1\]'):
        CocoVideoFile(save(value))


@pytest.mark.parametrize('value', [[], {}, dict(videos=[1]), dict(videos=[{}])])
def test_another_json_is_refused(save, value: Any) -> None:
    with pytest.raises(ValueError, match=r'a\.json: '):
        CocoVideoFile(save(value))


@pytest.mark.parametrize(
    'name', ['../secret.jpg', 'a/../../secret.jpg', '/etc/secret.jpg']
)
def test_no_image_from_outside_of_the_root(save, name: str) -> None:
    value = content()
    value['images'][1]['file_name'] = name
    with pytest.raises(ValueError, match=r'id 72: .*lies outside of .*--image-root'):
        CocoVideoFile(save(value))


def test_a_path_that_stays_inside_is_fine(save, tmp_path: Path) -> None:
    value = content()
    value['images'][1]['file_name'] = 'cooking/../cooking/0001/imgs/004.jpg'
    value['images'][0]['file_name'] = str(tmp_path / 'cooking/0001/imgs/001.jpg')
    info_a, _ = CocoVideoFile(save(value))
    assert info_a['video'].image_paths[0] == str(tmp_path / 'cooking/0001/imgs/001.jpg')


def test_flags_of_openmmlabs_converters(save) -> None:
    """``mot_conf`` is gt.txt's flag; mmdet leaves boxes out that say ``ignore``."""
    value = content()
    flags = (dict(mot_conf=0.0), dict(mot_conf=1.0), dict(ignore=1, mot_conf=1.0))
    for box, flag in zip(value['annotations'], flags, strict=False):
        del box['conf']
        box.update(flag, visibility=-1)
    info_a, _ = CocoVideoFile(save(value))
    assert info_a['gt'].trajectories.scores.tolist() == [0, 1, 0]
    assert info_a['gt'].trajectories.visibility.tolist() == [1, 1, 1]


@pytest.mark.parametrize('fps', [0, -2, float('nan'), 1e308])
def test_a_default_rate_is_one(save, fps: float) -> None:
    with pytest.raises(
        ValueError, match='default_fps must be a finite number from 1e-06'
    ):
        CocoVideoFile(save(content()), default_fps=fps)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'a.json').write_bytes(b'\xff\xd8')
    with pytest.raises(ValueError, match='not JSON'):
        CocoVideoFile(tmp_path / 'a.json')
