"""Tests of the page of a report as a file; its browser's are in test_report_page."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from pathlib import Path

import numpy as np
import pytest

from mmsmot.visualization import track_color
from mmsmot.visualization.html_report import write_html_report

from .report_page import EVIL, FRAMES, data_of, make_sample, make_video


def embedded(page: Path) -> bytes:
    text = page.read_text(encoding='utf-8')
    mark = '<script type="text/plain" id="video-bytes">'
    return base64.b64decode(text.split(mark)[1].split('<')[0], validate=True)


def test_the_video_is_in_the_page(tmp_path) -> None:
    video = make_video(tmp_path / 'a.mp4')
    write_html_report(make_sample(), tmp_path / 'new/page.html', video)
    assert embedded(tmp_path / 'new/page.html') == video.read_bytes()
    data = data_of(tmp_path / 'new/page.html')
    assert data['video'] == {'type': 'video/mp4', 'src': None}
    assert data['times'] == pytest.approx(np.arange(FRAMES) / 10)
    assert data['end'] == pytest.approx(2.0)


def test_a_large_video_is_referred_to(tmp_path) -> None:
    video = make_video(tmp_path / 'videos/50% of #1?.mp4')
    page = tmp_path / 'pages/page.html'
    write_html_report(make_sample(), page, video, embed_limit=video.stat().st_size - 1)
    assert embedded(page) == b''
    assert data_of(page)['video']['src'] == './../videos/50%25%20of%20%231%3F.mp4'
    write_html_report(make_sample(), page, video, embed_limit=video.stat().st_size)
    assert embedded(page) == video.read_bytes()


def test_colours_are_those_of_the_drawn_video(tmp_path) -> None:
    write_html_report(make_sample(), tmp_path / 'page.html')
    people = data_of(tmp_path / 'page.html')['sides']['pred']['people']
    for person in people:
        bgr = tuple(reversed(bytes.fromhex(person['color'][1:])))
        assert bgr == track_color(person['id'])
    assert [person['id'] for person in people] == [1, 2]


def test_texts_stay_texts(tmp_path) -> None:
    sample = make_sample(truth=True)
    sample.set_metainfo({'video': sample.video.__class__(name=EVIL, path='x')})
    write_html_report(sample, tmp_path / 'page.html', warnings=[EVIL])
    data = data_of(tmp_path / 'page.html')  # finds one data block, whole
    assert data['warnings'][0] == EVIL
    name = EVIL.replace('\u2028', '\ufffd')  # one line
    assert data['name'] == name
    assert data['sides']['pred']['caption'] == EVIL
    text = (tmp_path / 'page.html').read_text(encoding='utf-8')
    assert '<img' not in text
    assert text.count('</script>') == 3
    assert f'<title>{html.escape(name)}</title>' in text


def test_nothing_but_the_pages_own_script_may_run(tmp_path) -> None:
    write_html_report(make_sample(), tmp_path / 'page.html')
    text = (tmp_path / 'page.html').read_text(encoding='utf-8')
    policy = html.unescape(re.search(r'Policy" content="([^"]*)"', text)[1])
    script = re.search(r'<script>(.*?)</script>', text, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert 'unsafe' not in policy
    assert not re.search(r'https?://(?!www\.w3\.org/2000/svg)', text)


def test_scores_by_group(tmp_path) -> None:
    scores = {
        'track/HOTA': 61.237,
        'track/IDs': 3,
        'strict/CHOTA': np.float64(0.41267),
        'strict/video_CIDEr': float('nan'),
    }
    write_html_report(make_sample(), tmp_path / 'page.html', scores=scores)
    assert data_of(tmp_path / 'page.html')['scores'] == [
        {'name': 'track', 'rows': [['HOTA', '61.24'], ['IDs', '3']]},
        {'name': 'strict', 'rows': [['CHOTA', '0.413'], ['video_CIDEr', '–']]},
    ]
    with pytest.raises(TypeError, match="score 'tracking' must be a number, got dict"):
        write_html_report(make_sample(), tmp_path / 'b.html', scores={'tracking': {}})


def test_whole_or_not_at_all(tmp_path) -> None:
    page = tmp_path / 'page.html'
    page.write_text('old')
    with pytest.raises(ValueError, match='20 frame_ids but 3 times'):
        write_html_report(make_sample(), page, times=np.arange(3))
    with pytest.raises(FileNotFoundError, match='none.mp4'):
        write_html_report(make_sample(), page, tmp_path / 'none.mp4')
    assert page.read_text() == 'old'
    assert [path.name for path in tmp_path.iterdir()] == ['page.html']


def test_nobody_to_report_on(tmp_path) -> None:
    sample = make_sample()
    del sample.pred_trajectories
    with pytest.raises(ValueError, match='neither pred_trajectories nor'):
        write_html_report(sample, tmp_path / 'page.html')
    with pytest.raises(ValueError, match='the sample has no video'):
        write_html_report(type(sample)(), tmp_path / 'page.html')
