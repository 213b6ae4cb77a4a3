"""The times of lost targets are of targets that are lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mmsmot.engine import load_config
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from projects.semtracker.models.semtracker import SemTracker
from projects.semtracker.tools import time_by_targets
from projects.semtracker.tools.time_by_targets import ANYTHING, NOTHING

CONFIG = 'projects/semtracker/configs/semtracker_tiny_synsmot'
VIDEO = VideoInfo('noise', 'noise', fps=8.0, width=160, height=96)


def noise(count: int = 8) -> list[Frame]:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (count, 96, 160, 3), np.uint8)
    return [
        Frame(VIDEO, t, (t - 1) / 8, lambda image=image: image)
        for t, image in enumerate(images, start=1)
    ]


@pytest.fixture(scope='module')
def model():
    config = load_config(CONFIG).model
    config.estimator.patience, config.estimator.search_interval = 1, 2
    return MODELS.build(config).eval()


def test_lost_targets_are_looked_for_all_over_the_image(
    model, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = noise()
    targets = time_by_targets.prompts(2, frames[0])
    search = SemTracker._search

    def at_rest(self, state, *args):  # random weights may lead out of the image
        best = search(self, state, *args)
        return {
            i: (state.targets[i].box, presence) for i, (_, presence) in best.items()
        }

    with monkeypatch.context() as patch:
        patch.setattr(SemTracker, '_search', at_rest)
        followed = time_by_targets.run_costs(
            model, VIDEO, frames, targets, ANYTHING, False
        )
    assert followed.regions.tolist() == [0] + [2] * 7
    lost = time_by_targets.run_costs(model, VIDEO, frames, targets, NOTHING, False)
    # Named, looked for where they were, then every second frame all over the image.
    assert (lost.regions[3:] == 2).tolist() == [True, False, True, False, True]
    assert lost.regions[:2].tolist() == [0, 2] and (lost.regions[2::2] > 8).all()
    assert len(lost.ms) == 8 and (lost.ms > 0).all()


def test_a_presence_of_1_is_lost_too(model, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sigmoid reaches 1: no threshold that it can reach makes a target lost."""
    search = SemTracker._search

    def sure(self, *args):
        return {i: (box, 1.0) for i, (box, _) in search(self, *args).items()}

    monkeypatch.setattr(SemTracker, '_search', sure)
    frames = noise(4)
    targets = time_by_targets.prompts(1, frames[0])
    lost = time_by_targets.run_costs(model, VIDEO, frames, targets, NOTHING, False)
    assert lost.regions[2] > 1


def test_frames_with_and_without_the_search_have_their_own_columns(
    model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def costs(model, video, frames, targets, threshold, has_semantics):
        ms = {ANYTHING: [12.0] * 6, NOTHING: [500.0, 14, 40, 14, 44, 14]}[threshold]
        regions = [0, 1, 9, 1, 11, 1] if threshold == NOTHING else [0, 1, 1, 1, 1, 1]
        return time_by_targets.FrameCosts(np.array(ms), np.array(regions))

    monkeypatch.setattr(time_by_targets, 'run_costs', costs)
    monkeypatch.setattr(time_by_targets, 'timed', lambda call, frames: np.full(6, 10.0))
    line = time_by_targets.line(model, VIDEO, noise(6), 1)
    # Beside 10 of the feature maps; the frame that names the target is left out.
    assert line == '| 1 | 10.0 | 2.0 | 0.0 | 4.0 | 32.0 | 15.2 | 1 | 10 |'


def test_the_table(run_tool: Callable, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    frames = noise(4)
    reader = type('Reader', (), dict(video=VIDEO, __iter__=lambda self: iter(frames)))
    monkeypatch.setattr(time_by_targets, 'open_video', lambda path: reader())
    run_tool(time_by_targets, CONFIG, 'noise.mp4', '--targets', 1)
    head, rule, line = capsys.readouterr().out.strip().splitlines()
    assert head.count('|') == rule.count('|') == line.count('|') == 10
    assert 'lost, whole image' in head and 'nan' not in line
