"""How fast and how large the whole pipeline is: from a video file to all its results.

    python tools/benchmarks/pipeline.py                      frames/s, split by stage
    python tools/benchmarks/pipeline.py --memory --out docs/memory.png
    python tools/benchmarks/pipeline.py --latency            describe() of 10 people
    python tools/benchmarks/pipeline.py --config two_stage/bytetrack_yolox-nano_kinematic \\
        --weights yolox_nano.onnx --video vtest.avi

What is timed is ``infer_video``, which tools/infer.py calls: tracks, captions, annotated
video and page. Without ``--video`` it looks at the demo scene, written as a video file.
Without ``--checkpoint`` and ``--weights`` the weights are random: the detector runs, but what it finds is
exchanged for the scene's true boxes, and captions are as long as they may be.

``--memory`` looks at the demo scene played forth and back for 1, 10 and 60 minutes at
``--fps`` frames a second, each length in a process of its own, and tells the highest
resident memory of each. The last line is the main figure.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import cv2
    import numpy as np
    import torch
    from demo_film import DemoFilm
    from mmengine.logging import MMLogger
    from pipeline_stages import time_inference

    from mmsmot.apis import SMOTInferencer, SMOTSession
    from mmsmot.engine import load_config
    from mmsmot.models.smot import SMOT
    from mmsmot.structures import Detections, Frame, Tracks
    from mmsmot.utils.atomic import atomic_path, atomic_write

CONFIG = 'smoter/smoter_tiny_synsmot'
TEXTS = [
    f'A {person} in a {colour} shirt walks to the {side} and then waves at another person.'
    for person in ('man', 'woman', 'child')
    for colour in ('red', 'green', 'blue', 'white')
    for side in ('left', 'right')
]


class StandingCrowdTracker:
    """A tracker that sees so many people standing, whatever is detected."""

    def __init__(self, count: int, width: int, height: int) -> None:
        x1 = np.linspace(0, width * 0.9, count)
        top = np.full(count, height * 0.3)
        boxes = np.stack([x1, top, x1 + width * 0.1, top + height * 0.5], axis=1)
        unit = np.ones(count, np.int64)
        ids = np.arange(1, count + 1)
        self.tracks = Tracks(ids, boxes, unit * 0.9, unit * 0, -unit)

    def reset(self) -> None:
        """Nothing is kept."""

    def update(self, detections: Detections, frame: Frame | None = None) -> Tracks:
        """The same people again."""
        return self.tracks


def build_model(args: argparse.Namespace) -> SMOT:
    """The pipeline; random weights get a trained tokenizer, so that they generate captions."""
    # Read here, or the weights that come with the package would be taken.
    config = load_config(args.config)
    inferencer = SMOTInferencer(
        config, args.checkpoint, args.weights, device=args.device
    )
    model = inferencer.model
    args.is_random = inferencer.checkpoint is None and args.weights is None
    head = getattr(model.semantics, 'instance_caption', None)
    if args.is_random and head is not None:
        head.decoder.tokenizer.train_on(TEXTS)
    return model


def measure_speed(args: argparse.Namespace) -> str:
    """Print the split of the run with the median speed; the main figure."""
    model = build_model(args)
    with tempfile.TemporaryDirectory() as folder:
        video, film = args.video, None
        if video is None:
            film = DemoFilm(Path(folder) / 'scene', args.size)
            video = Path(folder) / 'film.mp4'
            film.write(video, args.frames, args.fps)
        film = film if args.is_random else None
        time_inference(model, video, film, args.draw)  # wakes torch up
        runs = [
            time_inference(model, video, film, args.draw) for _ in range(args.repeats)
        ]
    runs.sort(key=lambda run: sum(run[1].values()))
    result, seconds = runs[len(runs) // 2]
    info, total = result['video'], sum(seconds.values())
    print(f'{"stage":10}{"seconds":>9}{"ms/frame":>10}{"share":>8}')
    for stage, stage_seconds in seconds.items():
        per_frame = 1e3 * stage_seconds / info['num_frames']
        print(
            f'{stage:10}{stage_seconds:9.2f}{per_frame:10.2f}{stage_seconds / total:8.1%}'
        )
    print(f'{len(result["trajectories"])} trajectories; {_weights(args)}')
    rates = [
        info['num_frames'] / sum(stage_seconds.values()) for _, stage_seconds in runs
    ]
    print(f'{len(runs)} runs: {min(rates):.1f} to {max(rates):.1f} frames/s')
    return (
        f'{info["num_frames"] / total:.1f} frames/s from file to page, '
        f'{info["width"]}x{info["height"]}, {info["num_frames"]} frames, '
        f'{args.threads} threads, {args.device}'
    )


def measure_memory(args: argparse.Namespace) -> str:
    """Run each length in its own process, write JSON and figure; the main figure."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        film = DemoFilm(Path(folder) / 'scene', args.size)
        for minutes in args.minutes:
            video = Path(folder) / 'film.mp4'
            film.write(video, max(round(60 * minutes * args.fps), 1), args.fps)
            rows.append({'minutes': minutes, **_in_own_process(args, video, film)})
            print(json.dumps(rows[-1]), flush=True)
    first, longest = rows[0], rows[-1]
    grown = longest['peak_mib'] - first['peak_mib']
    frames = max(longest['frames'] - first['frames'], 1)
    if args.out is not None:
        _write_memory(args, rows)
    return (
        f'peak memory {first["peak_mib"]:.0f} MiB at {first["minutes"]:g} min, '
        f'{longest["peak_mib"]:.0f} MiB at {longest["minutes"]:g} min '
        f'({grown:+.0f} MiB, {1024 * grown / frames:+.2f} KiB a frame): '
        f'{"flat" if grown <= args.flat * first["peak_mib"] else "it grows"}'
    )


