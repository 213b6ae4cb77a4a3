"""BenSMOT's layout to MOTChallenge folders, with captions and interactions beside gt.

DATA_ROOT/SPLIT/<activity>/<sequence>/ becomes OUT/<activity>__<sequence>/ with img1, gt
and seqinfo.ini. Finished sequences are kept, so the same command goes on where an
interrupted one ended.
"""

from __future__ import annotations

import argparse
import sys

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.bensmot.split import SPLIT_NAMES
    from mmsmot.datasets.converters import (
        PLACEMENTS,
        convert_sequences,
        write_mot_challenge_sequence,
    )
    from mmsmot.datasets.converters.bensmot_folder import SEPARATOR, read_bensmot_folder


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder with train, test and perhaps val')
    parser.add_argument('--out', required=True, help='folder of sequence folders')
    parser.add_argument('--split', choices=SPLIT_NAMES, default='train')
    parser.add_argument(
        '--sequences', nargs='+', metavar='NAME', help="names or patterns, 'cooking/*'"
    )
    parser.add_argument('--images', choices=PLACEMENTS, default='symlink')
    parser.add_argument(
        '--annotations', metavar='DIR', help='folder of the combined JSON files'
    )
    parser.add_argument(
        '--vocabulary', help='a mode or a file of verbs; by default every verb is kept'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    done = convert_sequences(
        read_bensmot_folder(
            args.data_root,
            args.split,
            args.annotations,
            args.vocabulary,
            args.sequences,
        ),
        args.out,
        lambda name: name.replace('/', SEPARATOR),
        write_mot_challenge_sequence,
        args.images,
        progress=sys.stderr.isatty(),
    )
    print(f'{args.out}: {done}')


if __name__ == '__main__':
    run_tool(main)
