"""What the steps of configs/foundation cost, with random weights made on the spot.

    python tools/benchmarks/foundation.py                        seconds by stage
    python tools/benchmarks/foundation.py --memory               memory by batch size
    python tools/benchmarks/foundation.py --shape smolvlm-500m   (or --memory with it)

``--shape tiny`` is a model of a few kilobytes: it shows the way from video to result.
``smolvlm-500m`` has the shape of SmolVLM-500M-Instruct (507 million weights, its image
processor, 64 tokens an image), so that time and memory are those of the real one on this
machine; it needs 1 GB of disk. Both detect as their random weights do, for the time it
takes, and the true boxes of the demo scene are taken for what they found. The words that
come out mean nothing; answers are as long as they may be.

``--memory`` answers questions about people, ``--images`` crops each, in a process of its
own for each of ``--batch-sizes``, and tells the highest resident memory beyond that of the
loaded model. The last line is the main figure.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from mmsmot.utils.command_line import count_arg, run_tool, tool_imports

with tool_imports():
    import numpy as np
    import torch
    from demo_film import DemoFilm
    from pipeline import peak_memory

    from mmsmot.apis import SMOTInferencer
    from mmsmot.engine import load_config
    from mmsmot.models.detectors import TransformersDetector
    from mmsmot.models.language import Question, VisionLanguageModel
    from tests.tiny_transformers import save_detector, save_idefics3, save_smolvlm_shape

CONFIG = 'foundation/bytetrack_rtdetr_smolvlm'
SHAPES = {'tiny': save_idefics3, 'smolvlm-500m': save_smolvlm_shape}
CROP = (384, 160, 3)  # a standing person at the config's crop_size
PROMPT = (
    'The 4 picture(s) show one person at 0.1 s, 0.2 s, 0.3 s, 0.4 s of a video. In one '
    'sentence, describe what this person looks like and what the person does.'
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--shape', choices=SHAPES, default='tiny')
    parser.add_argument('--memory', action='store_true', help='by batch size')
    parser.add_argument(
        '--batch-sizes', nargs='+', type=count_arg, default=[1, 2, 4, 8]
    )
    parser.add_argument(
        '--images', type=count_arg, default=4, help='crops of each question'
    )
    parser.add_argument(
        '--max-new-tokens', type=count_arg, default=60, help='of an answer'
    )
    parser.add_argument(
        '--split-images', action='store_true', help='cut images into tiles'
    )
    parser.add_argument('--frames', type=count_arg, default=50)
    parser.add_argument('--dtype', default='auto', help='of the weights')
    parser.add_argument('--threads', type=count_arg, default=1)
    parser.add_argument('--folder', type=Path, help=argparse.SUPPRESS)  # of a child
    return parser.parse_args()


def measure_stages(args: argparse.Namespace, folder: Path) -> str:
    """Print seconds by stage; the main figure."""
    options = {
        'model.semantics.model.name': str(SHAPES[args.shape](folder / 'words')),
        'model.semantics.model.max_new_tokens': args.max_new_tokens,
        'model.semantics.model.split_images': args.split_images,
        'model.semantics.model.dtype': args.dtype,
        'model.detector.model': str(save_detector(folder / 'detector')),
    }
    film = DemoFilm(folder / 'scene', (480, 270))
    film.write(folder / 'film.mp4', args.frames, 25.0)
    inferencer = SMOTInferencer(load_config(CONFIG, options))
    _ = inferencer.model
    begin = time.perf_counter()
    with true_boxes(film):
        result = inferencer(folder / 'film.mp4', folder / 'out', draw=False)
    total = time.perf_counter() - begin
    for stage, seconds in result['speed']['seconds'].items():
        print(f'{stage:15}{seconds:9.2f} s{seconds / total:8.1%}')
    people = len(result['trajectories'])
    return (
        f'{total:.1f} s for {args.frames} frames, {people} people; {args.shape}, random '
        f'weights, answers of {args.max_new_tokens} tokens, {args.threads} threads'
    )


@contextmanager
def true_boxes(film: DemoFilm) -> Iterator[None]:
    """Let the detector work, and take the true boxes for what it found."""
    detect, people = TransformersDetector.detect, film.truth()

    def detect_and_forget(detector, frames):
        detect(detector, frames)
        return [people(frame.frame_id) for frame in frames]

    with mock.patch.object(TransformersDetector, 'detect', detect_and_forget):
        yield


def measure_memory(args: argparse.Namespace, folder: Path) -> str:
    """Print a row for each batch size; the main figure."""
    SHAPES[args.shape](folder / 'words')
    print(
        'batch  tokens  loaded MiB  answering, MiB more  processor s a question',
        flush=True,
    )
    rows = []
    for batch_size in args.batch_sizes:
        command = [sys.executable, __file__, '--folder', str(folder / 'words')]
        command += ['--batch-sizes', str(batch_size), '--images', str(args.images)]
        command += ['--max-new-tokens', str(args.max_new_tokens)]
        command += ['--threads', str(args.threads), '--dtype', args.dtype]
        command += ['--split-images'] * args.split_images
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        row = json.loads(done.stdout.splitlines()[-1])
        rows.append(row)
        print(
            f'{batch_size:5}{row["tokens"]:8}{row["loaded"]:12.0f}{row["more"]:21.0f}'
            f'{row["seconds"]:14.2f}',
            flush=True,
        )
    first, last = rows[0], rows[-1]
    growth = (last['more'] - first['more']) / max(
        last['batch_size'] - first['batch_size'], 1
    )
    return (
        f'{growth:.0f} MiB more for each question of a batch; {args.shape}, random '
        f'weights, {args.images} images, {first["tokens"]} tokens a question'
    )


def measure_batch(args: argparse.Namespace) -> str:
    """What one process takes for two batches of one size, as JSON."""
    (batch_size,) = args.batch_sizes
    model = VisionLanguageModel(
        name=str(args.folder),
        max_new_tokens=args.max_new_tokens,
        batch_size=batch_size,
        dtype=args.dtype,
        split_images=args.split_images,
    )
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 255, (args.images, *CROP), dtype=np.uint8)
    tokens = []
    generate = model.model.generate

    def counted(**inputs):
        tokens.append(inputs['input_ids'].shape[1])
        return generate(**inputs)

    loaded = reset_peak()
    begin = time.process_time()  # others may use the machine
    with mock.patch.object(model.model, 'generate', counted):
        model.answer([Question(PROMPT, lambda: list(crops))] * (2 * batch_size))
    seconds = time.process_time() - begin
    return json.dumps(
        {
            'batch_size': batch_size,
            'tokens': tokens[0] + args.max_new_tokens,
            'loaded': loaded,
            'more': peak_memory() - loaded,
            'seconds': seconds / (2 * batch_size),
        }
    )


def reset_peak() -> float:
    """Forget the highest resident memory so far; the memory now, in MiB."""
    clear = Path('/proc/self/clear_refs')
    if clear.exists():  # else loading counts for the peak too
        clear.write_text('5')
    return peak_memory()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    if args.folder is not None:
        print(measure_batch(args))
        return
    with tempfile.TemporaryDirectory() as folder:
        measure = measure_memory if args.memory else measure_stages
        print(measure(args, Path(folder)))


if __name__ == '__main__':
    run_tool(main)
