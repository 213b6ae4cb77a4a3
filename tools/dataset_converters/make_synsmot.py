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
    from mmsmot.datasets.synsmot.build import SCENARIOS
    from mmsmot.datasets.synsmot.street import STREET_SIZES


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--size', choices=tuple(SIZES), default='mini')
    parser.add_argument(
        '--scenario',
        choices=SCENARIOS,
        default='people',
        help='people who act; or a street with cars, vans, buses, bicycles and people, '
        'seen from above (full: 14 long videos with about 700 referring expressions)',
    )
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
    out = make_synsmot(
        args.out,
        args.size,
        args.seed,
        args.workers,
        progress=True,
        scenario=args.scenario,
    )
    sizes = STREET_SIZES if args.scenario == 'street' else SIZES
    plan = sizes[args.size]
    print(
        f'{out}: {plan.train} clips to train on, {plan.val} to validate on, {plan.test} '
        'to test on'
    )


if __name__ == '__main__':
    run_tool(main)
