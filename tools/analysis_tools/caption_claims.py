"""Count what captions of KinematicSemantics claim that a viewer can check.

    python tools/analysis_tools/caption_claims.py OUT/result.json [...]

A claim is a colour of clothes, entering or leaving through a side, standing, staying or being
there, walking or running, the pace, a way, a place in the image, a time, or a partner. They are
counted in the texts, by words, without the code that writes them. The exit code says whether
every track of over --seconds has --claims of them.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from mmsmot.utils.command_line import (
    count_arg,
    non_negative_arg,
    run_tool,
    tool_imports,
)

with tool_imports():
    import numpy as np

    from mmsmot.evaluation.saved_predictions import read_saved_sample
    from mmsmot.structures import SMOTDataSample

# The words of each kind of claim. They are written out and not taken from the grammar, so that
# a sentence which the grammar gets wrong is not counted all the same.
CLAIMS = {
    'colour': r'\b(?:in|and) (?:an? )?(?:black|gray|white|red|orange|brown|yellow|green|blue'
    r'|purple|pink|dark|light)\b',
    'crossing': r'\b(?:comes in|enters|leaves the image|goes out) at the \w+',
    'rest': r'\b(?:stands|stays|stops|is in view)\b',
    'gait': r'\b(?:walks|runs)\b',
    'pace': r'\b(?:slowly|fast)\b',
    'way': r'\bto the (?:left|right)\b(?! of)|\b(?:towards|away from) the camera\b'
    r'|\bto and fro\b|\bfrom the \w+ to the \w+ of the image\b',
    'place': r'\b(?:in|on) the \w+(?: half)? of the image\b|\bbetween the \w+ and the \w+ of',
    'time': r'\babout (?!to\b)[\w ]+?(?:seconds?|minutes?|a minute)\b|\bless than a second\b',
    'partner': r'\b(?:person|object) \d+\b|\banother (?:person|object)\b',
}


def count_caption_claims(caption: str) -> dict[str, int]:
    """How many claims of each kind a caption makes; those that it makes none of are left out.

    >>> count_caption_claims('A person in a red top walks to the left beside person 3.')
    {'colour': 1, 'gait': 1, 'way': 1, 'partner': 1}
    """
    counts = {name: len(re.findall(text, caption)) for name, text in CLAIMS.items()}
    return {name: count for name, count in counts.items() if count}


def track_claims(sample: SMOTDataSample, seconds: float) -> dict[int, int | None]:
    """Claims of each track that takes longer, by id; ``None`` without a caption."""
    captions = sample.get('pred_captions', {})
    fps = sample.video.fps
    claims: dict[int, int | None] = {}
    for track_id, rows in sample.pred_trajectories.by_id().items():
        if np.ptp(rows.frame_ids) / fps > seconds:
            caption = captions.get(track_id)
            counts = None if caption is None else count_caption_claims(caption)
            claims[track_id] = None if counts is None else sum(counts.values())
    return claims


def main() -> int:
    args = parse_args()
    print(f'{"tracks":>8}{"captions":>10}{"least":>7}{"median":>8}  result')
    is_enough = True
    for path in args.results:
        claims = track_claims(read_saved_sample(path), args.seconds)
        counts = [count for count in claims.values() if count is not None]
        least, median = (min(counts), np.median(counts)) if counts else (0, 0.0)
        print(f'{len(claims):8}{len(counts):10}{least:7}{median:8.1f}  {path}')
        for track_id, count in claims.items():
            if count is None or count < args.claims:
                is_enough = False
                print(f'  track {track_id}: {"no caption" if count is None else count}')
    return 0 if is_enough else 1


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('results', nargs='+', type=Path, help='of tools/infer.py')
    parser.add_argument(
        '--seconds', type=non_negative_arg, default=5.0, help='tracks that take longer'
    )
    parser.add_argument('--claims', type=count_arg, default=3, help='that each makes')
    return parser.parse_args()


if __name__ == '__main__':
    run_tool(main)
