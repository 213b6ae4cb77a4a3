"""The table of interactions: who does what to whom."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, field, fields, replace

import numpy as np

from .columns import as_column, default_column, is_column_given

UNTRACKED = -1  # the id of a subject or object that has no trajectory


@dataclass(frozen=True, eq=False)
class Interactions:
    """Directed, labelled pairs of trajectories of one video, a row for each verb.

    A pair with several verbs has several rows; the same verb may come again in another
    span of frames. Rows keep the order given.

    Attributes:
        subject_ids: (P,) int64, ids of the trajectories that act; -1 where the subject is
            not tracked.
        object_ids: (P,) int64, ids of those acted upon, never the subject itself; -1
            where the object is not tracked. One of the two always is.
        verbs: (P,) str, such as ``'follow.v.01'`` (WordNet's sense names in BenSMOT).
        start_frames: (P,) int64, the first original frame number, 0 for not known.
        end_frames: (P,) int64, the last one, inclusive, 0 for not known.
        scores: (P,) float64 in [0, 1].
        partner_labels: (P,) str, the class of the side that is not tracked, such as
            ``'cup'``; ``''`` where it is not known, and where both sides are tracked.

    The last four may be left out: then 0, 0, 1 and ``''`` stand there.

    Raises:
        ValueError: A value is no number of its kind (ids are whole) or range, a subject
            is its own object, neither side is tracked, both are and a partner label
            stands beside them, a verb is empty, a span ends before it starts, or a
            (subject, object, verb, span, partner label) stands twice.
    """

    subject_ids: np.ndarray
    object_ids: np.ndarray
    verbs: np.ndarray
    start_frames: np.ndarray = field(default_factory=default_column)
    end_frames: np.ndarray = field(default_factory=default_column)
    scores: np.ndarray = field(default_factory=default_column)
    partner_labels: np.ndarray = field(default_factory=default_column)

    _DEFAULTS = {'start_frames': 0, 'end_frames': 0, 'scores': 1.0}

    def __post_init__(self) -> None:
        rows = np.size(self.subject_ids)
        columns = {'verbs': self._verb_column(rows)}
        least_values = dict(
            subject_ids=UNTRACKED, object_ids=UNTRACKED, start_frames=0, end_frames=0
        )
        for name, least in least_values.items():
            columns[name] = self._column(name, rows, np.int64)
            if rows and columns[name].min() < least:
                tracked = ' (-1: not tracked)' if least == UNTRACKED else ''
                raise ValueError(
                    f'Interactions: {name} must be {least} or more{tracked}, got '
                    f'{columns[name].min()}'
                )
        columns['partner_labels'] = self._partner_column(rows)
        columns['scores'] = scores = self._column('scores', rows, np.float64)
        if rows and not 0 <= scores.min() <= scores.max() <= 1:
            raise ValueError(
                f'Interactions: scores must be from 0 to 1, got {scores.min():g} to '
                f'{scores.max():g}'
            )
        for name, column in columns.items():
            object.__setattr__(self, name, column)
        self._require_two_sides()
        self._require_spans()
        self._require_unique()

    def _column(self, name: str, rows: int, dtype: type) -> np.ndarray:
        value = getattr(self, name)
        if name in self._DEFAULTS and not is_column_given(value):
            return np.full(rows, self._DEFAULTS[name], dtype)
        return as_column(value, rows, dtype, name, 'Interactions', 'subject_ids')

    def _text_column(self, name: str, rows: int) -> np.ndarray:
        column = np.asarray(getattr(self, name)).reshape(-1)
        if len(column) != rows:
            raise ValueError(
                f'Interactions: {rows} subject_ids but {len(column)} {name}'
            )
        if rows == 0:
            return np.empty(0, np.str_)
        if column.dtype.kind != 'U':
            raise ValueError(f'Interactions: {name} must be text, got {column.dtype}')
        return column

    def _verb_column(self, rows: int) -> np.ndarray:
        verbs = self._text_column('verbs', rows)
        if not np.char.str_len(verbs).all():
            row = int(np.flatnonzero(np.char.str_len(verbs) == 0)[0])
            raise ValueError(f'Interactions: the verb of row {row} is empty')
        return verbs

    def _partner_column(self, rows: int) -> np.ndarray:
        if not is_column_given(self.partner_labels):
            return np.full(rows, '', np.str_)
        return self._text_column('partner_labels', rows)

    def _require_two_sides(self) -> None:
        reflexive = np.flatnonzero(self.subject_ids == self.object_ids)
        labelled = np.flatnonzero(self.is_tracked & (self.partner_labels != ''))
        if len(labelled):
            row = labelled[0]
            raise ValueError(
                f'Interactions: {str(self.verbs[row])!r} of two tracked ids has the '
                f'partner label {str(self.partner_labels[row])!r}; one is for a side '
                f'with id {UNTRACKED} ({len(labelled)} such rows)'
            )
        if len(reflexive) and self.subject_ids[reflexive[0]] == UNTRACKED:
            raise ValueError(
                f'Interactions: {str(self.verbs[reflexive[0]])!r} has no tracked side '
                f'({len(reflexive)} such rows); the subject, the object or both are tracked'
            )
        if len(reflexive):
            raise ValueError(
                f'Interactions: id {self.subject_ids[reflexive[0]]} is subject and object of '
                f'{str(self.verbs[reflexive[0]])!r} ({len(reflexive)} such rows)'
            )

    def _require_spans(self) -> None:
        start, end = self.start_frames, self.end_frames
        wrong = np.flatnonzero((start > end) & (end > 0))
        if len(wrong):
            row = wrong[0]
            raise ValueError(
                f'Interactions: {str(self.verbs[row])!r} ends in frame {end[row]}, before it '
                f'starts in frame {start[row]} ({len(wrong)} such rows)'
            )

    def _require_unique(self) -> None:
        rows = set()
        for row in zip(
            self.subject_ids.tolist(),
            self.object_ids.tolist(),
            self.verbs.tolist(),
            self.start_frames.tolist(),
            self.end_frames.tolist(),
            self.partner_labels.tolist(),
            strict=True,
        ):
            if row in rows:
                raise ValueError(
                    'Interactions: (subject, object, verb, start, end) = '
                    f'{row[:5]} stands twice'
                )
            rows.add(row)

    def __len__(self) -> int:
        return len(self.subject_ids)

    def __repr__(self) -> str:
        return f'Interactions({len(self)} rows, {len(self.as_pairs())} pairs)'

    @classmethod
    def empty(cls) -> Interactions:
        """No interaction."""
        return cls(np.empty(0, int), np.empty(0, int), np.empty(0, np.str_))

    def __getitem__(self, rows: np.ndarray | slice) -> Interactions:
        """The rows of a mask, an index array or a slice."""
        return replace(
            self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)}
        )

    @property
    def is_tracked(self) -> np.ndarray:
        """(P,) bool: subject and object both have a trajectory."""
        return (self.subject_ids != UNTRACKED) & (self.object_ids != UNTRACKED)

    @property
    def has_span(self) -> np.ndarray:
        """(P,) bool: the first and the last frame are both known."""
        return (self.start_frames > 0) & (self.end_frames > 0)

    def of_tracked(self) -> Interactions:
        """The rows whose subject and object are both tracked."""
        is_tracked = self.is_tracked
        return self if is_tracked.all() else self[is_tracked]

    def as_pairs(self) -> dict[tuple[int, int], set[str]]:
        """The verbs of each (subject id, object id) of two tracked ids, without spans."""
        table = self.of_tracked()
        pairs: dict[tuple[int, int], set[str]] = {}
        for subject_id, object_id, verb in zip(
            table.subject_ids.tolist(),
            table.object_ids.tolist(),
            table.verbs.tolist(),
            strict=True,
        ):
            pairs.setdefault((subject_id, object_id), set()).add(verb)
        return pairs

    def for_ids(self, ids: Iterable[int]) -> Interactions:
        """The rows whose tracked sides are all among ``ids``."""
        ids = np.array([*ids, UNTRACKED], np.int64)
        return self[np.isin(self.subject_ids, ids) & np.isin(self.object_ids, ids)]

    def of_pairs(self, pairs: Set[tuple[int, int]]) -> Interactions:
        """The rows whose two ids, the smaller first, are one of the pairs."""
        low = np.minimum(self.subject_ids, self.object_ids).tolist()
        high = np.maximum(self.subject_ids, self.object_ids).tolist()
        rows = [pair in pairs for pair in zip(low, high, strict=True)]
        return self[np.array(rows, bool)]

    def touching(self, ids: Iterable[int]) -> Interactions:
        """The rows whose subject or object is one of ``ids``."""
        ids = list(ids)
        return self[np.isin(self.subject_ids, ids) | np.isin(self.object_ids, ids)]

    def between(self, first_frame: int, last_frame: int) -> Interactions:
        """The rows that go on at some time from ``first_frame`` to ``last_frame``, inclusive.

        A side of a span that is not known excludes nothing.
        """
        ended = (self.end_frames > 0) & (self.end_frames < first_frame)
        return self[~ended & (self.start_frames <= last_frame)]

    def concatenated(self, interactions: Interactions) -> Interactions:
        """Both tables' rows; no row may stand in both."""
        return Interactions(
            **{
                f.name: np.concatenate(
                    [getattr(self, f.name), getattr(interactions, f.name)]
                )
                for f in fields(self)
            }
        )
