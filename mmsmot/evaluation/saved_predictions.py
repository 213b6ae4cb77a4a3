"""Scores of predictions on disk: of a test, of infer, or another program's files."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from ..structures import SMOTDataSample, Trajectories
from ..structures.legacy_result import LEGACY_RESULT
from ..structures.sample_json import FORMAT, sample_from_dict
from ..utils.json_file import read_json
from ..utils.number_ranges import FRACTION, require_choice, require_numbers
from ..utils.text_file import read_text_file_bytes
from .captions import warn_missing_caption_scorers
from .external_results import ExternalResults
from .interactions import THRESHOLD
from .preprocessing import require_preprocessing
from .protocols import RELEASE, STRICT
from .result_names import RESULT, result_name
from .smot_report import VideoScores, build_smot_report, smot_report_video_scores

MISSING = ('error', 'empty', 'skip')
KEY = re.compile(rb'"key":\s*\{')  # what a result of infer has and a dump has not


class SavedPredictions:
    """Samples with predictions on disk, of a test or of ``tools/infer.py``.

    :class:`~mmsmot.evaluation.SMOTMetric` dumps ``<video>.json``; ``tools/infer.py``
    writes ``<video>/result.json``, or ``result.json`` where it was given one video. With a
    prompt it is ``<video>/<prompt.key>`` in place of ``<video>``.

    Args:
        folder: The folder of the JSON files.

    Attributes:
        names: Of the results, sorted; see :func:`~.result_names.result_name`.

    Raises:
        FileNotFoundError: There is none.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)
        self._sample: SMOTDataSample | None = None  # of a single result
        self._paths = self._result_paths() or {
            file.relative_to(self.folder).with_suffix('').as_posix(): file
            for file in self.folder.rglob('*.json')
        }
        if not self._paths:
            raise FileNotFoundError(f'{self.folder}: no <video>.json in it')
        self.names = sorted(self._paths)

    def path(self, name: str) -> Path:
        """The file of a result; also where it should be, if there is none."""
        return self._paths.get(name, self.folder / f'{name}.json')

    def read(
        self, name: str, frame_ids: np.ndarray, images_from_zero: bool = False
    ) -> SMOTDataSample:
        """What was predicted of one (video, prompt).

        Args:
            name: One of ``names``.
            frame_ids: (T,) original frame numbers of the video, ascending.
            images_from_zero: Not used: what we wrote counts from 1.

        Raises:
            ValueError: The file is no sample with predicted trajectories, is of another
                video, or was predicted on other frames.
        """
        path = self.path(name)
        sample, self._sample = self._sample or read_saved_sample(path), None
        if 'pred_trajectories' not in sample:
            raise ValueError(f'{path}: the sample has no pred_trajectories')
        # A result lies where infer was told to; a video's own name may be the last part.
        is_result = path.name == RESULT and path.stem != name
        result = result_name(sample)
        is_same = _ends_with(name, result) or _ends_with(result, name)
        if not (is_result and is_same) and result != name:
            raise ValueError(
                f'{path}: holds the predictions of {result!r}, so it should be '
                f'{self.folder / result}.json'
            )
        if not np.array_equal(sample.frame_ids, frame_ids):
            raise ValueError(
                f'{path}: was predicted on {_span(sample.frame_ids)}, but the gt has '
                f'{_span(frame_ids)}. Score it against the dataset it was made on.'
            )
        return sample

    def name_of(self, gt_name: str) -> str | None:
        """The name under which a dataset's video was predicted, ``None`` for none.

        A single ``result.json`` knows its video's folder alone, ``0001`` of
        ``cooking/0001``.
        """
        if gt_name in self._paths:
            return gt_name
        names = [
            name
            for name, path in self._paths.items()
            if path.name == RESULT and _ends_with(gt_name, name)
        ]
        return names[0] if len(names) == 1 else None

    def _result_paths(self) -> dict[str, Path]:
        """The ``result.json`` files of infer by name; none where a test has dumped."""
        paths = {
            path.parent.relative_to(self.folder).as_posix(): path
            for path in self.folder.rglob(RESULT)
            if _holds_infer_result(path)
        }
        if single := paths.pop('.', None):  # only the file knows the name of its video
            sample = read_saved_sample(single)
            if not paths:
                self._sample = sample
            paths[result_name(sample)] = single
        return paths


def read_saved_sample(path: str | os.PathLike) -> SMOTDataSample:
    """A sample from its file: a test's dump, or ``result.json`` of any version.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such sample, or has no video or frame numbers; names the file.
    """
    return saved_prediction_sample(
        read_json(path), path
    )  # read_json names the file itself


def saved_prediction_sample(content: Any, path: str | os.PathLike) -> SMOTDataSample:
    """The sample in the JSON of a file; see :func:`read_saved_sample`."""
    try:
        sample = sample_from_dict(content)
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    for field in ('video', 'frame_ids'):
        if field not in sample:
            raise ValueError(f'{path}: the sample has no {field}')
    return sample


def _holds_infer_result(path: Path) -> bool:
    """As :func:`~.result_names.has_infer_result_name`, without parsing a file that may be large.

    Inside a JSON text the quotes of ``"key": {`` would be escaped.
    """
    try:
        data = read_text_file_bytes(path)
    except (ValueError, OSError):
        return False
    has_format = any(f'"{name}"'.encode() in data for name in (LEGACY_RESULT, FORMAT))
    return has_format and KEY.search(data) is not None


def _ends_with(path: str, tail: str) -> bool:
    """Whether ``tail`` is the last folders of ``path``, or all of them."""
    return path == tail or path.endswith(f'/{tail}')


