"""A report of all scores, read back from its file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmsmot.evaluation.report_file import (
    read_report_headline,
    report_file_tracking_fields,
)


def test_a_row_of_headline_scores(tmp_path: Path) -> None:
    scores = {
        'tracking': {'HOTA': 61.5},
        'strict': {'instance': {'CIDEr': 1.25}, 'joint': {'IHOTA': {'joint': 0.5}}},
    }
    (tmp_path / 'report.json').write_text(json.dumps(scores))
    assert read_report_headline(tmp_path / 'report.json') == {
        'track/HOTA': 61.5,
        'strict/instance_CIDEr': 1.25,
        'strict/IHOTA': 0.5,
    }


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('{"tracking": {"HOTA"', 'not JSON'),
        ('[]', 'no tracking scores in it'),
        ('{"scores": {}}', 'no tracking scores in it'),
        ('{"tracking": {"HOTA": "61"}}', 'a score in it is no number'),
        ('{"tracking": {}, "strict": {"joint": {"CHOTA": {}}}}', 'damaged'),
        ('{"tracking": {}, "strict": []}', 'damaged'),
    ],
)
def test_a_damaged_report_is_refused_by_name(
    tmp_path: Path, text: str, message: str
) -> None:
    (tmp_path / 'report.json').write_text(text)
    with pytest.raises(ValueError, match=rf'report\.json: {message}'):
        read_report_headline(tmp_path / 'report.json')


def test_fields_of_older_reports() -> None:
    fields = {'HOTA': {'HOTA_TP': [1] * 19}}
    assert report_file_tracking_fields({'tracking_fields': fields}) is fields
    assert report_file_tracking_fields({'trackeval': fields}) is fields
    with pytest.raises(ValueError, match="no 'tracking_fields'"):
        report_file_tracking_fields({'tracking': {'HOTA': 50.0}})
