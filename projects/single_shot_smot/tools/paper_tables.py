"""The paper's tables on SynSMOT, on one stored pass of each detector.

    python projects/single_shot_smot/tools/paper_tables.py --data-root DATA --split val
    python projects/single_shot_smot/tools/paper_tables.py --data-root DATA --split test

Each row is a config and options. What a row gave is kept in the output folder as soon as it
is there; stopped, the same command goes on. The configs' values are chosen on val, from the
tables ``choose``, ``choose-anchors``, ``choose-linking``, ``choose-trackers`` and
``choose-tracktor``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import cv2
    import numpy as np
    import torch

    from mmsmot.datasets import BenSMOTDataset, VideoReader
    from mmsmot.models.detectors import BaseDetector, MMDetDetector
    from mmsmot.models.smot import SMOT
    from mmsmot.structures import Frame, SMOTDataSample
    from projects.single_shot_smot.shift_recovery import Redetect, shift_recovery
    from projects.single_shot_smot.stored_detections import StoredDetections
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
    from projects.single_shot_smot.table_runner import (
        SIZE,
        SSD,
        TRACKTOR,
        Row,
        Size,
        TableRunner,
        frames_a_second,
    )
    from projects.single_shot_smot.table_text import (
        COLUMNS,
        ERRORS,
        markdown,
        table_cells,
        write_tables,
    )
    from projects.single_shot_smot.tracktor import Tracktor
    from projects.single_shot_smot.trained_model import trained_model

PAPER, LINKED = 'single-shot-k1_tiny_synsmot', 'single-shot-linked_tiny_synsmot'
SHIFTS = (0.1, 0.25, 0.33, 0.45)  # Fig. 3
SHIFT_SCORE = 0.1  # least score of what is recovered there, of every system
INPUT_SIZES = ((320, 192), (256, 160), (192, 128), (128, 96))
SORT, BYTETRACK = 'sort_tiny-ssd_synsmot', 'bytetrack_tiny-ssd_synsmot'
DEEPSORT = 'deepsort_tiny-ssd_synsmot'


def table1() -> list[Row]:
    """The systems, and association on the same detector beside them."""
    no_overlap = {'reid_iou': 0.0}
    return [
        Row('SMOT, K 1, .9, .4', PAPER),
        estimator_row('+ Farneback', PAPER, FARNEBACK),
        estimator_row('SMOT, K 10, .9, .2 (its table 1)', PAPER, PAPER_TABLE1),
        _swept_row(1, 0.02, has_rule=False),
        Row('SMOT, as chosen on val', SSD),
        Row('chosen + linking', LINKED),
        estimator_row('chosen + linking, no gate', LINKED, NO_GATE),
        *random_rows('chosen + linking, no gate', LINKED, NO_GATE),
        estimator_row('Tracktor', TRACKTOR, {'reid': None, 'camera_motion': None}),
        Row('Tracktor++ (ECC, ReID)', TRACKTOR),
        estimator_row('Tracktor++, no gate of overlap', TRACKTOR, no_overlap),
        *random_rows('Tracktor++, no gate of overlap', TRACKTOR, no_overlap),
        Row('SORT', SORT),
        Row('ByteTrack', BYTETRACK),
        Row('DeepSORT', DEEPSORT),
    ]


def table2() -> list[Row]:
    """Thresholds, as the paper has them, on the chosen model."""
    pairs = [(0.5, 0.1), (0.65, 0.3), (0.8, 0.2), (0.8, 0.3), (0.8, 0.4)]
    pairs += [(0.9, 0.2), (0.9, 0.3), (0.9, 0.4)]
    return threshold_rows(SSD, sorted(pairs))


def table3() -> list[Row]:
    """Anchors: as published, and with the keep rule."""
    rows = []
    for count in (1, 5, 10, 20):
        number = {'anchors.num_anchors': count}
        published = {**number, **NO_RULE, 'anchors.closeness': 'iou'}
        rows.append(estimator_row(f'K {count}, as published', SSD, published))
        rule = {**number, **RULE}
        rows.append(estimator_row(f'K {count}, with the rule', SSD, rule))
    return rows


def table4() -> list[Row]:
    """Input sizes."""
    rows = [
        Row(f'SMOT {width} x {height}', SSD, {SIZE: (width, height)})
        for width, height in INPUT_SIZES
    ]
    return [*rows, Row('Tracktor++ 320 x 192', TRACKTOR)]


def choices() -> list[Row]:
    """The chosen model's thresholds."""
    return threshold_rows(SSD, product((0.5, 0.6, 0.7, 0.8), (0.02, 0.05, 0.1)))


