"""BoT-SORT and Deep OC-SORT against slow references written from their description.

There are no recordings of the authors' own runs here. Both trackers were once compared with
the authors' code on crowds as below (still, panning, rolling and zooming cameras, with and
without appearance): equal at 1e-6 px, Deep OC-SORT but for what its docstring names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from mmsmot.models.trackers import BaseTracker, BoTSORT, DeepOCSORT
from mmsmot.models.trackers.camera_motion import CameraMotion
from mmsmot.models.trackers.coupled_filter import coupled_covariances
from mmsmot.models.trackers.kalman_filter import MEAN, VELOCITY
from mmsmot.structures import Detections, Frame, VideoInfo, warp_boxes

from .reference_bot_sort import ReferenceBoTSORT
from .reference_deep_oc_sort import ReferenceDeepOCSORT
from .same_tracks import assert_same_tracks

STILL = np.broadcast_to(np.eye(2, 3), (300, 2, 3))
PLACE = np.array([500.0, 300.0])
FRAME = Frame(VideoInfo('moving', ''), 1, 0.0, lambda: np.zeros((1, 1, 3), np.uint8))


class ScriptedMotion(CameraMotion):
    """Knows how the camera moved."""

    def __init__(self, affines: np.ndarray) -> None:
        self.affines = affines
        super().__init__()

    def reset(self) -> None:
        self.count = 0

    def estimate(self, frame: np.ndarray) -> np.ndarray:
        self.count += 1
        return self.affines[self.count - 1]

    def _register(self, previous, gray): ...


def walking_people(seed: int, num_people: int, num_frames: int) -> list[Detections]:
    """A crowd with misses, weak scores, ghosts, gaps of some frames, and looks.

    People are many in a small place and dressed much alike, so that no cue decides alone.
    """
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, PLACE, (num_people, 2))
    velocity = rng.normal(0, 4, (num_people, 2))
    size = rng.uniform([25, 60], [60, 160], (num_people, 2))
    looks = 0.6 + rng.normal(0, 0.5, (num_people, 16))
    hidden = np.zeros(num_people, int)  # frames that it still is
    video = []
    for _ in range(num_frames):
        centre = centre + velocity + rng.normal(0, 1, centre.shape)
        velocity[(centre < 0) | (centre > PLACE)] *= -1
        hidden = np.maximum(hidden - 1, 0)
        hides = rng.random(num_people) < 0.03
        hidden[hides] = rng.integers(2, 40, hides.sum())
        is_seen = (hidden == 0) & (rng.random(num_people) > 0.05)
        ghosts = rng.uniform(0, PLACE, (rng.poisson(0.5), 2))
        middle = np.concatenate([centre[is_seen], ghosts])
        half_sizes = np.concatenate([size[is_seen], np.full(ghosts.shape, 40.0)]) / 2
        boxes = np.concatenate([middle - half_sizes, middle + half_sizes], axis=1)
        boxes += rng.normal(0, 3, boxes.shape)
        is_weak = rng.random(len(boxes)) < 0.2
        low, high = rng.uniform([[0.05], [0.6]], [[0.6], [1.0]], (2, len(boxes)))
        vectors = np.concatenate([looks[is_seen], rng.normal(size=(len(ghosts), 16))])
        vectors += rng.normal(0, 0.5, vectors.shape)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        scores = np.where(is_weak, low, high)
        video.append(Detections(boxes, scores, None, vectors.astype(np.float32)))
    return video


def moving_camera(seed: int, num_frames: int) -> np.ndarray:
    """(T, 2, 3) pans, rolls and zooms from one frame to the next."""
    rng = np.random.default_rng(seed)
    angle, zoom = rng.normal(0, 0.02, num_frames), rng.normal(1, 0.01, num_frames)
    affines = np.zeros((num_frames, 2, 3))
    affines[:, 0, 0] = affines[:, 1, 1] = zoom * np.cos(angle)
    affines[:, 1, 0] = zoom * np.sin(angle)
    affines[:, 0, 1] = -affines[:, 1, 0]
    affines[:, :, 2] = rng.normal(0, 8, (num_frames, 2))
    return affines


def seen_by(video: list[Detections], affines: np.ndarray) -> list[Detections]:
    """What a camera that moves so sees of the same people."""
    camera, moved = np.eye(3), []
    for detections, affine in zip(video, affines, strict=True):
        camera = np.vstack([affine, [0, 0, 1]]) @ camera
        boxes = warp_boxes(detections.boxes, camera[:2])
        moved.append(Detections(boxes, detections.scores, None, detections.embeddings))
    return moved


def fast_run(tracker: BaseTracker, video: list[Detections]) -> tuple[np.ndarray, list]:
    """Rows (frame, id, box), and what is known of all tracks after each frame."""
    rows, memory = [], []
    for frame_id, detections in enumerate(video, start=1):
        tracks = tracker.update(detections, FRAME)
        frame = np.full(len(tracks), frame_id)
        rows.append(np.column_stack([frame, tracks.ids, tracks.boxes]))
        memory.append(memory_of(tracker))
    return np.concatenate(rows), memory


def memory_of(tracker: BaseTracker) -> np.ndarray:
    """(N, F) means, coupled_covariances, looks and directions of all tracks, left to right."""
    state = tracker._tracks.state
    num_tracks = state.shape[1]
    matrix = np.zeros((num_tracks, 8, 8))
    for pair, part in enumerate(coupled_covariances(state).swapaxes(0, 1)):
        places = 2 * pair + np.array([0, 1, 4, 5])
        matrix[:, places[:, None], places] = part
    looks = np.zeros((num_tracks, 0))
    if getattr(tracker, 'with_reid', True) and num_tracks:
        looks = tracker._gallery._vectors[tracker._tracks.rows['slot'], 0]
    means = np.concatenate([state[MEAN], state[VELOCITY]], axis=1)
    parts = [means, matrix.reshape(num_tracks, -1), looks]
    if isinstance(tracker, DeepOCSORT):
        parts.append(tracker._tracks.rows['direction'])
    return left_to_right(parts)


def slow_run(
    reference, video: list[Detections], affines: np.ndarray
) -> tuple[np.ndarray, list]:
    """The same of a reference."""
    rows, memory = [], []
    for frame_id, (detections, affine) in enumerate(
        zip(video, affines, strict=True), 1
    ):
        looks = detections.embeddings
        looks = None if looks is None else looks.astype(np.float64)
        shown = reference.update(detections.boxes, detections.scores, looks, affine)
        rows += [[frame_id, track.id, *track.box] for track in shown]
        parts = [track.memory() for track in reference.all_tracks()]
        parts = [np.array(column) for column in zip(*parts, strict=True)]
        memory.append(left_to_right(parts or [np.empty((0, 1))]))
    return np.array(rows), memory


def left_to_right(parts: list[np.ndarray]) -> np.ndarray:
    table = np.concatenate(parts, axis=1)
    return table[np.argsort(table[:, 0])]


def assert_same(fast, slow, video: list[Detections], affines: np.ndarray) -> None:
    tracker = fast(class_agnostic=True, camera_motion=ScriptedMotion(affines))
    expected, expected_memory = slow_run(slow(), video, affines)
    tracks, memory = fast_run(tracker, video)
    assert_same_tracks(tracks, expected, atol=1e-6)
    for looks, expected_looks in zip(memory, expected_memory, strict=True):
        assert len(looks) == len(expected_looks)
        if len(looks):  # looks are float32
            np.testing.assert_allclose(looks, expected_looks, rtol=1e-5, atol=1e-5)


CASES: dict[str, tuple[Callable, Callable]] = {
    'BoT-SORT': (BoTSORT, partial(ReferenceBoTSORT, with_reid=False)),
    'BoT-SORT-ReID': (
        partial(BoTSORT, with_reid=True),
        partial(ReferenceBoTSORT, with_reid=True),
    ),
    'BoT-SORT-ReID, no scores': (
        partial(BoTSORT, with_reid=True, fuse_score=False, match_threshold=0.7),
        partial(ReferenceBoTSORT, with_reid=True, fuse_score=False, match_thresh=0.7),
    ),
    'Deep OC-SORT': (DeepOCSORT, ReferenceDeepOCSORT),
    'Deep OC-SORT, DanceTrack': (
        partial(DeepOCSORT, appearance_weight=1.25, max_weight_boost=1.0),
        partial(ReferenceDeepOCSORT, a_w=1.25, epsilon=1.0),
    ),
}
every_case = pytest.mark.parametrize(('fast', 'slow'), CASES.values(), ids=CASES)


@every_case
@pytest.mark.parametrize('seed', range(2))
def test_a_still_camera(fast, slow, seed: int) -> None:
    video = walking_people(seed, num_people=12, num_frames=80)
    assert_same(fast, slow, video, STILL[:80])


@every_case
@pytest.mark.parametrize('seed', range(2))
def test_a_camera_that_pans_rolls_and_zooms(fast, slow, seed: int) -> None:
    affines = moving_camera(seed, num_frames=80)
    video = seen_by(walking_people(seed, num_people=12, num_frames=80), affines)
    assert_same(fast, slow, video, affines)


STREAMS = {
    'N10': ['BoT-SORT'],
    'TUD-Campus': ['BoT-SORT'],
    'emb_N10': ['BoT-SORT-ReID', 'Deep OC-SORT'],
}


@pytest.mark.parametrize(
    ('stream', 'case'), [(s, c) for s, cases in STREAMS.items() for c in cases]
)
def test_recorded_streams(stream: str, case: str, goldens: Path) -> None:
    arrays = dict(np.load(goldens / f'stream_{stream}.npz'))
    ends = np.cumsum(arrays['n'])
    values = arrays['d'].astype(np.float64)
    video = [
        Detections(
            values[start:end, :4],
            values[start:end, 4],
            None,
            arrays['emb'][start:end] if 'emb' in arrays else None,
        )
        for start, end in zip((ends - arrays['n'])[:100], ends[:100], strict=True)
    ]
    assert_same(*CASES[case], video, STILL[: len(video)])
