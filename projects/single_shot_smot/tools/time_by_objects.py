"""Measure the time of a frame against the number of objects.

    python projects/single_shot_smot/tools/time_by_objects.py --plot time_by_objects.png

SMOT, SORT and ByteTrack follow made up objects that walk over a grid of anchors; beside
them stands the SSD's pass, which does not depend on the objects. Tracktor runs its
network: every object is a box of the second stage and an embedding. Weights do not matter
for the time, and none are read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from typing import Any

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import cv2
    import numpy as np
    import torch
    from matplotlib.figure import Figure

    from mmsmot.engine import load_config
    from mmsmot.models.detectors import BaseDetector
    from mmsmot.models.detectors.base import RawDetections
    from mmsmot.models.estimators import BaseEstimator
    from mmsmot.models.trackers import SORT, ByteTrack
    from mmsmot.registry import MODELS
    from mmsmot.structures import Detections, Frame, VideoInfo, pairwise_iou
    from mmsmot.utils.atomic import atomic_path
    from projects.single_shot_smot.single_shot_tracker import SingleShotTracker
    from projects.single_shot_smot.table_runner import SSD, TRACKTOR
    from projects.single_shot_smot.trained_model import project_config

SIDE = 1920  # pixels
SIZE = np.array([30, 70])  # of an object
ANCHORS_OF_OBJECT = 2  # with a score above .1; SSDLite on PETS09-S2L1 has 2.1
VIDEO = VideoInfo(name='crowd', path='crowd')


class CrowdDetector(BaseDetector):
    """N objects on a lattice that shifts by 2 pixels a frame, 2,000 anchors.

    Args:
        num_objects: N.
        num_anchors: A, about as many as SSDLite has.
    """

    fingerprint = 'crowd'

    def __init__(self, num_objects: int, num_anchors: int = 2000) -> None:
        rng = np.random.default_rng(0)
        columns = int(np.ceil(np.sqrt(num_objects)))
        corners = np.stack(np.divmod(np.arange(num_objects), columns), axis=1)
        corners = corners * (SIDE - 100) / columns
        self.objects = np.concatenate([corners, corners + SIZE], axis=1)
        object_anchors = np.repeat(self.objects, ANCHORS_OF_OBJECT, axis=0)
        object_anchors = object_anchors + rng.normal(0, 4, object_anchors.shape)
        background = rng.uniform(0, SIDE, (num_anchors - len(object_anchors), 2))
        background_anchors = np.concatenate([background, background + SIZE], axis=1)
        self.anchors = np.concatenate([object_anchors, background_anchors])

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        return [self._raw(frame.frame_id) for frame in frames]

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        shift = [2.0 * frames[0].frame_id % 10, 0] * 2
        return [Detections(self.objects + shift, np.full(len(self.objects), 0.9))]

    def _raw(self, frame_id: int) -> RawDetections:
        objects = self.objects + [2.0 * frame_id % 10, 0] * 2
        overlaps = pairwise_iou(self.anchors, objects)
        best, iou = overlaps.argmax(axis=1), overlaps.max(axis=1)
        boxes = np.where(iou[:, None] > 0.3, objects[best], self.anchors)
        return RawDetections(boxes, np.where(iou > 0.3, iou, 0)[:, None], self.anchors)


def tracking_milliseconds(
    num_objects: int, num_frames: int, num_anchors: int
) -> dict[str, float]:
    """Median processor milliseconds a frame of each tracker, without a detector."""
    detector = CrowdDetector(num_objects)
    sequence = crowd_frames(num_frames)
    raw = [detector.raw([frame])[0] for frame in sequence]
    detections = [detector.detect([frame])[0] for frame in sequence]
    estimator = SingleShotTracker(
        detector=detector,
        anchors=dict(
            type='TrackingAnchors',
            num_anchors=num_anchors,
            closeness='diou',
            weigh_scores=True,
        ),
        motion=dict(type='IdentityMotion'),
        relative_keep=True,
        det_threshold=0.5,
        keep_threshold=0.1,
    )
    state = estimator.begin(VIDEO, (), needs=frozenset())
    sort, byte_track = SORT(), ByteTrack()
    rows = list(zip(sequence, raw, detections, strict=True))
    times = {
        'SMOT': median_ms(rows, lambda row: estimator._track(state, row[0], row[1])),
        'SORT': median_ms(rows, lambda row: sort.update(row[2])),
        'ByteTrack': median_ms(rows, lambda row: byte_track.update(row[2])),
    }
    if len(state.ids) != num_objects:
        raise RuntimeError(f'{len(state.ids)} of {num_objects} objects are tracked')
    return times


def ssd_milliseconds(num_frames: int) -> float:
    """Median processor milliseconds of the SSD's pass over an image."""
    detector = built(SSD, {}).detector
    return median_ms(image_frames(num_frames), lambda frame: detector.raw([frame]))


