"""The video and the ground truth of a sequence folder of BenSMOT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...structures import (
    CoordinateSpace,
    Interactions,
    ReferringExpression,
    Trajectories,
    VideoInfo,
    xywh_to_xyxy,
)
from ...structures.referring_expression import expression_from_dict
from ..ground_truth import GroundTruth
from ..image_sequence import ImageSequence
from ..vocabulary import InteractionVocabulary
from .repairs import RepairLog
from .semantics import SemanticsRelation, SequenceSemantics
from .sequence import EXPRESSIONS, GT, IMAGES, SPANS, BenSMOTSequenceRecord

Row = tuple[int, int, str, int, int]


def bensmot_video(
    name: str, folder: Path, record: BenSMOTSequenceRecord, default_fps: float
) -> ImageSequence:
    """The frames of a sequence; images are read on access.

    Args:
        name: ``'<activity>/<sequence>'``.
        folder: Where the sequence lies.
        record: What was read from there.
        default_fps: Frames per second where no file of the sequence says.
    """
    files = {} if record.rows is None else {'gt': str(folder / GT)}
    fps = record.fps or default_fps
    frame_ids = np.array(record.frame_ids, np.int64)
    video = VideoInfo(
        name,
        str(folder),
        fps,
        record.width,
        record.height,
        files,
        frame_ids,
        record.images_from_zero,
    )
    image_dir = folder / IMAGES
    images = [f'{image_dir}/{image}' for image in record.images]  # Path is slow here
    return ImageSequence(video, frame_ids, images or None)


def bensmot_ground_truth(
    folder: Path,
    record: BenSMOTSequenceRecord,
    semantics: SequenceSemantics,
    vocabulary: InteractionVocabulary,
    log: RepairLog,
) -> GroundTruth:
    """The truth of a sequence.

    Captions of trajectories without any proper box are left out. An interaction has one
    row for each of its spans in ``semantic_trajectories.json``, and one without a span
    where that file has none for it.

    Args:
        folder: Where the sequence lies.
        record: What was read from there.
        semantics: Its captions and relations, with full paths in their places.
        vocabulary: The verbs to tell apart.
        log: Takes unknown and respelled verbs, and repeated and lost rows.

    Raises:
        ValueError: The log is strict and something has to be mended; names the place.
    """
    space = CoordinateSpace(width=record.width, height=record.height)
    boxes = None if record.rows is None else _trajectories(record.rows, space)
    ids = set() if boxes is None else set(boxes.ids.tolist())
    captions, interactions, expressions = semantics.captions, None, None
    if captions is not None:
        captions = {i: text for i, text in sorted(captions.items()) if i in ids}
    if semantics.relations is not None:
        relations = [
            r for r in semantics.relations if {r.subject_id, r.object_id}.issubset(ids)
        ]
        spans = _spans(folder, record, vocabulary, log)
        interactions = _interactions(folder, relations, spans, vocabulary, log)
    if record.expressions is not None:
        expressions = list(_expressions(folder, record.expressions, ids, log))
    return GroundTruth(
        boxes, captions, interactions, semantics.video_caption, expressions
    )


def gt_with_folder_in_places(
    semantics: SequenceSemantics, folder: Path
) -> SequenceSemantics:
    """The same semantics with the folder before the place of each relation."""
    if semantics.relations is None:
        return semantics
    relations = [replace(r, place=f'{folder}/{r.place}') for r in semantics.relations]
    return replace(semantics, relations=relations)


def _trajectories(rows: np.ndarray, space: CoordinateSpace) -> Trajectories:
    """``gt.txt``'s ``consider`` becomes the score, 1 or 0."""
    return Trajectories(
        frame_ids=rows[:, 0],
        ids=rows[:, 1],
        boxes=xywh_to_xyxy(rows[:, 2:6]),
        scores=(rows[:, 6] > 0).astype(np.float64),
        labels=rows[:, 7],
        visibility=rows[:, 8],
        space=space,
    )


def _verbs(
    text: str, place: str, vocabulary: InteractionVocabulary, log: RepairLog
) -> list[str]:
    """The verbs of a list with commas, none twice; unknown and respelled counted."""
    unique_verbs: dict[str, None] = {}
    for part in text.split(','):
        unknown: Counter[str] = Counter()
        verbs = vocabulary.canonical(part, unknown)
        for verb in unknown:
            # To look for near verbs is slow: a dataset of other verbs has thousands.
            is_example = log.wants_example('verb_unknown')
            message = vocabulary.unknown_message(verb) if is_example else verb
            log.add('verb_unknown', f'{place}: {message}')
        if verbs and verbs not in ((part,), (part.strip(),)):
            log.add('verb_respelled', f'{place}: {part!r} is {", ".join(verbs)}')
        unique_verbs.update(dict.fromkeys(verbs))
    return list(unique_verbs)


def _spans(
    folder: Path,
    record: BenSMOTSequenceRecord,
    vocabulary: InteractionVocabulary,
    log: RepairLog,
) -> dict[tuple[int, int, str], list[tuple[int, int]]] | None:
    """First and last frames by (subject, object, verb); ``None`` without the file."""
    if record.spans is None:
        return None
    spans: dict[tuple[int, int, str], list[tuple[int, int]]] = {}
    for subject_id, text, object_id, start, end in record.spans:
        for verb in _verbs(text, f'{folder / SPANS}: {text!r}', vocabulary, log):
            ends = spans.setdefault((subject_id, object_id, verb), [])
            if (start, end) not in ends:
                ends.append((start, end))
    return spans


def _interactions(
    folder: Path,
    relations: list[SemanticsRelation],
    spans: dict[tuple[int, int, str], list[tuple[int, int]]] | None,
    vocabulary: InteractionVocabulary,
    log: RepairLog,
) -> Interactions:
    unmatched = dict(spans or {})
    rows: list[Row] = []
    edges = set()
    for relation in relations:
        pair = (relation.subject_id, relation.object_id)
        for verb in _verbs(relation.verbs, relation.place, vocabulary, log):
            if (*pair, verb) in edges:
                log.add('edge_repeated', f'{relation.place}: {pair} {verb!r} again')
                continue
            edges.add((*pair, verb))
            ends = unmatched.pop((*pair, verb), [])
            if spans is not None and not ends:
                log.add('edge_without_span', f'{relation.place}: {pair} {verb!r}')
            rows += [(*pair, verb, *span) for span in ends or [(0, 0)]]
    for (subject_id, object_id, verb), ends in unmatched.items():
        place = f'{folder / SPANS}: {subject_id} {verb!r} {object_id}'
        log.add('span_without_edge', place, len(ends))
    if not rows:
        return Interactions.empty()
    return Interactions(*map(np.array, zip(*rows, strict=True)))


def _expressions(
    folder: Path, contents: list[dict], ids: set[int], log: RepairLog
) -> Iterator[ReferringExpression]:
    for item in contents:
        place = folder / EXPRESSIONS / item['file']
        try:
            expression = expression_from_dict(item['content'])
        except ValueError as error:
            log.add('expression_malformed', f'{place}: {error}')
            continue
        if bodiless := sorted(expression.ids() - ids):
            log.add('expression_unknown_track', f'{place}: id {bodiless[0]}')
        yield expression
