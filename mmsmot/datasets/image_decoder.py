"""The one decoder of image files: every reader, converter and page goes through it."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from typing import BinaryIO

import cv2
import numpy as np
from PIL import Image

from ..utils.log_once import log_once

MAX_PIXELS_VARIABLE = 'MMSMOT_MAX_PIXELS'
MAX_PIXELS = 178_956_970  # where Pillow refuses an image too: 0.5 GB once decoded
MOST_BYTES = 8  # of a pixel in a file: 16 bits of red, green, blue and alpha
FORMATS = ('BMP', 'GIF', 'JPEG', 'JPEG2000', 'PNG', 'PPM', 'TIFF', 'WEBP')
JPEGS = ('JPEG', 'MPO')
START_OF_SCAN, END_OF_IMAGE = b'\xff\xda', b'\xff\xd9'  # markers of JPEG
FILLER = b'\x5a' * 64  # bits of pixels, whatever the Huffman table
EXIF_ORIENTATION = 0x0112
# What each EXIF orientation does to an image: transpose it, then mirror its axes.
TURNS = {
    1: (False, None),
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}
DARKEST, BRIGHTEST = 0.5, 99.5  # percentiles that become 0 and 255: a few dead pixels
FULL_RANGE = 2**15  # 16 bits that use half of their range keep their upper 8
SAMPLED = 2**18  # values that percentiles are taken of


@dataclass(frozen=True)
class ImageHeader:
    """What an image file states before its pixels.

    Attributes:
        format: Pillow's name of the format.
        width: In pixels, of the image as it is shown (turned by its EXIF orientation).
        height: In pixels, likewise.
        orientation: EXIF orientation that is still to be applied to what OpenCV decodes.
    """

    format: str
    width: int
    height: int
    orientation: int = 1


def read_image(path: str | os.PathLike) -> np.ndarray:
    """Read an image as (H, W, 3) uint8 BGR, turned upright by its EXIF orientation.

    What had to be done to it is logged, once for a folder.

    Raises:
        OSError: There is no such file, or it may not be read.
        ValueError: It cannot be decoded, is cut short, or has more pixels than
            ``MMSMOT_MAX_PIXELS`` allows; names the file.
    """
    image, note = decode_image(path)
    if note is not None:
        log_once(note)
    return image


def decode_image(path: str | os.PathLike) -> tuple[np.ndarray, str | None]:
    """As :func:`read_image`; and what its reader must know, ``None`` for nothing.

    Images of 16 bits or floats are brought to 8 bits: where they use less than half of
    the 16 bits, the 0.5th percentile of the image becomes 0 and the 99.5th 255.
    """
    data = read_encoded(path)
    header = _header(io.BytesIO(data), path)
    if header.format in JPEGS and data.rfind(END_OF_IMAGE) < data.rfind(START_OF_SCAN):
        image = _jpeg_without_end(data, path)
    else:
        image = _pixels(data)
    if image is None:
        raise ValueError(_unreadable(path))
    note = None
    if image.dtype != np.uint8:
        note = (
            f'{os.path.dirname(path) or "."}: images of more than 8 bits a channel '
            f'({image.dtype}); each is brought to 8 bits, stretched between its '
            f'{DARKEST:g}th and {BRIGHTEST:g}th percentile where it uses a part of its '
            'range'
        )
        image = decoded_to_uint8(image)
    return apply_exif_orientation(image, header.orientation), note


def read_encoded(path: str | os.PathLike) -> bytes:
    """The bytes of an image file.

    Raises:
        OSError: There is no such file, or it may not be read.
        ValueError: It is no regular file, or larger than any image that is read.
    """
    with _open(path) as stream:
        return stream.read()


def has_8_bits(data: bytes) -> bool:
    """Whether an encoded image surely has 8 bits a channel or fewer: a JPEG, or a PNG that
    says so in the 25th byte."""
    if data[:2] == b'\xff\xd8':
        return True
    return data[:8] == b'\x89PNG\r\n\x1a\n' and data[24:25] <= b'\x08'


def image_size(path: str | os.PathLike) -> tuple[int, int]:
    """Width and height of an image as it is shown, from its header alone.

    Raises:
        OSError: There is no such file, or it may not be read.
        ValueError: It is no image, or has too many pixels; names the file.
    """
    with _open(path) as stream:
        header = _header(stream, path)
    return header.width, header.height


def max_image_pixels() -> int:
    """The most pixels an image may have; set by ``MMSMOT_MAX_PIXELS``.

    Raises:
        ValueError: The variable holds no whole number above 0.
    """
    text = os.environ.get(MAX_PIXELS_VARIABLE, '').strip()
    if not text:
        return MAX_PIXELS
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**31):
        raise ValueError(
            f'{MAX_PIXELS_VARIABLE} must be a number of pixels from 1 to {2**31 - 1}, got '
            f'{text!r}'
        )
    # Pillow has a bound of its own, for which whoever raises ours has no use.
    if Image.MAX_IMAGE_PIXELS is not None:
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS, int(text))
    return int(text)


def decoded_to_uint8(image: np.ndarray) -> np.ndarray:
    """An image of any depth as uint8; see :func:`decode_image`."""
    if image.dtype == np.uint8:
        return image
    # Whole pixels: every third value of an image would be of the blue channel alone.
    pixels = image.reshape(image.shape[0] * image.shape[1], -1)
    values = pixels[:: max(1, image.size // SAMPLED)]
    values = values[np.isfinite(values)]
    if not len(values):
        return np.zeros(image.shape, np.uint8)
    low, high = np.percentile(values, (DARKEST, BRIGHTEST))
    if image.dtype == np.uint16 and high - low >= FULL_RANGE:
        return (image >> 8).astype(np.uint8)
    if high == low:  # but for a few pixels
        low, high = float(values.min()), float(values.max())
    scale = 255 / (high - low) if high > low else 0.0
    stretched = (image.astype(np.float64) - low) * scale
    return np.nan_to_num(stretched).clip(0, 255).round().astype(np.uint8)


def apply_exif_orientation(image: np.ndarray, orientation: int) -> np.ndarray:
    """An image as its EXIF orientation wants it shown."""
    transposed, mirrored = TURNS[orientation]
    if transposed:
        image = cv2.transpose(image)
    return image if mirrored is None else cv2.flip(image, mirrored)


def _open(path: str | os.PathLike) -> BinaryIO:
    """The file, by Python, since OpenCV takes no name that is not UTF-8."""
    facts = os.stat(path)
    if not stat.S_ISREG(facts.st_mode):
        raise ValueError(
            f'{path}: a folder, pipe or device, not an image. Remove it, or give it '
            'another name, to skip the frame.'
        )
    limit = max_image_pixels()
    if facts.st_size > MOST_BYTES * limit + 2**20:
        raise ValueError(
            f'{path}: {facts.st_size} bytes are more than an image of {limit} pixels '
            f'has. If it is one, raise {MAX_PIXELS_VARIABLE}.'
        )
    return open(path, 'rb')


def _header(stream: BinaryIO, path: str | os.PathLike) -> ImageHeader:
    try:
        with Image.open(stream, formats=FORMATS) as image:
            width, height = image.size
            kind = image.format or ''
            orientation = _orientation(image)
    except Image.DecompressionBombError as error:
        raise ValueError(_too_large(path, str(error))) from error
    except Exception as error:  # Pillow's readers raise all sorts on damaged files
        raise ValueError(_unreadable(path)) from error
    if width * height > max_image_pixels():
        raise ValueError(_too_large(path, f'{width}x{height}'))
    if TURNS[orientation][0]:
        width, height = height, width
    return ImageHeader(kind, width, height, orientation)


def _orientation(image: Image.Image) -> int:
    if image.format == 'TIFF':  # Pillow's size is turned already, and so is the image
        return 1
    try:
        orientation = image.getexif().get(EXIF_ORIENTATION)
    except Exception:  # damaged EXIF data: the image is as good as without
        return 1
    return orientation if orientation in TURNS else 1


def _pixels(data: bytes) -> np.ndarray | None:
    """(H, W, 3) of any depth, not turned; ``None`` where OpenCV cannot decode it."""
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    values = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(values, flags)
        if image is None and data[:2] in (b'II', b'MM'):
            # A TIFF of degrees, one float a pixel, OpenCV makes no colours of.
            image = cv2.imdecode(values, cv2.IMREAD_ANYDEPTH)
            image = None if image is None else image[..., None].repeat(3, axis=2)
    except cv2.error:
        return None
    return image


def _jpeg_without_end(data: bytes, path: str | os.PathLike) -> np.ndarray | None:
    """A JPEG that lacks its end mark, as some cameras leave it, but no pixel.

    A decoder fills what is missing with grey and does not say so. But then bytes put
    behind change the image, while behind a whole one they are passed over.
    """
    data = data.removesuffix(b'\xff')  # half of the mark
    image = _pixels(data + END_OF_IMAGE)
    with_filler = _pixels(data + FILLER + END_OF_IMAGE)
    if image is not None and not np.array_equal(image, with_filler):
        raise ValueError(
            f'{path}: the image is cut short, its lower part is missing. Replace the '
            'file, or delete it to skip the frame.'
        )
    return image


def _unreadable(path: str | os.PathLike) -> str:
    return (
        f'{path}: not an image that OpenCV can read (damaged, empty, or another format '
        'under this name). Replace the file, or delete it to skip the frame.'
    )


def _too_large(path: str | os.PathLike, size: str) -> str:
    return (
        f'{path}: the image states a size of more than {max_image_pixels()} pixels ({size}). '
        f'If it is really that large, raise {MAX_PIXELS_VARIABLE}; else replace the file, '
        'or delete it to skip the frame.'
    )
