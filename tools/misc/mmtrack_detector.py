"""A detector of mmdet 2.x, as MMTracking's configs hold it, as mmdet 3.x has it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mmsmot.utils.mmdet_bridge import import_mmdet, mmdet_scope


@dataclass(frozen=True)
class MMTrackPart:
    """One part of an old config.

    Attributes:
        slot: Where it stood: ``'detector'``.
        old_name: What it is in MMTracking.
        new_name: What it is here; ``None`` where there is nothing like it.
        config: What the new config says for it: a dict, or a list of them.
        notes: What else there is to know: arguments left out, what to do instead.
    """

    slot: str
    old_name: str
    new_name: str | None
    config: Any = None
    notes: tuple[str, ...] = ()


# Arguments of detectors that mmdet 3.x has elsewhere: what became of them.
LEFT_OUT = {
    'input_size': "the test pipeline's Resize has the size",
    'random_size_range': 'batch_augments of a data_preprocessor vary the size in training',
    'random_size_interval': 'batch_augments of a data_preprocessor vary the size in training',
}
# Steps that are done elsewhere by now, or only pack what a network gets.
PACKING = {
    *('Collect', 'VideoCollect', 'ImageToTensor', 'MultiImagesToTensor'),
    *('DefaultFormatBundle', 'SeqDefaultFormatBundle', 'ToTensor'),
    *('PackDetInputs', 'PackTrackInputs', 'ConcatVideoReferences', 'ToList'),
    *('LoadAnnotations', 'LoadTrackAnnotations'),
    *('RandomFlip', 'SeqRandomFlip'),  # at test time: only where flip=True says so
}
# Steps of several images at once that do what those of one image do.
SAME_STEP = {f'Seq{name}': name for name in ('Resize', 'Normalize', 'Pad')}
META_KEYS = ('img_id', 'ori_shape', 'img_shape', 'scale_factor')
PREPROCESSOR_KEYS = (
    *('mean', 'std', 'bgr_to_rgb', 'rgb_to_bgr'),
    *('pad_size_divisor', 'pad_value'),
)
# Their types are no parts of mmdet's registries.
NO_PARTS = {
    *('norm_cfg', 'act_cfg', 'conv_cfg', 'upsample_cfg', 'init_cfg', 'roi_layer'),
    *('train_cfg', 'test_cfg', 'dcn', 'plugins', 'data_preprocessor'),
}


def detector_part(model: dict, pipeline: list[dict] | None) -> MMTrackPart:
    """The detector of a tracking model with its test pipeline.

    Args:
        model: ``model`` of the old config.
        pipeline: Its test pipeline, where it has one.
    """
    detector = _without_scope(model.get('detector') or {})
    name = detector.get('type')
    if not isinstance(name, str):
        advice = (
            'model.detector has no type. Is a config that it builds on missing, or '
            '_base_ misspelled?'
        )
        return MMTrackPart('detector', 'nothing', None, notes=(advice,))
    left_out = [key for key in LEFT_OUT if detector.pop(key, None) is not None]
    notes = [f'{key} is left out: {LEFT_OUT[key]}' for key in left_out]
    weights = _take_weights(model, detector)
    if weights:
        notes.append(f'weights: it starts from {weights}; give yours by --weights FILE')
    own_preprocessor = detector.pop('data_preprocessor', None)
    problems = [*_unknown_in_mmdet(detector, 'detector')]
    if pipeline is None:
        problems.append('there is no test pipeline, which says how images are scaled')
        return MMTrackPart('detector', name, None, notes=(*problems, *notes))
    old = _without_scope(model.get('data_preprocessor')) or own_preprocessor or {}
    normalizes = old.get('mean') is not None
    steps, preprocessor, pipeline_problems = convert_pipeline(pipeline, normalizes)
    preprocessor = {
        **{key: old[key] for key in PREPROCESSOR_KEYS if old.get(key) is not None},
        **preprocessor,
    }
    problems += pipeline_problems
    if problems:
        return MMTrackPart('detector', name, None, notes=(*problems, *notes))
    detector = {
        'type': detector.pop('type'),
        'data_preprocessor': {'type': 'DetDataPreprocessor', **preprocessor},
        **detector,
    }
    config = {
        'type': 'MMDetDetector',
        'config': {'model': detector, 'test_pipeline': steps},
        'checkpoint': None,
        # What the detector's own test_cfg leaves; the tracker has thresholds of its own.
        'score_threshold': 0.0,
        'labels': None,
    }
    return MMTrackPart('detector', name, 'MMDetDetector', config, tuple(notes))


def convert_pipeline(
    steps: list[dict], normalizes: bool = False
) -> tuple[list[dict], dict[str, Any], list[str]]:
    """A test pipeline of mmdet 2.x or MMTracking 1.x.

    Args:
        steps: The old pipeline.
        normalizes: Whether a data preprocessor normalises behind it (1.x).

    Returns:
        Steps of mmdet 3.x; arguments of the data preprocessor, which pads and normalises
        now; and what has no counterpart.
    """
    problems: list[str] = []
    flat = [_without_scope(step) for step in _flattened(steps, problems)]
    names = [SAME_STEP.get(step['type'], step['type']) for step in flat]
    converted, preprocessor = [], {}
    for index, (name, step) in enumerate(zip(names, flat, strict=True)):
        del step['type']
        if name in PACKING:
            continue
        if name.startswith(('LoadImage', 'LoadMultiImages')):
            converted.append({'type': 'LoadImageFromNDArray'})
        elif name == 'Resize':
            converted.append(_resize(step))
        elif name == 'Normalize':
            preprocessor.update(
                mean=list(step['mean']),
                std=list(step['std']),
                bgr_to_rgb=step.get('to_rgb', True),
            )
        elif name == 'Pad':
            is_raw = 'Normalize' in names[index:] or normalizes
            if is_raw or ('Normalize' not in names and not _is_plain(step)):
                converted.append(_raw_pad(step))
            else:
                preprocessor.update(_preprocessor_pad(step, problems))
        elif name == 'LoadDetections':
            problems.append(
                'LoadDetections: public detections are proposals of the second stage '
                'there; here DetectionFile gives those of det/det.txt as they are '
                '(two_stage/sort_public-detections)'
            )
        else:
            problems.append(f'{name} of the test pipeline has no counterpart')
    if not converted or converted[0]['type'] != 'LoadImageFromNDArray':
        converted.insert(0, {'type': 'LoadImageFromNDArray'})
    converted.append({'type': 'PackDetInputs', 'meta_keys': META_KEYS})
    return converted, preprocessor, problems


def _flattened(steps: list[dict], problems: list[str]) -> Iterator[dict]:
    """The steps of a pipeline, those inside of others too."""
    for step in steps:
        name = step['type'].rpartition('.')[2]
        if name == 'TransformBroadcaster':
            yield from _flattened(step['transforms'], problems)
        elif name == 'MultiScaleFlipAug':
            scale = step.get('img_scale') or step.get('scale_factor')
            several = isinstance(scale, list) and len(scale) > 1
            if step.get('flip') or (several and not isinstance(scale[0], int)):
                problems.append(
                    'MultiScaleFlipAug looks at an image several times; a detector '
                    'here looks once. Leave one scale and flip=False'
                )
            key = 'img_scale' if step.get('img_scale') else 'scale_factor'
            if isinstance(scale, list) and not isinstance(scale[0], int):
                scale = scale[0]
            for inner in _flattened(step['transforms'], problems):
                is_resize = inner['type'].rpartition('.')[2] == 'Resize'
                yield {**inner, key: scale} if is_resize else inner
        else:
            yield step


def _resize(step: dict) -> dict:
    """Resize of 3.x, which stretches by default; 2.x kept the ratio."""
    is_old = 'img_scale' in step or 'scale' not in step
    converted = {'type': 'Resize'}
    for key in ('img_scale', 'scale'):
        if step.get(key) is not None:
            value = step[key]
            value = value[0] if isinstance(value[0], list | tuple) else value
            converted['scale'] = tuple(value)
    if step.get('scale_factor') is not None and 'scale' not in converted:
        converted['scale_factor'] = step['scale_factor']
    converted['keep_ratio'] = step.get('keep_ratio', is_old)
    for key in ('interpolation', 'backend'):
        if key in step:
            converted[key] = step[key]
    return converted


def _is_plain(pad: dict) -> bool:
    """Whether a data preprocessor can do what a Pad does."""
    return bool(
        pad.get('size_divisor')
        and not pad.get('pad_to_square')
        and _pad_value(pad) is not None
    )


def _raw_pad(step: dict) -> dict:
    """A Pad before the image is normalised, as a step of mmdet 3."""
    pad = {'type': 'Pad'}
    for key in ('size_divisor', 'pad_to_square'):
        if step.get(key):
            pad[key] = step[key]
    if step.get('size'):
        pad['size'] = tuple(step['size'])[::-1]  # 2.x: height first; 3.x: width first
    colours = _pad_colours(step)
    colours = colours * 3 if len(colours) == 1 else colours
    return {**pad, 'pad_val': {'img': tuple(map(float, colours))}}


def _preprocessor_pad(step: dict, problems: list[str]) -> dict[str, Any]:
    if not _is_plain(step):
        arguments = ', '.join(f'{key}={value}' for key, value in step.items())
        problems.append(
            f'Pad({arguments}) of a normalised image: here it is padded to a multiple of '
            'size_divisor, with one number'
        )
        return {}
    return {'pad_size_divisor': step['size_divisor'], 'pad_value': _pad_value(step)}


def _pad_value(step: dict) -> float | None:
    """The one number that a Pad fills an image with; ``None`` where there are several."""
    colours = {*_pad_colours(step)}
    return colours.pop() if len(colours) == 1 else None


def _pad_colours(step: dict) -> tuple[float, ...]:
    value = step.get('pad_val', 0)
    value = value.get('img', 0) if isinstance(value, dict) else value
    return (value,) if isinstance(value, int | float) else tuple(value)


def _take_weights(model: dict, detector: dict) -> str | None:
    """Where an old detector's weights come from; removed from its config."""
    start = detector.pop('init_cfg', None)
    start = start[0] if isinstance(start, list) and start else start
    backbone = detector.pop('pretrained', None)
    if backbone and isinstance(detector.get('backbone'), dict):
        weights = {'type': 'Pretrained', 'checkpoint': backbone}
        detector['backbone'].setdefault('init_cfg', weights)
    named = (model.get('pretrains') or {}).get('detector')
    return named or (start.get('checkpoint') if isinstance(start, dict) else None)


