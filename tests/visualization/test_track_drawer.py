"""Tests of drawing: colours, clipping, trails, texts."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmsmot.visualization import TrackDrawer, draw_tracks, track_color


@pytest.fixture
def grey() -> np.ndarray:
    return np.full((270, 480, 3), 90, np.uint8)


def has_color(image: np.ndarray, track_id: int) -> np.ndarray:
    return (image == track_color(track_id)).all(axis=2)


def test_colours_are_a_function_of_the_id() -> None:
    once = [track_color(i) for i in range(1, 200)]
    track_color.cache_clear()
    assert once == [track_color(i) for i in range(1, 200)]
    assert len(set(once)) == 199


def test_neighbouring_ids_look_different() -> None:
    bgr = np.array([[track_color(i) for i in range(1, 201)]], np.float32) / 255
    lab = cv2.cvtColor(bgr, cv2.COLOR_BGR2LAB)[0]
    apart = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    # A difference (CIE 1976) of 2.3 can just be noticed.
    for step, least in ((1, 50), (2, 40), (3, 20), (4, 20)):
        assert np.diagonal(apart, step).min() > least


def test_box_edges_are_where_the_box_is(grey) -> None:
    before = grey.copy()
    drawn = draw_tracks(grey, [7], [[100, 60, 180, 200]])
    assert np.array_equal(grey, before)
    color = has_color(drawn, 7)
    assert color[60, 130:180].all() and color[200, 100:181].all()
    assert color[80:200, 100].all() and color[80:200, 180].all()
    inside = drawn[82:198, 102:178]
    assert (inside == 90).all()
    assert (drawn[:, 200:] == 90).all() and (drawn[210:] == 90).all()


def test_line_width_follows_the_image(grey) -> None:
    big = draw_tracks(np.zeros((1080, 1920, 3), np.uint8), [3], [[500, 300, 900, 900]])
    small = draw_tracks(grey, [3], [[100, 60, 180, 200]])
    assert 3 <= has_color(big, 3)[600, 480:520].sum() <= 5
    assert has_color(small, 3)[100, 90:110].sum() == 1


def test_boxes_are_clipped(grey) -> None:
    boxes = [[-1e9, -50, 40, 1e12], [470, 260, 600, 400]]
    drawn = draw_tracks(grey, [1, 2], boxes)
    assert has_color(drawn, 1)[20:269, 0].all()
    assert has_color(drawn, 1)[40:, 40].all()
    assert has_color(drawn, 2).any()


@pytest.mark.parametrize(
    'box',
    [
        [500, 10, 600, 50],
        [-90, 10, -20, 50],
        [10, -90, 50, -1],
        [np.nan, 10, 60, 50],
        [10, 10, np.inf, 50],
        [60, 50, 10, 10],
    ],
)
def test_what_is_no_box_in_the_image_is_not_drawn(grey, box) -> None:
    assert np.array_equal(draw_tracks(grey, [1], [box]), grey)


@pytest.mark.parametrize('track_id', [2, 11, 14, 18])
def test_text_contrasts_with_its_plate(grey, track_id) -> None:
    drawn = draw_tracks(grey, [track_id], [[100, 100, 200, 200]], [0.87], ['person'])
    plate = drawn[86:99, 103:190].reshape(-1, 3).astype(float) @ [0.114, 0.587, 0.299]
    assert has_color(drawn, track_id)[86:99, 103:190].mean() > 0.4
    background = np.dot(track_color(track_id), [0.114, 0.587, 0.299])
    assert np.abs(plate - background).max() > 100


def test_more_text_makes_a_longer_plate(grey) -> None:
    box = [[100, 100, 102, 200]]
    lengths = [
        has_color(draw_tracks(grey, [5], box, *extra), 5)[92].sum()
        for extra in ((), ([0.5],), ([0.5], ['person']))
    ]
    assert lengths[0] < lengths[1] < lengths[2]


def test_text_stays_in_the_image(grey) -> None:
    drawn = draw_tracks(grey, [6], [[440, 0, 479, 100]], None, ['somebody'])
    plate = has_color(drawn, 6)[:20]
    assert plate[:, 400:].sum() > 300
    assert plate[2].sum() > 60


def test_trails_fade(grey) -> None:
    trail = np.column_stack([np.linspace(50, 400, 60), np.full(60, 150.0)])
    drawn = draw_tracks(grey, [3], [[390, 60, 410, 150]], trails=[trail])
    color = np.array(track_color(3), float)
    weights = []
    for x in (60, 150, 250, 350):
        difference = drawn[150, x] - 90.0
        weights.append(difference @ (color - 90) / ((color - 90) @ (color - 90)))
    assert weights == sorted(weights)
    assert 0.1 < weights[0] < 0.45
    assert weights[-1] > 0.7
    assert (drawn[160:] == 90).all()


def test_far_trail_points_do_no_harm(grey) -> None:
    trail = np.array([[-1e12, 5.0], [240, 135], [1e15, 1e15]])
    drawn = draw_tracks(grey, [1], [[0, 0, 5, 5]], trails=[trail])
    assert (drawn != grey).any()


def test_drawer_follows_the_feet(grey) -> None:
    drawer = TrackDrawer(trail_length=10)
    for step in range(20):
        x = 20.0 * step
        drawn = drawer.draw(grey, np.array([4]), np.array([[x, 50, x + 20, 150]]))
    # Feet of the last ten frames: x = 210 to 390.
    touched = np.flatnonzero((drawn[148:153] != 90).any(axis=(0, 2)))
    assert touched.min() == pytest.approx(210, abs=3)


def test_drawer_forgets_what_is_gone(grey) -> None:
    drawer = TrackDrawer(trail_length=5)
    for step in range(200):
        drawer.draw(grey, np.array([step]), np.array([[10, 10, 50, 90.0]]))
        assert len(drawer._points) <= 5
        assert drawer._points.keys() == drawer._last_seen.keys()


def test_drawer_reset_and_no_trails(grey) -> None:
    boxes = [np.array([[x, 50, x + 20, 150.0]]) for x in (10, 200)]
    drawer, plain = TrackDrawer(), TrackDrawer(trail_length=0)
    first = drawer.draw(grey, np.array([1]), boxes[0])
    drawer.draw(grey, np.array([1]), boxes[1])
    drawer.reset()
    assert np.array_equal(drawer.draw(grey, np.array([1]), boxes[0]), first)
    plain.draw(grey, np.array([1]), boxes[0])
    assert np.array_equal(
        plain.draw(grey, np.array([1]), boxes[1]), draw_tracks(grey, [1], boxes[1])
    )


def test_no_track(grey) -> None:
    empty = np.empty(0), np.empty((0, 4))
    assert np.array_equal(draw_tracks(grey, *empty), grey)
    assert np.array_equal(TrackDrawer().draw(grey, *empty), grey)


def test_bad_arguments(grey) -> None:
    with pytest.raises(ValueError, match='2 ids but 1 boxes'):
        draw_tracks(grey, [1, 2], [[0, 0, 5, 5]])
    with pytest.raises(ValueError, match=r'expected an image \(H, W, 3\) uint8'):
        draw_tracks(grey.astype(float), [1], [[0, 0, 5, 5]])
    with pytest.raises(ValueError, match='trail_length must be a whole number of 0'):
        TrackDrawer(-1)
