"""The table of all trackers on real videos, made of a video of twelve grey frames."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from tests.tiny_onnx import write_onnx

FOLDER = Path(__file__).parents[2] / 'tools' / 'benchmarks'
NUM_FRAMES = 12


@pytest.fixture
def sequences(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    import real_sequences

    return real_sequences


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two people who walk apart; the public detections are the truth itself."""
    path = tmp_path / 'WALK'
    path.mkdir()
    writer = cv2.VideoWriter(
        str(path / 'video.mp4'), cv2.VideoWriter.fourcc(*'mp4v'), 10, (64, 64)
    )
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    gt, det = [], []
    for frame_id in range(1, NUM_FRAMES + 1):
        writer.write(noise)
        for track_id, left in ((1, 30 + frame_id), (2, 20 - frame_id)):
            box = f'{left},10,10,30'
            gt.append(f'{frame_id},{track_id},{box},1,-1,-1,-1')
            det.append(f'{frame_id},-1,{box},0.9,-1,-1,-1')
        gt.append(f'{frame_id},3,50,50,5,5,0,-1,-1,-1')  # is not to count
    writer.release()
    (path / 'gt').mkdir()
    (path / 'gt' / 'gt.txt').write_text('\n'.join(gt))
    (path / 'det.txt').write_text('\n'.join(det))
    return path


def test_all_tables(
    folder: Path,
    tmp_path: Path,
    sequences: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    yolox = np.zeros((1, 84, 85), np.float32)  # of 64 x 64 pixels: nobody
    weights = write_onnx(tmp_path / 'yolox.onnx', yolox)
    look = np.array([[0.6, 0.8]], np.float32)
    reid = write_onnx(tmp_path / 'reid.onnx', look, input_shape=(1, 3, 256, 128))
    out = tmp_path / 'tables' / 'walk.md'
    argv = [
        *('real_videos.py', folder, '--tune', folder, '--weights', weights),
        *('--jitter', 0.6, '--jitter-runs', 3),
        *('--reid-weights', reid, '--cache', tmp_path / 'cache', '--out', out),
    ]
    monkeypatch.setattr(sys, 'argv', [str(arg) for arg in argv])
    tool = runpy.run_path(str(FOLDER / 'real_videos.py'))
    grids = tool['main'].__globals__['GRIDS']
    for name in list(grids):
        del grids[name]
    grids['SORT'] = {'score_threshold': (0.95, 0.5, 0.4)}
    tool['main']()

    text = out.read_text()
    printed = capsys.readouterr().out
    assert text.strip() in printed
    assert '12 frames, 24 of 36 true boxes count' in printed
    cells = [
        [cell.strip() for cell in line.split('|')[1:-1]] for line in text.splitlines()
    ]
    rows = {(c[0], c[1]): c[2:] for c in cells if len(c) == 8}
    for name in ('ByteTrack', 'AppearanceByteTrack', 'BoT-SORT-ReID'):
        assert rows[name, 'public-detections'][:4] == [
            '100.00',
            '100.00',
            '100.00',
            '0',
        ]
        assert rows[name, 'yolox-nano'][:2] == ['0.00', '0.00']
    assert len(rows) == 2 * len(tool['ROWS']) + 2  # header and its line
    # Interpolation has nothing to fill, and SORT shows nobody above its threshold.
    behind = {(c[0], c[1]): c[2:] for c in cells if len(c) == 6}
    assert behind['OC-SORT', 'public-detections'][2] == '100.0 / 100.0 / 100.0'
    (tuned,) = (c for c in cells if len(c) == 7 and c[1] == 'public-detections')
    assert tuned[2] == 'score_threshold 0.5'  # the first of equal ones
    assert tuned[4] == '100.00 → 100.00'
    moved = {(c[0], c[1]): c[2:] for c in cells if len(c) == 5}
    assert re.fullmatch(
        r'[89]\d\.\d ± \d\.[1-9] \(100\.0\)', moved['SORT', 'public-detections'][0]
    )
    assert ('StrongSORT', 'public-detections') not in moved


def test_what_lies_in_a_folder(folder: Path, sequences: ModuleType) -> None:
    sequence = sequences.open_sequence(folder)
    assert (sequence.name, sequence.video.name) == ('WALK', 'video.mp4')
    assert len(sequence.gt) == 36 and sequence.det_path.name == 'det.txt'


@pytest.mark.parametrize(
    ('gone', 'message'),
    [
        ('gt/gt.txt', 'WALK: neither gt/gt.txt nor gt.txt in it'),
        ('det.txt', 'WALK: neither det/det.txt nor det.txt in it'),
        ('video.mp4', r'WALK: no video \(.avi, .mp4, .* and no img1/ in it'),
    ],
)
def test_what_is_missing(
    folder: Path, sequences: ModuleType, gone: str, message: str
) -> None:
    (folder / gone).unlink()
    with pytest.raises(FileNotFoundError, match=message):
        sequences.open_sequence(folder)


def test_two_videos_are_ambiguous(folder: Path, sequences: ModuleType) -> None:
    (folder / 'other.avi').touch()
    with pytest.raises(ValueError, match='several videos, keep one: other.avi, video'):
        sequences.open_sequence(folder)


def test_no_folder(tmp_path: Path, sequences: ModuleType) -> None:
    with pytest.raises(FileNotFoundError, match='no such sequence folder'):
        sequences.open_sequence(tmp_path / 'missing')
