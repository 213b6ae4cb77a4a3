"""Milliseconds a frame by the number of tracks: encoder, and decoder with all queries.

Processor time of one process; the weights do not matter, so none are needed.
"""

from __future__ import annotations

import argparse
import time

from mmsmot.utils.command_line import CONFIG, run_tool, tool_imports

with tool_imports():
    import numpy as np
    import torch

    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.structures import Detections, Frame, VideoInfo
    from projects.query_trackers.queries import Queries


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('--tracks', nargs='+', type=int, default=[0, 5, 20, 50, 100])
    parser.add_argument('--size', nargs=2, type=int, default=[320, 192])
    parser.add_argument('--repeats', type=int, default=10)
    parser.add_argument('--threads', type=int, default=1)
    return parser.parse_args()


@torch.no_grad()
def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    estimator = MODELS.build(load_config(args.config).model).eval().estimator
    width, height = args.size
    video = VideoInfo('noise', 'noise', width=width, height=height)
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    frame = Frame(video, 1, 0.0, load=lambda: image)
    features = estimator.detector.extract([frame])
    memory = estimator.encode(features)
    encoding = fastest(
        lambda: estimator.encode(estimator.detector.extract([frame])), args.repeats
    )
    print('tracks  encoder ms  decoder ms  whole frame ms')
    new = estimator.new_queries(1, no_proposals(estimator), features.sizes)
    for count in args.tracks:
        tracks = track_queries(new, count, estimator)
        decoding = fastest(
            lambda tracks=tracks: estimator.updater(
                *estimator.decode(memory, new, tracks)
            ),
            args.repeats,
        )
        total = encoding + decoding
        print(f'{count:6d}  {encoding:10.1f}  {decoding:10.1f}  {total:14.1f}')


def no_proposals(estimator) -> list | None:
    """No detection, for a query_init that reads some."""
    return [Detections.empty()] if estimator.query_init.reads_proposals else None


def track_queries(new: Queries, count: int, estimator) -> Queries:
    """Track queries as the updater makes them, at random places."""
    numbers = 4 if estimator.track_decoder is not None else new.refs.shape[-1]
    channels = new.content.shape[-1]
    has_pos = new.pos is not None and estimator.track_decoder is None
    tracks = Queries.new(
        torch.randn(1, count, channels),
        torch.rand(1, count, numbers),
        torch.randn(1, count, channels) if has_pos else None,
    )
    ids = torch.arange(1, count + 1)[None]
    return tracks.with_ids(ids, is_track=torch.ones_like(ids, dtype=torch.bool))


def fastest(work, repeats: int) -> float:
    """Processor milliseconds of the fastest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * min(times)


if __name__ == '__main__':
    run_tool(main)
