"""A small world to make reports of, and a browser to open them in."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmsmot.structures import (
    Interactions,
    MotionSpan,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
)
from mmsmot.visualization import VideoWriter

WIDTH, HEIGHT, FPS, FRAMES = 160, 120, 10.0, 20
EVIL = '</script><img src=x onerror="document.title=\'pwned\'">{{video}}<!--\u2028'
BROWSERS = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')


def make_sample(truth: bool = False) -> SMOTDataSample:
    """Person 1 walks through all frames, person 2 stands from frame 11 on."""
    walk = [[1 + k, 1, 10 + 4 * k, 30, 30 + 4 * k, 90] for k in range(FRAMES)]
    stand = [[1 + k, 2, 120, 40, 150, 100] for k in range(10, FRAMES)]
    table = np.array(walk + stand, float)
    meta = dict(
        video=VideoInfo('a/street', '/nowhere/street', FPS, WIDTH, HEIGHT),
        frame_ids=np.arange(1, FRAMES + 1),
    )
    sample = SMOTDataSample(metainfo=meta)
    sample.pred_trajectories = Trajectories(table[:, 0], table[:, 1], table[:, 2:])
    sample.pred_captions = {1: 'A man walks.', 2: EVIL}
    sample.pred_motions = {
        1: [MotionSpan(1, 15, 'walk', 'right', 'away'), MotionSpan(15, 20, 'stand')]
    }
    sample.pred_interactions = Interactions(
        [1, 2, 1], [2, 1, 2], ['follow.v.01', 'wave.v.02', 'hug.v.01'],
        [12, 0, 0], [15, 0, 0], [0.9, 0.8, 0.1],
    )  # fmt: skip
    sample.pred_video_caption = EVIL
    if truth:
        kept = sample.pred_trajectories.ids == 1
        lost = Trajectories([3, 4], [7, 7], [[100, 5, 110, 25]] * 2)
        true = sample.pred_trajectories[kept].concatenated(lost)
        sample.gt_trajectories = true
        sample.gt_captions = {1: 'A boy runs.', 7: 'A bird sits.'}
        sample.gt_interactions = Interactions([7], [1], ['watch.v.01'])
    return sample


def make_video(path: Path) -> Path:
    """Grey images that grow brighter."""
    with VideoWriter(path, FPS) as writer:
        for k in range(FRAMES):
            writer.write(np.full((HEIGHT, WIDTH, 3), 40 + 5 * k, np.uint8))
    return path


def data_of(page: Path) -> dict[str, Any]:
    """What a page was told."""
    text = page.read_text(encoding='utf-8')
    result = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL
    )
    assert len(result) == 1
    return json.loads(result[0])


@contextmanager
def open_browser() -> Iterator[Any]:
    """Headless Chromium, or a skip that says what is missing."""
    api = pytest.importorskip(
        'playwright.sync_api', reason='needs a browser: pip install playwright'
    )
    with api.sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        result = next(filter(None, map(shutil.which, BROWSERS)), None)
        if result is None and not own.exists():
            pytest.skip('needs a browser: apt-get install chromium')
        browser = playwright.chromium.launch(
            executable_path=result, args=['--no-sandbox']
        )
        yield browser
        browser.close()
