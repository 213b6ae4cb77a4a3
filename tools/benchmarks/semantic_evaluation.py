"""Time of all scores of many short videos: ours beside pycocoevalcap and trackeval.

    python tools/benchmarks/semantic_evaluation.py

1,000 videos of 46 frames with 3 described people each, and a caption for each video. The
plain way is pycocoevalcap's tokenizer and scorers, once for people and once for videos,
and trackeval on its folders. Ours is everything that ``SMOTMetric`` reports under the
strict protocol, also interactions, CHOTA and IHOTA; once more without Java, which is
everything but METEOR. Caption scores and HOTA must be equal. Seconds are wall clock, and in
brackets those of all processors, children's too: the fairer ones on a busy machine. The
last line is the ratio of wall clocks; the exit status is 0 where the goal of 1.5x is
reached.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import evaluation as tracking_benchmark  # also sets one thread for NumPy
    import numpy as np

    from mmsmot.evaluation.captions import BLEU
    from mmsmot.evaluation.protocols import compare_by_strict_protocol
    from mmsmot.evaluation.smot_report import (
        build_smot_report,
        smot_report_video_scores,
    )
    from mmsmot.structures import Interactions, SMOTDataSample, VideoInfo

GOAL = 1.5
PEOPLE = ['A man', 'A woman', 'A boy', 'A girl', 'An old man']
COLOURS = ['red', 'blue', 'green', 'black', 'white', 'yellow', 'grey', 'pink']
ACTS = [
    'walks to the left',
    'runs to the right',
    'stands and waves',
    "sits down and doesn't move",
    'jumps, then claps',
    'follows a woman with a bag',
    'throws a ball to a boy in black',
    'talks to somebody on the bench',
]
PLACES = ['street', 'park', 'beach', 'schoolyard', 'room', 'plaza']
VERBS = ['follow.v.01', 'talk.v.01', 'look.v.01', 'pass.v.05']


def main() -> None:
    args = parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sequences = tracking_benchmark.write_benchmark(
            root, args.videos, args.frames, args.people, args.seed
        )
        tracks = tracking_benchmark.read_sequences(root, sequences)
        rng = np.random.default_rng(args.seed)
        samples = [make_sample(rng, name, *t) for name, t in tracks.items()]
        smot_report_video_scores(samples[0])  # imports
        plain, plain_split = library_scores(root, samples)
        ours, our_split = our_scores(samples)
        with mock.patch('shutil.which', return_value=None):
            _, without_java = our_scores(samples)
    for key, value in plain.items():
        if not np.isclose(ours[key], value, rtol=0, atol=1e-9):
            sys.exit(f'{key}: {ours[key]} is not {value}')
    print(f'{args.videos} videos, {len(plain)} scores equal to 1e-9')
    splits = {'plain': plain_split, 'ours': our_split, 'no Java': without_java}
    for scorer, split in splits.items():
        parts = ', '.join(f'{name} {clock}' for name, clock in split.items())
        print(f'{scorer:8} {total_seconds(split)}  ({parts})')
    plain_total, mine = total_seconds(plain_split), total_seconds(our_split)
    ratio, cpu_ratio = plain_total.wall / mine.wall, plain_total.cpu / mine.cpu
    goal = 'reached' if ratio >= GOAL else 'missed'
    print(f'ratio {ratio:.2f} (processors {cpu_ratio:.2f}), goal {GOAL:g}: {goal}')
    sys.exit(ratio < GOAL)


class Clock(NamedTuple):
    """Seconds."""

    wall: float
    cpu: float

    @classmethod
    def now(cls) -> Clock:
        return cls(time.perf_counter(), sum(os.times()[:4]))

    @classmethod
    def since(cls, start: Clock) -> Clock:
        return cls(*(b - a for a, b in zip(start, cls.now(), strict=True)))

    def __str__(self) -> str:
        return f'{self.wall:.1f} s [{self.cpu:.1f}]'


def total_seconds(split: dict[str, Clock]) -> Clock:
    return Clock(*map(sum, zip(*split.values(), strict=True)))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--videos', type=int, default=1000)
    parser.add_argument('--frames', type=int, default=46)
    parser.add_argument('--people', type=int, default=3)
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args()


def make_sample(rng, name, gt, pred, frame_ids) -> SMOTDataSample:
    """A video with captions and interactions; predictions say something similar."""

    def caption() -> str:
        person, colour, act = (rng.choice(w) for w in (PEOPLE, COLOURS, ACTS))
        return f'{person} in a {colour} shirt {act}.'

    def changed(text: str) -> str:
        return caption() if rng.random() < 0.5 else text.replace(' a ', ' the ')

    ids, pred_ids = np.unique(gt.ids), np.unique(pred.ids)
    truth = {int(i): caption() for i in ids}
    # Everybody is described after the person he is: the tracker keeps numbers mod N.
    captions = {int(i): changed(truth[int((i - 1) % len(ids)) + 1]) for i in pred_ids}
    pairs = Interactions(ids[:-1], ids[1:], rng.choice(VERBS, len(ids) - 1))
    place = rng.choice(PLACES)
    sample = SMOTDataSample(
        metainfo=dict(video=VideoInfo(name, name), frame_ids=frame_ids)
    )
    sample.set_data(
        dict(
            gt_trajectories=gt,
            pred_trajectories=pred,
            gt_captions=truth,
            pred_captions=captions,
            gt_interactions=pairs,
            pred_interactions=pairs,
            gt_video_caption=f'{len(ids)} people are in the {place}.',
            pred_video_caption=f'Some people are in a {rng.choice(PLACES)}.',
        )
    )
    return sample


def our_scores(
    samples: list[SMOTDataSample],
) -> tuple[dict[tuple[str, str], float], dict[str, Clock]]:
    split, start = {}, Clock.now()
    videos = [smot_report_video_scores(sample, ['strict']) for sample in samples]
    split['tracks and matching'], start = Clock.since(start), Clock.now()
    scores_by_protocol = build_smot_report(videos)
    split['the rest'] = Clock.since(start)
    instance = scores_by_protocol['strict']['instance']
    # The benchmark compares captions, so what invented ones cost is undone.
    valid_share = instance['captions'] / (instance['captions'] + instance['spurious'])
    scores = {
        ('instance', name): value / valid_share for name, value in instance.items()
    }
    scores |= {
        ('video', name): v for name, v in scores_by_protocol['strict']['video'].items()
    }
    return scores | {('track', 'HOTA'): scores_by_protocol['tracking']['HOTA']}, split


def library_scores(
    root: Path, samples: list[SMOTDataSample]
) -> tuple[dict[tuple[str, str], float], dict[str, Clock]]:
    """What somebody would write with the two libraries."""
    split, start = {}, Clock.now()
    tracks = tracking_benchmark.score_with_trackeval(root)
    split['trackeval'] = Clock.since(start)
    hota = np.mean(tracks[tracking_benchmark.COMBINED]['HOTA']['HOTA'])
    table = {('track', 'HOTA'): 100 * float(hota)}
    compared = [compare_by_strict_protocol(sample) for sample in samples]  # not timed
    sets = {
        'instance': [pair for c in compared for pair in c.captions],
        'video': [c.video for c in compared],
    }
    start = Clock.now()
    for level, captions in sets.items():
        for name, value in coco_scores(captions).items():
            table[level, name] = value
    split['pycocoevalcap'] = Clock.since(start)
    return table, split


def coco_scores(captions: list[tuple[str, str]]) -> dict[str, float]:
    from pycocoevalcap.bleu.bleu import Bleu
    from pycocoevalcap.cider.cider import Cider
    from pycocoevalcap.meteor.meteor import Meteor
    from pycocoevalcap.rouge.rouge import Rouge
    from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

    tokenizer = PTBTokenizer()
    truth, predictions = (
        tokenizer.tokenize(
            {i: [{'caption': pair[k]}] for i, pair in enumerate(captions)}
        )
        for k in (0, 1)
    )
    scores = {}
    with contextlib.redirect_stdout(io.StringIO()):
        scores |= dict(
            zip(BLEU, Bleu(4).compute_score(truth, predictions)[0], strict=True)
        )
    for name, scorer in (
        ('METEOR', Meteor()),
        ('ROUGE-L', Rouge()),
        ('CIDEr', Cider()),
    ):
        scores[name] = scorer.compute_score(truth, predictions)[0]
    return scores


if __name__ == '__main__':
    run_tool(main)
