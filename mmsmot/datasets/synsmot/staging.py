"""Whether a script can be seen: everyone in the image and unhidden while they act."""

from __future__ import annotations

import numpy as np

from .camera import CameraView
from .motion import actor_motion_path
from .script import Script

MIN_SEEN_FRAMES = 6  # or all of a shorter state
SEEN = 0.55  # of a body's width, to count as seen
HALF_WIDTH = 0.17  # of a body, in body heights
MIN_GAP = 0.3  # metres between people who have nothing to do with each other


def is_well_staged(script: Script) -> bool:
    """True where every state is seen, nobody walks through another, nobody is too near."""
    places = np.stack(
        [actor_motion_path(actor, script.num_frames) for actor in script.actors]
    )
    if places[..., 1].min() < 4.9 or places[..., 1].max() > 11.2:
        return False
    seen = staged_visibility(script, places) > SEEN
    for row, actor in zip(seen, script.actors, strict=True):
        for state in actor.states:
            frames = state.stop - state.start
            needed = max(min(MIN_SEEN_FRAMES, frames), 0.5 * frames)
            if row[state.start : state.stop].sum() < needed:
                return False
    return _keeps_apart(script, places)


def staged_visibility(script: Script, places: np.ndarray) -> np.ndarray:
    """(N, T) about how much of everyone is inside the image and behind nobody.

    Bodies are taken as upright bars; what hides one is the sum of the bars before it.
    """
    view = CameraView(script.width, script.height)
    x, _ = view.project(places[..., 0], places[..., 1])
    scale = view.scale(places[..., 1])
    stature = np.array([a.look.stature for a in script.actors])[:, None]
    half = HALF_WIDTH * stature * scale
    shift = script.camera.pan * script.width
    x = script.camera.zoom * (x - shift - script.width / 2) + script.width / 2
    low, high = x - half, x + half
    inside = np.clip(high, 0, script.width) - np.clip(low, 0, script.width)
    seen = inside / (2 * half)
    for front in range(len(places)):
        for back in range(len(places)):
            nearer = places[front, :, 1] < places[back, :, 1]
            overlap = np.minimum(high[front], high[back]) - np.maximum(
                low[front], low[back]
            )
            tall = np.minimum(
                1, (stature[front] * scale[front]) / (stature[back] * scale[back]) + 0.2
            )
            hidden = np.clip(overlap, 0, None) / (2 * half[back]) * tall
            if front != back:
                seen[back] -= np.where(nearer, hidden, 0)
    for occluder in script.occluders:
        ox, _ = view.project(*occluder.place)
        wide = occluder.size * view.scale(occluder.place[1])
        wide = wide / 2 if occluder.kind != 'bush' else wide * 0.5
        overlap = np.minimum(high, ox + wide) - np.maximum(low, ox - wide)
        nearer = occluder.place[1] < places[..., 1]
        seen -= np.where(nearer, np.clip(overlap, 0, None) / (2 * half), 0)
    return np.clip(seen, 0, 1)


def _keeps_apart(script: Script, places: np.ndarray) -> bool:
    """Nobody stands inside another."""
    count = len(places)
    for one in range(count):
        for other in range(one + 1, count):
            far = np.hypot(*(places[one] - places[other]).T)
            if far.min() < MIN_GAP:
                return False
    return True
