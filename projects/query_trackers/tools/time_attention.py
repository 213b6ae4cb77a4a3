"""Time deformable attention on a CPU beside mmcv's function, one after the other.

    python projects/query_trackers/tools/time_attention.py --images 16 --queries 1260

The sizes are those of the tiny trackers: 4 heads of 16 channels, 3 levels of a 320x192
image, 4 points. Run it on one thread (``OMP_NUM_THREADS=1``).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from mmsmot.utils.command_line import count_arg, run_tool, tool_imports

with tool_imports():
    from mmcv.ops.multi_scale_deform_attn import multi_scale_deformable_attn_pytorch

    from projects.query_trackers.cpu_deformable_attention import deformable_attention

SHAPES = ((24, 40), (12, 20), (6, 10))
NUM_HEADS, CHANNELS, NUM_POINTS = 4, 16, 4


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--images', type=count_arg, default=16)
    parser.add_argument('--queries', type=count_arg, default=1260)
    parser.add_argument('--repeats', type=count_arg, default=5)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    inputs = random_inputs(args.images, args.queries)
    sizes = torch.tensor(SHAPES)
    functions: dict[str, Callable] = {
        'mmcv': lambda value, *points: multi_scale_deformable_attn_pytorch(
            value, sizes, *points
        ),
        'ours': lambda value, *points: deformable_attention(value, SHAPES, *points),
    }
    times = {name: [] for name in functions}
    for _ in range(args.repeats + 1):
        for name, function in functions.items():
            times[name].append(processor_ms(function, inputs))
    print('| | forward, ms | backward, ms | both |\n|---|---:|---:|---:|')
    medians = {}
    for name, rows in times.items():
        forward, backward = np.median(rows[1:], axis=0)  # the first one warms up
        medians[name] = forward + backward
        print(f'| {name} | {forward:.1f} | {backward:.1f} | {medians[name]:.1f} |')
    print(f'mmcv / ours: {medians["mmcv"] / medians["ours"]:.2f}')


def random_inputs(num_images: int, num_queries: int) -> list[torch.Tensor]:
    """Values, locations and weights."""
    generator = torch.Generator().manual_seed(0)
    cells = sum(height * width for height, width in SHAPES)
    points = num_images, num_queries, NUM_HEADS, len(SHAPES), NUM_POINTS
    value = torch.randn(num_images, cells, NUM_HEADS, CHANNELS, generator=generator)
    locations = torch.rand(*points, 2, generator=generator)
    weights = torch.rand(*points, generator=generator)
    return [value, locations, weights / weights.sum((3, 4), keepdim=True)]


def processor_ms(function: Callable, inputs: list[torch.Tensor]) -> tuple[float, float]:
    """Processor milliseconds of forward and backward."""
    inputs = [part.clone().requires_grad_() for part in inputs]
    start = time.process_time()
    sums = function(*inputs)
    middle = time.process_time()
    sums.backward(torch.ones_like(sums))
    return 1000 * (middle - start), 1000 * (time.process_time() - middle)


if __name__ == '__main__':
    run_tool(main)
