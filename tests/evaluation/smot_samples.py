"""Small made-up videos with all of SMOT's labels."""

from __future__ import annotations

import numpy as np

from mmsmot.structures import Interactions, SMOTDataSample, Trajectories, VideoInfo


def boxes_at(left: float, num_frames: int) -> np.ndarray:
    """A box 10 wide and 20 high that stands still."""
    return np.tile([left, 0.0, left + 10, 20], (num_frames, 1))


def trajectories(num_frames: int = 4, **lefts: float) -> Trajectories:
    """``i3=50.0`` is id 3 with its left edge at 50 px in every frame."""
    ids = [int(name[1:]) for name in lefts]
    frames = np.tile(np.arange(1, num_frames + 1), len(ids))
    boxes = [boxes_at(left, num_frames) for left in lefts.values()]
    return Trajectories(frames, np.repeat(ids, num_frames), np.concatenate(boxes))


def interactions(*rows: tuple) -> Interactions:
    """Rows of subject, object, verb and, for predictions, score."""
    if not rows:
        return Interactions.empty()
    columns = list(zip(*rows, strict=True))
    scores = columns[3] if len(columns) > 3 else None
    return Interactions(columns[0], columns[1], list(columns[2]), scores=scores)


def sample(name: str = 'video', **fields) -> SMOTDataSample:
    """A sample of four frames."""
    video = VideoInfo(name, f'/videos/{name}')
    result = SMOTDataSample(metainfo={'video': video, 'frame_ids': np.arange(1, 5)})
    result.set_data(fields)
    return result


def worked_example() -> SMOTDataSample:
    """Three true people; two found, one missed, one invented, one found twice.

    Truth 1, 2, 3 at 0, 100, 200. Predicted 11 on 1, 12 on 2, 14 on nobody, and 15 on 1
    in one frame of four. 1 follows 2; 3 looks at 1.
    """
    doubled = trajectories(i11=0.0, i12=100.0, i14=400.0)
    short = trajectories(1, i15=2.0)
    return sample(
        gt_trajectories=trajectories(i1=0.0, i2=100.0, i3=200.0),
        gt_captions={1: 'A man walks.', 2: 'A woman runs.', 3: 'A boy sits.'},
        gt_interactions=interactions((1, 2, 'follow.v.01'), (3, 1, 'look.v.01')),
        gt_video_caption='Three people are in a park.',
        pred_trajectories=doubled.concatenated(short),
        pred_captions={
            11: 'a man walks',
            12: 'a woman sits',
            14: 'a dog barks',
            15: 'a man walks',
        },
        pred_interactions=interactions(
            (11, 12, 'follow.v.01', 0.9),
            (11, 12, 'look.v.01', 0.5),
            (12, 11, 'follow.v.01', 0.6),
            (14, 11, 'look.v.01', 0.7),
            (12, 14, 'look.v.01', 0.2),
        ),
        pred_video_caption='three people are in a park',
    )


def perfect(name: str, *captions: str) -> SMOTDataSample:
    """A video whose prediction is its truth, one person a caption, each follows the
    next."""
    lefts = {f'i{i + 1}': 50.0 * i for i in range(len(captions))}
    pairs = [(i, i + 1, 'follow.v.01') for i in range(1, len(captions))]
    fields = {
        'trajectories': trajectories(**lefts),
        'captions': dict(enumerate(captions, 1)),
        'interactions': interactions(*pairs),
        'video_caption': f'{len(captions)} people are in the {name}.',
    }
    both = {f'{side}_{k}': v for k, v in fields.items() for side in ('gt', 'pred')}
    return sample(name, **both)
