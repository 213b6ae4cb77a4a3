"""What ``result.json`` holds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..datasets import VideoReader
from ..structures import Interactions, SMOTDataSample
from ..utils.stopwatch import Stopwatch
from .result_files import FORMAT


def make_result(
    video: VideoReader,
    sample: SMOTDataSample,
    times: np.ndarray,
    watch: Stopwatch,
    key: dict[str, Any],
) -> dict[str, Any]:
    """The result of a video, but for its warnings and files.

    Args:
        video: What was looked at.
        sample: What was found.
        times: (T,) seconds of the frames; kept of a live stream, which has no other
            record of them.
        watch: How long each stage took.
        key: See :func:`~.finished.result_key`.
    """
    info, num_frames = video.video, len(sample.frame_ids)
    seconds = {stage: round(spent, 3) for stage, spent in watch.seconds.items()}
    captions = sample.get('pred_captions', {})
    result = {
        'format': FORMAT,
        'key': key,
        'video': {
            'name': info.name,
            'path': info.path,
            'fps': info.fps,
            'width': info.width,
            'height': info.height,
            'num_frames': num_frames,
            'frame_ids': sample.frame_ids,
            'gt': info.files.get('gt'),
            **(
                {'live': True, 'timestamps': np.round(times, 4)}
                if video.is_live
                else {}
            ),
        },
        'speed': {
            'fps': round(num_frames / max(watch.total, 1e-9), 2),
            'seconds': seconds,
        },
        'trajectories': [
            {
                'id': track_id,
                'label': _commonest(rows.labels),
                'frame_ids': rows.frame_ids,
                'boxes_xyxy': np.round(rows.boxes, 2),
                'scores': np.round(rows.scores, 4),
                **({'caption': captions[track_id]} if track_id in captions else {}),
            }
            for track_id, rows in sample.pred_trajectories.by_id().items()
        ],
    }
    if 'pred_captions' in sample:
        result['video_caption'] = sample.pred_video_caption
        result['interactions'] = _interactions(sample.pred_interactions)
    return result


def with_arrays(result: dict[str, Any]) -> dict[str, Any]:
    """A result that was read from its file, with the arrays that a new one has."""
    for row in (result['video'], *result['trajectories']):
        row['frame_ids'] = np.array(row['frame_ids'], np.int64)
    for row in result['trajectories']:
        for name in ('boxes_xyxy', 'scores'):
            row[name] = np.array(row[name], np.float64)
    return result


def _interactions(table: Interactions) -> list[dict[str, Any]]:
    """Rows for JSON; a side of a span that is not known is left out."""
    rows = []
    for i in range(len(table)):
        row = {
            'subject': int(table.subject_ids[i]),
            'verb': str(table.verbs[i]),
            'object': int(table.object_ids[i]),
            'score': round(float(table.scores[i]), 4),
        }
        for name, frame in (('start', table.start_frames), ('end', table.end_frames)):
            if frame[i]:
                row[f'{name}_frame'] = int(frame[i])
        rows.append(row)
    return rows


def _commonest(labels: np.ndarray) -> int:
    """The label most boxes have; -1 is one, a file's way to say that it is not given."""
    values, counts = np.unique(labels, return_counts=True)
    return int(values[counts.argmax()])
