"""A tracker of MMTracking: mmdet's class of today, or the one of this package."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mmtrack_detector import MMTrackPart, registered_in_mmdet

from mmsmot.models.trackers import OCSORT, SORT, ByteTrack

# Today's class of mmdet for a tracker's old name.
MMDET_TRACKERS = {
    'SortTracker': 'SORTTracker',
    'SORTTracker': 'SORTTracker',
    'ByteTracker': 'ByteTracker',
    'OCSORTTracker': 'OCSORTTracker',
    'StrongSORTTracker': 'StrongSORTTracker',
}
ELSEWHERE = 'run it there and give its tracks to TrajectoryFile'
FEATURE_MAPS = (
    'it compares feature maps of the network that it was trained with, and a tracker '
    f'here is given detections; mmdet 3.1 and later still has it: {ELSEWHERE}'
)
NO_TRACKERS = {
    'TracktorTracker': (
        "it moves boxes by the second stage of the detector's own head, and a tracker "
        f'here is given detections: {ELSEWHERE}, or take SORT behind the same detector'
    ),
    **dict.fromkeys(
        ('QuasiDenseEmbedTracker', 'QuasiDenseTracker', 'QuasiDenseTAOTracker'),
        FEATURE_MAPS,
    ),
    'TAOTracker': FEATURE_MAPS,
    'MaskTrackRCNNTracker': FEATURE_MAPS,
}


@dataclass(frozen=True)
class OurTracker:
    """A tracker of this package for one of mmdet's.

    Attributes:
        kind: Its class.
        arguments: For each argument, how its value follows from mmdet's.
        notes: What differs, and what has no counterpart.
    """

    kind: type
    arguments: dict[str, Callable[[dict], Any]]
    notes: tuple[str, ...]


AT_ONCE = (
    'there a track is reported from its first box on; here as the authors do, from '
    'min_hits on'
)
OUR_TRACKERS: dict[str, OurTracker] = {
    'SORTTracker': OurTracker(
        SORT,
        {
            'iou_threshold': lambda old: old['match_iou_thr'],
            'score_threshold': lambda old: old['obj_score_thr'],
        },
        (AT_ONCE, 'num_tentatives and num_frames_retain do nothing there without reid'),
    ),
    'ByteTracker': OurTracker(
        ByteTrack,
        {
            'track_threshold': lambda old: old['obj_score_thrs']['high'],
            'low_threshold': lambda old: old['obj_score_thrs']['low'],
            'birth_threshold': lambda old: old['init_track_thr'],
            'match_threshold': lambda old: _iou_distance(old['match_iou_thrs']['high']),
            'second_match_threshold': lambda old: _iou_distance(
                old['match_iou_thrs']['low']
            ),
            'tentative_match_threshold': (
                lambda old: _iou_distance(old['match_iou_thrs']['tentative'])
            ),
            'fuse_score': lambda old: old['weight_iou_with_det_scores'],
            # There a track can be matched up to num_frames_retain frames after its
            # last, here one frame longer.
            'track_buffer': lambda old: old['num_frames_retain'] - 1,
        },
        (
            'init_track_thr: there only while there is no track, here always, as the '
            'authors do',
            'num_tentatives has no counterpart: the second box confirms a track, and '
            'only then it is reported',
        ),
    ),
    'OCSORTTracker': OurTracker(
        OCSORT,
        {
            'det_threshold': lambda old: old['obj_score_thr'],
            'iou_threshold': lambda old: old['match_iou_thr'],
            'max_age': lambda old: old['num_frames_retain'] - 1,
            'delta_t': lambda old: old['vel_delta_t'],
            'inertia': lambda old: old['vel_consist_weight'],
        },
        (
            AT_ONCE,
            'init_track_thr, weight_iou_with_det_scores and num_tentatives have no '
            'counterpart',
        ),
    ),
}


def _iou_distance(threshold: float) -> float:
    return round(1 - threshold, 9)  # 0.9, not 0.9000000000000001


def mmdet_tracker_with_motion(model: dict) -> dict:
    """The tracker as mmdet has it, with the Kalman filter inside."""
    tracker = copy.deepcopy(model['tracker'])
    tracker.pop('_scope_', None)
    if not tracker.get('init_cfg'):
        tracker.pop('init_cfg', None)
    motion = tracker.pop('motion', None) or model.get('kalman') or model.get('motion')
    if isinstance(motion, dict):
        motion = {('use_nsa' if key == 'nsa' else key): motion[key] for key in motion}
        tracker['motion'] = motion
    tracker['type'] = str(tracker.get('type')).rpartition('.')[2]
    return tracker


def uses_appearance(tracker: dict) -> bool:
    name = MMDET_TRACKERS.get(tracker['type'])
    by_default = name in ('SORTTracker', 'StrongSORTTracker')
    return by_default and tracker.get('reid', True) is not None


def tracker_part(tracker: dict, model: dict, ours: bool) -> MMTrackPart:
    old_name = tracker['type']
    name = MMDET_TRACKERS.get(old_name)
    if name is None:
        unknown = (
            'neither MMTracking nor mmdet has such a tracker; one of your own becomes a '
            'BaseTracker of this package (README, "Plug in your own tracker")'
        )
        reason = NO_TRACKERS.get(old_name, unknown)
        return MMTrackPart('tracker', old_name, None, notes=(reason,))
    defaults = _defaults_of(name)
    unknown_keys = [key for key in tracker if key not in defaults and key != 'type']
    motion = tracker.get('motion') or {}
    problems = [f'{name} of mmdet takes no {key}' for key in unknown_keys]
    if motion.get('type', '').rpartition('.')[2] != 'KalmanFilter':
        problems.append(
            f"{name} wants a Kalman filter, motion=dict(type='KalmanFilter'), and the "
            f'motion here is {motion.get("type", "nothing")}'
        )
    if problems:
        return MMTrackPart('tracker', old_name, None, notes=tuple(problems))
    if ours:
        return _our_tracker_part(old_name, name, {**defaults, **tracker})
    order = ('type', '_scope_', 'motion')
    arguments = {**tracker, 'type': name, '_scope_': 'mmdet'}
    inner = {key: arguments[key] for key in (*order, *tracker)}
    notes = [
        "mmdet 3's class as it is; it needs:  pip install 'mmsmot[mmdet-trackers]'"
    ]
    if _num_classes(model) != 1:
        notes.append(
            'mmdet 3 matches boxes of one class only; MMTracking 0.x did not always'
        )
    config = {'type': 'MMDetTracker', 'tracker': inner}
    return MMTrackPart(
        'tracker', old_name, f'MMDetTracker({name})', config, tuple(notes)
    )


def _our_tracker_part(old_name: str, name: str, old: dict) -> MMTrackPart:
    tracker = OUR_TRACKERS.get(name)
    if tracker is None or uses_appearance({**old, 'type': name}):
        note = 'the thresholds of DeepSORT and StrongSORT here are of cosine distances'
        return MMTrackPart('tracker', old_name, None, notes=(note,))
    values = {key: value(old) for key, value in tracker.arguments.items()}
    config = {'type': tracker.kind.__name__, **values}
    return MMTrackPart(
        'tracker', old_name, tracker.kind.__name__, config, tracker.notes
    )


def _defaults_of(name: str) -> dict[str, Any]:
    """The arguments of a tracker of mmdet and of its bases, with their defaults."""
    kind = registered_in_mmdet(name)
    return {
        key: parameter.default
        for base in reversed(kind.__mro__)
        if '__init__' in vars(base)
        for key, parameter in inspect.signature(base.__init__).parameters.items()
        if key not in ('self', 'args', 'kwargs')
    }


def _num_classes(model: dict) -> int | None:
    detector = model.get('detector') or {}
    roi_head = detector.get('roi_head') or {}
    for head in (detector.get('bbox_head'), roi_head.get('bbox_head')):
        if isinstance(head, dict) and 'num_classes' in head:
            return head['num_classes']
    return None
