"""Association speed: our trackers beside the PyPI package ``trackers``, in one run.

Both take the same seeded streams on one thread, turn about, run by run; times are processor
time, which other work on the machine moves little. The last line says whether the goal
holds: at least 3 times as fast at N = 50 and 200, and no slower at N = 10, for every tracker
that both have. Trackers that look at appearance are timed alone, with a vector of 64 numbers
for each detection. Needs ``pip install trackers``; without it only our own times are
printed, nothing is said of the goal, and the exit status is 2.

    python tools/benchmarks/association.py
    python tools/benchmarks/association.py --growth outputs/growth.png
"""

from __future__ import annotations

import os

# Before NumPy loads: one thread for everybody.
for name in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'):
    os.environ.setdefault(name, '1')

import argparse  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from importlib.util import find_spec  # noqa: E402

from mmsmot.utils.command_line import run_tool, tool_imports  # noqa: E402

with tool_imports():
    import numpy as np
    from detection_streams import make_detection_stream

    from mmsmot.models import trackers as ours
    from mmsmot.structures import Detections

GOALS = {10: 1.0, 50: 3.0, 200: 3.0}
SCORE = 0.6  # SORT looks only at detections at least this sure
# Ours, the peer's class, if it has one, and its arguments that mean the same.
PAIRS: dict[str, tuple[Callable, str | None, dict]] = {
    'SORT': (lambda: ours.SORT(max_age=30), 'SORTTracker', {}),
    'ByteTrack': (lambda: ours.ByteTrack(), 'ByteTrackTracker', {}),
    'OCSORT': (lambda: ours.OCSORT(), 'OCSORTTracker', {}),
    'BoTSORT': (lambda: ours.BoTSORT(), 'BoTSORTTracker', {'enable_cmc': False}),
    'BoTSORT, ReID': (lambda: ours.BoTSORT(with_reid=True), None, {}),
    'DeepSORT': (lambda: ours.DeepSORT(), None, {}),
    'StrongSORT': (lambda: ours.StrongSORT(), None, {}),
    'DeepOCSORT': (lambda: ours.DeepOCSORT(), None, {}),
}


def make_frames(
    num_objects: int, num_frames: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each frame's detections (n, 6), and what they look like (n, 64).

    A detection looks like the true object nearest to it, but for some noise.
    """
    rng = np.random.default_rng(num_objects)
    object_looks = rng.normal(size=(num_objects, 64)).astype(np.float32)
    frames = []
    for detections, gt in make_detection_stream(num_objects, num_frames):
        centres = [(b[:, :2] + b[:, 2:]) / 2 for b in (detections[:, :4], gt[:, 1:])]
        distances = np.linalg.norm(centres[0][:, None] - centres[1], axis=2)
        looks = object_looks[distances.argmin(axis=1)]
        looks = looks + rng.normal(0, 0.3, looks.shape).astype(np.float32)
        frames.append((detections.astype(float), looks))
    return frames


def time_our_tracker(
    make: Callable, frames: list[tuple[np.ndarray, np.ndarray]]
) -> list[float]:
    """Milliseconds of processor time of each ``update``."""
    tracker, times = make(), []
    for frame, looks in frames:
        detections = Detections(frame[:, :4], frame[:, 4], None, looks)
        start = time.process_time()
        tracker.update(detections)
        times.append(1e3 * (time.process_time() - start))
    return times


def time_peer_tracker(
    make: Callable, frames: list[tuple[np.ndarray, np.ndarray]]
) -> list[float]:
    """The same of the peer."""
    import supervision

    tracker, times = make(), []
    for frame, _ in frames:
        detections = supervision.Detections(
            xyxy=frame[:, :4].astype(np.float32),
            confidence=frame[:, 4].astype(np.float32),
            class_id=np.zeros(len(frame), int),
        )
        start = time.process_time()
        tracker.update(detections)
        times.append(1e3 * (time.process_time() - start))
    return times


def compare_association_speed(
    name: str, num_objects: int, num_frames: int, repeats: int
) -> dict:
    """Median ms a frame of ours and the peer's, the best of paired repeats."""
    make, peer_name, arguments = PAIRS[name]
    frames = make_frames(num_objects, num_frames)
    if name == 'SORT':
        frames = [(f[f[:, 4] >= SCORE], e[f[:, 4] >= SCORE]) for f, e in frames]
    our_times, peer_times = [], []
    for _ in range(repeats):
        our_times.append(np.median(time_our_tracker(make, frames)))
        if peer_name is not None and find_spec('trackers') is not None:
            import trackers as peer

            peer_class = getattr(peer, peer_name)
            peer_times.append(
                np.median(
                    time_peer_tracker(lambda c=peer_class: c(**arguments), frames)
                )
            )
    ratios = [p / o for o, p in zip(our_times, peer_times, strict=False)]
    return {
        'ours': min(our_times),
        'peer': min(peer_times, default=float('nan')),
        'ratio': float(np.median(ratios)) if ratios else float('nan'),
    }


def plot_association_growth(path: str, num_frames: int) -> None:
    """How ms a frame grow with N, on doubly logarithmic axes."""
    import matplotlib

    matplotlib.use('Agg')
    from matplotlib import pyplot

    counts = [10, 20, 50, 100, 200, 500, 1000]
    figure, axes = pyplot.subplots(figsize=(6, 4))
    for name, (_, peer_name, _) in PAIRS.items():
        if peer_name is None:
            continue
        rows = [compare_association_speed(name, n, num_frames, 1) for n in counts]
        line = axes.loglog(counts, [r['ours'] for r in rows], 'o-', label=name)[0]
        if np.isfinite(rows[0]['peer']):
            peers = [r['peer'] for r in rows]
            color = line.get_color()
            axes.loglog(counts, peers, 'x--', color=color, label=f'{name}, trackers')
        print(name, [round(float(r['ours']), 3) for r in rows])
    axes.set(xlabel='objects N', ylabel='ms a frame (median)')
    axes.grid(True, which='both', alpha=0.3)
    axes.legend(fontsize=7)
    figure.tight_layout()
    os.makedirs(os.path.dirname(path) or '.', exist_ok=True)
    figure.savefig(path, dpi=120)
    print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--frames', type=int, default=300, help='frames of a stream')
    parser.add_argument('--repeats', type=int, default=5, help='paired runs')
    parser.add_argument('--growth', metavar='PNG', help='plot ms against N and stop')
    args = parser.parse_args()
    if args.growth:
        plot_association_growth(args.growth, args.frames)
        return
    print(f'{"tracker":14}{"N":>5}{"ours ms":>10}{"trackers ms":>13}{"ratio":>8}')
    missed, compared = [], False
    for name in PAIRS:
        for num_objects, goal in GOALS.items():
            row = compare_association_speed(
                name, num_objects, args.frames, args.repeats
            )
            print(
                f'{name:14}{num_objects:5}{row["ours"]:10.3f}{row["peer"]:13.3f}'
                f'{row["ratio"]:8.2f}'
            )
            compared |= bool(np.isfinite(row['ratio']))
            if row['ratio'] < goal:
                missed.append(f'{name} N={num_objects}: {row["ratio"]:.2f} < {goal}')
    if not compared:
        print('not compared: the peer is missing (pip install trackers)')
        sys.exit(2)
    print('goal missed: ' + '; '.join(missed) if missed else 'goal holds')
    sys.exit(bool(missed))


if __name__ == '__main__':
    run_tool(main)
