"""Scores of every tracker on real videos, with two kinds of detections.

    python tools/benchmarks/real_videos.py PETS09-S2L1 \
        --tune TUD-Campus TUD-Stadtmitte \
        --weights yolox_nano.onnx --reid-weights osnet_x0_25.onnx

A sequence is a folder with ``gt.txt``, ``det.txt`` (each also in a folder ``gt``, ``det``)
and a video file or ``img1/``. Tracked are YOLOX-nano's detections and the public ones,
both with OSNet's embeddings, which are kept in ``--cache``. Trackers have the values of
their ``two_stage`` configs; with ``--tune``, also the best ones by HOTA of a small grid on
other sequences, together. Truth with the flag 0 does not count, as MOT15 has it; nothing is
resized or clipped. Times are processor time of one thread.

Prints Markdown: the trackers, each with post-processing behind it, what tuning moved, and,
with ``--jitter``, how much HOTA changes where every box is moved by noise of that many
pixels: differences below that say nothing of one video. Embeddings stay, and trackers that
look at the camera are left out.
"""

from __future__ import annotations

import os

# Before NumPy loads: one thread for everybody.
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ.setdefault(name, '1')

import argparse  # noqa: E402
import itertools  # noqa: E402
from collections.abc import Iterator, Sequence  # noqa: E402
from dataclasses import dataclass, replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from mmsmot.utils.command_line import (  # noqa: E402
    command_line_number,
    run_tool,
    tool_imports,
)
from mmsmot.utils.number_ranges import COUNT, POSITIVE  # noqa: E402

with tool_imports():
    import cv2
    import numpy as np
    from real_sequences import (
        PUBLIC,
        SOURCES,
        Laps,
        RealSequence,
        detect,
        frames_of,
        gt_counts,
        open_sequence,
    )
    from tqdm import tqdm

    from mmsmot.engine import load_config
    from mmsmot.evaluation import (
        combine_tracking_sequences,
        evaluate_sequence,
        summarize_tracking,
    )
    from mmsmot.registry import TASK_UTILS, TRACKERS
    from mmsmot.structures import Trajectories

STILL = {'camera_motion': None}
FLOW = {'camera_motion': {'type': 'SparseOpticalFlow'}}
# The trackers of the table: a two_stage config, and options that its tracker gets.
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    'SORT': ('sort', {}),
    'OC-SORT': ('ocsort', {}),
    'ByteTrack': ('bytetrack', {}),
    'ByteTrack, camera motion': ('bytetrack', FLOW),
    'AppearanceByteTrack': ('appearance-bytetrack', {}),
    'DeepSORT': ('deepsort', {}),
    'StrongSORT, no camera motion': ('strongsort', STILL),
    'StrongSORT': ('strongsort', {}),
    'BoT-SORT, no camera motion': ('botsort', {**STILL, 'with_reid': False}),
    'BoT-SORT': ('botsort', {'with_reid': False}),
    'BoT-SORT-ReID, no camera motion': ('botsort', STILL),
    'BoT-SORT-ReID': ('botsort', {}),
    'Deep OC-SORT, no camera motion': ('deepocsort', STILL),
    'Deep OC-SORT': ('deepocsort', {}),
}
WITHOUT_REID = (
    'SORT',
    'OC-SORT',
    'ByteTrack',
    'BoT-SORT',
    'BoT-SORT, no camera motion',
)
# What --tune tries of each, every combination; cameras stand still.
BYTE_GRID = {
    'track_threshold': (0.3, 0.4, 0.5, 0.6, 0.7),
    'match_threshold': (0.7, 0.8, 0.9),
    'track_buffer': (15, 30, 60),
}
GRIDS: dict[str, dict[str, Sequence[Any]]] = {
    'SORT': {
        'score_threshold': (0.3, 0.4, 0.5, 0.6, 0.7),
        'max_age': (1, 5, 15, 30),
        'iou_threshold': (0.2, 0.3, 0.4),
        'min_hits': (1, 3),
    },
    'OC-SORT': {
        'det_threshold': (0.3, 0.4, 0.5, 0.6, 0.7),
        'iou_threshold': (0.2, 0.3, 0.4),
        'inertia': (0.0, 0.2, 0.4),
        'min_hits': (1, 3),
    },
    'ByteTrack': BYTE_GRID,
    'AppearanceByteTrack': {
        **BYTE_GRID,
        'max_cosine_distance': (0.2, 0.4),
    },
    'DeepSORT': {
        'min_confidence': (0.3, 0.4, 0.5, 0.6, 0.7),
        'max_cosine_distance': (0.1, 0.2, 0.3, 0.4),
        'max_iou_distance': (0.5, 0.7, 0.9),
    },
    'StrongSORT, no camera motion': {
        'min_confidence': (0.3, 0.4, 0.5, 0.6, 0.7),
        'max_cosine_distance': (0.25, 0.35, 0.45, 0.55),
        'max_iou_distance': (0.5, 0.7, 0.9),
    },
    'BoT-SORT-ReID, no camera motion': {
        'track_threshold': (0.3, 0.4, 0.5, 0.6, 0.7),
        'match_threshold': (0.7, 0.8, 0.9),
        'appearance_threshold': (0.125, 0.25, 0.35),
        'proximity_threshold': (0.5, 0.7, 0.9),
    },
    'Deep OC-SORT, no camera motion': {
        'det_threshold': (0.3, 0.4, 0.5, 0.6, 0.7),
        'iou_threshold': (0.2, 0.3, 0.4),
        'appearance_weight': (0.5, 0.75, 1.25),
        'min_hits': (1, 3),
    },
}
SHOWN = ('HOTA', 'MOTA', 'IDF1', 'IDs')
BEHIND = {  # what post-processing does, by positions in the config's list
    'AFLink': (0,),
    'interpolation': (1,),
    'AFLink, GSI': (0, 1, 2),
}


