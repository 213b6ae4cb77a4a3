"""The demo scene as a film of any length, with its truth."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mmsmot.datasets import open_video
from mmsmot.structures import Detections, read_trajectories
from mmsmot.visualization import VideoWriter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.demo_scene import make_demo_scene  # noqa: E402 - of a checkout alone

IMAGES_A_SCENE = 100
PEOPLE = 8
SCORE = 0.9  # of a true box


class DemoFilm:
    """The demo scene, played forth and back as long as it is wanted.

    Args:
        scene: Its folder; made where there is none.
        size: Width and height in pixels, where it is made.
    """

    def __init__(self, scene: Path, size: tuple[int, int]) -> None:
        self.scene = scene
        if not scene.exists():
            make_demo_scene(scene, IMAGES_A_SCENE, 0, PEOPLE, *size)

    def write(self, path: Path, num_frames: int, fps: float) -> None:
        """Write so many frames of it as H.264."""
        pictures = [frame.image for frame in open_video(self.scene)]
        with VideoWriter(path, fps) as writer:
            for frame_id in range(1, num_frames + 1):
                writer.write(pictures[self._place(frame_id)])

    def truth(self) -> Callable[[int], Detections]:
        """The people in a frame of the film, by its number."""
        frames = read_trajectories(self.scene / 'gt' / 'gt.txt').by_frame()

        def people(frame_id: int) -> Detections:
            tracks = frames.get(self._place(frame_id) + 1)
            if tracks is None:
                return Detections.empty()
            # Nobody looks like somebody else.
            looks = np.eye(PEOPLE, dtype=np.float32)[tracks.ids % PEOPLE]
            scores = np.full(len(tracks), SCORE)
            return Detections(tracks.boxes, scores, embeddings=looks)

        return people

    def _place(self, frame_id: int) -> int:
        # Forth and back: at the ends nobody jumps, so tracks go on.
        place = (frame_id - 1) % (2 * IMAGES_A_SCENE - 2)
        return min(place, 2 * IMAGES_A_SCENE - 2 - place)
