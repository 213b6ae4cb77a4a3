"""Track and describe people in a video: tracks.txt, result.json and video.mp4."""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    count_arg,
    non_negative_arg,
    non_negative_int_arg,
    positive_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    from mmsmot.apis import SMOTInferencer
    from mmsmot.apis.batch import SUMMARY, infer_batch
    from mmsmot.apis.dry_run import describe_dry_run
    from mmsmot.engine.launchers import RayLauncher
    from mmsmot.evaluation.report_table import format_report, format_tracking_table
    from mmsmot.evaluation.result_names import result_name
    from mmsmot.structures import UNTRACKED, prompts_from_options
    from mmsmot.utils.environment import check_environment
    from mmsmot.utils.printable import printable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'videos',
        nargs='+',
        help='a video file, a folder of images, a sequence, or a folder with such in '
        'it; or a live stream: rtsp://..., camera:0 (Ctrl-C ends it and the results are '
        'written). Of several videos each gets a folder in --out',
    )
    parser.add_argument('--config', required=True, help=CONFIG)
    parser.add_argument(
        '--checkpoint',
        help='weights of the whole model; of some configs they come with the package',
    )
    parser.add_argument(
        '--weights', help="the detector's weights, alone or in a whole model's"
    )
    parser.add_argument('--reid-weights', help="the ReID part's weights")
    parser.add_argument(
        '--semantics',
        metavar='NAME',
        help='describe the tracks of a config that only tracks: "kinematic" by their '
        'motion and colours (nothing to download), or another file in '
        'configs/_base_/semantics',
    )
    parser.add_argument('--out', help='folder of the results')
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help='only tell what would be read and downloaded, and how large it is; ends with '
        '1 where something is missing',
    )
    add_prompt_arguments(parser)
    add_frame_arguments(parser)
    parser.add_argument('--no-video', action='store_true', help='draw no video')
    parser.add_argument('--no-cache', action='store_true', help='keep no detections')
    _add_cluster_arguments(parser)
    parser.add_argument('--overwrite', action='store_true', help='do it all again')
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    args = parser.parse_args()
    if args.out is None and not args.dry_run:
        parser.error('the following arguments are required: --out')
    return args


def _add_cluster_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--launcher',
        choices=('none', 'ray'),
        default='none',
        help='ray: videos side by side on a Ray cluster, and one summary.json',
    )
    parser.add_argument(
        '--address',
        help="a running Ray cluster, 'auto' or ray://HOST:PORT (default: RAY_ADDRESS, or "
        'one is started here)',
    )
    parser.add_argument(
        '--jobs',
        type=count_arg,
        default=1,
        help='videos at a time where one is started',
    )


def add_prompt_arguments(parser: argparse.ArgumentParser) -> None:
    """What is tracked, for models that read prompts."""
    parser.add_argument(
        '--text',
        action='append',
        default=[],
        metavar='SENTENCE',
        help='track what a sentence describes, for models that read prompts; give it '
        'again for another target, which then gets a folder in --out',
    )
    parser.add_argument(
        '--box',
        action='append',
        default=[],
        metavar='FRAME,X1,Y1,X2,Y2',
        help='track what is in a box (original frame number, pixels)',
    )
    parser.add_argument(
        '--point',
        action='append',
        default=[],
        metavar='FRAME,X,Y',
        help='track what is at a point; boxes and points name one target together',
    )


def add_frame_arguments(parser: argparse.ArgumentParser) -> None:
    """Which frames are taken, and how long a stream is tracked."""
    parser.add_argument(
        '--start',
        type=non_negative_int_arg,
        help='first frame number, inclusive; a video begins with 1',
    )
    parser.add_argument(
        '--end', type=non_negative_int_arg, help='last frame number, inclusive'
    )
    parser.add_argument(
        '--stride', type=count_arg, default=1, help='take every n-th frame'
    )
    parser.add_argument(
        '--seconds', type=positive_arg, help='how long to look at a stream'
    )
    parser.add_argument(
        '--patience',
        type=non_negative_arg,
        default=30.0,
        help='seconds to wait for a stream that dropped out',
    )


