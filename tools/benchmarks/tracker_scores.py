"""Scores of every tracker on recorded detection streams with a truth.

A stream is an ``.npz`` with ``d`` (detections x1, y1, x2, y2, score, one frame after
another), ``n`` (detections a frame), ``g`` (truth id, x1, y1, x2, y2), ``gn`` and, for
trackers that look at appearance, ``emb``.

    python tools/benchmarks/tracker_scores.py STREAM.npz [...]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import numpy as np

    from mmsmot.evaluation import evaluate_sequence, format_table, summarize_tracking
    from mmsmot.models.trackers import (
        OCSORT,
        SORT,
        BoTSORT,
        ByteTrack,
        DeepOCSORT,
        DeepSORT,
        StrongSORT,
    )
    from mmsmot.structures import Detections, Trajectories

TRACKERS = {
    'SORT': lambda: SORT(score_threshold=0.6),
    'ByteTrack': ByteTrack,
    'OC-SORT': OCSORT,
    'OC-SORT, use_byte': lambda: OCSORT(use_byte=True),
    'DeepSORT': DeepSORT,
    'StrongSORT': StrongSORT,
    'BoT-SORT': BoTSORT,
    'BoT-SORT-ReID': lambda: BoTSORT(with_reid=True),
    'Deep OC-SORT': DeepOCSORT,
}
NEED_APPEARANCE = ('DeepSORT', 'StrongSORT', 'BoT-SORT-ReID', 'Deep OC-SORT')


def read_recorded_stream(path: Path) -> tuple[list[Detections], Trajectories]:
    """The detections of each frame, and the truth."""
    stream = np.load(path, allow_pickle=False)
    rows, ends = stream['d'].astype(np.float64), np.cumsum(stream['n'])
    looks = stream.get('emb')
    frames = []
    for start, end in zip(ends - stream['n'], ends, strict=True):
        part = slice(start, end)
        embeddings = None if looks is None else looks[part]
        frames.append(Detections(rows[part, :4], rows[part, 4], None, embeddings))
    truth, counts = stream['g'].astype(np.float64), stream['gn']
    frame_ids = np.repeat(np.arange(1, len(counts) + 1), counts)
    return frames, Trajectories(frame_ids, truth[:, 0].astype(int), truth[:, 1:5])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('streams', nargs='+', type=Path)
    rows = {}
    for path in parser.parse_args().streams:
        frames, truth = read_recorded_stream(path)
        frame_ids = np.arange(1, len(frames) + 1)
        for name, make in TRACKERS.items():
            if name in NEED_APPEARANCE and frames[0].embeddings is None:
                continue
            tracker, start = make(), time.perf_counter()
            tracks = Trajectories.from_tracks(
                frame_ids, [tracker.update(detections) for detections in frames]
            )
            milliseconds = 1e3 * (time.perf_counter() - start) / len(frames)
            label = f'{path.stem} {name} ({milliseconds:.2f} ms a frame)'
            scores = evaluate_sequence(truth, tracks, frame_ids, preprocessing='none')
            rows[label] = summarize_tracking(scores)
    print(format_table(rows))


if __name__ == '__main__':
    run_tool(main)
