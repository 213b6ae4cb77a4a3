"""Boxes are the silhouettes that were drawn; what is hidden or outside is not visible."""

from __future__ import annotations

import numpy as np
import pytest

from mmsmot.datasets.synsmot import build, render
from mmsmot.datasets.synsmot.build import make_clip
from mmsmot.datasets.synsmot.camera import CameraPath
from mmsmot.datasets.synsmot.script import (
    ScriptedOccluder,
    ScriptedProp,
    ScriptedPropSpan,
)
from mmsmot.datasets.synsmot.settings import ClipSettings

FAR_OUTSIDE = (60.0, 7.0)


@pytest.fixture
def no_shadows(monkeypatch):
    """A shadow is no part of the silhouette, but changes pixels, too."""
    monkeypatch.setattr(render, 'SHADOW', 0.0)


def _changed(with_him: np.ndarray, without: np.ndarray) -> tuple[int, int, int, int]:
    """left, top, width, height of the pixels that a person changed."""
    differs = np.abs(with_him.astype(int) - without).max(axis=2) > 12
    ys, xs = np.nonzero(differs)
    return xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1


@pytest.mark.parametrize('place', [(0.0, 6.0), (1.5, 9.0), (-2.6, 6.0)])
def test_the_box_is_where_the_person_changed_the_image(play, place, no_shadows):
    seen = next(render.render_clip(play(place)))
    empty = next(render.render_clip(play(FAR_OUTSIDE)))
    assert np.abs(seen.boxes[0] - _changed(seen.image, empty.image)).max() <= 2
    assert empty.boxes[0].tolist() == [0, 0, 0, 0]
    assert empty.visibility[0] == 0


def test_the_box_follows_the_camera(play, no_shadows):
    camera = CameraPath(np.array([0.0, 0.04]), np.zeros(2), np.array([1.0, 1.1]))
    script = play((0.8, 7.0), camera=camera)
    empty = play(FAR_OUTSIDE, camera=camera)
    for seen, bare in zip(
        render.render_clip(script), render.render_clip(empty), strict=True
    ):
        assert np.abs(seen.boxes[0] - _changed(seen.image, bare.image)).max() <= 2


def test_a_body_half_outside_is_half_visible(play):
    seen = next(render.render_clip(play((-3.0, 6.0))))  # on the image's left side
    assert seen.boxes[0, 0] == 0
    assert 0.35 < seen.visibility[0] < 0.65
    middle = next(render.render_clip(play((0.0, 6.0))))
    assert middle.visibility[0] == pytest.approx(1.0)


def test_the_nearer_hides_the_further_whatever_their_order(play):
    for order in (((0.0, 6.0), (0.0, 8.0)), ((0.0, 8.0), (0.0, 6.0))):
        seen = next(render.render_clip(play(*order)))
        near, far = sorted(range(2), key=lambda n: order[n][1])
        assert seen.visibility[near] == pytest.approx(1.0)
        assert seen.visibility[far] < 0.35
        assert seen.boxes[far, 2] > 0  # the box is that of the whole silhouette


def test_a_tree_hides_who_is_behind_it_only(play):
    tree = (ScriptedOccluder('tree', (0.0, 7.0), 0.36),)
    behind, before = play((0.0, 8.5), (1.0, 8.5)), play((0.0, 6.0))
    hidden = next(
        render.render_clip(behind.__class__(**{**vars(behind), 'occluders': tree}))
    )
    shown = next(
        render.render_clip(before.__class__(**{**vars(before), 'occluders': tree}))
    )
    assert hidden.visibility[0] < 0.4 < 0.9 < hidden.visibility[1]
    assert shown.visibility[0] == pytest.approx(1.0)


def test_rows_of_clips_lie_inside_the_image():
    settings = ClipSettings(width=160, height=96)
    for index in range(3):
        clip = make_clip(11, index, 'train', settings)
        rows = np.array(clip.rows)
        assert (rows[:, 2:4] >= 0).all() and (rows[:, 4:6] > 0).all()
        assert (rows[:, 2] + rows[:, 4] <= 160).all()
        assert (rows[:, 3] + rows[:, 5] <= 96).all()
        assert (rows[:, 6] >= 0.1).all() and (rows[:, 6] <= 1.0).all()
        assert (
            len(rows) == build.build_annotation_mask(clip.boxes, clip.visibility).sum()
        )


def test_things_are_hidden_and_outside_as_people_are(play):
    spots = ((0.0, 9.0, 0.5), (0.0, 6.0, 0.5), (40.0, 7.0, 0.5))
    balls = tuple(
        ScriptedProp('ball', 'red', (ScriptedPropSpan(0, 2, 'rest', begin=spot),))
        for spot in spots
    )
    tree = (ScriptedOccluder('tree', (0.0, 7.0), 0.8),)
    seen = next(render.render_clip(play(FAR_OUTSIDE, things=balls, occluders=tree)))
    assert seen.things[0] == pytest.approx(0.0, abs=0.02)
    assert seen.things[1] == pytest.approx(1.0)
    assert seen.things[2] == 0.0
