"""Painted backdrops: a street, a park, a beach, a schoolyard, a room, a plaza."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from .street_backdrop import paint_street

FOOT = 0.42  # where the ground begins, of the image's height
Color = tuple[int, int, int]


def paint_backdrop(
    rng: np.random.Generator, setting: str, width: int, height: int
) -> np.ndarray:
    """(height, width, 3) uint8 BGR; painted at twice the size, for smooth edges."""
    large = SETTINGS[setting](rng, 2 * width, 2 * height)
    return cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)


def _noise(
    rng: np.random.Generator, height: int, width: int, cell: float
) -> np.ndarray:
    """(height, width, 1) float32 smooth noise of about unit spread."""
    rows, columns = max(2, int(height / cell)), max(2, int(width / cell))
    coarse = rng.normal(0, 1, (rows, columns)).astype(np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]


def _plain(
    rng: np.random.Generator,
    height: int,
    width: int,
    top: Color,
    bottom: Color,
    grain: float,
) -> np.ndarray:
    """A surface that shades from one colour to another, mottled."""
    shade = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    surface = (
        np.array(top, np.float32) * (1 - shade) + np.array(bottom, np.float32) * shade
    )
    surface = np.repeat(surface, width, axis=1)
    surface += grain * _noise(rng, height, width, 3) + grain * _noise(
        rng, height, width, 24
    )
    return np.clip(surface, 0, 255).astype(np.uint8)


def _lines_to_horizon(
    ground: np.ndarray, count: int, rows: int, color: Color, thickness: int = 2
) -> None:
    """Joints between slabs, boards or tiles, running to a point above the middle."""
    height, width = ground.shape[:2]
    vanishing = (width // 2, -round(0.55 * height))
    for x in np.linspace(-2.5 * width, 3.5 * width, count):
        cv2.line(ground, vanishing, (round(x), height), color, thickness, cv2.LINE_AA)
    for step in range(1, rows):
        y = round(height * (step / rows) ** 1.8)
        cv2.line(ground, (0, y), (width, y), color, thickness)


def _blob(
    rng: np.random.Generator,
    image: np.ndarray,
    x: float,
    y: float,
    size: float,
    color: Color,
) -> None:
    """Foliage: overlapping discs in shades of a colour."""
    for _ in range(16):
        dx, dy = rng.normal(0, 0.42, 2) * size
        shade = rng.uniform(0.75, 1.2)
        tone = tuple(float(min(255, c * shade)) for c in color)
        radius = round(size * rng.uniform(0.25, 0.5))
        cv2.circle(
            image, (round(x + dx), round(y + 0.7 * dy)), radius, tone, -1, cv2.LINE_AA
        )


def _sky(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    sky = _plain(rng, height, width, (225, 185, 135), (240, 225, 205), 1.5)
    for _ in range(4):
        x, y = rng.uniform(0, width), rng.uniform(0.1, 0.6) * height
        for _ in range(6):
            spot = (round(x + rng.normal(0, 0.2 * height)), round(y + rng.normal(0, 5)))
            axes = (round(rng.uniform(0.1, 0.25) * height), round(0.06 * height))
            cv2.ellipse(sky, spot, axes, 0, 0, 360, (246, 244, 240), -1, cv2.LINE_AA)
    return sky


def _park(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Grass with a path, a row of trees against the sky."""
    foot = round(FOOT * height)
    image = np.concatenate(
        [
            _sky(rng, foot, width),
            _plain(rng, height - foot, width, (72, 140, 96), (84, 165, 122), 6),
        ]
    )
    cv2.rectangle(image, (0, round(0.8 * foot)), (width, foot), (70, 118, 78), -1)
    for x in np.arange(rng.uniform(0, 60), width, 0.16 * width):
        x += rng.uniform(-0.03, 0.03) * width
        cv2.rectangle(
            image,
            (round(x - 5), round(0.55 * foot)),
            (round(x + 5), foot),
            (45, 70, 95),
            -1,
        )
        _blob(rng, image, x, 0.42 * foot, 0.34 * foot, (52, 112, 62))
    for x in np.arange(0, width, 0.05 * width):
        _blob(rng, image, x, 0.97 * foot, 0.1 * foot, (56, 120, 70))
    left = rng.uniform(0.2, 0.6) * width
    path = np.array(
        [
            [left, foot + 4],
            [left + 0.1 * width, foot + 4],
            [left + 0.55 * width, height],
            [left - 0.35 * width, height],
        ]
    )
    layer = image.copy()
    cv2.fillPoly(layer, [path.round().astype(np.int32)], (150, 178, 196), cv2.LINE_AA)
    return cv2.addWeighted(layer, 0.75, image, 0.25, 0)


