"""Many videos as jobs, and their summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsmot.apis.batch import SUMMARY, BatchVideoSummary, infer_batch
from mmsmot.engine.launchers import LocalLauncher
from tests.demo_scene import make_demo_scene

CONFIG = 'two_stage/sort_public-detections'


@pytest.fixture(scope='module')
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two sequences and a file that is no video."""
    root = tmp_path_factory.mktemp('scenes')
    for seed in range(2):
        make_demo_scene(root / f's{seed}', seed=seed, num_frames=4)
    (root / 'notes.mp4').write_text('no video\n' * 200)
    return root


def batch(scenes: Path, out: Path, **call: object) -> list[BatchVideoSummary]:
    inferencer = dict(config=CONFIG, options={'model.tracker.min_hits': 0})
    names = [str(scenes / name) for name in ('s0', 'notes.mp4', 's1')]
    return infer_batch(
        LocalLauncher(), names, out, inferencer, dict(draw=False, **call)
    )


def test_a_job_a_video_and_one_summary(scenes: Path, tmp_path: Path) -> None:
    first, broken, second = batch(scenes, tmp_path)
    assert first.num_frames == second.num_frames == 4
    assert first.num_trajectories > 0
    assert first.scores['track/HOTA'] > 50
    assert 'not a video' in broken.error
    written = json.loads((tmp_path / SUMMARY).read_text())
    assert [Path(line['video']).name for line in written] == ['s0', 'notes.mp4', 's1']
    assert [line['error'] is None for line in written] == [True, False, True]
    assert (tmp_path / 's1' / 'tracks.txt').is_file()


def test_what_is_finished_is_not_done_again(scenes: Path, tmp_path: Path) -> None:
    first = batch(scenes, tmp_path)[0]
    result = tmp_path / 's0' / 'result.json'
    time = result.stat().st_mtime_ns
    assert batch(scenes, tmp_path)[0] == first
    assert result.stat().st_mtime_ns == time
    batch(scenes, tmp_path, overwrite=True)
    assert result.stat().st_mtime_ns > time


def test_a_job_that_raises_stops_no_other(scenes: Path, tmp_path: Path) -> None:
    names = [str(scenes / name) for name in ('s0', 's1')]
    summaries = infer_batch(
        LocalLauncher(), names, tmp_path, dict(config=CONFIG), dict(stride=0)
    )
    assert all('stride must be' in summary.error for summary in summaries)


def test_streams_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match='live stream'):
        infer_batch(LocalLauncher(), 'rtsp://camera/1', tmp_path, {}, {})
    with pytest.raises(ValueError, match='no video in it'):
        infer_batch(LocalLauncher(), str(tmp_path), tmp_path / 'out', {}, {})
