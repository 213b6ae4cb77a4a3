"""The contract of the estimator slot: a video's frames to tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ...structures import Detections, Frame, SMOTDataSample, Tracks, Trajectories
from ...structures.feature_maps import FeatureMaps

if TYPE_CHECKING:
    import os

    from ...structures import Prompt, VideoInfo
    from ..training.clip_plan import ClipPlan

FEATURES = 'features'  # Estimate.features: maps that boxes are pooled from
TRACK_FEATURES = 'track_features'  # Tracks.features: (N, K, d) with each track
NEEDS = (FEATURES, TRACK_FEATURES)


@dataclass(frozen=True, eq=False)
class Estimate:
    """What an estimator makes of B frames of one video.

    Attributes:
        detections: B detections, one for each frame.
        tracks: B tracks; with ``features`` where those were asked for.
        features: Feature maps of the B frames; ``None`` where nobody asked for them.
        ended_ids: Ids of tracks that will never be reported again.
        seconds: How long each stage took, by name, for the report; where none is told, all
            is booked on ``'track'``.
    """

    detections: list[Detections]
    tracks: list[Tracks]
    features: FeatureMaps | None = None
    ended_ids: list[int] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class EstimatorLoss:
    """What an estimator makes of B clips of T frames in training.

    Attributes:
        losses: By name, as MMEngine sums them.
        features: Feature maps of the T * B frames, time first; ``None`` where the semantic
            losses are not taken, or nobody asked for them.
        trajectories: B tables of trajectories to describe, R rows in all.
        gt_ids: For each clip the ground truth id by trajectory id.
        track_features: (R, K, d), the feature of each row of ``trajectories``, with
            gradient; ``None`` where boxes are pooled from ``features``.
    """

    losses: dict[str, Any]
    features: FeatureMaps | None = None
    trajectories: list[Trajectories] = field(default_factory=list)
    gt_ids: list[dict[int, int]] = field(default_factory=list)
    track_features: torch.Tensor | None = None


class BaseEstimator(nn.Module):
    """Frames of a video to tracks; all that belongs to one video is in a state object.

    ::

        state = estimator.begin(video, prompts, needs=frozenset({'features'}))
        for frames in batches:
            estimate = estimator.step(state, frames)

    One estimator can run several videos at once, since it keeps nothing of them itself.

    Attributes:
        provides: Which of ``'features'`` and ``'track_features'`` it can give. The pipeline
            refuses at build what its semantics needs and the estimator does not provide.
        reads_prompt: Whether the tracks depend on the prompts. If not, several prompts
            share one pass over the video.
        ids_return: Whether a track that is not seen may come back under its id at any
            time, so that only the estimator's word ends it, never the time that passes.
    """

    provides: frozenset[str] = frozenset()
    reads_prompt = False
    ids_return = False

    @property
    def source_name(self) -> str:
        """Name of the part that would make feature maps, for messages."""
        return type(self).__name__

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> Any:
        """The state of one video before its first frame.

        Args:
            video: What is known of it.
            prompts: What is asked for; empty for every object.
            needs: What :meth:`step` must give beside the tracks, of :attr:`provides`.
        """
        raise NotImplementedError

    def step(self, state: Any, frames: Sequence[Frame]) -> Estimate | list[Estimate]:
        """Track through B > 0 more frames, in the video's order.

        Args:
            state: Of :meth:`begin`; changed in place.
            frames: The frames.

        Returns:
            One estimate, which holds for every prompt; or where :attr:`reads_prompt`, one
            for each of the prompts, which may share ``features`` and ``detections``.
        """
        raise NotImplementedError

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """The losses of B clips of T frames, and the trajectories to describe.

        Args:
            inputs: The frames, ``inputs[t][b]``.
            samples: B samples with ground truth.
            plan: Which frames have a detection loss and a gradient, and whose trajectories
                are described.

        Raises:
            TypeError: This estimator cannot be trained.
        """
        raise TypeError(f'{type(self).__name__} cannot be trained')

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        """Hashes of what its tracks depend on beside frames, config and its own weights:
        the files that its parts read."""
        return []

    def with_cache(
        self, root: str | os.PathLike, needs: frozenset[str]
    ) -> BaseEstimator:
        """The same estimator, its parts shared, with what is slow kept in a folder.

        The default keeps nothing and comes back as it is.

        Args:
            root: Folder of the cache.
            needs: As of :meth:`begin`; what a cache cannot give.
        """
        return self

    def parts(self) -> list[Any]:
        """The parts it is made of, for the fingerprint of a user's own code."""
        return [self]


def require_estimator_needs(
    estimator: BaseEstimator, needs: frozenset[str], part: str
) -> None:
    """Refuse a pipeline whose parts do not fit.

    Args:
        estimator: What makes the tracks.
        needs: What ``part`` asks of it.
        part: Name of the part, for the message.

    Raises:
        TypeError: The estimator does not provide it; names the fix.
    """
    unknown = sorted(needs - {*NEEDS})
    if unknown:
        raise TypeError(f'{part} needs {", ".join(unknown)}; there are {NEEDS}')
    missing = needs - estimator.provides
    if FEATURES in missing:
        raise TypeError(
            f'{part} needs feature maps, and {estimator.source_name} makes none: name a '
            "feature_extractor, such as dict(type='MMDetDetector', ...)"
        )
    if missing:
        raise TypeError(
            f'{part} needs {", ".join(sorted(missing))}, which '
            f'{estimator.source_name} does not provide: take another estimator'
        )
