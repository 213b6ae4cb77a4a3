"""The paper's tables on SynSMOT, on one stored pass of each detector.

    python projects/single_shot_smot/tools/paper_tables.py --data-root DATA --split val
    python projects/single_shot_smot/tools/paper_tables.py --data-root DATA --split test

Each row is a config and options. What a row gave is kept in the output folder as soon as it
is there; stopped, the same command goes on. ``choose``,
``choose-linking`` and ``choose-tracktor`` are what the configs' values are chosen from on val.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmsmot.utils.command_line import run_tool, tool_imports

with tool_imports():
    import numpy as np
    import torch

    from mmsmot.datasets import BenSMOTDataset, VideoReader
    from mmsmot.engine import load_config
    from mmsmot.evaluation import evaluate_sequence
    from mmsmot.evaluation.tracking import COMBINED, sequence_data
    from mmsmot.models.smot import SMOT
    from mmsmot.structures import Frame, SMOTDataSample
    from mmsmot.utils.atomic import atomic_write
    from mmsmot.utils.fingerprint import text_hash
    from mmsmot.utils.json_file import read_json, write_json
    from mmsmot.utils.progress_bar import progress_bar
    from projects.single_shot_smot.box_motion import FarnebackMotion
    from projects.single_shot_smot.shift_recovery import Redetect, shift_recovery
    from projects.single_shot_smot.single_shot_metric import count_transfers, table_rows
    from projects.single_shot_smot.stored_detections import StoredDetections
    from projects.single_shot_smot.trained_model import project_config, trained_model

SSD, TRACKTOR = 'single-shot_tiny_synsmot', 'tracktor_tiny_synsmot'
PAPER = 'single-shot-k1_tiny_synsmot'
SIZE = 'model.estimator.detector.config.test_pipeline.1.scale'
ESTIMATOR = 'model.estimator.'
SHIFTS = (0.1, 0.25, 0.33, 0.45)  # Fig. 3
NUM_DRAWS = 1000  # of the bootstrap
SHIFT_SCORE = 0.1  # least score of what is recovered there, of every system
INPUT_SIZES = ((320, 192), (256, 160), (192, 128), (128, 96))
# The keep rule that follows K, and as published.
RULE = {'anchors.weigh_scores': True, 'relative_keep': True}
NO_RULE = {'anchors.weigh_scores': False, 'relative_keep': False}


@dataclass(frozen=True)
class Row:
    """A row of a table: a config, and options of its model.

    Attributes:
        label: As printed.
        config: Name of a config of the project.
        options: By key of the config.
    """

    label: str
    config: str
    options: dict[str, Any] = field(default_factory=dict)


def table1() -> list[Row]:
    """The systems, and association on the same detector beside them."""
    motion = {'motion.type': 'FarnebackMotion', 'motion.side': 256}
    return [
        Row("SMOT, the paper's settings", PAPER),
        Row('+ Farneback', PAPER, _estimator(motion)),
        Row('SMOT, as chosen on val', SSD),
        Row('+ linking', 'single-shot-linked_tiny_synsmot'),
        Row('Tracktor', TRACKTOR, _estimator({'reid': None, 'camera_motion': None})),
        Row('Tracktor++ (ECC, ReID)', TRACKTOR),
        Row('SORT', 'sort_tiny-ssd_synsmot'),
        Row('ByteTrack', 'bytetrack_tiny-ssd_synsmot'),
        Row('DeepSORT', 'deepsort_tiny-ssd_synsmot'),
    ]


def table2() -> list[Row]:
    """Thresholds, as the paper has them, on the chosen model."""
    pairs = [(0.5, 0.1), (0.65, 0.3), (0.8, 0.2), (0.8, 0.3), (0.8, 0.4)]
    pairs += [(0.9, 0.2), (0.9, 0.3), (0.9, 0.4)]
    return [
        Row(
            f'sigma_det {high:g}, sigma_tk {low:g}',
            SSD,
            _estimator({'det_threshold': high, 'keep_threshold': low}),
        )
        for high, low in sorted(pairs)
    ]


def table3() -> list[Row]:
    """Anchors: as published, and with the keep rule."""
    rows = []
    for count in (1, 5, 10, 20):
        number = {'anchors.num_anchors': count}
        published = {**number, **NO_RULE, 'anchors.closeness': 'iou'}
        rows.append(Row(f'K {count}, as published', SSD, _estimator(published)))
        rule = _estimator({**number, **RULE})
        rows.append(Row(f'K {count}, with the rule', SSD, rule))
    return rows


def table4() -> list[Row]:
    """Input sizes."""
    rows = [
        Row(f'SMOT {width} x {height}', SSD, {SIZE: (width, height)})
        for width, height in INPUT_SIZES
    ]
    return [*rows, Row('Tracktor++ 320 x 192', TRACKTOR)]


def choices() -> list[Row]:
    """What is chosen on val: anchors and thresholds, distances, the trackers' scores."""
    rows = []
    for high, low in ((0.5, 0.1), (0.5, 0.2), (0.7, 0.1), (0.7, 0.2)):
        thresholds = {'det_threshold': high, 'keep_threshold': low}
        for count, closeness in ((1, 'iou'), (3, 'iou'), (3, 'diou'), (5, 'diou')):
            options = {'anchors.num_anchors': count, 'anchors.closeness': closeness}
            options = {**thresholds, **options, **(RULE if count > 1 else NO_RULE)}
            label = f'{high}, {low}, K {count}, {closeness}'
            rows.append(Row(label, SSD, _estimator(options)))
    for score in (0.3, 0.5, 0.7):
        options = {'model.tracker.score_threshold': score}
        rows.append(Row(f'SORT {score}', 'sort_tiny-ssd_synsmot', options))
        keys = ('track_threshold', 'birth_threshold')
        options = {f'model.tracker.{key}': score for key in keys}
        rows.append(Row(f'ByteTrack {score}', 'bytetrack_tiny-ssd_synsmot', options))
        options = {'model.tracker.min_confidence': score}
        rows.append(Row(f'DeepSORT {score}', 'deepsort_tiny-ssd_synsmot', options))
    return rows