@dataclass(eq=False)
class Run:
    """What a tracker made of some sequences.

    Attributes:
        tracks: By sequence.
        milliseconds: Of the tracker alone, a frame.
    """

    tracks: dict[str, Trajectories]
    milliseconds: float


def main() -> None:
    args = parse_args()
    cv2.setNumThreads(1)
    report, tune = (
        [_with_detections(folder, args) for folder in folders]
        for folders in (args.sequences, args.tune)
    )
    print(gt_counts(report + tune) + '\n')
    runs = {
        (source, row): track(row, source, {}, report)
        for source, row in tqdm(list(itertools.product(args.sources, ROWS)), 'tracking')
    }
    parts = [tracker_table(runs, report), post_table(runs, report)]
    if tune:
        parts.append(tuning_table(args.sources, tune, report, runs))
    if args.jitter:
        parts.append(jitter_table(args, report, runs))
    text = '\n\n'.join(parts)
    print(text)
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text + '\n', encoding='utf-8')


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('sequences', nargs='+', type=Path, help='scored together')
    parser.add_argument(
        '--tune', nargs='+', type=Path, default=[], help='sequences to choose values on'
    )
    parser.add_argument('--weights', required=True, help="YOLOX-nano's ONNX file")
    parser.add_argument('--reid-weights', required=True, help="OSNet's ONNX file")
    parser.add_argument(
        '--sources', nargs='+', choices=SOURCES, default=SOURCES, help='of detections'
    )
    parser.add_argument(
        '--jitter',
        type=command_line_number(POSITIVE),
        metavar='PIXELS',
        help='standard deviation of the noise that all corners are moved by',
    )
    parser.add_argument(
        '--jitter-runs',
        type=command_line_number(COUNT),
        default=10,
        help='seeds from 0',
    )
    parser.add_argument('--cache', default='work_dirs/real_videos', help='a folder')
    parser.add_argument('--out', type=Path, help='file for the tables')
    return parser.parse_args()


def _with_detections(folder: Path, args: argparse.Namespace) -> RealSequence:
    sequence = open_sequence(folder)
    for source in tqdm(args.sources, f'detections in {sequence.name}'):
        detect(sequence, source, args.weights, args.reid_weights, args.cache)
    return sequence


