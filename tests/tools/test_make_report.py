"""The report tool as a user runs it, on a small synthetic clip."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from mmsmot.datasets.synsmot import ClipSettings, write_built_clip
from mmsmot.evaluation.gt_dataset import open_gt_dataset
from mmsmot.structures import SMOTDataSample
from mmsmot.structures.sample_json import sample_to_dict

from ..visualization.report_page import data_of, make_sample, make_video

TOOL = Path(__file__).parents[2] / 'tools' / 'analysis_tools' / 'make_report.py'


def run(*args: object) -> str | None:
    """Run the tool in this process; the error it ends with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('shutil.which', lambda *args, **kwargs: None)  # no java
        patch.setattr('sys.argv', ['make_report.py', *map(str, args)])
        try:
            runpy.run_path(str(TOOL), run_name='__main__')
        except SystemExit as end:
            return str(end.code)
    return None


def dump(sample: SMOTDataSample, path: Path) -> Path:
    path.write_text(json.dumps(sample_to_dict(sample)))
    return path


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / 'street.mp4')


def test_a_video_without_truth(tmp_path, video, capsys) -> None:
    prediction = dump(make_sample(), tmp_path / 'prediction.json')
    page = tmp_path / 'out/page.html'
    args = (prediction, '--video', video, '--out', page)
    assert run(*args, '--warning', 'one', 'two') is None
    data = data_of(page)
    assert data['warnings'] == ['one', 'two']
    assert data['video']['src'] is None
    assert (data['scores'], list(data['sides'])) == ([], ['pred'])
    assert run(*args, '--embed-limit', 0) is None
    assert data_of(page)['video']['src'] == './../street.mp4'
    assert 'move both together' in capsys.readouterr().out
    assert [path.name for path in page.parent.iterdir()] == ['page.html']


def test_images_with_truth_and_scores(tmp_path) -> None:
    pytest.importorskip('pycocoevalcap.cider', reason='needs pycocoevalcap')
    write_built_clip(tmp_path / 'world', 0, 2, 'test', ClipSettings())
    sample = open_gt_dataset(data_root=tmp_path / 'world')[0]['data_samples']
    said = SMOTDataSample(metainfo=sample.metainfo)
    for name, value in sample.items():
        if name != 'gt_expressions':
            said.set_data({f'pred_{name[3:]}': value})
    prediction = dump(said, tmp_path / 'any name.json')
    page = tmp_path / 'page.html'
    args = (prediction, '--data-root', tmp_path / 'world', '--out', page)
    assert run(*args) is None
    data = data_of(page)
    scores = {group['name']: dict(group['rows']) for group in data['scores']}
    assert scores['track']['HOTA'] == '100.00'
    assert scores['strict']['interaction_F1'] == '1.000'
    assert set(data['sides']) == {'pred', 'gt'}
    assert all(p['other'] == p['id'] for p in data['sides']['pred']['people'])
    assert data['video']['src'] is None
    assert not (tmp_path / 'page_video.mp4').exists()
    # Too large to embed: the copy stays beside the page.
    assert run(*args, '--embed-limit', 0) is None
    assert data_of(page)['video']['src'] == './page_video.mp4'
    assert (tmp_path / 'page_video.mp4').exists()
    said.set_metainfo(dict(frame_ids=sample.frame_ids[:-1]))
    said.pred_trajectories = said.pred_trajectories[:0]
    dump(said, prediction)
    assert 'Give the dataset it was made on' in run(*args)


def test_bad_input(tmp_path, video) -> None:
    prediction = dump(make_sample(), tmp_path / 'prediction.json')
    out = ('--out', tmp_path / 'page.html')
    assert 'no such video' in run(prediction, *out)
    assert run(prediction, '--no-video', *out) is None
    assert 'video' not in data_of(tmp_path / 'page.html')
    prediction.write_text('{"format": "other"}')
    assert 'prediction.json: not a sample' in run(prediction, *out)
    assert run(prediction, '--out', tmp_path / 'page.txt') == '2'


@pytest.mark.parametrize(
    ('address', 'name'),
    [
        ('http://127.0.0.1:9/private.mp4', 'http://127.0.0.1:9/private.mp4'),
        ('rtsp://admin:secret@door.lan/main', r'rtsp://admin:\*\*\*@door.lan/main'),
        ('camera:0', 'camera:0'),
    ],
)
def test_no_address_is_asked_because_a_file_names_it(
    tmp_path, monkeypatch, address: str, name: str
) -> None:
    sample = make_sample()
    sample.set_metainfo(dict(video=replace(sample.video, path=address)))
    prediction = dump(sample, tmp_path / 'prediction.json')
    opened = []
    monkeypatch.setattr('mmsmot.datasets.open_video', opened.append)
    error = run(prediction, '--out', tmp_path / 'page.html')
    assert re.search(f'the stream {name}, which is not opened unasked', error)
    assert opened == []
    with pytest.raises(AttributeError):  # of None, since nothing was really opened
        run(prediction, '--video', address, '--out', tmp_path / 'page.html')
    assert opened == [address]


def test_a_users_video_beside_the_page_is_kept(tmp_path) -> None:
    """Only a copy that an earlier page refers to is replaced."""
    images = tmp_path / 'images'
    images.mkdir()
    for number in range(1, 21):
        cv2.imwrite(
            str(images / f'{number:06d}.png'), np.zeros((120, 160, 3), np.uint8)
        )
    prediction = dump(make_sample(), tmp_path / 'prediction.json')
    args = (prediction, '--video', images, '--out', tmp_path / 'page.html')
    mine = tmp_path / 'page_video.mp4'
    mine.write_bytes(b'my own')
    assert 'page_video.mp4 is there already' in run(*args)
    assert mine.read_bytes() == b'my own'
    mine.unlink()
    assert run(*args, '--embed-limit', 0) is None
    assert mine.is_file()
    assert run(*args, '--embed-limit', 0) is None  # ours, so written again
    assert run(*args) is None
    assert not mine.exists()


def test_a_users_page_is_kept(tmp_path) -> None:
    prediction = dump(make_sample(), tmp_path / 'prediction.json')
    page = tmp_path / 'page.html'
    page.write_text('<!doctype html><title>my own</title>')
    args = (prediction, '--no-video', '--out', page)
    assert 'page.html is no page of this tool and would be lost' in run(*args)
    assert 'my own' in page.read_text()
    page.unlink()
    assert run(*args) is None
    assert run(*args) is None  # ours, so written again


@pytest.mark.parametrize(
    ('option', 'value'),
    [('--threshold', 'nan'), ('--embed-limit', 'nan'), ('--embed-limit', '-1')],
)
def test_numbers_that_are_none(tmp_path, capsys, option: str, value: str) -> None:
    prediction = dump(make_sample(), tmp_path / 'prediction.json')
    args = (prediction, '--no-video', '--out', tmp_path / 'page.html')
    assert run(*args, f'{option}={value}') == '2'
    assert f'{option}: expected a finite number' in capsys.readouterr().err
