"""A report of all scores, read back from its JSON file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..utils.json_file import read_json
from .smot_report import smot_report_headline


def report_file_tracking_fields(scores: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The sums and scores that :func:`~.tracking.combine_tracking_sequences` takes, by metric.

    Args:
        scores: Of :func:`~.smot_report.build_smot_report`, also read back from JSON. Older reports
            have them under ``'trackeval'``.

    Raises:
        ValueError: There are none.
    """
    for key in ('tracking_fields', 'trackeval'):
        if isinstance(scores.get(key), Mapping):
            return scores[key]
    raise ValueError(
        "the report has no 'tracking_fields'. Expected the JSON that "
        'tools/analysis_tools/eval_predictions.py or SMOTMetric writes.'
    )


def read_report_headline(path: str | os.PathLike) -> dict[str, float]:
    """The :func:`~.smot_report.smot_report_headline` of a report that was written as JSON.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no report; names the file.
    """
    scores = read_json(path)
    problem = 'no tracking scores in it'
    if isinstance(scores, dict) and isinstance(scores.get('tracking'), dict):
        try:
            row = smot_report_headline(scores)
        except (AttributeError, KeyError, TypeError) as error:
            problem = f'damaged ({error!r})'
        else:
            numbers = [isinstance(value, int | float) for value in row.values()]
            if all(numbers):
                return row
            problem = 'a score in it is no number'
    raise ValueError(
        f'{path}: {problem}. Expected the report (JSON) that '
        'tools/analysis_tools/eval_predictions.py or SMOTMetric writes.'
    )
