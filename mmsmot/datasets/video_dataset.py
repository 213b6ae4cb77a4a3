"""Videos as samples: a whole one to test on, a clip of one to train on."""

from __future__ import annotations

import fnmatch
import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ..registry import TRANSFORMS, build_part
from ..structures import SMOTDataSample
from ..utils.error_messages import first_error_names
from ..utils.number_ranges import COUNT, require_numbers
from .ground_truth import GroundTruth
from .image_sequence import ImageSequence
from .seeded_index import globals_seeded_by_index, sample_generator
from .video_reader import VideoReader


class VideoDataset(BaseDataset):
    """What datasets of videos share; one reads its files in ``load_data_list``.

    With ``test_mode`` a sample is one video::

        inputs:        VideoReader over all its frames
        data_samples:  SMOTDataSample(video, frame_ids[, gt_...])

    where the truth is the file's, cut to the frames that are read. Otherwise a sample
    is a clip: ``inputs`` is a list of ``num_frames`` :class:`~mmsmot.structures.Frame`
    drawn from a random run of the video, whose images ``PackClip`` decodes (in the worker
    of a ``DataLoader``) if no transform has; the truth is what can be seen in those
    frames, without boxes that are not to be considered. Frames and transforms are drawn by
    the sample's own ``generator``, which follows (seed, epoch, index) as
    :class:`~mmsmot.datasets.seeded_sampler.SeededSampler` gives them. MMEngine's
    ``pseudo_collate`` makes B clips time-major: ``inputs[t][b]``.

    Args:
        data_root: Where the videos lie.
        sequences: Names of videos, or patterns like ``'*-FRCNN'``, to take; ``None``
            for all.
        num_frames: Frames in a clip.
        run_length: Length of the run, in frames of the video, that a clip's frames are
            drawn from in ascending order; ``None`` for ``num_frames``, a clip without
            gaps. Shorter videos give no clip and are left out, logged. ``'video'``: the
            whole video, cut into ``num_frames`` equal parts with a frame from each, so
            that a clip shows all that its captions tell.
        stride: Take every ``stride``-th frame of the video instead of drawing from a
            run, which then is as long as that needs. With ``run_length='video'``: draw
            from every ``stride``-th frame alone, such as those that a test looks at.
        test_mode: Whole videos instead of clips.
        pipeline: Transforms of the sample.
        metainfo: Added to ``metainfo``, which has ``classes``, in the order in which the
            class column of the truth and the labels of the detector count them, persons
            alone by default; and ``flippable``: whether a mirrored video's texts stay true
            (they name no left or right).
        indices: Take only the first ``indices`` videos, or those at these positions. The
            first by name are those of the first activities: for some of each name
            patterns in ``sequences``.
        lazy_init: Read nothing until ``full_init``.

    Raises:
        ValueError: A clip does not fit into its run, or no video gives a clip.
    """

    METAINFO = dict(classes=('person',), flippable=False)

    def __init__(
        self,
        data_root: str,
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
        require_numbers('VideoDataset', COUNT, num_frames=num_frames)
        require_numbers('VideoDataset', COUNT.or_none, stride=stride)
        self.sequences = sequences
        self.num_frames = num_frames
        self.stride = stride
        self.whole_video = run_length == 'video'
        self.run_length = _run_length(num_frames, run_length, stride)
        if self.num_frames > self.run_length:
            raise ValueError(
                f'a clip of num_frames={num_frames} does not fit into a run of '
                f'run_length={self.run_length} frames'
            )
        super().__init__(
            metainfo=metainfo,
            data_root=data_root,
            data_prefix={},
            indices=indices,
            # MMEngine would look in its own registry where no default scope is set.
            pipeline=[build_part(t, TRANSFORMS) for t in pipeline],
            test_mode=test_mode,
            lazy_init=lazy_init,
        )

    @abstractmethod
    def load_data_list(self) -> list[dict]:
        """The samples: ``dict(video=ImageSequence, gt=GroundTruth)`` each.

        A dataset of prompts gives one for each (video, prompt), with the gt of that
        prompt and ``prompt``, a :class:`~mmsmot.structures.Prompt`.
        """

    def unfit_for_training(self, video: ImageSequence, gt: GroundTruth) -> str | None:
        """Why a video gives no clip, ``None`` where it does."""
        if gt.trajectories is None:
            return 'no truth'
        if len(video) < self.run_length:
            return f'fewer than {self.run_length} frames'
        return None

    def training_gt(self, gt: GroundTruth) -> GroundTruth:
        """The part of the truth to learn from; labels are indices of ``classes``."""
        boxes = gt.required_trajectories
        boxes = boxes[boxes.scores > 0]
        labels = dataset_class_indices(boxes.labels, self.metainfo['classes'])
        return replace(gt, trajectories=replace(boxes, labels=labels))

    def filter_data(self) -> list[dict]:
        """Leave out the videos that give no clip (training only), logged by name."""
        if self.test_mode:
            return self.data_list
        good, names, reasons = [], [], set()
        for info in self.data_list:
            reason = self.unfit_for_training(info['video'], info['gt'])
            if reason is None:
                good.append(info)
            else:
                names.append(info['video'].video.name)
                reasons.add(reason)
        explanation = ' or '.join(sorted(reasons, reverse=True))  # a stable order
        if not good:
            raise ValueError(f'{self.data_root}: every sequence has {explanation}')
        if names:
            print_log(
                f'{self.data_root}: {len(names)} of {len(self.data_list)} sequences left '
                f'out of training ({explanation}): {first_error_names(names)}',
                logger='current',
                level=logging.WARNING,
            )
        return good

    def prepare_data(self, idx: int) -> dict:
        """The sample at ``idx``, after the pipeline."""
        info = self.get_data_info(idx)
        video, gt = info['video'], info['gt']
        meta = {'prompt': info['prompt']} if info.get('prompt') is not None else {}
        if self.test_mode:
            sample = _sample(VideoReader(video), video, video.frame_ids, gt)
            sample['data_samples'].set_metainfo(meta)
            return self.pipeline(sample)
        generator = sample_generator(idx)
        with globals_seeded_by_index(generator):
            sample = self._clip(video, gt, generator)
            sample['data_samples'].set_metainfo(meta)
            sample = self.pipeline(sample)
        if sample is not None:
            sample.pop('generator', None)  # it has done its work, no model takes it
        return sample

    def _clip(
        self, video: ImageSequence, gt: GroundTruth, generator: np.random.Generator
    ) -> dict:
        positions = self._positions(len(video), generator)
        frames = [video.frame_at(position) for position in positions]
        gt = self.training_gt(gt)
        sample = _sample(frames, video, video.frame_ids[positions], gt)
        flippable = bool(self.metainfo['flippable'])
        sample['data_samples'].set_metainfo(dict(flippable=flippable))
        return {**sample, 'generator': generator}

    def _positions(self, length: int, generator: np.random.Generator) -> np.ndarray:
        """(num_frames,) where the frames of a clip stand in a video, ascending."""
        if self.whole_video:
            places = np.arange(0, length, self.stride or 1)
            parts = np.linspace(0, len(places), self.num_frames + 1)
            edges = parts.round().astype(int)
            return places[generator.integers(edges[:-1], edges[1:])]
        start = generator.integers(length - self.run_length + 1)
        if self.stride is not None:
            return start + np.arange(0, self.run_length, self.stride)
        steps = generator.choice(self.run_length, self.num_frames, replace=False)
        return start + np.sort(steps)

    def selected(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that ``sequences`` chooses, in their order.

        Raises:
            ValueError: A name or pattern in ``sequences`` fits none.
        """
        names = list(names)
        if self.sequences is None:
            return names
        selected_names = set()
        for pattern in self.sequences:
            matches = fnmatch.filter(names, pattern)
            if not matches:
                raise ValueError(
                    f'{self.data_root}: no sequence is named {pattern!r}. There are: '
                    f'{first_error_names(names)}'
                )
            selected_names.update(matches)
        return [name for name in names if name in selected_names]


def dataset_class_indices(labels: np.ndarray, classes: Sequence[str]) -> np.ndarray:
    """What a detector is trained on: the k-th class of the dataset is its label k.

    Args:
        labels: (R,) the class column of a MOTChallenge file, which counts from 1. Of no
            matter with a single class: many files have -1 or 0 there.
        classes: Names of the dataset's classes.

    Returns:
        (R,) int64 from 0.

    Raises:
        ValueError: There is no such class.

    >>> dataset_class_indices(np.array([1, 2, 2]), ('person', 'car')).tolist()
    [0, 1, 1]
    """
    if len(classes) == 1:
        return np.zeros(len(labels), np.int64)
    wrong = (labels < 1) | (labels > len(classes))
    if wrong.any():
        raise ValueError(
            f'a true box is of class {labels[wrong][0]}, but the dataset has the '
            f'{len(classes)} classes {", ".join(classes)}, which count from 1. Correct '
            'the class column, or metainfo=dict(classes=...) of the dataset.'
        )
    return labels - 1


def _run_length(
    num_frames: int, run_length: int | str | None, stride: int | None
) -> int:
    if isinstance(run_length, str) and run_length != 'video':
        raise ValueError(
            f"run_length must be a number of frames or 'video', got {run_length!r}"
        )
    if stride is None:
        return num_frames if run_length in (None, 'video') else run_length
    if run_length not in (None, 'video'):
        raise ValueError(
            f'give a stride of 1 or more (got {stride}) or a number as run_length (got '
            f'{run_length}), not both'
        )
    return (num_frames - 1) * stride + 1


def _sample(
    inputs: Any, video: ImageSequence, frame_ids: np.ndarray, gt: GroundTruth
) -> dict:
    sample = SMOTDataSample(metainfo=dict(video=video.video, frame_ids=frame_ids))
    gt.on_frames(frame_ids).set_gt_fields(sample)
    return dict(inputs=inputs, data_samples=sample)
