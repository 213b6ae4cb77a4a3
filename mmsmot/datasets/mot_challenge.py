"""Videos in MOTChallenge's folder layout, as MMEngine datasets."""

from __future__ import annotations

import fnmatch
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ..registry import DATASETS
from ..structures import (
    CoordinateSpace,
    SMOTDataSample,
    Trajectories,
    read_trajectories,
)
from .image_sequence import ImageSequence, is_sequence_folder, open_image_sequence
from .video_reader import VideoReader

PEDESTRIAN = 1


@DATASETS.register_module()
class MOTChallengeDataset(BaseDataset):
    """MOT15, MOT16, MOT17, MOT20 and everything else in their layout.

    ::

        data_root/
          MOT17-02-FRCNN/
            seqinfo.ini         optional; else fps 30, size of the first image
            img1/000001.jpg     optional where det.txt or gt.txt is there
            det/det.txt         optional, also flat as det.txt
            gt/gt.txt           optional, also flat as gt.txt

    With ``test_mode`` a sample is one video::

        inputs:        VideoReader over all its frames
        data_samples:  SMOTDataSample(video, frame_ids[, gt_trajectories])

    where the truth is the file's, every class and flag, cut to the frames that are
    read. Otherwise a sample is a clip: ``inputs`` is a list of ``num_frames``
    :class:`~mmsmot.structures.Frame` with pictures decoded (so that the workers of a
    ``DataLoader`` do it), drawn from a random run of the video by NumPy's global
    generator, which MMEngine seeds in each worker; the truth is that of those frames
    and of considered pedestrians alone. MMEngine's ``pseudo_collate`` makes B clips
    time-major: ``inputs[t][b]``.

    Args:
        data_root: The folder of sequence folders.
        sequences: Names, or patterns like ``'*-FRCNN'``, to take; ``None`` for all.
        num_frames: Frames in a clip.
        run_length: Length of the run, in frames of the video, that a clip's frames are
            drawn from in ascending order; ``None`` for ``num_frames``, a clip without
            gaps. Shorter videos give no clip and are left out, logged.
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

    METAINFO = dict(classes=('person',))

    def __init__(
        self,
        data_root: str,
        sequences: Sequence[str] | None = None,
        num_frames: int = 8,
        run_length: int | None = None,
        test_mode: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        metainfo: dict | None = None,
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
    ) -> None:
        self.sequences = sequences
        self.num_frames = num_frames
        self.run_length = num_frames if run_length is None else run_length
        if not 1 <= self.num_frames <= self.run_length:
            raise ValueError(
                f'a clip of num_frames={num_frames} does not fit into a run of '
                f'run_length={self.run_length} frames'
            )
        super().__init__(
            metainfo=metainfo,
            data_root=data_root,
            data_prefix={},
            indices=indices,
            pipeline=list(pipeline),
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> list[dict]:
        """Open every sequence and read its truth; sorted by name."""
        folders = self._select(_find_sequences(Path(self.data_root)))
        videos = [open_image_sequence(folder) for folder in folders]
        return [dict(video=video, truth=_read_truth(video)) for video in videos]

    def filter_data(self) -> list[dict]:
        """Leave out the videos that give no clip (training only), logged by name."""
        if self.test_mode:
            return self.data_list
        good = [
            info
            for info in self.data_list
            if info['truth'] is not None and len(info['video']) >= self.run_length
        ]
        what = f'no truth or fewer than {self.run_length} frames'
        if not good:
            raise ValueError(f'{self.data_root}: every sequence has {what}')
        if len(good) < len(self.data_list):
            kept = {info['video'].video.name for info in good}
            names = [i['video'].video.name for i in self.data_list]
            out = [name for name in names if name not in kept]
            print_log(
                f'{self.data_root}: {len(out)} of {len(names)} sequences left out of '
                f'training ({what}): {", ".join(out)}',
                logger='current',
                level=logging.WARNING,
            )
        return good

    def prepare_data(self, idx: int) -> dict:
        """The sample at ``idx``, after the pipeline."""
        info = self.get_data_info(idx)
        make = self._whole_video if self.test_mode else self._clip
        return self.pipeline(make(info['video'], info['truth']))

    def _whole_video(self, video: ImageSequence, truth: Trajectories | None) -> dict:
        return _sample(VideoReader(video), video, video.frame_ids, truth)

    def _clip(self, video: ImageSequence, truth: Trajectories) -> dict:
        start = np.random.randint(len(video) - self.run_length + 1)
        steps = np.random.choice(self.run_length, self.num_frames, replace=False)
        positions = start + np.sort(steps)
        frames = [video.frame_at(position) for position in positions]
        for frame in frames:
            if frame.load is not None:
                frame.image  # noqa: B018 - decodes the picture here, in the worker
        # A file without a class column gives -1 or 0.
        is_pedestrian = truth.labels <= PEDESTRIAN
        truth = truth[is_pedestrian & (truth.scores > 0)]
        return _sample(frames, video, video.frame_ids[positions], truth)

    def _select(self, folders: list[Path]) -> list[Path]:
        if self.sequences is None:
            return folders
        known = [folder.name for folder in folders]
        chosen = set()
        for pattern in self.sequences:
            matches = fnmatch.filter(known, pattern)
            if not matches:
                raise ValueError(
                    f'{self.data_root}: no sequence is named {pattern!r}. There are: '
                    f'{", ".join(known)}'
                )
            chosen.update(matches)
        return [folder for folder in folders if folder.name in chosen]


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


def _read_truth(sequence: ImageSequence) -> Trajectories | None:
    video = sequence.video
    if 'gt' not in video.files:
        return None
    space = CoordinateSpace(width=video.width, height=video.height)
    return read_trajectories(video.files['gt'], space=space)


def _sample(
    inputs: object,
    video: ImageSequence,
    frame_ids: np.ndarray,
    truth: Trajectories | None,
) -> dict:
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=frame_ids))
    if truth is not None:
        sample.gt_trajectories = truth[np.isin(truth.frame_ids, frame_ids)]
    return dict(inputs=inputs, data_samples=sample)