def _beach(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Sand, the sea with surf, the sky."""
    foot = round(FOOT * height)
    shore = round(0.5 * foot)
    sea = _plain(rng, foot - shore, width, (165, 120, 40), (190, 165, 85), 3)
    for _ in range(14):
        y = round(rng.uniform(0, foot - shore))
        x = round(rng.uniform(0, width))
        cv2.line(sea, (x, y), (x + round(0.1 * width), y), (215, 200, 160), 2)
    sand = _plain(rng, height - foot, width, (150, 200, 226), (165, 214, 238), 5)
    image = np.concatenate([_sky(rng, shore, width), sea, sand])
    xs = np.arange(0, width + 1, 8)
    surf = foot + 5 * np.sin(xs / 60 + rng.uniform(0, 6)) + 2 * np.sin(xs / 17)
    line = np.stack([xs, surf], axis=1).round().astype(np.int32)
    cv2.polylines(image, [line], False, (250, 248, 244), 7, cv2.LINE_AA)
    return image


def _schoolyard(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Red tartan with white lines, a fence, a school behind it."""
    foot = round(FOOT * height)
    wall = _plain(rng, foot, width, (175, 205, 220), (165, 195, 212), 3)
    for x in np.arange(0.02 * width, width, 0.09 * width):
        low, high = (
            (round(x), round(0.2 * foot)),
            (round(x + 0.055 * width), round(0.55 * foot)),
        )
        cv2.rectangle(wall, low, high, (150, 120, 90), -1)
        cv2.rectangle(wall, low, high, (235, 238, 240), 4)
    for x in np.arange(0, width, 14):
        cv2.line(
            wall, (round(x), round(0.66 * foot)), (round(x), foot), (95, 110, 80), 2
        )
    for y in (0.67, 0.97):
        cv2.line(wall, (0, round(y * foot)), (width, round(y * foot)), (80, 95, 68), 4)
    ground = _plain(rng, height - foot, width, (92, 112, 176), (98, 122, 192), 4)
    rows = ground.shape[0]
    for y in (0.08, 0.95):
        cv2.line(
            ground, (0, round(y * rows)), (width, round(y * rows)), (236, 238, 240), 5
        )
    middle = round(rng.uniform(0.4, 0.6) * width)
    cv2.line(
        ground,
        (middle, round(0.08 * rows)),
        (middle, round(0.95 * rows)),
        (236, 238, 240),
        5,
    )
    axes = (round(0.17 * width), round(0.22 * rows))
    cv2.ellipse(
        ground,
        (middle, round(0.45 * rows)),
        axes,
        0,
        0,
        360,
        (236, 238, 240),
        5,
        cv2.LINE_AA,
    )
    return np.concatenate([wall, ground])


def _room(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A papered wall with images and a door, and a wooden floor."""
    foot = round(FOOT * height)
    tints = ((190, 214, 222), (214, 206, 192), (196, 216, 198))
    tint = tints[rng.integers(3)]
    wall = _plain(rng, foot, width, tint, tuple(c - 14 for c in tint), 2)
    for x in np.arange(0, width, 44):
        tone = tuple(c - 10 for c in tint)
        cv2.line(wall, (round(x), 0), (round(x), foot), tone, 3)
    for x in np.arange(rng.uniform(0.02, 0.1) * width, width, 0.27 * width):
        low = (round(x), round(0.22 * foot))
        high = (round(x + 0.1 * width), round(0.6 * foot))
        tone = tuple(int(c) for c in rng.integers(70, 200, 3))
        cv2.rectangle(wall, low, high, tone, -1)
        cv2.rectangle(wall, low, high, (50, 75, 105), 8)
    door = round(rng.uniform(0.3, 0.6) * width)
    cv2.rectangle(
        wall,
        (door, round(0.1 * foot)),
        (door + round(0.09 * width), foot),
        (95, 130, 165),
        -1,
    )
    cv2.rectangle(wall, (0, round(0.93 * foot)), (width, foot), (228, 232, 234), -1)
    floor = _plain(rng, height - foot, width, (78, 118, 160), (92, 138, 184), 4)
    _lines_to_horizon(floor, 60, 1, (62, 98, 138))
    return np.concatenate([wall, floor])


def _plaza(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Light tiles before a row of coloured houses."""
    foot = round(FOOT * height)
    wall = _sky(rng, foot, width)
    tones = (
        (160, 190, 225),
        (190, 205, 215),
        (150, 175, 190),
        (180, 170, 205),
        (190, 200, 170),
    )
    x = 0.0
    while x < width:
        wide = rng.uniform(0.12, 0.2) * width
        top = rng.uniform(0.05, 0.3) * foot
        tone = tones[rng.integers(len(tones))]
        cv2.rectangle(wall, (round(x), round(top)), (round(x + wide), foot), tone, -1)
        for column in np.arange(x + 0.15 * wide, x + 0.8 * wide, 0.25 * wide):
            for row in np.arange(top + 0.1 * foot, 0.8 * foot, 0.22 * foot):
                corner = (round(column + 0.12 * wide), round(row + 0.12 * foot))
                cv2.rectangle(
                    wall, (round(column), round(row)), corner, (120, 100, 85), -1
                )
        x += wide
    ground = _plain(rng, height - foot, width, (186, 194, 200), (196, 206, 212), 4)
    _lines_to_horizon(ground, 44, 9, (160, 166, 172))
    return np.concatenate([wall, ground])


SETTINGS: dict[str, Callable[[np.random.Generator, int, int], np.ndarray]] = {
    'street': paint_street,
    'park': _park,
    'beach': _beach,
    'schoolyard': _schoolyard,
    'room': _room,
    'plaza': _plaza,
}
