"""Samples as JSON: what was true and what was predicted, without any loss.

::

    {"format": "mmsmot.sample", "version": 2,
     "meta": {"video": {"name": ..., "path": ..., "fps": ..., ...},
              "frame_ids": [1, 2, 4],
              "prompt": {"text": "a man who walks"}},
     "data": {"gt_trajectories": {"frame_ids": [...], "ids": [...], "boxes": [[...]],
                                  ..., "space": {"name": "original", ...}},
              "gt_captions": {"1": "A man ..."},
              "gt_interactions": {"subject_ids": [...], ...},
              "gt_video_caption": "...",
              "gt_expressions": [{"label": {"<frame from 0>": [1]}, ...}]},
     ...}

What else stands beside ``meta`` and ``data`` (the times, scores and files of a run that
``tools/infer.py`` writes) is no part of the sample and is left aside. Version 1, which had
no ``partner_labels``, and the older ``result.json`` are read too.

Reading runs no code from the file, so a file from anywhere may be read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.json_entry import JsonEntry
from ..utils.number_ranges import FINITE, FRAME_RATE, IMAGE_SIDE
from .coordinate_space import CoordinateSpace
from .frame import VideoInfo
from .id_keys import LAST_ID, read_id
from .interactions import Interactions
from .legacy_result import LEGACY_RESULT, sample_from_legacy_result
from .motion_span import motion_span_from_dict, motion_span_to_dict
from .prompt import prompt_from_dict, prompt_to_dict
from .referring_expression import expression_from_dict, expression_to_dict
from .trajectories import Trajectories

if TYPE_CHECKING:
    from .smot_data_sample import SMOTDataSample

_INT64 = np.iinfo(np.int64)
FORMAT, VERSION = 'mmsmot.sample', 2
VERSIONS = (1, VERSION)  # that are read


def sample_to_dict(sample: SMOTDataSample) -> dict[str, Any]:
    """A sample as JSON's kinds of values.

    Raises:
        TypeError: A field of the caller's own is not made of JSON's kinds of values and
            would be lost; names the field.
    """
    return {
        'format': FORMAT,
        'version': VERSION,
        'meta': {name: _encode(name, value) for name, value in sample.metainfo_items()},
        'data': {name: _encode(name, value) for name, value in sample.items()},
    }


def sample_from_dict(content: Any) -> SMOTDataSample:
    """The sample that :func:`sample_to_dict` made this of; keys beside it are left aside.

    Raises:
        ValueError: It is not in that form; names the field.
    """
    from .smot_data_sample import SMOTDataSample  # here: it imports torch

    content = _require(content, dict, 'a sample')
    if content.get('format') == LEGACY_RESULT:
        content = sample_from_legacy_result(content)
    version = content.get('version')
    if content.get('format') != FORMAT or version not in VERSIONS or version is True:
        raise ValueError(
            f'not a sample of format {FORMAT!r} version {VERSION}, but of '
            f'{content.get("format")!r:.40} version {content.get("version")!r:.40}'
        )
    meta, data = (_decode_all(content.get(part), part) for part in ('meta', 'data'))
    for name in [*meta, *data]:
        # A field named like a method would hide it.
        if not name.isidentifier() or name[0] == '_' or hasattr(SMOTDataSample, name):
            raise ValueError(f'{name!r:.40} cannot be the name of a field')
    if shared_names := meta.keys() & data.keys():
        raise ValueError(
            f'{", ".join(sorted(shared_names))} stands in meta and in data'
        )
    sample = SMOTDataSample(metainfo=meta)
    sample.set_data(data)
    return sample


def _decode_all(content: Any, part: str) -> dict[str, Any]:
    decoded = {}
    for name, value in _require(content, dict, part).items():
        try:
            decoded[name] = _decode(name, value)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f'{part}.{name}: {error}') from error
    return decoded


def _encode(name: str, value: Any) -> Any:
    codec = _CODECS.get(_kind(name))
    if codec is not None:
        return codec[0](value)
    if not _is_plain(value):
        raise TypeError(
            f'sample field {name!r} ({type(value).__name__}) cannot be written as JSON; '
            'make it of numbers, text, lists and dictionaries with text keys, or pop it '
            'first'
        )
    return value


def _decode(name: str, value: Any) -> Any:
    codec = _CODECS.get(_kind(name))
    return value if codec is None else codec[1](value)


def _kind(name: str) -> str:
    for side in ('gt_', 'pred_'):
        if name.startswith(side):
            return name[len(side) :]
    return f'meta:{name}'


def _is_plain(value: Any) -> bool:
    if type(value) is dict:
        return all(type(k) is str and _is_plain(v) for k, v in value.items())
    if type(value) is list:
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def _require(value: Any, kind: type | tuple[type, ...], field_name: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        names = kind if isinstance(kind, tuple) else (kind,)
        expected = ' or '.join(k.__name__ for k in names)
        raise ValueError(
            f'{field_name} must be {expected}, got {type(value).__name__} {value!r:.60}'
        )
    return value


def _integers(value: Any, field_name: str) -> np.ndarray:
    for number in _require(value, list, field_name):
        _require(number, int, f'a value of {field_name}')
        if not _INT64.min <= number <= _INT64.max:
            raise ValueError(
                f'a value of {field_name} has more than 64 bits: {number!r:.60}'
            )
    return np.array(value, dtype=np.int64)


def _floats(value: Any, field_name: str) -> np.ndarray:
    for number in _require(value, list, field_name):
        if number not in FINITE:
            raise ValueError(
                f'a value of {field_name} must be {FINITE}, got {type(number).__name__} '
                f'{number!r:.60}'
            )
    return np.array(value, dtype=np.float64)


def _boxes(value: Any, field_name: str) -> np.ndarray:
    rows = [
        _floats(row, f'a row of {field_name}')
        for row in _require(value, list, field_name)
    ]
    return np.array(rows) if rows else np.empty((0, 4))


def _strings(value: Any, field_name: str) -> np.ndarray:
    for text in _require(value, list, field_name):
        _require(text, str, f'a value of {field_name}')
    return np.array(value, dtype=np.str_)


_COLUMNS: dict[str, Callable[[Any, str], np.ndarray]] = {
    'frame_ids': _integers,
    'ids': _integers,
    'boxes': _boxes,
    'scores': _floats,
    'labels': _integers,
    'det_index': _integers,
    'visibility': _floats,
    'subject_ids': _integers,
    'object_ids': _integers,
    'verbs': _strings,
    'start_frames': _integers,
    'end_frames': _integers,
    'partner_labels': _strings,
}


def _table_to_dict(table: Trajectories | Interactions) -> dict[str, Any]:
    columns = (f.name for f in fields(table) if f.name != 'space')
    return {name: getattr(table, name).tolist() for name in columns}


def _columns(content: Any, table: type) -> dict[str, np.ndarray]:
    content = _require(content, dict, 'the table')
    names = [f.name for f in fields(table) if f.name != 'space']
    missing = [name for name in names if name not in content]
    if missing == ['partner_labels']:  # version 1 has none
        names.remove('partner_labels')
    elif missing:
        raise ValueError(f'the table has no {", ".join(missing)}')
    return {name: _COLUMNS[name](content[name], name) for name in names}


def _trajectories_to_dict(trajectories: Trajectories) -> dict[str, Any]:
    return {**_table_to_dict(trajectories), 'space': asdict(trajectories.space)}


def _trajectories_from_dict(content: Any) -> Trajectories:
    columns = _columns(content, Trajectories)
    space = _require(content.get('space'), dict, 'space')
    name = _require(space.get('name'), str, 'space.name')
    entry = JsonEntry(space, 'space')
    width = entry.number('width', IMAGE_SIDE, None)
    height = entry.number('height', IMAGE_SIDE, None)
    return Trajectories(**columns, space=CoordinateSpace(name, width, height))


def _interactions_from_dict(content: Any) -> Interactions:
    return Interactions(**_columns(content, Interactions))


def _captions_to_dict(captions: dict[int, str]) -> dict[str, str]:
    return {str(int(i)): text for i, text in captions.items()}


def _captions_from_dict(content: Any) -> dict[int, str]:
    return {
        track_id: _require(text, str, f'the caption of {track_id}')
        for track_id, text in _by_id(content, 'captions', 'texts').items()
    }


def _by_id(content: Any, field_name: str, values: str) -> dict[int, Any]:
    by_id = {}
    for key, value in _require(content, dict, field_name).items():
        track_id = read_id(key)
        if track_id is None or track_id in by_id:
            raise ValueError(
                f'{field_name} must map ids from 0 to {LAST_ID} to {values}, each id once, '
                f'got {key!r:.40}'
            )
        by_id[track_id] = value
    return by_id


def _motions_to_dict(motions: dict[int, list]) -> dict[str, list[dict]]:
    return {
        str(int(track_id)): [motion_span_to_dict(span) for span in spans]
        for track_id, spans in motions.items()
    }


def _motions_from_dict(content: Any) -> dict[int, list]:
    return {
        track_id: [
            motion_span_from_dict(span)
            for span in _require(spans, list, f'the motions of {track_id}')
        ]
        for track_id, spans in _by_id(content, 'motions', 'lists').items()
    }


def _expressions_to_list(expressions: list) -> list[dict]:
    return [expression_to_dict(expression) for expression in expressions]


def _expressions_from_list(content: Any) -> list:
    return [expression_from_dict(e) for e in _require(content, list, 'expressions')]


def _video_to_dict(video: VideoInfo) -> dict[str, Any]:
    names = ('name', 'fps', 'width', 'height', 'files')
    content = {name: getattr(video, name) for name in names}
    return {**content, 'path': os.fspath(video.path)}


def _video_from_dict(content: Any) -> VideoInfo:
    content = _require(content, dict, 'video')
    files = _require(content.get('files'), dict, 'video.files')
    for role, path in files.items():
        _require(path, str, f'video.files.{role}')
    entry = JsonEntry(content, 'video')
    return VideoInfo(
        name=_require(content.get('name'), str, 'video.name'),
        path=_require(content.get('path'), str, 'video.path'),
        fps=float(entry.number('fps', FRAME_RATE)),
        files=dict(files),
        width=entry.number('width', IMAGE_SIDE, None),
        height=entry.number('height', IMAGE_SIDE, None),
    )


def _text(value: Any) -> str:
    return _require(value, str, 'the caption')


_CODECS: dict[str, tuple[Callable, Callable]] = {
    'meta:video': (_video_to_dict, _video_from_dict),
    'meta:frame_ids': (
        lambda ids: np.asarray(ids).tolist(),
        lambda ids: _integers(ids, 'frame_ids'),
    ),
    'meta:prompt': (prompt_to_dict, prompt_from_dict),
    'trajectories': (_trajectories_to_dict, _trajectories_from_dict),
    'captions': (_captions_to_dict, _captions_from_dict),
    'motions': (_motions_to_dict, _motions_from_dict),
    'interactions': (_table_to_dict, _interactions_from_dict),
    'video_caption': (_text, _text),
    'expressions': (_expressions_to_list, _expressions_from_list),
}
