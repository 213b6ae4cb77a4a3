"""Broken files of SemTrack: refused with file and entry, or mended and counted."""

from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from projects.semtracker.datasets.format_repairs import REPAIRS
from projects.semtracker.datasets.semtrack_dataset import SemTrackDataset
from projects.semtracker.datasets.semtrack_episodes import (
    target_events,
    target_trajectory,
)
from projects.semtracker.datasets.semtrack_json import read_semtrack_json
from projects.semtracker.tests.test_semtrack_formats import CONTENT, written

Breaker = Callable[[dict], object]


def entry(part: str, number: int, **changes: object) -> Breaker:
    return lambda content: content[part][number].update(changes)


def without(name: str, number: int, key: str) -> Breaker:
    return lambda content: content[name][number].pop(key)


def again(part: str, number: int, **changes: object) -> Breaker:
    return lambda content: content[part].append(content[part][number] | changes)


ERRORS: list[tuple[Breaker, str]] = [
    (lambda content: content.pop('images'), "a list 'images'"),
    (without('images', 1, 'frame_index'), r"images\[1\] has no 'frame_index'"),
    (without('annotations', 3, 'bbox'), r"annotations\[3\] has no 'bbox'"),
    (entry('images', 2, id='12'), r"images\[2\]: id must be a whole number, got '12'"),
    (entry('images', 0, id=True), r'images\[0\]: id must be a whole number, got True'),
    (entry('images', 0, frame_index=-1), r'images\[0\]: frame_index must be from 0'),
    (
        entry('images', 0, frame_index=2**70),
        r'images\[0\]: frame_index must be a whole',
    ),
    (again('images', 1, frame_index=9), r'images\[4\]: the id 11 is there twice'),
    (again('videos', 0, name='b'), r'videos\[1\]: the id 1 is there twice'),
    (again('categories', 0, name='b'), r'categories\[2\]: the id 1 is there twice'),
    (again('relation_categories', 0), r'relation_categories\[2\]: the id 0 is there'),
    (entry('videos', 0, lang=None), r'videos\[0\]: lang must be a text .*None'),
    (entry('videos', 0, name=7), r'videos\[0\]: name must be a text .*7'),
    (
        entry('relation_categories', 0, name=' '),
        r'relation_categories\[0\]: name must be',
    ),
    (entry('categories', 1, name=[1]), r'categories\[1\]: name must be a text'),
    (entry('annotations', 2, track_id='1'), r'annotations\[2\]: track_id must be a wh'),
    (
        entry('annotations', 2, track_id=-1),
        r'annotations\[2\]: track_id must be from 0',
    ),
    (entry('annotations', 2, track_id=1.5), r'annotations\[2\]: track_id must be a wh'),
    (entry('annotations', 4, bbox=[1, 2, 3]), r'annotations\[4\]: bbox must be four'),
    (entry('annotations', 4, bbox=None), r'annotations\[4\]: bbox must be four'),
    (entry('annotations', 4, bbox=['1'] * 4), r'annotations\[4\]: bbox must be four'),
    (entry('annotations', 4, bbox=[[1, 2], [3, 4]]), r'annotations\[4\]: bbox must'),
    (
        entry('annotations', 5, main_object='0'),
        r'annotations\[5\]: main_object must be',
    ),
    (entry('annotations', 1, video_id='1'), r'annotations\[1\]: video_id must be a wh'),
]


@pytest.mark.parametrize(('break_it', 'message'), ERRORS)
def test_a_broken_file_is_named_with_its_entry(
    tmp_path: Path, break_it: Breaker, message: str
) -> None:
    content = copy.deepcopy(CONTENT)
    break_it(content)
    with pytest.raises(ValueError, match=rf'gt\.json: .*{message}'):
        read_semtrack_json(written(tmp_path, content))


