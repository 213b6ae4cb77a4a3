"""Look at a dataset in BenSMOT's layout: a sheet of images and a clip of each video.

Boxes in colours that stay with their ids, captions below, and an arrow from subject to
object for each interaction: only during its span, or dashed where no span is annotated.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mmsmot.utils.command_line import (
    command_line_number,
    count_arg,
    non_negative_int_arg,
    positive_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    from rich.progress import track

    from mmsmot.datasets import BenSMOTDataset
    from mmsmot.datasets.bensmot.split import SPLIT_NAMES
    from mmsmot.utils.folder_lock import folder_lock
    from mmsmot.utils.number_ranges import FRAME_RATE
    from mmsmot.visualization.dataset_browser import (
        draw_dataset_sheet,
        write_dataset_clip,
        write_dataset_sheet,
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='folder with train, test and perhaps val')
    parser.add_argument('--out', required=True, help='folder for images and clips')
    parser.add_argument('--split', choices=SPLIT_NAMES, default='train')
    parser.add_argument(
        '--sequences', nargs='+', metavar='NAME', help="names or patterns, 'cooking/*'"
    )
    parser.add_argument(
        '--limit',
        type=non_negative_int_arg,
        default=20,
        help='at most so many videos, 0 for all',
    )
    parser.add_argument(
        '--what', choices=('sheets', 'clips', 'both'), default='both', help='to write'
    )
    parser.add_argument('--frames', type=count_arg, default=6, help='images in a sheet')
    parser.add_argument('--columns', type=count_arg, default=3, help='images in a row')
    parser.add_argument('--scale', type=positive_arg, help="of the clips' images")
    parser.add_argument(
        '--fps',
        type=command_line_number(FRAME_RATE),
        help="of the clips; the data's by default",
    )
    parser.add_argument(
        '--annotations', metavar='DIR', help='folder of the combined JSON files'
    )
    parser.add_argument(
        '--vocabulary', default='clean335', help='a mode or a file of verbs'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    dataset = BenSMOTDataset(
        data_root=args.data_root,
        split=args.split,
        annotations=args.annotations,
        vocabulary=args.vocabulary,
        described_only=False,
        sequences=args.sequences,
        test_mode=True,
        lazy_init=True,
    )
    videos = dataset.load_data_list()
    selected = videos[: args.limit] if args.limit > 0 else videos
    out = Path(args.out) / args.split
    with folder_lock(out):
        for info in track(selected, 'Drawing', disable=not sys.stderr.isatty()):
            video, gt = info['video'], info['gt']
            name = video.video.name
            if args.what != 'clips':
                sheet = draw_dataset_sheet(video, gt, args.frames, args.columns)
                write_dataset_sheet(sheet, out / f'{name}.jpg')
            if args.what != 'sheets':
                write_dataset_clip(video, gt, out / f'{name}.mp4', args.scale, args.fps)
    print(f'{out}: {len(selected)} of {len(videos)} videos')


if __name__ == '__main__':
    run_tool(main)
