"""Claims of captions, counted in their words."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pytest

from mmsmot.structures import SMOTDataSample, Trajectories, VideoInfo
from mmsmot.structures.sample_json import sample_to_dict

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'caption_claims.py'


@pytest.fixture(scope='module')
def tool() -> dict:
    return runpy.run_path(str(TOOL))


@pytest.mark.parametrize(
    ('caption', 'expected'),
    [
        ('A person goes to the right.', {'way': 1}),
        (
            'A person in a red top and dark bottoms walks slowly to the left and towards the '
            'camera beside person 3.',
            {'colour': 2, 'gait': 1, 'pace': 1, 'way': 2, 'partner': 1},
        ),
        (
            'A person in black enters at the left side, then stops near person 4 and '
            'person 12 in the left half of the image for about six seconds.',
            {
                'colour': 1,
                'crossing': 1,
                'rest': 1,
                'place': 1,
                'time': 1,
                'partner': 2,
            },
        ),
        (
            'A person walks to and fro between the left and the middle of the image, with '
            'stops in between, for about a minute. Then, the person goes out at the left '
            'side.',
            {'crossing': 1, 'rest': 1, 'gait': 1, 'way': 1, 'place': 1, 'time': 1},
        ),
        (
            'A person is in view on the left of the image for less than a second.',
            {'rest': 1, 'place': 1, 'time': 1},
        ),
        (
            'A person moves from the left to the right of the image for about half a minute.',
            {'way': 1, 'time': 1},
        ),
    ],
)
def test_kinds_of_claims(tool: dict, caption: str, expected: dict) -> None:
    assert tool['count_caption_claims'](caption) == expected


def result_file(path: Path, captions: dict[int, str]) -> Path:
    """Track 1 takes six seconds, track 2 two."""
    frame_ids = np.r_[np.arange(1, 62), np.arange(1, 22)]
    ids = np.repeat([1, 2], [61, 21])
    boxes = np.tile([10.0, 10, 30, 60], (len(ids), 1))
    sample = SMOTDataSample(
        metainfo=dict(
            video=VideoInfo('v', 'v', 10.0, 64, 64), frame_ids=[*range(1, 62)]
        )
    )
    sample.pred_trajectories = Trajectories(frame_ids, ids, boxes)
    sample.pred_captions = captions
    path.write_text(json.dumps(sample_to_dict(sample)))
    return path


def test_the_tool(
    tool: dict, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture
) -> None:
    full = result_file(
        tmp_path / 'full.json',
        {1: 'A person in red walks to the left.', 2: 'A person.'},
    )
    poor = result_file(tmp_path / 'poor.json', {1: 'A person goes to the left.'})
    monkeypatch.setattr('sys.argv', ['caption_claims.py', str(full)])
    assert tool['main']() == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:4] == ['1', '1', '3', '3.0']
    monkeypatch.setattr('sys.argv', ['caption_claims.py', str(full), str(poor)])
    assert tool['main']() == 1
    assert capsys.readouterr().out.splitlines()[-1] == '  track 1: 1'
    empty = result_file(tmp_path / 'empty.json', {1: 'A person.'})
    without_caption = result_file(tmp_path / 'none.json', {})
    paths = [str(empty), str(without_caption)]
    monkeypatch.setattr('sys.argv', ['caption_claims.py', *paths])
    assert tool['main']() == 1
    lines = capsys.readouterr().out.splitlines()
    assert (lines[2], lines[4]) == ('  track 1: 0', '  track 1: no caption')
    monkeypatch.setattr('sys.argv', ['caption_claims.py', str(poor), '--claims', '1'])
    assert tool['main']() == 0
