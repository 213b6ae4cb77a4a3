"""Tracks with an interaction class a frame: what SemTrack's measures are taken on."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, fields

import numpy as np

from mmsmot.structures import Interactions, Trajectories
from projects.semtracker.datasets.episode_labels import frame_labels

NO_RELATION = -1
UNKNOWN_RELATION = -2  # something happens whose class is not in the vocabulary


@dataclass(frozen=True)
class AnnotatedCategories:
    """Which object categories a sequence is annotated with, beside those that it has.

    Attributes:
        negative: Known to be absent.
        not_exhaustive: Not all tracks of it are annotated.
    """

    negative: Set[int] = frozenset()
    not_exhaustive: Set[int] = frozenset()


@dataclass(frozen=True, eq=False)
class RelationTracks:
    """Boxes of one sequence (video, query) with what each is subject and object of.

    Attributes:
        frame_ids: (R,) int64.
        ids: (R,) int64, of the tracks; positive.
        boxes: (R, 4) x1, y1, x2, y2.
        labels: (R,) int64, object category.
        is_main: (R,) bool: the box is the target's.
        subject_relations: (R, k) int64, the k best interaction classes as subject, -1 for
            none, -2 for a class that is not in the vocabulary; k is 1 in ground truth.
        object_relations: (R, k) int64, as object.
        scores: (R,) float64.
    """

    frame_ids: np.ndarray
    ids: np.ndarray
    boxes: np.ndarray
    labels: np.ndarray
    is_main: np.ndarray
    subject_relations: np.ndarray
    object_relations: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, rows: np.ndarray) -> RelationTracks:
        """The rows of a mask or an index array."""
        return RelationTracks(
            *(getattr(self, part.name)[rows] for part in fields(self))
        )

    @classmethod
    def of_target(
        cls,
        trajectories: Trajectories,
        interactions: Interactions,
        verbs: tuple[str, ...],
    ) -> RelationTracks:
        """The target of one prompt: every box is main, a class a role and frame.

        Args:
            trajectories: Of the target; several ids are several tracks.
            interactions: Its interactions, with spans; of several ids, those of each.
            verbs: The interaction classes.
        """
        subject = np.full((len(trajectories), 1), NO_RELATION, np.int64)
        object_ = subject.copy()
        for track_id in np.unique(trajectories.ids).tolist():
            rows = trajectories.ids == track_id
            labels, _ = frame_labels(
                interactions.touching([track_id]),
                trajectories.frame_ids[rows],
                verbs,
                (),
            )
            # 0 is none, -1 a verb that is not in the list.
            classes = np.where(labels < 0, UNKNOWN_RELATION, labels - 1)
            subject[rows], object_[rows] = classes[:, :1], classes[:, 1:]
        count = len(trajectories)
        return cls(
            trajectories.frame_ids,
            trajectories.ids,
            trajectories.boxes,
            np.zeros(count, np.int64),
            np.ones(count, bool),
            subject,
            object_,
            trajectories.scores,
        )
