"""What the parts of MMTracking's configs are called here: a table, and who reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmtrack_detector import MMTrackPart, detector_part
from mmtrack_tracker import (
    FEATURE_MAPS,
    mmdet_tracker_with_motion,
    tracker_part,
    uses_appearance,
)

from mmsmot.models.post_processing import (
    AFLink,
    GaussianSmoothing,
    LinearInterpolation,
    MinTrackLength,
)

PIPELINES = (
    *('SORT', 'DeepSORT', 'ByteTrack', 'OCSORT', 'StrongSORT'),
    *('Tracktor', 'QDTrack'),
)
# Tasks of MMTracking that this toolbox does not have, by the model's type.
OTHER_TASKS = {
    **dict.fromkeys(
        ('SiamRPN', 'Stark', 'PrDiMP', 'MixFormer'),
        'follows one object that somebody points at (single object tracking)',
    ),
    **dict.fromkeys(
        ('DFF', 'FGFA', 'SELSA'),
        'detects objects in videos without identities (video object detection)',
    ),
    **dict.fromkeys(
        ('MaskTrackRCNN', 'Mask2Former', 'Mask2FormerVideo'),
        'segments objects in videos (video instance segmentation)',
    ),
}
REID = (
    'a ReID network here is an ONNX file (ONNXReID) that gives unit vectors, so that '
    'thresholds of old are others: export it, and write a config on '
    'two_stage/deepsort_yolox-nano or two_stage/strongsort_yolox-nano'
)
TRAINING = (
    *('optimizer', 'optimizer_config', 'lr_config', 'total_epochs', 'runner'),
    *('checkpoint_config', 'optim_wrapper', 'param_scheduler', 'fp16', 'custom_hooks'),
)
# What says nothing about tracking: slots of a model that need no row of their own.
SILENT_SLOTS = {
    *('type', 'detector', 'tracker', 'motion', 'kalman', 'reid', 'cmc', 'track_head'),
    *('data_preprocessor', 'pretrains', 'init_cfg', 'train_cfg', 'test_cfg'),
    *('frozen_modules', 'postprocess_model', '_scope_'),
}


def translate_tracking_config(config: dict, ours: bool = False) -> list[MMTrackPart]:
    """All parts of an old tracking config.

    Args:
        config: The config as a dict, with what it builds on.
        ours: Take this package's trackers, not mmdet's.

    Raises:
        ValueError: It is no tracking config, or not in MMTracking's form.
    """
    model = require_tracking_model(config)
    name = str(model.get('type'))
    is_pipeline = name in PIPELINES
    advice = f'its parts may have a name here, what {name} does with them has none'
    parts = [
        MMTrackPart(
            'model',
            name,
            'SMOT' if is_pipeline else None,
            notes=() if is_pipeline else (advice,),
        )
    ]
    with _read('tracker'):
        tracker = mmdet_tracker_with_motion(model)
    with _read('detector'):
        parts.append(detector_part(model, _test_pipeline(config)))
    with _read('tracker'):
        parts += [*_side_parts(model, tracker), tracker_part(tracker, model, ours)]
    with _read('interpolation or linking'):
        parts += _post_processing_parts(config)
    with _read('data'):
        parts += _data_parts(config)
    parts += [
        MMTrackPart(
            slot, _type_of(model[slot]), None, notes=('there is no such slot here',)
        )
        for slot in model
        if slot not in SILENT_SLOTS
    ]
    training = [key for key in TRAINING if config.get(key)]
    if training:
        note = f'{", ".join(training)}; tools/train.py trains a detector'
        parts.append(MMTrackPart('training', training[0], 'left out', notes=(note,)))
    return parts


@contextmanager
def _read(slot: str) -> Iterator[None]:
    """Name the part of a config that has another form than MMTracking's."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError) as error:
        cause = f'{type(error).__name__}: {error}'
        raise ValueError(
            f'its {slot} is not written as MMTracking has it ({cause})'
        ) from error


def require_tracking_model(config: dict) -> dict:
    """The model of a config.

    Raises:
        ValueError: It has none, is of another task, or of this package already.
    """
    model = config.get('model')
    if not isinstance(model, dict):
        raise ValueError('it has no model, so it is no tracking config')
    name = str(model.get('type'))
    if name == 'SMOT':
        raise ValueError("it is a config of this package already (type='SMOT')")
    if name in OTHER_TASKS:
        raise ValueError(
            f'its model {name} {OTHER_TASKS[name]}, which is not a task of this '
            'toolbox: it tracks several people and describes them'
        )
    if not isinstance(model.get('tracker'), dict):
        raise ValueError(
            f'its model {name} has no tracker, so it is no tracking config; a detector '
            "alone goes into model.detector:  dict(type='MMDetDetector', config=...)"
        )
    return model


def _side_parts(model: dict, tracker: dict) -> list[MMTrackPart]:
    """ReID network, camera motion and embedding head, where there are such."""
    parts = []
    if uses_appearance(tracker) or model.get('reid'):
        name = _type_of(model.get('reid') or {'type': 'nothing'})
        parts.append(MMTrackPart('reid', name, None, notes=(REID,)))
    motion = model.get('motion')
    for slot, part in (('cmc', model.get('cmc')), ('motion', motion)):
        if _type_of(part) == 'CameraMotionCompensation':
            note = (
                'SORT, OCSORT, ByteTrack, DeepSORT and StrongSORT of this package take it '
                "as camera_motion=dict(type='ECC'); mmdet's trackers here take none"
            )
            parts.append(
                MMTrackPart(slot, 'CameraMotionCompensation', None, notes=(note,))
            )
    if model.get('track_head'):
        name = _type_of(model['track_head'])
        parts.append(MMTrackPart('track_head', name, None, notes=(FEATURE_MAPS,)))
    return parts


