"""Are two tracker outputs the same, up to one renaming of ids?"""

from __future__ import annotations

import numpy as np

from mmsmot.models.trackers import BaseTracker
from mmsmot.structures import Detections


def run(tracker: BaseTracker, stream: dict[str, np.ndarray]) -> np.ndarray:
    """(R, 6) frame, id, x1, y1, x2, y2 of a tracker on a stored stream."""
    rows, start = [], 0
    values = stream['d'].astype(np.float64)
    for frame_id, count in enumerate(stream['n'].tolist(), start=1):
        part = slice(start, start + count)
        start += count
        embeddings = stream['emb'][part] if 'emb' in stream else None
        tracks = tracker.update(
            Detections(values[part, :4], values[part, 4], None, embeddings)
        )
        frame = np.full(len(tracks), frame_id)
        rows.append(np.column_stack([frame, tracks.ids, tracks.boxes]))
    return np.concatenate(rows)


def assert_same_tracks(found: np.ndarray, golden: np.ndarray, atol: float) -> None:
    """Every frame has the same boxes within ``atol`` px, and ids map one to one."""
    assert len(found) == len(golden)
    renamed: dict[int, int] = {}
    for frame_id in np.unique(golden[:, 0]):
        ours = found[found[:, 0] == frame_id]
        theirs = golden[golden[:, 0] == frame_id]
        assert len(ours) == len(theirs), f'frame {frame_id}: other number of tracks'
        distance = np.abs(ours[:, None, 2:6] - theirs[None, :, 2:6]).max(axis=2)
        nearest = distance.argmin(axis=1)
        assert len(set(nearest.tolist())) == len(nearest), f'frame {frame_id}'
        assert distance.min(axis=1).max() <= atol, f'frame {frame_id}: other boxes'
        for mine, other in zip(ours[:, 1], theirs[nearest, 1], strict=True):
            assert renamed.setdefault(mine, other) == other, f'frame {frame_id}: switch'
    assert len(set(renamed.values())) == len(renamed)
