"""Ground truth of a video: trajectories, captions, interactions, expressions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from ..structures import (
    Interactions,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
)


@dataclass
class GroundTruth:
    """Ground truth of one video; ``None`` for what is not annotated.

    Attributes:
        trajectories: Boxes over time, by id.
        captions: A text by id.
        interactions: Subject, verb, object and span.
        video_caption: A text for the whole video.
        expressions: Sentences and the ids they refer to.
    """

    trajectories: Trajectories | None = None
    captions: dict[int, str] | None = None
    interactions: Interactions | None = None
    video_caption: str | None = None
    expressions: list[ReferringExpression] | None = None

    @classmethod
    def of(cls, sample: SMOTDataSample) -> GroundTruth:
        """The ``gt_`` fields of a sample."""
        return cls(**{f.name: sample.get(f'gt_{f.name}') for f in fields(cls)})

    @property
    def required_trajectories(self) -> Trajectories:
        """The trajectories of a video that must have some.

        Raises:
            ValueError: None are annotated.
        """
        if self.trajectories is None:
            raise ValueError('GroundTruth: the video has no annotated trajectories')
        return self.trajectories

    @property
    def is_described(self) -> bool:
        """Whether captions, interactions and video caption are all there."""
        words = (self.captions, self.interactions, self.video_caption)
        return all(part is not None for part in words)

    def on_frames(self, frame_ids: np.ndarray) -> GroundTruth:
        """The ground truth of these frames alone.

        Boxes of other frames go; so do captions and interactions of trajectories that
        have no box left, and interactions whose span ended before or begins after.

        Args:
            frame_ids: (T,) original frame numbers, ascending.
        """
        if self.trajectories is None:
            return self
        rows = np.isin(self.trajectories.frame_ids, frame_ids)
        part = self._about(self.trajectories[rows])
        if part.interactions is not None and len(frame_ids):
            first_frame, last_frame = int(frame_ids[0]), int(frame_ids[-1])
            part.interactions = part.interactions.between(first_frame, last_frame)
        if part.expressions is not None:
            part.expressions = [e.on_frames(frame_ids) for e in part.expressions]
        return part

    def for_boxes(self, trajectories: Trajectories) -> GroundTruth:
        """The ground truth of these of its boxes alone.

        Captions and interactions of trajectories without a box go. Referring expressions
        lose the labels of frames in which the box is gone.
        """
        part = self._about(trajectories)
        if part.expressions is not None:
            rows = trajectories.frame_ids.tolist(), trajectories.ids.tolist()
            frame_track_pairs = set(zip(*rows, strict=True))
            part.expressions = [
                _with_labels(e, frame_track_pairs) for e in part.expressions
            ]
        return part

    def _about(self, trajectories: Trajectories) -> GroundTruth:
        ids = set(trajectories.ids.tolist())
        part = replace(self, trajectories=trajectories)
        if self.captions is not None:
            part.captions = {i: text for i, text in self.captions.items() if i in ids}
        if self.interactions is not None:
            part.interactions = self.interactions.for_ids(ids)
        return part

    def set_gt_fields(self, sample: SMOTDataSample) -> None:
        """Set the ``gt_`` fields of what is annotated."""
        for part in fields(self):
            value = getattr(self, part.name)
            if value is not None:
                sample.set_field(value, f'gt_{part.name}')


def _with_labels(
    expression: ReferringExpression, rows: set[tuple[int, int]]
) -> ReferringExpression:
    """The same sentence about these (frame, id) alone."""
    labels, ignore = (
        {f: tuple(i for i in ids if (f, i) in rows) for f, ids in table.items()}
        for table in (expression.labels, expression.ignore)
    )
    return replace(expression, labels=labels, ignore=ignore)
