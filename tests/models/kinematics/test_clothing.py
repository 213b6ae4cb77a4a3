"""Colours of clothes: told where they are sure, and not where they are not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mmsmot.models.kinematics.clothing import (
    ClothingColours,
    ClothingOptions,
    PatchReader,
    clothing_colour,
)
from mmsmot.models.kinematics.kinematic_semantics import KinematicSemantics
from tests.models.kinematics.people import (
    BLACK,
    BLUE,
    GREEN,
    RED,
    WHITE,
    background,
    fed,
    frames_of,
    walker,
)

OPTIONS = ClothingOptions()


def outfits(people, **options) -> list[ClothingColours]:
    semantics, buffer = fed(frames_of(people, images=True, **options))
    tracks = semantics._kinematics(buffer, buffer.ids)
    return [semantics._facts(track, buffer).outfit for track in tracks.values()]


@pytest.mark.parametrize(
    ('top', 'bottoms', 'expected'),
    [
        (RED, BLUE, ClothingColours('red', 'blue')),
        (GREEN, BLACK, ClothingColours('green', 'black')),
        (BLACK, RED, ClothingColours('black', 'red')),
        (WHITE, BLUE, ClothingColours('white', 'blue')),
    ],
)
def test_top_and_bottoms(top: tuple, bottoms: tuple, expected: ClothingColours) -> None:
    person = walker(150, (4, 0.5), top=top, bottoms=bottoms)
    assert outfits([person], seconds=4) == [expected]


def test_light_and_cast_do_not_change_a_colour() -> None:
    person = walker(150, (4, 0.5), top=RED, bottoms=BLUE)
    for gains in ([0.8, 0.8, 0.8], [0.92, 1.0, 1.06], [1.06, 1.0, 0.92]):
        (outfit,) = outfits(
            [person],
            seconds=4,
            change=lambda image, g=gains: np.clip(image * g, 0, 255).astype(np.uint8),
        )
        assert outfit.upper == 'red'
        assert outfit.lower in ('blue', '')


def gray(image: np.ndarray) -> np.ndarray:
    lightness = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return cv2.cvtColor(lightness, cv2.COLOR_GRAY2BGR)


def gray_jpeg(image: np.ndarray) -> np.ndarray:
    _, code = cv2.imencode('.jpg', gray(image) + np.uint8([2, 0, 3]))
    return cv2.imdecode(code, cv2.IMREAD_COLOR)


@pytest.mark.parametrize(
    'change',
    [gray, gray_jpeg, lambda image: (image * 0.12).astype(np.uint8)],
    ids=['gray', 'gray jpeg', 'night'],
)
def test_gray_video_and_night_have_no_colours(change) -> None:
    people = [
        walker(150, (4, 0.5), top=RED, bottoms=BLACK),
        walker(400, (4, 0), top=WHITE),
    ]
    assert outfits(people, seconds=4, change=change) == [
        ClothingColours(),
        ClothingColours(),
    ]


def test_small_hidden_and_cut_people_have_no_colours() -> None:
    small = walker(150, (4, 0.5), height=30)
    hidden = walker(300, (4, 0), height=90, feet=240)
    nearer = walker(310, (4, 0), height=130, feet=280, top=GREEN)
    cut = walker(2, (4, 0), top=GREEN)
    colours = outfits([small, hidden, nearer, cut], seconds=4)
    assert colours == [
        ClothingColours(),
        ClothingColours(),
        ClothingColours('green', 'blue'),
        ClothingColours(),
    ]


SKINS = ('8d5524', 'c68642', 'e0ac69', 'f1c27d', 'ffdbac')
SKINS += ('5c3a21', 'a1665e', '3c2218', 'd8a27f', 'c58c85')


@pytest.mark.parametrize('code', SKINS)
def test_skin_is_no_clothing(code: str) -> None:
    """Bare legs and a bare chest, from the front and, with dark hair, from behind."""
    skin = tuple(bytes.fromhex(code)[::-1])
    bare_legs = walker(100, (4, 0.5), top=BLUE, bottoms=skin)
    bare_chest = walker(300, (4, 0.5), top=skin, bottoms=BLUE)
    for head in (skin, (30, 28, 32)):
        colours = outfits([bare_legs, bare_chest], seconds=4, head=head)
        assert [outfit.lower for outfit in colours[:1]] == ['']
        assert colours[1].upper == ''
        assert colours[0].upper in ('blue', '')


def test_brown_under_a_pale_face_is_clothing() -> None:
    person = walker(150, (4, 0.5), top=(33, 58, 92), bottoms=BLUE)
    (outfit,) = outfits([person], seconds=4)
    assert outfit == ClothingColours('brown', 'blue')


def test_lower_clothes_of_somebody_who_sits_are_not_told() -> None:
    person = walker(300, (4, 0), aspect=0.6)
    (outfit,) = outfits([person], seconds=4)
    assert outfit.lower == ''


def views(**shares: float) -> np.ndarray:
    """Five equal views: shares of terms, ``dark``, ``light``; fitting as sure."""
    from mmsmot.models.kinematics.clothing import DARK_ROW, LIGHT_ROW, SHARES, TERMS

    row = np.zeros(SHARES, np.uint8)
    for name, share in shares.items():
        value = round(255 * share)
        if name in ('dark', 'light'):
            row[DARK_ROW if name == 'dark' else LIGHT_ROW] = value
        else:
            index = TERMS.index(name)
            row[[index, len(TERMS) + index]] = value
    return np.tile(row, (5, 1))


def test_two_colours_are_none() -> None:
    assert clothing_colour(views(red=0.9), OPTIONS) == 'red'
    assert clothing_colour(views(red=0.65, blue=0.5), OPTIONS) == ''
    assert clothing_colour(views(red=0.4), OPTIONS) == ''
    assert clothing_colour(views(red=0.9)[:2], OPTIONS) == ''  # too few views
    mixed = np.concatenate([views(red=0.9)[:3], views(green=0.9)[:2]])
    assert clothing_colour(mixed, OPTIONS) == ''


def test_what_is_not_black_may_be_dark() -> None:
    assert clothing_colour(views(black=0.9, dark=1.0), OPTIONS) == 'black'
    assert clothing_colour(views(black=0.62, dark=1.0), OPTIONS) == 'dark'
    assert clothing_colour(views(gray=0.9, dark=0.9), OPTIONS) == 'dark'
    assert clothing_colour(views(gray=0.9, light=0.9), OPTIONS) == 'light'
    assert clothing_colour(views(gray=0.9), OPTIONS) == 'gray'
    assert clothing_colour(views(dark=1.0, red=0.3), OPTIONS) == ''


def test_black_and_white_stripes_are_not_gray() -> None:
    stripes = views(gray=0.9)
    stripes[:, -1] = 25
    assert clothing_colour(stripes, OPTIONS) == ''


def test_a_patch_outside_of_the_image_is_black() -> None:
    image = background((640, 360))[:, :640]
    reader = PatchReader(OPTIONS)
    boxes = np.array([[-50, 10, -10, 90], [600, 300, 700, 420], [10, 10, 50, 90.0]])
    shares = reader.read(image, 0.0, [1, 2, 3], boxes).shares
    assert shares.shape[:2] == (3, 2)
    assert reader.read(image, 0.1, [], np.empty((0, 4))).shares.shape[0] == 0


def test_legs_that_swing_differ_from_a_torso_at_rest() -> None:
    _, buffer = fed(frames_of([walker(100, (5, 0.8))], images=True, seconds=5))
    walk = buffer.of([1])
    has_legs = np.isfinite(walk['legs'])
    assert has_legs.sum() >= 8
    assert (
        np.median(walk['legs'][has_legs] / np.maximum(walk['torso'][has_legs], 1)) > 3
    )
    _, buffer = fed(frames_of([walker(100, (5, 0))], images=True, seconds=5))
    still = buffer.of([1])['legs']
    assert np.nanmax(still) < 1


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(
        ValueError, match='max_occlusion must be a finite number from 0'
    ):
        ClothingOptions(max_occlusion=1.5)
    with pytest.raises(ValueError, match='min_samples must be a whole number of 1'):
        KinematicSemantics(clothing=dict(min_samples=0))
