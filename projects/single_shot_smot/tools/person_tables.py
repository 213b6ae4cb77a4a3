"""Tables of real people, SSDLite, on one stored pass of the detector.

    python projects/single_shot_smot/tools/person_tables.py --data-root data/TUD \
        --weights ssdlite_pedestrian_raw.onnx --anchors ssdlite_anchors.npy \
        --reid-weights osnet_x0_25_msmt17.onnx --tables choose

Each row is a config and options. What a row gave is kept in the output folder as soon as it
is there; stopped, the same command goes on. The configs' values are chosen on TUD, from the
tables ``choose``, ``choose-anchors``, ``choose-linking`` and ``choose-trackers``.
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import cv2
    import torch

    from mmsmot.datasets import MOTChallengeDataset
    from mmsmot.engine import load_config
    from mmsmot.models.detectors import BaseDetector
    from mmsmot.registry import MODELS
    from projects.single_shot_smot.table_rows import (
        FARNEBACK,
        NO_GATE,
        NO_MOTION,
        NO_RULE,
        PAPER_TABLE1,
        RULE,
        estimator_row,
        linking_rows,
        random_rows,
        threshold_rows,
        tracker_rows,
    )
    from projects.single_shot_smot.table_runner import Row, Size, TableRunner
    from projects.single_shot_smot.table_text import (
        COLUMNS,
        markdown,
        table_cells,
        write_tables,
    )
    from projects.single_shot_smot.trained_model import project_config

CHOSEN, K1 = 'single-shot_ssdlite', 'single-shot-k1_ssdlite'
LINKED = 'single-shot-linked_ssdlite'
SORT, BYTETRACK, DEEPSORT = 'sort_ssdlite', 'bytetrack_ssdlite', 'deepsort_ssdlite'
ANCHORS_OF_DETECTOR = 'model.estimator.detector.decoder.anchors.path'


def table1() -> list[Row]:
    """Re-detection by steps, and association on the same detector."""
    low_thresholds = {'det_threshold': 0.5, 'keep_threshold': 0.15}
    return [
        estimator_row('K 1, .9, .4', K1),
        estimator_row('K 10, .9, .2 (its table 1)', K1, PAPER_TABLE1),
        estimator_row('K 1, thresholds .5, .15', K1, low_thresholds),
        estimator_row('K 1, + Farneback', K1, {**low_thresholds, **FARNEBACK}),
        estimator_row('K 3 with the rule, no motion', CHOSEN, NO_MOTION),
        estimator_row('K 3 with the rule, + Farneback', CHOSEN),
        estimator_row('+ linking', LINKED),
        estimator_row('+ linking, no gate', LINKED, NO_GATE),
        *random_rows('+ linking, no gate', LINKED, NO_GATE),
        Row('SORT', SORT),
        Row('ByteTrack', BYTETRACK),
        Row('DeepSORT', DEEPSORT),
    ]


def thresholds() -> list[Row]:
    """sigma_det and sigma_tk, with the nearest anchors by IoU."""
    pairs = product((0.5, 0.7, 0.9), (0.1, 0.15, 0.2, 0.3))
    return threshold_rows(CHOSEN, pairs, {'anchors.closeness': 'iou'})


def keep_rule() -> list[Row]:
    """The two parts of the keep rule that follows K, without motion."""
    rows = []
    common = {**NO_MOTION, 'anchors.closeness': 'iou', 'det_threshold': 0.7}
    parts = {
        'as published': NO_RULE,
        'with the rule': RULE,
        'ratio alone': {**RULE, 'anchors.weigh_scores': False},
        'scores alone': {**RULE, 'relative_keep': False},
    }
    for count in (1, 5, 10, 20):
        for sigma_tk in (0.2, 0.4):
            options = {'anchors.num_anchors': count, 'keep_threshold': sigma_tk}
            for name, part in parts.items():
                label = f'K {count}, sigma_tk {sigma_tk:g}, {name}'
                rows.append(estimator_row(label, CHOSEN, {**common, **options, **part}))
    return rows


def anchors() -> list[Row]:
    """K and what is nearest, at each number's own best sigma_tk, with the rule and not."""
    rows = []
    for count in (1, 3, 5, 10, 20):
        for sigma_tk in (0.02, 0.05, 0.1, 0.2, 0.4):
            options = {'anchors.num_anchors': count, 'keep_threshold': sigma_tk}
            for closeness in ('iou', 'diou') if count > 1 else ('iou',):
                variant = {**options, 'anchors.closeness': closeness}
                label = f'K {count}, sigma_tk {sigma_tk:g}, {closeness}'
                rows.append(
                    estimator_row(f'{label}, with the rule', CHOSEN, variant | RULE)
                )
            variant = {**options, 'anchors.closeness': 'iou', **NO_RULE}
            label = f'K {count}, sigma_tk {sigma_tk:g}, as published'
            rows.append(estimator_row(label, CHOSEN, variant))
    return rows


def linking() -> list[Row]:
    """The distance of linking, SMOT without it, and the control."""
    return linking_rows(CHOSEN, LINKED, (0.5, 0.6, 0.7, 0.8, 0.97, 2.0))


def trackers() -> list[Row]:
    """Scores, and DeepSORT's gate of appearance."""
    return tracker_rows(SORT, BYTETRACK, DEEPSORT, (0.1, 0.2, 0.3, 0.4))


TABLES = {
    '1': table1,
    'choose': thresholds,
    'keep-rule': keep_rule,
    'choose-anchors': anchors,
    'choose-linking': linking,
    'choose-trackers': trackers,
}


def with_reid_weights(row: Row, path: str) -> Row:
    """The row with a file of ReID weights, where its config has a ReID network."""
    slots = {LINKED: 'model.estimator.reid', DEEPSORT: 'model.reid'}
    slot = slots.get(row.config)
    if slot is None or slot in row.options:
        return row
    return Row(row.label, row.config, {**row.options, f'{slot}.model': path})


def table_runner(args: argparse.Namespace) -> TableRunner:
    """The runner of the command line: sequences, and SSDLite."""

    def single_shot(size: Size) -> BaseDetector:
        options = {
            ANCHORS_OF_DETECTOR: args.anchors,
            'model.estimator.detector.model': args.weights,
            'model.estimator.detector.num_threads': 1,
        }
        config = load_config(project_config(CHOSEN), options)
        return MODELS.build(config.model.estimator.detector)

    dataset = MOTChallengeDataset(data_root=args.data_root, test_mode=True)
    samples = [dataset[k] for k in range(len(dataset))]
    return TableRunner(samples, args.out, single_shot, preprocessing='auto')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data-root', required=True, help="MOTChallenge's layout")
    parser.add_argument('--weights', required=True, help='ssdlite_pedestrian_raw.onnx')
    parser.add_argument('--anchors', required=True, help='ssdlite_anchors.npy')
    parser.add_argument('--reid-weights', required=True, help='osnet_x0_25_msmt17.onnx')
    parser.add_argument(
        '--tables', nargs='+', default=['1'], choices=TABLES, metavar='NAME'
    )
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/single_shot_person_tables')
    )
    args = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    runner = table_runner(args)

    def table_text(name: str) -> str:
        rows = [with_reid_weights(row, args.reid_weights) for row in TABLES[name]()]
        cells = table_cells(runner.scores(rows, f'table {name}'), COLUMNS)
        return markdown(cells, f'table {name}')

    write_tables(args.tables, table_text, runner.out)


if __name__ == '__main__':
    run_tool(main)
