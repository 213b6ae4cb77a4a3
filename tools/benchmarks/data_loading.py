"""Frames per second that the training data of a BenSMOT-like dataset come at.

    python tools/benchmarks/data_loading.py data/SynSMOT

A ``DataLoader`` with two workers makes clips (decoding, resizing to 320x192, crop,
colours, words of the clip) and nothing is done with them. Told are the median of the
repeats and the CPU time, which others on the machine change less; the exit status is 0
where the goal of 200 frames a second is reached.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import sys
import time

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import cv2
    from mmengine.dataset import pseudo_collate, worker_init_fn
    from mmengine.logging import MMLogger
    from torch.utils.data import DataLoader, RandomSampler

    from mmsmot.datasets import BenSMOTDataset

GOAL = 200.0


def init_worker(index: int, num_workers: int, seed: int) -> None:
    """One thread for OpenCV in each worker, and its own random numbers."""
    cv2.setNumThreads(1)
    worker_init_fn(index, num_workers, 0, seed)


def main() -> None:
    args = parse_args()
    MMLogger.get_current_instance().setLevel(logging.ERROR)
    start = time.perf_counter()
    dataset = make_clip_dataset(args)
    opened = time.perf_counter() - start
    clips = args.clips * args.batch_size
    print(f'{len(dataset)} videos opened in {opened:.2f} s')
    rates, cpu_start = [], sum(os.times()[:4])
    for repeat in range(args.repeats):
        sampler = RandomSampler(dataset, replacement=True, num_samples=clips)
        loader = DataLoader(
            dataset,
            batch_size=args.batch_size,
            sampler=sampler,
            num_workers=args.workers,
            collate_fn=pseudo_collate,
            worker_init_fn=lambda i: init_worker(i, args.workers, repeat),  # noqa: B023
        )
        rates.append(measure_loading(loader, args.num_frames * args.batch_size))
        print(f'  {rates[-1]:.0f} frames/s')
    cpu_seconds = sum(os.times()[:4]) - cpu_start
    frames = args.repeats * clips * args.num_frames
    print(f'{1e3 * cpu_seconds / frames:.2f} ms of CPU a frame, all processes together')
    rate = statistics.median(rates)
    width, height = args.size
    print(
        f'{rate:.0f} frames/s at {width}x{height}, {args.workers} workers, '
        f'{"goal holds" if rate >= GOAL else "goal missed"} ({GOAL:.0f})'
    )
    sys.exit(rate < GOAL)


def make_clip_dataset(args: argparse.Namespace) -> BenSMOTDataset:
    """Clips with the whole pipeline of a training."""
    return BenSMOTDataset(
        data_root=args.data_root,
        split=args.split,
        num_frames=args.num_frames,
        pipeline=[
            dict(type='ClipRandomCrop', scale=(0.8, 1.0)),
            dict(type='ClipResize', size=tuple(args.size), keep_ratio=False),
            dict(type='ClipColorJitter'),
            dict(type='PackClip'),
        ],
    )


def measure_loading(loader: DataLoader, frames_a_batch: int) -> float:
    """Frames per second of all batches but the first, which waits for the workers."""
    batches = iter(loader)
    next(batches)
    start, count = time.perf_counter(), 0
    for _ in batches:
        count += frames_a_batch
    return count / (time.perf_counter() - start)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('data_root')
    parser.add_argument('--split', default='train')
    parser.add_argument('--size', type=int, nargs=2, default=(320, 192))
    parser.add_argument('--num-frames', type=int, default=8, help='of a clip')
    parser.add_argument('--batch-size', type=int, default=2)
    parser.add_argument('--workers', type=int, default=2)
    parser.add_argument('--clips', type=int, default=100, help='batches to measure')
    parser.add_argument('--repeats', type=int, default=3)
    return parser.parse_args()


if __name__ == '__main__':
    run_tool(main)
