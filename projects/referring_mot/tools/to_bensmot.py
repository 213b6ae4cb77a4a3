"""Refer-KITTI or LaMOT as a folder in BenSMOT's layout.

Then tools/analysis_tools/check_dataset.py, browse_dataset.py and dataset_stats.py read it,
and so does every config with a BenSMOTDataset. Images are linked unless --images says so.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.converters.bensmot_folder import (
        bensmot_name,
        write_bensmot_sequence,
    )
    from mmsmot.datasets.converters.conversion import convert_sequences
    from mmsmot.datasets.video_dataset import VideoDataset
    from projects.referring_mot.datasets.lamot import LaMOTDataset
    from projects.referring_mot.datasets.refer_kitti import LABELS, ReferKITTIDataset

PLACEMENTS = ('symlink', 'copy', 'hardlink')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('dataset', choices=('refer_kitti', 'lamot'))
    parser.add_argument('data_root', help="the dataset's folder")
    parser.add_argument('--out', required=True, help='folder of the new dataset')
    parser.add_argument('--split', choices=('train', 'test'), default='test')
    parser.add_argument('--version', choices=('v1', 'v2'), default='v1')
    parser.add_argument('--labels', choices=LABELS, default=LABELS[0])
    parser.add_argument('--expressions', help="LaMOT's folder of expressions")
    parser.add_argument('--images', choices=PLACEMENTS, default='symlink')
    return parser.parse_args()


def read_dataset(args: argparse.Namespace) -> VideoDataset:
    """The dataset, nothing read yet."""
    if args.dataset == 'refer_kitti':
        return ReferKITTIDataset(
            data_root=args.data_root,
            version=args.version,
            split=args.split,
            labels=args.labels,
            test_mode=True,
            lazy_init=True,
        )
    if args.expressions is None:
        raise SystemExit("lamot needs --expressions, the folder of LaMOT's files")
    return LaMOTDataset(
        args.data_root, expressions=args.expressions, test_mode=True, lazy_init=True
    )


def main() -> None:
    args = parse_args()
    conversion = convert_sequences(
        read_dataset(args).load_data_list(),
        Path(args.out) / args.split,
        lambda name: bensmot_name(name, args.dataset),
        write_bensmot_sequence,
        args.images,
        progress=True,
    )
    print(f'{args.out}/{args.split}: {conversion}')


if __name__ == '__main__':
    run_tool(main)
