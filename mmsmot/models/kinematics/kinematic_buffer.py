"""All that the kinematic description holds of one video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ...structures import Frame, Tracks
from ..trackers.camera_motion import CameraMotion
from .activity_seconds import ActivitySeconds
from .camera_path import CameraPath, camera_path_poses_at
from .clothing import SHARES, ClothingOptions, ClothingViews, PatchReader
from .crowd import Crowd
from .ground_plane import GroundPlane
from .track_kinematics import Kinematics
from .track_samples import (
    TrackSamples,
    concatenated_samples,
    cut_sides,
    sample_hidden_shares,
    track_sample_dtype,
)

SAMPLE = track_sample_dtype(SHARES)
# Pixels are read in two bins of four: colours change slowly, and what moving legs show is
# the difference of two.
READ_BINS = 2, 4
MAX_READ = 12  # people; so a crowd costs no more time than a group
MAX_MOVING = 0.1  # of the time; a tilt moves the horizon


class TrackFit(NamedTuple):
    """The kinematics of a track so far.

    Attributes:
        num_samples: Of the track when they were fitted.
        kinematics: Of its longest part on one person.
        span: Seconds of its first and last sample, of the whole track.
    """

    num_samples: int
    kinematics: Kinematics
    span: tuple[float, float]


class KinematicBuffer:
    """Samples of the live tracks of one video, its camera, and how many people it shows.

    ::

        frames, tracks -> bins of 1 / sample_rate seconds -> a sample of each track
                 first frame of a bin -> camera motion, colours, legs

    Args:
        sample_rate: Bins a second.
        max_samples: Samples of a track, see :class:`.track_samples.TrackSamples`.
        camera_motion: Estimates how the background moved where the tracker does not;
            ``None`` for a camera at rest.
        clothing: When colours are sure; ``None`` reads no pixels.
        person_labels: Classes that are people; the others are not counted.

    Attributes:
        size: Width and height of the image; 0 before the first frame.
        name: Of the video.
        start, end: Seconds of the first and of the last frame.
        camera: Where the camera looks.
        crowd: How many people were there at once.
        fits: What was fitted to tracks, by id; see :meth:`valid_fits`.
        past_seconds: What people did whose tracks ended, for the video caption.
    """

    def __init__(
        self,
        *,
        sample_rate: float,
        max_samples: int,
        camera_motion: CameraMotion | None,
        clothing: ClothingOptions | None,
        person_labels: Sequence[int],
    ) -> None:
        self.sample_rate = sample_rate
        self.samples = TrackSamples(SAMPLE, max_samples)
        self.camera = CameraPath(camera_motion)
        self.crowd, self._plane = Crowd(), GroundPlane()
        self.fits: dict[int, TrackFit] = {}
        self.past_seconds = ActivitySeconds()
        self.person_labels = tuple(person_labels)
        self.size = (0, 0)
        self.name = ''
        self.start = self.end = 0.0
        self._patches = None if clothing is None else PatchReader(clothing)
        self._bin = -1
        self._num_bins = 0  # that had a frame
        self._epoch = 0  # of the open bin
        self._poses: list[tuple[float, complex, complex]] = []
        self._times: list[tuple[int, float]] = []  # number and second, of the open bin
        self._tracks: list[Tracks] = []  # of its frames
        self._views = ClothingViews.empty(0)  # of its first frame's tracks
        self._has_detections = False

    @property
    def plane(self) -> GroundPlane:
        """The horizon; one that is not known where the camera moved about."""
        is_resting = self.camera.seconds_moving <= MAX_MOVING * (self.end - self.start)
        return self._plane if is_resting else GroundPlane()

    @property
    def ids(self) -> list[int]:
        """Ids of the tracks, ascending."""
        return sorted({*self.samples.ids, *self._open_ids()})

    def update(self, frame: Frame, tracks: Tracks) -> None:
        """Take in one more frame and the tracks in it."""
        self._has_detections |= bool((tracks.det_index >= 0).any())
        if self._has_detections:  # where nothing was detected, the box is a guess
            tracks = tracks[tracks.det_index >= 0]
        bin_number = int(np.floor(frame.timestamp * self.sample_rate + 1e-6))
        is_new_bin = bin_number != self._bin
        if not self.size[0]:
            self.size, self.name = frame.size, frame.video.name
            self.start = frame.timestamp
        if tracks.camera_motion is not None:
            self.camera.add(tracks.camera_motion)
        if is_new_bin:
            self.camera.follow(frame, tracks.boxes)
            pose = (frame.timestamp, self.camera.turn, self.camera.shift)
            if self.camera.epoch == self._epoch:
                self._poses.append(pose)
            elif len(self._times) > 1:  # of its frames between two known ones
                self._epoch = self.camera.epoch - 1
            self._close_bin()
            self._num_bins += 1
            self._bin, self._epoch = bin_number, self.camera.epoch
            self._poses = [pose]
            self._views = self._read(frame, tracks)
        self._times.append((frame.frame_id, frame.timestamp))
        self._tracks.append(tracks)
        self.end = frame.timestamp

    def of(self, ids: Sequence[int]) -> np.ndarray:
        """The samples of some tracks until now, by id, then by time."""
        samples = concatenated_samples([self.samples.of(ids), self._open_samples(ids)])
        return samples[np.lexsort((samples['bin'], samples['id']))]

    def valid_fits(self, ids: Sequence[int]) -> dict[int, Kinematics]:
        """What was fitted to those of some tracks that have not gone on since."""
        open_ids = self._open_ids()
        return {
            i: self.fits[i].kinematics
            for i in ids
            if i in self.fits
            and i not in open_ids
            and self.fits[i].num_samples == self.samples.count(i)
        }

    def forget(self, ids: Sequence[int]) -> None:
        """Drop tracks that have been described."""
        for track_id in ids:
            self.fits.pop(track_id, None)
        if self._tracks:
            is_kept = [~np.isin(tracks.ids, list(ids)) for tracks in self._tracks]
            pairs = zip(self._tracks, is_kept, strict=True)
            self._tracks = [tracks[rows] for tracks, rows in pairs]
            self._views = self._views[is_kept[0]]
        self.samples.forget(ids)
        self.crowd.forget(ids)

    def rename(self, names: dict[int, int]) -> None:
        """Give tracks other ids; two with the same new id become one."""
        self.fits = {}
        for row, tracks in enumerate(self._tracks):
            ids = [names.get(i, i) for i in tracks.ids.tolist()]
            self._tracks[row] = replace(tracks, ids=np.array(ids, np.int64))
        self.samples.rename(names)
        self.crowd.rename(names)

    def _read(self, frame: Frame, tracks: Tracks) -> ClothingViews:
        """What the pixels of this frame tell; of a crowd some people at a time."""
        views = ClothingViews.empty(len(tracks))
        cycle, bin_number = divmod(self._num_bins - 1, READ_BINS[1])
        is_read = bin_number < READ_BINS[0]
        if self._patches is None or frame.load is None or not is_read:
            return views
        num_groups = -(-len(tracks) // MAX_READ) or 1
        rows = np.flatnonzero((tracks.ids + cycle) % num_groups == 0)
        part = self._patches.read(
            frame.image, frame.timestamp, tracks.ids[rows].tolist(), tracks.boxes[rows]
        )
        for name, column in vars(part).items():
            getattr(views, name)[rows] = column
        return views

    def _open_ids(self) -> set[int]:
        return {i for tracks in self._tracks for i in tracks.ids.tolist()}

    def _open_samples(self, ids: Sequence[int]) -> np.ndarray:
        """Samples of the open bin, as if it ended here."""
        samples = self._binned()
        return samples[np.isin(samples['id'], list(ids))]

    def _close_bin(self) -> None:
        """Turn the open bin into samples."""
        if not self._tracks:
            return
        samples = self._binned()
        self._times, self._tracks = [], []
        self.samples.add(samples)
        people = samples[np.isin(samples['label'], self.person_labels)]
        self.crowd.count(people, self.end)
        if not self.camera.is_moving:
            boxes = people[(people['cut'] == 0) & (people['occlusion'] < 0.2)]
            feet = boxes['box'][:, 3]
            self._plane.add(feet, feet - boxes['box'][:, 1])

    def _binned(self) -> np.ndarray:
        """A sample of each track of the open bin."""
        if not self._tracks:
            return np.empty(0, SAMPLE)
        counts = [len(tracks) for tracks in self._tracks]
        frame_ids, times = (
            np.repeat(column, counts) for column in zip(*self._times, strict=True)
        )
        ids, index = np.unique(
            np.concatenate([tracks.ids for tracks in self._tracks]),
            return_inverse=True,
        )
        samples = np.zeros(len(ids), SAMPLE)
        samples['id'], samples['bin'] = ids, self._bin
        samples['epoch'] = self._epoch
        samples['first_frame'] = np.iinfo(np.int64).max
        np.minimum.at(samples['first_frame'], index, frame_ids)
        np.maximum.at(samples['last_frame'], index, frame_ids)
        sizes = np.bincount(index, minlength=len(ids))

        def means(values: np.ndarray) -> np.ndarray:
            return np.bincount(index, values, minlength=len(ids)) / sizes

        samples['time'] = means(times)
        boxes = np.concatenate([tracks.boxes for tracks in self._tracks])
        for side in range(4):
            samples['box'][:, side] = means(boxes[:, side])
        scores = np.concatenate([tracks.scores for tracks in self._tracks])
        labels = np.concatenate([tracks.labels for tracks in self._tracks])
        samples['score'], samples['label'][index] = means(scores), labels
        samples['cut'] = cut_sides(samples['box'], self.size)
        samples['occlusion'] = sample_hidden_shares(samples['box'])
        samples['turn'], samples['shift'] = camera_path_poses_at(
            samples['time'], self._poses
        )
        samples['legs'] = samples['torso'] = np.nan
        rows = np.searchsorted(ids, self._tracks[0].ids)
        for name in ('shares', 'legs', 'torso'):
            samples[name][rows] = getattr(self._views, name)
        return samples
