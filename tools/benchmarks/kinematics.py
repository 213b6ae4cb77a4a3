"""How long KinematicSemantics takes beside tracker and detector, ms a frame.

    python tools/benchmarks/kinematics.py

People walk to and fro before a textured wall; each comes in, is described when it goes out
after ``--life`` seconds, and is replaced. ``update`` is the part's work on each frame
(samples, camera motion, colours), ``describe`` that on ended tracks and on who waits for
whom, spread over all frames. ``pan`` moves the wall, so that the camera's motion is estimated in each bin of
time. The images are decoded before. One thread; the last line is the main figure, the exit
code says whether the goal (2 ms for 20 people at rest) holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

from mmsmot.utils.command_line import count_arg, positive_arg, run_tool, tool_imports

with tool_imports():
    import cv2
    import numpy as np

    from mmsmot.engine import load_config
    from mmsmot.models.estimators import Estimate
    from mmsmot.models.kinematics import KinematicSemantics
    from mmsmot.models.prompt_run import PromptRun
    from mmsmot.registry import MODELS
    from mmsmot.structures import Frame, Tracks, VideoInfo

GOAL, GOAL_PEOPLE = 2.0, 20
CONFIG = 'two_stage/bytetrack_yolox-nano_kinematic'


class Crowd:
    """So many people who walk to and fro before a wall, each for some seconds."""

    def __init__(self, count: int, size: tuple[int, int], fps: float, life: float):
        rng = np.random.default_rng(0)
        self.size, self.fps, self.life = size, fps, life
        self.heights = rng.uniform(0.15, 0.35, count) * size[1]
        self.feet = size[1] * 0.4 + self.heights * 1.5
        self.speeds = rng.uniform(-0.8, 0.8, count) * self.heights
        self.starts = rng.uniform(0, size[0], count)
        self.ages = rng.uniform(0, life, count)
        cells = rng.integers(0, 255, (size[1] // 10, size[0] // 10, 3), np.uint8)
        self.wall = cv2.resize(cells, size)

    def step(self, row: int, pan: float) -> tuple[Frame, Tracks]:
        """The image with this number, from 0, and the tracks in it."""
        seconds = row / self.fps
        x = (self.starts + self.speeds * seconds) % self.size[0]
        half_widths = 0.2 * self.heights
        boxes = np.stack(
            [x - half_widths, self.feet - self.heights, x + half_widths, self.feet], 1
        )
        generation = ((seconds + self.ages) // self.life).astype(np.int64)
        count = len(x)
        ids = 1 + generation * count + np.arange(count)
        image = np.roll(self.wall, round(pan * seconds), axis=1)
        for x1, y1, x2, y2 in boxes.astype(int).tolist():
            cv2.rectangle(image, (x1, y1), (x2, y2), (40, 30, 120), -1)
        video = VideoInfo('crowd', 'crowd', self.fps, *self.size)
        rows = np.arange(count)
        tracks = Tracks(ids, boxes, np.full(count, 0.9), rows * 0, rows)
        return Frame(video, row + 1, seconds, lambda: image), tracks


def measure(semantics: KinematicSemantics, crowd: Crowd, frames: int, pan: float):
    """Milliseconds a frame of taking in, and of describing ended tracks.

    In a :class:`~mmsmot.models.prompt_run.PromptRun`, as in a session: a track that ended
    is held until all that it met have ended.
    """
    clock = Stopwatch(semantics)
    run = PromptRun(
        semantics=clock, post_processing=[], prompt=None, hold_frames=0, patience=0
    )
    total = 0.0
    for row in range(frames):
        frame, tracks = crowd.step(row, pan)
        _ = frame.image  # decoded for the detector
        begin = time.process_time()
        run.push([frame], Estimate([], [tracks], None, set()))
        total += time.process_time() - begin
    return 1e3 * clock.seconds / frames, 1e3 * (total - clock.seconds) / frames


class Stopwatch:
    """A semantics part whose ``update`` is timed."""

    def __init__(self, semantics: KinematicSemantics) -> None:
        self.seconds = 0.0
        self.begin, self.generate = semantics.begin, semantics.generate
        self._update = semantics.update

    def update(self, *args: Any) -> None:
        begin = time.process_time()
        self._update(*args)
        self.seconds += time.process_time() - begin


def main() -> None:
    args = parse_args()
    cv2.setNumThreads(1)
    semantics = MODELS.build(load_config(CONFIG).model.semantics)
    measure(semantics, Crowd(2, tuple(args.size), 10, 1.0), 20, 0)  # builds its tables
    print(f'{args.size[0]}x{args.size[1]}, ms a frame of processor time')
    print(f'{"people":>6}{"fps":>6}{"update":>9}{"describe":>10}{"with pan":>10}')
    worst = 0.0
    for people in args.people:
        for fps in args.fps:
            frames = max(round(args.seconds * fps), 2)
            crowd = Crowd(people, tuple(args.size), fps, args.life)
            update, describe = measure(semantics, crowd, frames, 0)
            panned, _ = measure(semantics, crowd, frames, 0.1 * args.size[0])
            print(f'{people:6}{fps:6g}{update:9.2f}{describe:10.2f}{panned:10.2f}')
            if people == GOAL_PEOPLE:
                worst = max(worst, update + describe)
    if GOAL_PEOPLE in args.people:
        print(f'{GOAL_PEOPLE} people: at most {worst:.2f} ms a frame (goal {GOAL:g})')
        sys.exit(int(worst > GOAL))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--people', type=count_arg, nargs='+', default=(1, 20, 200))
    parser.add_argument('--fps', type=positive_arg, nargs='+', default=(10.0, 25.0))
    parser.add_argument('--size', type=count_arg, nargs=2, default=(1280, 720))
    parser.add_argument('--seconds', type=positive_arg, default=20.0)
    parser.add_argument('--life', type=positive_arg, default=10.0, help='of a track')
    return parser.parse_args()


if __name__ == '__main__':
    run_tool(main)
