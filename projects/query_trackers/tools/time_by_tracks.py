"""Milliseconds a frame by the number of tracks, part by part and as a whole.

Processor time of one process, the fastest of some runs on an image of noise. The detector
is the one that makes proposals (MOTRv2), of which as many are given as ``--proposals`` says,
at random places. A whole frame is a step of the tracker, lifecycle included.
"""

from __future__ import annotations

import argparse
import time

from mmsmot.utils.command_line import CONFIG, run_tool, tool_imports

with tool_imports():
    import numpy as np
    import torch
    from torch import nn

    from mmsmot.engine import load_config
    from mmsmot.registry import MODELS
    from mmsmot.structures import Detections, Frame, VideoInfo
    from mmsmot.utils.bundled_weights import weights_path
    from mmsmot.utils.checkpoint import load_weights
    from projects.query_trackers.queries import Queries


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='weights of the whole model, or the name of a model whose weights come with '
        'the package; without it the weights are random',
    )
    parser.add_argument('--tracks', nargs='+', type=int, default=[0, 5, 20, 50, 100])
    parser.add_argument('--proposals', type=int, default=10)
    parser.add_argument('--size', nargs=2, type=int, default=[320, 192])
    parser.add_argument('--repeats', type=int, default=10)
    parser.add_argument('--threads', type=int, default=1)
    return parser.parse_args()


@torch.no_grad()
def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    estimator = build_estimator(args.config, args.checkpoint)
    width, height = args.size
    video = VideoInfo('noise', 'noise', width=width, height=height)
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (height, width, 3), np.uint8)
    frame = Frame(video, 1, 0.0, load=lambda: image)
    if estimator.query_init.reads_proposals:
        replace_proposals(estimator, random_boxes(args.proposals, args.size, generator))
    features = estimator.detector.extract([frame])
    memory = estimator.encode(features)
    encoding = fastest(
        lambda: estimator.encode(estimator.detector.extract([frame])), args.repeats
    )
    detecting = fastest(lambda: estimator.proposals([frame]), args.repeats)
    new = estimator.new_queries(1, estimator.proposals([frame]), features.sizes)
    print(f'{len(new)} new queries')
    print('tracks  encoder ms  proposals ms  decoder ms  updater ms  whole frame ms')
    for count in args.tracks:
        tracks = track_queries(new, count, estimator)
        decoded = estimator.decode(memory, new, tracks)
        times = [
            encoding,
            detecting,
            fastest(
                lambda tracks=tracks: estimator.decode(memory, new, tracks),
                args.repeats,
            ),
            fastest(lambda decoded=decoded: estimator.updater(*decoded), args.repeats),
            fastest(
                lambda tracks=tracks: next_frame(estimator, frame, tracks), args.repeats
            ),
        ]
        widths = (10, 12, 10, 10, 14)
        columns = [f'{ms:{width}.1f}' for ms, width in zip(times, widths, strict=True)]
        print('  '.join([f'{count:6d}', *columns]))


def build_estimator(name: str, checkpoint: str | None) -> nn.Module:
    """The tracker of a config, with weights of a checkpoint or at random."""
    config = load_config(name).model
    config.semantics = None
    estimator = MODELS.build(config).eval().estimator
    if checkpoint is not None:
        load_weights(estimator, weights_path(checkpoint), within='estimator.')
    return estimator


def random_boxes(
    count: int, size: list[int], generator: np.random.Generator
) -> Detections:
    """Detections of a tenth of the image's width and a third of its height."""
    extent = np.array(size) * [0.1, 1 / 3]
    low = generator.uniform(0, 1, (count, 2)) * (size - extent)
    return Detections(np.hstack([low, low + extent]), generator.uniform(0.1, 1, count))


def replace_proposals(estimator: nn.Module, proposals: Detections) -> None:
    """Let the detector give these, after its work; one that reads a file has none."""
    detector = estimator.proposal_detector
    detect = detector.detect if isinstance(detector, nn.Module) else None

    def detect_and_replace(frames: list[Frame]) -> list[Detections]:
        if detect is not None:
            detect(frames)
        return [proposals] * len(frames)

    detector.detect = detect_and_replace


def next_frame(estimator: nn.Module, frame: Frame, tracks: Queries) -> None:
    """A step of a video that has these tracks."""
    state = estimator.begin(frame.video, (), needs=frozenset())
    for prompt_batch in state.prompt_batches:
        prompt_batch.queries = tracks
    estimator.step(state, [frame])


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
