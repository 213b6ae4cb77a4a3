"""From the traffic to images, boxes and visible fractions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..appearance import COLORS
from ..figure import Figure
from ..film import Film
from ..gait_cycles import WALK_STRIDE
from ..layers import darken_ground, paint_layers
from ..pose import ADULT, CHILD, pose_joints
from ..props import PropLayer, paint_bicycle
from ..script import ScriptedLight
from ..solo_poses import SOLO_POSES, PoseInput
from .ground import paint_ground
from .roads import GroundPlan
from .street_object import StreetObject
from .vehicles import SHAPES, corners, draw_vehicle, rectangle
from .view import StreetView

SHADOW = 0.4  # of the light
SHADOW_SOFTNESS = 0.004  # of the width
SHADOW_SHIFT = (0.25, -0.1)  # metres to the right and away, of all light alike
NEAREST, NEAREST_RAY = 3.0, 2.0  # metres on the ground and along the ray of sight
AROUND = 6.0  # metres out of the image in which a body may still reach into it
PEDAL_STRIDE = 2.2  # metres of a turn of the pedals


@dataclass(frozen=True)
class StreetFrame:
    """What is seen of everyone in a frame; as of :class:`~..render.RenderedFrame`."""

    image: np.ndarray
    boxes: np.ndarray
    visibility: np.ndarray


def render_street(
    plan: GroundPlan,
    objects: list[StreetObject],
    view: StreetView,
    light: ScriptedLight,
    fps: float,
    seed: int,
) -> Iterator[StreetFrame]:
    """All frames of a clip, one by one.

    Args:
        plan: The ground.
        objects: Everyone, with places of all frames.
        view: The camera.
        light: Of the clip.
        fps: Frames a second.
        seed: Of textures and grain.
    """
    stage = _Stage(plan, objects, view, light, fps, seed)
    for frame in range(len(objects[0].speed) if objects else 0):
        yield stage.frame(frame)


class _Stage:
    def __init__(
        self,
        plan: GroundPlan,
        objects: list[StreetObject],
        view: StreetView,
        light: ScriptedLight,
        fps: float,
        seed: int,
    ) -> None:
        self.objects, self.view = objects, view
        rng = np.random.default_rng([seed, 1])
        self.ground = paint_ground(rng, plan, view)
        shift_rng = np.random.default_rng([seed, 2])
        self.film = Film(rng, shift_rng, light, view.width, view.height)
        self.joints = [_joints(body, fps) for body in objects]

    def frame(self, frame: int) -> StreetFrame:
        """One frame, from 0; frames are asked for in order, the grain is drawn so."""
        canvas = self.ground.astype(np.float32)
        rows = [n for n, body in enumerate(self.objects) if self._may_show(body, frame)]
        self._shadows(canvas, rows, frame)
        silhouettes = paint_layers(canvas, [self._layer(n, frame) for n in rows])
        boxes = np.zeros((len(self.objects), 4), np.int64)
        visibility = np.zeros(len(self.objects))
        for owner, silhouette in silhouettes.items():
            boxes[owner - 1] = silhouette.box
            visibility[owner - 1] = silhouette.visibility
        return StreetFrame(self.film.develop(canvas), boxes, visibility)

    def _may_show(self, body: StreetObject, frame: int) -> bool:
        place = body.place[frame]
        if np.isnan(place).any() or place[1] < NEAREST:
            return False
        (pixel,), (distance,) = self.view.project(np.array([[*place, 0.0]]))
        border = AROUND * self.view.focal * self.view.width / distance
        width, height = self.view.width, self.view.height
        return bool(
            distance > NEAREST_RAY
            and -border < pixel[0] < width + border
            and -border < pixel[1] < height + border
        )

    def _layer(self, row: int, frame: int) -> PropLayer:
        body = self.objects[row]
        place, heading = body.place[frame], float(body.heading[frame])
        if body.kind in SHAPES:
            layer = draw_vehicle(body.kind, body.color, place, heading, self.view)
            return replace(layer, owner=row + 1)
        assert body.look is not None
        joints = {name: rows[frame] for name, rows in self.joints[row].items()}
        x, y = self.view.point(*place).tolist()
        unit = self.view.scale(float(place[1]))
        figure = Figure(joints, body.look, heading, (x, y), unit)
        pixels, corner = figure.draw()
        depth = float(self.view.project(np.array([[*place, 0.5]]))[1][0])
        if body.kind == 'person':
            return PropLayer(depth, pixels, corner, row + 1)
        bicycle = paint_bicycle(figure, depth, COLORS[body.color])
        merged, merged_corner = _merged(bicycle, pixels, corner)
        return PropLayer(depth, merged, merged_corner, row + 1)

    def _shadows(self, canvas: np.ndarray, rows: list[int], frame: int) -> None:
        shade: np.ndarray = np.zeros(canvas.shape[:2], np.float32)
        for row in rows:
            body = self.objects[row]
            half_length = body.length / 2 + 0.1
            half_width = 0.3
            if body.kind in SHAPES:
                half_width = SHAPES[body.kind].width / 2 + 0.15
            ground = corners(
                body.place[frame] + SHADOW_SHIFT,
                float(body.heading[frame]),
                *rectangle(half_length, half_width),
            )
            points, _ = self.view.project(np.column_stack([ground, np.zeros(4)]))
            fixed = np.round(points * 16).astype(np.int32)
            cv2.fillPoly(shade, [fixed], (SHADOW,), cv2.LINE_8, 4)
        darken_ground(canvas, shade, SHADOW_SOFTNESS)


def _joints(body: StreetObject, fps: float) -> dict[str, np.ndarray]:
    """The joints of a person or of who rides, (T, 3) each; empty for vehicles."""
    look = body.look
    if look is None:
        return {}
    proportions = CHILD if look.is_child else ADULT
    frames = len(body.speed)
    way = np.cumsum(body.speed) / fps
    is_riding = body.kind == 'bicycle'
    stride = PEDAL_STRIDE if is_riding else WALK_STRIDE * look.stature
    moment = PoseInput(
        body=proportions,
        stature=look.stature,
        time=np.arange(frames) / fps,
        progress=np.linspace(0, 1, frames),
        phase=way / stride,
        beat=0.0,
        gap=np.ones(frames),
        other=1.7,
    )
    if is_riding:
        pose = SOLO_POSES['ride'](moment)
    else:
        stands = (body.speed < 0.1)[:, None]
        pose = np.where(stands, SOLO_POSES['stand'](moment), SOLO_POSES['walk'](moment))
    return pose_joints(pose, proportions, look.build)


def _merged(
    below: PropLayer, pixels: np.ndarray, corner: tuple[int, int]
) -> tuple[np.ndarray, tuple[int, int]]:
    """Two layers as one: a bicycle, and who rides it over it."""
    low = np.minimum(below.corner, corner)
    sizes = [layer.shape[1::-1] for layer in (below.pixels, pixels)]
    high = np.maximum(np.add(below.corner, sizes[0]), np.add(corner, sizes[1]))
    merged = np.zeros((high[1] - low[1], high[0] - low[0], 4), np.float32)
    for layer, (x, y) in ((below.pixels, below.corner), (pixels, corner)):
        h, w = layer.shape[:2]
        region = merged[y - low[1] : y - low[1] + h, x - low[0] : x - low[0] + w]
        region *= 1 - layer[..., 3:]
        region += layer
    return merged, (int(low[0]), int(low[1]))
