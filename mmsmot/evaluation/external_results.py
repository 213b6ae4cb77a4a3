"""Results of other programs: MOTChallenge text and BenSMOT's combined JSON files."""

from __future__ import annotations

import logging
import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from mmengine.logging import print_log

from ..datasets.vocabulary import InteractionVocabulary
from ..structures import Interactions, Trajectories, VideoInfo, read_trajectories
from ..structures.id_keys import LAST_ID, read_id, read_id_pair
from ..utils.json_file import read_json
from ..utils.number_ranges import require_choice

if TYPE_CHECKING:
    from ..structures import SMOTDataSample

CAPTIONS = 'instance_caption.json'
RELATIONS = 'relation.json'
SUMMARIES = 'video_summary.json'
# No part of a verb, as for InteractionVocabulary.canonical.
VERB_PADDING = ' .\t\r\n'


class ExternalResults:
    """A folder that some other program wrote.

    ::

        <video>.txt            frame,id,left,top,width,height[,score,...]; also where
                               the name has a folder, <activity>/<sequence>.txt
        instance_caption.json  optional: {"<video>": {"<id>": text}}
        relation.json          optional: {"<video>": {"<subject>-<object>": [verbs]}},
                               or {verb: score} for the list
        video_summary.json     optional: {"<video>": text}

    Verbs lose blanks and full stops around them and become lower case, but for those
    that ``vocabulary`` has as they stand; empty ones are dropped. Captions of ids
    without a box are kept, since a trajectory that is none counts as spurious, and
    logged.

    Args:
        folder: Where the files lie.
        frame_numbers: ``'original'``: as BenSMOT's ``gt.txt``; ``'position'``: 1 is the
            first frame there is, whatever its number, as SMOTer's release writes.
        vocabulary: The truth's verbs: what is one of them in another spelling
            (``smlie.v.01``) is put into its; others stay and count as wrong.

    Attributes:
        names: The videos that have a text file, sorted.

    Raises:
        FileNotFoundError: There is no text file.
        ValueError: A JSON file is not in that form, or names a video that has no
            text file; or there is no such ``frame_numbers``.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        frame_numbers: str = 'original',
        vocabulary: InteractionVocabulary | None = None,
    ) -> None:
        choices = ('original', 'position')
        require_choice('ExternalResults', choices, frame_numbers=frame_numbers)
        self.folder = Path(folder)
        self.frame_numbers = frame_numbers
        self.vocabulary = vocabulary
        files = sorted(self.folder.rglob('*.txt'))
        if not files:
            raise FileNotFoundError(
                f'{self.folder}: no <video>.txt with tracks in MOTChallenge format'
            )
        self.names = [
            file.relative_to(self.folder).with_suffix('').as_posix() for file in files
        ]
        self._captions = self._read_json(CAPTIONS, dict)
        self._relations = self._read_json(RELATIONS, dict)
        self._summaries = self._read_json(SUMMARIES, str)
        self._log_missing()

    def name_of(self, gt_name: str) -> str | None:
        """The name under which a dataset's video was predicted, ``None`` for none."""
        return gt_name if gt_name in self.names else None

    def path(self, name: str) -> Path:
        """The text file of a video."""
        return self.folder / f'{name}.txt'

    def read(
        self, name: str, frame_ids: np.ndarray, images_from_zero: bool = False
    ) -> SMOTDataSample:
        """What was predicted of one video.

        Args:
            name: One of ``names``.
            frame_ids: (T,) original frame numbers of the video, ascending.
            images_from_zero: As of the video's :class:`~mmsmot.structures.VideoInfo`.

        Raises:
            ValueError: Nothing tells from which number frames count (see
                :func:`~mmsmot.structures.frame_numbering.frame_number_offset`), or a row,
                caption or relation is malformed; names the place.
        """
        from ..structures import SMOTDataSample  # here: it imports torch

        meta = dict(video=VideoInfo(name, str(self.path(name))), frame_ids=frame_ids)
        sample = SMOTDataSample(metainfo=meta)
        tracks = self._tracks_of(name, frame_ids, images_from_zero)
        sample.pred_trajectories = tracks
        # What has no file was not predicted, which is not to predict nothing.
        if self._captions is not None:
            sample.pred_captions = self._captions_of(name, set(tracks.ids.tolist()))
        if self._relations is not None:
            sample.pred_interactions = self._interactions_of(name)
        if self._summaries is not None:
            sample.pred_video_caption = self._summaries.get(name, '')
        return sample

    def _tracks_of(
        self, name: str, frame_ids: np.ndarray, images_from_zero: bool
    ) -> Trajectories:
        path = self.path(name)
        if self.frame_numbers == 'original':
            video = VideoInfo(
                name, str(path), frame_ids=frame_ids, images_from_zero=images_from_zero
            )
            return read_trajectories(path, video=video)
        # Positions: file names of images have nothing to say.
        video = VideoInfo(name, str(path), frame_ids=np.arange(1, len(frame_ids) + 1))
        return _renumbered(read_trajectories(path, video=video), frame_ids, path)

    def _read_json(self, file: str, kind: type) -> dict[str, Any] | None:
        path = self.folder / file
        if not path.is_file():
            return None
        content = read_json(path)
        expected_kind = 'a text' if kind is str else 'an object'
        if not isinstance(content, dict):
            raise ValueError(
                f'{path}: expected an object of videos, {expected_kind} each'
            )
        for name, value in content.items():
            if not isinstance(value, kind):
                raise ValueError(
                    f'{path}: {name!r:.60}: expected {expected_kind}, got {value!r:.60}'
                )
        unknown_names = sorted(content.keys() - set(self.names))
        if unknown_names:
            raise ValueError(
                f'{path}: {len(unknown_names)} of its names have no text file, the '
                f'first {unknown_names[0]!r:.60} (expected '
                f'{self.path(unknown_names[0])}). If the dataset has such a video, one '
                'without tracks needs an empty file; if it has none, take the name out.'
            )
        return content

    def _log_missing(self) -> None:
        words = {
            CAPTIONS: self._captions,
            RELATIONS: self._relations,
            SUMMARIES: self._summaries,
        }
        missing = [file for file, content in words.items() if content is None]
        if missing:
            # Tracks alone are usual; semantics of which a part lacks may be an accident.
            level = logging.INFO if len(missing) == len(words) else logging.WARNING
            print_log(
                f'{self.folder}: no {", ".join(missing)}; not predicted and not scored',
                logger='current',
                level=level,
            )

    def _captions_of(self, name: str, ids: set[int]) -> dict[int, str]:
        captions = {}
        for key, text in (self._captions or {}).get(name, {}).items():
            track_id = read_id(key)
            if track_id is None or track_id in captions or not isinstance(text, str):
                raise ValueError(
                    f'{self.folder / CAPTIONS}: {name}: expected "<id>": text, once for '
                    f'each id from 0 to {LAST_ID}, got {key!r:.40}: {text!r:.60}'
                )
            captions[track_id] = text
        boxless_ids = sorted(captions.keys() - ids)
        if boxless_ids:
            print_log(
                f'{self.folder / CAPTIONS}: {name}: {len(boxless_ids)} described ids '
                f'have no box, the first {boxless_ids[0]}; they count as spurious',
                logger='current',
                level=logging.WARNING,
            )
        return captions

    def _spellings(self, verb: str) -> tuple[str, ...]:
        plain = verb.strip(VERB_PADDING).lower()
        if self.vocabulary is None:
            return (plain,)
        # Not of the plain one: in raw359 'accept.v.02 ' is a verb, and another.
        return self.vocabulary.canonical(verb, Counter()) or (plain,)

    def _interactions_of(self, name: str) -> Interactions:
        rows: dict[tuple[int, int, str], float] = {}
        for key, verbs in (self._relations or {}).get(name, {}).items():
            place = f'{self.folder / RELATIONS}: {name}: {key!r:.40}'
            pair = read_id_pair(key)
            if pair is None or pair[0] == pair[1]:
                raise ValueError(
                    f'{place}: expected "<subject>-<object>", two different ids, whole '
                    f'numbers from 0 to {LAST_ID}'
                )
            subject_id, object_id = pair
            for verb, score in _scored(verbs, place).items():
                for spelling in self._spellings(verb):
                    row = subject_id, object_id, spelling
                    rows[row] = max(score, rows.get(row, score))
        if not rows:
            return Interactions.empty()
        subject_ids, object_ids, names = map(np.array, zip(*rows, strict=True))
        scores = np.array(list(rows.values()))
        return Interactions(subject_ids, object_ids, names, scores=scores)


