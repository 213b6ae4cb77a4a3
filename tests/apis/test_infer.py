"""What a video's results are written from."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import replace
from importlib import import_module, invalidate_caches, reload
from pathlib import Path

import numpy as np
import pytest

from mmsmot.apis import infer_video
from mmsmot.apis.result_cache import MAKERS, PACKAGE
from mmsmot.apis.result_files import UNFINISHED, clear_result_folder
from mmsmot.datasets import open_video
from mmsmot.models import track_rows
from mmsmot.models.detectors import DetectionFile
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT, BaseTracker, TrajectoryFile
from mmsmot.structures import (
    Tracks,
    Trajectories,
    read_trajectories,
    sample_to_dict,
)
from mmsmot.utils.atomic import atomic_path
from mmsmot.utils.json_file import write_json
from mmsmot.visualization import TrackDrawer
from tests.demo_scene import make_demo_scene
from tests.visualization.report_page import data_of
from tests.words import Words


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('infer') / 'walk', num_frames=6)


def renumbered(trajectories: Trajectories, _: np.ndarray) -> Trajectories:
    return replace(trajectories, ids=trajectories.ids + 100)


def test_post_processed_trajectories_are_written_and_drawn(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[np.ndarray] = []
    draw = TrackDrawer.draw

    def watching(self, image, ids, boxes, *rest):
        drawn.append(ids)
        return draw(self, image, ids, boxes, *rest)

    monkeypatch.setattr(TrackDrawer, 'draw', watching)
    model = SMOT(
        detector=DetectionFile(), tracker=SORT(min_hits=0), post_processing=[renumbered]
    )
    result = infer_video(model, open_video(scene), tmp_path)
    assert len(drawn) == 6
    assert np.concatenate(drawn).min() > 100
    assert read_trajectories(tmp_path / 'tracks.txt').ids.min() > 100
    assert min(t['id'] for t in result['trajectories']) > 100
    assert (tmp_path / 'video.mp4').stat().st_size > 1000
    assert result['files'] == ['tracks.txt', 'video.mp4', 'report.html']
    assert '<video' in (tmp_path / 'report.html').read_text()
    assert not list(tmp_path.glob('report_video*'))


def public() -> SMOT:
    return SMOT(detector=DetectionFile(), tracker=SORT(min_hits=0))


def test_a_file_of_trajectories_without_classes(scene: Path, tmp_path: Path) -> None:
    infer_video(public(), open_video(scene), tmp_path / 'one', draw=False)
    path = tmp_path / 'one' / 'tracks.txt'
    assert set(read_trajectories(path).labels.tolist()) == {-1}
    model = SMOT(detector=None, tracker=TrajectoryFile(path=str(path)))
    result = infer_video(model, open_video(scene), tmp_path / 'two', draw=False)
    assert {t['label'] for t in result['trajectories']} == {-1}
    assert (tmp_path / 'two' / 'tracks.txt').read_text() == path.read_text()


def ids_of(result: dict) -> list[int]:
    return sorted(t['id'] for t in result['trajectories'])


def test_finished_means_the_same_inputs_and_all_files(
    scene: Path, tmp_path: Path
) -> None:
    def run() -> os.stat_result:
        infer_video(public(), open_video(scene), tmp_path, 'config', draw=False)
        return (tmp_path / 'result.json').stat().st_mtime_ns

    first = run()
    assert run() == first
    (tmp_path / 'tracks.txt').unlink()
    second = run()
    assert second > first
    assert (tmp_path / 'tracks.txt').is_file()
    text = (tmp_path / 'result.json').read_text()
    (tmp_path / 'result.json').write_text(text[: len(text) // 2])  # damaged
    (tmp_path / 'tracks.txt').unlink()
    assert run() > second
    # Nothing tells what the config was: it is done again.
    infer_video(public(), open_video(scene), tmp_path, draw=False)
    before = (tmp_path / 'result.json').stat().st_mtime_ns
    infer_video(public(), open_video(scene), tmp_path, draw=False)
    assert (tmp_path / 'result.json').stat().st_mtime_ns > before


def test_a_rewritten_trajectory_file_is_another_result(
    scene: Path, tmp_path: Path
) -> None:
    path = tmp_path / 'given.txt'
    for track_id in (5, 6):
        path.write_text(f'1,{track_id},0,0,9,9,1,-1,-1,-1\n')
        model = SMOT(
            detector=None, tracker=TrajectoryFile(path=str(tmp_path / 'given.txt'))
        )
        out = tmp_path / 'out'
        result = infer_video(model, open_video(scene), out, 'config', draw=False)
        assert ids_of(result) == [track_id]


TRACKER = """
import numpy as np
from mended_helper import FIRST
from mmsmot.models.trackers import BaseTracker
from mmsmot.structures import Tracks
class Mended(BaseTracker):
    def reset(self):
        pass
    def update(self, detections, frame=None):
        n = len(detections)
        rows = np.arange(n)
        return Tracks(
            FIRST + rows, detections.boxes, detections.scores, detections.labels, rows)
