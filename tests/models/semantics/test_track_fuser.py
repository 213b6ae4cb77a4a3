"""Boxes as fractions of their frames."""

from __future__ import annotations

import numpy as np
import torch

from mmsmot.models.semantics.track_fuser import frame_relative_boxes
from mmsmot.structures import Frame, VideoInfo


def test_boxes_are_divided_by_the_size_of_their_own_frame() -> None:
    sizes = [(100, 50), (None, None), (10, 20)]
    frames = [
        Frame(VideoInfo('v', 'v', width=width, height=height), i + 1, 0.0)
        for i, (width, height) in enumerate(sizes)
    ]
    boxes = np.array([[5, 5, 10, 20], [50, 25, 100, 50], [0, 10, 10, 20.0]])
    # The second has no boxes, nor an image that would tell its size.
    fractions = frame_relative_boxes(frames, [2, 0, 2], boxes, torch.device('cpu'))
    assert fractions.dtype == torch.float32
    assert fractions.tolist() == [[0.5, 0.25, 1, 1], [0.5, 0.5, 1, 1], [0, 0.5, 1, 1]]
    empty = frame_relative_boxes(frames, [], np.zeros((0, 4)), torch.device('cpu'))
    assert empty.shape == (0, 4)