def tracker_choices() -> list[Row]:
    """The trackers' scores, and DeepSORT's gate of appearance."""
    return tracker_rows(SORT, BYTETRACK, DEEPSORT, (0.1, 0.2, 0.4, 0.7))


def linking_choices() -> list[Row]:
    """The distance of linking, SMOT without it, and the control; also without motion."""
    rows = linking_rows(SSD, LINKED, (0.3, 0.5, 0.6, 0.7, 0.8, 0.97, 2.0))
    no_motion = estimator_row('', SSD, NO_MOTION).options
    return rows + [
        Row(f'no motion, {row.label}', row.config, {**row.options, **no_motion})
        for row in linking_rows(SSD, LINKED, (0.97, 2.0))
    ]


def anchor_choices() -> list[Row]:
    """Anchors, each number at its own best sigma_tk, with the keep rule and without."""
    return [
        _swept_row(count, sigma_tk, has_rule)
        for count in (1, 3, 5, 10, 20)
        for sigma_tk in (0.02, 0.05, 0.1, 0.2)
        for has_rule in (False, True)
    ]


def _swept_row(count: int, sigma_tk: float, has_rule: bool) -> Row:
    """The chosen model with other anchors and another sigma_tk."""
    options = {'anchors.num_anchors': count, 'keep_threshold': sigma_tk}
    options |= RULE if has_rule else {**NO_RULE, 'anchors.closeness': 'iou'}
    name = 'with the rule' if has_rule else 'as published'
    label = f'K {count}, sigma_tk {sigma_tk:g}, {name}'
    return estimator_row(label, SSD, options)


def tracktor_choices() -> list[Row]:
    """Tracktor's thresholds, and the release's gate of overlap for ReID."""
    rows = []
    for det_threshold, keep_threshold in ((0.5, 0.3), (0.5, 0.5), (0.7, 0.3)):
        for distance in (0.97, 2.0):
            for gate in (0.2, 0.0):
                options = {
                    'det_threshold': det_threshold,
                    'keep_threshold': keep_threshold,
                    'max_distance': distance,
                    'reid_iou': gate,
                }
                label = f'Tracktor++ {", ".join(map(str, options.values()))}'
                rows.append(estimator_row(label, TRACKTOR, options))
    return rows


TABLES = {
    'choose': choices,
    'choose-anchors': anchor_choices,
    'choose-linking': linking_choices,
    'choose-trackers': tracker_choices,
    'choose-tracktor': tracktor_choices,
    '1': table1,
    '2': table2,
    '3': table3,
    '4': table4,
}


def make_table(runner: TableRunner, name: str, against: str | None) -> str:
    """Run one table."""
    rows = runner.runnable(TABLES[name]())
    if against not in [row.label for row in rows]:
        against = None  # a row of another table
    scores = runner.scores(rows, f'table {name}', against)
    cells = table_cells(scores, (*COLUMNS, *ERRORS))
    if name == '4':
        for row in rows:
            model = unshared_model(runner, row)
            speed = frames_a_second(model, runner.samples)
            cells[row.label]['frames a second'] = speed
    return markdown(cells, f'table {name}')


def unshared_model(runner: TableRunner, row: Row) -> SMOT:
    """A row's model with a detector that runs, and parts of its own."""
    if row.config == TRACKTOR:
        detector = runner.two_stage()
    else:
        detector = runner.single_shot(row.input_size)
    return trained_model(row.config, None, row.model_options, detector)


