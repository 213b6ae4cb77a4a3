"""Rows of a table, and what runs them over a split of SynSMOT."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import mmsmot
from mmsmot.datasets import BenSMOTDataset, VideoReader
from mmsmot.engine import load_config
from mmsmot.evaluation.tracking import COMBINED
from mmsmot.models.smot import SMOT
from mmsmot.structures import Frame, SMOTDataSample, VideoInfo
from mmsmot.utils.fingerprint import (
    file_fingerprint,
    text_fingerprint,
    video_fingerprint,
)
from mmsmot.utils.json_file import read_json, write_json
from mmsmot.utils.progress_bar import progress_bar

from .box_motion import FarnebackMotion
from .single_shot_metric import score_video, table_rows
from .stored_detections import StoredDetections
from .trained_model import project_config, trained_model

SSD, TRACKTOR = 'single-shot_tiny_synsmot', 'tracktor_tiny_synsmot'
SIZE = 'model.estimator.detector.config.test_pipeline.1.scale'
NUM_DRAWS = 1000  # of the bootstrap


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
        self._stored: dict[tuple[int, int] | None, StoredDetections] = {}
        self._flow = SharedFlow()
        self._configs: dict[str, str] = {}

    def scores(self, rows: Sequence[Row], title: str) -> dict[str, dict[str, float]]:
        """The cells of each row by its label."""
        models = {row.label: self.model(row) for row in rows}
        results: dict[str, list] = {row.label: [] for row in rows}
        for reader, sample in self.videos(title):
            keys = {
                row.label: self.result_key(row, models[row.label], reader.video)
                for row in rows
            }
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

    def runnable(self, rows: Sequence[Row]) -> list[Row]:
        """The rows, without Tracktor's where those are left out."""
        return [row for row in rows if row.config != TRACKTOR or self.has_tracktor]

    def videos(self, title: str) -> Iterator[tuple[VideoReader, SMOTDataSample]]:
        """The videos, with a bar."""
        with progress_bar() as bar:
            task = bar.add_task(title, total=len(self.samples))
            for sample in self.samples:
                yield sample['inputs'], sample['data_samples']
                bar.advance(task)

    def model(self, row: Row) -> SMOT:
        """The row's model; a single-shot detector's detections are the stored ones."""
        options = dict(row.options)
        if row.config == TRACKTOR:
            return trained_model(row.config, self.checkpoints[TRACKTOR], options)
        size = options.pop(SIZE, None)
        if size not in self._stored:
            size_option = {} if size is None else {SIZE: size}
            network = trained_model(SSD, self.checkpoints[SSD], size_option)
            self._stored[size] = StoredDetections(
                network.estimator.detector, self.out / 'detections'
            )
        model = trained_model(row.config, None, options, self._stored[size])
        if isinstance(getattr(model.estimator, 'motion', None), FarnebackMotion):
            model.estimator.motion = self._flow
        return model

    def result_key(self, row: Row, model: SMOT, video: VideoInfo) -> str:
        """Of what a row gives in a video: the video's files, the row's config, options,
        detector and ReID, and the sources."""
        label = f'{row.config} {row.options}'
        if label not in self._configs:
            config = load_config(project_config(row.config), row.options).model
            self._configs[label] = str(config)
        parts = [self._configs[label], *model.estimator.fingerprint_of(video)]
        parts += [video_fingerprint(video.path), sources_fingerprint()]
        return f'{row.config}-{text_fingerprint(" ".join(parts))[:16]}'

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
        return score_video(
            sample.gt_trajectories,
            prediction.trajectories,
            np.array(run.frame_ids),
            'none',
            sample.video,
        )


@functools.cache
def sources_fingerprint() -> str:
    """SHA-256 of the sources that a row's result depends on: the package, the project."""
    folders = (Path(mmsmot.__file__).parent, Path(__file__).parent)
    files = [*sorted(folders[0].rglob('*.py')), *sorted(folders[1].glob('*.py'))]
    stamps = [f'{path.name} {file_fingerprint(path)}' for path in files]
    return text_fingerprint('\n'.join(stamps))


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
