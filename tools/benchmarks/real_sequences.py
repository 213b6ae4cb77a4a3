"""Sequences that are a video file with boxes beside it, and what detectors see in them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mmengine.config import Config

from mmsmot.datasets import VideoReader, open_video
from mmsmot.datasets.image_sequence import is_image_name
from mmsmot.engine import load_config, set_config_weights
from mmsmot.models.detectors import CachedDetector, DetectionFile
from mmsmot.models.reid import BaseReID
from mmsmot.registry import MODELS
from mmsmot.structures import Detections, Frame, Trajectories, read_trajectories

VIDEOS = ('.avi', '.mp4', '.mkv', '.mov', '.webm')
PUBLIC, YOLOX_NANO = 'public-detections', 'yolox-nano'
SOURCES = (YOLOX_NANO, PUBLIC)
TIMED_FRAMES = 40  # whose detection and embedding is timed


@dataclass(eq=False)
class RealSequence:
    """A folder with a video, ``gt.txt`` and ``det.txt``.

    Attributes:
        name: The folder's.
        video: The video file, or the folder where it has ``img1``.
        gt: The true boxes, every row and flag.
        det_path: The public detections.
        detections: Of each frame, with embeddings, by source.
        milliseconds: Processor time a frame of each stage that was timed, by name.
    """

    name: str
    video: Path
    gt: Trajectories
    det_path: Path
    detections: dict[str, list[Detections]] = field(default_factory=dict)
    milliseconds: dict[str, float] = field(default_factory=dict)

    def open(self) -> VideoReader:
        return open_video(self.video)

    @property
    def frame_ids(self) -> np.ndarray:
        """(T,) from 1."""
        num_frames = len(next(iter(self.detections.values())))
        return np.arange(1, num_frames + 1)


def open_sequence(folder: Path) -> RealSequence:
    """What lies in a sequence folder.

    Raises:
        FileNotFoundError: A file is missing; names it.
        ValueError: There are several videos.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder}: no such sequence folder')
    gt_path, det_path = (_side_file(folder, name) for name in ('gt', 'det'))
    gt = read_trajectories(gt_path)
    return RealSequence(folder.name, _video_of(folder), gt, det_path)


def _side_file(folder: Path, name: str) -> Path:
    paths = folder / name / f'{name}.txt', folder / f'{name}.txt'
    for path in paths:
        if path.is_file():
            return path
    raise FileNotFoundError(f'{folder}: neither {name}/{name}.txt nor {name}.txt in it')


def _video_of(folder: Path) -> Path:
    images = folder / 'img1'
    if images.is_dir() and any(is_image_name(path.name) for path in images.iterdir()):
        return folder
    videos = sorted(p for p in folder.iterdir() if p.suffix.lower() in VIDEOS)
    if not videos:
        raise FileNotFoundError(
            f'{folder}: no video ({", ".join(VIDEOS)}) and no img1/ in it'
        )
    if len(videos) > 1:
        names = ', '.join(path.name for path in videos)
        raise ValueError(f'{folder}: several videos, keep one: {names}')
    return videos[0]


def detect(
    sequence: RealSequence, source: str, weights: str, reid_weights: str, cache: str
) -> None:
    """Put the detections of a source into a sequence, from the cache where they are.

    Args:
        sequence: Gets ``detections`` and, of what is slow, ``milliseconds``.
        source: Of :data:`SOURCES`.
        weights: YOLOX-nano's.
        reid_weights: OSNet's.
        cache: Folder that keeps detections and embeddings.
    """
    config = load_config(f'two_stage/strongsort_{YOLOX_NANO}')
    set_config_weights(config, weights, reid_weights)
    detector, reid = _one_threaded(config)
    if source == PUBLIC:
        detector = DetectionFile(path=str(sequence.det_path))
    else:
        sequence.milliseconds |= _stage_times(sequence, detector, reid)
        detector = CachedDetector(detector=detector, root=cache)
    cached = CachedDetector(detector=detector, reid=reid, root=cache)
    reader = sequence.open()
    sequence.detections[source] = [
        detections
        for frames in reader.batches(8)
        for detections in cached.detect(frames)
    ]


def _one_threaded(config: Config) -> tuple:
    """Detector and ReID part on one thread, so that times can be compared."""
    parts = [dict(config.model[slot], num_threads=1) for slot in ('detector', 'reid')]
    return tuple(MODELS.build(part) for part in parts)


def _stage_times(sequence: RealSequence, detector, reid: BaseReID) -> dict[str, float]:
    """Milliseconds a frame of decoding, detecting and embedding."""
    clock = Laps()
    for frame in sequence.open():
        if frame.frame_id > TIMED_FRAMES:
            break
        _ = frame.image
        clock.book('decode')
        detections = detector.detect([frame])
        clock.book('detect')
        reid.describe([frame], detections)
        clock.book('embed')
    return {stage: clock.milliseconds(stage) for stage in clock.laps}


class Laps:
    """Processor time of stages that follow each other."""

    def __init__(self) -> None:
        self.laps: dict[str, list[float]] = {}
        self._last = time.process_time()

    def book(self, stage: str) -> None:
        """The time since the last call was this stage's."""
        now = time.process_time()
        self.laps.setdefault(stage, []).append(now - self._last)
        self._last = now

    def milliseconds(self, stage: str) -> float:
        """Median of the stage's laps; the first open and warm up what is slow to."""
        return 1e3 * float(np.median(self.laps[stage]))


def frames_of(sequence: RealSequence, needs_images: bool) -> Iterator[Frame | None]:
    """The frames, or ``None`` for each where no tracker looks at images."""
    if needs_images:
        yield from sequence.open()
    else:
        yield from [None] * len(sequence.frame_ids)


def gt_counts(sequences: Sequence[RealSequence]) -> str:
    """How many true boxes there are and how many count, for the table's reader."""
    parts = []
    for sequence in sequences:
        flags = sequence.gt.scores != 0
        parts.append(
            f'{sequence.name}: {len(sequence.frame_ids)} frames, {flags.sum()} of '
            f'{len(flags)} true boxes count (the others have the flag 0)'
        )
    return '\n'.join(parts)
