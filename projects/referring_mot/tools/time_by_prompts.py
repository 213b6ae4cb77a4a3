"""Milliseconds a frame by the number of sentences, of a tracker that reads them.

Processor time of one process; the weights do not matter, so none are needed.
"""

from __future__ import annotations

import argparse
import time

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    run_tool,
    tool_imports,
)

with tool_imports():
    import numpy as np
    import torch

    from mmsmot.engine import load_config
    from mmsmot.models.language import CaptionTokenizer
    from mmsmot.models.smot import SMOT
    from mmsmot.registry import MODELS
    from mmsmot.structures import Frame, Prompt, VideoInfo
    from mmsmot.utils.mmdet_bridge import import_mmdet

SENTENCE = 'people in red who walk to the left'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('--prompts', nargs='+', type=int, default=[1, 4, 16])
    parser.add_argument('--size', nargs=2, type=int, default=[320, 192])
    parser.add_argument('--frames', type=int, default=8)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    import_mmdet()
    model = MODELS.build(load_config(args.config, args.cfg_options).model).eval()
    for part in model.modules():
        if isinstance(part, CaptionTokenizer):
            part.train_on([SENTENCE])
    frames = noise_frames(args.frames, *args.size)
    shared = shared_milliseconds(model, frames)
    print(f'backbone and neck, once a frame: {shared:.1f} ms')
    print('sentences  ms a frame  ms a sentence, beside these')
    for count in args.prompts:
        total = frame_milliseconds(model, frames, count)
        print(f'{count:9d}  {total:10.1f}  {(total - shared) / count:13.1f}')


def noise_frames(count: int, width: int, height: int) -> list[Frame]:
    """Frames of noise."""
    video = VideoInfo('noise', 'noise', 8.0, width=width, height=height)
    images = np.random.default_rng(0).integers(
        0, 256, (count, height, width, 3), np.uint8
    )
    return [
        Frame(video, t + 1, t / 8, load=lambda image=image: image)
        for t, image in enumerate(images)
    ]


@torch.no_grad()
def shared_milliseconds(model: SMOT, frames: list[Frame]) -> float:
    """Of the fastest frame, what no sentence enters."""
    times = []
    for frame in frames:
        start = time.process_time()
        model.estimator.detector.extract([frame])
        times.append(time.process_time() - start)
    return 1000 * min(times)


def frame_milliseconds(model: SMOT, frames: list[Frame], num_prompts: int) -> float:
    """Of the fastest frame of a video that is asked for so many sentences."""
    prompts = [Prompt(f'{SENTENCE} {number}') for number in range(num_prompts)]
    run = model.begin(frames[0].video, prompts)
    times = []
    for frame in frames:
        start = time.process_time()
        run.push([frame])
        times.append(time.process_time() - start)
    return 1000 * min(times)


if __name__ == '__main__':
    run_tool(main)