def main() -> int:
    args = parse_args()
    check_environment()
    inferencer = dict(
        config=args.config,
        checkpoint=args.checkpoint,
        weights=args.weights,
        reid_weights=args.reid_weights,
        options=args.cfg_options,
        cache=not args.no_cache,
        semantics=args.semantics,
    )
    call = dict(
        start=args.start,
        end=args.end,
        stride=args.stride,
        draw=not args.no_video,
        overwrite=args.overwrite,
    )
    if args.dry_run:
        return dry_run(inferencer, args.videos)
    videos = args.videos if len(args.videos) > 1 else args.videos[0]
    if args.launcher == 'ray':
        if args.text or args.box or args.point:
            raise SystemExit('--launcher ray is for many videos; prompts are of one')
        return infer_on_cluster(args, inferencer, call, videos)
    call |= dict(seconds=args.seconds, patience=args.patience)
    call['prompts'] = prompts_from_options(args.text, args.box, args.point)
    reports: dict[str, dict] = {}

    def done(result: dict, out: Path) -> None:
        print_result(result, out)
        if result.get('scores'):
            name = result_name(result['sample'])
            reports[str(out) if name in reports else name] = result['scores']

    try:
        SMOTInferencer(**inferencer)(videos, args.out, done=done, **call)
    finally:  # also of those before one that failed
        if len(reports) > 1:
            print(
                f'\nall {len(reports)} videos with a truth\n{format_tracking_table(reports)}'
            )
    return 0


def dry_run(arguments: dict, videos: list[str]) -> int:
    """Tell what would be read and downloaded; the exit code is 1 where it is not there."""
    inferencer = SMOTInferencer(**arguments)
    lines, is_complete = describe_dry_run(
        inferencer.config, inferencer.checkpoint, videos
    )
    print('\n'.join(lines))
    return 0 if is_complete else 1


def infer_on_cluster(
    args: argparse.Namespace, inferencer: dict, call: dict, videos: str | list[str]
) -> int:
    """Do videos side by side; the exit code is 1 where one failed."""
    launcher = RayLauncher(jobs=args.jobs, address=args.address)
    try:
        summaries = infer_batch(launcher, videos, args.out, inferencer, call)
    finally:
        launcher.close()
    failed = [summary for summary in summaries if summary.error is not None]
    frames = sum(summary.num_frames for summary in summaries)
    print(
        f'{len(summaries) - len(failed)} videos, {frames} frames, {len(failed)} failed'
    )
    for summary in failed:
        print(printable(f'{summary.video}: {summary.error}'))
    print(printable(Path(args.out, SUMMARY)))
    return 1 if failed else 0


def print_result(result: dict, out: Path) -> None:
    """What one video gave, in a few lines, and where it lies."""
    seconds = result['speed']['seconds']
    total = max(sum(seconds.values()), 1e-9)
    shares = ', '.join(f'{k} {s / total:.0%}' for k, s in seconds.items())
    if result['prompt'] is not None:
        print(f'prompt: {printable(str(result["prompt"]))}')
    print(
        f'{len(result["trajectories"])} trajectories in '
        f'{result["video"]["num_frames"]} frames, {result["speed"]["fps"]:.1f} frames/s '
        f'({shares})'
    )
    if result.get('video_caption'):
        print(f'"{result["video_caption"]}"')
    captions = {
        row['id']: row['caption'] for row in result['trajectories'] if 'caption' in row
    }
    if captions or result.get('video_caption'):
        print(
            f'{len(captions)} of {len(result["trajectories"])} trajectories have captions'
        )
    for track_id, caption in captions.items():
        print(f'  {track_id}: {caption}')
    for row in result.get('interactions', []):
        span = ''
        if 'start_frame' in row and 'end_frame' in row:
            span = f', frames {row["start_frame"]} to {row["end_frame"]}'
        subject_name, object_name = (
            row['partner_label'] or 'not tracked'
            if row[side] == UNTRACKED
            else row[side]
            for side in ('subject', 'object')
        )
        print(
            f'  {subject_name} {row["verb"]} {object_name} ({row["score"]:.2f}{span})'
        )
    if result.get('scores'):
        print(format_report(result['scores']))
    for name in ('result.json', *result['files']):
        print(printable(out / name))


if __name__ == '__main__':
    run_tool(main)