def _in_own_process(
    args: argparse.Namespace, video: Path, film: DemoFilm
) -> dict[str, Any]:
    command = [sys.executable, __file__, '--child', '--video', str(video)]
    command += ['--scene', str(film.scene), '--config', args.config]
    command += ['--threads', str(args.threads), '--device', args.device]
    for name in ('checkpoint', 'weights'):
        if (path := getattr(args, name)) is not None:
            command += [f'--{name}', str(path)]
    command += ['--no-draw'] * (not args.draw)
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure_video_memory(args: argparse.Namespace) -> str:
    """What one process takes for one video, as JSON."""
    model = build_model(args)
    start_memory = peak_memory()
    film = DemoFilm(args.scene, args.size) if args.is_random else None
    result, seconds = time_inference(model, args.video, film, args.draw)
    frames = result['video']['num_frames']
    return json.dumps(
        {
            'frames': frames,
            'trajectories': len(result['trajectories']),
            'seconds': round(sum(seconds.values()), 1),
            'loaded_mib': round(start_memory, 1),
            'peak_mib': round(peak_memory(), 1),
        }
    )


def peak_memory() -> float:
    """The highest resident memory of this process so far, in MiB."""
    status = Path('/proc/self/status')
    if status.exists():
        # Not ru_maxrss, which a child inherits from whoever started it.
        line = next(x for x in status.read_text().splitlines() if 'VmHWM' in x)
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == 'darwin' else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _write_memory(args: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    """The figure, and beside it its numbers as JSON."""
    from matplotlib.figure import Figure

    text = f'{Path(args.config).name}, {args.size[0]}x{args.size[1]}, {args.fps:g} fps'
    with atomic_write(args.out.with_suffix('.json')) as stream:
        setting = dict(config=args.config, size=args.size, fps=args.fps, draw=args.draw)
        json.dump(
            {**setting, 'weights': _weights(args), 'runs': rows}, stream, indent=1
        )
    figure = Figure(figsize=(5, 3.2), layout='constrained')
    axes = figure.add_subplot(
        xlabel='minutes of video', ylabel='MiB', title=f'Peak memory: {text}'
    )
    minutes = [row['minutes'] for row in rows]
    for key, name in (('peak_mib', 'while it runs'), ('loaded_mib', 'model loaded')):
        axes.plot(minutes, [row[key] for row in rows], marker='o', label=name)
    axes.set_xscale('log')
    axes.set_xticks(minutes, [f'{m:g}' for m in minutes])
    axes.set_ylim(0, None)
    axes.legend()
    with atomic_path(args.out) as path:
        figure.savefig(path, dpi=120)


def measure_latency(args: argparse.Namespace) -> str:
    """Ask a session often what ten people do; the main figure."""
    model = build_model(args)
    width, height = args.size
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    crowd = StandingCrowdTracker(args.people, width, height)
    with mock.patch.object(model.estimator, 'tracker', crowd):
        session = SMOTSession(model)
        for _ in range(args.frames):
            session.update(picture)
        description, seconds = session.describe(), []
        for _ in range(args.repeats):
            begin = time.perf_counter()
            description = session.describe()
            seconds.append(1e3 * (time.perf_counter() - begin))
    words = statistics.mean(len(text.split()) for text in description.captions.values())
    print(
        f'{len(description.captions)} captions of {words:.0f} words; {_weights(args)}'
    )
    print(f'{len(seconds)} calls: {min(seconds):.0f} to {max(seconds):.0f} ms')
    return (
        f'describe() of {args.people} people: median '
        f'{statistics.median(seconds):.0f} ms, {args.threads} threads, {args.device}'
    )


def _weights(args: argparse.Namespace) -> str:
    path = args.checkpoint or args.weights
    return 'random weights' if path is None else f'weights {path.name}'


def main() -> None:
    args = parse_args()
    MMLogger.get_current_instance().setLevel('ERROR')
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)
    torch.manual_seed(0)
    print(args.measure(args))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    modes = parser.add_mutually_exclusive_group()
    for name, function in (
        ('--memory', measure_memory),
        ('--latency', measure_latency),
        ('--child', measure_video_memory),
    ):
        text = argparse.SUPPRESS if name == '--child' else function.__doc__
        modes.add_argument(
            name, dest='measure', action='store_const', const=function, help=text
        )
    parser.set_defaults(measure=measure_speed)
    parser.add_argument('--config', default=CONFIG)
    parser.add_argument('--checkpoint', type=Path, help='else random weights')
    parser.add_argument(
        '--weights', type=Path, help='of a detector alone, such as ONNX'
    )
    parser.add_argument('--video', type=Path, help='else the demo scene as a file')
    parser.add_argument('--size', type=int, nargs=2, default=(320, 192))
    parser.add_argument('--frames', type=int, default=200)
    parser.add_argument('--fps', type=float, default=2.0, help="of the film's file")
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--people', type=int, default=10, help='with --latency')
    parser.add_argument('--minutes', type=float, nargs='+', default=(1, 10, 60))
    parser.add_argument('--flat', type=float, default=0.05, help='growth called flat')
    parser.add_argument('--out', type=Path, help='*.png of --memory; a .json beside it')
    parser.add_argument('--no-draw', dest='draw', action='store_false')
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--scene', type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == '__main__':
    run_tool(main)
