"""A folder of numbered images, alone or inside a MOTChallenge sequence folder."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from ..structures import Frame, VideoInfo, read_mot_rows
from ..structures.frame_numbering import LAST_FRAME, frame_number_offset
from ..utils.log_once import log_once
from .image_decoder import decode_image, has_8_bits, image_size, read_encoded
from .seqinfo import FILE_NAME as SEQINFO
from .seqinfo import SeqInfo, read_seqinfo

IMAGE_SUFFIXES = ('.bmp', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')
DEFAULT_FPS = 30.0
# A longer number in a file name is a date or a clock, not a count of frames.
MAX_DIGITS = 8
FIRST_IMAGE = 'the first image of the folder'
MOST_WARNINGS = 20  # that are kept of one sequence; its images may all be alike
# Frames without images, each of which a tracker steps through: minutes of it, and so
# many for each frame that has a row. What is above is a number with a digit too many.
MOST_EMPTY_FRAMES, MOST_FRAMES_A_ROW = 10**6, 1000


class ImageSequence:
    """The frames of a folder; an image is read from disk on first access.

    Attributes:
        video: What is known of the video.
        frame_ids: (T,) int64, original frame numbers, ascending.
        image_paths: T files, or ``None`` where the video has no images (detections
            and truth alone).
        warnings: Messages for whoever reads the results; grows as images are read.
        size_source: What states the width and height of ``video``, for messages.
    """

    def __init__(
        self,
        video: VideoInfo,
        frame_ids: np.ndarray,
        image_paths: list[str] | None = None,
        warnings: Sequence[str] = (),
        size_source: str = FIRST_IMAGE,
    ) -> None:
        self.video = video
        self.size_source = size_source
        self.frame_ids = frame_ids
        self.image_paths = image_paths
        self.warnings = list(warnings)

    def __len__(self) -> int:
        return len(self.frame_ids)

    def __iter__(self) -> Iterator[Frame]:
        return map(self.frame_at, range(len(self)))

    def frame_at(self, position: int) -> Frame:
        """The frame at a position (from 0) in ``frame_ids``."""
        frame_id = int(self.frame_ids[position])
        load = None
        if self.image_paths is not None:
            load = ImageFile(
                self.image_paths[position],
                (self.video.width, self.video.height),
                self.size_source,
                self.warnings,
            )
        return Frame(self.video, frame_id, (frame_id - 1) / self.video.fps, load)

    def on_frames(self, frame_ids: np.ndarray) -> ImageSequence:
        """The same video with these of its frames alone.

        ``video`` stays that of all frames: files that lie beside the images count them.
        """
        positions = np.flatnonzero(np.isin(self.frame_ids, frame_ids))
        paths = self.image_paths
        if paths is not None:
            paths = [paths[position] for position in positions.tolist()]
        return ImageSequence(
            self.video,
            self.frame_ids[positions],
            paths,
            self.warnings,
            self.size_source,
        )


@dataclass(frozen=True)
class ImageFile:
    """How the image of a frame is loaded from its file: the ``load`` of a ``Frame``.

    Attributes:
        path: The file.
        size: Width and height that its video states, ``None`` where it does not.
        size_source: What states them.
        warnings: Gets what whoever reads the results must know.
    """

    path: str
    size: tuple[int | None, int | None]
    size_source: str
    warnings: list[str]

    def __call__(self) -> np.ndarray:
        """The image, (H, W, 3) uint8 BGR.

        Raises:
            OSError: It cannot be read.
            ValueError: It cannot be decoded, or has another size than the sequence.
        """
        image, note = decode_image(self.path)
        if note is not None:
            log_once(note)
            if note not in self.warnings and len(self.warnings) < MOST_WARNINGS:
                self.warnings.append(note)
        height, width = image.shape[:2]
        if None not in self.size and self.size != (width, height):
            raise ValueError(
                f'{self.path}: the image is {width}x{height}, its video '
                f'{self.size[0]}x{self.size[1]} (by {self.size_source}). Boxes of both '
                'cannot be in one trajectory: scale it, move it to a folder of its own, '
                'or delete it to skip the frame.'
            )
        return image

    def identity(self) -> bytes | None:
        """What tells the image apart without decoding it, for caches.

        The bytes of the file and the size that the image must have. ``None`` where whoever
        reads the results must be told something that decoding alone tells: of more than 8
        bits a channel.
        """
        data = read_encoded(self.path)
        if not has_8_bits(data):
            return None
        return f'{self.size} '.encode() + data


def is_image_name(name: str) -> bool:
    """Whether a file of this name counts as a frame; a hidden one does not."""
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith('.')


def is_image_sequence_folder(folder: str | os.PathLike) -> bool:
    """Whether a folder has something of a MOTChallenge sequence in it."""
    folder = Path(folder)
    marks = ('seqinfo.ini', 'img1', 'det/det.txt', 'gt/gt.txt', 'det.txt', 'gt.txt')
    return any((folder / mark).exists() for mark in marks)


def open_image_sequence(folder: str | os.PathLike) -> ImageSequence:
    """Open a folder of images or a MOTChallenge sequence folder.

    The images are those of the folder that ``seqinfo.ini`` names (``img1`` by default),
    else those that lie in ``folder`` itself. They decide which frames the video has,
    whatever ``seqLength`` says, and the first of them its size, whatever ``imWidth`` and
    ``imHeight`` say, with a warning. Without images the frames are 1 to ``seqLength``, or
    to the last frame of ``det.txt`` and ``gt.txt``.

    Frame numbers are the last number in each file name and keep their holes. Where
    those are no numbering (missing, repeated, or longer than 8 digits), the position in
    natural order counts, from 1; a numbering from 0 is moved to start at 1.

    Raises:
        ValueError: There is neither an image nor a row of detections or truth, or the
            first image or ``seqinfo.ini`` cannot be read; or, without images, there
            are far more frames than rows.
    """
    # Not the resolved path: a link's own name is the name its user gave the video.
    folder = Path(os.path.abspath(folder))
    info = read_seqinfo(folder)
    files = _side_files(folder)
    images = _find_images(folder, info or SeqInfo())
    from_zero = False
    if images:
        frame_ids, images, from_zero = _numbered(images, folder)
    else:
        frame_ids = np.arange(1, _last_frame(folder, info, files) + 1)
    fps = info.fps if info else None
    if fps is None:
        fps = DEFAULT_FPS
        _log(f'{folder}: no frameRate in a seqinfo.ini; taking {fps:g} frames a second')
    size, size_source, warnings = _size_of(images, info or SeqInfo(), folder)
    if images and info and info.length not in (None, len(images)):
        _log(
            f'{folder}: {len(images)} images of the {info.length} frames that '
            'seqinfo.ini states; the images decide'
        )
    video = VideoInfo(folder.name, str(folder), fps, *size, files, frame_ids, from_zero)
    return ImageSequence(video, frame_ids, images or None, warnings, size_source)


def _size_of(
    images: list[str], info: SeqInfo, folder: Path
) -> tuple[tuple[int | None, int | None], str, list[str]]:
    """(width, height) of the first image, what states them, and warnings.

    Without images, or where the first cannot be read, those of ``seqinfo.ini``.
    """
    width, height = info.width, info.height
    if not images:
        return (width, height), SEQINFO, []
    try:
        size = image_size(images[0])
    except (OSError, ValueError):
        if width is None or height is None:
            raise
        # Reading the frame itself raises the error.
        source = f'{SEQINFO}, as {images[0]} cannot be read'
        return (width, height), source, []
    if width in (None, size[0]) and height in (None, size[1]):
        return size, FIRST_IMAGE, []
    warning = (
        f'{folder}: the images are {size[0]}x{size[1]}, seqinfo.ini states '
        f'{width}x{height}; the images decide. Boxes of det.txt or gt.txt that were '
        'measured in the other size do not fit: scale them, or correct imWidth and '
        'imHeight.'
    )
    _log(warning, logging.WARNING)
    return size, FIRST_IMAGE, [warning]


def _side_files(folder: Path) -> dict[str, str]:
    """``det`` and ``gt`` files in MOTChallenge's layout or lying flat in the folder."""
    files = {}
    for role in ('det', 'gt'):
        for path in (folder / role / f'{role}.txt', folder / f'{role}.txt'):
            if path.is_file():
                files[role] = str(path)
                break
    return files