def _without_scope(node: Any) -> Any:
    """A copy without the scope that MMTracking 1.x writes before mmdet's names."""
    if isinstance(node, dict):
        bare = {key: _without_scope(value) for key, value in node.items()}
        if bare.get('_scope_') == 'mmdet':
            del bare['_scope_']
        if isinstance(bare.get('type'), str):
            bare['type'] = bare['type'].removeprefix('mmdet.')
        return bare
    if isinstance(node, list | tuple):
        return type(node)(map(_without_scope, node))
    return node


def _unknown_in_mmdet(node: Any, path: str) -> Iterator[str]:
    """Parts, and arguments of them, that the installed mmdet does not have."""
    if isinstance(node, list | tuple):
        for index, value in enumerate(node):
            yield from _unknown_in_mmdet(value, f'{path}[{index}]')
    if not isinstance(node, dict):
        return
    name = node.get('type')
    if isinstance(name, str):
        part = registered_in_mmdet(name)
        if part is None:
            yield f'mmdet 3 has no {name} ({path})'
            return
        parameters = inspect.signature(part).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            for key in node:
                if key != 'type' and key not in parameters:
                    yield f'{name} of mmdet 3 takes no {key} ({path})'
    for key, value in node.items():
        if key not in NO_PARTS:
            yield from _unknown_in_mmdet(value, f'{path}.{key}')


def registered_in_mmdet(name: str) -> type | None:
    """A model's part, or an anchor generator and the like, of mmdet; ``None``: no such."""
    registries = import_mmdet().registry
    with mmdet_scope():
        try:
            return registries.MODELS.get(name) or registries.TASK_UTILS.get(name)
        except (ImportError, KeyError):  # of another package: mmcls.ResNet
            return None