def linking_choices() -> list[Row]:
    """The distance of linking, and SMOT without it."""
    rows = [Row('no linking', SSD)]
    for distance in (0.3, 0.5, 0.6, 0.7, 0.8, 0.97):
        options = _estimator({'linker.max_distance': distance})
        label = f'linking {distance}'
        rows.append(Row(label, 'single-shot-linked_tiny_synsmot', options))
    return rows


def tracktor_choices() -> list[Row]:
    """Tracktor's thresholds."""
    return [
        Row(
            f'Tracktor++ {high}, {low}, {distance}',
            TRACKTOR,
            _estimator(
                dict(det_threshold=high, keep_threshold=low, max_distance=distance)
            ),
        )
        for high, low, distance in (
            (0.5, 0.5, 0.5),
            (0.7, 0.3, 0.5),
            (0.9, 0.3, 0.5),
            (0.7, 0.3, 0.4),
        )
    ]


TABLES = {
    'choose': choices,
    'choose-linking': linking_choices,
    'choose-tracktor': tracktor_choices,
    '1': table1,
    '2': table2,
    '3': table3,
    '4': table4,
}


def _estimator(options: dict[str, Any]) -> dict[str, Any]:
    return {f'{ESTIMATOR}{key}': value for key, value in options.items()}


class SharedFlow(FarnebackMotion):
    """The flow of a pair of frames, computed once for all rows.

    Args:
        side: See :class:`~projects.single_shot_smot.box_motion.FlowMotion`.
    """

    def __init__(self, *, side: int = 256) -> None:
        super().__init__(side=side)
        self.images: dict[int, np.ndarray] = {}
        self.flows: dict[tuple[int, int], np.ndarray] = {}

    def forget(self) -> None:
        """Begin another video."""
        self.images.clear()
        self.flows.clear()

    def prepare(self, image: np.ndarray) -> np.ndarray:
        key = id(image)  # the frames of a video are held while its rows run
        if key not in self.images:
            self.images[key] = super().prepare(image)
        return self.images[key]

    def flow(self, previous: np.ndarray, current: np.ndarray) -> np.ndarray:
        key = id(previous), id(current)
        if key not in self.flows:
            self.flows[key] = super().flow(previous, current)
        return self.flows[key]


