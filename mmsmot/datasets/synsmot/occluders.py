"""Drawing of what stands in front of people: trees, posts, bushes."""

from __future__ import annotations

import numpy as np

from .brush import Brush
from .lens import Lens
from .props import PropLayer
from .script import ScriptedOccluder

BARK, POST, LEAVES = (52, 76, 100), (92, 96, 98), (58, 112, 66)
FINE = 2


def paint_occluder(occluder: ScriptedOccluder, lens: Lens, seed: int) -> PropLayer:
    """The layer of something rooted at a place; the same leaves in every frame."""
    x, z = occluder.place
    foot, unit = lens.point(x, z), lens.scale(z)
    size = occluder.size
    if occluder.kind == 'bush':
        return _bush(foot, unit, size, z, seed)
    reach = int(max(size, 0.2) * unit) + 4
    top = int(foot[1] - 4.2 * unit)
    brush = Brush(int(foot[0]) - reach, top, 2 * reach, int(foot[1]) + 3 - top, FINE)
    up = np.array([0, -4.0 * unit])
    if occluder.kind == 'tree':
        widths = [1.25 * size * unit, size * unit, 0.9 * size * unit]
        brush.limb([foot, foot + up * 0.1, foot + up], widths, BARK)
    else:
        brush.limb([foot, foot + up], [size * unit, size * unit], POST)
        brush.limb(
            [foot, foot + up * 0.05], [1.8 * size * unit, 1.4 * size * unit], POST
        )
    return PropLayer(z, brush.finished(), (brush.left, brush.top))


def _bush(foot: np.ndarray, unit: float, size: float, z: float, seed: int) -> PropLayer:
    rng = np.random.default_rng([seed, 7])
    wide, tall = int(size * unit) + 4, int(0.75 * size * unit) + 4
    brush = Brush(int(foot[0]) - wide, int(foot[1]) - tall, 2 * wide, tall + 3, FINE)
    brush.rim = 1
    for _ in range(22):
        dx, up = rng.uniform(-0.65, 0.65), rng.uniform(0.05, 0.5)
        shade = rng.uniform(0.75, 1.2)
        leaf = tuple(int(c * shade) for c in LEAVES)
        spot = foot + np.array([dx, -up * (1 - 0.6 * abs(dx))]) * size * unit
        brush.ellipse(spot, 0.2 * size * unit, 0.17 * size * unit, leaf)
    return PropLayer(z, brush.finished(), (brush.left, brush.top))
