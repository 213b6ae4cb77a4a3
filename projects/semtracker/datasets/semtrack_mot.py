"""SemTrack's MOT-style variant: ``seq/lang/gt.txt``, seqinfo and a map of sequences."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmsmot.datasets.seqinfo import FILE_NAME, SeqInfo, read_seqinfo
from mmsmot.structures import read_trajectories, xyxy_to_xywh
from mmsmot.structures.frame import VideoInfo
from mmsmot.utils.atomic import atomic_write
from mmsmot.utils.text_file import read_text
from projects.semtracker.datasets.relation_tracks import NO_RELATION, RelationTracks
from projects.semtracker.datasets.semtrack_json import SemTrackQuery

GT = 'gt.txt'
FIRST_FRAME = 0  # the released evaluation counts from 0, whatever MOTChallenge does


def read_semtrack_mot(
    root: str | os.PathLike, seqmap: str | os.PathLike
) -> list[SemTrackQuery]:
    """Read the sequences of a map; boxes alone, there are no interactions in this form.

    ::

        seqmap:                CSV lines seq,lang; blank ones are skipped
        root/seq/lang/gt.txt   frame from 0,id,left,top,width,height,consider,class
        root/seq/lang/seqinfo.ini   seqLength

    Rows with consider 0 are left out. All boxes are the target's.

    Raises:
        FileNotFoundError: A sequence of the map is not there.
        ValueError: A line of the map is not "seq,lang", or a file is malformed; names
            file and line.
    """
    queries = []
    for number, line in enumerate(read_text(seqmap).splitlines(), start=1):
        if not line.strip():
            continue
        name, *parts = next(csv.reader([line.strip()]))
        text = ','.join(parts)  # a sentence with a comma that nobody quoted
        if not (name and text):
            raise ValueError(
                f'{seqmap}:{number}: expected "seq,lang", got {line!r:.80}'
            )
        queries.append(_read_sequence(Path(root), name, text))
    return queries


def write_semtrack_mot(
    root: str | os.PathLike, seqmap: str | os.PathLike, queries: Sequence[SemTrackQuery]
) -> None:
    """Write sequences in the MOT-style variant; the map comes last.

    Raises:
        ValueError: A name or query would be no folder, or two are the same; names it.
    """
    lines = []
    for query in queries:
        if (query.video, query.text) in lines:
            raise ValueError(
                f'{seqmap}: video {query.video!r} has the query {query.text!r} twice'
            )
        folder = Path(root) / _folder(query.video) / _folder(query.text)
        folder.mkdir(parents=True, exist_ok=True)
        tracks = query.tracks[query.tracks.is_main]
        boxes = xyxy_to_xywh(tracks.boxes)
        with atomic_write(folder / GT) as file:
            for row in range(len(tracks)):
                place = ','.join(f'{x:.6g}' for x in boxes[row])
                frame = tracks.frame_ids[row] - 1 + FIRST_FRAME
                file.write(
                    f'{frame},{tracks.ids[row]},{place},1,{tracks.labels[row]}\n'
                )
        num_frames = int(query.frame_ids.max(initial=1))
        with atomic_write(folder / FILE_NAME) as file:
            file.write(f'[Sequence]\nname={query.video}\nseqLength={num_frames}\n')
        lines.append((query.video, query.text))
    with atomic_write(seqmap) as file:
        csv.writer(file, lineterminator='\n').writerows(lines)


def _read_sequence(root: Path, name: str, text: str) -> SemTrackQuery:
    folder = root / _folder(name) / _folder(text)
    if not (folder / GT).is_file():
        raise FileNotFoundError(f'{folder / GT}: the map of sequences names it')
    info = read_seqinfo(folder) or SeqInfo()
    video = VideoInfo(name, str(folder))
    table = read_trajectories(folder / GT, video=video, first_frame=FIRST_FRAME)
    table = table[table.scores > 0]
    num_frames = max(info.length or 0, int(table.frame_ids.max(initial=0)))
    count = len(table)
    no_relation = np.full((count, 1), NO_RELATION)
    tracks = RelationTracks(
        table.frame_ids,
        table.ids,
        table.boxes,
        table.labels,
        np.ones(count, bool),
        no_relation,
        no_relation,
        np.ones(count),
    )
    return SemTrackQuery(name, text, np.arange(1, num_frames + 1), tracks)


def _folder(name: str) -> str:
    if name in ('', '.', '..') or '/' in name or '\\' in name or '\0' in name:
        raise ValueError(
            f'{name!r} is no name of a folder: the MOT-style variant has a folder a '
            'sequence and one a query'
        )
    return name
