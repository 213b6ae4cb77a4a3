"""Reports of scores as aligned tables of text."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from .protocols import RELEASE, STRICT
from .report_file import report_file_tracking_fields
from .table import format_table
from .tracking import tracking_score_rows


def format_report(scores: dict[str, Any]) -> str:
    """The report's numbers as aligned tables, and why scores are missing."""
    counts = scores['counts']
    lines = [
        f'videos: {counts["videos"]}; without ground truth: {counts.get("skipped", 0)}'
    ]
    lines.append(format_table({'tracking': scores['tracking']}, corner='percent'))
    rules = Counter(scores['preprocessing'].values()).most_common()
    lines += [f'preprocessing: {name} (videos: {number})' for name, number in rules]
    for protocol in (STRICT, RELEASE):
        if protocol not in scores:
            continue
        part = scores[protocol]
        lines.append(f'\nprotocol: {protocol}')
        if 'tracking' in part:
            table = {'frames by position': part['tracking']}
            lines.append(format_table(table, corner='percent'))
        for level in ('instance', 'video'):
            if part.get(level):
                lines.append(format_table({level: part[level]}, corner='captions'))
        if 'interactions' in part:
            flat = {k: v for k, v in part['interactions'].items() if not _nested(v)}
            lines.append(format_table({'micro': flat}, corner='interactions'))
        for name, joint in part.get('joint', {}).items():
            lines.append(format_table({name: joint}, corner='joint'))
    lines += [
        f'missing: {name}: {reason}' for name, reason in scores['missing'].items()
    ]
    return '\n'.join(lines)


def format_tracking_table(reports: dict[str, dict[str, Any]]) -> str:
    """The tracking scores of several reports as a table that ends in ``COMBINED``.

    Args:
        reports: What :func:`~.smot_report.build_smot_report` gave of each, by name; also read back
            from JSON.
    """
    results = {
        name: {
            metric: {field: np.asarray(value) for field, value in fields.items()}
            for metric, fields in report_file_tracking_fields(scores).items()
        }
        for name, scores in reports.items()
    }
    return format_table(tracking_score_rows(results))


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list)
