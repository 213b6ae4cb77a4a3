"""Colour terms of pixels, and the white balance."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmsmot.models.kinematics.colour_names import (
    CENTROIDS,
    TERMS,
    colour_term_masks,
    colour_white_gains,
    lab_of,
)


def terms_of(*rgb: int) -> set[str]:
    mask = int(colour_term_masks(np.array(rgb[::-1], np.uint8)))
    return {term for row, term in enumerate(TERMS) if mask >> row & 1}


@pytest.mark.parametrize(
    ('rgb', 'term'),
    [
        ((200, 30, 40), 'red'),
        ((120, 20, 35), 'red'),
        ((30, 70, 170), 'blue'),
        ((15, 55, 100), 'blue'),
        ((40, 140, 60), 'green'),
        ((245, 215, 60), 'yellow'),
        ((240, 130, 20), 'orange'),
        ((115, 70, 40), 'brown'),
        ((120, 45, 160), 'purple'),
        ((250, 180, 190), 'pink'),
        ((25, 25, 27), 'black'),
        ((130, 130, 132), 'gray'),
        ((245, 245, 245), 'white'),
    ],
)
def test_clear_colours_have_one_term(rgb: tuple[int, int, int], term: str) -> None:
    assert terms_of(*rgb) == {term}


@pytest.mark.parametrize(
    ('rgb', 'terms'),
    [
        ((85, 105, 120), {'blue', 'gray'}),  # jeans
        ((120, 25, 75), {'red', 'purple'}),  # maroon
        ((50, 120, 115), {'green', 'blue'}),  # teal
        ((135, 125, 55), {'brown', 'green'}),  # olive
    ],
)
def test_people_disagree_on_colours_between(rgb: tuple, terms: set[str]) -> None:
    assert terms_of(*rgb) == terms


def test_every_centroid_has_its_own_terms() -> None:
    """The table is coarse; nearly all centroids fall into a cell of their own."""
    wrong = [
        code
        for names, text in CENTROIDS.items()
        for code in text.split()
        if terms_of(*(int(code[i : i + 2], 16) for i in (0, 2, 4))) != {*names.split()}
    ]
    assert len(wrong) <= 12
    assert all(name in TERMS for names in CENTROIDS for name in names.split())


def test_lab_is_cielab() -> None:
    lab = lab_of(np.array([[255, 255, 255], [0, 0, 255], [0, 0, 0]]))
    expected = [[100, 0, 0], [53.2, 80.1, 67.2], [0, 0, 0]]  # published, D65
    np.testing.assert_allclose(lab, expected, atol=0.2)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (500, 3), np.uint8)
    np.testing.assert_allclose(lab_of(pixels), lab_of(pixels.astype(float)), atol=1.6)


def test_white_balance_pulls_a_cast_towards_gray() -> None:
    rng = np.random.default_rng(0)
    gray = cv2.resize(rng.integers(40, 200, (6, 8, 1), np.uint8), (32, 24))
    image = np.repeat(gray[..., None], 3, axis=2)
    np.testing.assert_allclose(colour_white_gains(image), 1, atol=1e-6)
    warm = np.clip(image * [0.8, 1.0, 1.2], 0, 255).astype(np.uint8)
    gains = colour_white_gains(warm)
    assert gains[0] > 1.05 > 0.95 > gains[2]
    assert gains.prod() == pytest.approx(1, abs=1e-5)
    np.testing.assert_array_equal(
        colour_white_gains(np.full((9, 9, 3), 255, np.uint8)), 1
    )
