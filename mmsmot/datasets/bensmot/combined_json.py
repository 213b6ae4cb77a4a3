"""BenSMOT's captions and relations in three JSON files, as its release reads them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ...structures.id_keys import read_id, read_id_pair
from ...utils.json_file import read_json
from ..caption_text import caption_text_has_verb
from .annotation_text import read_caption_annotation
from .repairs import RepairLog
from .semantics import SemanticsRelation, SequenceSemantics

SUMMARY = 'video_summary.json'
CAPTION = 'instance_caption.json'
RELATION = 'relation.json'


class CombinedAnnotations:
    """Captions and relations of all videos.

    ::

        video_summary.json     {"<activity>/<sequence>": text}
        instance_caption.json  {"<activity>/<sequence>": {"<track id>": text}}
        relation.json          {"<activity>/<sequence>": {"<subject>-<object>": [verbs]}}

    Args:
        folder: Where the three files lie.

    Raises:
        FileNotFoundError: One of them is missing.
        ValueError: One is not in that form; names it.
    """

    def __init__(self, folder: str | os.PathLike) -> None:
        self.folder = Path(folder)
        self._summaries = self._read(SUMMARY)
        self._captions = self._read(CAPTION)
        self._relations = self._read(RELATION)

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        if not path.is_file():
            raise FileNotFoundError(
                f'{path}: missing. The combined annotations are {SUMMARY}, {CAPTION} '
                f'and {RELATION} in one folder.'
            )
        content = read_json(path)
        kind = str if name == SUMMARY else dict
        if not isinstance(content, dict) or not all(
            isinstance(value, kind) for value in content.values()
        ):
            raise ValueError(
                f'{path}: expected an object that maps "<activity>/<sequence>" to '
                f'{"a text" if kind is str else "objects"}'
            )
        return content

    def check_names(self, names: Iterable[str], log: RepairLog) -> None:
        """Count the videos that are none of ``names``."""
        folder_names = set(names)
        for file, content in (
            (SUMMARY, self._summaries),
            (CAPTION, self._captions),
            (RELATION, self._relations),
        ):
            for name in content:
                if name not in folder_names:
                    place = f'{self.folder / file}: {name[:80]!r}'
                    log.add('text_without_folder', place)

    def semantics(
        self, name: str, track_ids: list[int], log: RepairLog
    ) -> SequenceSemantics:
        """Captions and relations of one video; those of other ids are dropped."""
        place = f'{self.folder / SUMMARY}: {name}'
        summary = (
            read_caption_annotation(self._summaries.get(name, ''), place, log) or None
        )
        if summary is None:
            log.add('video_caption_missing', f'{self.folder / SUMMARY}: no {name!r}')
        captions = relations = None
        if name in self._captions:
            captions = self._captions_of(name, track_ids, log)
        else:
            log.add('captions_missing', f'{self.folder / CAPTION}: no {name!r}')
        if name in self._relations:
            relations = self._relations_of(name, track_ids, log)
        else:
            log.add('graph_missing', f'{self.folder / RELATION}: no {name!r}')
        return SequenceSemantics(summary, captions, relations)

    def _captions_of(
        self, name: str, track_ids: list[int], log: RepairLog
    ) -> dict[int, str]:
        captions = {}
        for key, text in self._captions[name].items():
            place = f'{self.folder / CAPTION}: {name}: {key[:40]!r}'
            track_id = read_id(key)
            if track_id not in track_ids or track_id in captions:
                log.add('caption_unknown_track', place)
            elif not (isinstance(text, str) and text.strip()):
                log.add('caption_empty', place)
            else:
                captions[track_id] = read_caption_annotation(text, place, log)
        if len(captions) < len(track_ids):
            place = f'{self.folder / CAPTION}: {name}: {len(captions)} captions for '
            log.add('captions_fewer', f'{place}{len(track_ids)} trajectories')
        return captions

    def _relations_of(
        self, name: str, track_ids: list[int], log: RepairLog
    ) -> list[SemanticsRelation]:
        relations = []
        for key, verbs in self._relations[name].items():
            place = f'{self.folder / RELATION}: {name}: {key[:40]!r}'
            verbs = [verbs] if isinstance(verbs, str) else verbs
            pair = read_id_pair(key)
            if (
                pair is None
                or not isinstance(verbs, list)
                or not all(isinstance(verb, str) for verb in verbs)
            ):
                log.add('relation_malformed', place)
                continue
            subject_id, object_id = pair
            if subject_id not in track_ids or object_id not in track_ids:
                log.add('edge_unknown_node', place)
            elif subject_id == object_id:
                log.add('edge_self_loop', place)
            elif not any(map(caption_text_has_verb, verbs)):
                log.add('edge_without_verb', place)
            else:
                joined = ','.join(verbs)
                relations.append(
                    SemanticsRelation(subject_id, object_id, joined, place)
                )
        return relations
