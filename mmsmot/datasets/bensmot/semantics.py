"""Captions and relations of a BenSMOT sequence, by trajectory id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...utils.text_file import read_text_file_bytes
from ..caption_text import caption_text_has_verb
from ..graphml import GraphMLEdge, UnsafeGraphML, parse_graphml
from .annotation_text import (
    CaptionAnnotation,
    normalized_annotation_name,
    parse_captions,
    read_annotation_lines,
    read_caption_annotation,
)
from .repairs import RepairLog

VIDEO_CAPTION = 'video_caption.txt'
CAPTIONS = 'instance_captions.txt'
GRAPH = 'interactions.graphml'


@dataclass
class SemanticsRelation:
    """An edge between two trajectories.

    Attributes:
        subject_id: Who acts.
        object_id: Who is acted upon.
        verbs: The verbs as annotated, with commas between them.
        place: File and line.
    """

    subject_id: int
    object_id: int
    verbs: str
    place: str


@dataclass
class SequenceSemantics:
    """Captions and relations of a sequence; ``None`` for what is not annotated.

    Attributes:
        video_caption: A text for the whole video.
        captions: A text by trajectory id.
        relations: The interactions.
    """

    video_caption: str | None = None
    captions: dict[int, str] | None = None
    relations: list[SemanticsRelation] | None = None


def read_semantics(
    folder: Path, track_ids: list[int], log: RepairLog
) -> SequenceSemantics:
    """Read the three text files of a sequence folder.

    Captions belong to the trajectories in ascending order of ids. The nodes of the
    graph are named like the captions; nodes with other names belong, in their order, to
    the trajectories that are left.
    """
    lines = read_annotation_lines(folder / VIDEO_CAPTION, VIDEO_CAPTION, log)
    parts = (
        read_caption_annotation(t, f'{VIDEO_CAPTION}:{n}', log) for n, t in lines or ()
    )
    summary = ' '.join(parts).strip()
    if not summary:
        log.add('video_caption_missing', f'{VIDEO_CAPTION}: missing or empty')
    lines = read_annotation_lines(folder / CAPTIONS, CAPTIONS, log)
    captions = parse_captions(lines or [], CAPTIONS, log)
    texts, names = _match_captions(captions, track_ids, log)
    relations = _read_relations(folder / GRAPH, names, track_ids, log)
    return SequenceSemantics(summary or None, texts if captions else None, relations)


def _match_captions(
    captions: list[CaptionAnnotation], track_ids: list[int], log: RepairLog
) -> tuple[dict[int, str], dict[str, int]]:
    """Texts by id, and ids by name."""
    sizes = f'{CAPTIONS}: {len(captions)} captions for {len(track_ids)} trajectories'
    if not captions:
        log.add('captions_missing', f'{CAPTIONS}: missing or empty')
    elif len(captions) < len(track_ids):
        log.add('captions_fewer', sizes)
    elif len(captions) > len(track_ids):
        log.add('captions_more', sizes)
    texts, names = {}, {}
    for track_id, caption in zip(track_ids, captions, strict=False):
        if caption.name:
            names[caption.name] = track_id
        if caption.text:
            texts[track_id] = caption.text
        else:
            place = f'{CAPTIONS}:{caption.line}: {caption.name!r} has no text'
            log.add('caption_empty', place)
    return texts, names


def _read_relations(
    path: Path, names: dict[str, int], track_ids: list[int], log: RepairLog
) -> list[SemanticsRelation] | None:
    try:
        nodes, edges = parse_graphml(read_text_file_bytes(path))
    except FileNotFoundError:
        log.add('graph_missing', f'{GRAPH}: missing')
        return None
    except UnsafeGraphML as error:
        # Never repaired: a file that attacks its reader is no annotation.
        raise UnsafeGraphML(f'{path}: {error}') from error
    except ValueError as error:
        message = str(error).removeprefix(f'{path}:')
        log.add('graph_malformed', f'{GRAPH}:{message}')
        return None
    ids = _match_nodes(nodes, names, track_ids, log)
    relations = (_relation(edge, ids, names, log) for edge in edges)
    return [relation for relation in relations if relation is not None]


def _match_nodes(
    nodes: list[str], names: dict[str, int], track_ids: list[int], log: RepairLog
) -> dict[str, int]:
    """Ids by node."""
    ids: dict[str, int] = {}
    unnamed_nodes, matched = [], set()
    for node in dict.fromkeys(nodes):
        track_id = names.get(normalized_annotation_name(node))
        if track_id is None or track_id in matched:
            unnamed_nodes.append(node)
        else:
            ids[node] = track_id
            matched.add(track_id)
    unmatched = [track_id for track_id in track_ids if track_id not in matched]
    by_position = dict(zip(unnamed_nodes, unmatched, strict=False))
    for node, track_id in by_position.items():
        place = f'{GRAPH}: node {node[:40]!r} is taken for trajectory {track_id}'
        log.add('node_by_position', place)
    return ids | by_position


def _relation(
    edge: GraphMLEdge, ids: dict[str, int], names: dict[str, int], log: RepairLog
) -> SemanticsRelation | None:
    place = f'{GRAPH}:{edge.line}'
    example = f'{place}: {edge.source[:40]!r} to {edge.target[:40]!r}'
    subject_id, object_id = (
        ids.get(node, names.get(normalized_annotation_name(node)))
        for node in (edge.source, edge.target)
    )
    if subject_id is None or object_id is None:
        log.add('edge_unknown_node', example)
    elif subject_id == object_id:
        log.add('edge_self_loop', example)
    elif not caption_text_has_verb(edge.relation):
        log.add('edge_without_verb', example)
    else:
        return SemanticsRelation(subject_id, object_id, edge.relation, place)
    return None
