"""Rows of a table, and what runs them over the videos of a data set."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import mmsmot
from mmsmot.datasets import VideoReader
from mmsmot.engine import load_config
from mmsmot.evaluation.tracking import COMBINED
from mmsmot.models.detectors import BaseDetector, MMDetDetector
from mmsmot.models.smot import SMOT
from mmsmot.models.video_run import VideoRun
from mmsmot.structures import SMOTDataSample, VideoInfo
from mmsmot.utils.fingerprint import (
    file_fingerprint,
    text_fingerprint,
    video_fingerprint,
)
from mmsmot.utils.json_file import read_json, write_json
from mmsmot.utils.progress_bar import progress_bar

from .bootstrap import Results, paired_errors, standard_errors
from .shared_parts import SharedParts, SharedTwoStage
from .single_shot_metric import score_video, table_rows
from .stored_detections import BATCH_SIZE, StoredDetections
from .trained_model import project_config, trained_model

SSD, TRACKTOR = 'single-shot_tiny_synsmot', 'tracktor_tiny_synsmot'
SIZE = 'model.estimator.detector.config.test_pipeline.1.scale'
# No result of a row depends on these: they choose the rows and print the table.
NOT_SOURCES = ('bootstrap.py', 'table_rows.py', 'table_text.py')
Size = tuple[int, int] | None  # width and height of the detector's input


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

    @property
    def input_size(self) -> Size:
        """Of the single-shot detector, ``None`` for the config's."""
        return self.options.get(SIZE)

    @property
    def model_options(self) -> dict[str, Any]:
        """The options beside the detector's, which the runner makes."""
        return {key: value for key, value in self.options.items() if key != SIZE}


class TableRunner:
    """Runs rows over videos, each detector once; what a video gave is kept.

    ::

        for each video, for each 8 frames: every row's model, on shared parts
            -> results of the video, OUT/videos/NAME.json -> rows of the table

    Args:
        samples: Readers and samples with ground truth, as of a data set in test mode.
        out: Folder of what is kept.
        single_shot: Makes the single-shot detector of a given input size, ``None`` for
            the config's.
        two_stage: Makes Tracktor's detector; ``None``: its rows are left out.
        preprocessing: Of the ground truth, see
            :func:`~mmsmot.evaluation.evaluate_sequence`.
    """

    def __init__(
        self,
        samples: Sequence[dict[str, Any]],
        out: Path,
        single_shot: Callable[[Size], BaseDetector],
        two_stage: Callable[[], MMDetDetector] | None = None,
        preprocessing: str = 'none',
    ) -> None:
        self.samples = samples
        self.out = out
        self.single_shot = single_shot
        self.two_stage = two_stage
        self.preprocessing = preprocessing
        self._detectors: dict[Any, BaseDetector] = {}
        self._parts = SharedParts()
        self._configs: dict[str, str] = {}

    def scores(
        self, rows: Sequence[Row], title: str, against: str | None = None
    ) -> dict[str, dict[str, float]]:
        """The cells of each row by its label, with standard errors.

        Args:
            rows: With different labels.
            title: Of the progress bar.
            against: Label of the row that the others are compared with.
        """
        labels = [row.label for row in rows]
        if against is not None and against not in labels:
            raise ValueError(f'there is no row {against!r}; there are {labels}')
        models = {row.label: self.model(row) for row in rows}
        results: dict[str, list] = {row.label: [] for row in rows}
        for reader, sample in self.videos(title):
            video_results = self._video_results(rows, models, reader, sample)
            for label, (result, transfers) in video_results.items():
                name = reader.video.name
                results[label].append((name, as_arrays(result), transfers))
        cells = {
            label: {**table_rows(r)[COMBINED], **standard_errors(r)}
            for label, r in results.items()
        }
        if against is not None:
            add_differences(cells, results, against)
        return cells

    def runnable(self, rows: Sequence[Row]) -> list[Row]:
        """The rows, without Tracktor's where those are left out."""
        has_tracktor = self.two_stage is not None
        return [row for row in rows if row.config != TRACKTOR or has_tracktor]

    def videos(self, title: str) -> Iterator[tuple[VideoReader, SMOTDataSample]]:
        """The videos, with a bar."""
        with progress_bar() as bar:
            task = bar.add_task(title, total=len(self.samples))
            for sample in self.samples:
                yield sample['inputs'], sample['data_samples']
                bar.advance(task)

    def model(self, row: Row) -> SMOT:
        """The row's model, on the parts that all rows share."""
        is_tracktor = row.config == TRACKTOR
        detector = self._detector(TRACKTOR if is_tracktor else row.input_size)
        model = trained_model(row.config, None, row.model_options, detector)
        self._parts.put_into(model.estimator)
        return model

    def result_key(self, row: Row, model: SMOT, video: VideoInfo) -> str:
        """Of what a row gives in a video: the video's files, the row's config, options,
        detector and ReID, and the sources."""
        if row.config not in self._configs:
            config = load_config(project_config(row.config)).model
            self._configs[row.config] = str(config)
        key_parts = [self._configs[row.config], str(row.options)]
        key_parts += model.estimator.fingerprint_of(video)
        key_parts += [video_fingerprint(video.path), sources_fingerprint()]
        return f'{row.config}-{text_fingerprint(" ".join(key_parts))[:16]}'

    def _detector(self, kind: Any) -> BaseDetector:
        """Of Tracktor, or of an input size the single-shot one, its detections stored."""
        if kind not in self._detectors:
            if kind == TRACKTOR:
                assert self.two_stage is not None
                self._detectors[kind] = SharedTwoStage(self.two_stage())
            else:
                self._detectors[kind] = StoredDetections(
                    self.single_shot(kind), self.out / 'detections'
                )
        return self._detectors[kind]

    def _video_results(
        self,
        rows: Sequence[Row],
        models: dict[str, SMOT],
        reader: VideoReader,
        sample: SMOTDataSample,
    ) -> dict[str, tuple[dict[str, Any], int]]:
        """trackeval's result and the transfers of each row in a video."""
        keys = {
            row.label: self.result_key(row, models[row.label], reader.video)
            for row in rows
        }
        path = self.out / 'videos' / f'{reader.video.name.replace("/", "-")}.json'
        results = read_json(path) if path.is_file() else {}
        models_to_run = {
            label: model
            for label, model in models.items()
            if keys[label] not in results
        }
        if models_to_run:
            for label, run in self._runs(models_to_run, reader).items():
                results[keys[label]] = self._result(run, sample)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(results, path)
        return {label: results[key] for label, key in keys.items()}

    def _runs(
        self, models: dict[str, SMOT], reader: VideoReader
    ) -> dict[str, VideoRun]:
        """The models' runs over a video, all on the same 8 frames at a time."""
        for detector in {model.estimator.detector for model in models.values()}:
            if isinstance(detector, StoredDetections):
                detector.prepare(reader)
        runs = {label: model.begin(reader.video) for label, model in models.items()}
        for frames in reader.batches(BATCH_SIZE):
            for run in runs.values():
                run.push(frames)
        return runs

    def _result(
        self, run: VideoRun, sample: SMOTDataSample
    ) -> tuple[dict[str, Any], int]:
        """trackeval's result and the transfers of a row in a video."""
        (prediction,) = run.finish()
        return score_video(
            sample.gt_trajectories,
            prediction.trajectories,
            np.array(run.frame_ids),
            self.preprocessing,
            sample.video,
        )


