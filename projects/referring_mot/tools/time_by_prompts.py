"""Milliseconds a frame by the number of sentences, of a query tracker that reads them.

Processor time of one process, median and quartiles over the frames. Untrained weights on
noise make almost no track, so each sentence gets a fixed number of them, from the first
frame to the last, whatever their scores; with that, the weights do not matter.
"""

from __future__ import annotations

import argparse
import time

from mmsmot.utils.command_line import (
    CFG_OPTIONS,
    CONFIG,
    CfgOptions,
    count_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    import numpy as np
    import torch

    from mmsmot.engine import load_config
    from mmsmot.models.language import CaptionTokenizer
    from mmsmot.models.smot import SMOT
    from mmsmot.registry import MODELS
    from mmsmot.structures import Frame, Prompt, VideoInfo
    from mmsmot.utils.mmdet_bridge import import_mmdet
    from projects.query_trackers.lifecycles import LabelledIds, ScoreStates
    from projects.query_trackers.query_table import LifecycleOutcome, QueryTable

SENTENCE = 'people in red who walk to the left'


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('config', help=CONFIG)
    parser.add_argument('--prompts', nargs='+', type=count_arg, default=[1, 4, 16])
    parser.add_argument('--tracks', type=count_arg, default=5, help='of each sentence')
    parser.add_argument('--size', nargs=2, type=count_arg, default=[320, 192])
    parser.add_argument('--frames', type=count_arg, default=20)
    parser.add_argument('--threads', type=count_arg, default=1)
    parser.add_argument(
        '--cfg-options', nargs='+', action=CfgOptions, default={}, help=CFG_OPTIONS
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    import_mmdet()
    model = MODELS.build(load_config(args.config, args.cfg_options).model).eval()
    for part in model.modules():
        if isinstance(part, CaptionTokenizer):
            part.train_on([SENTENCE])
    model.estimator.lifecycle = FixedTracks(args.tracks)
    frames = noise_frames(args.frames, *args.size)
    shared = shared_milliseconds(model, frames)
    print(f'backbone and neck, once a frame: {median_and_quartiles(shared)} ms')
    print('sentences  ms a frame            ms a sentence, beside these')
    for count in args.prompts:
        times = frame_milliseconds(model, frames, count)
        single = (np.median(times) - np.median(shared)) / count
        print(f'{count:9d}  {median_and_quartiles(times):20}  {single:.1f}')


def median_and_quartiles(times: list[float]) -> str:
    """As text."""
    low, median, high = np.quantile(times, (0.25, 0.5, 0.75))
    return f'{median:.1f} ({low:.1f} to {high:.1f})'


class FixedTracks(ScoreStates):
    """So many tracks of each video, from its first frame on, whatever the scores.

    Args:
        count: Of the tracks; not more than there are queries.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def update(
        self, state: LabelledIds, table: QueryTable, frame: Frame
    ) -> LifecycleOutcome:
        ids = table.ids.copy()
        if self.count > len(ids):
            raise ValueError(f'--tracks {self.count}: there are {len(ids)} queries')
        if not (ids >= 0).any():
            ids[: self.count] = state.take_labelled(table.labels[: self.count])
        return LifecycleOutcome(ids, table.ages, ids >= 0, [], table.labels)


def noise_frames(count: int, width: int, height: int) -> list[Frame]:
    """Frames of noise."""
    video = VideoInfo('noise', 'noise', 8.0, width=width, height=height)
    images = np.random.default_rng(0).integers(
        0, 256, (count, height, width, 3), np.uint8
    )
    return [
        Frame(video, t + 1, t / 8, load=lambda image=image: image)
        for t, image in enumerate(images)
    ]


@torch.no_grad()
def shared_milliseconds(model: SMOT, frames: list[Frame]) -> list[float]:
    """Of each frame, what no sentence enters."""
    times = []
    for frame in frames:
        start = time.process_time()
        model.estimator.detector.extract([frame])
        times.append(1000 * (time.process_time() - start))
    return times


def frame_milliseconds(
    model: SMOT, frames: list[Frame], num_prompts: int
) -> list[float]:
    """Of each frame but the first of a video that is asked for so many sentences."""
    prompts = [Prompt(f'{SENTENCE} {row}') for row in range(num_prompts)]
    run = model.begin(frames[0].video, prompts)
    times = []
    for frame in frames:
        start = time.process_time()
        run.push([frame])
        times.append(1000 * (time.process_time() - start))
    return times[1:] or times  # the tracks begin in the first


if __name__ == '__main__':
    run_tool(main)
