"""The text files of a sequence in BenSMOT's form: boxes, captions, interactions."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from ...structures import Interactions, Trajectories, write_expression, xyxy_to_xywh
from ..bensmot.semantics import CAPTIONS, GRAPH, VIDEO_CAPTION
from ..bensmot.sequence import EXPRESSIONS, SPANS
from ..caption_text import one_line_caption
from ..graphml import interactions_graphml
from ..ground_truth import GroundTruth
from ..image_sequence import ImageSequence

CATEGORY = 'person'
MAX_FILE_NAME = 100  # characters of an expression's file name
SMALLEST = 0.001  # pixels; what three decimals can tell from nothing


def write_gt_boxes(trajectories: Trajectories, path: Path) -> None:
    """Write ``gt.txt``: frame, id, x, y, w, h, consider, class, visibility.

    Coordinates and visible fractions keep at most 3 and 4 decimals.
    """
    sizes = xyxy_to_xywh(trajectories.boxes)
    sizes[:, 2:] = np.maximum(sizes[:, 2:], SMALLEST)
    lines = (
        ','.join(
            [
                str(frame),
                str(track_id),
                *(_number(value, 3) for value in box),
                str(int(score > 0)),
                str(label),
                _number(visibility, 4),
            ]
        )
        for frame, track_id, box, score, label, visibility in zip(
            trajectories.frame_ids.tolist(),
            trajectories.ids.tolist(),
            sizes.tolist(),
            trajectories.scores.tolist(),
            trajectories.labels.tolist(),
            trajectories.visibility.tolist(),
            strict=True,
        )
    )
    path.parent.mkdir(exist_ok=True)
    _write(path, ''.join(f'{line}\n' for line in lines))


def write_semantics_text(video: ImageSequence, gt: GroundTruth, folder: Path) -> None:
    """Write the texts of a video; no file for what is not annotated.

    ``instance_captions.txt`` has a line for each trajectory by ascending id, an empty
    text where one has no caption. A span of which one end is not known gets the video's.

    Raises:
        ValueError: Captions or interactions name an id that has no box, or a verb holds
            a comma, which parts verbs in the layout.
    """
    ids = [] if gt.trajectories is None else np.unique(gt.trajectories.ids).tolist()
    names = [f'{CATEGORY}{number}' for number in range(len(ids))]
    if gt.video_caption is not None:
        _write(folder / VIDEO_CAPTION, one_line_caption(gt.video_caption) + '\n')
    if gt.captions is not None:
        _require_known(gt.captions, ids, video, 'captions')
        texts = [one_line_caption(gt.captions.get(track_id, '')) for track_id in ids]
        lines = (f'{n}: {t}'.rstrip() + '\n' for n, t in zip(names, texts, strict=True))
        _write(folder / CAPTIONS, ''.join(lines))
    if gt.interactions is not None:
        _write_interactions(video, gt.interactions, ids, names, folder)
    if gt.expressions is not None:
        (folder / EXPRESSIONS).mkdir()
        for expression in gt.expressions:
            path = _free_path(folder / EXPRESSIONS, expression.sentence)
            write_expression(expression, path)


def interaction_span_texts(
    interactions: Interactions, video: ImageSequence
) -> list[dict[str, Any]]:
    """``semantic_trajectories.json``'s entries: the rows that have a span, both ends."""
    first_frame, last_frame = video.frame_ids[[0, -1]].tolist()
    return [
        {
            'subject': int(interactions.subject_ids[row]),
            'verb': str(interactions.verbs[row]),
            'object': int(interactions.object_ids[row]),
            'start': start or min(first_frame, end),
            'end': end or max(last_frame, start),
        }
        for row, (start, end) in enumerate(
            zip(
                interactions.start_frames.tolist(),
                interactions.end_frames.tolist(),
                strict=True,
            )
        )
        if start or end
    ]


def _write_interactions(
    video: ImageSequence,
    interactions: Interactions,
    ids: list[int],
    names: list[str],
    folder: Path,
) -> None:
    subjects, objects = interactions.subject_ids, interactions.object_ids
    for column in (subjects, objects):
        _require_known(column.tolist(), ids, video, 'interactions')
    commas = [verb for verb in interactions.verbs.tolist() if ',' in verb]
    if commas:
        raise ValueError(
            f'{video.video.name}: the verb {commas[0]!r} holds a comma, which parts '
            f'verbs in {GRAPH}. Rename it.'
        )
    places = {track_id: place for place, track_id in enumerate(ids, start=1)}
    edges = [
        dict(
            subject=places[int(subjects[row])],
            object=places[int(objects[row])],
            verb=str(interactions.verbs[row]),
            start=int(interactions.start_frames[row]),
        )
        for row in range(len(interactions))
    ]
    _write(folder / GRAPH, interactions_graphml(names, edges))
    items = interaction_span_texts(interactions, video)
    if items:
        content = {'fps': video.video.fps, 'trajectories': items}
        _write(folder / SPANS, json.dumps(content, ensure_ascii=False) + '\n')


def _require_known(
    named: Any, ids: list[int], video: ImageSequence, source: str
) -> None:
    unknown = sorted({int(i) for i in named} - set(ids))
    if unknown:
        raise ValueError(
            f'{video.video.name}: {source} name id {unknown[0]}, which has no box '
            f'({len(unknown)} such ids). Correct the id, or leave its captions and interactions out.'
        )


def _free_path(folder: Path, sentence: str) -> Path:
    """A file for a sentence: its words with dashes, as in Refer-KITTI."""
    stem = '-'.join(re.findall(r'[^\W_]+', sentence.lower()))[:MAX_FILE_NAME] or 'words'
    path, number = folder / f'{stem}.json', 2
    while path.exists():
        path, number = folder / f'{stem}-{number}.json', number + 1
    return path


def _number(value: float, decimals: int) -> str:
    text = f'{value:.{decimals}f}'.rstrip('0').rstrip('.')
    return '0' if text == '-0' else text


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding='utf-8', newline='\n')