def add_differences(
    cells: dict[str, dict[str, float]], results: dict[str, Results], against: str
) -> None:
    """Add each row's differences from one of them, with paired standard errors.

    Raises:
        ValueError: There is no such row.
    """
    against_row = dict(cells[against])
    for label, row in cells.items():
        errors = paired_errors(results[label], results[against])
        for name in ('MOTA', 'IDF1', 'transfers'):
            row[f'{name} diff'] = row[name] - against_row[name]
            row[f'{name} diff error'] = errors[f'{name} diff error']


@functools.cache
def sources_fingerprint() -> str:
    """SHA-256 of the sources that a row's result depends on: the package, the project."""
    folders = (Path(mmsmot.__file__).parent, Path(__file__).parent)
    files = [*sorted(folders[0].rglob('*.py')), *sorted(folders[1].glob('*.py'))]
    stamps = [
        f'{path.name} {file_fingerprint(path)}'
        for path in files
        if path.name not in NOT_SOURCES
    ]
    return text_fingerprint('\n'.join(stamps))


def as_arrays(result: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A result that JSON was, with arrays for lists."""
    return {
        metric: {
            k: np.array(v) if isinstance(v, list) else v for k, v in fields.items()
        }
        for metric, fields in result.items()
    }


def frames_a_second(
    model: SMOT, samples: Sequence[dict[str, Any]], num_frames: int = 60
) -> float:
    """One frame at a time from image to tracks: 1 over the median processor time."""
    times: list[float] = []
    for sample in samples:
        run = model.begin(sample['inputs'].video)
        for (frame,) in sample['inputs'].batches(1):
            assert frame.image is not None  # decoded here, which is not counted
            start = time.process_time()
            run.push([frame])
            times.append(time.process_time() - start)
        if len(times) >= num_frames:
            break
    return 1 / float(np.median(times[3:]))