def _find_images(folder: Path, info: SeqInfo) -> list[str]:
    image_dir = folder / info.image_dir
    nested = image_dir.is_dir()
    images = [
        entry.path
        for entry in os.scandir(image_dir if nested else folder)
        if is_image_name(entry.name)
    ]
    if nested and not images:
        raise ValueError(
            f'{image_dir}: no image in it (looked for {", ".join(IMAGE_SUFFIXES)}). Put '
            'the frames there, or delete the folder to work on det.txt and gt.txt alone.'
        )
    return images


def _numbered(images: list[str], folder: Path) -> tuple[np.ndarray, list[str], bool]:
    """(T,) frame numbers, ascending, the images in their order, and whether the names
    count from 0."""
    images = sorted(images, key=_natural)
    matches = [re.findall('[0-9]+', Path(image).stem)[-1:] for image in images]
    texts = [digits[0] for digits in matches if digits and len(digits[0]) <= MAX_DIGITS]
    numbers = np.array(texts, dtype=np.int64)
    if len(numbers) < len(images) or len(np.unique(numbers)) < len(images):
        _log(
            f'{folder}: the file names hold no frame numbering ({Path(images[0]).name}, '
            '...); numbering the images from 1 in natural order'
        )
        return np.arange(1, len(images) + 1), images, False
    order = np.argsort(numbers)
    numbers, images = numbers[order], [images[i] for i in order]
    from_zero = bool(numbers[0] == 0)
    if from_zero:
        _log(f'{folder}: the file names count from 0; frame number = file number + 1')
        numbers += 1
    missing = int(numbers[-1] - numbers[0]) + 1 - len(numbers)
    if missing:
        _log(
            f'{folder}: {missing} numbers between {numbers[0]} and {numbers[-1]} have no '
            f'image; the {len(numbers)} frames there are keep their original numbers'
        )
    return numbers, images, from_zero


