"""What tools/infer.py prints of one video."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / 'tools' / 'infer.py'


def result_of(*captions: str | None, **entries) -> dict:
    """A result with one trajectory for each caption, or ``None``."""
    trajectories = [
        {'id': row, **({} if caption is None else {'caption': caption})}
        for row, caption in enumerate(captions, start=1)
    ]
    return {
        'prompt': None,
        'video': {'num_frames': 9},
        'speed': {'seconds': {'detect': 1.0}, 'fps': 9.0},
        'trajectories': trajectories,
        'files': [],
        **entries,
    }


def test_the_console_tells_how_many_tracks_have_captions(
    capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    print_result = runpy.run_path(str(TOOL))['print_result']
    print_result(result_of('A person runs.', None, 'A person stands.'), tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:4] == [
        '2 of 3 trajectories have captions',
        '  1: A person runs.',
        '  3: A person stands.',
    ]
    print_result(result_of(None, video_caption='Nobody is there.'), tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:3] == ['"Nobody is there."', '0 of 1 trajectories have captions']
    print_result(result_of(None), tmp_path)  # of a config that only tracks
    assert 'captions' not in capsys.readouterr().out
