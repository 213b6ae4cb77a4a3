"""A sequence as a folder in MOTChallenge's layout, with BenSMOT's texts beside it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...structures import xyxy_to_xywh
from ..bensmot.ground_truth import bensmot_ground_truth, gt_with_folder_in_places
from ..bensmot.repairs import RepairLog
from ..bensmot.semantics import read_semantics
from ..bensmot.sequence import read_sequence
from ..ground_truth import GroundTruth
from ..image_sequence import ImageSequence
from ..mot_challenge import MOTChallengeDataset
from ..vocabulary import InteractionVocabulary
from .bensmot_folder import bensmot_folder_verbs, write_bensmot_folder_sequence

IMAGE_DIR = 'img1'
# What read_sequence misses in BenSMOT's places; MOTChallenge keeps it elsewhere.
_ELSEWHERE = ('images_missing', 'gt_missing')
_UNSAID = ('video_caption_missing', 'captions_missing', 'graph_missing')


def read_mot_challenge_folder(
    root: str | os.PathLike,
    vocabulary: InteractionVocabulary | None = None,
    sequences: Sequence[str] | None = None,
    considered_only: bool = False,
) -> Iterator[dict]:
    """The sequences of a folder, each ``dict(video=ImageSequence, gt=GroundTruth)``.

    A sequence folder may hold BenSMOT's text files beside ``gt/``:
    ``instance_captions.txt`` (line k is of the trajectory with the k-th smallest id in
    ``gt.txt``), ``interactions.graphml``, ``video_caption.txt``,
    ``semantic_trajectories.json`` and ``expressions/``. What is odd in them is mended,
    counted and logged, as :class:`~mmsmot.datasets.BenSMOTDataset` does.

    Args:
        root: The folder of sequence folders.
        vocabulary: The verbs, ``None`` to keep every verb as annotated.
        sequences: Names or patterns of sequences to take, ``None`` for all.
        considered_only: Leave out boxes that are not to be considered (flag 0), as
            everything but pedestrians is in MOT16 to MOT20.

    Raises:
        FileNotFoundError: ``root`` is missing.
        ValueError: It holds no sequence, or a file is malformed.
    """
    dataset = MOTChallengeDataset(
        str(root), sequences=sequences, test_mode=True, lazy_init=True
    )
    for info in dataset.load_data_list():
        video, gt = info['video'], info['gt']
        if gt.trajectories is not None:
            log = RepairLog()
            gt = _with_words(Path(video.video.path), gt, vocabulary, log)
            log.report(video.video.path)
            if considered_only:
                boxes = gt.required_trajectories
                gt = gt.for_boxes(boxes[boxes.scores > 0])
            gt = gt.on_frames(video.frame_ids)  # the rest was logged
        yield dict(video=video, gt=gt)


def _with_words(
    folder: Path,
    gt: GroundTruth,
    vocabulary: InteractionVocabulary | None,
    log: RepairLog,
) -> GroundTruth:
    boxes = gt.required_trajectories
    record = read_sequence(folder)
    semantics, text_log = record.semantics, record.text_log
    if not record.track_ids:  # a gt.txt that lies flat, which read_sequence passes over
        text_log = RepairLog()
        semantics = read_semantics(folder, np.unique(boxes.ids).tolist(), text_log)
    if vocabulary is None:
        verbs = sorted(bensmot_folder_verbs(semantics, record.spans))
        vocabulary = InteractionVocabulary(verbs or 'clean335')
    table = [
        boxes.frame_ids,
        boxes.ids,
        xyxy_to_xywh(boxes.boxes),
        boxes.scores,
        boxes.labels,
        boxes.visibility,
    ]
    # BenSMOT's reader knows nothing of MOT15's columns; the boxes stay MOTChallenge's.
    record = replace(record, rows=np.column_stack(table))
    for part in (record.log, text_log):
        for kind in (*_ELSEWHERE, *_UNSAID):
            part.counts.pop(kind, None)
        log.merge(part, f'{folder}/')
    words = bensmot_ground_truth(
        folder, record, gt_with_folder_in_places(semantics, folder), vocabulary, log
    )
    return replace(words, trajectories=boxes)


def write_mot_challenge_sequence(
    video: ImageSequence,
    gt: GroundTruth,
    folder: str | os.PathLike,
    placement: str = 'symlink',
) -> None:
    """Write a sequence with ``img1``, ``gt/gt.txt`` and ``seqinfo.ini``, and its texts.

    Frame numbers stay as they are, holes included; ``seqLength`` is the last of them.
    The texts are BenSMOT's text files beside ``gt``, where MOTChallenge's tools do
    not look and :func:`read_mot_challenge_folder` does.

    Args:
        video: Its frames.
        gt: What is annotated; no file is written for what is not.
        folder: The sequence folder; must not exist.
        placement: What becomes of the images, see
            :func:`~mmsmot.datasets.converters.image_files.place_images`.

    Raises:
        ValueError: See ``place_images`` and
            :func:`~mmsmot.datasets.converters.sequence_text.write_semantics_text`.
        FileNotFoundError: An image is missing.
    """
    write_bensmot_folder_sequence(
        video, gt, Path(folder), placement, IMAGE_DIR, 'gt/gt.txt'
    )
