"""The samples of the live tracks: what is known of each in each eighth of a second."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

LEFT, TOP, RIGHT, BOTTOM = 1, 2, 4, 8  # sides of the image that cut a box
HIDDEN_FEET = 16  # what cuts it is before the person (:mod:`.hidden_feet`)
# Of the image's width or height: a box whose side is so near to the border is cut by it.
BORDER = 0.012


def track_sample_dtype(num_shares: int) -> np.dtype:
    """One sample of a track: a mean over the frames of one bin of time.

    ``bin`` numbers the bins; ``first_frame`` and ``last_frame`` are numbers of frames;
    ``box`` is x1, y1, x2, y2 in pixels; ``cut`` the sides of the image that it touches;
    ``occlusion`` the share of it that nearer boxes hide; ``turn`` and ``shift`` map its
    frame to the first one of its ``epoch`` (:mod:`.camera_path`); ``shares``, ``legs`` and ``torso`` are of
    :class:`.clothing.ClothingViews`.
    """
    return np.dtype(
        [
            ('id', np.int64),
            ('bin', np.int64),
            ('time', np.float64),
            ('first_frame', np.int64),
            ('last_frame', np.int64),
            ('box', np.float64, 4),
            ('label', np.int32),
            ('score', np.float32),
            ('cut', np.uint8),
            ('occlusion', np.float32),
            ('epoch', np.int32),
            ('turn', np.complex128),
            ('shift', np.complex128),
            ('shares', np.uint8, (2, num_shares)),
            ('legs', np.float32),
            ('torso', np.float32),
        ]
    )


def concatenated_samples(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Tables of samples one after another.

    NumPy compares the fields of each two tables, which takes longer than to copy them;
    whole samples have no fields.

    Args:
        parts: One or more, of one dtype.
    """
    dtype = parts[0].dtype
    whole_samples = np.dtype((np.void, dtype.itemsize))
    return np.concatenate([part.view(whole_samples) for part in parts]).view(dtype)