def make_figure3(runner: TableRunner) -> str:
    """The share of boxes that are recovered after a shift."""
    rows = [
        Row('SMOT, K 1', PAPER),
        Row('SMOT, as chosen on val', SSD),
        Row('Tracktor', TRACKTOR),
    ]
    label = 'the shifted box itself'
    cells = {
        label: percent(shift_recovery(unmoved_boxes, runner.videos(label), SHIFTS, 0.0))
    }
    for row in runner.runnable(rows):
        model = runner.model(row)
        videos = prepared(runner, model.estimator.detector, row.label)
        shares = shift_recovery(redetection(model), videos, SHIFTS, SHIFT_SCORE)
        cells[row.label] = percent(shares)
    return markdown(cells, 'figure 3')


def percent(shares: dict[float, float]) -> dict[str, float]:
    """A row of figure 3."""
    return {f'shift {shift:g}': 100 * share for shift, share in shares.items()}


def prepared(
    runner: TableRunner, detector: Any, label: str
) -> Iterator[tuple[VideoReader, SMOTDataSample]]:
    """The videos, whose detections are ready where they are stored."""
    for reader, sample in runner.videos(label):
        if isinstance(detector, StoredDetections):
            detector.prepare(reader)
        yield reader, sample


def unmoved_boxes(
    frames: Sequence[Frame], boxes: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """A box stays where it is: the control."""
    return [(frame_boxes, np.ones(len(frame_boxes))) for frame_boxes in boxes]


def redetection(model: SMOT) -> Redetect:
    """What a model's estimator re-detects boxes with."""
    estimator = model.estimator

    def redetect(frames, boxes):
        labels = [np.zeros(len(b), np.int64) for b in boxes]
        if isinstance(estimator, Tracktor):
            with torch.no_grad():
                features = estimator.detector.extract(frames)
            return estimator.box_regression.regress_in(features, boxes, labels)
        raw = estimator.detector.raw(frames)
        return [
            estimator.anchors.redetect(*row)
            for row in zip(boxes, labels, raw, strict=True)
        ]

    return redetect


def table_runner(args: argparse.Namespace) -> TableRunner:
    """The runner of the command line: a split of SynSMOT, and the project's detectors."""

    def single_shot(size: Size) -> BaseDetector:
        options = {} if size is None else {SIZE: size}
        return trained_model(SSD, args.weights, options).estimator.detector

    def two_stage() -> MMDetDetector:
        return trained_model(TRACKTOR, args.tracktor_weights).estimator.detector

    dataset = BenSMOTDataset(
        data_root=args.data_root, split=args.split, test_mode=True, cache=False
    )
    samples = [dataset[k] for k in range(0, len(dataset), args.stride)]
    return TableRunner(
        samples,
        args.out / args.split,
        single_shot,
        None if args.no_tracktor else two_stage,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--data-root', required=True)
    parser.add_argument('--split', default='val', choices=('val', 'test'))
    parser.add_argument(
        '--tables', nargs='+', default=['1', '2', '3', '4', 'figure3'], metavar='NAME'
    )
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/single_shot_tables')
    )
    parser.add_argument('--weights', help="the SSD's; those of the project")
    parser.add_argument('--tracktor-weights', help='the same of the Faster R-CNN')
    parser.add_argument('--stride', type=int, default=1, help='take every n-th video')
    parser.add_argument(
        '--against',
        metavar='ROW',
        help='label of a row: add the differences from it, with paired standard errors',
    )
    parser.add_argument(
        '--no-tracktor', action='store_true', help="leave Tracktor's rows out"
    )
    args = parser.parse_args()
    unknown = set(args.tables) - {*TABLES, 'figure3'}
    if unknown:
        parser.error(
            f'no such table: {sorted(unknown)}; there are {[*TABLES, "figure3"]}'
        )
    torch.set_num_threads(1)  # processor time is summed over threads
    cv2.setNumThreads(1)
    if args.stride < 1:
        parser.error(f'--stride {args.stride}: every n-th video, from 1 on')
    tables = [TABLES[name]() for name in args.tables if name in TABLES]
    labels = [row.label for rows in tables for row in rows]
    if args.against is not None and args.against not in labels:
        parser.error(f'--against: no row {args.against!r}; there are {labels}')
    runner = table_runner(args)

    def table_text(name: str) -> str:
        if name == 'figure3':
            return make_figure3(runner)
        return make_table(runner, name, args.against)

    write_tables(args.tables, table_text, runner.out)


if __name__ == '__main__':
    run_tool(main)
