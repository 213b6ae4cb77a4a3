"""The benchmark of the whole pipeline, at a size that takes seconds."""

from __future__ import annotations

import itertools
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from mmsmot.models.semantics.slots import INTERFACES

FOLDER = Path(__file__).parents[2] / 'tools' / 'benchmarks'
ROW = re.compile(r'(\w+) +(-?[\d.]+) +-?[\d.]+ +-?[\d.]+%')
TINY = ('--threads', 1, '--repeats', 1)


def run(*args: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(FOLDER / 'pipeline.py'), *map(str, [*TINY, *args])],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_split_adds_up_to_the_whole() -> None:
    lines = run('--frames', 10)
    found = {m[1]: float(m[2]) for m in map(ROW.match, lines) if m}
    assert set(found) >= {
        *('decode', 'detect', 'track', 'pool', 'fuse', 'generate', 'draw', 'encode')
    }
    assert min(found.values()) >= 0
    assert all(found[stage] > 0 for stage in ('detect', 'generate', 'encode'))
    rate = re.match(r'([\d.]+) frames/s from file to page, 320x192, 10', lines[-1])
    assert 10 / sum(found.values()) == pytest.approx(float(rate[1]), rel=0.1, abs=0.05)
    # Without weights the true boxes are looked at, so that there is someone to track.
    people = re.match(r'(\d+) trajectories; random weights', lines[-3])
    assert int(people[1]) >= 3


def test_stages_are_made_of_parts_that_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that was renamed would be left out of its stage in silence."""
    monkeypatch.syspath_prepend(str(FOLDER))
    stages = runpy.run_path(str(FOLDER / 'pipeline_stages.py'))['PARTS']
    for part, method in itertools.chain(*stages.values()):
        assert method in INTERFACES[part]


def test_memory_of_two_lengths(tmp_path: Path) -> None:
    out = tmp_path / 'memory.png'
    lines = run('--memory', '--minutes', 0.05, 0.1, '--fps', 2, '--out', out)
    told = json.loads(out.with_suffix('.json').read_text())
    assert [row['frames'] for row in told['runs']] == [6, 12]
    assert [row['minutes'] for row in told['runs']] == [0.05, 0.1]
    for row in told['runs']:
        assert 100 < row['loaded_mib'] < row['peak_mib'] < 4000
        assert row['trajectories'] >= 3
    assert re.match(r'peak memory \d+ MiB at 0.05 min, \d+ MiB at 0.1 min', lines[-1])
    assert cv2.imread(str(out)).shape[2] == 3


def test_latency_of_three_people() -> None:
    lines = run('--latency', '--people', 3, '--frames', 5)
    assert lines[-3].startswith('3 captions of ')
    assert re.match(r'describe\(\) of 3 people: median \d+ ms, 1 threads', lines[-1])


def test_the_film_goes_forth_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    from demo_film import IMAGES_A_SCENE, DemoFilm

    from mmsmot.datasets import open_video

    film = DemoFilm(tmp_path / 'scene', (96, 64))
    people, last = film.truth(), IMAGES_A_SCENE
    for ahead in (1, 5):
        mirrored = people(last + ahead).boxes, people(last - ahead).boxes
        assert mirrored[0].tolist() == mirrored[1].tolist()
    assert people(1).boxes.tolist() == people(2 * last - 1).boxes.tolist()
    assert people(1).boxes.tolist() != people(last).boxes.tolist()
    film.write(tmp_path / 'film.mp4', 5, 2.0)
    video = open_video(tmp_path / 'film.mp4')
    assert (len(list(video)), video.video.fps) == (5, 2.0)
