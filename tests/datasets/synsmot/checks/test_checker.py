"""The checker passes what is true and catches lies planted in captions, boxes, pixels."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets.synsmot.checks import checker
from mmsmot.datasets.synsmot.checks.checker import check_clip, check_synsmot
from mmsmot.datasets.synsmot.checks.findings import Findings

CHASE = 'train/chasing/000004'


@pytest.fixture
def clip(mini: Path, tmp_path: Path) -> Callable[[str], Path]:
    """A copy of a clip, to spoil."""

    def copy(name: str = CHASE) -> Path:
        return Path(shutil.copytree(mini / name, tmp_path / Path(name).name))

    return copy


def _kinds(found: Findings) -> set[str]:
    return {kind for kind, *_ in found.failed}


def _rewrite(path: Path, old: str, new: str, count: int = 0) -> None:
    text = path.read_text()
    changed = re.sub(old, new, text, count=count)
    assert changed != text, f'{old} is not in {text}'
    path.write_text(changed)


def test_mini_holds_what_it_says(mini_findings):
    found = mini_findings
    assert found.failed == []
    assert found.checked['colour of top'] > 30
    assert found.checked['left and right in order'] > 10
    assert found.checked['box inside the image'] > 1000
    assert found.checked['expression: motion'] > 30
    assert found.checked['both there from start to end'] > 25
    assert sum(found.checked.values()) > 4000
    assert f'{found.checked.total()}' in found.table().splitlines()[-1]


def test_swapped_captions(clip):
    folder = clip()
    path = folder / 'instance_captions.txt'
    lines = path.read_text().splitlines()
    names, texts = zip(*(line.split(': ', 1) for line in lines), strict=True)
    assert names[:2] == ('woman0', 'woman1')
    texts = (texts[1], texts[0], *texts[2:])
    path.write_text(''.join(f'{n}: {t}\n' for n, t in zip(names, texts, strict=True)))
    assert 'partner and interaction' in _kinds(check_clip(folder))


def test_another_colour_in_a_caption(clip):
    folder = clip()
    _rewrite(folder / 'instance_captions.txt', 'pink', 'blue')
    assert {'colour of top', 'expression: looks'} <= _kinds(check_clip(folder))


def test_repainted_images(clip):
    """Hues turned by a third of the circle: nobody wears what is said."""
    folder = clip()
    for path in (folder / 'imgs').iterdir():
        hsv = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(int) + 60) % 180
        cv2.imwrite(str(path), cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR))
    found = check_clip(folder)
    assert sum(kind == 'colour of top' for kind, *_ in found.failed) == 4


def test_mirrored_images(clip):
    """Images and boxes mirrored, sentences kept: left is right."""
    folder = clip('train/following/000007')
    width = 0
    for path in (folder / 'imgs').iterdir():
        image = cv2.imread(str(path))
        width = image.shape[1]
        cv2.imwrite(str(path), image[:, ::-1])
    rows = np.loadtxt(folder / 'gt' / 'gt.txt', delimiter=',')
    rows[:, 2] = width - rows[:, 2] - rows[:, 4]
    np.savetxt(folder / 'gt' / 'gt.txt', rows, delimiter=',', fmt='%g')
    found = check_clip(folder)
    assert {'left and right in order'} <= _kinds(found)
    assert 'box inside the image' not in _kinds(found)
    assert 'colour of top' not in _kinds(found)


def test_turned_direction_in_words(clip):
    folder = clip('train/following/000007')
    _rewrite(folder / 'instance_captions.txt', 'to the right', 'to the left')
    assert 'left and right in order' in _kinds(check_clip(folder))


def test_turned_interaction(clip):
    """Who follows is said to be followed, in all files alike."""
    folder = clip('train/following/000007')
    path = folder / 'semantic_trajectories.json'
    held = json.loads(path.read_text())
    deed = held['trajectories'][0]
    deed['subject'], deed['object'] = deed['object'], deed['subject']
    path.write_text(json.dumps(held))
    kinds = _kinds(check_clip(folder))
    assert 'follow.v.01 in the boxes' in kinds
    assert 'edges are the interactions' in kinds
    assert 'video caption: does what to whom' in kinds


def test_played_backwards(clip):
    """Approaching backwards is leaving."""
    folder = clip('test/pushing/000002')
    rows = np.loadtxt(folder / 'gt' / 'gt.txt', delimiter=',')
    pictures = sorted((folder / 'imgs').iterdir())
    data = [path.read_bytes() for path in pictures]
    for path, held in zip(pictures, reversed(data), strict=True):
        path.write_bytes(held)
    rows[:, 0] = len(pictures) + 1 - rows[:, 0]
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    np.savetxt(folder / 'gt' / 'gt.txt', rows, delimiter=',', fmt='%g')
    path = folder / 'semantic_trajectories.json'
    held = json.loads(path.read_text())
    for deed in held['trajectories']:
        start, end = deed['start'], deed['end']
        deed['start'], deed['end'] = len(data) + 1 - end, len(data) + 1 - start
    path.write_text(json.dumps(held))
    kinds = _kinds(check_clip(folder))
    assert {'approach.v.01 in the boxes', 'leave.v.01 in the boxes'} <= kinds


def test_wrong_number_of_people(clip):
    folder = clip()
    _rewrite(folder / 'video_caption.txt', '(?i)four', 'Three')
    assert _kinds(check_clip(folder)) == {'number of people'}


def test_a_trajectory_without_caption_or_box(clip):
    folder = clip()
    path = folder / 'instance_captions.txt'
    path.write_text(''.join(path.read_text().splitlines(keepends=True)[:-1]))
    kinds = _kinds(check_clip(folder))
    assert {'caption for each trajectory', 'nodes of the graph'} <= kinds


def test_expressions_of_people_without_boxes(clip):
    folder = clip()
    path = min((folder / 'expressions').iterdir())
    held = json.loads(path.read_text())
    held['label'][next(iter(held['label']))] = [9]
    path.write_text(json.dumps(held))
    assert 'expression: boxes exist' in _kinds(check_clip(folder))


def test_boxes_that_jump_out_or_twice(clip):
    folder = clip()
    path = folder / 'gt' / 'gt.txt'
    first, *rest = path.read_text().splitlines()
    parts = first.split(',')
    outside = ','.join([*parts[:2], '300', parts[3], '90', *parts[5:]])
    path.write_text('\n'.join([first, outside, *rest]) + '\n')
    assert {'box inside the image', 'one box a frame'} <= _kinds(check_clip(folder))


def test_words_nobody_taught_it(clip):
    folder = clip()
    _rewrite(folder / 'instance_captions.txt', r'\.\n', ' and levitates.\n', count=1)
    assert 'caption understood' in _kinds(check_clip(folder))


def test_names_the_folder_where_there_is_nothing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no clip .*make_synsmot\.py'):
        check_synsmot(tmp_path)


def test_workers_leave_ctrl_c_to_their_parent_while_they_start(mini, monkeypatch):
    blocks = []

    @contextmanager
    def start_workers():
        blocks.append('begun')
        yield
        blocks.append('ended')

    class Pool:
        def __init__(self, *_args) -> None: ...
        def __enter__(self):
            return self

        def __exit__(self, *_error) -> None: ...
        def map(self, function, folders, chunksize):
            assert blocks == ['begun']
            return map(function, folders[:1])

    monkeypatch.setattr(checker, 'start_child_workers', start_workers)
    monkeypatch.setattr(checker, 'ProcessPoolExecutor', Pool)
    assert checker.check_synsmot(mini, workers=2).checked
    assert blocks == ['begun', 'ended']
