"""Test what SynSMOT's sentences and labels claim against its boxes and pixels."""

from __future__ import annotations

import argparse
import os

from mmsmot.utils.command_line import (
    count_arg,
    non_negative_int_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmsmot.datasets.synsmot import check_synsmot


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('root', help='folder of the dataset; nothing is written to it')
    parser.add_argument(
        '--workers',
        type=count_arg,
        default=os.cpu_count(),
        help='processes side by side',
    )
    parser.add_argument(
        '--show',
        type=non_negative_int_arg,
        default=20,
        help='print at most so many failed claims',
    )
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    findings = check_synsmot(args.root, args.workers)
    print(findings.table())
    for kind, folder, message in findings.failed[: args.show]:
        print(f'failed: {kind}: {folder}: {message}')
    return 1 if findings.failed else 0


if __name__ == '__main__':
    run_tool(main)
