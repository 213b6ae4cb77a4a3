"""The first run: make a scene, track through it, score it, and show where it lies."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from mmsmot.datasets import make_demo_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default='outputs/demo', help='folder of the results')
    parser.add_argument('--seed', type=int, default=0, help='seed of the scene')
    args = parser.parse_args()
    scene = Path(args.out) / f'scene_{args.seed}'
    if not scene.exists():  # it is written whole or not at all
        make_demo_scene(scene, seed=args.seed)
    print(f'a scene of walking people: {scene}')
    command = [
        str(Path(__file__).with_name('infer.py')),
        str(scene),
        '--config=two_stage/bytetrack_public-detections',
        f'--out={args.out}',
    ]
    # The Python that has all it needs, as the next command is best typed.
    print(*map(shown, [sys.executable, *command]))
    sys.exit(subprocess.call([sys.executable, *command]))


def shown(word: str) -> str:
    """A path below the working directory without it."""
    return word.removeprefix(os.getcwd() + os.sep)


if __name__ == '__main__':
    main()