def track(
    row: str, source: str, options: dict[str, Any], sequences: list[RealSequence]
) -> Run:
    """Track all sequences with one tracker and one source of detections."""
    tracker = TRACKERS.build(tracker_config(row, source, options))
    tracks, clock = {}, Laps()
    for sequence in sequences:
        tracker.reset()
        frames = frames_of(sequence, tracker.camera_motion is not None)
        frame_tracks = []
        for detections, frame in zip(sequence.detections[source], frames, strict=True):
            clock.book('read')
            frame_tracks.append(tracker.update(detections, frame))
            clock.book('track')
        tracks[sequence.name] = Trajectories.from_tracks(
            sequence.frame_ids, frame_tracks
        )
    return Run(tracks, clock.milliseconds('track'))


def tracker_config(row: str, source: str, options: dict[str, Any]) -> dict[str, Any]:
    """The tracker's config of a row of the table."""
    config_name, row_options = ROWS[row]
    config = load_config(f'two_stage/{config_name}_{source}').model.tracker
    return {**config, **row_options, **options}


def score(
    tracks: dict[str, Trajectories], sequences: list[RealSequence]
) -> dict[str, float]:
    """HOTA and the rest of all sequences together."""
    results = {
        s.name: evaluate_sequence(s.gt, tracks[s.name], s.frame_ids, 'mot15')
        for s in sequences
    }
    return summarize_tracking(combine_tracking_sequences(results))


def tracker_table(
    runs: dict[tuple[str, str], Run], sequences: list[RealSequence]
) -> str:
    """Every tracker with every source of detections."""
    stages = {
        stage: sum(s.milliseconds.get(stage, 0.0) for s in sequences) / len(sequences)
        for stage in ('decode', 'detect', 'embed')
    }
    rows = []
    for (source, row), run in runs.items():
        scores = score(run.tracks, sequences)
        total = run.milliseconds
        if source != PUBLIC:
            total += stages['decode'] + stages['detect']
            total += (
                0
                if row.removesuffix(', camera motion') in WITHOUT_REID
                else (stages['embed'])
            )
        times = [f'{run.milliseconds:.2f}', '' if source == PUBLIC else f'{total:.0f}']
        rows.append([row, source, *_cells(scores), *times])
    header = ['tracker', 'detections', *SHOWN, 'ms, tracker', 'ms, all']
    spent = ', '.join(f'{stage} {ms:.1f}' for stage, ms in stages.items())
    return f'{markdown(header, rows)}\n\nms a frame: {spent}'


def post_table(runs: dict[tuple[str, str], Run], sequences: list[RealSequence]) -> str:
    """HOTA, MOTA and IDF1 of every run with post-processing behind it."""
    config = load_config(f'two_stage/bytetrack_{PUBLIC}_aflink-gsi')
    parts = [TASK_UTILS.build(part) for part in config.model.post_processing]
    rows = []
    for (source, row), run in runs.items():
        cells = [_triple(score(run.tracks, sequences))]
        for positions in BEHIND.values():
            tracks = {}
            for sequence in sequences:
                trajectories = run.tracks[sequence.name]
                for position in positions:
                    trajectories = parts[position](trajectories, sequence.frame_ids)
                tracks[sequence.name] = trajectories
            cells.append(_triple(score(tracks, sequences)))
        rows.append([row, source, *cells])
    header = ['tracker', 'detections', 'HOTA / MOTA / IDF1', *BEHIND]
    return markdown(header, rows)


