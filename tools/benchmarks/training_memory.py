"""How much memory a training step takes, by the frames of its clip.

    python tools/benchmarks/training_memory.py
    python tools/benchmarks/training_memory.py --gradient-frames 1

Each number of frames is a forward and a backward pass in a process of its own on random
images, on the CPU; what the process holds before it, and the weights' gradients, count
too, the optimizer's state does not. From the least squares line the need of a clip of
``--clip`` frames is extrapolated: an estimate, not a measurement. The last line is it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import numpy as np
    import torch

    from mmsmot.engine import load_config
    from mmsmot.models.language import CaptionTokenizer
    from mmsmot.registry import MODELS
    from mmsmot.structures import (
        CoordinateSpace,
        Frame,
        Interactions,
        SMOTDataSample,
        Trajectories,
        VideoInfo,
    )

GIB = 1 << 20  # of the kilobytes that getrusage counts in


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--config', default='smoter/smoter_dla34_bensmot')
    parser.add_argument('--frames', type=int, nargs='+', default=[1, 2, 3, 4])
    parser.add_argument('--clip', type=int, default=100, help='frames to tell for')
    parser.add_argument('--people', type=int, default=4)
    parser.add_argument('--size', type=int, nargs=2, default=[1280, 720])
    parser.add_argument(
        '--gradient-frames', dest='num_grad_frames', type=int, help='of each clip'
    )
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--child', type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def random_clip(
    count: int, people: int, size: list[int]
) -> tuple[list, SMOTDataSample]:
    """Random images with so many people, and their captions and interactions."""
    width, height = size
    video = VideoInfo('random', '/random', 25.0, width, height)
    random = np.random.default_rng(0)
    frames = []
    for number in range(1, count + 1):
        image = random.integers(0, 255, (height, width, 3), np.uint8)
        frames.append(
            [Frame(video, number, number / 25, load=lambda image=image: image)]
        )
    x1 = np.tile(np.linspace(0, width * 0.8, people), count)
    top = np.full(len(x1), height * 0.2)
    boxes = np.stack([x1, top, x1 + width * 0.1, top + height * 0.6], axis=1)
    ids = np.arange(1, people + 1)
    numbers = np.repeat(np.arange(1, count + 1), people)
    sample = SMOTDataSample(metainfo={'video': video})
    sample.gt_trajectories = Trajectories(
        numbers,
        np.tile(ids, count),
        boxes,
        space=CoordinateSpace(width=width, height=height),
    )
    sample.gt_captions = {int(i): ' '.join(['somebody walks'] * 20) for i in ids}
    sample.gt_video_caption = ' '.join(['people walk'] * 20)
    sample.gt_interactions = Interactions([1], [2], np.array(['push.v.01']))
    return frames, sample


def training_step_memory(args: argparse.Namespace) -> None:
    """One pass forth and back; tells the memory before it and at its highest, in GiB."""
    torch.set_num_threads(args.threads)
    config = load_config(args.config, {})
    config.model.detector.config.model.backbone.init_cfg = None  # no download
    config.model.training.update(
        teacher_forcing_ratio=1.0, num_grad_frames=args.num_grad_frames
    )
    if args.num_grad_frames is not None:
        config.model.training.detection_frames = args.num_grad_frames
    model = MODELS.build(config.model).train()
    frames, sample = random_clip(args.child, args.people, args.size)
    for part in model.modules():
        if isinstance(part, CaptionTokenizer):
            part.train_on([*sample.gt_captions.values(), sample.gt_video_caption])
    start_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    losses = model.loss(frames, [sample])
    flat = (
        v
        for value in losses.values()
        for v in (value if isinstance(value, list) else [value])
    )
    sum(flat).backward()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB
    print(json.dumps([start_memory, peak]))


def main() -> None:
    args = parse_args()
    if args.child is not None:
        training_step_memory(args)
        return
    peaks = []
    for count in args.frames:
        command = [sys.executable, *sys.argv, '--child', str(count)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        start_memory, peak = json.loads(done.stdout.splitlines()[-1])
        peaks.append(peak)
        print(
            f'{count} frames: {peak:.2f} GiB, {start_memory:.2f} of it before',
            flush=True,
        )
    slope, start = np.polyfit(args.frames, peaks, 1)
    off = np.abs(np.polyval([slope, start], args.frames) - peaks).max()
    print(f'{slope:.2f} GiB a frame, line off by at most {off:.2f} GiB')
    print(f'extrapolated to {args.clip} frames: {start + slope * args.clip:.0f} GiB')


if __name__ == '__main__':
    run_tool(main)
