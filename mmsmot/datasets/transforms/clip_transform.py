"""What the transforms of clips share: one choice for all frames, boxes that follow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...structures import CoordinateSpace, Frame, Trajectories, valid_boxes
from ..ground_truth import GroundTruth

TRANSFORMED = 'transformed'


class ClipTransform(ABC):
    """Changes a sample of :class:`~mmsmot.datasets.video_dataset.VideoDataset`.

    A sample is ``dict(inputs=list[Frame], data_samples=SMOTDataSample, generator=...)``.
    Whatever is random is drawn once for a clip, by that ``generator``, which follows
    (seed, epoch, index), and by no other.
    """

    @abstractmethod
    def transform(self, sample: dict) -> dict:
        """The sample changed; what its parts are made of is not."""

    def __call__(self, sample: dict) -> dict:
        """Apply the transform.

        Raises:
            TypeError: ``inputs`` is no clip (a list of frames) but a whole video.
        """
        if not isinstance(sample['inputs'], list):
            raise TypeError(
                f'{type(self).__name__} works on clips, a list of frames, but got '
                f'{type(sample["inputs"]).__name__}; leave it out of the pipeline of a '
                'dataset with test_mode=True'
            )
        return self.transform(sample)


@dataclass(frozen=True)
class ClipView:
    """A geometric change of a clip: new image size, scale, offset, and the image function.

    A point ``(x, y)`` of the old image lies at ``scale * (x, y) + offset`` in the new.

    Attributes:
        width: Of the new images, pixels.
        height: Of the new images, pixels.
        image: Makes the new image (height, width, 3) of the old one.
        scale: Along x and y; negative mirrors.
        offset: Along x and y, pixels of the new image.
        min_inside: Fraction of a box that must lie in the new image; boxes with less
            are dropped and the others cut to it. ``None``: no box is touched.
    """

    width: int
    height: int
    image: Callable[[np.ndarray], np.ndarray]
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)
    min_inside: float | None = None

    def boxes(self, boxes: np.ndarray) -> np.ndarray:
        """(N, 4) boxes of the old image in pixels of the new, not cut."""
        moved = boxes * [*self.scale, *self.scale] + [*self.offset, *self.offset]
        corners = moved.reshape(-1, 2, 2)
        return np.hstack([corners.min(axis=1), corners.max(axis=1)])

    def trajectories(self, trajectories: Trajectories) -> Trajectories:
        """The rows that are left, measured in the new image.

        A box that is cut keeps the visible fraction of itself as ``visibility``.
        """
        space = CoordinateSpace(TRANSFORMED, self.width, self.height)
        boxes = self.boxes(trajectories.boxes)
        if self.min_inside is None:
            return replace(trajectories, boxes=boxes, space=space)
        cut = boxes.clip(0, [self.width, self.height] * 2)
        inside = _areas(cut) / _areas(boxes)
        is_kept = valid_boxes(cut) & (inside >= self.min_inside)
        cropped = replace(
            trajectories,
            # Where a cut box is none its row goes, but the table is checked before.
            boxes=np.where(is_kept[:, None], cut, boxes),
            visibility=trajectories.visibility * inside.clip(0, 1),
            space=space,
        )
        return cropped[is_kept]


def _areas(boxes: np.ndarray) -> np.ndarray:
    return (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


class GeometricTransform(ClipTransform):
    """Geometric transform of a clip: boxes follow the images, texts the boxes.

    The true trajectories are measured in a space of its own afterwards
    (``'transformed'``, with the new size) and ``frame.video`` has the new size too. What
    has no box left in the clip loses its caption and its interactions, and a referring
    expression no longer refers to it.
    """

    @abstractmethod
    def draw_view(
        self,
        width: int,
        height: int,
        gt: GroundTruth,
        flippable: bool,
        generator: np.random.Generator,
    ) -> ClipView | None:
        """Choose how to see a clip; ``None`` to leave it as it is.

        Args:
            width: Of the clip's images, pixels.
            height: Of the clip's images, pixels.
            gt: What is annotated.
            flippable: Whether its texts stay true in a mirror image.
            generator: What to draw from.
        """

    def transform(self, sample: dict) -> dict:
        """Choose a view and see images and truth by it."""
        frames, data_sample = sample['inputs'], sample['data_samples']
        gt = GroundTruth.of(data_sample)
        width, height = clip_image_size(frames)
        if gt.trajectories is not None:
            space = gt.trajectories.space
            image_space = CoordinateSpace(space.name, width, height)
            space.require(image_space, f'apply {type(self).__name__}')
        flippable = bool(data_sample.get('flippable', False))
        view = self.draw_view(
            width, height, gt, flippable, clip_transform_generator(sample)
        )
        if view is None:
            return sample
        if gt.trajectories is not None:
            gt.for_boxes(view.trajectories(gt.trajectories)).set_gt_fields(data_sample)
        return {**sample, 'inputs': [_seen(frame, view) for frame in frames]}


def clip_transform_generator(sample: dict) -> np.random.Generator:
    """What a transform draws from.

    Raises:
        KeyError: The sample has none.
    """
    if 'generator' not in sample:
        raise KeyError(
            "a clip to be transformed needs sample['generator'], a NumPy generator to "
            'draw from; VideoDataset gives one that follows seed, epoch and index'
        )
    return sample['generator']


def clip_image_size(frames: Sequence[Frame]) -> tuple[int, int]:
    """Width and height of the images of a clip, which must be the same.

    Without images those that the video states count.

    Raises:
        ValueError: Two images differ, or nothing says the size.
    """
    sizes = {
        (frame.video.width, frame.video.height)
        if frame.load is None
        else (frame.image.shape[1], frame.image.shape[0])
        for frame in frames
    }
    if len(sizes) != 1 or None in min(sizes):
        raise ValueError(
            f'{frames[0].video.path}: the frames of a clip must have one size to be '
            f'transformed alike, found {sorted(sizes, key=str)} (width, height)'
        )
    return sizes.pop()


def with_transformed_image(frame: Frame, image: np.ndarray) -> Frame:
    """The same frame with another image; its video states the image's size."""
    height, width = image.shape[:2]
    video = replace(frame.video, width=width, height=height)
    changed = replace(frame, video=video, load=partial(_same, image))
    changed.image  # noqa: B018 - held, so that nobody loads the first image again
    return changed


def _same(image: np.ndarray) -> np.ndarray:
    return image


def _seen(frame: Frame, view: ClipView) -> Frame:
    if frame.load is None:
        video = replace(frame.video, width=view.width, height=view.height)
        return replace(frame, video=video)
    # Workers send images to another process, which a view of a larger one would slow.
    return with_transformed_image(frame, np.ascontiguousarray(view.image(frame.image)))
