"""Score predictions on disk, without a model.

    python tools/analysis_tools/eval_predictions.py RESULTS --data-root data/BenSMOT
    python tools/analysis_tools/eval_predictions.py RESULTS --config CONFIG

RESULTS is the folder that SMOTMetric (``out_dir``) or tools/infer.py (``--out``) wrote, or
another program's: tracks as
``<video>.txt`` in MOTChallenge format with ``instance_caption.json``, ``relation.json``
and ``video_summary.json``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    from mmsmot.apis.predictions_and_gt import open_predictions_and_gt
    from mmsmot.evaluation.gt_dataset import gt_samples
    from mmsmot.evaluation.interactions import THRESHOLD
    from mmsmot.evaluation.protocols import RELEASE, STRICT
    from mmsmot.evaluation.report_table import format_report
    from mmsmot.evaluation.saved_predictions import (
        MISSING,
        join_saved_predictions_and_gt,
        score_saved_predictions,
    )
    from mmsmot.utils.json_file import write_json


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('results', help='folder of predictions')
    parser.add_argument('--config', help='config whose test dataset has the truth')
    parser.add_argument('--data-root', help='BenSMOT, SynSMOT or MOTChallenge folder')
    parser.add_argument(
        '--split',
        help="of BenSMOT and SynSMOT, or 'val_half' of MOTChallenge; default: test, or as "
        'in --config',
    )
    parser.add_argument('--sequences', nargs='+', help='names or patterns to score')
    parser.add_argument('--vocabulary', help='verbs of the truth: a mode or a file')
    parser.add_argument('--out', help='file for the report as JSON')
    parser.add_argument(
        '--protocols', nargs='+', choices=(STRICT, RELEASE), default=[STRICT, RELEASE]
    )
    parser.add_argument('--preprocessing', default='auto', help='of the tracks')
    parser.add_argument(
        '--threshold', type=float, default=THRESHOLD, help='least score of a verb'
    )
    parser.add_argument(
        '--missing',
        choices=MISSING,
        default='error',
        help='what a video without prediction is',
    )
    parser.add_argument(
        '--ignore-unknown',
        action='store_true',
        help='leave out predictions of videos that are not in the dataset',
    )
    parser.add_argument(
        '--frame-numbers',
        choices=('original', 'position'),
        default='original',
        help="what another program's frame numbers are; SMOTer's release writes positions",
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    predictions, dataset = open_predictions_and_gt(
        args.results,
        args.frame_numbers,
        args.config,
        args.data_root,
        args.split,
        args.sequences,
        args.vocabulary,
    )
    samples = join_saved_predictions_and_gt(
        predictions, gt_samples(dataset), args.missing, args.ignore_unknown
    )
    scores = score_saved_predictions(
        samples, args.protocols, args.preprocessing, args.threshold
    )
    print(format_report(scores))
    if args.out is not None:
        write_json(scores, Path(args.out))


if __name__ == '__main__':
    run_tool(main)
