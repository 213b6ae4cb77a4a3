"""Where the camera looks, as a similarity from each frame to the first one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...structures import Frame
from ..trackers.camera_motion import CameraMotion

HEIGHT = 120  # rows of the small images that are compared
# Of the image's width, half a pixel of a small image: less is not told from rest, and it
# does not add up, as the image looked back at stays the same. Somebody as high as a
# twentieth of the width "moves" by .05 heights so, far below any step.
REST_SHIFT = 0.0025
# The same of a motion that the images do not confirm; more of it is an unknown motion.
MAX_UNCONFIRMED = 0.0075
# Seconds after which another image at rest is looked back at: the light changes.
REST_INTERVAL = 10.0
# What a claim about the background must explain: the difference of two images with it, by
# that without. Of cameras at rest a motion's is 1 and more (noise), at 2 pixels a second
# 0.5; of the claim that nothing moved it is against a small pixel to each side.
MAX_DIFFERENCE = 0.85
MIN_BACKGROUND = 0.02  # of an image; less of it tells nothing
MOVING_SECONDS = 1.0  # that the camera counts as moving after each motion

Similarity = tuple[complex, complex]  # scale and rotation, translation
IDENTITY: Similarity = (1 + 0j, 0j)


@dataclass(frozen=True, eq=False)
class CameraView:
    """One image in small.

    Attributes:
        small: (h, w, 3) uint8.
        gray: (h, w) uint8, blurred.
        mask: (h, w) bool, the background.
        boxes: (N, 4) of what is none, small pixels.
        factor: How many times larger the frame is.
    """

    small: np.ndarray
    gray: np.ndarray
    mask: np.ndarray
    boxes: np.ndarray
    factor: int

    @classmethod
    def of(cls, image: np.ndarray, boxes: np.ndarray) -> CameraView:
        """The view of a frame.

        Args:
            image: (H, W, 3) uint8 BGR.
            boxes: (N, 4) of what is no background.
        """
        # A whole number of times smaller is several times faster.
        factor = max(1, -(-len(image) // HEIGHT))
        size = image.shape[1] // factor, len(image) // factor
        part = image[: size[1] * factor, : size[0] * factor]
        # By two steps a third faster at 720 rows, the same to one level of gray.
        if factor > 2 and factor % 2 == 0:
            half_size = part.shape[1] // 2, len(part) // 2
            part = cv2.resize(part, half_size, interpolation=cv2.INTER_AREA)
        small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        gray = cv2.GaussianBlur(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), (5, 5), 0)
        mask = np.ones(gray.shape, bool)
        boxes = boxes / factor
        for x1, y1, x2, y2 in np.round(boxes).astype(int).tolist():
            mask[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = False
        return cls(small, gray, mask, boxes, factor)


class CameraPath:
    """The accumulated motion of the background of one video.

    Points are complex numbers x + iy in pixels. The point of the first frame where the
    background of a point z of the current frame was is ``turn * z + shift``. Where the
    motion could not be made out, that holds from there on for the first frame after it,
    and a new ``epoch`` begins; points of two epochs have nothing to do with each other.

    Args:
        motion: Estimates the motion where the tracker does not; ``None`` for a camera at
            rest.

    Attributes:
        turn: Scale and rotation.
        shift: Translation.
        epoch: Number of the time in which the motion is known.
        is_moving: Whether the background moved lately, or may have.
        seconds_moving: How long it did.
    """

    def __init__(self, motion: CameraMotion | None) -> None:
        self._motion = motion
        self._key: CameraView | None = None  # that all is measured from
        self._last_view: CameraView | None = None
        self._key_time = self._time = -np.inf
        self._moved_time = -np.inf
        self._pending: Similarity | None = None  # since the key, of the tracker
        self.turn, self.shift = IDENTITY
        self.epoch = 0
        self.is_moving = False
        self.seconds_moving = 0.0

    def add(self, affine: np.ndarray) -> None:
        """Take in the motion (2, 3) from the last frame to this one, of the tracker."""
        turn, shift = _similarity(affine)
        past_turn, past_shift = self._pending or IDENTITY
        self._pending = turn * past_turn, turn * past_shift + shift

    def follow(self, frame: Frame, boxes: np.ndarray) -> None:
        """Go on to a frame.

        Args:
            frame: The frame.
            boxes: (N, 4) of the tracks in it, which are no background.
        """
        is_first = self._time == -np.inf
        self._time = frame.timestamp
        view = None
        if frame.load is not None and (self._motion or self._pending):
            view = CameraView.of(frame.image, boxes)
        if is_first or (view is not None and self._key is None):
            self._renew(view)
            return
        if view is None and self._pending is None:
            return
        motion = self._motion_since_key(view, frame.size)
        self._last_view = view
        if motion is None:
            self.epoch += 2  # the one between is of the frames between the two views
            self._count_motion()
            self._renew(view)
        elif motion != IDENTITY:
            turn, shift = motion
            self.turn, self.shift = (
                self.turn / turn,
                self.shift - self.turn * shift / turn,
            )
            self._count_motion()
            self._renew(view)
        self.is_moving = self._time - self._moved_time < MOVING_SECONDS

    def _count_motion(self) -> None:
        since = max(self._key_time, self._time - MOVING_SECONDS)
        self.seconds_moving += self._time - since
        self._moved_time = self._time

    def _renew(self, view: CameraView | None) -> None:
        """Measure from here on."""
        self._key = self._last_view = view
        self._key_time, self._pending = self._time, None

    def _motion_since_key(
        self, view: CameraView | None, size: tuple[int, int]
    ) -> Similarity | None:
        """Of the background, :data:`IDENTITY` at rest, ``None`` where it is not known.

        Args:
            view: Of the frame; ``None`` where it has no image.
            size: Width and height of the frame.
        """
        if view is None or self._key is None:
            return self._significant(self._pending, size)
        references = (
            [self._key]
            if self._last_view is self._key
            else [self._key, self._last_view]
        )
        for reference in references:
            if reference is None or reference.gray.shape != view.gray.shape:
                continue
            if _rests(reference, view):
                if self._time - self._key_time >= REST_INTERVAL:
                    self._renew(view)
                self._pending = None if self._pending is None else IDENTITY
                return IDENTITY
            motion = self._pending or self._estimated(reference, view)
            motion = self._significant(motion, size)
            if motion is None:
                continue
            if motion == IDENTITY or _explains(motion, reference, view):
                return motion
            if _reach(motion, size) < MAX_UNCONFIRMED * size[0]:
                return IDENTITY
        return None

    def _estimated(self, reference: CameraView, view: CameraView) -> Similarity | None:
        if self._motion is None:
            return None
        affine = self._motion.between(reference.small, view.small, reference.boxes)
        if affine is None:
            return None
        turn, shift = _similarity(affine)
        return turn, shift * view.factor

    def _significant(
        self, motion: Similarity | None, size: tuple[int, int]
    ) -> Similarity | None:
        """A motion; :data:`IDENTITY` where it is too small, ``None`` where it is none."""
        if motion is None or not np.isfinite(motion).all() or abs(motion[0]) < 0.5:
            return None
        is_small = _reach(motion, size) < REST_SHIFT * size[0]
        return IDENTITY if is_small else motion


def _similarity(affine: np.ndarray) -> Similarity:
    """The similarity nearest to an affine (2, 3)."""
    turn = complex(affine[0, 0] + affine[1, 1], affine[1, 0] - affine[0, 1]) / 2
    return turn, complex(*affine[:, 2])


def _reach(motion: Similarity, size: tuple[int, int]) -> float:
    """How far a motion takes a corner of the image at most, pixels."""
    width, height = size
    corners = np.array([0, width, 1j * height, width + 1j * height])
    return float(np.abs((motion[0] - 1) * corners + motion[1]).max())


def _rests(reference: CameraView, view: CameraView) -> bool:
    """Whether two views are more alike than with one of them a pixel to any side."""
    height, width = view.gray.shape
    middle = slice(1, height - 1), slice(1, width - 1)
    is_background = (reference.mask & view.mask)[middle]
    if is_background.mean() < MIN_BACKGROUND:
        return False
    gray, weights = view.gray[middle], is_background.astype(np.uint8)

    def difference(down: int, right: int) -> float:
        part = reference.gray[
            1 + down : height - 1 + down, 1 + right : width - 1 + right
        ]
        return cv2.mean(cv2.absdiff(part, gray), weights)[0]

    plain = difference(0, 0)
    sides = [difference(*side) for side in ((0, 1), (0, -1), (1, 0), (-1, 0))]
    return plain <= MAX_DIFFERENCE * min(sides) and min(sides) > 0


def _explains(motion: Similarity, reference: CameraView, view: CameraView) -> bool:
    """Whether the background of two views is more alike with a motion than without."""
    turn, shift = motion[0], motion[1] / view.factor
    affine = np.array(
        [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    )
    size = view.gray.shape[1::-1]
    planes = cv2.merge([reference.gray, reference.mask.astype(np.uint8)])
    warped, warped_mask = cv2.split(cv2.warpAffine(planes, affine, size))
    is_background = (warped_mask > 0) & view.mask & reference.mask
    if is_background.mean() < MIN_BACKGROUND:
        return False
    weights = is_background.astype(np.uint8)
    warped_change, plain_change = (
        cv2.mean(cv2.absdiff(part, view.gray), weights)[0]
        for part in (warped, reference.gray)
    )
    return warped_change <= MAX_DIFFERENCE * plain_change


def camera_path_poses_at(
    times: np.ndarray, poses: Sequence[tuple[float, complex, complex]]
) -> tuple[np.ndarray, np.ndarray]:
    """Turns and shifts at some times, linear between those that are known.

    Args:
        times: (N,) seconds.
        poses: Time, turn and shift, one or more, in the order of time.
    """
    pose_times = np.array([pose[0] for pose in poses])
    turns, shifts = (np.array([pose[i] for pose in poses]) for i in (1, 2))
    return (
        np.interp(times, pose_times, turns),
        np.interp(times, pose_times, shifts),
    )
