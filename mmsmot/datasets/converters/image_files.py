"""The images of a sequence: linked, copied, or left where they are."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import cv2

from ...utils.number_ranges import require_choice
from ..image_decoder import read_image
from ..image_sequence import ImageSequence

PLACEMENTS = ('symlink', 'hardlink', 'copy', 'none')


def require_image_files(video: ImageSequence) -> None:
    """Check that every image of a video is there.

    Raises:
        ValueError: The video has no images at all.
        FileNotFoundError: Some are missing; names the first.
    """
    if video.image_paths is None:
        raise ValueError(
            f'{video.video.name}: no images in {video.video.path}. To convert boxes '
            'and semantics alone, give --images none.'
        )
    missing = [path for path in video.image_paths if not os.path.isfile(path)]
    if missing:
        raise FileNotFoundError(
            f'{video.video.name}: {len(missing)} of {len(video)} images are missing, '
            f'first: {missing[0]}. Is this the folder that file names are relative to? '
            'To convert boxes and semantics alone, give --images none.'
        )


def place_images(
    video: ImageSequence, folder: Path, placement: str, suffixes: Sequence[str]
) -> None:
    """Put a video's images into a folder, named by their frame numbers.

    Args:
        video: Where they are.
        folder: Where they go; it is made.
        placement: ``'symlink'`` (absolute), ``'hardlink'``, ``'copy'`` or ``'none'``.
        suffixes: Those the layout knows. An image with another one is written anew as
            PNG by ``'copy'``.

    Raises:
        ValueError: The video has no images, ``placement`` is unknown, or links are
            asked for of an image that would have to be written anew.
        FileNotFoundError: An image is missing.
        OSError: A link cannot be made, such as a hard link to another disk.
    """
    require_choice('place_images', PLACEMENTS, placement=placement)
    if placement == 'none':
        return
    require_image_files(video)
    folder.mkdir()
    for frame_id, path in zip(video.frame_ids.tolist(), video.image_paths, strict=True):
        source = Path(os.path.abspath(path))
        suffix = source.suffix.lower()
        target = folder / f'{frame_id:06d}{suffix}'
        if suffix not in suffixes:
            _write_anew(source, target.with_suffix('.png'), placement, suffixes)
        elif placement == 'copy':
            shutil.copyfile(source, target)
        elif placement == 'hardlink':
            # Of a link the file it leads to: a link to it would break with it.
            os.link(source.resolve(), target)
        else:
            target.symlink_to(source)


def _write_anew(
    source: Path, target: Path, placement: str, suffixes: Sequence[str]
) -> None:
    if placement != 'copy':
        raise ValueError(
            f'{source}: the layout knows only {", ".join(suffixes)}. --images copy '
            'writes such images anew as PNG.'
        )
    if not cv2.imwrite(str(target), read_image(source)):
        raise OSError(f'{target}: could not be written; is the disk full?')
