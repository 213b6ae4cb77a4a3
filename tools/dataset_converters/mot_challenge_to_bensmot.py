"""MOTChallenge folders, with or without captions, to BenSMOT's layout.

DATA_ROOT/<sequence>/{img1,gt,seqinfo.ini} becomes OUT/SPLIT/<activity>/<sequence>/; a
sequence named "cooking__0001" becomes cooking/0001. Captions and interactions are BenSMOT's text files beside
gt: instance_captions.txt, interactions.graphml, video_caption.txt. Finished sequences are
kept, so the same command goes on where an interrupted one ended.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.bensmot.index import SPLITS
    from mmsmot.datasets.converters import (
        PLACEMENTS,
        convert_sequences,
        read_mot_challenge_folder,
        write_bensmot_sequence,
    )
    from mmsmot.datasets.converters.bensmot_folder import ACTIVITY, bensmot_name
    from mmsmot.datasets.vocabulary import InteractionVocabulary


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder of sequence folders')
    parser.add_argument('--out', required=True, help='data_root to make or to add to')
    parser.add_argument('--split', choices=SPLITS, default='train')
    parser.add_argument(
        '--sequences', nargs='+', metavar='NAME', help="names or patterns, '*-FRCNN'"
    )
    parser.add_argument('--images', choices=PLACEMENTS, default='symlink')
    parser.add_argument('--activity', default=ACTIVITY, help='for names without one')
    parser.add_argument(
        '--considered-only', action='store_true', help='leave out boxes with flag 0'
    )
    parser.add_argument(
        '--vocabulary', help='a mode or a file of verbs; by default every verb is kept'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    videos = read_mot_challenge_folder(
        args.data_root,
        InteractionVocabulary(args.vocabulary) if args.vocabulary else None,
        args.sequences,
        args.considered_only,
    )
    done = convert_sequences(
        videos,
        Path(args.out) / args.split,
        partial(bensmot_name, activity=args.activity),
        write_bensmot_sequence,
        args.images,
        progress=sys.stderr.isatty(),
    )
    print(f'{args.out}/{args.split}: {done}')


if __name__ == '__main__':
    run_tool(main)
