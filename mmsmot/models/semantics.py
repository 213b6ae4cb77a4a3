"""From trajectories and feature maps to words and interactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from ..registry import MODELS, built
from ..structures import Frame, Interactions, SMOTDataSample, Tracks, Trajectories
from .clip_table import ClipTable
from .feature_maps import FeatureMaps
from .interaction_spans import with_spans
from .scene import Scene
from .semantic_losses import semantic_losses
from .semantic_memory import SemanticMemory
from .semantic_slots import (
    OFFERS,
    require_company,
    require_offers,
    require_options,
)
from .trajectory import TrajectoryTokens


@dataclass
class Description:
    """What is said about a video.

    Attributes:
        captions: A text by trajectory id.
        interactions: Who does what to whom.
        video_caption: A text for the whole video.
    """

    captions: dict[int, str] = field(default_factory=dict)
    interactions: Interactions = field(default_factory=Interactions.empty)
    video_caption: str = ''


@MODELS.register_module()
class TrajectorySemantics(nn.Module):
    """The second half of SMOTer: describe, fuse, speak (paper, sections 4.2 and 4.3).

    Heads see trajectories, not trackers. Each part may be ``None``: then nothing is said
    of its kind. Only people who share a frame are told of each other, and asked about as a
    pair (ours; in the paper all pairs are).

    Args:
        roi: Boxes and feature maps to tokens; so many to a box as its ``tokens`` says.
        trajectory_fusion: TFM.
        video_fusion: VFM; needed for a video caption.
        context: Tells each fused trajectory of the others of its video.
        phrases: Tells the captions which phrases somebody's looks bring to mind; learns
            from the instance captions, and needs their head.
        relations: Tells the captions who interacts with whom; needs an interaction head.
        instance_caption: Head.
        video_caption: Head.
        interaction: Head.
        share_decoder: The video caption is spoken by the instance captions' decoder, as
            in the released code; its own ``decoder`` must then be ``None``.
        max_boxes: Boxes of a trajectory that are looked at, evenly spaced; ``None`` for
            all.
        frame_stride: When predicting, frame numbers from one frame looked at to the next,
            at least; the tracker still sees all.
        loss_weights: Factors of the losses by name; 1 where none is given.
        span_parts: When an interaction happens is looked for with windows of one part in so
            many of the time that both are there
            (:func:`~mmsmot.models.interaction_spans.with_spans`); 0: not looked for.
        trained_on: Name of the dataset that the weights come from, for a warning where
            they are used on something else; ``None`` for none.

    Raises:
        ValueError: Parts that need another one which is missing, or a wrong option.

    What follows from other parts is given to a part by its name, and needs no word in a
    config: to ``context`` the tokens of a box as ``pool``; to the fusion's ``encoding`` and
    to ``phrases`` as ``tokens``; to ``relations`` somebody's first ``tokens``, and
    ``num_verbs``.
    """

    needs_features = True  # else it looks at pictures alone

    def __init__(
        self,
        roi: dict | nn.Module,
        trajectory_fusion: dict | nn.Module,
        video_fusion: dict | nn.Module | None = None,
        context: dict | nn.Module | None = None,
        phrases: dict | nn.Module | None = None,
        relations: dict | nn.Module | None = None,
        instance_caption: dict | nn.Module | None = None,
        video_caption: dict | nn.Module | None = None,
        interaction: dict | nn.Module | None = None,
        share_decoder: bool = False,
        max_boxes: int | None = None,
        frame_stride: int = 1,
        loss_weights: dict[str, float] | None = None,
        span_parts: int = 4,
        trained_on: str | None = None,
    ) -> None:
        super().__init__()
        require_options(frame_stride, max_boxes, span_parts, loss_weights)
        require_company(
            (relations, interaction, 'relations need an interaction head'),
            (phrases, instance_caption, 'phrases need an instance caption head'),
            (video_caption, video_fusion, 'a video caption needs video_fusion'),
        )
        self.roi = built(roi)
        require_offers('roi', self.roi)
        tokens = self.roi.tokens
        if isinstance(trajectory_fusion, dict) and trajectory_fusion.get('encoding'):
            encoding = built(trajectory_fusion['encoding'], tokens=tokens)
            trajectory_fusion = {**trajectory_fusion, 'encoding': encoding}
        self.trajectory_fusion = built(trajectory_fusion)
        self.video_fusion = built(video_fusion)
        self.context = built(context, pool=tokens)
        self.phrases = built(phrases, tokens=tokens)
        self.interaction = built(interaction)
        require_offers('interaction', self.interaction)
        if relations is not None:
            relations = built(
                relations,
                tokens=tokens + (phrases is not None),  # what is told stands first
                num_verbs=len(self.interaction.vocabulary),
            )
        self.relations = relations
        self.instance_caption = built(instance_caption)
        more = ['encoded'] * (phrases is not None) + ['decoder'] * share_decoder
        require_offers('instance_caption', self.instance_caption, *more)
        if share_decoder and isinstance(video_caption, dict):
            _require(
                instance_caption is not None and video_caption.get('decoder') is None,
                "share_decoder=True takes instance_caption's decoder: give that head, "
                'and none to video_caption',
            )
            video_caption = dict(video_caption, decoder=self.instance_caption.decoder)
        self.video_caption = built(video_caption)
        for slot in OFFERS:
            require_offers(slot, getattr(self, slot))
        self.max_boxes = max_boxes
        self.frame_stride = frame_stride
        self.loss_weights = loss_weights or {}
        self.span_parts = span_parts
        self.trained_on = trained_on

    def begin(self) -> SemanticMemory:
        """An empty memory, for one video."""
        return SemanticMemory(self.max_boxes)

    @torch.no_grad()
    def see(
        self,
        memory: SemanticMemory,
        features: FeatureMaps,
        frames: Sequence[Frame],
        tracks: Sequence[Tracks],
    ) -> None:
        """Take in B more frames of a video and the tracks in them."""
        looked_at = []
        for row, frame in enumerate(frames):
            if frame.frame_id >= memory.next_frame:
                memory.next_frame = frame.frame_id + self.frame_stride
                looked_at.append(row)
        if not looked_at:
            return
        if self.video_fusion is not None:
            tokens = self.video_fusion.frame_tokens(features[looked_at])
            memory.video = self.video_fusion(tokens[:, None], memory.video)
        rows, ids, boxes = [], [], []
        for row in looked_at:
            kept = memory.wanted(tracks[row].ids.tolist())
            shown = tracks[row][np.array(kept, bool)]
            rows += [row] * len(shown)
            ids.append(shown.ids)
            boxes.append(shown.boxes)
        if not rows:
            return
        # In float32 a day has steps of 8 ms, and a clock that began in 1970 of 2 min.
        stamps = [frames[row].timestamp for row in rows]
        times = torch.tensor(stamps, dtype=torch.float64)
        numbers = torch.tensor([frames[row].frame_id for row in rows])
        tokens, boxes = self._pooled(features, rows, np.concatenate(boxes))
        ids = torch.from_numpy(np.concatenate(ids))
        device = tokens.device
        memory.add(ids, tokens, times.to(device), boxes, numbers.to(device))

    @torch.no_grad()
    def describe(
        self,
        memory: SemanticMemory,
        ids: Sequence[int] | None = None,
        video_caption: bool = True,
        about: Sequence[int] | None = None,
    ) -> Description:
        """Put into words what was seen so far.

        Args:
            memory: Of one video.
            ids: The trajectories to speak of; those without a box that was looked at are
                passed over. ``None`` for all.
            video_caption: Whether to speak of the whole video.
            about: Captions of these alone, and interactions that one of them is part of;
                the others are looked at as their company. ``None`` for all.
        """
        known = memory.ids
        ids = known if ids is None else sorted(set(known).intersection(ids))
        tracks = memory.trajectories(ids)
        found = Description()
        scene = None
        if tracks is not None and len(tracks):
            scene = self._scene(tracks, [0] * len(tracks))
            rows = [row for row, i in enumerate(ids) if about is None or i in about]
            if self.instance_caption is not None and rows:
                texts = self.instance_caption.predict(
                    *scene.about(rows, self.relations)
                )
                told = (ids[row] for row in rows)
                found.captions = dict(zip(told, texts, strict=True))
            if self.interaction is not None:
                verbs = self.interaction.predict(scene.logits, scene.pairs, ids)
                verbs = verbs if about is None else verbs.touching(about)
                found.interactions = self._with_spans(verbs, memory)
        speaks = video_caption and self.video_caption is not None
        if speaks and memory.video.fused is not None:
            (prefix,) = self.about_videos(memory.video.fused, scene, [range(len(ids))])
            found.video_caption = self.video_caption.predict(prefix)
        return found

    def loss(
        self,
        features: FeatureMaps,
        inputs: list[list[Frame]],
        data_samples: list[SMOTDataSample],
        trajectories: list[Trajectories],
        true_ids: list[dict[int, int]],
    ) -> dict[str, torch.Tensor]:
        """The losses of B clips of T frames.

        Args:
            features: Of T * B frames, time first.
            inputs: The frames, ``inputs[t][b]``.
            data_samples: B samples with truth.
            trajectories: For each clip the trajectories to speak about.
            true_ids: For each clip the true id by trajectory id; the others are not
                spoken about.
        """
        clips = ClipTable(inputs, trajectories, true_ids)
        scene = self._scene_of(clips, features) if clips.num_tracks else None
        return semantic_losses(self, clips, data_samples, features, scene)

    def _pooled(
        self, features: FeatureMaps, rows: Sequence[int], boxes: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (R, K, d), and boxes (R, 4) as fractions of their picture."""
        rows = torch.as_tensor(rows, dtype=torch.int64)
        boxes = torch.as_tensor(boxes, dtype=torch.float64).reshape(-1, 4)
        tokens = self.roi(features, rows, boxes)
        fractions = boxes / features.sizes[rows].repeat(1, 2)
        return tokens, fractions.to(tokens.device, torch.float32)

    def _scene_of(self, clips: ClipTable, features: FeatureMaps) -> Scene:
        """The fused trajectories of clips, of which there are some."""
        tokens, boxes = self._pooled(features, clips.rows, clips.boxes)
        device = tokens.device
        tracks = TrajectoryTokens.grouped(
            torch.tensor(clips.track, device=device),
            tokens,
            torch.tensor(clips.times, device=device, dtype=torch.float64),
            boxes,
            clips.num_tracks,
            self.max_boxes,
        )
        return self._scene(tracks, [clip for clip, _ in clips.names])

    def _scene(self, tracks: TrajectoryTokens, videos: list[int]) -> Scene:
        """The fused trajectories; ``videos`` says of which video each is."""
        video = torch.tensor(videos, device=tracks.tokens.device)
        together = tracks.together(video)
        fused, mask = self._fused(tracks, together)
        pairs, logits = together.nonzero(), None
        if self.interaction is not None:
            logits = self.interaction(fused, mask, pairs)
        phrase_logits = None
        if self.phrases is not None:
            phrase_logits = self.phrases(tracks)
            fused, mask = self.phrases.before(phrase_logits, fused, mask)
        return Scene(fused, mask, pairs, logits, phrase_logits)

    def _fused(
        self, tracks: TrajectoryTokens, is_other: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """T~ (M, L, d) and its mask; (M, M) says who is told of whom."""
        fused, mask = self.trajectory_fusion(tracks)
        if self.context is not None:
            fused = self.context(fused, mask, is_other)
        return fused, mask

    def about_videos(
        self, videos: torch.Tensor, scene: Scene | None, rows: Sequence[Sequence[int]]
    ) -> list[torch.Tensor]:
        """What the captions of videos (B, V, d) are spoken from; whose rows are whose."""
        if scene is None:
            return [self.video_caption.prefix(video) for video in videos]
        people = scene.people(rows, self.relations)
        return [
            self.video_caption.prefix(video, scene.fused[own], scene.mask[own], shown)
            if own
            else self.video_caption.prefix(video)
            for video, own, shown in zip(videos, map(list, rows), people, strict=True)
        ]

    def _with_spans(self, found: Interactions, memory: SemanticMemory) -> Interactions:
        """When each interaction happens, where that is asked for."""
        if not self.span_parts or not len(found):
            return found
        ids = sorted({*found.subject_ids.tolist(), *found.object_ids.tolist()})
        every = memory.trajectories(ids, self.max_boxes and 2 * self.max_boxes)
        verbs = [self.interaction.vocabulary.index(v) for v in found.verbs.tolist()]
        return with_spans(found, ids, verbs, every, self._verb_scores, self.span_parts)

    def _verb_scores(self, pairs: TrajectoryTokens) -> torch.Tensor:
        """(P, verbs) of 2 P trajectories: subject, object, subject, object, ..."""
        rows = torch.arange(len(pairs), device=pairs.tokens.device)
        fused, mask = self._fused(pairs, rows[:, None] == rows ^ 1)
        return self.interaction(fused, mask, rows.reshape(-1, 2)).sigmoid()


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(f'TrajectorySemantics: {why}')
