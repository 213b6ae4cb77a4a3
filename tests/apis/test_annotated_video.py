"""The annotated video of a place where many come and go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from mmsmot.apis import annotated_video, infer_video
from mmsmot.datasets import open_video
from mmsmot.models.detectors import DetectionFile
from mmsmot.models.semantics.description import Description
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from mmsmot.visualization.semantic_drawer import SemanticDrawer
from mmsmot.visualization.text_panel import LINE_HEIGHT, MARGIN
from tests.demo_scene import make_demo_scene
from tests.words import IdBuffer, Words


class Crowd(Words):
    """Speaks of a thousand who were there besides."""

    def generate(self, buffer: IdBuffer, ids: list[int], **options: Any) -> Description:
        return super().generate(buffer, [*ids, *range(1000, 2000)], **options)


@pytest.mark.parametrize('words', [Words, Crowd])
def test_the_panel_has_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: type
) -> None:
    told: list[tuple[set, set]] = []
    draw = SemanticDrawer.draw

    def watching(self, image, ids, boxes, interactions, captions, video_caption):
        told.append(({*captions}, {*ids.tolist()}))
        return draw(self, image, ids, boxes, interactions, captions, video_caption)

    monkeypatch.setattr(SemanticDrawer, 'draw', watching)
    scene = make_demo_scene(tmp_path / 'walk', num_frames=3)
    model = SMOT(detector=DetectionFile(), tracker=SORT(min_hits=0), early=False)
    model.semantics = words()
    result = infer_video(model, open_video(scene), tmp_path / 'out')
    everybody = {row['id'] for row in result['trajectories']}
    assert len(told) == 3
    for captions, seen in told:
        assert captions == (everybody if words is Words else seen)
    with av.open(str(tmp_path / 'out' / 'video.mp4')) as container:
        height = container.streams.video[0].height
    width = result['video']['width']
    picture = round(result['video']['height'] * SemanticDrawer().scale_for(width))
    lines = 1 + len(everybody) if words is Words else annotated_video.PANEL_LINES
    assert lines <= annotated_video.PANEL_LINES
    assert height == pytest.approx(picture + 2 * MARGIN + lines * LINE_HEIGHT, abs=1)
