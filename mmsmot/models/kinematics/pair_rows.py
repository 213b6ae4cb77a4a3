"""Two tracks side by side in time, one as seen from the objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .track_kinematics import Kinematics, fit_kinematics_lines

# Logarithm of how much taller one of two is by the ground they stand on, at most: children
# of ten years are 1.38 m, adults 1.75 (0.24). What differs more has hidden feet.
MAX_STATURE_RATIO = 0.3


@dataclass(frozen=True, eq=False)
class PairRows:
    """Subject and object in the bins of time that both have, P pairs one after another.

    Velocities and places are complex: right + i away from the camera, body heights.

    Attributes:
        subject_ids, object_ids: (N,) who acts on whom.
        start, stop: (N,) first row of the pair, and the one after its last.
        bins: (N,) numbers of the bins of time.
        time: (N,) seconds.
        first_frame, last_frame: (N,)
        place: (N,) object as seen from the subject, smoothed.
        subject_velocity, object_velocity: (N,) a second.
        spacing: Seconds from one sample of a track to the next, as a rule.
    """

    subject_ids: np.ndarray
    object_ids: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    bins: np.ndarray
    time: np.ndarray
    first_frame: np.ndarray
    last_frame: np.ndarray
    place: np.ndarray
    subject_velocity: np.ndarray
    object_velocity: np.ndarray
    spacing: float

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, is_wanted: np.ndarray) -> PairRows:
        """The pairs of a mask that holds for all rows of a pair or for none."""
        columns = {
            name: column[is_wanted]
            for name, column in vars(self).items()
            if name != 'spacing'
        }
        ids = columns['object_ids']
        columns['start'] = np.searchsorted(ids, ids)
        columns['stop'] = np.searchsorted(ids, ids, 'right')
        return replace(self, **columns)

    def swapped(self) -> PairRows:
        """The same with subject and object exchanged."""
        return replace(
            self,
            subject_ids=self.object_ids,
            object_ids=self.subject_ids,
            place=-self.place,
            subject_velocity=self.object_velocity,
            object_velocity=self.subject_velocity,
        )

    def window(self, row: int, lead: float, lag: float) -> slice:
        """The rows of a row's pair from so many seconds before it to so many after."""
        start, stop = int(self.start[row]), int(self.stop[row])
        time = self.time[start:stop]
        bounds = [self.time[row] - lead - 1e-9, self.time[row] + lag + 1e-9]
        first, end = np.searchsorted(time, bounds).tolist()
        return slice(start + first, start + end)

    def window_at(self, object_id: int, time: float, lag: float) -> slice:
        """The rows of an object from a time to so many seconds later."""
        start = int(np.searchsorted(self.object_ids, object_id))
        stop = int(np.searchsorted(self.object_ids, object_id, 'right'))
        bounds = [time - 1e-9, time + lag + 1e-9]
        first, end = np.searchsorted(self.time[start:stop], bounds).tolist()
        return slice(start + first, start + end)

    def spans(self, mask: np.ndarray, least: float) -> Iterator[slice]:
        """Runs of a mask in each pair that take so long; half a second is no gap."""
        rows = np.flatnonzero(mask)
        if not len(rows):
            return
        is_edge = np.diff(self.time[rows]) > max(0.6, 1.5 * self.spacing)
        is_edge |= np.diff(self.start[rows]) > 0
        bounds = np.flatnonzero(np.r_[True, is_edge, True])
        starts, ends = rows[bounds[:-1]], rows[bounds[1:] - 1]
        is_long = self.time[ends] - self.time[starts] >= least - 1e-6
        is_long &= ends > starts
        for start, end in zip(
            starts[is_long].tolist(), ends[is_long].tolist(), strict=True
        ):
            yield slice(start, end + 1)


def _common_samples(
    subject: Kinematics, partners: Kinematics
) -> tuple[Kinematics, Kinematics]:
    """The samples of the subject and of partners at the same times, row by row."""
    subject_bins = subject.samples['bin']
    row = np.searchsorted(subject_bins, partners.samples['bin'])
    row = np.minimum(row, len(subject_bins) - 1)
    is_common = subject_bins[row] == partners.samples['bin']
    is_common &= partners.samples['id'] != subject.samples['id'][0]
    for name in ('is_sized', 'is_followed'):
        is_common &= getattr(partners, name) & getattr(subject, name)[row]
    statures = np.log(partners.stature / subject.stature[row])
    is_common &= ~(np.abs(statures) > MAX_STATURE_RATIO)  # NaN: no horizon
    return subject[row[is_common]], partners[is_common]


def pair_rows(
    subject: Kinematics, partners: Kinematics, *, reach: float, smoothing: float
) -> PairRows:
    """Rows of the pairs that come near.

    How much further away from the camera the object is, two things tell: where its feet
    are, and how small it is beside the subject. Feet are often hidden, and before a low
    camera all are in one row; people differ in height. The larger distance counts, so that
    those are near each other that both show to be so. Where the horizon is known, feet
    tell, and pairs whose heights do not fit are left out.

    Args:
        subject: One track.
        partners: Other tracks, by id, then by time.
        reach: Pairs that never get so near are left out, body heights.
        smoothing: Standard deviation of the weights that smooth places, seconds.
    """
    subjects, objects = _common_samples(subject, partners)
    size = (subjects.height + objects.height) / 2
    factor = (subjects.depth_factor + objects.depth_factor) / 2
    right, down = objects.x - subjects.x, objects.feet - subjects.feet
    depth = -factor * down / size
    if np.isnan(subjects.stature).any():
        # Without a horizon the factor is the distance from the camera in body heights.
        by_size = factor * np.log(subjects.height / objects.height)
        depth = np.where(np.abs(by_size) > np.abs(depth), by_size, depth)
    place = right / size + 1j * depth
    _, pair = np.unique(objects.samples['id'], return_inverse=True)
    distances = np.full(pair.max(initial=-1) + 1, np.inf)
    np.minimum.at(distances, pair, np.abs(place))
    is_near = (distances <= reach)[pair]
    place, subjects, objects = place[is_near], subjects[is_near], objects[is_near]
    ids = objects.samples['id']
    time = (subjects.time + objects.time) / 2
    weights = np.ones(len(time))
    series = ids, objects.samples['bin'], time
    (place,), _ = fit_kinematics_lines(*series, [place], weights, smoothing)
    first_frame = np.maximum(
        subjects.samples['first_frame'], objects.samples['first_frame']
    )
    last_frame = np.minimum(
        subjects.samples['last_frame'], objects.samples['last_frame']
    )
    gaps = np.diff(subject.time)
    return PairRows(
        subject_ids=subjects.samples['id'],
        object_ids=ids,
        start=np.searchsorted(ids, ids),
        stop=np.searchsorted(ids, ids, 'right'),
        bins=objects.samples['bin'],
        time=time,
        first_frame=first_frame,
        last_frame=np.maximum(first_frame, last_frame),
        place=place,
        subject_velocity=subjects.right + 1j * subjects.away,
        object_velocity=objects.right + 1j * objects.away,
        spacing=float(np.median(gaps)) if len(gaps) else 0.0,
    )
