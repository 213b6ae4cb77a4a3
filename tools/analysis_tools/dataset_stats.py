"""Statistics of a dataset in BenSMOT's layout: the paper's Table 1 and its Fig. 2.

Prints the table with a column for each split; --out writes the numbers as JSON,
--figure draws the distributions.
"""

from __future__ import annotations

import argparse
import json
from functools import reduce
from pathlib import Path

from mmsmot.utils.command_line import non_negative_int_arg, run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets import BenSMOTDataset
    from mmsmot.datasets.bensmot.split import SPLIT_NAMES, dataset_splits
    from mmsmot.datasets.statistics import DatasetStatistics, dataset_statistics_table
    from mmsmot.utils.atomic import atomic_write


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder with train, test and perhaps val')
    parser.add_argument('--split', choices=SPLIT_NAMES, help='default: all there are')
    parser.add_argument('--out', metavar='JSON', help='file for the numbers')
    parser.add_argument('--figure', metavar='PNG', help='image of the distributions')
    parser.add_argument(
        '--top',
        type=non_negative_int_arg,
        default=30,
        help='words and verbs in the JSON',
    )
    parser.add_argument(
        '--annotations', metavar='DIR', help='folder of the combined JSON files'
    )
    parser.add_argument(
        '--vocabulary', default='clean335', help='a mode or a file of verbs'
    )
    return parser.parse_args()


def read_split(args: argparse.Namespace, split: str) -> DatasetStatistics:
    """Every video of a split, described or not."""
    dataset = BenSMOTDataset(
        data_root=args.data_root,
        split=split,
        annotations=args.annotations,
        vocabulary=args.vocabulary,
        described_only=False,
        test_mode=True,
        lazy_init=True,
    )
    return DatasetStatistics.of(dataset.load_data_list())


def main() -> None:
    args = parse_args()
    splits = [args.split] if args.split else dataset_splits(args.data_root)
    columns = {split: read_split(args, split) for split in splits}
    if len(columns) > 1:
        columns['all'] = reduce(DatasetStatistics.joined, columns.values())
    print(dataset_statistics_table(columns))
    if args.out:
        contents = {name: s.to_dict(args.top) for name, s in columns.items()}
        with atomic_write(args.out) as stream:
            json.dump(contents, stream, indent=1, ensure_ascii=False)
    if args.figure:
        # Not at the top: matplotlib takes longer to import than the table to make.
        from mmsmot.visualization.statistics_figure import write_statistics_figure

        *_, (name, everything) = columns.items()
        title = f'{Path(args.data_root).name}, {name}'
        write_statistics_figure(everything, args.figure, title)


if __name__ == '__main__':
    run_tool(main)
