"""One self-contained page of one video: tracks, captions, interactions and scores."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import numpy as np

from ..evaluation.interactions import THRESHOLD
from ..structures import SMOTDataSample, Trajectories
from ..utils.atomic import atomic_write
from .report_data import report_data

EMBED_LIMIT = 48 * 2**20  # bytes; base64 adds a third, and browsers hold it twice
SCRIPTS = ('clock', 'light', 'stage', 'timeline', 'graph', 'page')
CHUNK = 3 * 2**18  # a multiple of 3, so that pieces of base64 join without padding
# In the first lines of every page; see page.html.
POLICY_START = escape("default-src 'none'; script-src 'sha256-")
MIME_TYPES = {'.mp4': 'video/mp4', '.m4v': 'video/mp4', '.webm': 'video/webm'}


def write_html_report(
    sample: SMOTDataSample,
    path: str | os.PathLike,
    video: str | os.PathLike | None = None,
    times: np.ndarray | None = None,
    scores: Mapping[str, float | None] | None = None,
    warnings: Sequence[str] = (),
    threshold: float = THRESHOLD,
    embed_limit: int = EMBED_LIMIT,
    matches: Mapping[int, int] | None = None,
    targets: Sequence[tuple[str, Trajectories]] = (),
) -> None:
    """Write the report of a video, atomically.

    The page needs no server, no other file and no network: the video plays with boxes
    and arrows over it in :class:`~.track_drawer.TrackDrawer`'s colours, beside captions,
    timelines, the graph of interactions and the scores. A video larger than
    ``embed_limit`` is not put into the page but referenced by its path relative to it:
    then both must be moved together. Texts are shown as texts, whatever they contain,
    and the page's policy lets nothing but its own script run.

    Args:
        sample: ``pred_`` fields, ``gt_`` fields or both, with ``video`` and
            ``frame_ids``. True boxes that are not to be considered are left out.
        path: The page.
        video: A file that browsers play (H.264 in mp4, or webm), ``None`` to show the
            boxes on an empty stage. See :func:`~.report_video.playable_video`.
        times: (T,) seconds at which ``video`` shows each of ``sample.frame_ids``, such
            as the timestamps of the frames read: needed for a video of variable rate,
            or one written of the frames processed. ``None`` for the original video at
            its constant rate; for others see :func:`~.report_data.report_frame_times`.
        scores: Numbers by ``'<group>/<name>'``, see ``smot_report_headline``.
        warnings: Texts to show on top, such as what the model was not trained for.
        threshold: Least score of a predicted verb that is shown.
        embed_limit: Bytes of a video that is put into the page at most.
        matches: True id by predicted id; ``None`` to match here.
        targets: What was asked for in the same run and whom it means, a row of the
            timeline each; empty for the sample's own prompt, where it has one.

    Raises:
        FileNotFoundError: There is no ``video``.
        ValueError: The sample has no ``video``, ``frame_ids`` or trajectories, boxes
            are not in the video's own pixels or in frames that were not processed, or
            ``times`` do not fit or do not ascend.
        TypeError: A score is no number.
    """
    path = Path(path)
    data = report_data(
        sample, times, scores or {}, warnings, threshold, matches, targets
    )
    embedded = None
    if video is not None:
        data['video'] = _video_entry(Path(video), path, embed_limit)
        embedded = video if data['video']['src'] is None else None
    head, tail = _page(data)
    with atomic_write(path) as stream:
        stream.write(head)
        if embedded is not None:
            _write_base64(embedded, stream)
        stream.write(tail)


def is_html_report(path: str | os.PathLike) -> bool:
    """Whether a file begins as a page of :func:`write_html_report` does."""
    path = Path(path)
    if not path.is_file():
        return False
    with open(path, 'rb') as stream:
        return POLICY_START.encode() in stream.read(512)


def _video_entry(video: Path, page: Path, embed_limit: int) -> dict[str, str | None]:
    """The video's type, and its path relative to the page; ``None`` if embedded."""
    is_embedded = video.stat().st_size <= embed_limit
    return {
        'type': MIME_TYPES.get(video.suffix.lower(), 'video/mp4'),
        'src': None if is_embedded else _relative_url(video, page),
    }


def _page(data: Mapping[str, Any]) -> tuple[str, str]:
    """The page before and behind the place of the video's bytes."""
    style = _part('page.css')
    script = '\n'.join(_part(f'{name}.js') for name in SCRIPTS)
    script = f"'use strict';\n(() => {{\n{script}\n}})();\n"
    values = {
        'title': escape(str(data['name']).encode('utf-8', 'replace').decode()),
        'policy': escape(_policy(style, script, data.get('video'))),
        'style': style,
        'script': script,
        'data': _json(data),
    }
    # One pass, so that nothing in a value is taken for a mark.
    marks = re.compile(r'\{\{(\w+)\}\}')
    head, tail = _part('page.html').split('{{video}}')
    head, tail = (marks.sub(lambda m: values[m[1]], part) for part in (head, tail))
    return head, tail


def _policy(style: str, script: str, video: Mapping[str, Any] | None) -> str:
    """A Content-Security-Policy that lets the page run and load only what is its own."""
    media = 'blob:' if video is None or video['src'] is None else "'self' file:"
    return '; '.join(
        [
            "default-src 'none'",
            f"script-src '{_digest(script)}'",
            f"style-src '{_digest(style)}'",
            f'media-src {media}',
            'img-src data:',
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f'sha256-{base64.b64encode(digest).decode()}'


def _json(data: Any) -> str:
    """JSON that cannot end the script element it stands in, nor open a comment."""
    # An array becomes a list, ten times as large, only while it is written.
    text = json.dumps(
        data, allow_nan=False, separators=(',', ':'), default=np.ndarray.tolist
    )
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text


def _part(name: str) -> str:
    return files(__package__).joinpath('report', name).read_text(encoding='utf-8')


def _relative_url(video: Path, page: Path) -> str:
    folder = page.parent.resolve()
    return './' + quote(os.path.relpath(video.resolve(), folder).replace(os.sep, '/'))


def _write_base64(video: str | os.PathLike, stream: IO[str]) -> None:
    with open(video, 'rb') as source:
        while piece := source.read(CHUNK):
            stream.write(base64.b64encode(piece).decode('ascii'))
