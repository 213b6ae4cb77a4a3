"""Names of SynSMOT's videos in which two people wear a top of one colour.

    python tools/analysis_tools/eval_predictions.py RESULTS --data-root data/SynSMOT \\
        --ignore-unknown --sequences $(python projects/query_trackers/tools/equal_shirts.py data/SynSMOT)

A tracker that goes by appearance has no help there.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.utils.json_file import read_json


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='a SynSMOT folder')
    parser.add_argument('--split', default='test')
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    names = equal_shirt_names(Path(args.data_root) / args.split)
    if not names:
        raise SystemExit(
            f'{args.data_root}: split {args.split} has no video with two tops of one '
            'colour, or no script.json of people'
        )
    print(' '.join(names))


def equal_shirt_names(folder: Path) -> list[str]:
    """``activity/number`` of the videos of a split, ascending."""
    names = []
    for path in sorted(folder.glob('*/*/script.json')):
        colours = [
            person['appearance']['top_color'] for person in read_json(path)['people']
        ]
        if len(set(colours)) < len(colours):
            names.append(path.parent.relative_to(folder).as_posix())
    return names


if __name__ == '__main__':
    run_tool(main)