def open_saved_predictions(
    folder: str | os.PathLike, frame_numbers: str = 'original'
) -> SavedPredictions | ExternalResults:
    """The predictions in a folder, whatever wrote them.

    Args:
        folder: ``out_dir`` of :class:`~mmsmot.evaluation.SMOTMetric`, its folder
            ``predictions``, ``--out`` of ``tools/infer.py``, or one as
            :class:`ExternalResults` describes.
        frame_numbers: Of another program's text files.

    Raises:
        FileNotFoundError: There are none.
        ValueError: Another program's JSON file is malformed.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such folder (looked from {os.getcwd()})')
    if (folder / 'predictions').is_dir():
        return SavedPredictions(folder / 'predictions')
    if any(map(_holds_infer_result, folder.rglob(RESULT))):
        return SavedPredictions(folder)  # tracks.txt lie beside them
    if next(folder.rglob('*.txt'), None) is not None:
        return ExternalResults(folder, frame_numbers)
    if next(folder.rglob('*.json'), None) is not None:
        return SavedPredictions(folder)
    raise FileNotFoundError(
        f'{folder}: no predictions. Expected predictions/<video>.json as SMOTMetric '
        'dumps them (out_dir), <video>/result.json of tools/infer.py, or <video>.txt in '
        'MOTChallenge format with instance_caption.json, relation.json and '
        'video_summary.json.'
    )


def join_saved_predictions_and_gt(
    predictions: SavedPredictions | ExternalResults,
    gt_samples: Iterable[SMOTDataSample],
    missing: str = 'error',
    ignore_unknown: bool = False,
) -> Iterator[SMOTDataSample]:
    """Samples with gt and prediction, one for each (video, prompt) to be scored.

    Args:
        predictions: What was predicted.
        gt_samples: Samples with the ``gt_`` fields.
        missing: What a video without prediction is: an ``'error'``, ``'empty'`` (no
            track at all), or to ``'skip'``.
        ignore_unknown: Leave out predictions of videos that have no gt sample.

    Raises:
        ValueError: A prediction is malformed, does not fit, or may be of two videos; a
            video is missing or unknown and may not be, which shows when all samples were
            read.
    """
    require_choice('join_saved_predictions_and_gt', MISSING, missing=missing)
    unknown, absent = set(predictions.names), []
    gt_name_of: dict[str, str] = {}
    for gt in gt_samples:
        gt_name = result_name(gt)
        name = predictions.name_of(gt_name)
        if name is not None:
            if name in gt_name_of:
                raise ValueError(
                    f'{predictions.path(name)}: may be of {gt_name_of[name]!r} or of '
                    f'{gt_name!r}. Put it into the folder {gt_name}, or name the one '
                    'with sequences (--sequences).'
                )
            gt_name_of[name] = gt_name
            unknown.remove(name)
            from_zero = gt.video.images_from_zero
            yield _joined(gt, predictions.read(name, gt.frame_ids, from_zero))
        else:
            absent.append(gt_name)
            if missing == 'empty':
                yield _joined(gt, None)
    if absent:
        _report(
            f'{len(absent)} videos have no prediction: {_some(absent)}. '
            f'The folder {predictions.folder} has {_some(predictions.names)}. '
            "missing='empty' (--missing empty) counts them as videos without any track, "
            "'skip' leaves them out.",
            missing == 'error',
        )
    if unknown:
        _report(
            f'{predictions.folder}: {len(unknown)} videos are not in the dataset: '
            f'{_some(sorted(unknown))}. A name is <activity>/<sequence> in BenSMOT, with '
            "a prompt <video>/<the prompt's key>. ignore_unknown leaves them out.",
            not ignore_unknown,
        )


def score_saved_predictions(
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
        The report, see :func:`~.smot_report.build_smot_report`.

    Raises:
        ValueError: A prediction does not fit its truth (names the video), no video has a
            truth, or ``threshold`` is no number from 0 to 1.
    """
    warn_missing_caption_scorers()
    require_numbers('score_saved_predictions', FRACTION, threshold=threshold)
    require_preprocessing(preprocessing)
    scored: list[VideoScores] = []
    skipped = 0
    for sample in samples:
        if 'gt_trajectories' not in sample:
            skipped += 1
            continue
        try:
            scored.append(smot_report_video_scores(sample, protocols, preprocessing))
        except ValueError as error:
            raise ValueError(f'{result_name(sample)}: {error}') from error
    if not scored:
        raise ValueError(f'none of {skipped} videos has a truth to score against')
    scored.sort(key=lambda result: result.name)
    scores = build_smot_report(scored, threshold)
    scores['counts']['skipped'] = skipped
    return scores


def _joined(gt: SMOTDataSample, prediction: SMOTDataSample | None) -> SMOTDataSample:
    names = ('video', 'frame_ids', 'prompt')
    sample = SMOTDataSample(metainfo={k: gt.get(k) for k in names if k in gt})
    fields = {k: v for k, v in gt.items() if k.startswith('gt_')}
    if prediction is None:
        fields['pred_trajectories'] = Trajectories.empty()
    else:
        fields |= {k: v for k, v in prediction.items() if k.startswith('pred_')}
    sample.set_data(fields)
    return sample


def _report(message: str, is_error: bool) -> None:
    if is_error:
        raise ValueError(message)
    print_log(message, logger='current', level=logging.WARNING)


def _some(names: list[str], limit: int = 5) -> str:
    tail = f' and {len(names) - limit} more' if len(names) > limit else ''
    return ', '.join(map(repr, names[:limit])) + tail


def _span(frame_ids: np.ndarray) -> str:
    if not len(frame_ids):
        return 'no frames'
    return f'{len(frame_ids)} frames ({frame_ids[0]} to {frame_ids[-1]})'
