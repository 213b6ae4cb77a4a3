"""The error analysis as a page with images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from ..utils.atomic import atomic_write

STYLE = """
body { font: 14px sans-serif; margin: 2em; }
table { border-collapse: collapse; margin: 1em 0 2em; }
td, th { border: 1px solid #ccc; padding: .3em .6em; text-align: left;
  overflow-wrap: anywhere; }
img { max-width: 960px; display: block; }
"""
NOTE = (
    'In images, true boxes are green and predicted ones red. An id of -1 is no track.'
)
TITLES = {
    'tracks': 'Worst tracks: true trajectories with the least IoU',
    'captions': 'Worst captions',
    'pairs': 'Worst pairs',
    'confusion': 'Verbs taken for others',
    'purity': 'Caption score against purity of the track',
}


def write_error_page(
    summary: Mapping[str, Any], image_files: Mapping[str, str], path: Path
) -> None:
    """Write the page, atomically.

    Args:
        summary: See :meth:`~mmsmot.evaluation.error_analysis.ErrorAnalysis.summary`.
        image_files: Files relative to the page, by ``'<kind>/<row>'``.
        path: The page.
    """
    purity = summary['purity']
    parts = []
    for kind, title in TITLES.items():
        rows = purity['bins'] if kind == 'purity' else summary[kind]
        images = [image_files.get(f'{kind}/{i}') for i in range(len(rows))]
        parts.append(f'<h2>{escape(title)}</h2>\n{_table(rows, images)}')
    if purity['correlation'] is not None:
        parts.append(f'<p>Correlation {purity["correlation"]:.3f}.</p>')
    body = '\n'.join(parts)
    with atomic_write(path) as stream:
        stream.write(
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
            f'<title>Errors</title><style>{STYLE}</style></head>\n'
            f'<body><h1>Errors</h1><p>{NOTE}</p>\n{body}\n</body></html>\n'
        )


def _table(rows: Sequence[Mapping[str, Any]], images: Sequence[str | None]) -> str:
    if not rows:
        return '<p>None.</p>'
    columns = list(rows[0])
    head = ''.join(f'<th>{escape(name)}</th>' for name in columns)
    lines = [f'<tr>{head}</tr>']
    for row, image in zip(rows, images, strict=True):
        cells = ''.join(f'<td>{escape(_text(row[name]))}</td>' for name in columns)
        lines.append(f'<tr>{cells}</tr>')
        if image is not None:
            tag = f'<img src="{escape(image, quote=True)}" alt="">'
            lines.append(f'<tr><td colspan="{len(columns)}">{tag}</td></tr>')
    return '<table>\n' + '\n'.join(lines) + '\n</table>'


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f'{value:.3f}'
    if isinstance(value, list | tuple):
        return ', '.join(map(str, value)) or '-'
    return str(value)
