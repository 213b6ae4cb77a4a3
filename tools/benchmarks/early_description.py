"""What describing tracks as they end changes, on clips joined to long videos.

    python tools/benchmarks/early_description.py data/SynSMOT

Each video is run with ``early=True``, which describes a track when it ends and forgets it,
and with ``early=False``, which describes all at the end. The tracks are the same, so their
captions, interactions and the video's caption can be compared one by one; and both are
scored against the clips' ground truth. Tracks run on over the cuts between clips, so the
scores are lower than those of the clips.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mmsmot.utils.command_line import (
    count_arg,
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    import numpy as np

    from mmsmot.apis import SMOTInferencer
    from mmsmot.datasets import VideoReader
    from mmsmot.evaluation.gt_dataset import open_gt_dataset
    from mmsmot.evaluation.saved_predictions import score_saved_predictions
    from mmsmot.evaluation.smot_report import smot_report_headline
    from mmsmot.models.smot import SMOT, write_pred_fields
    from mmsmot.structures import Frame, Interactions, SMOTDataSample, VideoInfo


@dataclass(frozen=True)
class JoinedVideo:
    """Clips one after the other, as a source of frames.

    Attributes:
        name: Name of the video.
        clips: The clips, all of one size and rate.
    """

    name: str
    clips: Sequence[tuple[VideoReader, SMOTDataSample]]

    @property
    def video(self) -> VideoInfo:
        """What is known of the video."""
        return replace(self.clips[0][0].video, name=self.name, path=self.name)

    @property
    def offsets(self) -> list[int]:
        """Frames before each clip, and in all."""
        ends = [int(sample.frame_ids[-1]) for _, sample in self.clips]
        return [0, *np.cumsum(ends).tolist()]

    def batches(self, size: int) -> Iterator[list[Frame]]:
        """Lists of ``size`` frames, the last of a clip maybe shorter."""
        video = self.video
        for (reader, _), offset in zip(self.clips, self.offsets, strict=False):
            for frames in reader.batches(size):
                yield [
                    Frame(
                        video,
                        frame.frame_id + offset,
                        frame.timestamp + offset / video.fps,
                        load=lambda frame=frame: frame.image,
                    )
                    for frame in frames
                ]

    def gt(self) -> SMOTDataSample:
        """The ground truth; ids of different clips differ, and there is no video caption."""
        tables, captions, interactions = [], {}, Interactions.empty()
        first_id = 0
        for (_, sample), offset in zip(self.clips, self.offsets, strict=False):
            table = sample.gt_trajectories
            tables.append(
                replace(
                    table,
                    ids=table.ids + first_id,
                    frame_ids=table.frame_ids + offset,
                )
            )
            captions |= {i + first_id: t for i, t in sample.gt_captions.items()}
            interactions = interactions.concatenated(
                _moved(sample.gt_interactions.of_tracked(), first_id, offset)
            )
            first_id += int(table.ids.max(initial=0)) + 1
        joined = SMOTDataSample(
            metainfo=dict(
                video=self.video, frame_ids=np.arange(1, self.offsets[-1] + 1)
            )
        )
        joined.gt_trajectories = tables[0].concatenated(*tables[1:])
        joined.gt_captions, joined.gt_interactions = captions, interactions
        return joined


def _moved(table: Interactions, first_id: int, offset: int) -> Interactions:
    return replace(
        table,
        subject_ids=table.subject_ids + first_id,
        object_ids=table.object_ids + first_id,
        start_frames=np.where(table.start_frames > 0, table.start_frames + offset, 0),
        end_frames=np.where(table.end_frames > 0, table.end_frames + offset, 0),
    )


def join_clips(args: argparse.Namespace) -> list[JoinedVideo]:
    """Videos of clips that a seed draws, none of them twice."""
    dataset = open_gt_dataset(None, args.data_root, args.split)
    needed = args.videos * args.clips
    if needed > len(dataset):
        raise ValueError(
            f'{args.data_root}: {args.split} has {len(dataset)} clips, and {args.videos} '
            f'videos of {args.clips} need {needed}; set --videos or --clips'
        )
    order = np.random.default_rng(args.seed).permutation(len(dataset))[:needed]
    clips = [(dataset[i]['inputs'], dataset[i]['data_samples']) for i in order]
    groups = (clips[i : i + args.clips] for i in range(0, needed, args.clips))
    return [JoinedVideo(f'joined/{k}', group) for k, group in enumerate(groups)]


def predict(model: SMOT, video: JoinedVideo, early: bool) -> SMOTDataSample:
    """The ground truth of a video with its prediction."""
    run = model.begin(video.video, early=early)
    for frames, _ in model.batches(video, run):
        del frames  # or its images would live on
    (result,) = run.finish()
    sample = video.gt()
    write_pred_fields(result, run.frame_ids, sample)
    return sample


def num_equal(samples: Sequence[tuple[SMOTDataSample, SMOTDataSample]]) -> list[str]:
    """How much of what is said at the end is said early too."""
    captions = [0, 0]
    interactions = [0, 0]
    video_captions = 0
    for early, late in samples:
        early_captions = early.pred_captions
        for track_id, text in late.pred_captions.items():
            captions[0] += early_captions.get(track_id) == text
            captions[1] += 1
        rows = [_rows(sample.pred_interactions) for sample in (early, late)]
        interactions[0] += len(rows[0] & rows[1])
        interactions[1] += len(rows[1])
        video_captions += early.pred_video_caption == late.pred_video_caption
    return [
        f'captions that are the same: {captions[0]} of {captions[1]}',
        f'interactions: {interactions[0]} of {interactions[1]}',
        f'video captions: {video_captions} of {len(samples)}',
    ]


def _rows(table: Interactions) -> set[tuple[int, int, str]]:
    return {(*pair, verb) for pair, verbs in table.as_pairs().items() for verb in verbs}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='a SynSMOT folder')
    parser.add_argument('--split', default='test')
    parser.add_argument('--config', default='smoter/smoter_tiny_synsmot')
    parser.add_argument('--checkpoint', help='by default what comes with the package')
    parser.add_argument('--videos', type=count_arg, default=7)
    parser.add_argument('--clips', type=count_arg, default=14, help='of each video')
    parser.add_argument('--seed', type=seed_arg, default=0, help='which clips')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    videos = join_clips(args)
    model = SMOTInferencer(args.config, args.checkpoint).model
    pairs = []
    for video in videos:
        pairs.append((predict(model, video, True), predict(model, video, False)))
        print(f'{video.name}: {video.offsets[-1]} frames', flush=True)
    print('\n'.join(num_equal(pairs)))
    for name, column in zip(('early', 'late'), zip(*pairs, strict=True), strict=True):
        scores = smot_report_headline(score_saved_predictions(column, ('strict',)))
        names = ('track/HOTA', 'strict/instance_CIDEr', 'strict/interaction_F1')
        print(name, ', '.join(f'{n} {scores[n]:.3f}' for n in names if n in scores))


if __name__ == '__main__':
    run_tool(main)
