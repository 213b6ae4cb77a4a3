"""BenSMOT's layout to a COCO-video JSON; images stay where they are.

File names in it are relative to DATA_ROOT.
"""

from __future__ import annotations

import argparse
import sys

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from rich.progress import track

    from mmsmot.datasets.bensmot.split import SPLIT_NAMES
    from mmsmot.datasets.converters import CocoVideoWriter
    from mmsmot.datasets.converters.bensmot_folder import read_bensmot_folder


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder with train, test and perhaps val')
    parser.add_argument('--out', required=True, metavar='JSON', help='file to write')
    parser.add_argument('--split', choices=SPLIT_NAMES, default='train')
    parser.add_argument(
        '--sequences', nargs='+', metavar='NAME', help="names or patterns, 'cooking/*'"
    )
    parser.add_argument(
        '--annotations', metavar='DIR', help='folder of the combined JSON files'
    )
    parser.add_argument(
        '--vocabulary', help='a mode or a file of verbs; by default every verb is kept'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    videos = read_bensmot_folder(
        args.data_root, args.split, args.annotations, args.vocabulary, args.sequences
    )
    writer = CocoVideoWriter(args.data_root)
    for info in track(videos, 'Converting', disable=not sys.stderr.isatty()):
        writer.add(info['video'], info['gt'])
    writer.write(args.out)
    print(f'{args.out}: {len(videos)} videos')


if __name__ == '__main__':
    run_tool(main)
