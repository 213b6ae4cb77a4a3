"""What a video's results are written from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmsmot.apis import infer_video
from mmsmot.datasets import make_demo_scene, open_video
from mmsmot.models.detectors import DetectionFile
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from mmsmot.structures import Trajectories, read_trajectories
from mmsmot.visualization import TrackDrawer


@pytest.fixture(scope='module')
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('infer') / 'walk', num_frames=6)


def renumbered(trajectories: Trajectories) -> Trajectories:
    return replace(trajectories, ids=trajectories.ids + 100)


def test_post_processed_trajectories_are_written_and_drawn(
    scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[np.ndarray] = []
    draw = TrackDrawer.draw

    def watching(self, image, ids, boxes, *rest):
        drawn.append(ids)
        return draw(self, image, ids, boxes, *rest)

    monkeypatch.setattr(TrackDrawer, 'draw', watching)
    model = SMOT(DetectionFile(), SORT(min_hits=0), post_processing=[renumbered])
    result = infer_video(model, open_video(scene), tmp_path)
    assert len(drawn) == 6
    assert np.concatenate(drawn).min() > 100
    assert read_trajectories(tmp_path / 'tracks.txt').ids.min() > 100
    assert min(t['id'] for t in result['trajectories']) > 100
    assert (tmp_path / 'video.mp4').stat().st_size > 1000
