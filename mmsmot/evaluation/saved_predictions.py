"""Scores of predictions on disk: a dump of ours, or another program's files."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ..structures import SMOTDataSample, Trajectories
from ..structures.sample_json import sample_from_dict
from ..utils.error_text import without_path
from ..utils.json_file import read_json
from ..utils.number_ranges import FRACTION, require_numbers
from .captions import tell_missing_scorers
from .external_results import ExternalResults
from .interactions import THRESHOLD
from .preprocessing import require_known
from .protocols import RELEASE, STRICT
from .smot_report import VideoResult, report, score_video

MISSING = ('error', 'empty', 'skip')


class SavedPredictions:
    """What :class:`~mmsmot.evaluation.SMOTMetric` dumped: ``<video>.json`` each.

    Args:
        folder: The folder of the JSON files.

    Attributes:
        names: The videos, sorted.

    Raises:
        FileNotFoundError: There is none.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)
        files = sorted(self.folder.rglob('*.json'))
        if not files:
            raise FileNotFoundError(f'{self.folder}: no <video>.json in it')
        self.names = [
            file.relative_to(self.folder).with_suffix('').as_posix() for file in files
        ]

    def path(self, name: str) -> Path:
        """The file of a video."""
        return self.folder / f'{name}.json'

    def read(
        self, name: str, frame_ids: np.ndarray, images_from_zero: bool = False
    ) -> SMOTDataSample:
        """What was predicted of one video.

        Args:
            name: One of ``names``.
            frame_ids: (T,) original frame numbers of the video, ascending.
            images_from_zero: Not looked at: what we wrote counts from 1.

        Raises:
            ValueError: The file is no sample with predicted trajectories, is of another
                video, or was predicted on other frames.
        """
        path = self.path(name)
        try:
            sample = sample_from_dict(read_json(path))
        except ValueError as error:
            raise ValueError(f'{path}: {without_path(error, path)}') from error
        for field in ('video', 'frame_ids', 'pred_trajectories'):
            if field not in sample:
                raise ValueError(f'{path}: the sample has no {field}')
        if sample.video.name != name:
            raise ValueError(
                f'{path}: holds the predictions of {sample.video.name!r}, so it should '
                f'be {self.path(sample.video.name)}'
            )
        if not np.array_equal(sample.frame_ids, frame_ids):
            raise ValueError(
                f'{path}: was predicted on {_span(sample.frame_ids)}, but the truth has '
                f'{_span(frame_ids)}. Score it against the dataset it was made on.'
            )
        return sample


