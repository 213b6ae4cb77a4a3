"""Check a dataset in BenSMOT's layout: what is in it, and every repair with its count.

Writes nothing. Exit status: 0 nothing to repair, 1 something was repaired, 2 the dataset
cannot be read (or, with --strict, the first thing to repair).
"""

from __future__ import annotations

import argparse

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.bensmot.check import check_bensmot
    from mmsmot.datasets.bensmot.split import SPLIT_NAMES, dataset_splits


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder with train, test and perhaps val')
    parser.add_argument('--split', choices=SPLIT_NAMES, help='default: all there are')
    parser.add_argument(
        '--annotations', metavar='DIR', help='folder of the combined JSON files'
    )
    parser.add_argument(
        '--vocabulary', default='clean335', help='a mode or a file of verbs'
    )
    parser.add_argument('--strict', action='store_true', help='stop at the first')
    return parser.parse_args()


def main() -> int:
    args = parse_args()
    splits = [args.split] if args.split else dataset_splits(args.data_root)
    clean = True
    for split in splits:
        report = check_bensmot(
            args.data_root, split, args.annotations, args.vocabulary, args.strict
        )
        print(f'{args.data_root}/{split}\n{report.text()}')
        clean = clean and report.is_clean
    return 0 if clean else 1


if __name__ == '__main__':
    run_tool(main, failed=2)
