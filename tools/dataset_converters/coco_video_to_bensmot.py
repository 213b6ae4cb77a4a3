"""COCO-video JSON to BenSMOT's layout: OUT/SPLIT/<activity>/<sequence>/.

A video named "cooking/0001" keeps that name; another is put under --activity. Finished
sequences are kept, so the same command goes on where an interrupted one ended.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from mmsmot.utils.command_line import (
    positive_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmsmot.datasets.bensmot.index import SPLITS
    from mmsmot.datasets.converters import (
        PLACEMENTS,
        CocoVideoFile,
        convert_sequences,
        write_bensmot_sequence,
    )
    from mmsmot.datasets.converters.bensmot_folder import ACTIVITY, bensmot_name


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('json', help='the annotations')
    parser.add_argument('--out', required=True, help='data_root to make or to add to')
    parser.add_argument('--split', choices=SPLITS, default='train')
    parser.add_argument(
        '--image-root', help="what file names are relative to; the JSON's folder"
    )
    parser.add_argument('--images', choices=PLACEMENTS, default='symlink')
    parser.add_argument('--activity', default=ACTIVITY, help='for names without one')
    parser.add_argument(
        '--fps', type=positive_arg, default=2.0, help='of videos that do not say'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    done = convert_sequences(
        CocoVideoFile(args.json, args.image_root, args.fps),
        Path(args.out) / args.split,
        partial(bensmot_name, activity=args.activity),
        write_bensmot_sequence,
        args.images,
        progress=sys.stderr.isatty(),
    )
    print(f'{args.out}/{args.split}: {done}')


if __name__ == '__main__':
    run_tool(main)
