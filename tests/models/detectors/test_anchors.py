"""Anchors from a file and from a grid."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mmsmot.models.detectors import AnchorFile, GridAnchors

BOX = [0.1, 0.2, 0.5, 0.4]  # y1, x1, y2, x2


def save(path: Path, array: np.ndarray) -> str:
    np.save(path, array)
    return str(path)


def test_a_file_is_read_as_x1_y1_x2_y2(tmp_path: Path) -> None:
    path = save(tmp_path / 'a.npy', np.array([BOX, [-0.4, 0, 1.4, 1]], np.float32))
    anchors = AnchorFile(path=path)
    np.testing.assert_allclose(
        anchors((300, 400)), [[0.2, 0.1, 0.4, 0.5], [0, -0.4, 1, 1.4]], rtol=1e-6
    )
    prints = {anchors.fingerprint}
    for rows in ([BOX, [-0.4, 0, 1.4, 1.001]], [BOX]):
        save(tmp_path / 'a.npy', np.array(rows, np.float32))
        prints.add(AnchorFile(path=path).fingerprint)
    assert len(prints) == 3


@pytest.mark.parametrize(
    ('array', 'message'),
    [
        (np.array([BOX[:3]]), r'got an array \(1, 3\)'),
        (np.array([[1, 2, 3, 4]]), 'of int64'),
        (np.array([BOX, [30.0, 20, 60, 50]]), 'row 1 is'),
        (np.array([[0.5, 0.2, 0.1, 0.4]]), 'row 0 is'),
        (np.array([[0.1, np.nan, 0.5, 0.4]]), 'row 0 is'),
        (np.array([{}]), 'Python objects'),
    ],
)
def test_a_file_of_something_else(
    array: np.ndarray, message: str, tmp_path: Path
) -> None:
    path = save(tmp_path / 'a.npy', array)
    with pytest.raises(ValueError, match=rf'a\.npy.*{message}'):
        AnchorFile(path=path)


def test_a_file_that_is_not_there_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r'decoder\.anchors\.path=FILE'):
        AnchorFile(path=None)
    os.mkfifo(tmp_path / 'pipe.npy')  # reading it would wait for ever
    for name in ('nope.npy', 'pipe.npy'):
        with pytest.raises(FileNotFoundError, match=rf'no file of anchors at .*{name}'):
            AnchorFile(path=str(tmp_path / name))
    path = Path(save(tmp_path / 'a.npy', np.array([BOX] * 9)))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match=r'a\.npy is not a \.npy file'):
        AnchorFile(path=str(path))


def test_a_grid_against_a_loop() -> None:
    height, width = 70, 100
    strides, sizes = (16, 32), ((10, (20, 60)), (90,))
    expected = []
    for stride, level_sizes in zip(strides, sizes, strict=True):
        for row in range(-(-height // stride)):
            for column in range(-(-width // stride)):
                for size in level_sizes:
                    w, h = size if isinstance(size, tuple) else (size, size)
                    x, y = (column + 0.5) * stride, (row + 0.5) * stride
                    expected.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
    anchors = GridAnchors(strides=strides, sizes=sizes, clip=False)((height, width))
    np.testing.assert_allclose(anchors * ([width, height] * 2), expected, atol=1e-9)


def test_a_clipped_grid() -> None:
    """A side of 90 pixels is 64 in an input of 64, whose last cell is centred at 72."""
    anchors = GridAnchors(strides=[48], sizes=[[90]])((64, 96)) * [96, 64, 96, 64]
    assert anchors[0].tolist() == [24 - 45, 24 - 32, 24 + 45, 24 + 32]
    assert anchors[3].tolist() == [72 - 45, 64 - 32, 72 + 45, 64 + 32]


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(strides=[8, 16], sizes=[[10]]), '2 strides and 1 lists of sizes'),
        (dict(strides=[], sizes=[]), '0 strides'),
        (dict(strides=[0], sizes=[[10]]), 'strides must be a whole number of 1'),
        (dict(strides=[8], sizes=[[0]]), 'sizes must be a finite number above 0'),
        (dict(strides=[8], sizes=[[(10, 20, 30)]]), r'or \(width, height\), got'),
    ],
)
def test_a_grid_that_is_none(options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridAnchors(**options)
