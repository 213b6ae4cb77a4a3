"""Processor milliseconds a frame by the number of targets, stage by stage.

    python projects/semtracker/tools/time_by_targets.py CONFIG VIDEO --targets 1 2 4 8

Random weights take as long as trained ones. Targets are followed where any presence is
enough, and lost where none is. A lost target is looked for where it was, and in every
``search_interval``-th frame all over the image: both kinds of frames have a column, with the
regions that a frame looks in, all targets together, and their mean.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from mmsmot.utils.command_line import CONFIG, count_arg, run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.video_reader import open_video
    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.structures import Prompt

FRAMES = 40  # of the video that are timed
# Least presence of a target that is always there, and of one that never is.
ANYTHING, NOTHING = 0.0, math.inf
COLUMNS = (
    'targets',
    'feature maps',
    'tracked',
    'events',
    'lost, where they were',
    'lost, whole image',
    'lost, mean',
    'regions, where they were',
    'regions, whole image',
)


@dataclass(frozen=True, eq=False)
class FrameCosts:
    """What each frame of a run took, and where targets were looked for.

    Attributes:
        ms: (T,) processor milliseconds.
        regions: (T,) regions that the tracking branch saw; 0 where none was looked at.
    """

    ms: np.ndarray
    regions: np.ndarray


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('video')
    parser.add_argument('--targets', nargs='+', type=count_arg, default=[1, 2, 4, 8])
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    model = MODELS.build(load_config(args.config).model).eval()
    video = open_video(args.video)
    frames = [frame for frame, _ in zip(video, range(FRAMES), strict=False)]
    for frame in frames:
        frame.image  # noqa: B018 - decoded before the clock starts
    print('| ' + ' | '.join(COLUMNS) + ' |\n|' + '---:|' * len(COLUMNS))
    for count in args.targets:
        print(line(model, video.video, frames, count))


def line(model, video, frames, count: int) -> str:
    """A line of the table; the columns of a frame's stages add up."""
    targets = prompts(count, frames[0])
    extract = np.median(
        timed(lambda frame: model.estimator.detector.extract([frame]), frames)
    )
    follow = np.median(run_costs(model, video, frames, targets, ANYTHING, False).ms)
    describe = np.median(run_costs(model, video, frames, targets, ANYTHING, True).ms)
    lost = run_costs(model, video, frames, targets, NOTHING, False)
    nearby, everywhere = lost.regions == count, lost.regions > count
    is_lost = nearby | everywhere
    stages = [extract, follow - extract, describe - follow]
    stages += [median_of(lost.ms[rows]) - extract for rows in (nearby, everywhere)]
    stages.append(lost.ms[is_lost].mean() - extract)
    regions = [median_of(lost.regions[rows]) for rows in (nearby, everywhere)]
    cells = [f'{ms:.1f}' for ms in stages] + [f'{number:.0f}' for number in regions]
    return f'| {count} | ' + ' | '.join(cells) + ' |'


def prompts(count: int, frame) -> list[Prompt]:
    """Boxes of a person's size, side by side."""
    width, height = frame.size
    size = np.array([height / 5, height / 2])
    return [
        Prompt(boxes={frame.frame_id: (x, 0.0, x + size[0], size[1])})
        for x in np.linspace(0, width - size[0], count)
    ]


def run_costs(
    model, video, frames, targets: list[Prompt], threshold: float, has_semantics: bool
) -> FrameCosts:
    """What frames take where a target is there from a presence of ``threshold`` on."""
    estimator = model.estimator
    estimator.presence_threshold = estimator.found_threshold = threshold
    needs = model.needs if has_semantics else frozenset()
    state = estimator.begin(video, targets, needs=needs)
    buffers = [model.semantics.begin() for _ in targets]
    regions: list[int] = []

    def step(frame) -> None:
        regions.append(0)
        estimates = estimator.step(state, [frame])
        for buffer, estimate in zip(buffers, estimates, strict=True):
            if has_semantics:
                model.semantics.update(buffer, None, [frame], estimate.tracks)

    def count_regions(module, inputs) -> None:
        regions[-1] += len(inputs[1])

    handle = estimator.tracking.register_forward_pre_hook(count_regions)
    ms = timed(step, frames)
    handle.remove()
    return FrameCosts(ms, np.array(regions))


@torch.no_grad()
def timed(call, frames) -> np.ndarray:
    """(T,) processor milliseconds of a call for each frame."""
    times = []
    for frame in frames:
        start = time.process_time()
        call(frame)
        times.append(time.process_time() - start)
    return 1000 * np.array(times)


def median_of(values: np.ndarray) -> float:
    """nan for no values: with an interval of 1 every frame searches the whole image."""
    return float(np.median(values)) if len(values) else float('nan')


if __name__ == '__main__':
    run_tool(main)
