"""All scores of semantic multi-object tracking for MMEngine's evaluator."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from ..registry import METRICS
from ..structures import SMOTDataSample, write_trajectories
from ..structures.sample_json import sample_to_dict
from ..utils.atomic import atomic_write
from ..utils.json_file import write_json
from ..utils.number_ranges import FRACTION, require_choice, require_numbers
from .captions import warn_missing_caption_scorers
from .interactions import THRESHOLD
from .preprocessing import require_preprocessing
from .protocols import RELEASE, STRICT
from .report_table import format_report
from .result_names import require_unique_names, result_name, result_path
from .smot_report import (
    ORIGINAL_NUMBERS,
    POSITIONS,
    VideoScores,
    build_smot_report,
    smot_report_headline,
    smot_report_video_scores,
)


@METRICS.register_module()
class SMOTMetric(BaseMetric):
    """Tracking, captions and interactions in one pass.

    A video is compared with its truth as soon as it is predicted; its captions and
    counts are held, its boxes are not. Scores are named by protocol: ``strict``
    (missed and spurious trajectories and pairs count) and ``release`` (SMOTer's own,
    for standing beside its paper). Tracking is in percent as the paper's Table 2,
    everything else a fraction; CIDEr reaches 10. Where the packages that score captions
    are not installed, it warns when it is built, and gives all other scores.

    Args:
        protocols: Which to follow.
        preprocessing: Of the tracks, see :func:`~mmsmot.evaluation.evaluate_sequence`.
        threshold: Least score of a predicted verb.
        release_frame_numbers: ``'position'``: the protocol ``release`` gets tracking scores
            of its own, in which the i-th frame that was predicted counts as frame i, as in
            the released evaluation, and truth keeps the numbers of ``gt.txt``, which have
            gaps. ``'original'``: both by their numbers; tracking scores are the same.
        out_dir: Folder for ``predictions/<video>.json`` (the prediction of a video, to
            be scored again by ``tools/analysis_tools/eval_predictions.py``),
            ``<video>.txt`` (MOTChallenge) and ``scores.json``; of a sample with a prompt
            ``<video>/<prompt.key>.json`` and ``.txt``; ``None`` to write nothing.
        collect_device: Device that ranks exchange results on, ``'cpu'`` or ``'gpu'``.
        prefix: Prefix of the metrics' names.

    Raises:
        ValueError: There is no such protocol, preprocessing or ``release_frame_numbers``,
            or ``threshold`` is no number from 0 to 1.
    """

    default_prefix = 'smot'

    def __init__(
        self,
        *,
        protocols: Sequence[str] = (STRICT, RELEASE),
        preprocessing: str = 'auto',
        threshold: float = THRESHOLD,
        release_frame_numbers: str = ORIGINAL_NUMBERS,
        out_dir: str | None = None,
        collect_device: str = 'cpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        warn_missing_caption_scorers()
        require_numbers('SMOTMetric', FRACTION, threshold=threshold)
        require_preprocessing(preprocessing)
        unknown = set(protocols) - {STRICT, RELEASE}
        if unknown or not protocols:
            raise ValueError(
                f"protocols must be some of '{STRICT}', '{RELEASE}', got {protocols}"
            )
        numbers = ORIGINAL_NUMBERS, POSITIONS
        require_choice(
            'SMOTMetric', numbers, release_frame_numbers=release_frame_numbers
        )
        self.release_frame_numbers = release_frame_numbers
        self.protocols = tuple(protocols)
        self.preprocessing = preprocessing
        self.threshold = threshold
        self.out_dir = None if out_dir is None else Path(out_dir)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Compare a batch of videos with their truth.

        Args:
            data_batch: Not used.
            data_samples: :class:`~mmsmot.structures.SMOTDataSample` as dictionaries,
                which MMEngine's evaluator makes of them.

        Raises:
            KeyError: A sample has no predicted trajectories.
            ValueError: A prediction does not fit its truth; names the video.
        """
        for fields in data_samples:
            sample = _sample_of(fields)
            if self.out_dir is not None:
                _dump(sample, self.out_dir)
            self.results.append((result_name(sample), self._score(sample)))

    def compute_metrics(
        self, results: list[tuple[str, VideoScores | None]]
    ) -> dict[str, float]:
        """Print the tables and return the headline numbers.

        Raises:
            ValueError: No video has a truth, or two have the same name.
        """
        require_unique_names(name for name, _ in results)
        scored = [
            r for _, r in sorted(results, key=lambda pair: pair[0]) if r is not None
        ]
        if not scored:
            raise ValueError(
                f'none of {len(results)} videos has a truth to score against'
            )
        scores = build_smot_report(scored, self.threshold)
        scores['counts']['skipped'] = len(results) - len(scored)
        print_log('\n' + format_report(scores), logger='current')
        if self.out_dir is not None:
            write_json(scores, self.out_dir / 'scores.json')
        return smot_report_headline(scores)

    def _score(self, sample: SMOTDataSample) -> VideoScores | None:
        if 'gt_trajectories' not in sample:
            return None
        try:
            return smot_report_video_scores(
                sample,
                self.protocols,
                self.preprocessing,
                self.release_frame_numbers,
            )
        except ValueError as error:
            raise ValueError(f'{result_name(sample)}: {error}') from error


def _dump(sample: SMOTDataSample, out_dir: Path) -> None:
    name = result_name(sample)
    path = result_path(out_dir, name, '.txt')
    write_trajectories(sample.pred_trajectories, path)
    prediction = SMOTDataSample(metainfo=sample.metainfo)
    prediction.set_data({k: v for k, v in sample.items() if k.startswith('pred_')})
    path = result_path(out_dir / 'predictions', name, '.json')
    with atomic_write(path) as stream:
        json.dump(sample_to_dict(prediction), stream)


def _sample_of(fields: dict[str, Any]) -> SMOTDataSample:
    """The sample that MMEngine's evaluator took apart."""
    name = fields['video'].name
    for field in ('pred_trajectories', 'frame_ids'):
        if field not in fields:
            raise KeyError(
                f'{name}: the sample has no {field}. The model must set it in '
                "predict(), as mmsmot's SMOT does."
            )
    names = ('video', 'frame_ids', 'prompt')
    meta = {key: fields[key] for key in names if key in fields}
    sample = SMOTDataSample(metainfo=meta)
    sample.set_data({k: v for k, v in fields.items() if k.startswith(('gt_', 'pred_'))})
    return sample
