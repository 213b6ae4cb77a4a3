"""Captions, interactions and referring expressions of a video in a COCO-video JSON."""

from __future__ import annotations

import numpy as np

from ...structures import Interactions, ReferringExpression
from ...structures.id_keys import read_id, read_id_pair
from ...structures.referring_expression import expression_from_dict
from ...utils.json_entry import JsonEntry
from ..bensmot.annotation_text import MAX_NUMBER
from ..caption_text import clean_caption, clean_caption_verb

Spans = dict[tuple[int, int, str], list[tuple[int, int]]]


def coco_video_captions(video: JsonEntry) -> dict[int, str] | None:
    """``caption``: a text by track id, without those that are empty."""
    if 'caption' not in video:
        return None
    captions = {}
    for key, text in video.items('caption', dict).items():
        track_id = read_id(key)
        if track_id is None or track_id in captions:
            video.fail(f'caption must map ids to texts, each id once, got {key!r:.40}')
        video.require_text(text, f'the caption of {key}')
        captions[track_id] = clean_caption(text)
    return {track_id: text for track_id, text in captions.items() if text}


def coco_video_interactions(video: JsonEntry) -> Interactions | None:
    """``relation``, with the spans of ``semantic_trajectories``."""
    if 'relation' not in video:
        return None
    spans = _read_spans(video)
    rows = []
    for key, verbs in video.items('relation', dict).items():
        pair = read_id_pair(key)
        if pair is None or not isinstance(verbs, list):
            video.fail(f'relation must map "i-j" to lists of verbs, got {key!r:.40}')
        for verb in dict.fromkeys(_parse_coco_verb(verb, video, key) for verb in verbs):
            if verb:
                ends = spans.pop((*pair, verb), [(0, 0)])
                rows += [(*pair, verb, *span) for span in ends]
    if spans:
        video.fail(f'semantic_trajectories {next(iter(spans))} is not in relation')
    if not rows:
        return Interactions.empty()
    try:
        return Interactions(*map(np.array, zip(*rows, strict=True)))
    except ValueError as error:
        raise ValueError(f'{video.location}: {error}') from error


def _read_spans(video: JsonEntry) -> Spans:
    spans: Spans = {}
    for item in video.entries('semantic_trajectories', []):
        keys = ('subject', 'object', 'start', 'end')
        subject_id, object_id, start, end = (
            item.integer(key, 0, MAX_NUMBER) for key in keys
        )
        verb = _parse_coco_verb(item.text('verb'), item, 'verb')
        spans.setdefault((subject_id, object_id, verb), []).append((start, end))
    return spans


def coco_video_expressions(video: JsonEntry) -> list[ReferringExpression] | None:
    """``expressions``, in Refer-KITTI's form."""
    if 'expressions' not in video:
        return None
    try:
        return [expression_from_dict(item) for item in video.items('expressions', list)]
    except ValueError as error:
        raise ValueError(f'{video.location}: expressions: {error}') from error


def _parse_coco_verb(verb: object, entry: JsonEntry, key: str) -> str:
    entry.require_text(verb, f'a verb of {key}')
    return clean_caption_verb(str(verb))
