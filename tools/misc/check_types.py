"""Run mypy and compare its errors with a baseline that only shrinks.

python tools/misc/check_types.py            # fails where a file has more errors
python tools/misc/check_types.py --update   # writes the baseline, where none has more
"""

from __future__ import annotations

import argparse
import collections
import re
import subprocess
import sys
from pathlib import Path

from mmsmot.utils.command_line import run_tool

ROOT = Path(__file__).resolve().parents[2]
BASELINE = ROOT / 'tools' / 'misc' / 'mypy_baseline.txt'
SUMMARY = re.compile(r'^(Success: no issues|Found \d+ errors? in .* \(checked )', re.M)
ERROR = re.compile(r'^(.+?\.py):\d+(?::\d+)?: error: ')


def run_mypy() -> tuple[collections.Counter, str]:
    """Errors by file below the root, and the whole output."""
    done = subprocess.run(
        [sys.executable, '-m', 'mypy', 'mmsmot'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    # Python ends with 1, as mypy does, where mypy is missing.
    if done.returncode not in (0, 1) or not SUMMARY.search(done.stdout):
        raise ValueError(f'mypy did not run: {(done.stderr or done.stdout).strip()}')
    return count_errors(done.stdout), done.stdout


def count_errors(output: str) -> collections.Counter:
    """Errors by file in the output of mypy."""
    matches = map(ERROR.match, output.splitlines())
    return collections.Counter(m[1].replace('\\', '/') for m in matches if m)


def read_baseline(path: Path) -> collections.Counter:
    """Errors by file, of lines ``count file``.

    Raises:
        ValueError: A line is none.
    """
    baseline: collections.Counter = collections.Counter()
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        count, _, file = line.partition(' ')
        if not count.isdecimal() or not file:
            raise ValueError(f'{path}:{number}: expected "count file", got {line!r}')
        baseline[file] = int(count)
    return baseline


def differences(
    errors: collections.Counter, baseline: collections.Counter
) -> tuple[list[str], list[str]]:
    """A line for each file with more errors than the baseline, and with fewer."""
    risen, fewer = [], []
    for file in sorted(errors.keys() | baseline.keys()):
        line = f'{file}: {errors[file]} errors, {baseline[file]} in the baseline'
        if errors[file] > baseline[file]:
            risen.append(line)
        elif errors[file] < baseline[file]:
            fewer.append(line)
    return risen, fewer


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--update', action='store_true', help='write the baseline')
    args = parser.parse_args()
    errors, output = run_mypy()
    risen, fewer = differences(errors, read_baseline(BASELINE))
    if risen:
        print(output, *risen, sep='\n')
        return 1
    if args.update:
        lines = [f'{count} {file}\n' for file, count in sorted(errors.items())]
        BASELINE.write_text(''.join(lines), encoding='utf-8')
    elif fewer:
        print(*fewer, 'Fewer errors: check_types.py --update notes it', sep='\n')
    print(f'mypy: {errors.total()} errors, none more than in the baseline')
    return 0


if __name__ == '__main__':
    run_tool(main)