def tracktor_milliseconds(num_objects: int, num_frames: int) -> float:
    """Median processor milliseconds of Tracktor's frame, its network included.

    No track is lost and none begins, whatever the network says.
    """
    options = dict(keep_threshold=0.0, track_nms=1.0, det_threshold=1.0)
    estimator = built(TRACKTOR, {**options, 'camera_motion': None})
    frames = image_frames(num_frames)
    state = estimator.begin(VIDEO, (), needs=frozenset())
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, [280, 120], (num_objects, 2))
    boxes = np.concatenate([corners, corners + [25, 60]], axis=1)
    rows = state.append(Detections(boxes, np.ones(num_objects)), estimator.num_features)
    state.add_features(rows, estimator.reid.embed(frames[0].image, boxes))

    def step(frame: Frame) -> None:
        # An untrained network would move them out of the image.
        state.boxes = boxes.copy()
        estimator.step(state, [frame])

    time_ms = median_ms(frames, step)
    if len(state.ids) != num_objects:
        raise RuntimeError(f'{len(state.ids)} of {num_objects} objects are tracked')
    return time_ms


def built(name: str, options: dict[str, Any]) -> BaseEstimator:
    """The estimator of a config of the project, without weights."""
    options = {f'model.estimator.{key}': value for key, value in options.items()}
    config = load_config(project_config(name), options)
    return MODELS.build(config.model).eval().estimator


def crowd_frames(count: int) -> list[Frame]:
    """Frames of the crowd; their image is not looked at."""
    return frames_of_image(np.zeros((SIDE, SIDE, 3), np.uint8), count)


def image_frames(count: int) -> list[Frame]:
    """Frames of SynSMOT's size."""
    rng = np.random.default_rng(0)
    return frames_of_image(rng.integers(0, 256, (192, 320, 3), np.uint8), count)


def frames_of_image(image: np.ndarray, count: int) -> list[Frame]:
    """Frames of one image."""
    return [Frame(VIDEO, k, k / 30, lambda: image) for k in range(1, count + 1)]


def median_ms(rows: Sequence[Any], step: Callable[[Any], object]) -> float:
    """Median processor milliseconds of a step, without the first five."""
    times = []
    for row in rows:
        start = time.process_time()
        step(row)
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times[5:]))


def plot(rows: dict[int, dict[str, float]], path: str) -> None:
    """Draw milliseconds over objects, a line for each column."""
    figure = Figure(figsize=(6, 3.6), layout='constrained')
    axes = figure.add_subplot()
    for name in next(iter(rows.values())):
        axes.plot(list(rows), [row[name] for row in rows.values()], 'o-', label=name)
    axes.set_xlabel('objects')
    axes.set_ylabel('processor ms a frame')
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        '--objects', type=int, nargs='+', default=[10, 20, 50, 100, 200]
    )
    parser.add_argument('--frames', type=int, default=60)
    parser.add_argument('--num-anchors', type=int, default=3, help='K')
    parser.add_argument('--plot', help='image file')
    args = parser.parse_args()
    torch.set_num_threads(1)  # processor time is summed over threads
    cv2.setNumThreads(1)
    detector = ssd_milliseconds(args.frames)
    print(f'SSD: {detector:.2f} ms')
    rows = {}
    for count in args.objects:
        row = tracking_milliseconds(count, args.frames, args.num_anchors)
        cells = ', '.join(f'{name} {value:.2f} ms' for name, value in row.items())
        row = {f'SSD + {name}': value + detector for name, value in row.items()}
        row['Tracktor'] = tracktor_milliseconds(count, args.frames)
        print(
            f'{count} objects: {cells}; Tracktor with its network {row["Tracktor"]:.2f} ms'
        )
        rows[count] = row
    if args.plot:
        plot(rows, args.plot)


if __name__ == '__main__':
    run_tool(main)
