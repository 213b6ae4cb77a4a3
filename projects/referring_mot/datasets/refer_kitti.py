"""Refer-KITTI and Refer-KITTI-V2 in their own folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence, open_image_sequence
from mmsmot.datasets.video_dataset import VideoDataset
from mmsmot.registry import DATASETS
from mmsmot.structures import CoordinateSpace, ReferringExpression, read_expression
from mmsmot.utils.log_once import log_once
from mmsmot.utils.number_ranges import require_choice
from projects.referring_mot.datasets.kitti_labels import (
    read_label_02,
    read_labels_with_ids,
)

KITTI_FPS = 10.0
# KITTI's training sequences
_SEQUENCES = tuple(f'{number:04d}' for number in range(21))
_V2_TEST = ('0005', '0011', '0013', '0019')
SPLITS = {
    'v1': {
        'train': (
            *('0001', '0002', '0003', '0004', '0006', '0007', '0008', '0009'),
            *('0010', '0012', '0014', '0015', '0016', '0018', '0020'),
        ),
        'test': ('0005', '0011', '0013'),
    },
    'v2': {
        'train': tuple(name for name in _SEQUENCES if name not in _V2_TEST),
        'test': _V2_TEST,
    },
}
# RMOT's evaluation leaves these out; training has them.
DROPPED_EXPRESSIONS = (
    'women-back-to-the-camera',
    'men-back-to-the-camera',
    'females-back-to-the-camera',
    'males-back-to-the-camera',
    'vehicles-which-are-braking',
    'cars-which-are-braking',
    'vehicles-in-horizon-direction',
    'cars-in-horizon-direction',
)
LABELS = ('labels_with_ids', 'label_02')


@DATASETS.register_module()
class ReferKITTIDataset(VideoDataset):
    """Videos of KITTI with Refer-KITTI's expressions; a sample for each video.

    ::

        data_root/
          KITTI/
            training/image_02/0005/000000.png          frames from 0
            labels_with_ids/image_02/0005/000000.txt   class id x1 y1 w h, fractions
            training/label_02/0005.txt                 KITTI's own, with labels='label_02'
          expression/0005/cars-in-black.json           {"label": {"0": [ids]}, ...}

    Frame k of a file is frame k + 1 here. :class:`ReferringDataset` around it gives a
    sample for each (video, expression).

    Args:
        data_root: The folder.
        version: ``'v1'`` (Wu et al., CVPR 2023) or ``'v2'``.
        split: ``'train'`` or ``'test'`` of that version.
        labels: Which boxes: ``'labels_with_ids'``, as RMOT reads, or ``'label_02'``.
        keep_dropped: Keep the eight expressions of v1 that RMOT does not evaluate, in the
            test split. Its training has them.
        sequences: Names or patterns to take of the split; ``None`` for all that lie there.
        num_frames: As of :class:`~mmsmot.datasets.video_dataset.VideoDataset`.
        run_length: As there.
        stride: As there.
        test_mode: As there.
        pipeline: As there.
        metainfo: As there.
        indices: As there.
        lazy_init: As there.

    Raises:
        FileNotFoundError: Images, labels or expressions of a video are not there.
        ValueError: A file is malformed; names it and the line or the key.
    """

    METAINFO = dict(classes=('object',), flippable=False)

    def __init__(
        self,
        *,
        data_root: str,
        version: str = 'v1',
        split: str = 'train',
        labels: str = 'labels_with_ids',
        keep_dropped: bool = False,
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
        require_choice('ReferKITTIDataset', SPLITS, version=version)
        require_choice('ReferKITTIDataset', SPLITS[version], split=split)
        require_choice('ReferKITTIDataset', LABELS, labels=labels)
        self.version = version
        self.split = split
        self.labels = labels
        self.keep_dropped = keep_dropped
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
        """The videos of the split with gt and expressions, sorted by name."""
        images = Path(self.data_root, 'KITTI', 'training', 'image_02')
        names = [
            name
            for name in SPLITS[self.version][self.split]
            if (images / name).is_dir()
        ]
        if not names:
            raise FileNotFoundError(
                f'{images}: none of the {len(SPLITS[self.version][self.split])} sequences '
                f'of {self.version} {self.split} is there (0005/000000.png, ...)'
            )
        return [self._read_video(images / name) for name in self.selected(names)]

    def _read_video(self, images: Path) -> dict:
        video = _kitti_video(images)
        space = CoordinateSpace(width=video.video.width, height=video.video.height)
        kitti = Path(self.data_root, 'KITTI')
        if self.labels == 'label_02':
            path = kitti / 'training' / 'label_02' / f'{images.name}.txt'
            boxes = read_label_02(path, space, video.frame_ids)
        else:
            folder = kitti / 'labels_with_ids' / 'image_02' / images.name
            boxes = read_labels_with_ids(folder, space, video.frame_ids)
        is_evaluated = self.version == 'v1' and self.split == 'test'
        drop = DROPPED_EXPRESSIONS if is_evaluated and not self.keep_dropped else ()
        folder = Path(self.data_root, 'expression', images.name)
        return dict(
            video=video,
            gt=GroundTruth(boxes, expressions=read_expressions(folder, drop)),
        )


def read_expressions(
    folder: Path, drop: Sequence[str] = ()
) -> list[ReferringExpression]:
    """The expressions of a video, ``<words-with-dashes>.json`` each, sorted by file.

    Args:
        folder: Of the video.
        drop: File names without ``.json`` that are left out.

    Raises:
        FileNotFoundError: There is no such folder, or no such file in it.
        ValueError: A file is no expression; names it and the key.
    """
    paths = sorted(folder.glob('*.json'))
    if not paths:
        raise FileNotFoundError(
            f'{folder}: no expressions; Refer-KITTI has <words-with-dashes>.json there'
        )
    expressions = []
    dropped = [path.stem for path in paths if path.stem in drop]
    if dropped:
        log_once(
            f'{folder}: {len(dropped)} expressions that RMOT does not evaluate are left '
            f'out: {", ".join(dropped)}'
        )
    for path in paths:
        if path.stem in dropped:
            continue
        expression = read_expression(path)
        if expression.video_name not in ('', folder.name):
            log_once(
                f'{path}: video_name is {expression.video_name!r:.40}, but it lies in the '
                f'folder of {folder.name}, which is what counts, as in RMOT'
            )
            expression = replace(expression, video_name=folder.name)
        expressions.append(expression)
    return expressions


def _kitti_video(folder: Path) -> ImageSequence:
    """The images of a sequence, at KITTI's frame rate, which no file states."""
    video = open_image_sequence(folder)
    video.video = replace(video.video, fps=KITTI_FPS)
    return video
