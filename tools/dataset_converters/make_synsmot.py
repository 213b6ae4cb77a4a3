"""Make SynSMOT, the synthetic dataset with every label of Semantic MOT."""

from __future__ import annotations

import argparse
import os
import sys

from mmsmot.datasets.synsmot import SIZES, make_synsmot


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--size', choices=tuple(SIZES), default='mini')
    parser.add_argument('--out', required=True, help='folder of the dataset')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--workers', type=int, default=os.cpu_count(), help='processes side by side'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    out = make_synsmot(args.out, args.size, args.seed, args.workers, progress=True)
    plan = SIZES[args.size]
    print(f'{out}: {plan.train} clips to train on, {plan.test} to test on')


if __name__ == '__main__':
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f'error: {error}')
