"""Frames decoded by FFmpeg: their orientation, upright size, and BGR array."""

from __future__ import annotations

import av
import numpy as np

from .image_decoder import TURNS, apply_exif_orientation

ORIENTATIONS = {turn: orientation for orientation, turn in TURNS.items()}
MIRRORS = {
    (False, False): None,
    (True, False): 1,
    (False, True): 0,
    (True, True): -1,
}  # along x and y, as cv2.flip names them
MIRRORED = (2, 4, 5, 7)  # orientations that no turn of the camera explains


def frame_orientation(av_frame: av.VideoFrame) -> int:
    """The EXIF orientation that the file's display matrix stands for; 1 without one.

    A matrix ``[[a, b], [c, d]]`` shows the pixel x, y at a x + c y, b x + d y: phones
    write turns, front cameras mirrors too. One that is askew counts as the nearest.
    """
    data = av_frame.side_data.get('DISPLAYMATRIX')
    if data is None:
        return 1
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].astype(np.int64).tolist()
    is_transposed = abs(b) + abs(c) > abs(a) + abs(d)
    along_x, along_y = (c, b) if is_transposed else (a, d)
    return ORIENTATIONS[is_transposed, MIRRORS[along_x < 0, along_y < 0]]


def upright_frame_size(av_frame: av.VideoFrame) -> tuple[int, int]:
    """Width and height of an image once it is turned upright."""
    if TURNS[frame_orientation(av_frame)][0]:
        return av_frame.height, av_frame.width
    return av_frame.width, av_frame.height


def decoded_frame_to_bgr(av_frame: av.VideoFrame) -> np.ndarray:
    """The image as (H, W, 3) uint8 BGR, turned upright."""
    # One thread: for a single frame, starting more costs more than they save.
    image = av_frame.to_ndarray(format='bgr24', threads=1)
    return apply_exif_orientation(image, frame_orientation(av_frame))
