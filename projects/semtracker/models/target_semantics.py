"""Semantics of one target: its events from track features, as a table and a sentence."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from mmsmot.models.estimators import TRACK_FEATURES, EstimatorLoss
from mmsmot.models.semantics.description import Description, Pair, requested_ids
from mmsmot.registry import MODELS, TASK_UTILS, build_part
from mmsmot.structures import UNTRACKED, Frame, Interactions, SMOTDataSample, Tracks
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    require_numbers,
)
from projects.semtracker.datasets.episode_labels import frame_labels
from projects.semtracker.models.event_spans import Event, EventRules, RunningEvents
from projects.semtracker.models.event_text import event_text
from projects.semtracker.models.interaction_branch import (
    ROLES,
    InteractionBranch,
    box_geometry,
)
from projects.semtracker.models.meta_learning import (
    Episodes,
    MetaLearning,
    episode_loss,
)
from projects.semtracker.models.self_adaptation import SelfAdaptation

NamedEvent = tuple[str, str, str, int, int, float]


class TargetRow(NamedTuple):
    """A target in a frame.

    Attributes:
        position: Which of the frames that were read it is, from 1.
        frame: The frame.
        box: (4,) in pixels.
        tokens: (K, d) of the box.
    """

    position: int
    frame: Frame
    box: np.ndarray
    tokens: torch.Tensor


@dataclass(eq=False)
class TargetBuffer:
    """What is held of one target: its events, and the last frames' vectors.

    It grows with the events, not with the frames that pass.

    Attributes:
        events: Those that have ended, and what goes on.
        last_position: Which of the frames that were read had its last box; where it jumps,
            the target was lost.
        past: The last frames as each layer of the temporal head reads them.
        last_sample: Box, size and time of the last frame.
        head_weights: Of an adapted head; ``None`` for the model's.
        first_frames: Vectors of the first frames, until the head is adapted to them.
    """

    events: RunningEvents
    last_position: int = -1
    past: list[torch.Tensor] | None = None
    last_sample: tuple[np.ndarray, tuple[int, int], float] | None = None
    head_weights: dict[str, torch.Tensor] | None = None
    first_frames: list[torch.Tensor] = field(default_factory=list)


@dataclass(eq=False)
class SemanticsBuffer:
    """The targets of one video by id, and how many frames of it were read."""

    rules: EventRules
    targets: dict[int, TargetBuffer] = field(default_factory=dict)
    num_frames: int = 0

    @property
    def ids(self) -> list[int]:
        """Their ids, ascending."""
        return sorted(self.targets)

    def rename(self, names: dict[int, int]) -> None:
        """Join targets: the events of each old id go to its new one.

        The part that was seen last goes on; no event reaches from one part to another.
        """
        for old, new in names.items():
            part = self.targets.pop(old)
            known_target = self.targets.get(new)
            if known_target is not None:
                earlier, part = sorted(
                    (known_target, part), key=lambda t: t.last_position
                )
                part.events.join(earlier.events)
            self.targets[new] = part

    def forget(self, ids: Sequence[int]) -> None:
        """Drop targets."""
        for track_id in ids:
            self.targets.pop(track_id, None)


@MODELS.register_module()
class TargetSemantics(nn.Module):
    """The semantics slot of semantic tracking: who or what, how, from when to when.

    ::

        Tracks.features, boxes -> InteractionBranch -> verb, partner a frame -> spans
                                                                     -> table, sentence

    Frame by frame and causal: a frame's classes never change. Spans follow them by half the
    window that the probabilities are smoothed over; what is held of a target does not grow
    with the frames that pass.

    Args:
        branch: :class:`InteractionBranch`.
        meta: :class:`MetaLearning`, to train with episodes; ``None`` trains on all frames
            alike.
        self_adaptation: :class:`SelfAdaptation` to a target's own first frames at
            inference; ``None``, the default: nothing adapts there, and what
            meta-learning leaves is its initialisation.
        smoothing: Frames of the moving average, odd.
        min_frames: Shorter events are left out.
        threshold: Least mean probability of an event.
        loss_weight: Of the interaction loss.
    """

    needs = frozenset({TRACK_FEATURES})

    def __init__(
        self,
        *,
        branch: dict | InteractionBranch,
        meta: dict | MetaLearning | None = None,
        self_adaptation: dict | SelfAdaptation | None = None,
        smoothing: int = 3,
        min_frames: int = 3,
        threshold: float = 0.3,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__()
        owner = 'TargetSemantics'
        require_numbers(owner, COUNT, smoothing=smoothing, min_frames=min_frames)
        require_numbers(owner, FRACTION, threshold=threshold)
        require_numbers(owner, NON_NEGATIVE, loss_weight=loss_weight)
        if smoothing % 2 == 0:
            raise ValueError(f'{owner}: smoothing must be odd, got {smoothing}')
        self.branch = build_part(branch)
        self.verbs, self.partners = self.branch.verbs, self.branch.partners
        self.meta = build_part(meta, TASK_UTILS)
        self.self_adaptation = build_part(self_adaptation, TASK_UTILS)
        self.rules = EventRules(len(self.verbs), smoothing, min_frames, threshold)
        self.loss_weight = loss_weight

    def begin(self) -> SemanticsBuffer:
        """An empty buffer, for one video."""
        return SemanticsBuffer(self.rules)

    @torch.no_grad()
    def update(
        self,
        buffer: SemanticsBuffer,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        tracks: Sequence[Tracks],
    ) -> None:
        """Classes of the targets in B more frames of a video."""
        rows: dict[int, list[TargetRow]] = {}
        for frame, frame_tracks in zip(frames, tracks, strict=True):
            buffer.num_frames += 1
            for k, track_id in enumerate(frame_tracks.ids.tolist()):
                box, tokens = frame_tracks.boxes[k], frame_tracks.features[k]
                row = TargetRow(buffer.num_frames, frame, box, tokens)
                rows.setdefault(track_id, []).append(row)
        for track_id, target_rows in rows.items():
            target = buffer.targets.get(track_id)
            if target is None:
                target = TargetBuffer(RunningEvents(buffer.rules))
                buffer.targets[track_id] = target
            probabilities = self._probabilities(target, target_rows)
            for row, values in zip(target_rows, probabilities, strict=True):
                if row.position != target.last_position + 1:
                    target.events.cut()
                target.events.push(row.frame.frame_id, values)
                target.last_position = row.position

    def _probabilities(
        self,
        target: TargetBuffer,
        rows: Sequence[TargetRow],
    ) -> np.ndarray:
        """(T, 2, 1 + V + C) of T more frames; what the target holds goes on with them."""
        tokens = torch.stack([torch.as_tensor(row.tokens) for row in rows])
        samples = [(row.box, row.frame.size, row.frame.timestamp) for row in rows]
        has_past = target.last_sample is not None
        samples = [target.last_sample, *samples] if has_past else samples
        boxes, sizes, seconds = (
            torch.tensor(np.array(column), dtype=torch.float64)
            for column in zip(*samples, strict=True)
        )
        geometry = box_geometry(boxes, sizes, seconds)[int(has_past) :]
        vectors = self.branch.encoder(tokens, geometry.to(tokens.device))
        target.last_sample = samples[-1]
        adaptation = self.self_adaptation
        if adaptation is None:
            return self._classes(target, vectors)
        probabilities = []
        for part in adaptation.parts(target, vectors):
            probabilities.append(self._classes(target, part))
            adaptation.update(self.branch, target, part)
        return np.concatenate(probabilities)

    def _classes(self, target: TargetBuffer, vectors: torch.Tensor) -> np.ndarray:
        """(T, 2, 1 + V + C) probabilities of T more frames of a target."""
        logits, target.past = torch.func.functional_call(
            self.branch.head, target.head_weights or {}, (vectors[None], target.past)
        )
        split = self.branch.split(logits)
        parts = split.verbs[0].softmax(-1), split.partners[0].softmax(-1)
        return torch.cat(parts, dim=-1).cpu().numpy()

    def generate(
        self,
        buffer: SemanticsBuffer,
        ids: Sequence[int] | None = None,
        *,
        caption_ids: Sequence[int] | None = None,
        pairs: Set[Pair] | None = None,
        video_caption: bool = True,
        summarize: bool = False,
    ) -> Description:
        """The events of each target, and a sentence of them.

        Args:
            buffer: Of one video.
            ids: Those to describe; ``None`` for all.
            caption_ids: Those of ``ids`` to caption; ``None`` for all.
            pairs: Not used: the other side of an event is a class, not a track.
            video_caption: Not used: a target's events are its caption.
            summarize: Not used: nothing outlives a target.
        """
        _, captioned = requested_ids(buffer.ids, ids, caption_ids)
        description, rows = Description(), []
        for track_id in captioned:
            target = buffer.targets[track_id]
            events = [self._named(event) for event in target.events.events()]
            description.captions[track_id] = event_text([event[:5] for event in events])
            rows += [_row(track_id, *event) for event in events]
        if rows:
            columns = map(np.array, zip(*rows, strict=True))
            description.interactions = Interactions(*columns)
        return description

    def _named(self, event: Event) -> NamedEvent:
        """Verb, role, partner, first and last frame number, score."""
        verb, partner = self.verbs[event.verb - 1], self.partners[event.partner]
        frames = event.first_frame, event.last_frame
        return verb, ROLES[event.role], partner, *frames, event.score

    def loss(
        self,
        estimate: EstimatorLoss,
        inputs: Sequence[Sequence[Frame]],
        data_samples: Sequence[SMOTDataSample],
    ) -> dict[str, torch.Tensor]:
        """The interaction loss of B clips, plain or by episodes.

        The support of an episode is of another clip of the same video, where the batch has
        one (``VerbBalancedSampler(targets_per_video=2)``), else of the same clip: what was
        done there before the query begins.

        Args:
            estimate: Along the true trajectories, with track features.
            inputs: The frames, ``inputs[t][b]``.
            data_samples: B samples with ground truth.

        Raises:
            ValueError: A true verb is not among the branch's classes.
        """
        for sample in data_samples:
            self._require_known_verbs(sample)
        targets = [
            (b, sample)
            for b, sample in enumerate(data_samples)
            if len(estimate.trajectories[b]) and 'gt_interactions' in sample
        ]
        if not targets:
            return {'loss_interaction': estimate.track_features.sum() * 0}
        episodes = self._episodes(targets, estimate, inputs)
        if self.meta is None:
            weights = dict(self.branch.head.named_parameters())
            loss = episode_loss(self.branch.head, weights, episodes)
        else:
            videos = [sample.video.name for _, sample in targets]
            frame_ids = [
                torch.from_numpy(estimate.trajectories[b].frame_ids) for b, _ in targets
            ]
            frame_ids = nn.utils.rnn.pad_sequence(frame_ids, batch_first=True)
            loss = self.meta.loss(
                self.branch.head,
                episodes,
                companions_of(videos),
                frame_ids.to(episodes.mask.device),
            )
        return {'loss_interaction': self.loss_weight * loss}

    def _require_known_verbs(self, sample: SMOTDataSample) -> None:
        if 'gt_interactions' not in sample:
            return
        unknown = sorted({*sample.gt_interactions.verbs.tolist()} - {*self.verbs})
        if unknown:
            raise ValueError(
                f'{sample.video.name}: the interaction {unknown[0]!r} is not among the '
                f'{len(self.verbs)} classes of the InteractionBranch; give it the '
                "data's classes (verbs and partners, or classes=FILE)"
            )

    def _episodes(
        self,
        targets: Sequence[tuple[int, SMOTDataSample]],
        estimate: EstimatorLoss,
        inputs: Sequence[Sequence[Frame]],
    ) -> Episodes:
        """The frames of N targets, padded at their end."""
        counts = np.cumsum([0, *map(len, estimate.trajectories)])
        vectors, labels = [], []
        for b, sample in targets:
            boxes = estimate.trajectories[b]
            frames = {step[b].frame_id: step[b] for step in inputs}
            clip_frames = [frames[frame_id] for frame_id in boxes.frame_ids.tolist()]
            tokens = estimate.track_features[counts[b] : counts[b + 1]]
            geometry = box_geometry(
                torch.from_numpy(boxes.boxes),
                torch.tensor(
                    [frame.size for frame in clip_frames], dtype=torch.float64
                ),
                torch.tensor(
                    [frame.timestamp for frame in clip_frames], dtype=torch.float64
                ),
            )
            vectors.append(self.branch.encoder(tokens, geometry.to(tokens.device)))
            labels.append(
                frame_labels(
                    sample.gt_interactions, boxes.frame_ids, self.verbs, self.partners
                )
            )
        device = vectors[0].device
        pad = nn.utils.rnn.pad_sequence
        verbs, partners = (
            pad([torch.from_numpy(part[k]) for part in labels], True, -1).to(device)
            for k in range(2)
        )
        mask = pad([v.new_ones(len(v)) for v in vectors], batch_first=True).bool()
        return Episodes(pad(vectors, batch_first=True), verbs, partners, mask)


def companions_of(videos: Sequence[str]) -> torch.Tensor:
    """(N,) for each clip the next one of its video, in a circle; itself, if it is alone.

    >>> companions_of(['a', 'b', 'a', 'a', 'c']).tolist()
    [2, 1, 3, 0, 4]
    """
    members: dict[str, list[int]] = {}
    for number, video in enumerate(videos):
        members.setdefault(video, []).append(number)
    companions = torch.arange(len(videos))
    for numbers in members.values():
        companions[numbers] = torch.tensor([*numbers[1:], numbers[0]])
    return companions


def _row(
    track_id: int,
    verb: str,
    role: str,
    partner: str,
    first_frame: int,
    last_frame: int,
    score: float,
) -> tuple[int, int, str, int, int, float, str]:
    """A row of :class:`~mmsmot.structures.Interactions`."""
    sides = (track_id, UNTRACKED)[:: 1 if role == 'subject' else -1]
    return (*sides, verb, first_frame, last_frame, score, partner)