def open_predictions(
    folder: str | os.PathLike, frame_numbers: str = 'original'
) -> SavedPredictions | ExternalResults:
    """The predictions in a folder, whatever wrote them.

    Args:
        folder: ``out_dir`` of :class:`~mmsmot.evaluation.SMOTMetric`, its folder
            ``predictions``, or one as :class:`ExternalResults` describes.
        frame_numbers: Of foreign text files.

    Raises:
        FileNotFoundError: There are none.
        ValueError: A foreign JSON file is malformed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder (looked from {os.getcwd()})')
    if (folder / 'predictions').is_dir():
        return SavedPredictions(folder / 'predictions')
    if next(folder.rglob('*.txt'), None) is not None:
        return ExternalResults(folder, frame_numbers)
    if next(folder.rglob('*.json'), None) is not None:
        return SavedPredictions(folder)
    raise FileNotFoundError(
        f'{folder}: no predictions. Expected predictions/<video>.json as SMOTMetric '
        'dumps them (out_dir), or <video>.txt in MOTChallenge format with '
        'instance_caption.json, relation.json and video_summary.json.'
    )


def join_predictions(
    predictions: SavedPredictions | ExternalResults,
    truths: Iterable[SMOTDataSample],
    missing: str = 'error',
    ignore_unknown: bool = False,
) -> Iterator[SMOTDataSample]:
    """Samples with truth and prediction, one for each true video that is to be scored.

    Args:
        predictions: What was predicted.
        truths: Samples with the ``gt_`` fields.
        missing: What a video without prediction is: an ``'error'``, ``'empty'`` (as if
            nobody had been found), or to ``'skip'``.
        ignore_unknown: Leave out predictions of videos that have no truth sample.

    Raises:
        ValueError: A prediction is malformed or does not fit; a video is missing or
            unknown and may not be. Those are found when all samples were read.
    """
    if missing not in MISSING:
        raise ValueError(f'missing must be one of {MISSING}, got {missing!r}')
    unknown, absent = set(predictions.names), []
    for truth in truths:
        name = truth.video.name
        if name in unknown:
            unknown.remove(name)
            from_zero = truth.video.images_from_zero
            said = predictions.read(name, truth.frame_ids, from_zero)
            yield _joined(truth, said)
        else:
            absent.append(name)
            if missing == 'empty':
                yield _joined(truth, None)
    if absent:
        _tell(
            f'{len(absent)} videos have no prediction: {_some(absent)}. '
            f'The folder {predictions.folder} has {_some(predictions.names)}. '
            "missing='empty' (--missing empty) counts them as videos where nobody was "
            "found, 'skip' leaves them out.",
            missing == 'error',
        )
    if unknown:
        _tell(
            f'{predictions.folder}: {len(unknown)} videos are not in the dataset: '
            f'{_some(sorted(unknown))}. A name is <activity>/<sequence> in BenSMOT. '
            'ignore_unknown leaves them out.',
            not ignore_unknown,
        )


def score_predictions(
    samples: Iterable[SMOTDataSample],
    protocols: Sequence[str] = (STRICT, RELEASE),
    preprocessing: str = 'auto',
    threshold: float = THRESHOLD,
) -> dict[str, Any]:
    """All scores of samples with truth and prediction.

    Args:
        samples: One a video; a video without true trajectories is not scored but
            counted.
        protocols: Which to follow.
        preprocessing: Of the tracks, see :func:`~.tracking.evaluate_sequence`.
        threshold: Least score of a predicted verb.

    Returns:
        The report, see :func:`~.smot_report.report`.

    Raises:
        ValueError: A prediction does not fit its truth (names the video), no video has a
            truth, or ``threshold`` is no number from 0 to 1.
    """
    tell_missing_scorers()
    require_numbers('score_predictions', FRACTION, threshold=threshold)
    require_known(preprocessing)
    scored: list[VideoResult] = []
    skipped = 0
    for sample in samples:
        if 'gt_trajectories' not in sample:
            skipped += 1
            continue
        try:
            scored.append(score_video(sample, protocols, preprocessing))
        except ValueError as error:
            raise ValueError(f'{sample.video.name}: {error}') from error
    if not scored:
        raise ValueError(f'none of {skipped} videos has a truth to score against')
    scored.sort(key=lambda result: result.name)
    found = report(scored, threshold)
    found['counts']['skipped'] = skipped
    return found


def _joined(truth: SMOTDataSample, said: SMOTDataSample | None) -> SMOTDataSample:
    meta = dict(video=truth.video, frame_ids=truth.frame_ids)
    sample = SMOTDataSample(metainfo=meta)
    fields = {k: v for k, v in truth.items() if k.startswith('gt_')}
    if said is None:
        fields['pred_trajectories'] = Trajectories.empty()
    else:
        fields |= {k: v for k, v in said.items() if k.startswith('pred_')}
    sample.set_data(fields)
    return sample


def _tell(message: str, is_error: bool) -> None:
    if is_error:
        raise ValueError(message)
    print_log(message, logger='current', level=logging.WARNING)


def _some(names: list[str], limit: int = 5) -> str:
    more = f' and {len(names) - limit} more' if len(names) > limit else ''
    return ', '.join(map(repr, names[:limit])) + more


def _span(frame_ids: np.ndarray) -> str:
    if not len(frame_ids):
        return 'no frames'
    return f'{len(frame_ids)} frames ({frame_ids[0]} to {frame_ids[-1]})'
