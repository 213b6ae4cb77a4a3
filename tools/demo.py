"""The first run: a world of people, and what the bundled model predicts on it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.datasets.synsmot import make_synsmot


CONFIG = 'smoter/smoter_tiny_synsmot'
CLIP = 'test/hugging/000000'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', default='outputs/demo', help='folder of the results')
    parser.add_argument('--clip', default=CLIP, help='<split>/<activity>/<number>')
    args = parser.parse_args()
    data = Path(args.out) / 'SynSMOT'
    make_synsmot(data, 'mini')  # a finished one stays as it is
    clip = data / args.clip
    if not clip.is_dir():
        clips = sorted(str(p.relative_to(data)) for p in data.glob('*/*/*/'))
        sys.exit(f'error: no clip {args.clip}; there are {", ".join(clips)}')
    print(f'a clip that no training saw: {clip}')
    command = [
        str(Path(__file__).with_name('infer.py')),
        str(clip),
        f'--config={CONFIG}',
        f'--out={Path(args.out) / "results"}',
    ]
    # The Python that has all it needs, as the next command is best typed.
    print(*map(relative_path, [sys.executable, *command]))
    sys.exit(subprocess.call([sys.executable, *command]))


def relative_path(word: str) -> str:
    """A path below the working directory without it."""
    return word.removeprefix(os.getcwd() + os.sep)


if __name__ == '__main__':
    run_tool(main)
