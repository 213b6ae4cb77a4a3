"""A dataset that lives outside the package: a folder of CSV files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmsmot.datasets import ImageSequence
from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.video_dataset import VideoDataset
from mmsmot.registry import DATASETS
from mmsmot.structures import Trajectories, VideoInfo

COLUMNS = ('frame', 'id', 'x1', 'y1', 'x2', 'y2')


@DATASETS.register_module()
class CSVDataset(VideoDataset):
    """Ground truth tracks as CSV, a file for each video; no images.

    ::

        data_root/
          street.csv        frame,id,x1,y1,x2,y2 with this header; frames and ids from 1
          street.det.txt    optional: detections in MOTChallenge's format

    Args:
        data_root: The folder.
        fps: Frames per second of all videos.
        sequences: Names, or patterns like ``'street*'``, to take; ``None`` for all.
        test_mode: As of :class:`~mmsmot.datasets.video_dataset.VideoDataset`; there is nothing to train
            on without images.

    Raises:
        FileNotFoundError: There is no CSV file in ``data_root``.
        ValueError: A file is malformed; names it and the line.
    """

    def __init__(
        self,
        *,
        data_root: str,
        fps: float = 25.0,
        sequences: Sequence[str] | None = None,
        test_mode: bool = True,
    ) -> None:
        self.fps = fps  # before super(), which may read the files at once
        super().__init__(data_root=data_root, sequences=sequences, test_mode=test_mode)

    def load_data_list(self) -> list[dict]:
        paths = {path.stem: path for path in sorted(Path(self.data_root).glob('*.csv'))}
        if not paths:
            raise FileNotFoundError(f'data_root {self.data_root!r} has no *.csv file')
        return [self._video(paths[name]) for name in self.selected(paths)]

    def _video(self, path: Path) -> dict:
        gt = read_csv(path)
        frame_ids = np.arange(1, gt.frame_ids.max(initial=0) + 1)
        det = path.with_suffix('.det.txt')
        files = {'det': str(det)} if det.is_file() else {}
        video = VideoInfo(
            path.stem, str(path), self.fps, files=files, frame_ids=frame_ids
        )
        return dict(video=ImageSequence(video, frame_ids), gt=GroundTruth(gt))


def read_csv(path: Path) -> Trajectories:
    """The tracks in a CSV file.

    Raises:
        ValueError: It is malformed; names file and line.
    """
    rows = []
    with path.open(newline='', encoding='utf-8-sig') as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                rows.append([float(row[name]) for name in COLUMNS])
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f'{path}:{reader.line_num}: expected a number for each of '
                    f'{", ".join(COLUMNS)}, which the header names ({error!r})'
                ) from error
    if not rows:
        raise ValueError(f'{path}: no row below the header')
    table = np.array(rows, np.float64).reshape(-1, len(COLUMNS))
    try:
        return Trajectories(table[:, 0], table[:, 1], table[:, 2:])
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