def _post_processing_parts(config: dict) -> list[MMTrackPart]:
    """Interpolation and links, which MMTracking does before it scores."""
    link = config['model'].get('postprocess_model')
    parts = []
    for step in [link] * bool(link) + _post_processing_steps(config):
        name = step.get('type', 'InterpolateTracklets').rpartition('.')[2]
        reader = POST_PROCESSING.get(name)
        if reader is None:
            note = 'there is no such post-processing here'
            parts.append(MMTrackPart('post_processing', name, None, notes=(note,)))
            continue
        configs, notes = reader(step)
        names = ' + '.join(part['type'] for part in configs)
        parts.append(MMTrackPart('post_processing', name, names, configs, notes))
    return parts


def _post_processing_steps(config: dict) -> list[dict]:
    for evaluator in (config.get('test_evaluator'), config.get('val_evaluator')):
        for metric in evaluator if isinstance(evaluator, list) else [evaluator or {}]:
            if metric.get('postprocess_tracklet_cfg'):
                steps = metric['postprocess_tracklet_cfg']
                return steps if isinstance(steps, list) else [steps]
            if metric.get('interpolate_tracks_cfg'):
                return [metric['interpolate_tracks_cfg']]
    data = config.get('data') or {}
    for split in (data.get('test') or {}, data.get('val') or {}):
        for key in ('interpolate_tracklet', 'interpolate_tracks_cfg'):
            if isinstance(split, dict) and split.get(key):
                return [split[key]]
    return []


def _interpolation(step: dict) -> tuple[list[dict], tuple[str, ...]]:
    """MMTracking's rule in our parts.

    It drops tracks of one or two boxes, fills those of more than ``min_num_frames`` boxes,
    and of these the gaps whose ends are fewer than ``max_num_frames`` frames apart: two
    missed frames less.
    """
    configs = [{'type': MinTrackLength.__name__, 'min_frames': 3}]
    max_gap = step.get('max_num_frames', 20) - 2
    if max_gap >= 1:
        min_boxes = step.get('min_num_frames', 5) + 1
        name = LinearInterpolation.__name__
        configs.append({'type': name, 'max_gap': max_gap, 'min_boxes': min_boxes})
    notes = ['filled boxes get scores between their ends here, 1 there']
    if step.get('use_gsi'):
        tau = float(step.get('smooth_tau', 10))
        configs.append({'type': GaussianSmoothing.__name__, 'tau': tau})
        notes.append(
            'use_gsi: the same length scale, but around a straight line and with noise '
            'here, so that boxes differ a little'
        )
    return configs, tuple(notes)


def _link(step: dict) -> tuple[list[dict], tuple[str, ...]]:
    _, max_frames = step.get('temporal_threshold', (0, 30))
    config = {
        'type': AFLink.__name__,
        'weights': None,
        'max_gap': max_frames + 1,  # there up to it, here below it
        'max_distance': float(step.get('spatial_threshold', 75)),
        'min_probability': 0.8,  # of the weights that come along
    }
    threshold = step.get('confidence_threshold', 0.95)
    notes = (
        'the weights that come with this package, with their own min_probability; with '
        f'the old ones, a download of {step.get("checkpoint")}: weights=FILE, '
        f'min_probability={threshold}',
        'tracks that share a frame are never joined here',
    )
    return [config], notes


POST_PROCESSING = {
    'InterpolateTracklets': _interpolation,
    'AppearanceFreeLink': _link,
}


def _data_parts(config: dict) -> list[MMTrackPart]:
    """Where the sequences to test on lie."""
    dataset = _test_dataset(config)
    if not dataset:
        return []
    name = _type_of(dataset)
    if name != 'MOTChallengeDataset':
        note = 'name the data on the command line, in the layout of MOTChallenge: --data-root'
        return [MMTrackPart('data', name, 'left out', notes=(note,))]
    prefix = dataset.get('data_prefix') or {}
    folder = (
        dataset.get('img_prefix') or prefix.get('img_path') or prefix.get('img') or ''
    )
    root = str(dataset.get('data_root') or '')
    joined = f'{root.rstrip("/")}/{folder}' if root and folder else folder or root
    settings = {'data_root': joined.rstrip('/')} if joined else {}
    split = _half_of_sequences(str(dataset.get('ann_file')))
    notes = ()
    if split is not None:
        settings['split'] = split
        notes = (f'{dataset["ann_file"]}: the same frames of each sequence here',)
    written = {'dataset': settings} if settings else None
    return [MMTrackPart('data', name, 'MOTChallengeDataset', written, notes)]


def _half_of_sequences(ann_file: str) -> str | None:
    """MMTracking's half-val is all after frame T // 2 + 1 as well."""
    for old, new in (('half-train', 'train_half'), ('half-val', 'val_half')):
        if old in ann_file:
            return new
    return None


def _test_dataset(config: dict) -> dict:
    data = config.get('data') or {}
    loaders = (config.get('test_dataloader'), config.get('val_dataloader'))
    datasets = [data.get('test'), data.get('val')]
    datasets += [(loader or {}).get('dataset') for loader in loaders]
    return next((dataset for dataset in datasets if isinstance(dataset, dict)), {})


def _test_pipeline(config: dict) -> list[dict] | None:
    return _test_dataset(config).get('pipeline') or config.get('test_pipeline')


def _type_of(part: Any) -> str:
    name = part.get('type') if isinstance(part, dict) else part
    return str(name).rpartition('.')[2]