class TrackSamples:
    """The samples of all tracks that are not forgotten, in the order of time.

    Of a long track at most ``max_samples`` are held: whenever there are more, every
    second bin of it is dropped, and from then on only every second one is taken. Bins
    are dropped by their number, so that two tracks keep bins in common.

    Args:
        dtype: Of a sample.
        max_samples: Of a track, 2 or more.
    """

    def __init__(self, dtype: np.dtype, max_samples: int) -> None:
        self._parts: list[np.ndarray] = [np.empty(0, dtype)]
        self._max_samples = max_samples
        self._counts: dict[int, int] = {}
        self._strides: dict[int, int] = {}

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._counts

    @property
    def ids(self) -> list[int]:
        """Ids of the tracks, ascending."""
        return sorted(self._counts)

    def count(self, track_id: int) -> int:
        """How many samples of a track are held."""
        return self._counts.get(track_id, 0)

    def add(self, samples: np.ndarray) -> None:
        """Add the samples of one bin, one of each track at most."""
        ids = samples['id'].tolist()
        if self._strides:
            bins = samples['bin'].tolist()
            keep = [
                number % self._strides.get(i, 1) == 0
                for i, number in zip(ids, bins, strict=True)
            ]
            samples = samples[np.array(keep, bool)]
        self._parts.append(samples)
        for track_id in ids:
            self._counts.setdefault(track_id, 0)
        self._thin(samples['id'].tolist())

    def table(self) -> np.ndarray:
        """All samples."""
        if len(self._parts) > 1:
            self._parts = [concatenated_samples(self._parts)]
        return self._parts[0]

    def of(self, ids: Iterable[int]) -> np.ndarray:
        """The samples of some tracks, by id, then by time."""
        table = self.table()
        table = table[np.isin(table['id'], list(ids))]
        return table[np.lexsort((table['bin'], table['id']))]

    def near_ids(self, track_id: int, reach: float) -> set[int]:
        """Other tracks of whose boxes one came near, as a coarse sieve.

        Args:
            track_id: The track to whom.
            reach: In heights of the larger one's largest box, between the middles of the
                lower sides; nearer along the ground than in the image nobody is.
        """
        table = self.table()
        boxes, ids = table['box'], table['id']
        is_subject = ids == track_id
        bins, subject = table['bin'][is_subject], boxes[is_subject]
        if not len(bins):
            return set()
        rows = np.flatnonzero(
            ~is_subject & (table['bin'] >= bins[0]) & (table['bin'] <= bins[-1])
        )
        row = np.minimum(np.searchsorted(bins, table['bin'][rows]), len(bins) - 1)
        is_common = bins[row] == table['bin'][rows]
        rows, row = rows[is_common], row[is_common]
        boxes, partners = boxes[rows], subject[row]
        across = (boxes[:, 0] + boxes[:, 2] - partners[:, 0] - partners[:, 2]) / 2
        distance = np.hypot(across, boxes[:, 3] - partners[:, 3])
        other_ids, index = np.unique(ids[rows], return_inverse=True)
        sizes = np.zeros(len(other_ids))
        np.maximum.at(sizes, index, boxes[:, 3] - boxes[:, 1])
        sizes = np.maximum(sizes, (subject[:, 3] - subject[:, 1]).max())
        is_near = np.zeros(len(other_ids), bool)
        is_near[index[distance <= reach * sizes[index]]] = True
        return set(other_ids[is_near].tolist())

    def forget(self, ids: Sequence[int]) -> None:
        """Drop tracks."""
        table = self.table()
        self._parts = [table[~np.isin(table['id'], list(ids))]]
        for track_id in ids:
            self._counts.pop(track_id, None)
            self._strides.pop(track_id, None)

    def rename(self, names: dict[int, int]) -> None:
        """Give tracks other ids; two with the same new id become one."""
        table = self.table().copy()
        ids = table['id']
        table['id'] = [names.get(i, i) for i in ids.tolist()]
        # Of two samples in one bin the former track's stays.
        table = table[np.argsort(table['bin'], kind='stable')]
        _, rows = np.unique(table[['id', 'bin']], return_index=True)
        self._parts = [table[np.sort(rows)]]
        counts, strides = self._counts, self._strides
        self._counts, self._strides = {}, {}
        for old in counts:
            new = names.get(old, old)
            self._counts[new] = int((self._parts[0]['id'] == new).sum())
            stride = max(strides.get(old, 1), self._strides.get(new, 1))
            if stride > 1:
                self._strides[new] = stride
        self._thin([])

    def _thin(self, ids: list[int]) -> None:
        """Count new samples, and drop every second bin of tracks that have too many."""
        for track_id in ids:
            self._counts[track_id] += 1
        for track_id in ids or [*self._counts]:
            while self._counts[track_id] > self._max_samples:
                stride = self._strides[track_id] = 2 * self._strides.get(track_id, 1)
                table = self.table()
                is_dropped = (table['id'] == track_id) & (table['bin'] % stride > 0)
                self._parts = [table[~is_dropped]]
                self._counts[track_id] = int((self._parts[0]['id'] == track_id).sum())


def cut_sides(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The sides of the image that cut each box, (N,) uint8.

    Args:
        boxes: (N, 4).
        size: Width and height of the image.
    """
    width, height = size
    margin_x, margin_y = BORDER * width, BORDER * height
    return (
        LEFT * (boxes[:, 0] <= margin_x)
        + TOP * (boxes[:, 1] <= margin_y)
        + RIGHT * (boxes[:, 2] >= width - margin_x)
        + BOTTOM * (boxes[:, 3] >= height - margin_y)
    ).astype(np.uint8)


def sample_hidden_shares(boxes: np.ndarray) -> np.ndarray:
    """The share of each box that the nearer one hides which hides most of it, (N,).

    Who stands lower in the image is nearer to a camera that looks along the ground.

    Args:
        boxes: (N, 4).
    """
    if len(boxes) < 2:
        return np.zeros(len(boxes))
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    overlap = np.maximum(high - low, 0).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    is_nearer = boxes[None, :, 3] > boxes[:, None, 3]
    return (overlap * is_nearer).max(axis=1) / np.maximum(area, 1e-9)