def _scored(verbs: Any, place: str) -> dict[str, float]:
    """The verbs of a pair with their scores; a list's are all 1."""
    if isinstance(verbs, list):
        pairs = [(verb, 1.0) for verb in verbs]
    elif isinstance(verbs, dict):
        pairs = list(verbs.items())
    else:
        raise ValueError(f'{place}: expected a list of verbs, got {verbs!r:.60}')
    scores: dict[str, float] = {}
    for verb, score in pairs:
        is_number = isinstance(score, int | float) and not isinstance(score, bool)
        if not isinstance(verb, str) or not is_number or not 0 <= score <= 1:
            raise ValueError(
                f'{place}: expected a verb, with a score from 0 to 1 if with any, got '
                f'{verb!r:.40}: {score!r:.40}'
            )
        if verb.strip(VERB_PADDING):
            scores[verb] = max(float(score), scores.get(verb, 0.0))
    return scores


def _renumbered(
    tracks: Trajectories, frame_ids: np.ndarray, path: Path
) -> Trajectories:
    """Positions from 1 become the original frame numbers."""
    if len(tracks) and tracks.frame_ids[-1] > len(frame_ids):
        raise ValueError(
            f'{path}: position {tracks.frame_ids[-1]}, but the video has '
            f'{len(frame_ids)} frames. Are these original frame numbers?'
        )
    return Trajectories(
        frame_ids[tracks.frame_ids - 1],
        tracks.ids,
        tracks.boxes,
        scores=tracks.scores,
        space=tracks.space,
    )
