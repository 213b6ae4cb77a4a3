"""What the tests of reading share: a log, and videos and sequences made on the spot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from mmengine.logging import MMLogger


@pytest.fixture
def logged() -> Iterator[list[logging.LogRecord]]:
    """What was logged through MMEngine while the test ran."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def numbered_image(number: int, width: int = 64, height: int = 48) -> np.ndarray:
    """An image that says its number by its grey (5 steps each) under some texture."""
    image = np.full((height, width, 3), 5 * number % 250, np.uint8)
    rng = np.random.default_rng(number)
    image[height // 2 :] = rng.integers(0, 255, (height - height // 2, width, 1))
    return image


@pytest.fixture
def number_of() -> Callable[[np.ndarray], int]:
    """Reads the number of an image made by ``write_video`` or ``write_images``."""

    def read(image: np.ndarray) -> int:
        return round(float(np.median(image[4:20, 4:-4])) / 5)

    return read


@pytest.fixture
def write_video() -> Callable[..., Path]:
    """Writes a video whose images say their numbers, from 1."""

    def write(
        path: Path,
        num_frames: int = 40,
        codec: str = 'libx264',
        rotation: float = 0,
        faststart: bool = True,
        times: list[int] | None = None,
    ) -> Path:
        options = (
            {'movflags': 'faststart'} if faststart and path.suffix == '.mp4' else {}
        )
        with av.open(str(path), 'w', options=options) as container:
            stream = container.add_stream(codec, rate=Fraction(25))
            stream.width, stream.height, stream.pix_fmt = 64, 48, 'yuv420p'
            stream.codec_context.time_base = Fraction(1, 25)
            if rotation:
                stream.set_display_rotation(rotation)
            for index in range(num_frames):
                image = numbered_image(index + 1)
                frame = av.VideoFrame.from_ndarray(image, format='bgr24').reformat(
                    format='yuv420p', interpolation=Interpolation.ACCURATE_RND
                )
                frame.pts = index if times is None else times[index]
                frame.time_base = Fraction(1, 25)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture
def write_images() -> Callable[..., Path]:
    """Writes a folder of images under the names given; they say their position."""

    def write(folder: Path, names: list[str]) -> Path:
        folder.mkdir(parents=True)
        for number, name in enumerate(names, start=1):
            assert cv2.imwrite(str(folder / name), numbered_image(number))
        return folder

    return write


@pytest.fixture
def write_sequence(write_images: Callable[..., Path]) -> Callable[..., Path]:
    """Writes a MOTChallenge sequence: T images, one pedestrian and one car a frame."""

    def write(
        folder: Path, num_frames: int = 6, gt: bool = True, seqinfo: bool = True
    ) -> Path:
        frames = range(1, num_frames + 1)
        write_images(folder / 'img1', [f'{frame:06d}.png' for frame in frames])
        if seqinfo:
            (folder / 'seqinfo.ini').write_text(
                f'[Sequence]\nname={folder.name}\nimDir=img1\nframeRate=20\n'
                f'seqLength={num_frames}\nimWidth=64\nimHeight=48\nimExt=.png\n'
            )
        (folder / 'det').mkdir()
        (folder / 'det' / 'det.txt').write_text(
            ''.join(f'{frame},-1,{frame},5,10,20,0.9\n' for frame in frames)
        )
        if gt:
            (folder / 'gt').mkdir()
            (folder / 'gt' / 'gt.txt').write_text(
                ''.join(f'{f},1,{f},5,10,20,1,1,1\n' for f in frames)
                + ''.join(f'{f},2,{f},25,10,20,0,3,0.5\n' for f in frames)
            )
        return folder

    return write


def graphml(nodes: list[str], edges: list[tuple[str, str, str]]) -> str:
    """A graph as BenSMOT writes it, one edge a line, the first in line 4."""
    lines = ['<?xml version="1.0" encoding="utf-8"?>']
    lines.append(
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="d0" for="edge" '
        'attr.name="relationship" attr.type="string"/><graph edgedefault="directed">'
    )
    lines.append(''.join(f'<node id="{node}"/>' for node in nodes))
    for source, target, verbs in edges:
        lines.append(
            f'<edge source="{source}" target="{target}">'
            f'<data key="d0">{verbs}</data></edge>'
        )
    return '\n'.join([*lines, '</graph></graphml>\n'])


@pytest.fixture
def write_bensmot() -> Callable[..., Path]:
    """Writes a BenSMOT sequence: by default 6 frames and two people, nothing odd.

    A file whose argument is ``None`` is not written; bytes are written as they are.
    """

    def write(
        folder: Path,
        frames: tuple[int, ...] = (1, 2, 3, 4, 5, 6),
        gt: str | bytes | None = 'default',
        captions: str | bytes | None = 'man0: A man waves.\nwoman0: A woman runs.\n',
        edges: tuple[tuple[str, str, str], ...] = (
            ('man0', 'woman0', 'look.v.01,follow.v.01'),
        ),
        nodes: tuple[str, ...] = ('man0', 'woman0'),
        graph: str | bytes | None = 'default',
        caption: str | bytes | None = 'Two people are here.\n',
        spans: str | None = None,
        expressions: dict[str, str] | None = None,
    ) -> Path:
        (folder / 'imgs').mkdir(parents=True)
        for frame in frames:
            path = folder / 'imgs' / f'{frame:03d}.jpg'
            assert cv2.imwrite(str(path), numbered_image(frame))
        if gt == 'default':
            gt = ''.join(
                f'{f},{i},{f},{5 * i},10,20,1,1,0.5\n' for f in frames for i in (1, 2)
            )
        if graph == 'default':
            graph = graphml(list(nodes), list(edges))
        texts = {
            'gt/gt.txt': gt,
            'instance_captions.txt': captions,
            'interactions.graphml': graph,
            'video_caption.txt': caption,
            'semantic_trajectories.json': spans,
        }
        for name, text in (expressions or {}).items():
            texts[f'expressions/{name}'] = text
        for name, text in texts.items():
            if text is not None:
                (folder / name).parent.mkdir(exist_ok=True)
                data = text.encode() if isinstance(text, str) else text
                (folder / name).write_bytes(data)
        return folder

    return write
