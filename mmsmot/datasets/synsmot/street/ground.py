"""The painted ground of the street, seen by its camera."""

from __future__ import annotations

import cv2
import numpy as np

from .roads import FAR, FAR_END, LANE, NEAR_END, GroundPlan
from .view import StreetView

PIXELS = 14  # of the texture a metre
# BGR
PAVEMENT, JOINT, GRASS = (158, 164, 168), (128, 134, 138), (74, 122, 92)
ASPHALT, PAINT, KERB = (92, 90, 88), (216, 222, 224), (178, 182, 184)


def paint_ground(
    rng: np.random.Generator, plan: GroundPlan, view: StreetView
) -> np.ndarray:
    """(H, W, 3) uint8: pavements, roads, lines and zebra crossings."""
    texture = _texture(rng, plan)
    # From metres to pixels of the texture: x to the right, z upwards.
    scale = np.array(
        [[1 / PIXELS, 0, -FAR], [0, -1 / PIXELS, FAR_END], [0, 0, 1]], float
    )
    return cv2.warpPerspective(
        texture,
        view.ground_to_image() @ scale,
        (view.width, view.height),
        flags=cv2.INTER_AREA,
        borderMode=cv2.BORDER_REPLICATE,
    )


def _texture(rng: np.random.Generator, plan: GroundPlan) -> np.ndarray:
    width, height = round(2 * FAR * PIXELS), round((FAR_END - NEAR_END + 4) * PIXELS)
    sheet = np.empty((height, width, 3), np.float32)
    sheet[:] = PAVEMENT
    for x in range(0, width, 2 * PIXELS):
        sheet[:, x : x + 1] = JOINT
    for y in range(0, height, 2 * PIXELS):
        sheet[y : y + 1] = JOINT
    for _ in range(6):
        place = rng.uniform((-FAR, 26), (FAR, FAR_END))
        _rectangle(sheet, (place[0], place[0] + 8, place[1], place[1] + 6), GRASS)
    for left, right, near, far in plan.roads:
        _rectangle(sheet, (left - 0.3, right + 0.3, near - 0.3, far + 0.3), KERB)
    for road in plan.roads:
        _rectangle(sheet, road, ASPHALT)
    _lines(sheet, plan)
    for zebra in plan.zebras:
        _zebra(sheet, zebra)
    coarse = rng.normal(0, 7, (height // 24 + 2, width // 24 + 2)).astype(np.float32)
    grain = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain += rng.normal(0, 4, (height, width)).astype(np.float32)
    return np.clip(sheet + grain[..., None], 0, 255).astype(np.uint8)


def _rectangle(
    sheet: np.ndarray, area: tuple[float, float, float, float], color: tuple
) -> None:
    left, right, near, far = area
    x0, x1 = (max(0, round((x + FAR) * PIXELS)) for x in (left, right))
    y0, y1 = (max(0, round((FAR_END - z) * PIXELS)) for z in (far, near))
    sheet[y0:y1, x0:x1] = color


def _lines(sheet: np.ndarray, plan: GroundPlan) -> None:
    """Dashed lines between the lanes."""
    if plan.scene == 'road':
        middle = 14.0 + LANE
        for x in np.arange(-FAR, FAR, 3.0):
            _rectangle(sheet, (x, x + 1.5, middle - 0.07, middle + 0.07), PAINT)
        return
    _, _, low, high = plan.roads[0]
    middle, edge = (low + high) / 2, (high - low) / 2
    for step in np.arange(edge + 1.0, FAR, 3.0):
        for x in (-step - 1.5, step):
            _rectangle(sheet, (x, x + 1.5, middle - 0.07, middle + 0.07), PAINT)
        for z in (middle - step - 1.5, middle + step):
            _rectangle(sheet, (-0.07, 0.07, z, z + 1.5), PAINT)


def _zebra(sheet: np.ndarray, area: tuple[float, float, float, float]) -> None:
    """Stripes along the way of the cars, which is the zebra's short side."""
    left, right, near, far = area
    if right - left > far - near:
        for x in np.arange(left + 0.25, right - 0.3, 0.9):
            _rectangle(sheet, (x, x + 0.45, near, far), PAINT)
    else:
        for z in np.arange(near + 0.25, far - 0.3, 0.9):
            _rectangle(sheet, (left, right, z, z + 0.45), PAINT)
