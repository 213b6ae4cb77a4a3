"""Processor milliseconds a frame by the number of targets, stage by stage.

    python projects/semtracker/tools/time_by_targets.py CONFIG VIDEO --targets 1 2 4 8

Random weights take as long as trained ones: a target that is lost is searched for all over
the image, so that its column is the dearest that there is.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from mmsmot.utils.command_line import CONFIG, count_arg, run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.video_reader import open_video
    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.structures import Prompt

FRAMES = 40  # of the video that are timed; the median of them is printed


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
    print(
        '| targets | feature maps | tracked | events | lost |\n|---:|---:|---:|---:|---:|'
    )
    for count in args.targets:
        extract = median_ms(lambda f: model.estimator.detector.extract([f]), frames)
        targets = prompts(count, frames[0])
        follow = run_ms(model, video.video, frames, targets, 0.0, False)
        describe = run_ms(model, video.video, frames, targets, 0.0, True)
        search = run_ms(model, video.video, frames, targets, 1.0, False)
        stages = extract, follow - extract, describe - follow, search - extract
        print(f'| {count} | ' + ' | '.join(f'{ms:.1f}' for ms in stages) + ' |')


def prompts(count: int, frame) -> list[Prompt]:
    """Boxes of a person's size, side by side."""
    width, height = frame.size
    size = np.array([height / 5, height / 2])
    return [
        Prompt(boxes={frame.frame_id: (x, 0.0, x + size[0], size[1])})
        for x in np.linspace(0, width - size[0], count)
    ]


def run_ms(
    model, video, frames, targets: list[Prompt], threshold: float, has_semantics: bool
) -> float:
    """Median of a frame; above a threshold of 1 nobody is followed."""
    estimator = model.estimator
    estimator.presence_threshold = estimator.found_threshold = threshold
    needs = model.needs if has_semantics else frozenset()
    state = estimator.begin(video, targets, needs=needs)
    buffers = [model.semantics.begin() for _ in targets]

    def step(frame) -> None:
        estimates = estimator.step(state, [frame])
        for buffer, estimate in zip(buffers, estimates, strict=True):
            if has_semantics:
                model.semantics.update(buffer, None, [frame], estimate.tracks)

    return median_ms(step, frames)


@torch.no_grad()
def median_ms(call, frames) -> float:
    """Median processor time of a call for each frame."""
    times = []
    for frame in frames:
        start = time.process_time()
        call(frame)
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))


if __name__ == '__main__':
    run_tool(main)
