"""A sequence as a folder in BenSMOT's layout, and how to read a whole split of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ...utils.atomic import atomic_folder
from ..bensmot.combined_json import CombinedAnnotations
from ..bensmot.dataset import BenSMOTDataset
from ..bensmot.index import index_sequence_folders, read_sequence_index
from ..bensmot.repairs import RepairLog
from ..bensmot.semantics import SequenceSemantics
from ..bensmot.sequence import GT, IMAGE_SUFFIXES, IMAGES
from ..bensmot.split import select_split, split_folder
from ..caption_text import clean_caption_verb
from ..ground_truth import GroundTruth
from ..image_sequence import ImageSequence
from ..seqinfo import SeqInfo, write_seqinfo
from .image_files import place_images
from .sequence_text import write_gt_boxes, write_semantics_text

ACTIVITY = 'videos'
SEPARATOR = '__'  # between activity and sequence in layouts that have one level


def write_bensmot_sequence(
    video: ImageSequence,
    gt: GroundTruth,
    folder: str | os.PathLike,
    placement: str = 'symlink',
) -> None:
    """Write a sequence, whole or not at all.

    Frame numbers and ids stay as they are; ``seqinfo.ini`` keeps the frame rate.

    Args:
        video: Its frames.
        gt: What is annotated; no file is written for what is not.
        folder: ``<root>/<split>/<activity>/<sequence>``; must not exist.
        placement: What becomes of the images, see
            :func:`~mmsmot.datasets.converters.image_files.place_images`.

    Raises:
        ValueError: See ``place_images`` and
            :func:`~mmsmot.datasets.converters.sequence_text.write_semantics_text`.
        FileNotFoundError: An image is missing.
    """
    write_bensmot_folder_sequence(video, gt, Path(folder), placement, IMAGES, GT)


def write_bensmot_folder_sequence(
    video: ImageSequence,
    gt: GroundTruth,
    folder: Path,
    placement: str,
    image_dir: str,
    gt_file: str,
) -> None:
    """Write a sequence folder of any layout; arguments and errors as of
    :func:`write_bensmot_sequence`.

    Args:
        video: Its frames.
        gt: What is annotated.
        folder: The sequence folder; must not exist.
        placement: What becomes of the images.
        image_dir: Folder of the images in it.
        gt_file: File of the boxes in it.
    """
    with atomic_folder(folder) as temporary:
        place_images(video, temporary / image_dir, placement, IMAGE_SUFFIXES)
        if gt.trajectories is not None:
            write_gt_boxes(gt.trajectories, temporary / gt_file)
        write_semantics_text(video, gt, temporary)
        write_bensmot_folder_info(video, folder.name, image_dir, temporary)


def write_bensmot_folder_info(
    video: ImageSequence, name: str, image_dir: str, folder: Path
) -> None:
    """Write ``seqinfo.ini``; without an image size it has none."""
    paths = video.image_paths
    info = SeqInfo(
        name=name,
        image_dir=image_dir,
        fps=video.video.fps,
        # The last number: evaluation kits count frames from 1 to it, holes or not.
        length=int(video.frame_ids[-1]),
        width=video.video.width,
        height=video.video.height,
    )
    write_seqinfo(info, folder, Path(paths[0]).suffix.lower() if paths else '.jpg')


def bensmot_name(name: str, activity: str = ACTIVITY) -> str:
    """A video's name as ``'<activity>/<sequence>'``.

    ``'cooking/0001'`` stays, ``'cooking__0001'`` is taken apart at the first ``__``,
    and what has neither gets ``activity``. Of a longer path the last two parts count.
    """
    parts = [part for part in name.replace('\\', '/').split('/') if part]
    if len(parts) == 1:
        parts = parts[0].split(SEPARATOR, 1)
    if len(parts) == 1:
        parts = [activity, *parts]
    pair = parts[-2:]
    if any(not part or part.startswith('.') for part in pair):
        raise ValueError(
            f'{name!r} gives no names of folders for activity and sequence'
        )
    return '/'.join(pair)


def split_bensmot_folder_verbs(
    root: str | os.PathLike, split: str, annotations: str | os.PathLike | None = None
) -> list[str]:
    """Every verb that the interactions of a split name, as annotated, sorted.

    It serves as a vocabulary that loses nothing, and as a start for one's own.

    Args:
        root: The folder with ``train`` and ``test``.
        split: As of ``BenSMOTDataset``.
        annotations: The folder of the combined JSON files, ``None`` for the text files.
    """
    folders = index_sequence_folders(root, split_folder(root, split))
    names = select_split(root, split, folders)
    records = read_sequence_index({name: folders[name] for name in names}, None)
    combined = None if annotations is None else CombinedAnnotations(annotations)
    verbs = set()
    for name, record in records.items():
        semantics = record.semantics
        if combined is not None:
            semantics = combined.semantics(name, record.track_ids, RepairLog())
        verbs |= bensmot_folder_verbs(semantics, record.spans)
    return sorted(verbs)


def bensmot_folder_verbs(
    semantics: SequenceSemantics, spans: list[list] | None
) -> set[str]:
    """The verbs of a sequence's interactions, and of those with spans, as annotated."""
    texts = [relation.verbs for relation in semantics.relations or ()]
    texts += [verb for _, verb, *_ in spans or ()]
    parts = (part for text in texts for part in text.split(','))
    return {clean_caption_verb(part) for part in parts} - {''}


def read_bensmot_folder(
    root: str | os.PathLike,
    split: str,
    annotations: str | None = None,
    vocabulary: str | None = None,
    sequences: Sequence[str] | None = None,
) -> list[dict]:
    """Every sequence of a split, described or not; what is odd is mended and logged.

    Args:
        root: The folder with ``train`` and ``test``.
        split: Which of them.
        annotations: The folder of the combined JSON files, ``None`` for the text files.
        vocabulary: A mode or file of verbs, ``None`` to keep every verb as annotated.
        sequences: Names or patterns to take, ``None`` for all.

    Returns:
        ``dict(video=ImageSequence, gt=GroundTruth)`` each.
    """
    if vocabulary is None:
        # A dataset without any interaction has no verbs, and a vocabulary must have one.
        verbs: str | list[str] = (
            split_bensmot_folder_verbs(root, split, annotations) or 'clean335'
        )
    else:
        verbs = vocabulary
    dataset = BenSMOTDataset(
        data_root=str(root),
        split=split,
        annotations=annotations,
        vocabulary=verbs,
        described_only=False,
        cache=False,
        sequences=sequences,
        test_mode=True,
        lazy_init=True,
    )
    return dataset.load_data_list()