"""


def test_an_edited_tracker_is_another_result(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, 'dont_write_bytecode', True)
    (tmp_path / 'mended_tracker.py').write_text(TRACKER)
    for first in (1, 1001):  # what changes stands in a file that the tracker imports
        (tmp_path / 'mended_helper.py').write_text(f'FIRST = {first}\n')
        invalidate_caches()
        for name in ('mended_helper', 'mended_tracker'):
            module = reload(import_module(name))
        model = SMOT(detector=DetectionFile(), tracker=module.Mended())
        out = tmp_path / 'out'
        result = infer_video(model, open_video(scene), out, 'config', draw=False)
        assert ids_of(result)[0] == first


def test_an_old_result_leaves_nothing_behind(scene: Path, tmp_path: Path) -> None:
    infer_video(public(), open_video(scene), tmp_path, 'config')
    assert (tmp_path / 'video.mp4').is_file()
    result = infer_video(public(), open_video(scene), tmp_path, 'config', draw=False)
    assert not (tmp_path / 'video.mp4').exists()
    assert result['files'] == ['tracks.txt']


def test_labels_without_images(scene: Path, tmp_path: Path) -> None:
    bare = tmp_path / 'walk'
    shutil.copytree(scene, bare, ignore=shutil.ignore_patterns('img1'))
    result = infer_video(public(), open_video(bare), tmp_path / 'out')
    assert result['files'] == ['tracks.txt']
    assert len(result['trajectories']) > 1
    assert json.loads((tmp_path / 'out' / 'result.json').read_text())['meta']['video'][
        'width'
    ]


def test_places_where_no_result_can_lie(scene: Path, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(NotADirectoryError, match='is a file'):
        infer_video(public(), open_video(scene), tmp_path / 'file')
    infer_video(public(), open_video(scene), tmp_path)
    with pytest.raises(ValueError, match='written over'):
        infer_video(public(), open_video(tmp_path / 'video.mp4'), tmp_path)


class Broken(BaseTracker):
    def __init__(self, answer) -> None:
        self.answer = answer

    def reset(self) -> None:
        pass

    def update(self, detections, frame=None):
        return self.answer


@pytest.mark.parametrize(
    ('answer', 'error', 'message'),
    [
        (([1], [[0, 0, 1, 1]]), TypeError, 'frame 1: must return .* got tuple'),
        (
            Tracks(
                np.ones(2, int), np.eye(2, 4) + 1, np.ones(2), np.ones(2), np.ones(2)
            ),
            ValueError,
            'Broken.update, frame 1: .* id 1 stands 2 times',
        ),
        (
            Tracks(np.ones(1), np.zeros((2, 4)), np.ones(1), np.ones(1), np.ones(1)),
            ValueError,
            "differ in length: .*'boxes': 2",
        ),
    ],
)
def test_a_tracker_that_breaks_its_contract_is_named(
    scene: Path, tmp_path: Path, answer, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        infer_video(
            SMOT(detector=DetectionFile(), tracker=Broken(answer)),
            open_video(scene),
            tmp_path,
        )


def test_a_skipped_result_is_as_the_new_one(scene: Path, tmp_path: Path) -> None:
    new, skipped = (
        infer_video(public(), open_video(scene), tmp_path, 'config', draw=False)
        for _ in range(2)
    )
    assert len(new['trajectories']) > 1
    assert isinstance(skipped['video']['frame_ids'], np.ndarray)
    for one, other in zip(new['trajectories'], skipped['trajectories'], strict=True):
        for name in ('frame_ids', 'boxes_xyxy', 'scores'):
            assert one[name].dtype == other[name].dtype
            assert np.array_equal(one[name], other[name])
    assert sample_to_dict(new['sample']) == sample_to_dict(skipped['sample'])
    for name in ('key', 'speed', 'warnings', 'files', 'prompt'):
        assert new[name] == skipped[name]
    write_json(new['scores'], tmp_path / 'scores.json')
    scores = json.loads((tmp_path / 'scores.json').read_text())
    assert scores == skipped['scores'] != {}


def test_tracks_are_the_same_in_pieces(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    infer_video(public(), open_video(scene), tmp_path / 'whole', draw=False)
    sizes = []
    from_tracks = Trajectories.from_tracks

    def counting(frame_ids: list[int], *rest: object) -> Trajectories:
        sizes.append(len(frame_ids))
        return from_tracks(frame_ids, *rest)

    monkeypatch.setattr(track_rows, 'CHUNK', 4)
    monkeypatch.setattr(Trajectories, 'from_tracks', counting)
    model = public()
    model.batch_size = 2
    infer_video(model, open_video(scene), tmp_path / 'pieces', draw=False)
    assert sizes == [4, 2]
    whole, pieces = (
        (tmp_path / name / 'tracks.txt').read_text() for name in ('whole', 'pieces')
    )
    assert whole == pieces != ''


def test_what_a_killed_run_left_is_removed(scene: Path, tmp_path: Path) -> None:
    left = ['.video.k1_2abcd.mp4', '.result.00000000.json', '.tracks.abcdefgh.txt']
    others = ['.mine.abcdefgh.mp4', '.video.mp4', '.video.of_my_own_holidays.mp4']
    for name in left + others:
        (tmp_path / name).write_text('half')
    infer_video(public(), open_video(scene), tmp_path, draw=False)
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {*others, 'tracks.txt', 'result.json'}


def test_names_of_unfinished_files_are_known(tmp_path: Path) -> None:
    with atomic_path(tmp_path / 'video.mp4') as temporary:
        clear_result_folder(tmp_path, overwrite=False)
        assert not temporary.exists()
        temporary.touch()


def test_all_that_results_are_made_by_is_in_their_key() -> None:
    parts = {p.name for p in PACKAGE.iterdir() if (p / '__init__.py').is_file()}
    assert {*MAKERS} == parts - {'engine'}  # which trains and evaluates


def test_the_page_shows_the_verbs_that_the_model_chose(
    scene: Path, tmp_path: Path
) -> None:
    model = SMOT(detector=DetectionFile(), tracker=SORT(min_hits=0))
    model.semantics = Words(score=0.1)
    result = infer_video(model, open_video(scene), tmp_path)
    assert [row['verb'] for row in result['interactions']] == ['follow.v.01']
    told = data_of(tmp_path / 'report.html')
    said = told['sides']['pred']['interactions']
    assert [row['verb'] for row in said] == ['follow.v.01']


def contents(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in folder.iterdir() if p.is_file()}


@pytest.mark.parametrize('name', ['tracks.txt', 'report.html', 'video.mp4'])
@pytest.mark.parametrize('overwrite', [False, True])
def test_a_file_of_the_users_is_not_replaced(
    scene: Path, tmp_path: Path, name: str, overwrite: bool
) -> None:
    (tmp_path / name).write_text('mine')
    with pytest.raises(FileExistsError, match=rf'{name} was written by no .*\(--out\)'):
        infer_video(public(), open_video(scene), tmp_path, overwrite=overwrite)
    assert contents(tmp_path) == {name: 'mine'}


@pytest.mark.parametrize(
    'text', ['[1, 2]', 'no JSON', '[' * 100_000, '{"files": ["video.mp4"]}']
)
def test_a_result_of_another_tool_is_not_replaced(
    scene: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / 'result.json').write_text(text)
    (tmp_path / 'video.mp4').write_text('mine')
    with pytest.raises(FileExistsError, match='was written by no run of mmsmot'):
        infer_video(public(), open_video(scene), tmp_path, 'config')
    assert contents(tmp_path) == {'result.json': text, 'video.mp4': 'mine'}


@pytest.mark.parametrize('name', ['result.json', 'video.mp4'])
def test_a_folder_under_a_files_name_is_told_at_once(
    scene: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match=rf'{name} is a folder.*\(--out\)'):
        infer_video(public(), open_video(scene), tmp_path)


def test_what_a_killed_run_had_finished_is_replaced(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tracks are there whole, and no result yet."""
    (tmp_path / 'tracks.txt').write_text('half of the result')
    (tmp_path / UNFINISHED).write_text('["tracks.txt"]')
    infer_video(public(), open_video(scene), tmp_path, draw=False)
    assert sorted(p.name for p in tmp_path.iterdir()) == ['result.json', 'tracks.txt']
    assert (tmp_path / 'tracks.txt').read_text() != 'half of the result'
