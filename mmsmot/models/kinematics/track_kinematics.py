"""Smooth position, size and velocity of tracks, without scale and without the camera."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from ...structures.runs import run_slices
from .ground_plane import FOCAL_LENGTH, GroundPlane
from .hidden_feet import has_hidden_feet
from .track_samples import (
    BOTTOM,
    HIDDEN_FEET,
    LEFT,
    RIGHT,
    TOP,
    concatenated_samples,
)

HIDDEN = 0.35  # share of a box from which on its sides are those of what hides it
HIDDEN_WEIGHT = 0.2  # of such a sample, and of one whose sides were completed
# Seconds of a camera whose motion is known, at least: in less a line through places that
# sway with the steps is not their velocity.
MIN_FOLLOWED = 0.8
# Of two samples, in standard deviations of the kernel: so both of them count.
MAX_SPACING = 1.5


@dataclass(frozen=True, eq=False)
class Kinematics:
    """The motion of N samples of tracks, by id, then by time.

    Lengths are in body heights unless they say pixels; *away* from the camera is
    positive.

    Attributes:
        samples: (N,) as of :func:`.track_samples.track_sample_dtype`; ``cut`` also says
            where the feet are hidden.
        x, feet: (N,) pixels: middle and lower side of the box, completed where the
            border of the image cuts it or something hides the feet.
        height: (N,) pixels, likewise.
        is_scaled: (N,) whether the whole box was ever seen, so that heights are known.
        is_sized: (N,) whether it was seen then, or before and after.
        is_followed: (N,) whether the camera's motion is known for long enough that the
            velocity is.
        right: (N,) velocity to the right, a second.
        away: (N,) velocity along the ground away from the camera, a second.
        growth: (N,) relative growth of the height, a second.
        depth_factor: (N,) see :meth:`.ground_plane.GroundPlane.depth_factor`.
        stature: (N,) see :meth:`.ground_plane.GroundPlane.stature`.
        aspect: (N,) width by height, completed.
    """

    samples: np.ndarray
    x: np.ndarray
    feet: np.ndarray
    height: np.ndarray
    is_scaled: np.ndarray
    is_sized: np.ndarray
    is_followed: np.ndarray
    right: np.ndarray
    away: np.ndarray
    growth: np.ndarray
    depth_factor: np.ndarray
    stature: np.ndarray
    aspect: np.ndarray

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, rows: np.ndarray | slice) -> Kinematics:
        """The rows of a mask, an index array or a slice."""
        return Kinematics(**{name: column[rows] for name, column in vars(self).items()})

    @classmethod
    def concatenated(cls, parts: Sequence[Kinematics]) -> Kinematics:
        """The rows of all parts, one after another."""
        columns = {
            part.name: [getattr(track, part.name) for track in parts]
            for part in fields(cls)
        }
        samples = concatenated_samples(columns.pop('samples'))
        return cls(
            samples=samples,
            **{name: np.concatenate(column) for name, column in columns.items()},
        )

    @property
    def time(self) -> np.ndarray:
        """(N,) seconds."""
        return self.samples['time']

    @property
    def speed(self) -> np.ndarray:
        """(N,) along the ground, body heights a second."""
        return np.hypot(self.right, self.away)


def _hides_feet(growth: np.ndarray, widening: np.ndarray) -> np.ndarray:
    """(N,) whether something hides the feet: the box gets lower but not narrower."""
    return (np.abs(growth) > 0.05) & (-widening * np.sign(growth) > np.abs(growth) / 2)


def _retreat(growth: np.ndarray, height: np.ndarray, width: int) -> np.ndarray:
    """(N,) velocity away from a camera of unknown height, body heights a second.

    Sizes tell more than feet there, where they change.
    """
    return -growth * FOCAL_LENGTH * width / height


def measure_track_kinematics(
    samples: np.ndarray,
    *,
    width: int,
    plane: GroundPlane,
    smoothing: float,
    depth_smoothing: float,
    depth_noise: float,
) -> Kinematics:
    """The motion of tracks from their samples.

    Position and size are fitted by straight lines in time with Gaussian weights, around
    each sample (local linear regression), on the points of the first frame where the
    background was.

    Args:
        samples: (N,) by id, then by time.
        width: Of the image.
        plane: Of the video.
        smoothing: Standard deviation of the weights, seconds.
        depth_smoothing: The same for sizes and for the motion towards the camera, which
            are known worse.
        depth_noise: Speed of the feet up or down in the image, body heights a second,
            and relative growth of the height a second, that are taken for noise.
    """
    samples = samples.copy()
    samples['cut'][has_hidden_feet(samples, width=width)] |= HIDDEN_FEET
    x, feet, height, aspect, is_scaled, is_sized, weights = _completed(samples)
    points = samples['turn'] * (x + 1j * feet) + samples['shift']
    sizes = np.log(np.abs(samples['turn']) * height)
    numbers = _series_numbers(samples)
    series = numbers, samples['bin'], samples['time']
    _, (velocity,) = fit_kinematics_lines(*series, [points], weights, smoothing)
    _, (slow_velocity, growth, widening) = fit_kinematics_lines(
        *series, [points, sizes, np.log(aspect)], weights, depth_smoothing
    )
    # From the first frame's axes back to those of its own, in body heights.
    axes = np.conj(samples['turn']) / np.abs(samples['turn']) / np.exp(sizes)
    down = (slow_velocity * axes).imag
    growth, down = np.where(_hides_feet(growth, widening), 0, [growth, down])
    factor = plane.depth_factor(feet, height, width)
    away = -np.where(np.abs(down) > depth_noise, down, 0) * factor
    if plane.horizon() is None:
        retreat = _retreat(growth, height, width)
        away = np.where(np.abs(growth) > depth_noise, retreat, away)
    return Kinematics(
        samples=samples,
        x=x,
        feet=feet,
        height=height,
        is_scaled=is_scaled,
        is_sized=is_sized,
        is_followed=_is_followed(numbers, samples['time']),
        right=(velocity * axes).real,
        away=away,
        growth=growth,
        depth_factor=factor,
        stature=plane.stature(feet, height),
        aspect=aspect,
    )


def _completed(samples: np.ndarray) -> tuple[np.ndarray, ...]:
    """Middle, feet, height, aspect, whether heights are known ever and then, weights, (N,).

    A box that the border cuts, or that ends above the feet, or a nearer box hides, gets the
    height and the aspect of the whole boxes before and after it; its place follows from its
    uncut sides.
    """
    box, cut = samples['box'], samples['cut']
    heights = np.maximum(box[:, 3] - box[:, 1], 1.0)
    aspects = np.maximum(box[:, 2] - box[:, 0], 1.0) / heights
    is_visible = samples['occlusion'] < HIDDEN
    has_height = cut & (TOP | BOTTOM | HIDDEN_FEET) == 0
    has_aspect = has_height & (cut & (LEFT | RIGHT) == 0)
    is_scaled, is_sized = np.ones((2, len(samples)), bool)
    for rows in run_slices(samples['id']):
        time = samples['time'][rows]
        for values, has_value in ((heights, has_height), (aspects, has_aspect)):
            is_source = has_value[rows] & is_visible[rows]
            is_source = is_source if is_source.any() else has_value[rows]
            if is_source.any():
                sources = time[is_source], values[rows][is_source]
                values[rows] = np.interp(time, *sources)
        if not has_height[rows].any():
            heights[rows] = heights[rows].max()
            is_scaled[rows] = is_sized[rows] = False
            continue
        sized_times = time[has_height[rows]]
        is_sized[rows] = (time >= sized_times[0]) & (time <= sized_times[-1])
    half_width = aspects * heights / 2
    x = (box[:, 0] + box[:, 2]) / 2
    is_left, is_right = cut & LEFT > 0, cut & RIGHT > 0
    x = np.where(is_left & ~is_right, box[:, 2] - half_width, x)
    x = np.where(is_right & ~is_left, box[:, 0] + half_width, x)
    is_bottom = (cut & (BOTTOM | HIDDEN_FEET) > 0) & (cut & TOP == 0)
    feet = np.where(is_bottom, box[:, 1] + heights, box[:, 3])
    weights = np.where(is_visible & (cut == 0), 1.0, HIDDEN_WEIGHT)
    return x, feet, heights, aspects, is_scaled, is_sized, weights


def _series_numbers(samples: np.ndarray) -> np.ndarray:
    """(N,) number of each track's part in one epoch of the camera."""
    is_edge = np.diff(samples['id']) != 0
    is_edge |= np.diff(samples['epoch']) != 0
    return np.concatenate([[0], np.cumsum(is_edge)])


