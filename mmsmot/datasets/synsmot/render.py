"""From the script and the motion to images, boxes and visible fractions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from .backdrop import paint_backdrop
from .camera import PANORAMA, CameraView
from .figure import Figure
from .film import Film
from .layers import darken_ground, paint_layers
from .lens import Lens
from .motion import ActorMotion, animate_actor_motion
from .occluders import paint_occluder
from .props import PropLayer, paint_handheld_prop, paint_prop
from .script import Script, ScriptedAction

MARGIN = 0.06  # of the height, painted above and below what a resting camera sees
SHADOW = 0.42  # of the light
SHADOW_SOFTNESS = 0.006  # of the width


@dataclass(frozen=True)
class RenderedFrame:
    """What is seen of everyone in a frame.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        boxes: (N, 4) int64 left, top, width, height in pixels around each person's
            whole silhouette, clipped to the image; width 0 for nobody there.
        visibility: (N,) the visible fraction of each whole silhouette, what is outside
            the image or hidden by people and things counted as not visible.
        things: (K,) the same fraction of each of the script's things.
    """

    image: np.ndarray
    boxes: np.ndarray
    visibility: np.ndarray
    things: np.ndarray


def render_clip(script: Script) -> Iterator[RenderedFrame]:
    """All frames of a clip, one by one."""
    stage = _Stage(script)
    for frame in range(script.num_frames):
        yield stage.frame(frame)


class _Stage:
    def __init__(self, script: Script) -> None:
        self.script = script
        self.view = CameraView(script.width, script.height)
        self.motions = animate_actor_motion(script)
        rng = np.random.default_rng([script.seed, 1])
        size = round(PANORAMA * script.width), round((1 + 2 * MARGIN) * script.height)
        self.backdrop = paint_backdrop(rng, script.setting, *size)
        self.rest = np.array(
            [
                [1, 0, -(PANORAMA - 1) / 2 * script.width],
                [0, 1, -MARGIN * script.height],
                [0, 0, 1.0],
            ]
        )
        shift_rng = np.random.default_rng([script.seed, 2])
        self.film = Film(rng, shift_rng, script.light, script.width, script.height)

    def frame(self, frame: int) -> RenderedFrame:
        """One frame, from 0; frames are asked for in order, the grain is drawn so."""
        script = self.script
        affine = script.camera.affine(frame, script.width, script.height)
        lens = Lens(self.view, affine)
        canvas = cv2.warpAffine(
            self.backdrop,
            affine @ self.rest,
            (script.width, script.height),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ).astype(np.float32)
        figures = [self._figure(i, m, lens, frame) for i, m in enumerate(self.motions)]
        self._shadows(canvas, figures)
        silhouettes = paint_layers(canvas, self._layers(lens, frame, figures))
        boxes = np.zeros((len(figures), 4), np.int64)
        visibility = np.zeros(len(figures))
        things = np.zeros(len(script.things))
        for key, silhouette in silhouettes.items():
            if key < 0:
                things[-key - 1] = silhouette.visibility
            else:
                boxes[key - 1] = silhouette.box
                visibility[key - 1] = silhouette.visibility
        return RenderedFrame(self.film.develop(canvas), boxes, visibility, things)

    def _figure(
        self, index: int, motion: ActorMotion, lens: Lens, frame: int
    ) -> Figure:
        x, z = motion.place[frame]
        joints = {name: joint[frame] for name, joint in motion.joints.items()}
        return Figure(
            joints,
            self.script.actors[index].look,
            float(motion.heading[frame]),
            lens.point(x, z),
            lens.scale(z),
            float(motion.gaze[frame]),
        )

    def _layers(
        self, lens: Lens, frame: int, figures: list[Figure]
    ) -> Iterator[PropLayer]:
        script = self.script
        depths = [float(motion.place[frame, 1]) for motion in self.motions]
        for actor, figure, depth in zip(script.actors, figures, depths, strict=True):
            if not self._near_image(figure):
                continue
            pixels, corner = figure.draw()
            yield PropLayer(depth, pixels, corner, actor.id)
            action = _state_at(actor.states, frame).action
            yield from paint_handheld_prop(action, figure, depth)
        for number, thing in enumerate(script.things, start=1):
            for span in thing.spans:
                if span.start <= frame < span.stop:
                    figure = figures[span.holder - 1] if span.holder else None
                    depth = depths[span.holder - 1] if span.holder else 0.0
                    for layer in paint_prop(thing, span, lens, frame, figure, depth):
                        yield replace(layer, thing=number)
        for number, occluder in enumerate(script.occluders):
            yield paint_occluder(occluder, lens, script.seed + number)

    def _near_image(self, figure: Figure) -> bool:
        return -figure.unit < figure.foot[0] < self.script.width + figure.unit

    def _shadows(self, canvas: np.ndarray, figures: list[Figure]) -> None:
        shade = np.zeros(canvas.shape[:2], np.float32)
        for figure in figures:
            x, y = np.round(figure.foot * 16).astype(int)
            axes = (int(0.2 * figure.unit * 16), int(0.045 * figure.unit * 16))
            cv2.ellipse(
                shade, (int(x), int(y)), axes, 0, 0, 360, SHADOW, -1, cv2.LINE_8, 4
            )
        darken_ground(canvas, shade, SHADOW_SOFTNESS)


def _state_at(states: tuple[ScriptedAction, ...], frame: int) -> ScriptedAction:
    return next(s for s in states if s.start <= frame < s.stop)
