"""What a tracker may be built with: wrong arguments end where it is built."""

from __future__ import annotations

import inspect
from functools import partial

import numpy as np
import pytest

from mmsmot.models.trackers import (
    OCSORT,
    SORT,
    AppearanceByteTrack,
    BoTSORT,
    ByteTrack,
    DeepOCSORT,
    DeepSORT,
    StrongSORT,
    TrajectoryFile,
)
from mmsmot.models.trackers.camera_motion import ECC, SparseOpticalFlow
from mmsmot.structures import Detections

PARTS = (
    SORT,
    ByteTrack,
    AppearanceByteTrack,
    OCSORT,
    DeepSORT,
    StrongSORT,
    BoTSORT,
    DeepOCSORT,
    ECC,
    SparseOpticalFlow,
)
NUMBERS = [
    (part, name)
    for part in PARTS
    for name, parameter in inspect.signature(part).parameters.items()
    if name != 'camera_motion'
]


@pytest.mark.parametrize(
    ('part', 'name'), NUMBERS, ids=lambda value: getattr(value, '__name__', value)
)
def test_no_argument_takes_nan_infinity_or_text(part: type, name: str) -> None:
    for value in (float('nan'), float('inf'), '0.5', [1]):
        with pytest.raises(ValueError, match=f'^{part.__name__}: {name} must be '):
            part(**{name: value})


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (
            partial(SORT, max_age=-5),
            'SORT: max_age must be a whole number of 0 or more',
        ),
        (partial(SORT, max_age=1.5), 'SORT: max_age must be a whole number'),
        (partial(SORT, min_hits=-1), 'SORT: min_hits must be'),
        (partial(SORT, iou_threshold=7), 'SORT: iou_threshold must be .* from 0 to 1'),
        (partial(OCSORT, iou_threshold=7), 'OCSORT: iou_threshold must be'),
        (partial(OCSORT, delta_t=0), 'OCSORT: delta_t must be .* 1 or more, got 0'),
        (partial(OCSORT, use_byte=1), 'OCSORT: use_byte must be one of True, False'),
        (partial(ByteTrack, match_threshold=1.1), 'ByteTrack: match_threshold must be'),
        (
            partial(ByteTrack, second_match_threshold=-0.1),
            'second_match_threshold must',
        ),
        (partial(ByteTrack, tentative_match_threshold=2), 'tentative_match_threshold'),
        (partial(ByteTrack, duplicate_threshold=-1), 'duplicate_threshold must be'),
        (partial(ByteTrack, track_buffer=-1), 'ByteTrack: track_buffer must be'),
        (partial(ByteTrack, frame_rate=0), 'ByteTrack: frame_rate must be .* above 0'),
        (partial(ByteTrack, pixel_offset=-1), 'ByteTrack: pixel_offset must be'),
        (partial(ByteTrack, low_threshold=0.7), 'low_threshold must be at most track_'),
        (
            partial(AppearanceByteTrack, max_cosine_distance=0),
            'max_cosine_distance must',
        ),
        (partial(AppearanceByteTrack, alpha=1.1), 'AppearanceByteTrack: alpha must be'),
        (partial(AppearanceByteTrack, reach=-1), 'AppearanceByteTrack: reach must be'),
        (partial(DeepSORT, nn_budget=0), 'DeepSORT: nn_budget must be .* 1 or more'),
        (partial(DeepSORT, max_cosine_distance=2.5), 'max_cosine_distance must be'),
        (partial(DeepSORT, max_age=-1), 'DeepSORT: max_age must be'),
        (partial(DeepSORT, gating_threshold=0), 'DeepSORT: gating_threshold must be'),
        (partial(StrongSORT, appearance_weight=1.5), 'appearance_weight must be'),
        (partial(StrongSORT, noise_power=-1), 'StrongSORT: noise_power must be'),
        (
            partial(BoTSORT, proximity_threshold=1.1),
            'BoTSORT: proximity_threshold must',
        ),
        (partial(BoTSORT, appearance_threshold=-0.1), 'appearance_threshold must be'),
        (partial(BoTSORT, with_reid='yes'), 'with_reid must be one of True, False'),
        (partial(BoTSORT, low_threshold=0.7), 'BoTSORT: low_threshold must be at most'),
        (partial(DeepOCSORT, appearance_weight=-1), 'appearance_weight must be'),
        (partial(DeepOCSORT, max_weight_boost=-1), 'DeepOCSORT: max_weight_boost must'),
        (partial(DeepOCSORT, alpha=1.5), 'DeepOCSORT: alpha must be'),
        (partial(ECC, height=0), 'ECC: height must be a whole number of 1 or more'),
        (
            partial(SORT, class_agnostic='no'),
            'class_agnostic must be one of True, False',
        ),
        (
            partial(TrajectoryFile, path='a/{nme}.txt'),
            'only {name} and {path} can',
        ),
        (partial(TrajectoryFile, path='a/{}.txt'), 'only {name} and {path} can'),
        (partial(TrajectoryFile, path=3), 'TrajectoryFile: path must be text'),
    ],
)
def test_out_of_range(build: partial, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_a_camera_motion_is_a_part_or_its_config() -> None:
    with pytest.raises(TypeError, match="SORT: camera_motion must be .* got 'ECC'"):
        SORT(camera_motion='ECC')
    assert isinstance(SORT(camera_motion=dict(type='ECC')).camera_motion, ECC)


# Each default decides scores that were published or measured.
BYTE_DEFAULTS = dict(
    track_threshold=0.6,
    low_threshold=0.1,
    birth_threshold=0.7,
    match_threshold=0.8,
    second_match_threshold=0.5,
    tentative_match_threshold=0.7,
    duplicate_threshold=0.15,
    max_time_lost=30,
    fuse_score=True,
    report_detections=False,
    pixel_offset=1.0,
)
DEFAULTS = {
    SORT: dict(max_age=1, min_hits=3, iou_threshold=0.3, score_threshold=0.0),
    ByteTrack: BYTE_DEFAULTS,
    AppearanceByteTrack: BYTE_DEFAULTS
    | dict(
        max_cosine_distance=0.4,
        appearance_weight=0.6,
        reach=1.8,
        min_height_ratio=0.7,
    ),
    OCSORT: dict(
        score_threshold=0.6,
        low_threshold=0.1,
        max_age=30,
        min_hits=3,
        iou_threshold=0.3,
        delta_t=3,
        inertia=0.2,
        use_byte=False,
    ),
    DeepSORT: dict(
        min_confidence=0.3,
        max_cosine_distance=0.2,
        max_iou_distance=0.7,
        max_age=30,
        n_init=3,
        gating_threshold=9.4877,
    ),
    StrongSORT: dict(
        min_confidence=0.6,
        max_cosine_distance=0.45,
        appearance_weight=0.98,
        noise_power=1.0,
        max_iou_distance=0.7,
        max_age=30,
        n_init=3,
        gating_threshold=9.4877,
    ),
    BoTSORT: BYTE_DEFAULTS
    | dict(with_reid=False, proximity_threshold=0.5, appearance_threshold=0.25),
    DeepOCSORT: dict(
        score_threshold=0.6,
        max_age=30,
        min_hits=3,
        iou_threshold=0.3,
        delta_t=3,
        inertia=0.2,
        use_byte=False,
        appearance_weight=0.75,
        max_weight_boost=0.5,
    ),
    ECC: dict(height=270, max_iterations=50, epsilon=1e-4),
    SparseOpticalFlow: dict(height=270, max_corners=400, min_corners=12),
}


@pytest.mark.parametrize('part', DEFAULTS, ids=lambda part: part.__name__)
def test_defaults(part: type) -> None:
    built = part()
    assert {name: getattr(built, name) for name in DEFAULTS[part]} == DEFAULTS[part]
    if part not in (ECC, SparseOpticalFlow):
        assert built.class_agnostic is False and built.camera_motion is None


def test_defaults_of_what_is_remembered_of_looks() -> None:
    assert DeepSORT()._gallery.budget == 100
    assert StrongSORT()._gallery.alpha == AppearanceByteTrack()._gallery.alpha == 0.9
    assert (BoTSORT()._gallery.alpha, DeepOCSORT()._gallery.alpha) == (0.9, 0.95)


@pytest.mark.parametrize(
    'build',
    [
        partial(SORT, score_threshold=0.5),
        partial(DeepSORT, min_confidence=0.5, n_init=1),
        partial(StrongSORT, min_confidence=0.5, n_init=1),
    ],
    ids=lambda build: build.func.__name__,
)
def test_a_score_at_the_threshold_is_looked_at(build: partial) -> None:
    for score, count in ((0.5, 1), (0.499, 0)):
        detections = Detections([[10, 10, 50, 90]], [score], None, [[1.0, 0.0]])
        assert len(build().update(detections)) == count


def test_what_is_near_for_appearance() -> None:
    """Boxes 80 and 60 high: a reach of 1.8 is 126 pixels between the centres."""
    tracker = AppearanceByteTrack()
    boxes = np.array([[0.0, 0, 40, 80]])
    others = np.array([[0.0, 10, 40, 70]] * 3) + [
        [126, 0] * 2,
        [127, 0] * 2,
        [0, 126] * 2,
    ]
    low = np.array([[0.0, 12, 40, 68], [0, 12, 40, 67.9]])  # .7 as high, and less
    assert tracker._are_near(boxes, others).tolist() == [[True, False, True]]
    assert tracker._are_near(boxes, low).tolist() == [[True, False]]
    half = np.array([[126.5, 9.5, 166.5, 70.5]])  # 61 high: 126.9 pixels
    assert tracker._are_near(boxes, half).tolist() == [[True]]
