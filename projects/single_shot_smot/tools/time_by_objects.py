"""Measure the time of re-detection against the number of objects.

The detector's part does not depend on them; this is what comes after it: anchors, NMS,
new detections. Its raw answers are made up: objects that walk over a grid of anchors.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.detectors.base import RawDetections
from mmsmot.models.trackers import SORT, ByteTrack
from mmsmot.structures import Detections, Frame, VideoInfo, pairwise_iou
from projects.single_shot_smot.single_shot_tracker import SingleShotTracker

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
        places = np.stack(np.divmod(np.arange(num_objects), columns), axis=1)
        places = places * (SIDE - 100) / columns
        self.objects = np.concatenate([places, places + SIZE], axis=1)
        near = np.repeat(self.objects, ANCHORS_OF_OBJECT, axis=0)
        near = near + rng.normal(0, 4, near.shape)
        corner = rng.uniform(0, SIDE, (num_anchors - len(near), 2))
        elsewhere = np.concatenate([corner, corner + SIZE], axis=1)
        self.anchors = np.concatenate([near, elsewhere])

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


def milliseconds(
    num_objects: int, num_frames: int, num_anchors: int
) -> dict[str, float]:
    """Median processor milliseconds a frame of each tracker."""
    detector = CrowdDetector(num_objects)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    sequence = [
        Frame(VIDEO, k, k / 30, lambda: image) for k in range(1, num_frames + 1)
    ]
    answers = [detector.raw([frame])[0] for frame in sequence]
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
    times = {'re-detection': [], 'SORT': [], 'ByteTrack': []}
    trackers = {'SORT': SORT(), 'ByteTrack': ByteTrack()}
    for frame, raw, frame_detections in zip(sequence, answers, detections, strict=True):
        start = time.process_time()
        estimator._track(state, frame, raw)
        times['re-detection'].append(time.process_time() - start)
        for name, tracker in trackers.items():
            start = time.process_time()
            tracker.update(frame_detections)
            times[name].append(time.process_time() - start)
    if len(state.ids) != num_objects:
        raise RuntimeError(f'{len(state.ids)} of {num_objects} objects are tracked')
    return {name: 1000 * float(np.median(values[5:])) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--objects', type=int, nargs='+', default=[10, 20, 50, 100, 200]
    )
    parser.add_argument('--frames', type=int, default=100)
    parser.add_argument('--num-anchors', type=int, default=3, help='K')
    args = parser.parse_args()
    for num_objects in args.objects:
        row = milliseconds(num_objects, args.frames, args.num_anchors)
        cells = ', '.join(f'{name} {value:.2f} ms' for name, value in row.items())
        print(f'{num_objects} objects: {cells}')


if __name__ == '__main__':
    main()
