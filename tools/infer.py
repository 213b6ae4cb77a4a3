"""Track people in a video: tracks.txt, result.json and an annotated video.mp4."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mmengine.config import DictAction

from mmsmot.apis import infer_video
from mmsmot.datasets import open_video
from mmsmot.engine import load_config, set_weights
from mmsmot.evaluation import evaluate_sequence, format_table, summarize
from mmsmot.registry import MODELS
from mmsmot.structures import read_trajectories
from mmsmot.utils.environment import check_environment


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('video', help='a video file, a folder of images or a sequence')
    parser.add_argument('--config', required=True, help='config file or name')
    parser.add_argument('--weights', help="the detector's weights")
    parser.add_argument('--reid-weights', help="the ReID part's weights")
    parser.add_argument('--out', required=True, help='folder of the results')
    parser.add_argument('--start', type=int, help='first frame number, inclusive')
    parser.add_argument('--end', type=int, help='last frame number, inclusive')
    parser.add_argument('--stride', type=int, default=1, help='take every n-th frame')
    parser.add_argument('--no-video', action='store_true', help='draw no video')
    parser.add_argument('--no-cache', action='store_true', help='keep no detections')
    parser.add_argument('--overwrite', action='store_true', help='do it all again')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_environment()
    config = load_config(args.config, args.cfg_options)
    set_weights(config, args.weights, args.reid_weights)
    video = open_video(args.video, args.start, args.end, args.stride)
    text = config.pretty_text
    detector = config.model.detector
    if not args.no_cache and detector and detector.type != 'DetectionFile':
        # An interrupted run goes on from here without detecting anything twice.
        config.model.detector = dict(
            type='CachedDetector',
            detector=detector,
            reid=config.model.pop('reid', None),
            root=str(Path(args.out) / 'cache'),
        )
    model = MODELS.build(config.model)
    model.eval()
    result = infer_video(
        model, video, args.out, text, not args.no_video, args.overwrite
    )
    spent = result['speed']['seconds']
    total = max(sum(spent.values()), 1e-9)
    shares = ', '.join(f'{k} {s / total:.0%}' for k, s in spent.items())
    print(
        f'{len(result["trajectories"])} trajectories in '
        f'{result["video"]["num_frames"]} frames, {result["speed"]["fps"]:.1f} frames/s '
        f'({shares})'
    )
    if 'gt' in video.video.files:
        print_scores(video, Path(args.out) / 'tracks.txt')
    for name in ('tracks.txt', 'result.json', 'video.mp4'):
        if (path := Path(args.out) / name).exists():
            print(path)


def print_scores(video, tracks: Path) -> None:
    """The table of scores, where the sequence has a truth."""
    scores = evaluate_sequence(
        read_trajectories(video.video.files['gt']),
        read_trajectories(tracks),
        video.frame_ids,
    )
    print(format_table({video.video.name: summarize(scores)}))


if __name__ == '__main__':
    try:
        main()
    except (OSError, ValueError, KeyError, ImportError) as error:
        if not str(error):
            raise
        message = error.args[0] if isinstance(error, KeyError) else error
        sys.exit(f'{type(error).__name__}: {message}')
