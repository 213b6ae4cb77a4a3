"""Making the dataset: the same bytes always, whole clips only, and no stranger's folder."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets.synsmot import build, writer
from mmsmot.datasets.synsmot.build import make_clip, make_synsmot, write_built_clip
from mmsmot.datasets.synsmot.settings import SIZES, VERSION, ClipSettings
from mmsmot.datasets.synsmot.writer import written_sequence_folders


def test_a_clip_does_not_depend_on_the_others(mini, tree, tmp_path):
    folder = write_built_clip(tmp_path, 0, 3, 'test', SIZES['mini'].settings)
    assert tree(folder) == tree(mini / folder.relative_to(tmp_path))


def test_another_seed_and_split_give_other_clips():
    short = ClipSettings(width=160, height=96)
    base = make_clip(0, 0, 'train', short)
    for other in (make_clip(1, 0, 'train', short), make_clip(0, 0, 'test', short)):
        assert other.captions != base.captions
        assert not np.array_equal(other.images[0], base.images[0])


def test_a_killed_run_is_finished_to_the_same_bytes(mini, tree, tmp_path):
    """One worker, killed in the middle of a clip and run again, equals two at once."""
    out = tmp_path / 'killed'
    code = (
        'from mmsmot.datasets.synsmot import make_synsmot; '
        f'make_synsmot({str(out)!r}, workers=1)'
    )
    process = subprocess.Popen([sys.executable, '-c', code])
    try:
        deadline = time.monotonic() + 40
        while len(list(out.glob('*/*/*/script.json'))) < 2:
            assert process.poll() is None, 'ended before it could be killed'
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    half = next(p for p in out.glob('*/*/[0-9]*')).parent / '.000123.half'
    (half / 'gt').mkdir(parents=True)
    (half / 'gt' / 'gt.txt').write_text('1,1,')
    kept = {p: p.stat().st_mtime_ns for p in out.glob('*/*/[0-9]*/script.json')}
    assert 0 < len(kept) < 16
    make_synsmot(out, workers=1)
    digests = tree(mini)
    assert len(digests) > 400
    assert tree(out) == digests
    assert all(path.stat().st_mtime_ns == when for path, when in kept.items())


def test_a_failed_clip_leaves_nothing(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError('disk full')

    monkeypatch.setattr(writer, 'write_labels', fail)
    with pytest.raises(OSError, match='disk full'):
        write_built_clip(tmp_path, 0, 0, 'train', ClipSettings(width=160, height=96))
    assert [p for p in tmp_path.rglob('*') if p.is_file()] == []
    assert list(tmp_path.glob('*/*/.*')) == list(tmp_path.glob('*/*/*')) == []


def test_one_at_a_time_fills_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(build, 'write_built_clip', lambda out, *_: make_synsmot(out))
    with pytest.raises(BlockingIOError, match=re.escape(str(tmp_path))):
        make_synsmot(tmp_path, workers=1)
    assert [p.name for p in tmp_path.iterdir()] == ['synsmot.json']


def test_a_worker_ends_with_its_parent(monkeypatch):
    watched = []
    monkeypatch.setattr(build, 'end_with_parent', lambda: watched.append(1))
    monkeypatch.setattr(build.cv2, 'setNumThreads', watched.append)
    build._begin_worker()
    assert watched == [1, 1]


def test_folders_of_others_are_refused(mini, tmp_path):
    (tmp_path / 'holiday.jpg').write_bytes(b'')
    with pytest.raises(ValueError, match=r'synsmot\.json is missing'):
        make_synsmot(tmp_path)
    own = tmp_path / 'own'
    own.mkdir()
    shutil.copy(mini / 'synsmot.json', own)
    with pytest.raises(ValueError, match='made with seed 0, asked for 1'):
        make_synsmot(own, seed=1)
    with pytest.raises(
        ValueError, match=r"mini, small, medium, large, full, got 'huge'"
    ):
        make_synsmot(tmp_path, 'huge')
    with pytest.raises(ValueError, match=r"split: expected .*got 'dev'"):
        make_clip(0, 0, 'dev')


@pytest.mark.parametrize('version', [1, 2, None])
def test_a_folder_of_another_version_is_left_alone(mini, version, tmp_path):
    facts = json.loads((mini / 'synsmot.json').read_text())
    old = tmp_path / 'synsmot.json'
    old.write_text(json.dumps(facts | {'version': version, 'seed': 3}))
    before = old.read_bytes()
    with pytest.raises(
        ValueError,
        match=rf'made by version {version} of SynSMOT, this is version 3, .*stays valid '
        r'to train and test on; .*splits \(train, test, val\) give another folder',
    ):
        make_synsmot(tmp_path)
    assert old.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ['synsmot.json']


def _digest(files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()[:16]


# Digests of the label files and of the images of mini, by split. Those of test are of the
# files that version 2 made; a split whose bytes change needs another VERSION.
MINI_LABELS = {
    'train': '8528ba5bbd49b336',
    'val': 'e5bcdf7873b1454f',
    'test': '0d10b764adb36596',
}
MINI_IMAGES = {
    'train': '0248b63b4e2b1167',
    'val': 'c32b87bc06acf284',
    'test': 'd8857d36db9e88e0',
}


@pytest.mark.parametrize('split', build.SPLITS)
def test_the_bytes_of_a_version_stay(mini, tree, split):
    files = tree(mini / split)
    images = {path: md5 for path, md5 in files.items() if '/imgs/' in path}
    labels = {path: md5 for path, md5 in files.items() if path not in images}
    assert VERSION == 3
    assert _digest(labels) == MINI_LABELS[split]
    # Another encoder or blur may round a pixel otherwise.
    if (np.__version__, cv2.__version__) == ('2.4.6', '4.11.0'):
        assert _digest(images) == MINI_IMAGES[split]


@pytest.mark.parametrize(
    ('size', 'train', 'val', 'test', 'width', 'height'),
    [
        ('mini', 8, 4, 4, 320, 192),
        ('small', 400, 60, 100, 320, 192),
        ('medium', 1600, 60, 100, 320, 192),
        ('large', 3200, 60, 100, 320, 192),
        ('full', 2284, 300, 1008, 640, 384),
    ],
)
def test_every_clip_of_a_size_is_asked_for(
    size, train, val, test, width, height, tmp_path, monkeypatch
):
    asked = []

    def note(out, seed, index, split, settings):
        asked.append((split, build.built_clip_folder(out, index, split), settings))

    monkeypatch.setattr(build, 'write_built_clip', note)
    make_synsmot(tmp_path, size, workers=1)
    splits = [split for split, *_ in asked]
    # Train first: who waits for data can begin.
    assert splits == ['train'] * train + ['test'] * test + ['val'] * val
    assert len({folder for _, folder, _ in asked}) == train + val + test
    assert {(s.width, s.height) for *_, s in asked} == {(width, height)}
    # Every activity is in each split, but for mini, which has 16 clips.
    activities = {(s, f.parent.name) for s, f, _ in asked}
    assert len(activities) == (54 if size != 'mini' else 16)
    held = json.loads((tmp_path / 'synsmot.json').read_text())
    assert held['settings']['width'] == width


@pytest.mark.parametrize(('less', 'more'), [('small', 'medium'), ('medium', 'large')])
def test_the_next_size_is_more_of_it_with_the_same_val_and_test(less, more):
    less, more = SIZES[less], SIZES[more]
    # A clip depends on seed, settings, split and number alone.
    assert more.settings == less.settings
    assert (more.val, more.test) == (less.val, less.test)
    assert more.train > less.train


def test_a_clip_of_full_has_its_size():
    clip = make_clip(0, 6, 'train', SIZES['full'].settings)
    assert {image.shape for image in clip.images} == {(384, 640, 3)}
    assert 24 <= len(clip.images) <= 48
    small = make_clip(0, 6, 'train', SIZES['small'].settings)
    assert clip.script.actors == small.script.actors  # the same play, seen finer
    both = (clip.boxes[..., 2] > 0) & (small.boxes[..., 2] > 0)
    assert np.abs(clip.boxes[both] - 2 * small.boxes[both]).max() <= 5


def test_clips_where_somebody_stays_hidden_are_played_anew(monkeypatch):
    taken = []
    real = build.clip_facts

    def facts(script, visibility, things):
        taken.append(script)
        return real(script, visibility * (len(taken) > 1), things)

    monkeypatch.setattr(build, 'clip_facts', facts)
    monkeypatch.setattr(build, 'RETAKES', 2)
    clip = make_clip(0, 0, 'train', ClipSettings(width=80, height=48))
    assert len(taken) == 2
    assert clip.script == taken[1] != taken[0]
    monkeypatch.setattr(build, 'clip_facts', lambda s, v, t: real(s, 0 * v, t))
    with pytest.raises(RuntimeError, match='stayed hidden in 2 scripts'):
        make_clip(0, 0, 'train', ClipSettings(width=80, height=48))


def test_mini_is_whole(mini):
    folders = list(written_sequence_folders(mini))
    assert len(folders) == 16
    for folder in folders:
        frames = json.loads((folder / 'script.json').read_text())['num_frames']
        names = sorted(p.name for p in (folder / 'imgs').iterdir())
        assert names == [f'{n:06d}.jpg' for n in range(1, frames + 1)]
        assert 24 <= frames <= 48
        mode = os.stat(folder).st_mode & 0o777
        assert mode & 0o500 == 0o500
    assert Path(mini / 'synsmot.json').is_file()


def test_a_note_that_was_begun_is_no_stranger(tmp_path: Path) -> None:
    """A run killed while it wrote synsmot.json leaves a temporary file."""
    (tmp_path / '.synsmot.x1.json').write_text('{')
    make_synsmot(tmp_path, 'mini', workers=1)
    assert (tmp_path / 'synsmot.json').is_file()
