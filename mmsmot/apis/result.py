"""The result of a video: as the JSON of ``result.json``, and as Python gets it."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..datasets import VideoReader
from ..evaluation.saved_predictions import saved_prediction_sample
from ..structures import Interactions, SMOTDataSample, sample_from_dict, sample_to_dict
from ..utils.json_file import read_json
from ..utils.stopwatch import Stopwatch


def result_json(
    video: VideoReader,
    sample: SMOTDataSample,
    times: np.ndarray,
    stopwatch: Stopwatch,
    key: dict[str, Any],
) -> dict[str, Any]:
    """What ``result.json`` holds, but for its scores, warnings and files.

    It is the sample's JSON (:mod:`mmsmot.structures.sample_json`) with its predictions,
    and beside it ``key``, ``speed`` and, of a live stream, ``live`` and ``timestamps``.

    Args:
        video: The frames that were read.
        sample: The predictions for one prompt; ``gt_`` fields are left out.
        times: (T,) seconds of the frames; kept of a live stream, which has no other
            record of them.
        stopwatch: How long each stage took.
        key: See :func:`~.result_cache.result_cache_key`.
    """
    predictions = SMOTDataSample(metainfo=sample.metainfo)
    predictions.set_data({k: v for k, v in sample.items() if k.startswith('pred_')})
    content = sample_to_dict(predictions)
    seconds = {
        stage: round(duration, 3) for stage, duration in stopwatch.seconds.items()
    }
    content['key'] = key
    if video.is_live:
        content |= {'live': True, 'timestamps': np.round(times, 4).tolist()}
    fps = round(len(sample.frame_ids) / max(stopwatch.total, 1e-9), 2)
    content['speed'] = {'fps': fps, 'seconds': seconds}
    return content


def result_view(content: dict[str, Any]) -> dict[str, Any]:
    """A result as Python gets it.

    Args:
        content: Of ``result.json``, of any version.

    Returns:
        - ``sample``: the :class:`~mmsmot.structures.SMOTDataSample`, whose ``pred_``
          fields hold all that was predicted as tables;
        - ``prompt``: its :class:`~mmsmot.structures.Prompt`, ``None`` for every object;
        - ``video``: name, path, fps, width, height, num_frames, frame_ids (T,), gt (the
          ground-truth file or ``None``), and of a live stream ``live`` and ``timestamps``;
        - ``trajectories``: for each id ``id``, ``label``, ``frame_ids`` (N,),
          ``boxes_xyxy`` (N, 4) in pixels, ``scores`` (N,) and, where it has one,
          ``caption`` and ``motions`` (:class:`~mmsmot.structures.MotionSpan` in order);
        - ``video_caption`` and ``interactions`` (``subject``, ``verb``, ``object``,
          ``score``, and where known ``start_frame``, ``end_frame``, ``partner_label``),
          where the model makes them;
        - ``speed`` (``fps``, and ``seconds`` by stage), ``scores`` (``None`` without gt),
          ``warnings``, ``files`` (beside ``result.json``) and ``key``.

    Raises:
        ValueError: It is no result; names the field.
    """
    return _view(content, sample_from_dict(content))


def _view(content: dict[str, Any], sample: SMOTDataSample) -> dict[str, Any]:
    captions = sample.get('pred_captions', {})
    motions = sample.get('pred_motions', {})
    view: dict[str, Any] = {
        'sample': sample,
        'prompt': sample.get('prompt'),
        'video': _video(content, sample),
        'trajectories': [
            {
                'id': track_id,
                'label': _commonest(rows.labels),
                'frame_ids': rows.frame_ids,
                'boxes_xyxy': rows.boxes,
                'scores': rows.scores,
                **({'caption': captions[track_id]} if track_id in captions else {}),
                **({'motions': motions[track_id]} if track_id in motions else {}),
            }
            for track_id, rows in sample.pred_trajectories.by_id().items()
        ],
    }
    if 'pred_interactions' in sample:
        view['video_caption'] = sample.get('pred_video_caption', '')
        view['interactions'] = _interactions(sample.pred_interactions)
    defaults: dict[str, Any] = dict(
        speed={}, scores=None, warnings=[], files=[], key=None
    )
    return view | {name: content.get(name, value) for name, value in defaults.items()}


def read_result(path: str | os.PathLike) -> dict[str, Any]:
    """The result in a ``result.json``, of any version, see :func:`result_view`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no result; names the file and the field.
    """
    content = read_json(path)
    return _view(content, saved_prediction_sample(content, path))  # both name the file


def is_live_result(content: dict[str, Any]) -> bool:
    """Whether the JSON of a result is of a live stream."""
    video = content.get('video')  # of version 1
    in_video = isinstance(video, dict) and video.get('live')
    return bool(content.get('live') or in_video)


def _video(content: dict[str, Any], sample: SMOTDataSample) -> dict[str, Any]:
    info = sample.video
    video = {name: getattr(info, name) for name in ('name', 'path', 'fps')}
    video |= {'width': info.width, 'height': info.height}
    video |= {'num_frames': len(sample.frame_ids), 'frame_ids': sample.frame_ids}
    video['gt'] = info.files.get('gt')
    if is_live_result(content):
        times = content.get('timestamps', content.get('video', {}).get('timestamps'))
        video |= {'live': True, 'timestamps': np.array(times, np.float64)}
    return video


def _interactions(table: Interactions) -> list[dict[str, Any]]:
    """Rows for a list; a side of a span that is not known is left out."""
    rows = []
    for i in range(len(table)):
        row = {
            'subject': int(table.subject_ids[i]),
            'verb': str(table.verbs[i]),
            'object': int(table.object_ids[i]),
            'score': float(table.scores[i]),
        }
        for name, frame in (('start', table.start_frames), ('end', table.end_frames)):
            if frame[i]:
                row[f'{name}_frame'] = int(frame[i])
        if not table.is_tracked[i]:
            row['partner_label'] = str(table.partner_labels[i])
        rows.append(row)
    return rows


def _commonest(labels: np.ndarray) -> int:
    """The label most boxes have; -1 is one, a file's way to say that it is not given."""
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()])
