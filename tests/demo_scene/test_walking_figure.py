"""Tests of the drawn person: silhouette, size, colours, gait."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.demo_scene.walking_figure import Appearance, Pose, draw_figure

LOOK = Appearance(
    skin=(140, 175, 225),
    hair=(25, 25, 30),
    shirt=(0, 0, 250),
    trousers=(250, 0, 0),
    shoes=(230, 230, 230),
    build=1.0,
    long_hair=False,
    short_sleeves=False,
    bag=None,
)
POSE = Pose(x=150, y=280, height=240, facing=1, phase=0.6)


def paint(look: Appearance = LOOK, pose: Pose = POSE) -> tuple[np.ndarray, np.ndarray]:
    """The image on grey, and the silhouette in its coordinates."""
    canvas = np.full((300, 300, 3), 128, np.uint8)
    mask, (x, y) = draw_figure(canvas, look, pose)
    whole = np.zeros(canvas.shape[:2], bool)
    whole[y : y + mask.shape[0], x : x + mask.shape[1]] = mask
    return canvas, whole


@pytest.mark.parametrize('phase', np.linspace(0, 2 * math.pi, 9))
def test_height_and_place(phase) -> None:
    _, mask = paint(pose=replace(POSE, phase=float(phase)))
    ys, xs = np.nonzero(mask)
    assert ys.max() == pytest.approx(POSE.y, abs=8)
    assert ys.max() - ys.min() == pytest.approx(POSE.height, rel=0.08)
    assert abs(xs.mean() - POSE.x) < 0.06 * POSE.height
    assert 0.15 < (xs.max() - xs.min()) / POSE.height < 0.75


def test_silhouette_is_what_was_painted_but_for_rim_and_shadow() -> None:
    canvas, mask = paint()
    assert (canvas[mask] != 128).any(axis=1).mean() > 0.999
    above_ground = np.arange(300)[:, None] < POSE.y - 30
    changed = (canvas != 128).any(axis=2) & above_ground
    assert (changed & ~mask).sum() < 0.12 * mask.sum()


def test_clothes_show_in_their_places() -> None:
    canvas, mask = paint()
    upper = np.arange(300)[:, None] < POSE.y - 0.52 * POSE.height
    red = (canvas == LOOK.shirt).all(axis=2)
    blue = (canvas == LOOK.trousers).all(axis=2)
    assert red.sum() > 0.2 * mask.sum()
    assert blue.sum() > 0.1 * mask.sum()
    assert (red & upper).sum() > 0.75 * red.sum()
    assert (blue & ~upper).sum() > 0.9 * blue.sum()


def test_facing_left_is_the_mirror_image() -> None:
    pose = replace(POSE, x=150.0)
    _, right = paint(pose=pose)
    _, left = paint(pose=replace(pose, facing=-1))
    mirrored = right[:, ::-1][:, :-1]  # about column 150
    agreement = (mirrored == left[:, 1:]).mean()
    assert agreement > 0.99


def test_legs_open_and_close_with_the_gait() -> None:
    widths = []
    for phase in (math.pi / 2, 0.0):
        _, mask = paint(pose=replace(POSE, phase=phase))
        legs = np.nonzero(mask[int(POSE.y - 0.2 * POSE.height) :])[1]
        widths.append(np.ptp(legs))
    assert widths[0] > 1.5 * widths[1]


def test_a_bag_and_long_hair_add_to_the_silhouette() -> None:
    plain = paint()[1].sum()
    assert paint(replace(LOOK, bag=(40, 40, 160)))[1].sum() > 1.05 * plain
    assert paint(replace(LOOK, long_hair=True))[1].sum() > plain


def test_outside_the_canvas_is_nothing() -> None:
    canvas, mask = paint(pose=replace(POSE, x=900))
    assert not mask.any()
    assert (canvas == 128).all()


def test_random_people_differ() -> None:
    rng = np.random.default_rng(0)
    people = {Appearance.random(rng, hue) for hue in np.linspace(0, 0.9, 20)}
    assert len(people) == 20
