"""Images as a video file says that they are to be shown."""

from __future__ import annotations

import av
import numpy as np
import pytest

from mmsmot.datasets.video_file import VideoFile


@pytest.mark.parametrize(
    ('a', 'b', 'c', 'd', 'expected'),
    [
        (-1, 0, 0, 1, 'GR WB'),
        (1, 0, 0, -1, 'BW RG'),
        (-1, 0, 0, -1, 'WB GR'),
        (0, 1, 1, 0, 'RB GW'),
        (0, -1, -1, 0, 'WG BR'),
        (0, 1, -1, 0, 'BR WG'),
        (0, -1, 1, 0, 'GW RB'),
    ],
)
def test_a_mirrored_display_matrix(tmp_path, a, b, c, d, expected) -> None:
    colors = dict(R=(0, 0, 220), G=(0, 220, 0), B=(220, 0, 0), W=(240, 240, 240))
    corners = np.array([[colors['R'], colors['G']], [colors['B'], colors['W']]])
    image = corners.astype(np.uint8).repeat(32, 0).repeat(48, 1)
    matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    with av.open(str(tmp_path / 'a.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, 'yuv420p'
        stream.set_display_matrix(matrix)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'bgr24')))
        container.mux(stream.encode())
    video = VideoFile(tmp_path / 'a.mp4')
    (frame,) = video
    height, width = frame.image.shape[:2]
    assert (width, height) == (video.video.width, video.video.height)
    assert (width, height) == ((64, 96) if a == 0 else (96, 64))
    corner = [
        min(
            colors,
            key=lambda k: np.abs(frame.image[y, x].astype(int) - colors[k]).sum(),
        )
        for y in (height // 4, height * 3 // 4)
        for x in (width // 4, width * 3 // 4)
    ]
    assert '{}{} {}{}'.format(*corner) == expected
