"""Benchmarks that no other test runs, at a size that takes seconds."""

from __future__ import annotations

import argparse
import json
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mmsmot.datasets.synsmot import ClipSettings, write_built_clip

FOLDER = Path(__file__).parents[2] / 'tools' / 'benchmarks'


def run(name: str, *args: object) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(FOLDER / name), *map(str, args)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_memory_of_a_training_step() -> None:
    for name in ('mmdet', 'transformers'):
        pytest.importorskip(name, reason=f'needs {name}')
    size = ('--frames', 1, 2, '--gradient-frames', 1, '--size', 64, 64, '--clip', 3)
    lines = run('training_memory.py', '--config', 'smoter/smoter_tiny_synsmot', *size)
    assert re.match(r'1 frames: \d\.\d\d GiB, \d\.\d\d of it before', lines[0])
    assert re.match(r'extrapolated to 3 frames: \d+ GiB', lines[-1])


def test_a_long_video_and_a_session() -> None:
    lines = run('long_video.py', '--frames', 60, 120)
    assert [line.split()[0] for line in lines[-3:-1]] == ['60', '120']
    assert re.match(r'\d+\.\d bytes a box at frame 120', lines[-1])


def test_early_description_of_joined_clips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ('mmdet', 'transformers'):
        pytest.importorskip(name, reason=f'needs {name}')
    for index in range(2):
        write_built_clip(tmp_path, 0, index, 'test', ClipSettings(num_frames=(24, 25)))
    join_clips = runpy.run_path(str(FOLDER / 'early_description.py'))['join_clips']
    options = dict(data_root=str(tmp_path), split='test', seed=0, videos=1, clips=2)
    (video,) = join_clips(argparse.Namespace(**options))
    frames = [frame for batch in video.batches(8) for frame in batch]
    (_, first), (reader, second) = video.clips
    start = len(first.frame_ids)
    assert [f.frame_id for f in frames] == [
        *range(1, start + len(second.frame_ids) + 1)
    ]
    assert frames[start].timestamp == pytest.approx(start / 8)
    assert (frames[start].image == next(iter(reader)).image).all()
    gt = video.gt()
    rows = gt.gt_trajectories.frame_ids > start
    assert rows.sum() == len(second.gt_trajectories)
    assert (gt.gt_trajectories.boxes[rows] == second.gt_trajectories.boxes).all()
    second_ids = {*gt.gt_trajectories.ids[rows].tolist()}
    assert not second_ids.intersection(gt.gt_trajectories.ids[~rows].tolist())
    captions = [gt.gt_captions[i] for i in sorted(second_ids)]
    assert captions == [t for _, t in sorted(second.gt_captions.items())]
    lines = run('early_description.py', tmp_path, '--videos', 1, '--clips', 2)
    assert lines[0] == f'joined/0: {len(frames)} frames'
    assert re.match(r'captions that are the same: \d+ of [1-9]', lines[1])
    early, late = (re.findall(r'[\d.]+', line) for line in lines[-2:])
    assert early[0] == late[0]  # the tracks are the same


@pytest.mark.skipif(shutil.which('java') is None, reason='needs java')
def test_captions_are_compared_with_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip('pycocoevalcap', reason='needs pycocoevalcap')
    monkeypatch.syspath_prepend(str(FOLDER))
    coco_scores = runpy.run_path(str(FOLDER / 'semantic_evaluation.py'))['coco_scores']
    equal = ('a man in red walks',) * 2
    other = ('two people hug near a tree', 'a child waves')
    scores = coco_scores([equal, other])
    assert all(0 < scores[name] < 1 for name in ('BLEU-4', 'METEOR', 'ROUGE-L'))


def test_the_steps_of_foundation_and_the_memory_of_a_batch(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    pytest.importorskip('transformers', reason='needs transformers')
    from tests.tiny_transformers import save_idefics3

    monkeypatch.syspath_prepend(str(FOLDER))
    main = runpy.run_path(str(FOLDER / 'foundation.py'))['main']

    def lines(*args: object) -> list[str]:
        monkeypatch.setattr(sys, 'argv', ['foundation.py', *map(str, args)])
        main()
        return capsys.readouterr().out.splitlines()

    *_, headline = stages = lines('--frames', 4, '--max-new-tokens', 3)
    seconds = {
        m[1]: float(m[2])
        for m in (re.match(r'([\w ]+?) +([\d.]+) s', x) for x in stages)
        if m
    }
    assert {'detect', 'track', 'crops', 'captions', 'pairs'} <= seconds.keys()
    total = float(re.match(r'([\d.]+) s for 4 frames, \d people; tiny', headline)[1])
    assert 0 < sum(seconds.values()) < total + 0.1
    folder = save_idefics3(tmp_path)
    row = json.loads(lines('--folder', folder, '--batch-sizes', 2, '--images', 3)[-1])
    assert row['batch_size'] == 2 and row['more'] >= 0 < row['seconds']
    assert row['tokens'] > 60 + 3  # of the answer, of the images, and the question's


def test_time_of_kinematic_descriptions() -> None:
    lines = run('kinematics.py', '--people', 3, '--fps', 10, '--seconds', 4)
    people, fps, *milliseconds = lines[-1].split()
    assert (people, fps) == ('3', '10')
    assert all(0 < float(number) < 200 for number in milliseconds)
