"""The ground truth that lies in a sequence folder."""

from __future__ import annotations

from pathlib import Path

from ..structures import (
    ORIGINAL,
    CoordinateSpace,
    Trajectories,
    VideoInfo,
    read_trajectories,
)
from ..structures.frame_numbering import log_boxes_without_frame_number
from .bensmot.ground_truth import bensmot_ground_truth, gt_with_folder_in_places
from .bensmot.repairs import RepairLog
from .bensmot.sequence import read_sequence
from .class_names import mot_numbers_of_class_names, read_class_names
from .ground_truth import GroundTruth
from .vocabulary import InteractionVocabulary


def read_sequence_ground_truth(
    video: VideoInfo, vocabulary: InteractionVocabulary | None = None
) -> GroundTruth | None:
    """The ground truth that lies beside the images of one video.

    Args:
        video: As :func:`~.video_reader.open_video` gives it.
        vocabulary: The verbs to tell apart, ``None`` for ``clean335``.

    Returns:
        Boxes, and of a sequence of BenSMOT or SynSMOT its texts too; ``None`` where
        there is no truth.

    Raises:
        ValueError: A file cannot be read; names the file.
    """
    gt = video.files.get('gt')
    if gt is None:
        return None
    folder = Path(video.path)
    if not (folder / 'imgs').is_dir():
        return GroundTruth(read_sequence_gt_boxes(video))
    record = read_sequence(folder)
    return bensmot_ground_truth(
        folder,
        record,
        gt_with_folder_in_places(record.semantics, folder),
        vocabulary or InteractionVocabulary('clean335'),
        RepairLog(strict=False),
    )


def read_sequence_gt_boxes(
    video: VideoInfo, space: CoordinateSpace = ORIGINAL
) -> Trajectories:
    """The rows of the ``gt.txt`` that lies beside a video; every class and flag.

    How many stand in frames that the video does not have is logged. Where a
    ``labels.txt`` names the classes, they get MOTChallenge's numbers.

    Raises:
        ValueError: See :func:`~mmsmot.structures.read_trajectories`.
    """
    path = video.files['gt']
    boxes = read_trajectories(path, space=space, video=video)
    log_boxes_without_frame_number(boxes.frame_ids, path, video)
    return mot_numbers_of_class_names(boxes, read_class_names(path), path)
