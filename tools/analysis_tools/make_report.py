"""Make the page about one video: its JSON and the video in, HTML out.

    python tools/analysis_tools/make_report.py RESULTS/predictions/cooking/0001.json \\
        --data-root data/BenSMOT --out report.html
    python tools/analysis_tools/make_report.py prediction.json --video street.mp4 \\
        --out report.html

The JSON is predictions/<video>.json of a test or result.json of tools/infer.py. The page
holds the video, unless that is larger than --embed-limit: then it refers to the
file, and both must be moved together. What browsers do not play is written as H.264.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import quote

from mmsmot.utils.command_line import (
    command_line_number,
    non_negative_arg,
    run_tool,
    tool_imports,
)
from mmsmot.utils.number_ranges import NumberRange

with tool_imports():
    import numpy as np

    from mmsmot.datasets import VideoReader, open_video
    from mmsmot.datasets.streams.address import is_stream_address, redacted_address
    from mmsmot.engine import load_config
    from mmsmot.evaluation.gt_dataset import open_gt_dataset
    from mmsmot.evaluation.interactions import THRESHOLD
    from mmsmot.evaluation.saved_predictions import (
        read_saved_sample,
        score_saved_predictions,
    )
    from mmsmot.evaluation.smot_report import smot_report_headline
    from mmsmot.structures import SMOTDataSample
    from mmsmot.visualization.html_report import (
        EMBED_LIMIT,
        is_html_report,
        write_html_report,
    )
    from mmsmot.visualization.report_video import playable_video

MEGABYTE = 2**20


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        'prediction', help="JSON of a sample: a test's dump, or infer's result.json"
    )
    parser.add_argument('--video', help="file or folder of images; the sample's own")
    parser.add_argument('--no-video', action='store_true', help='boxes alone')
    parser.add_argument('--config', help='config whose test dataset has the truth')
    parser.add_argument('--data-root', help='BenSMOT, SynSMOT or MOTChallenge folder')
    parser.add_argument(
        '--split',
        help="of BenSMOT and SynSMOT, or 'val_half' of MOTChallenge; default: test, or as "
        'in --config',
    )
    parser.add_argument('--out', required=True, help='the page, *.html')
    parser.add_argument('--warning', nargs='+', default=[], help='texts to put on top')
    parser.add_argument(
        '--threshold',
        type=command_line_number(NumberRange()),
        default=THRESHOLD,
        help='least score of a verb',
    )
    parser.add_argument(
        '--embed-limit',
        type=non_negative_arg,
        default=EMBED_LIMIT / MEGABYTE,
        help='MiB of a video that is put into the page at most',
    )
    args = parser.parse_args()
    if Path(args.out).suffix.lower() not in ('.html', '.htm'):
        parser.error(f'--out {args.out}: name the page *.html')
    return args


def main() -> None:
    args = parse_args()
    sample = read_saved_sample(args.prediction)
    reader, scores = None, {}
    if args.config is not None or args.data_root is not None:
        sample, reader = with_dataset_gt(sample, args)
        if 'gt_trajectories' in sample and 'pred_trajectories' in sample:
            scores = smot_report_headline(
                score_saved_predictions([sample], threshold=args.threshold)
            )
    out = Path(args.out)
    if os.path.lexists(out) and not is_html_report(out):
        raise FileExistsError(
            f'{out} is no page of this tool and would be lost: name another --out, or '
            'move it away'
        )
    copy = out.with_name(f'{out.stem}_video.mp4')
    video, times = None, None
    if not args.no_video:
        reader = open_reader(sample, args.video, reader)
        require_own_report_video(copy, out)
        video, times = playable_video(reader, sample.frame_ids, copy)
    limit = round(args.embed_limit * MEGABYTE)
    write_html_report(
        sample, out, video, times, scores, args.warning, args.threshold, limit
    )
    print(out)
    if video is None:
        return
    if video.stat().st_size > limit:
        print(f'{video} (the page refers to it: move both together)')
    elif video == copy:
        copy.unlink()


def with_dataset_gt(
    sample: SMOTDataSample, args: argparse.Namespace
) -> tuple[SMOTDataSample, VideoReader]:
    """The sample with the dataset's truth, and the dataset's video."""
    settings = None
    if args.config is not None:
        settings = load_config(args.config).test_dataloader.dataset.to_dict()
    name = sample.video.name
    item = open_gt_dataset(settings, args.data_root, args.split, [name])[0]
    truth = item['data_samples']
    if not np.array_equal(truth.frame_ids, sample.frame_ids):
        raise ValueError(
            f'{args.prediction}: was predicted on {len(sample.frame_ids)} frames, the '
            f'truth of {name} has {len(truth.frame_ids)}, or others. Give the dataset it '
            'was made on.'
        )
    truth.set_data({k: v for k, v in sample.items() if k.startswith('pred_')})
    if 'prompt' in sample:
        truth.set_metainfo(dict(prompt=sample.prompt))
    return truth, item['inputs']


def open_reader(
    sample: SMOTDataSample, path: str | None, reader: VideoReader | None
) -> VideoReader:
    """The video: the one named, else the dataset's, else the one the sample names."""
    if path is None and reader is not None:
        return reader
    address = sample.video.path
    if path is None and is_stream_address(address):
        # The file may be a stranger's: what it names is not asked of the network.
        raise ValueError(
            f'the video of the prediction is the stream {redacted_address(address)}, which '
            'is not opened unasked: --video names the video, --no-video shows boxes alone'
        )
    return open_video(path or address)


def require_own_report_video(copy: Path, page: Path) -> None:
    """Raise ``ValueError`` where a copy of the video would take a user's file's place."""
    if not copy.exists():
        return
    # Which an earlier page of ours refers to.
    mark = f'"src":"./{quote(copy.name)}"'
    if not page.is_file() or mark not in page.read_text('utf-8', errors='replace'):
        raise ValueError(
            f'{copy} is there already, and {page} does not refer to it. The video is '
            'written under that name: move it, or name another --out'
        )


if __name__ == '__main__':
    run_tool(main)
