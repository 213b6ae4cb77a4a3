"""A painted street: the backdrop of the demo scene."""

from __future__ import annotations

import cv2
import numpy as np

WALL_FOOT = 0.43  # where the wall meets the ground, of the image's height
BRICK_WIDTH, BRICK_HEIGHT = 22, 10
# BGR
BRICK, MORTAR, FRAME = (105, 125, 160), (150, 160, 170), (205, 210, 215)
GLASS_TOP, GLASS_BOTTOM = (150, 120, 90), (95, 75, 60)
SLAB, JOINT, GRASS = (150, 155, 158), (118, 122, 126), (60, 105, 75)


def paint_street(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """A house with windows, a strip of grass and a pavement in perspective.

    Args:
        rng: Grain and tones.
        width: Width in pixels.
        height: Height in pixels.

    Returns:
        (height, width, 3) uint8 BGR.
    """
    foot = round(WALL_FOOT * height)
    wall = _bricks(rng, width, foot)
    _add_windows(rng, wall)
    image = np.concatenate([wall, _pavement(rng, width, height - foot)])
    verge = np.full((round(0.03 * height), width, 3), GRASS, np.uint8)
    image[foot : foot + len(verge)] = _grainy(rng, verge, 14)
    return np.ascontiguousarray(image)


def _grainy(rng: np.random.Generator, image: np.ndarray, strength: float) -> np.ndarray:
    """Fine and coarse grain, the same in all three channels."""
    height, width = image.shape[:2]
    coarse = rng.normal(0, strength, (height // 12 + 2, width // 12 + 2))
    grain = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain += rng.normal(0, strength / 2, (height, width))
    return np.clip(np.round(image + grain[..., None]), 0, 255).astype(np.uint8)


def _bricks(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    rows, columns = height // BRICK_HEIGHT + 1, width // BRICK_WIDTH + 2
    tones = rng.normal(0, 9, (rows, columns, 1)) + BRICK
    wall = np.empty((height, width, 3))
    for row in range(rows):
        half = BRICK_WIDTH // 2 * (row % 2)
        line = np.repeat(tones[row], BRICK_WIDTH, axis=0)[half:][:width]
        line[half::BRICK_WIDTH] = MORTAR
        top = BRICK_HEIGHT * row
        wall[top : top + BRICK_HEIGHT] = line
        wall[top : top + 1] = MORTAR
    return _grainy(rng, wall, 5)


def _add_windows(rng: np.random.Generator, wall: np.ndarray) -> None:
    height, width = wall.shape[:2]
    pane_width, gap = round(0.42 * height), round(0.95 * height)
    top, bottom = round(0.12 * height), round(0.68 * height)
    for left in range(round(0.2 * gap), width - pane_width, gap):
        right = left + pane_width
        cv2.rectangle(wall, (left - 6, top - 6), (right + 6, bottom + 6), FRAME, -1)
        glass = np.linspace(GLASS_TOP, GLASS_BOTTOM, bottom - top)[:, None]
        pane = np.repeat(glass, pane_width, axis=1)
        wall[top:bottom, left:right] = _grainy(rng, pane, 4)
        middle = (left + right) // 2
        cv2.line(wall, (middle, top), (middle, bottom), FRAME, 5)


def _pavement(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    """Slabs whose joints run to a vanishing point above the middle."""
    shade = np.linspace(0.82, 1.08, height)[:, None, None]
    slabs = _grainy(rng, shade * np.full((height, width, 3), SLAB), 7)
    vanishing = (width // 2, -round(0.45 * height))
    for x in range(-3 * width, 4 * width, round(0.16 * width)):
        cv2.line(slabs, vanishing, (x, height), JOINT, 2, cv2.LINE_AA)
    for step in range(1, 12):
        y = round(height * (step / 11) ** 1.7)
        cv2.line(slabs, (0, y), (width, y), JOINT, 2)
    return slabs