def tuning_table(
    sources: Sequence[str],
    tune: list[RealSequence],
    report: list[RealSequence],
    runs: dict[tuple[str, str], Run],
) -> str:
    """The best values on some sequences, and what they do on others."""
    rows = []
    for source, row in tqdm(list(itertools.product(sources, GRIDS)), 'tuning'):
        default = score(track(row, source, {}, tune).tracks, tune)
        options, tuned = best_options(row, source, tune)
        before = score(runs[source, row].tracks, report)
        after = score(track(row, source, options, report).tracks, report)
        values = ', '.join(f'{name} {value:g}' for name, value in options.items())
        moved = [
            f'{a:.2f} → {b:.2f}'
            for a, b in (
                (default['HOTA'], tuned['HOTA']),
                (before['HOTA'], after['HOTA']),
                (before['MOTA'], after['MOTA']),
                (before['IDF1'], after['IDF1']),
            )
        ]
        rows.append([row, source, values, *moved])
    names = ', '.join(s.name for s in tune), ', '.join(s.name for s in report)
    header = ['tracker', 'detections', f'best on {names[0]}', f'HOTA on {names[0]}']
    header += [f'HOTA on {names[1]}', 'MOTA', 'IDF1']
    return markdown(header, rows)


def jitter_table(
    args: argparse.Namespace,
    sequences: list[RealSequence],
    runs: dict[tuple[str, str], Run],
) -> str:
    """Mean and standard deviation of the scores over seeds of noise on the boxes."""
    still_rows = [
        row
        for row in ROWS
        if tracker_config(row, PUBLIC, {}).get('camera_motion') is None
    ]
    scores: dict[tuple[str, str], list[dict[str, float]]] = {}
    for seed in tqdm(range(args.jitter_runs), 'jitter'):
        rng = np.random.default_rng(seed)
        moved = [jittered(s, args.jitter, rng) for s in sequences]
        for source, row in itertools.product(args.sources, still_rows):
            tracks = track(row, source, {}, moved).tracks
            scores.setdefault((source, row), []).append(score(tracks, moved))
    rows = []
    for (source, row), seeds in scores.items():
        before = score(runs[source, row].tracks, sequences)
        cells = []
        for name in SHOWN[:3]:
            values = [result[name] for result in seeds]
            spread = f'{np.mean(values):.1f} ± {np.std(values, ddof=1):.1f}'
            cells.append(f'{spread} ({before[name]:.1f})')
        rows.append([row, source, *cells])
    return markdown(['tracker', 'detections', *SHOWN[:3]], rows)


def jittered(
    sequence: RealSequence, pixels: float, rng: np.random.Generator
) -> RealSequence:
    """The same with all corners of the detections moved by noise."""
    moved = {
        source: [
            replace(
                d, boxes=sorted_corners(d.boxes + rng.normal(0, pixels, (len(d), 4)))
            )
            for d in frames
        ]
        for source, frames in sequence.detections.items()
    }
    return replace(sequence, detections=moved)


def sorted_corners(boxes: np.ndarray) -> np.ndarray:
    """Boxes that are at least a pixel wide and high, whatever noise made of them."""
    return np.concatenate(
        [boxes[:, :2], np.maximum(boxes[:, 2:], boxes[:, :2] + 1)], axis=1
    )


def best_options(
    row: str, source: str, tune: list[RealSequence]
) -> tuple[dict[str, Any], dict[str, float]]:
    """The options of greatest HOTA, the first of equal ones, and their scores."""
    best: tuple[dict[str, Any], dict[str, float]] | None = None
    for options in combinations(GRIDS[row]):
        scores = score(track(row, source, options, tune).tracks, tune)
        if best is None or scores['HOTA'] > best[1]['HOTA']:
            best = options, scores
    assert best is not None  # no grid is empty
    return best


def combinations(grid: dict[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Every choice of one value for each option."""
    for values in itertools.product(*grid.values()):
        options = dict(zip(grid, values, strict=True))
        if 'track_threshold' in options:  # as the default has it
            options['birth_threshold'] = options['track_threshold'] + 0.1
        yield options


def _cells(scores: dict[str, float]) -> list[str]:
    return [
        f'{scores[name]:.0f}' if name == 'IDs' else f'{scores[name]:.2f}'
        for name in SHOWN
    ]


def _triple(scores: dict[str, float]) -> str:
    return ' / '.join(f'{scores[name]:.1f}' for name in ('HOTA', 'MOTA', 'IDF1'))


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table whose columns of numbers are aligned to the right."""
    marks = ['---', '---', *['---:'] * (len(header) - 2)]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in [header, marks, *rows])


if __name__ == '__main__':
    run_tool(main)
