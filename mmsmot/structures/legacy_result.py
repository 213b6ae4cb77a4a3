"""Version 1 of ``result.json``, rewritten as a sample."""

from __future__ import annotations

from typing import Any

LEGACY_RESULT = 'mmsmot result 1'


def sample_from_legacy_result(content: dict[str, Any]) -> dict[str, Any]:
    """A result as ``tools/infer.py`` wrote it before samples, as a sample's JSON.

    Args:
        content: ``video`` with its frame numbers, ``trajectories`` as a list of objects,
            one an id, and with captions ``interactions`` and ``video_caption``.

    Raises:
        ValueError: A part is missing or of another kind; names it.
    """
    try:
        return _as_sample(content)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'not a whole result: {type(error).__name__} {error!s:.60}'
        ) from error


def _as_sample(content: dict[str, Any]) -> dict[str, Any]:
    video = content['video']
    meta = {
        'video': {
            **{name: video[name] for name in ('name', 'path', 'fps')},
            **{side: video.get(side) for side in ('width', 'height')},
            'files': {} if video.get('gt') is None else {'gt': video['gt']},
        },
        'frame_ids': video['frame_ids'],
    }
    data: dict[str, Any] = {'pred_trajectories': _trajectories(content)}
    if 'interactions' in content:
        data['pred_captions'] = {
            str(row['id']): row['caption']
            for row in content['trajectories']
            if 'caption' in row
        }
        data['pred_interactions'] = _interactions(content['interactions'])
        data['pred_video_caption'] = content['video_caption']
    return {'format': 'mmsmot.sample', 'version': 1, 'meta': meta, 'data': data}


def _trajectories(content: dict[str, Any]) -> dict[str, Any]:
    rows = [
        (frame_id, track['id'], box, score, track['label'])
        for track in content['trajectories']
        for frame_id, box, score in zip(
            track['frame_ids'], track['boxes_xyxy'], track['scores'], strict=True
        )
    ]
    names = ('frame_ids', 'ids', 'boxes', 'scores', 'labels')
    columns = zip(*rows, strict=True) if rows else [[] for _ in names]
    table: dict[str, Any] = dict(zip(names, map(list, columns), strict=True))
    table['det_index'] = [-1] * len(rows)
    table['visibility'] = [1.0] * len(rows)
    sides = {side: content['video'].get(side) for side in ('width', 'height')}
    return {**table, 'space': {'name': 'original', **sides}}


def _interactions(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        'subject_ids': [row['subject'] for row in rows],
        'object_ids': [row['object'] for row in rows],
        'verbs': [row['verb'] for row in rows],
        'start_frames': [row.get('start_frame', 0) for row in rows],
        'end_frames': [row.get('end_frame', 0) for row in rows],
        'scores': [row['score'] for row in rows],
    }
