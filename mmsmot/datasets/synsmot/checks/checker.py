"""A check that is independent of the grammar: do files on disk say what can be seen?

Sentences are read back (:mod:`.claims`) and tested against boxes and pixels
(:mod:`.clip_evidence`). The script that was played is not looked at.
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from ....utils.json_file import read_json
from ....utils.parent_process import end_with_parent, start_child_workers
from ..writer import written_sequence_folders
from .captions import check_caption, check_video_caption
from .claims import parse_caption_claims
from .clip_evidence import ClipEvidence
from .expressions import check_expressions
from .findings import Findings
from .interactions import check_interactions
from .street import check_street

MIN_VISIBILITY = 0.1
MIN_CLEAR_FRAMES = 4
CLEAR = 0.3


def check_synsmot(root: str | os.PathLike, workers: int = 1) -> Findings:
    """Check every clip of a dataset on disk.

    Args:
        root: Folder with ``train/``, ``test/`` and, from version 3 on, ``val/``.
        workers: Processes.

    Raises:
        FileNotFoundError: There is no clip, or a clip lacks a file.
    """
    folders = list(written_sequence_folders(Path(root)))
    if not folders:
        raise FileNotFoundError(
            f'{root}: no clip (<split>/<activity>/<sequence>/gt/gt.txt) in it; make '
            'one with tools/dataset_converters/make_synsmot.py'
        )
    findings = Findings()
    if workers <= 1:
        for folder in folders:
            findings.add(check_clip(folder))
        return findings
    with ProcessPoolExecutor(workers, get_context('spawn'), end_with_parent) as pool:
        with start_child_workers():
            checks = pool.map(check_clip, folders, chunksize=4)
        for clip_findings in checks:
            findings.add(clip_findings)
    return findings


def check_clip(folder: str | os.PathLike) -> Findings:
    """Check one clip.

    Raises:
        FileNotFoundError: A file is missing.
    """
    clip, found = ClipEvidence(Path(folder)), Findings()
    _check_boxes(clip, found)
    if _is_street(clip.folder):
        found.test(
            'caption for each trajectory',
            len(clip.captions) == len(clip.ids),
            clip.folder,
            f'{len(clip.ids)} trajectories, {len(clip.captions)} captions',
        )
        if len(clip.captions) == len(clip.ids):
            check_street(clip, found)
        return found
    _check_names(clip, found)
    if len(clip.captions) == len(clip.ids):
        looks = [parse_caption_claims(caption)[0] for caption in clip.captions]
        for person, caption in zip(clip.ids, clip.captions, strict=True):
            check_caption(clip, found, person, caption, looks)
        check_video_caption(clip, found, looks)
        check_expressions(clip, found, looks)
    check_interactions(clip, found)
    return found


def _is_street(folder: Path) -> bool:
    """Whether the dataset that a clip is of was made with the street's scenario."""
    note = folder.absolute().parents[2] / 'synsmot.json'
    content = read_json(note) if note.is_file() else None
    return isinstance(content, dict) and content.get('scenario') == 'street'


def _check_boxes(clip: ClipEvidence, found: Findings) -> None:
    """Rows inside the image, once each, visible; images of one size, none missing."""
    names = [f'{n:06d}.jpg' for n in range(1, clip.num_frames + 1)]
    held = [p.name for p in clip.image_paths]
    found.test('images without a gap', names == held, clip.folder, f'{held[:3]} ...')
    height, width = clip.image(1).shape[:2]
    frame, _, x, y, w, h, seen = clip.rows.T
    inside = (x >= 0) & (y >= 0) & (w > 0) & (h > 0)
    inside &= (x + w <= width) & (y + h <= height)
    inside &= (frame >= 1) & (frame <= clip.num_frames)
    _test_rows(found, 'box inside the image', inside, clip)
    shown = (seen >= MIN_VISIBILITY) & (seen <= 1)
    _test_rows(found, 'visible fraction', shown, clip)
    keys = Counter(map(tuple, clip.rows[:, :2].astype(int).tolist()))
    once = np.array([keys[(int(r[0]), int(r[1]))] == 1 for r in clip.rows])
    _test_rows(found, 'one box a frame', once, clip)
    for person in clip.ids:
        clear = clip.rows[(clip.rows[:, 1] == person) & (seen >= CLEAR)]
        found.test(
            'person clearly seen',
            len(clear) >= MIN_CLEAR_FRAMES,
            clip.folder,
            f'id {person}: {len(clear)} clear frames',
        )


def _test_rows(
    found: Findings, kind: str, good: np.ndarray, clip: ClipEvidence
) -> None:
    found.checked[kind] += len(good)
    for row in clip.rows[~good]:
        found.failed.append((kind, str(clip.folder), f'row {row.tolist()}'))


def _check_names(clip: ClipEvidence, found: Findings) -> None:
    """A caption for each trajectory; names counted by kind; the graph's are the same."""
    count, where = len(clip.ids), clip.folder
    found.test(
        'ids without a gap',
        clip.ids == list(range(1, count + 1)),
        where,
        f'ids {clip.ids}',
    )
    found.test(
        'caption for each trajectory',
        len(clip.captions) == count,
        where,
        f'{count} trajectories, {len(clip.captions)} captions',
    )
    numbers: Counter[str] = Counter()
    for name, caption in zip(clip.names, clip.captions, strict=True):
        look = parse_caption_claims(caption)[0]
        kind = look.kind if look else '?'
        expected = f'{kind}{numbers[kind]}'
        numbers[kind] += 1
        found.test('name fits caption', name == expected, where, f'{name}: {caption}')
    nodes, edges = clip.graph
    found.test('nodes of the graph', nodes == clip.names, where, f'{nodes}')
    drawn = sorted((s, v, t) for s, t, verbs in edges for v in verbs)
    told = sorted(
        {(clip.name(s), v, clip.name(t)) for s, v, t, *_ in clip.interaction_rows()}
    )
    found.test('edges are the interactions', drawn == told, where, f'{drawn} {told}')