MENDED: list[tuple[Breaker, dict[str, int]]] = [
    (entry('annotations', 4, bbox=[0, 0, math.nan, 5]), dict(box_invalid=1)),
    (entry('annotations', 4, bbox=[0, 0, -3, 5]), dict(box_invalid=1)),
    (entry('annotations', 4, bbox=[500, 0, 1e-15, 5]), dict(box_invalid=1)),
    (entry('annotations', 4, bbox=[0, 0, 1e12, 5]), dict(box_invalid=1)),
    (entry('annotations', 4, bbox=[-math.inf, 0, 3, 5]), dict(box_invalid=1)),
    (entry('annotations', 4, bbox=[10**400, 0, 3, 5]), dict(box_invalid=1)),
    (entry('annotations', 4, image_id=99), dict(image_unknown=1)),
    (entry('annotations', 4, video_id=9), dict(video_differs=1)),
    (entry('annotations', 4, relation_obj_category_id=-2), dict(relation_unknown=1)),
    (entry('images', 0, video_id=9), dict(video_unknown=1, image_unknown=2)),
    (again('videos', 0, id=2, name='b'), dict(video_empty=1)),
    (again('annotations', 0), dict(box_repeated=1)),
]


@pytest.mark.parametrize(('break_it', 'counts'), MENDED)
def test_what_is_mended_is_counted_or_refused(
    tmp_path: Path, break_it: Breaker, counts: dict[str, int]
) -> None:
    content = copy.deepcopy(CONTENT)
    break_it(content)
    path = written(tmp_path, content)
    read = read_semtrack_json(path)
    assert read.repairs.counts == counts and {*counts} <= {*REPAIRS}
    assert [query.video for query in read.queries] == ['YFCC/a']
    with pytest.raises(ValueError, match=r'gt\.json: .*\(strict\)'):
        read_semtrack_json(path, strict=True)


def test_a_box_of_another_video_stays_with_its_image(tmp_path: Path) -> None:
    content = copy.deepcopy(CONTENT)
    content['annotations'][4]['video_id'] = 9
    read = read_semtrack_json(written(tmp_path, content))
    assert len(read.queries[0].tracks) == 6


WEIRD = (None, -1, 2**70, 1.5, math.nan, 'x', '', [], [1, 2], {}, True, 0, 3)


def test_random_damage_is_never_a_crash(tmp_path: Path) -> None:
    """A value, an entry or a key is lost or replaced: an error of the file, or repairs."""
    rng = random.Random(0)
    outcomes = {'read': 0, 'refused': 0}
    for _ in range(400):
        content = copy.deepcopy(CONTENT)
        for _ in range(rng.randint(1, 3)):
            damage(content, rng)
        path = written(tmp_path, content)
        try:
            read = read_semtrack_json(path)
        except ValueError as error:
            assert 'gt.json: ' in str(error)
            outcomes['refused'] += 1
            continue
        outcomes['read'] += 1
        for query in read.queries:
            target_trajectory(query)
            target_events(query, read.categories, read.relations)
            assert np.isfinite(query.tracks.boxes).all()
    assert min(outcomes.values()) > 30


def damage(content: dict, rng: random.Random) -> None:
    name = rng.choice([*content])
    entries = content[name]
    if not isinstance(entries, list) or not entries or rng.random() < 0.03:
        content[name] = rng.choice(WEIRD)
        return
    number = rng.randrange(len(entries))
    if not isinstance(entries[number], dict) or rng.random() < 0.1:
        entries[number] = rng.choice(WEIRD)
    elif rng.random() < 0.1:
        entries.append(copy.deepcopy(entries[number]))
    elif entries[number]:
        key = rng.choice([*entries[number]])
        if rng.random() < 0.2:
            del entries[number][key]
        else:
            entries[number][key] = rng.choice(WEIRD)


def test_a_file_cut_short_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, CONTENT)
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(ValueError, match=r'gt\.json: not JSON'):
        read_semtrack_json(path)
    dataset = dict(data_root=str(tmp_path), annotations='gt.json', test_mode=True)
    with pytest.raises(ValueError, match=r'gt\.json: not JSON'):
        SemTrackDataset(**dataset)
    path.write_text(json.dumps(CONTENT | dict(images=[])))
    with pytest.raises(ValueError, match=r'gt\.json: no video of it has an image'):
        SemTrackDataset(**dataset)