class TableRunner:
    """Runs rows over a split, each detector once; what a video gave is kept.

    Args:
        data_root: Of SynSMOT.
        split: Its part.
        out: Folder of what is kept.
        checkpoints: Weights by config of the detector; the project's for others.
        stride: Take every n-th video.
        has_tracktor: Whether Tracktor's rows are run.
    """

    def __init__(
        self,
        data_root: str,
        split: str,
        out: Path,
        checkpoints: dict[str, str | None],
        stride: int = 1,
        has_tracktor: bool = True,
    ) -> None:
        self.has_tracktor = has_tracktor
        self.out = out / split
        self.checkpoints = checkpoints
        dataset = BenSMOTDataset(
            data_root=data_root, split=split, test_mode=True, cache=False
        )
        self.samples = [dataset[k] for k in range(0, len(dataset), stride)]
        self._stored: dict[str, StoredDetections] = {}
        self._flow = SharedFlow()

    def scores(self, rows: Sequence[Row], title: str) -> dict[str, dict[str, float]]:
        """The cells of each row by its label."""
        models = {row.label: self.model(row) for row in rows}
        keys = {row.label: self._key(row, models[row.label]) for row in rows}
        results: dict[str, list] = {row.label: [] for row in rows}
        for reader, sample in self.videos(title):
            path = self.out / 'videos' / f'{reader.video.name.replace("/", "-")}.json'
            video_results = read_json(path) if path.is_file() else {}
            missing = [label for label in models if keys[label] not in video_results]
            if missing:
                self._flow.forget()
                frames = list(reader)
                for label in missing:
                    video_results[keys[label]] = self._result(
                        models[label], frames, reader, sample
                    )
                path.parent.mkdir(parents=True, exist_ok=True)
                write_json(video_results, path)
            for label, key in keys.items():
                result, transfers = video_results[key]
                name = reader.video.name
                results[label].append((name, as_arrays(result), transfers))
        return {
            label: {**table_rows(r)[COMBINED], **standard_errors(r)}
            for label, r in results.items()
        }

    def videos(self, title: str) -> Iterator[tuple[VideoReader, SMOTDataSample]]:
        """The videos, with a bar."""
        with progress_bar() as bar:
            task = bar.add_task(title, total=len(self.samples))
            for sample in self.samples:
                yield sample['inputs'], sample['data_samples']
                bar.advance(task)

    def model(self, row: Row) -> SMOT:
        """The row's model; a single-shot detector answers from what is stored."""
        options = dict(row.options)
        if row.config == TRACKTOR:
            return trained_model(row.config, self.checkpoints[TRACKTOR], options)
        size = {SIZE: options.pop(SIZE)} if SIZE in options else {}
        if str(size) not in self._stored:
            network = trained_model(SSD, self.checkpoints[SSD], size)
            self._stored[str(size)] = StoredDetections(
                network.estimator.detector, self.out / 'detections'
            )
        model = trained_model(row.config, None, options, self._stored[str(size)])
        if isinstance(getattr(model.estimator, 'motion', None), FarnebackMotion):
            model.estimator.motion = self._flow
        return model

    def _key(self, row: Row, model: SMOT) -> str:
        """Of what a row's model gives: its config, options and weights."""
        config = load_config(project_config(row.config), row.options).model
        text = f'{config} {model.estimator.detector.fingerprint}'
        return f'{row.config}-{text_hash(text)[:16]}'

    def _result(
        self, model: SMOT, frames: list[Frame], reader: VideoReader, sample: Any
    ) -> tuple[dict[str, Any], int]:
        """trackeval's result and the transfers of a video."""
        detector = model.estimator.detector
        if isinstance(detector, StoredDetections):
            detector.prepare(reader)
        run = model.begin(reader.video)
        for start in range(0, len(frames), model.batch_size):
            run.push(frames[start : start + model.batch_size])
        (prediction,) = run.finish()
        arguments = (
            sample.gt_trajectories,
            prediction.trajectories,
            np.array(run.frame_ids),
            'none',
            sample.video,
        )
        result = evaluate_sequence(*arguments)
        return result, count_transfers(sequence_data(*arguments)[0])


def standard_errors(results: Sequence[tuple[str, dict, int]]) -> dict[str, float]:
    """Of MOTA and IDF1, in percent: a bootstrap over the videos, seed 0.

    Args:
        results: As of :func:`~projects.single_shot_smot.single_shot_metric.table_rows`.
    """
    counts = np.array(
        [
            [result['CLEAR'][k] for k in ('CLR_TP', 'CLR_FN', 'CLR_FP', 'IDSW')]
            + [result['Identity'][k] for k in ('IDTP', 'IDFN', 'IDFP')]
            for _, result, _ in results
        ]
    )
    rng = np.random.default_rng(0)
    draws = rng.integers(len(counts), size=(NUM_DRAWS, len(counts)))
    tp, fn, fp, switches, idtp, idfn, idfp = counts[draws].sum(axis=1).T
    mota = (tp - fp - switches) / np.maximum(tp + fn, 1)
    idf1 = idtp / np.maximum(idtp + (idfn + idfp) / 2, 1)
    return {
        'MOTA error': 100 * float(mota.std(ddof=1)),
        'IDF1 error': 100 * float(idf1.std(ddof=1)),
    }


