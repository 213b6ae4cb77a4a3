"""Two tracks side by side in time, one as seen from the objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .track_kinematics import Kinematics, fit_lines


@dataclass(frozen=True, eq=False)
class PairRows:
    """Subject and object in the bins of time that both have, P pairs one after another.

    Velocities and places are complex: right + i away from the camera, body heights.

    Attributes:
        pair: (N,) number of the pair.
        time: (N,) seconds.
        first_frame, last_frame: (N,).
        place: (N,) object as seen from the subject, smoothed.
        subject_velocity, object_velocity: (N,) a second.
        spacing: Seconds from one sample of a track to the next, as a rule.
    """

    pair: np.ndarray
    time: np.ndarray
    first_frame: np.ndarray
    last_frame: np.ndarray
    place: np.ndarray
    subject_velocity: np.ndarray
    object_velocity: np.ndarray
    spacing: float

    def __len__(self) -> int:
        return len(self.pair)

    def __getitem__(self, rows: slice) -> PairRows:
        return PairRows(
            self.pair[rows],
            self.time[rows],
            self.first_frame[rows],
            self.last_frame[rows],
            self.place[rows],
            self.subject_velocity[rows],
            self.object_velocity[rows],
            self.spacing,
        )

    @property
    def distance(self) -> np.ndarray:
        """(N,) along the ground."""
        return np.abs(self.place)

    def turned(self) -> PairRows:
        """The same with subject and object exchanged."""
        return PairRows(
            self.pair,
            self.time,
            self.first_frame,
            self.last_frame,
            -self.place,
            self.object_velocity,
            self.subject_velocity,
            self.spacing,
        )


def pair_rows(
    subject: Kinematics, partners: Kinematics, *, reach: float, smoothing: float
) -> tuple[PairRows, np.ndarray]:
    """Rows of the pairs that come near, and the id of the object of each pair.

    Args:
        subject: One track.
        partners: Other tracks, by id, then by time.
        reach: Pairs that never get so near are left out, body heights.
        smoothing: Standard deviation of the weights that smooth places, seconds.
    """
    subject_bins = subject.samples['bin']
    row = np.searchsorted(subject_bins, partners.samples['bin'])
    row = np.minimum(row, len(subject_bins) - 1)
    is_common = subject_bins[row] == partners.samples['bin']
    is_common &= partners.samples['id'] != subject.samples['id'][0]
    is_common &= partners.is_scaled & subject.is_scaled[row]
    objects, subjects = partners[is_common], subject[row[is_common]]
    size = (subjects.height + objects.height) / 2
    factor = (subjects.depth_factor + objects.depth_factor) / 2
    place = (objects.x - subjects.x) / size - 1j * factor * (
        objects.feet - subjects.feet
    ) / size
    object_ids, pair = np.unique(objects.samples['id'], return_inverse=True)
    min_distances = np.full(len(object_ids), np.inf)
    np.minimum.at(min_distances, pair, np.abs(place))
    is_near = (min_distances <= reach)[pair]
    pair, place, subjects, objects = (
        pair[is_near],
        place[is_near],
        subjects[is_near],
        objects[is_near],
    )
    weights = np.ones(len(pair))
    time = (subjects.time + objects.time) / 2
    series = pair, objects.samples['bin'], time
    (place,), _ = fit_lines(*series, [place], weights, smoothing)
    rows = PairRows(
        pair,
        time,
        np.maximum(subjects.samples['first_frame'], objects.samples['first_frame']),
        np.maximum(
            np.minimum(subjects.samples['last_frame'], objects.samples['last_frame']),
            np.maximum(subjects.samples['first_frame'], objects.samples['first_frame']),
        ),
        place,
        subjects.right + 1j * subjects.away,
        objects.right + 1j * objects.away,
        float(np.median(np.diff(subject.time))) if len(subject) > 1 else 0.0,
    )
    return rows, object_ids