def _natural(path: str) -> list[tuple[bool, int | str]]:
    parts = re.split('([0-9]+)', os.path.basename(path).lower())
    return [
        (not is_number, int(part) if is_number else part)
        for part, is_number in zip(parts, cycle((False, True)), strict=False)
    ]


def _last_frame(folder: Path, info: SeqInfo | None, files: dict[str, str]) -> int:
    stated = info.length if info and files else None
    if stated and stated <= MOST_EMPTY_FRAMES:
        return stated
    frames, misfit = [np.empty(0)], ''
    for path in files.values():
        numbers = read_mot_rows(path)[:, 0]
        # Readers drop the rows of others, so no frame is read for them.
        rows = numbers[(numbers >= 0) & (numbers <= LAST_FRAME)]
        frames.append(rows + frame_number_offset(numbers, path))
        if len(numbers) and not len(rows):
            misfit = (
                f' The frame numbers of {path} are none from 0 to {LAST_FRAME}, the first '
                f'is {numbers[0]:g}.'
            )
    num_boxed = len(np.unique(np.concatenate(frames)))
    last_frame = stated or int(np.concatenate(frames).max(initial=0))
    if last_frame > min(
        max(MOST_EMPTY_FRAMES, MOST_FRAMES_A_ROW * num_boxed), LAST_FRAME
    ):
        source = 'seqLength of seqinfo.ini' if stated else 'the last row'
        raise ValueError(
            f'{folder}: {source} states {last_frame} frames, but there is no image and rows are '
            f'in {num_boxed} frames only. Correct that number.'
        )
    if last_frame < 1:
        raise ValueError(
            f'{folder}: no frames. Expected images ({", ".join(IMAGE_SUFFIXES)}) in it, '
            'or a MOTChallenge sequence: seqinfo.ini with img1/*.jpg, det/det.txt, '
            f'gt/gt.txt.{misfit}'
        )
    return last_frame


def _log(message: str, level: int = logging.INFO) -> None:
    print_log(message, logger='current', level=level)
