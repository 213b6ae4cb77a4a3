"""Time of HOTA, CLEAR and Identity: ours beside trackeval used its own way.

    python tools/benchmarks/evaluation.py

Both score the same seeded result of a made-up tracker, on one core, in one process, in
turns. trackeval reads its folders of text files; ours is timed from trajectories in
memory and from the same files. All of trackeval's fields must be equal. The last line is
the median ratio from memory; the exit status is 0 where the goal of 2x is reached.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

# Before NumPy is imported: its linear algebra must not use a second core.
os.environ.update(OMP_NUM_THREADS='1', OPENBLAS_NUM_THREADS='1', MKL_NUM_THREADS='1')

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import numpy as np

    from mmsmot.evaluation import combine_tracking_sequences, evaluate_sequence
    from mmsmot.structures import read_trajectories

GOAL = 2.0
TOLERANCE = 1e-12
WIDTH, HEIGHT = 1920, 1080
MISS, FALSE_POSITIVE, SWITCH = 0.12, 0.08, 0.002
TRACKER = 'tracker'
COMBINED = 'COMBINED_SEQ'


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        sequences = write_benchmark(
            root, args.sequences, args.frames, args.objects, args.seed
        )
        loaded = read_sequences(root, sequences)
        runs = {
            'trackeval': lambda: score_with_trackeval(root),
            'ours, from files': lambda: score_in_memory(
                read_sequences(root, sequences)
            ),
            'ours, from memory': lambda: score_in_memory(loaded),
        }
        scores = {name: run() for name, run in runs.items()}  # also the warm-up
        for ours in list(runs)[1:]:
            require_equal(scores[ours], scores['trackeval'])
        times = measure_evaluation(runs, args.repeats)
    ratio = report_evaluation_times(args, times)
    sys.exit(0 if ratio >= GOAL else 1)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--sequences', type=int, default=7)
    parser.add_argument('--frames', type=int, default=700)
    parser.add_argument('--objects', type=int, default=22)
    parser.add_argument('--repeats', type=int, default=7)
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


def write_benchmark(
    root: Path, sequences: int, frames: int, objects: int, seed: int
) -> dict[str, int]:
    """Write truth and result files in trackeval's folders.

    Returns:
        The number of frames of each sequence.
    """
    names = [f'SEQ-{number:02d}' for number in range(1, sequences + 1)]
    for number, name in enumerate(names):
        rng = np.random.default_rng([seed, number])
        truth, result = make_sequence(rng, frames, objects)
        sequence = root / 'gt' / 'MOT17-train' / name
        (sequence / 'gt').mkdir(parents=True)
        (sequence / 'seqinfo.ini').write_text(f'[Sequence]\nseqLength={frames}\n')
        write_rows(truth, sequence / 'gt' / 'gt.txt', ',%d,%d,%.2f')
        file = root / 'trackers' / 'MOT17-train' / TRACKER / 'data' / f'{name}.txt'
        file.parent.mkdir(parents=True, exist_ok=True)
        write_rows(result, file, ',%.2f,-1,-1,-1')
    seqmap = root / 'gt' / 'seqmaps' / 'MOT17-train.txt'
    seqmap.parent.mkdir()
    seqmap.write_text('\n'.join(['name', *names]) + '\n')
    return dict.fromkeys(names, frames)


def make_sequence(
    rng: np.random.Generator, frames: int, objects: int
) -> tuple[np.ndarray, np.ndarray]:
    """People who walk to and fro, and a tracker that misses, invents and mixes up.

    One person of eight is a distractor (class 8), so that the removal of predictions on
    distractors has work to do.

    Returns:
        (R, 9) rows of the truth and (S, 7) rows of the result, MOTChallenge columns.
    """
    time_ = np.arange(frames)[:, None]
    height = rng.uniform(80, 320, objects)
    size = np.stack([0.4 * height, height], axis=1)
    room = np.array([WIDTH, HEIGHT]) - size
    path = rng.uniform(0, 2 * room) + time_[:, :, None] * rng.normal(0, 4, (objects, 2))
    corner = room - np.abs(np.mod(path, 2 * room) - room)  # reflected at the borders
    boxes = np.concatenate([corner, np.broadcast_to(size, corner.shape)], axis=2)
    frame_ids = np.broadcast_to(time_ + 1, (frames, objects))
    ids = np.broadcast_to(np.arange(1, objects + 1), (frames, objects))
    classes = np.where(ids % 8 == 0, 8, 1)
    truth = np.dstack(
        [frame_ids, ids, boxes, classes == 1, classes, np.ones(ids.shape)]
    )

    switches = np.cumsum(rng.random((frames, objects)) < SWITCH, axis=0)
    noise = rng.normal(0, 0.06, boxes.shape) * height[:, None]
    predictions = np.dstack([frame_ids, ids + objects * switches, boxes + noise])
    predictions = predictions[rng.random((frames, objects)) >= MISS]
    invented = np.flatnonzero(rng.random(frames * objects) < FALSE_POSITIVE)
    places = rng.permutation(frames * objects)[: len(invented)]
    false = np.column_stack(
        [
            frame_ids.reshape(-1)[invented],
            10**6 + np.arange(len(invented)) // 25,
            boxes.reshape(-1, 4)[places],
        ]
    )
    # An invented track of 25 boxes may not stand twice in a frame.
    _, once = np.unique(false[:, :2], axis=0, return_index=True)
    result = np.concatenate([predictions, false[once]])
    result = np.column_stack([result, rng.uniform(0.3, 1, len(result))])
    return truth.reshape(-1, 9), result[np.argsort(result[:, 0], kind='stable')]


def write_rows(rows: np.ndarray, path: Path, tail: str) -> None:
    line = '%d,%d,%.2f,%.2f,%.2f,%.2f' + tail + '\n'
    path.write_text(''.join(line % tuple(row) for row in rows.tolist()))


def read_sequences(root: Path, sequences: dict[str, int]) -> dict[str, tuple]:
    """Truth, result and frame numbers of each sequence."""
    gt_root = root / 'gt' / 'MOT17-train'
    results = root / 'trackers' / 'MOT17-train' / TRACKER / 'data'
    return {
        name: (
            read_trajectories(gt_root / name / 'gt' / 'gt.txt'),
            read_trajectories(results / f'{name}.txt'),
            np.arange(1, frames + 1),
        )
        for name, frames in sequences.items()
    }


def score_in_memory(sequences: dict[str, tuple]) -> dict[str, dict]:
    results = {
        name: evaluate_sequence(*sequence, preprocessing='mot17')
        for name, sequence in sequences.items()
    }
    return {**results, COMBINED: combine_tracking_sequences(results)}


def score_with_trackeval(root: Path) -> dict[str, dict]:
    import trackeval

    quiet = {'PRINT_CONFIG': False}
    options = {
        'TIME_PROGRESS': False,
        'PRINT_RESULTS': False,
        'OUTPUT_SUMMARY': False,
        'OUTPUT_DETAILED': False,
        'PLOT_CURVES': False,
        'LOG_ON_ERROR': None,
    }
    folders = {
        'GT_FOLDER': str(root / 'gt'),
        'TRACKERS_FOLDER': str(root / 'trackers'),
        'BENCHMARK': 'MOT17',
    }
    metrics = trackeval.metrics
    with contextlib.redirect_stdout(io.StringIO()):
        results, _ = trackeval.Evaluator({**options, **quiet}).evaluate(
            [trackeval.datasets.MotChallenge2DBox({**folders, **quiet})],
            [metrics.HOTA(), metrics.CLEAR(dict(quiet)), metrics.Identity(dict(quiet))],
        )
    sequences = results['MotChallenge2DBox'][TRACKER]
    return {name: result['pedestrian'] for name, result in sequences.items()}


def require_equal(ours: dict[str, dict], peer_scores: dict[str, dict]) -> None:
    """Stop unless every field of every sequence is equal."""
    if set(ours) != set(peer_scores):
        sys.exit(f'other sequences: {sorted(ours)} and {sorted(peer_scores)}')
    for name, result in ours.items():
        for metric, fields in result.items():
            reference = peer_scores[name][metric]
            if set(fields) != set(reference):
                sys.exit(f'{name}: other fields of {metric}')
            for field, value in fields.items():
                difference = np.abs(np.subtract(value, reference[field])).max()
                if not difference <= TOLERANCE * max(1, np.max(np.abs(value))):
                    sys.exit(f'{name}: {metric} {field} differs by {difference:g}')


def measure_evaluation(
    runs: dict[str, Callable[[], object]], repeats: int
) -> dict[str, list[float]]:
    """Seconds of each run, taken in turns so that a busy moment meets them all."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return times


def report_evaluation_times(
    args: argparse.Namespace, times: dict[str, list[float]]
) -> float:
    """Print times and ratios; return the median ratio from memory."""
    print(
        f'{args.sequences} sequences x {args.frames} frames x {args.objects} objects, '
        f'{args.repeats} paired runs, all fields equal to {TOLERANCE:g}'
    )
    peer = times['trackeval']
    ratio = 1.0
    for name, seconds in times.items():
        ratio = median(a / b for a, b in zip(peer, seconds, strict=True))
        print(
            f'{name:<18} {median(seconds):7.3f} s '
            f'({min(seconds):.3f} to {max(seconds):.3f})  {ratio:5.2f}x'
        )
    goal = 'reached' if ratio >= GOAL else 'missed'
    print(f'ratio from memory {ratio:.2f}, goal {GOAL:g}: {goal}')
    return ratio


if __name__ == '__main__':
    run_tool(main)