def as_arrays(result: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A result that JSON was, with arrays for lists."""
    return {
        metric: {
            k: np.array(v) if isinstance(v, list) else v for k, v in fields.items()
        }
        for metric, fields in result.items()
    }


def frames_a_second(runner: TableRunner, row: Row, num_frames: int = 60) -> float:
    """One frame at a time from image to tracks: 1 over the median processor time."""
    model = runner.model(row)
    estimator = model.estimator
    estimator.detector = getattr(estimator.detector, 'detector', estimator.detector)
    if isinstance(getattr(estimator, 'motion', None), SharedFlow):
        estimator.motion = FarnebackMotion()
    times: list[float] = []
    for sample in runner.samples:
        run = model.begin(sample['inputs'].video)
        for (frame,) in sample['inputs'].batches(1):
            assert frame.image is not None  # decoded here, which is not counted
            start = time.process_time()
            run.push([frame])
            times.append(time.process_time() - start)
        if len(times) >= num_frames:
            break
    return 1 / float(np.median(times[3:]))


COLUMNS = (
    *('MOTA', 'IDF1', 'IDP', 'IDR', 'transfers', 'F1', 'precision', 'recall'),
    *('switches', 'tracks', 'MOTA error', 'IDF1 error'),
)


def markdown(rows: dict[str, dict[str, float]], corner: str) -> str:
    """A table in Markdown: a row a name, one decimal, counts as they are."""
    columns = list(next(iter(rows.values())))
    lines = [f'| {corner} | {" | ".join(columns)} |']
    lines.append('|---|' + '---:|' * len(columns))
    for name, row in rows.items():
        cells = (f'{v:.1f}' if isinstance(v, float) else str(v) for v in row.values())
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines)


def make_table(runner: TableRunner, name: str) -> str:
    """Run one table."""
    rows = [
        row for row in TABLES[name]() if row.config != TRACKTOR or runner.has_tracktor
    ]
    scores = runner.scores(rows, f'table {name}')
    cells = {row.label: {c: scores[row.label][c] for c in COLUMNS} for row in rows}
    if name == '4':
        for row in rows:
            cells[row.label]['frames a second'] = frames_a_second(runner, row)
    return markdown(cells, f'table {name}')


def make_figure3(runner: TableRunner) -> str:
    """The share of boxes that are recovered after a shift."""
    rows = [
        Row('SMOT, K 1', PAPER),
        Row('SMOT, as chosen on val', SSD),
        Row('Tracktor', TRACKTOR),
    ]
    label = 'the shifted box itself'
    cells = {label: percent(shift_recovery(stay, runner.videos(label), SHIFTS, 0.0))}
    for row in rows[: 3 if runner.has_tracktor else 2]:
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


def stay(
    frames: Sequence[Frame], boxes: Sequence[np.ndarray]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """A box stays where it is: the control."""
    return [(frame_boxes, np.ones(len(frame_boxes))) for frame_boxes in boxes]


def redetection(model: SMOT) -> Redetect:
    """What a model's estimator re-detects boxes with."""
    estimator = model.estimator

    def by_anchors(frames, boxes):
        raw = estimator.detector.raw(frames)
        labels = [np.zeros(len(b), np.int64) for b in boxes]
        return [
            estimator.anchors.redetect(*row)
            for row in zip(boxes, labels, raw, strict=True)
        ]

    def by_second_stage(frames, boxes):
        labels = [np.zeros(len(b), np.int64) for b in boxes]
        with torch.no_grad():
            features = estimator.detector.extract(frames)
        return estimator.box_regression.regress_in(features, boxes, labels)

    return by_anchors if hasattr(estimator, 'anchors') else by_second_stage


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
        '--no-tracktor', action='store_true', help="leave Tracktor's rows out"
    )
    args = parser.parse_args()
    unknown = set(args.tables) - {*TABLES, 'figure3'}
    if unknown:
        parser.error(
            f'no such table: {sorted(unknown)}; there are {[*TABLES, "figure3"]}'
        )
    checkpoints = {SSD: args.weights, TRACKTOR: args.tracktor_weights}
    runner = TableRunner(
        args.data_root,
        args.split,
        args.out,
        checkpoints,
        args.stride,
        not args.no_tracktor,
    )
    for name in args.tables:
        text = make_figure3(runner) if name == 'figure3' else make_table(runner, name)
        with atomic_write(runner.out / f'table_{name}.md') as stream:
            stream.write(text + '\n')
        print(f'\n{text}', flush=True)
    print(f'\ntables: {runner.out}')


if __name__ == '__main__':
    run_tool(main)
