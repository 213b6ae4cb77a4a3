"""Make SynSMOT, the synthetic dataset with every label of Semantic MOT."""

from __future__ import annotations

import argparse
import os

from mmsmot.utils.command_line import (
    count_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    from mmsmot.datasets.synsmot import SIZES, make_synsmot


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--size', choices=tuple(SIZES), default='mini')
    parser.add_argument('--out', required=True, help='folder of the dataset')
    parser.add_argument('--seed', type=seed_arg, default=0)
    parser.add_argument(
        '--workers',
        type=count_arg,
        default=os.cpu_count(),
        help='processes side by side',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    out = make_synsmot(args.out, args.size, args.seed, args.workers, progress=True)
    plan = SIZES[args.size]
    print(
        f'{out}: {plan.train} clips to train on, {plan.val} to validate on, {plan.test} '
        'to test on'
    )


if __name__ == '__main__':
    run_tool(main)
