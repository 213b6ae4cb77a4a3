"""Floors and ceilings of SynSMOT: blind predictions, and paraphrased ground truth.

    python tools/analysis_tools/baselines.py data/SynSMOT-small --out floors.json

Prints a Markdown table of both protocols. Statistics are of the train split, scores of
the test split (or --split val), boxes the true ones. With ``--report`` (of
eval_predictions.py) it also says how much of the gap from the best floor to the
paraphrase oracle a model closes.
"""

from __future__ import annotations

import argparse
import sys

from mmsmot.utils.command_line import (
    run_tool,
    seed_arg,
    tool_imports,
)

with tool_imports():
    from mmsmot.datasets.bensmot.split import TRAIN_MINUS_VAL, VAL_FROM_TRAIN
    from mmsmot.evaluation.baselines import (
        BASELINES,
        TrainStatistics,
        baseline_gap_closed,
        predict_baseline,
    )
    from mmsmot.evaluation.gt_dataset import gt_samples, open_gt_dataset
    from mmsmot.evaluation.report_file import read_report_headline
    from mmsmot.evaluation.saved_predictions import score_saved_predictions
    from mmsmot.evaluation.smot_report import smot_report_headline
    from mmsmot.evaluation.table import format_table
    from mmsmot.utils.json_file import write_json


VAL_SPLITS = ('val', VAL_FROM_TRAIN)
COLUMNS = {
    'strict': {
        'BLEU-4': 'instance_BLEU-4',
        'ROUGE-L': 'instance_ROUGE-L',
        'METEOR': 'instance_METEOR',
        'CIDEr': 'instance_CIDEr',
        'video CIDEr': 'video_CIDEr',
        'P': 'interaction_P',
        'R': 'interaction_R',
        'F1': 'interaction_F1',
        'CHOTA': 'CHOTA',
        'IHOTA': 'IHOTA',
    },
    'release': {
        'BLEU': 'instance_BLEU',
        'ROUGE-L': 'instance_ROUGE-L',
        'METEOR': 'instance_METEOR',
        'CIDEr': 'instance_CIDEr',
        'video CIDEr': 'video_CIDEr',
        'P': 'interaction_P',
        'R': 'interaction_R',
        'F1': 'interaction_F1',
    },
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('data_root', help='a SynSMOT folder')
    parser.add_argument(
        '--split', choices=(*VAL_SPLITS, 'test'), default='test', help='to score'
    )
    parser.add_argument('--only', nargs='+', choices=tuple(BASELINES))
    parser.add_argument('--seed', type=seed_arg, default=0)
    parser.add_argument('--out', help='file for the headline numbers as JSON')
    parser.add_argument('--report', help="a model's report, of eval_predictions.py")
    args = parser.parse_args()
    if args.report and args.only:
        parser.error('--report needs all floors and the oracle: leave out --only')
    return args


def main() -> None:
    args = parse_args()
    # Read first: scoring the baselines takes minutes.
    model_row = None if args.report is None else read_report_headline(args.report)
    # A val that is a part of train is left out of the statistics.
    train_split = TRAIN_MINUS_VAL if args.split in VAL_SPLITS else 'train'
    train = open_gt_dataset(data_root=args.data_root, split=train_split)
    statistics = TrainStatistics.of(gt_samples(train))
    print(f'most frequent in train: "{statistics.appearance} {statistics.action}"')
    print(f'consensus: "{statistics.consensus}"')
    print(f'verbs: {", ".join(statistics.verbs)}')
    scored = open_gt_dataset(data_root=args.data_root, split=args.split)
    rows = {}
    for name in args.only or BASELINES:
        samples = predict_baseline(name, gt_samples(scored), statistics, args.seed)
        rows[name] = smot_report_headline(score_saved_predictions(samples))
        print(f'{name}: scored', file=sys.stderr)
    for protocol, columns in COLUMNS.items():
        print(f'\n{baseline_table(rows, protocol, columns)}')
    if args.out is not None:
        write_json(rows, args.out)
    if model_row is not None:
        closed = baseline_gap_closed(model_row, rows)
        cells = {name: {'gap closed': share} for name, share in closed.items()}
        print(f'\n{format_table(cells, corner="score")}')


def baseline_table(
    rows: dict[str, dict[str, float]], protocol: str, columns: dict[str, str]
) -> str:
    """A table of one protocol, without the columns that could not be counted."""
    keys = {column: f'{protocol}/{key}' for column, key in columns.items()}
    keys = {c: key for c, key in keys.items() if all(key in r for r in rows.values())}
    lines = [f'| `{protocol}` | {" | ".join(keys)} |', '|---' * (len(keys) + 1) + '|']
    for name, row in rows.items():
        cells = (f'{row[key]:.3f}' for key in keys.values())
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines)


if __name__ == '__main__':
    run_tool(main)
