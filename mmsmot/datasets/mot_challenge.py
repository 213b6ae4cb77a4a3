"""Videos in MOTChallenge's folder layout, as MMEngine datasets."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ..registry import DATASETS
from ..structures import CoordinateSpace
from ..utils.error_messages import first_error_names
from ..utils.number_ranges import require_choice
from .ground_truth import GroundTruth
from .image_sequence import ImageSequence, is_image_sequence_folder, open_image_sequence
from .sequence_ground_truth import read_sequence_gt_boxes
from .video_dataset import VideoDataset

# Names of the halves of every sequence; the first ones are ByteTrack's and CenterTrack's,
# the others those that BenSMOT's layout has for the same purpose.
TRAIN_HALF = ('train_half', 'train_minus_val')
VAL_HALF = ('val_half', 'val')
HALVES = (*TRAIN_HALF, *VAL_HALF)


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
        split: ``None`` for whole sequences; ``train_half`` (or ``train_minus_val``) for
            the first T // 2 + 1 of the T frames of each, ``val_half`` (or ``val``) for the
            others, as ByteTrack and CenterTrack validate on MOT17's training sequences.
            Frame numbers stay the original ones.
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

    def __init__(
        self,
        data_root: str,
        *,
        split: str | None = None,
        sequences: Sequence[str] | None = None,
        num_frames: int = 8,
        run_length: int | str | None = None,
        stride: int | None = None,
        test_mode: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: dict | None = None,
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
    ) -> None:
        require_choice('MOTChallengeDataset', (None, *HALVES), split=split)
        self.split = split
        super().__init__(
            data_root=data_root,
            sequences=sequences,
            num_frames=num_frames,
            run_length=run_length,
            stride=stride,
            test_mode=test_mode,
            pipeline=pipeline,
            metainfo=metainfo,
            indices=indices,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> list[dict]:
        """Open every sequence and read its truth; sorted by name."""
        folders = {p.name: p for p in _find_sequences(Path(self.data_root))}
        videos = [open_image_sequence(folders[name]) for name in self.selected(folders)]
        # The files are read for the whole video, which alone tells how they count frames.
        samples = [dict(video=video, gt=_read_ground_truth(video)) for video in videos]
        return samples if self.split is None else self._halved(samples)

    def _halved(self, samples: list[dict]) -> list[dict]:
        """The same with the frames of one half; a sequence too short to have any goes."""
        part = 'train' if self.split in TRAIN_HALF else 'val'
        for sample in samples:
            video = sample['video']
            frame_ids = train_or_val_half(video.frame_ids, part)
            sample['video'] = video.on_frames(frame_ids)
            sample['gt'] = sample['gt'].on_frames(frame_ids)
        short = [s['video'].video.name for s in samples if not len(s['video'])]
        if len(short) == len(samples):
            raise ValueError(
                f'{self.data_root}: no sequence has the 3 frames that split={self.split!r} '
                'needs'
            )
        if short:
            print_log(
                f'{self.data_root}: {len(short)} sequences of fewer than 3 frames are left '
                f'out of split={self.split!r}: {first_error_names(short)}',
                logger='current',
                level=logging.WARNING,
            )
        return [sample for sample in samples if len(sample['video'])]

    def training_gt(self, gt: GroundTruth) -> GroundTruth:
        """Considered boxes of the dataset's classes: pedestrians by default."""
        boxes = gt.required_trajectories
        # A file without a class column gives -1 or 0.
        boxes = boxes[boxes.labels <= len(self.metainfo['classes'])]
        return super().training_gt(replace(gt, trajectories=boxes))


def train_or_val_half(frame_ids: np.ndarray, part: str) -> np.ndarray:
    """The frames of a sequence that are trained on, or those that validate.

    Args:
        frame_ids: (T,) original frame numbers, ascending.
        part: ``'train'``: the first T // 2 + 1; ``'val'``: the others.

    >>> train_or_val_half(np.array([1, 2, 4, 6, 7]), 'val').tolist()
    [6, 7]
    """
    middle = len(frame_ids) // 2 + 1
    return frame_ids[:middle] if part == 'train' else frame_ids[middle:]


def _find_sequences(root: Path) -> list[Path]:
    """The sequence folders in ``root``, sorted by name."""
    if not root.is_dir():
        raise FileNotFoundError(
            f'data_root {str(root)!r} is not a folder (looked from {os.getcwd()})'
        )
    folders = sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] != '.')
    sequences = [folder for folder in folders if is_image_sequence_folder(folder)]
    if sequences and not is_image_sequence_folder(root):
        return sequences
    hint = ''
    if is_image_sequence_folder(root):
        hint = (
            f' It looks like a sequence itself: set data_root to {str(root.parent)!r}.'
        )
    elif deeper := [
        p for p in folders if any(map(is_image_sequence_folder, p.glob('*/')))
    ]:
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
    return GroundTruth(read_sequence_gt_boxes(video, space))
