"""Making the dataset: a clip from its seed, and all clips in parallel."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...utils.atomic import atomic_write
from ...utils.folder_lock import LOCK_FILES, folder_lock
from ...utils.json_file import read_json
from ...utils.parent_process import end_with_parent, start_child_workers
from ...utils.progress_bar import progress_bar
from .clip_seed import SPLITS, clip_generators
from .expressions import make_expressions
from .facts import MIN_VISIBILITY, clip_facts
from .grammar import synsmot_instance_caption, video_caption
from .render import render_clip
from .script import Script
from .script_generator import generate_script, script_activity
from .settings import SIZES, VERSION, ClipSettings
from .street.build import street_clip_folder, write_street_clip
from .street.settings import STREET_SIZES, STREET_VERSION, StreetSettings
from .writer import LabelledClip, PersonRow, write_clip_folder

ROOT_FILE = 'synsmot.json'
SCENARIOS = ('people', 'street')
TEMPORARY = re.compile(r'\.\d{6}\..+')  # a clip's folder while it is written
RETAKES = 20  # about one clip in 350 needs a second


@dataclass(frozen=True)
class Clip(LabelledClip):
    """A clip of the people, with its labels.

    Attributes:
        script: What was played.
    """

    script: Script

    @property
    def rows(self) -> list[PersonRow]:
        """frame, id, left, top, width, height, visible fraction of everyone annotated."""
        return [
            (t + 1, n + 1, *self.boxes[t, n].tolist(), float(self.visibility[t, n]))
            for t, n in np.argwhere(
                build_annotation_mask(self.boxes, self.visibility)
            ).tolist()
        ]


def build_annotation_mask(boxes: np.ndarray, visibility: np.ndarray) -> np.ndarray:
    """(T, N) who is annotated where: inside the image and not (nearly) hidden."""
    return (boxes[..., 2:] > 0).all(axis=-1) & (visibility >= MIN_VISIBILITY)


def make_clip(
    seed: int, index: int, split: str = 'train', settings: ClipSettings | None = None
) -> Clip:
    """A clip from its place in the dataset; independent of every other clip.

    Args:
        seed: The dataset's.
        index: Number of the clip in its split, from 0.
        split: ``train``, ``val`` or ``test``.
        settings: Image size and length; by default those of ``mini``.

    Raises:
        ValueError: An unknown split.
        RuntimeError: No script was found whose people can all be seen.
    """
    settings = settings or ClipSettings()
    script_rng, sentence_rng = clip_generators([seed], split, index)
    script, images, boxes, visibility, facts = _take(script_rng, index, split, settings)
    present = [
        set((np.flatnonzero(row) + 1).tolist())
        for row in build_annotation_mask(boxes, visibility)
    ]
    return Clip(
        script=script,
        images=images,
        boxes=boxes,
        visibility=visibility,
        facts=facts,
        captions=[
            synsmot_instance_caption(facts, person['id'], sentence_rng)
            for person in facts['people']
        ],
        summary=video_caption(facts, sentence_rng),
        expressions=make_expressions(facts, present, sentence_rng),
    )


def _take(
    rng: np.random.Generator, index: int, split: str, settings: ClipSettings
) -> tuple[Script, list[np.ndarray], np.ndarray, np.ndarray, dict[str, Any]]:
    """A script, its images, boxes, visible fractions and facts.

    Staging judges bodies as upright bars. Where the images show that someone is hidden
    in everything they do, nothing could be said of them: another script is played.
    """
    for _ in range(RETAKES):
        script = generate_script(rng, index, split, settings)
        frames = list(render_clip(script))
        boxes = np.stack([frame.boxes for frame in frames])
        visibility = np.stack([frame.visibility for frame in frames])
        is_annotated = build_annotation_mask(boxes, visibility)
        things = np.stack([frame.things for frame in frames])
        facts = clip_facts(script, np.where(is_annotated, visibility, 0), things)
        if all(person['states'] for person in facts['people']):
            return script, [frame.image for frame in frames], boxes, visibility, facts
    raise RuntimeError(
        f'clip {index} ({split}): somebody stayed hidden in {RETAKES} scripts'
    )


def make_synsmot(
    out: str | os.PathLike,
    size: str = 'mini',
    seed: int = 0,
    workers: int | None = None,
    progress: bool = False,
    scenario: str = 'people',
) -> Path:
    """Make the dataset, or finish one that was begun.

    The same seed gives the same bytes on the same versions of NumPy and OpenCV, however
    many workers there are. Each clip appears whole or not at all; finished ones are kept.
    Only one call at a time fills a folder, others are refused; what a killed one left
    half-written is removed.

    Args:
        out: Folder of the dataset.
        size: ``mini`` (8 + 4 + 4 clips to train, validate and test on), ``small`` (400 +
            60 + 100), ``medium`` (1,600 + 60 + 100, those of ``small`` among them),
            ``large`` (3,200 + 60 + 100, likewise) or ``full`` (2,284 + 300 + 1,008).
        seed: Seed of everything.
        workers: Processes; by default one for each processor.
        progress: Show a progress bar.
        scenario: ``people``, who act; or ``street``, cars, vans, buses, bicycles and
            people seen from above, for referring expressions. Its sizes have as many
            clips, but for ``full``: 10 + 2 + 2 long ones, as Refer-UE-City.

    Returns:
        ``out``.

    Raises:
        ValueError: An unknown size or scenario, or ``out`` holds something else, such as a dataset
            of another version.
        BlockingIOError: Another process fills ``out``.
    """
    if size not in SIZES:
        raise ValueError(f'size: expected one of {", ".join(SIZES)}, got {size!r}')
    if scenario not in SCENARIOS:
        raise ValueError(
            f'scenario: expected one of {", ".join(SCENARIOS)}, got {scenario!r}'
        )
    with folder_lock(out):
        return _fill(Path(out), size, seed, workers, progress, scenario)


def _fill(
    out: Path,
    size: str,
    seed: int,
    workers: int | None,
    progress: bool,
    scenario: str,
) -> Path:
    is_street = scenario == 'street'
    plan = STREET_SIZES[size] if is_street else SIZES[size]
    folder_of = street_clip_folder if is_street else built_clip_folder
    _claim(out, size, seed, plan.settings, scenario)
    for leftover in out.glob('*/*/.*'):
        if TEMPORARY.fullmatch(leftover.name):
            shutil.rmtree(leftover)
    jobs = [
        (out, seed, index, split, plan.settings)
        for split in SPLITS
        for index in range(getattr(plan, split))
    ]
    remaining_jobs = [job for job in jobs if not folder_of(out, *job[2:4]).exists()]
    workers = min(workers or os.cpu_count() or 1, max(len(remaining_jobs), 1))
    with progress_bar(disable=not progress) as bar:
        task = bar.add_task(
            f'SynSMOT {scenario} {size}',
            total=len(jobs),
            completed=len(jobs) - len(remaining_jobs),
        )
        write = write_street_clip if is_street else write_built_clip
        for _ in _each(write, remaining_jobs, workers):
            bar.advance(task)
    return out


def built_clip_folder(out: Path, index: int, split: str) -> Path:
    """Where a clip is kept: <out>/<split>/<activity>/<sequence>."""
    return Path(out) / split / script_activity(index) / f'{index:06d}'


def write_built_clip(
    out: str | os.PathLike, seed: int, index: int, split: str, settings: ClipSettings
) -> Path:
    """Make a clip and write it to its folder, unless it is there."""
    return write_clip_folder(
        built_clip_folder(Path(out), index, split),
        lambda: make_clip(seed, index, split, settings),
        settings.jpeg_quality,
    )


def _each(
    write: Callable[..., Path], jobs: list[tuple], workers: int
) -> Iterator[Path]:
    if workers <= 1:
        yield from (write(*job) for job in jobs)
        return
    # Not by fork: a copy of a process whose threads (torch's, OpenCV's) hold locks hangs.
    context = get_context('spawn')
    with ProcessPoolExecutor(workers, context, _begin_worker) as pool:
        with start_child_workers():
            futures = [pool.submit(write, *job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _begin_worker() -> None:
    end_with_parent()
    # The processes share the processors among them already.
    cv2.setNumThreads(1)


def _claim(
    out: Path,
    size: str,
    seed: int,
    settings: ClipSettings | StreetSettings,
    scenario: str,
) -> None:
    """Note in the root what is made there; refuse to mix it with something else."""
    note = {
        'size': size,
        'seed': seed,
        'version': VERSION,
        'settings': settings.facts(),
    }
    # The people's note has no such key, and is the same bytes as before there was a street.
    if scenario != 'people':
        note |= {'scenario': scenario, 'street_version': STREET_VERSION}
    path = out / ROOT_FILE
    if not path.is_file():
        # A temporary note of what is made here is no obstacle: a run was killed then.
        temporary = f'.{Path(ROOT_FILE).stem}.'
        if any(not p.name.startswith((temporary, *LOCK_FILES)) for p in out.iterdir()):
            raise ValueError(
                f'{out}: holds something that is no SynSMOT ({ROOT_FILE} is missing); '
                'give another folder'
            )
        with atomic_write(path) as stream:
            stream.write(json.dumps(note, indent=1) + '\n')
        return
    made_with = read_json(path)
    if not isinstance(made_with, dict):
        raise ValueError(
            f'{path}: expected an object, got {made_with!r:.60}; give another folder, or '
            'delete this one'
        )
    if made_with.get('version') != VERSION:
        raise ValueError(_other_version(path, made_with.get('version')))
    for key in ('scenario', 'street_version', *note):
        value = note.get(key)
        if made_with.get(key) != value:
            raise ValueError(
                f'{path}: was made with {key} {made_with.get(key)!r}, asked for {value!r}; '
                'give another folder, or delete this one'
            )


def _other_version(path: Path, version: Any) -> str:
    """What to do with a folder that another version of the generator made."""
    return (
        f'{path}: was made by version {version!r} of SynSMOT, this is version {VERSION}, '
        'and clips of two versions are not mixed. What is there stays valid to train and '
        'test on; to have '
        f"this version's splits ({', '.join(SPLITS)}) give another folder"
    )
