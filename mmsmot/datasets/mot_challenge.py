"""Videos in MOTChallenge's folder layout, as MMEngine datasets."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ..registry import DATASETS
from ..structures import CoordinateSpace
from .ground_truth import GroundTruth
from .image_sequence import ImageSequence, is_sequence_folder, open_image_sequence
from .sequence_ground_truth import read_boxes
from .video_dataset import VideoDataset


@DATASETS.register_module()
class MOTChallengeDataset(VideoDataset):
    """MOT15, MOT16, MOT17, MOT20 and everything else in their layout.

    ::

        data_root/
          MOT17-02-FRCNN/
            seqinfo.ini         optional; else fps 30, size of the first image
            img1/000001.jpg     optional where det.txt or gt.txt is there
            det/det.txt         optional, also flat as det.txt
            gt/gt.txt           optional, also flat as gt.txt

    Samples are those of :class:`~mmsmot.datasets.video_dataset.VideoDataset`. With
    ``test_mode`` the truth is the file's, every class and flag; clips have considered
    pedestrians alone.

    Args:
        data_root: The folder of sequence folders.
        sequences: Names, or patterns like ``'*-FRCNN'``, to take; ``None`` for all.
        num_frames: Frames in a clip.
        run_length: Length of the run, in frames of the video, that a clip's frames are
            drawn from in ascending order; ``None`` for ``num_frames``, a clip without
            gaps. Shorter videos give no clip and are left out, logged.
        stride: Take every ``stride``-th frame of the video instead of drawing from a
            run, which then is as long as that needs.
        test_mode: Whole videos instead of clips.
        pipeline: Transforms of the sample.
        metainfo: Added to ``metainfo``, which has ``classes``.
        indices: Take only the first ``indices`` videos, or those at these positions.
        lazy_init: Read nothing until ``full_init``.

    Raises:
        FileNotFoundError: ``data_root`` is missing.
        ValueError: It holds no sequence, or a name in ``sequences`` fits none, or a
            file in it is malformed.
    """

    # There are no captions that a mirror image could make wrong.
    METAINFO = dict(classes=('person',), flippable=True)

    def load_data_list(self) -> list[dict]:
        """Open every sequence and read its truth; sorted by name."""
        folders = {p.name: p for p in _find_sequences(Path(self.data_root))}
        videos = [open_image_sequence(folders[name]) for name in self.selected(folders)]
        return [dict(video=video, gt=_read_ground_truth(video)) for video in videos]

    def training_gt(self, gt: GroundTruth) -> GroundTruth:
        """Considered boxes of the dataset's classes: pedestrians by default."""
        boxes = gt.required_trajectories
        # A file without a class column gives -1 or 0.
        boxes = boxes[boxes.labels <= len(self.metainfo['classes'])]
        return super().training_gt(replace(gt, trajectories=boxes))


def _find_sequences(root: Path) -> list[Path]:
    """The sequence folders in ``root``, sorted by name."""
    if not root.is_dir():
        raise FileNotFoundError(
            f'data_root {str(root)!r} is not a folder (looked from {os.getcwd()})'
        )
    folders = sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] != '.')
    sequences = [folder for folder in folders if is_sequence_folder(folder)]
    if sequences and not is_sequence_folder(root):
        return sequences
    hint = ''
    if is_sequence_folder(root):
        hint = (
            f' It looks like a sequence itself: set data_root to {str(root.parent)!r}.'
        )
    elif deeper := [p for p in folders if any(map(is_sequence_folder, p.glob('*/')))]:
        hint = f' There are some in {str(deeper[0])!r}: set data_root to that.'
    raise ValueError(
        f'{root}: no MOTChallenge sequences in it. Expected {root.name}/<sequence>/ with '
        f'seqinfo.ini, img1/*.jpg, det/det.txt, gt/gt.txt.{hint}'
    )


def _read_ground_truth(sequence: ImageSequence) -> GroundTruth:
    video = sequence.video
    if 'gt' not in video.files:
        return GroundTruth()
    space = CoordinateSpace(width=video.width, height=video.height)
    return GroundTruth(read_boxes(video, space))