def _is_followed(numbers: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(N,) whether a series takes :data:`MIN_FOLLOWED` seconds, or is a short track."""
    starts = np.flatnonzero(np.r_[True, np.diff(numbers) > 0])
    ends = np.r_[starts[1:], len(numbers)] - 1
    return (time[ends] - time[starts] >= MIN_FOLLOWED)[numbers]


def fit_kinematics_lines(
    ids: np.ndarray,
    bins: np.ndarray,
    time: np.ndarray,
    values: Sequence[np.ndarray],
    weights: np.ndarray,
    sigma: float,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Local linear regression of several series at once.

    Args:
        ids: (N,) series that each row belongs to, in runs.
        bins: (N,) numbers of the bins of time, ascending within a series.
        time: (N,) seconds.
        values: Columns (N,), real or complex.
        weights: (N,).
        sigma: Standard deviation of the Gaussian weights, seconds; wider where samples
            are few.

    Returns:
        For each column (N,) levels and (N,) slopes of the lines at each row; the value
        itself and 0 where there is no line.
    """
    levels = [np.array(column) for column in values]
    slopes = [np.zeros_like(column) for column in levels]
    for rows, places, kernel in _grids(ids, bins, time, sigma):
        origin = time[rows] - time[rows][0]  # small numbers, for their squares
        weight = weights[rows]
        total, moment, moment_2 = (
            _convolved(weight * origin**power, places, kernel) for power in range(3)
        )
        spread = total * moment_2 - moment**2
        is_line = spread > 1e-7 * np.maximum(total, 1e-9) ** 2
        spread = np.where(is_line, spread, 1)
        for column, level, slope in zip(values, levels, slopes, strict=True):
            value = _convolved(weight * column[rows], places, kernel)
            product = _convolved(weight * origin * column[rows], places, kernel)
            line = np.where(is_line, (total * product - moment * value) / spread, 0)
            slope[rows] = line
            mean = (value - line * moment) / total
            level[rows] = np.where(is_line, mean + line * origin, column[rows])
    return levels, slopes


def _convolved(
    column: np.ndarray, places: np.ndarray, kernel: np.ndarray
) -> np.ndarray:
    """Sums of a column around each row, weighted with a kernel."""
    grid = np.zeros(int(places[-1]) + 1, column.dtype)
    grid[places] = column
    return np.convolve(grid, kernel, 'full')[places + len(kernel) // 2]


def _grids(
    ids: np.ndarray, bins: np.ndarray, time: np.ndarray, sigma: float
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Series of one kernel side by side on a line of bins, too far apart to touch.

    Yields:
        Their rows, the place of each on the line, and the kernel.
    """
    groups: dict[tuple[float, float], list[slice]] = {}
    for rows in run_slices(ids):
        row_times = time[rows]
        gaps = row_times[1:] - row_times[:-1]
        if not len(gaps):
            continue
        spacing = float(np.sort(gaps)[len(gaps) // 2])
        num_bins = max(int(bins[rows.stop - 1] - bins[rows.start]), 1)
        bin_width = float(row_times[-1] - row_times[0]) / num_bins
        width = round(max(sigma, spacing / MAX_SPACING), 2)
        groups.setdefault((width, round(bin_width, 2)), []).append(rows)
    for (width, bin_width), slices in groups.items():
        reach = int(np.ceil(2.5 * width / max(bin_width, 1e-3)))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * bin_width / width) ** 2)
        places, start = [], 0
        for rows in slices:
            places.append(bins[rows] - bins[rows.start] + start)
            start = int(places[-1][-1]) + 2 * reach + 1
        index = np.concatenate([np.arange(rows.start, rows.stop) for rows in slices])
        yield index, np.concatenate(places), kernel
