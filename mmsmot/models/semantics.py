"""From trajectories and feature maps to words and interactions."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np
import torch
from torch import nn

from ..registry import MODELS, built
from ..structures import Frame, Interactions, SMOTDataSample, Tracks
from .clip_table import ClipTable
from .description import Description, Pair
from .estimators.base import FEATURES, TRACK_FEATURES, EstimatorLoss
from .feature_maps import FeatureMaps
from .interaction_spans import with_spans
from .scene import Scene, VideoContext
from .semantic_losses import semantic_losses
from .semantic_memory import SemanticMemory
from .semantic_slots import (
    OFFERS,
    require_company,
    require_offers,
    require_options,
)
from .track_summaries import TrackSummary
from .trajectory import TrajectoryTokens


@MODELS.register_module()
class TrajectorySemantics(nn.Module):
    """The second half of SMOTer: describe, fuse, speak (paper, sections 4.2 and 4.3).

    Heads see trajectories, not trackers. Each part may be ``None``: then nothing is said
    of its kind. Only people who share a frame are told of each other, and asked about as a
    pair (ours; in the paper all pairs are).

    Args:
        roi: Boxes and feature maps to tokens; so many to a box as its ``tokens`` says.
            ``None`` takes the features that the estimator's tracks carry.
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
        box_tokens: K of the features that tracks carry, with ``roi=None``.
        trained_on: Name of the dataset that the weights come from, for a warning where
            they are used on something else; ``None`` for none.

    Raises:
        ValueError: Parts that need another one which is missing, or a wrong option.

    What follows from other parts is given to a part by its name, and needs no word in a
    config: to ``context`` the tokens of a box as ``pool``; to the fusion's ``encoding`` and
    to ``phrases`` as ``tokens``; to ``relations`` somebody's first ``tokens``, and
    ``num_verbs``.
    """

    def __init__(
        self,
        roi: dict | nn.Module | None,
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
        box_tokens: int | None = None,
    ) -> None:
        super().__init__()
        require_options(frame_stride, max_boxes, span_parts, loss_weights)
        require_company(
            (relations, interaction, 'relations need an interaction head'),
            (phrases, instance_caption, 'phrases need an instance caption head'),
            (video_caption, video_fusion, 'a video caption needs video_fusion'),
        )
        self.roi = built(roi)
        _require(
            (roi is None) == (box_tokens is not None),
            "give a roi, or with roi=None the box_tokens of the tracks' features",
        )
        require_offers('roi', self.roi)
        tokens = box_tokens if roi is None else self.roi.tokens
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

    @property
    def needs(self) -> frozenset[str]:
        """What it asks of the estimator."""
        needs = {TRACK_FEATURES} if self.roi is None else {FEATURES}
        return frozenset(needs if self.video_fusion is None else {*needs, FEATURES})

    def begin(self) -> SemanticMemory:
        """An empty memory, for one video."""
        return SemanticMemory(self.max_boxes)

    @torch.no_grad()
    def update(
        self,
        memory: SemanticMemory,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        tracks: Sequence[Tracks],
    ) -> None:
        """Take in B more frames of a video and the tracks in them.

        Args:
            memory: Of one video.
            features: Feature maps of the frames.
            frames: The frames.
            tracks: For each the tracks; where they carry ``features`` (N, K, d), those are
                their tokens, and nothing is pooled.
        """
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
        kept_tracks, rows = [], []
        for row in looked_at:
            keep = memory.wanted(tracks[row].ids.tolist())
            kept_tracks.append(tracks[row][np.array(keep, bool)])
            rows += [row] * len(kept_tracks[-1])
        if rows:
            tokens, boxes = self._tokens(features, frames, rows, kept_tracks)
            times = torch.tensor(
                [frames[row].timestamp for row in rows], dtype=torch.float64
            )
            frame_ids = torch.tensor([frames[row].frame_id for row in rows])
            ids = torch.from_numpy(np.concatenate([t.ids for t in kept_tracks]))
            device = tokens.device
            memory.add(ids, tokens, times.to(device), boxes, frame_ids.to(device))

    def _tokens(
        self,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        rows: list[int],
        tracks: Sequence[Tracks],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (R, K, d) of all tracks' rows, and boxes (R, 4) as fractions.

        Args:
            features: Of the frames.
            frames: The frames.
            rows: (R,) which frame each row of the tracks is in.
            tracks: Those of the frames taken in, in their order.
        """
        boxes = np.concatenate([reported.boxes for reported in tracks])
        if self.roi is not None:
            return self._pooled(features, rows, boxes)
        track_features = [reported.features for reported in tracks if len(reported)]
        if any(tokens is None for tokens in track_features):
            raise TypeError(
                'TrajectorySemantics: roi=None takes the features that tracks carry, and '
                'these carry none; give it a roi, or an estimator that provides them'
            )
        tokens = torch.cat([torch.as_tensor(tokens) for tokens in track_features])
        return tokens, _fractions(frames, rows, boxes, tokens.device)

    @torch.no_grad()
    def generate(
        self,
        memory: SemanticMemory,
        ids: Sequence[int] | None = None,
        *,
        caption_ids: Sequence[int] | None = None,
        pairs: Set[Pair] | None = None,
        video_caption: bool = True,
        summarize: bool = False,
    ) -> Description:
        """Captions and interactions of what is in the memory.

        Args:
            memory: Of one video.
            ids: The trajectories to describe; those without a box that was taken in are
                passed over. ``None`` for all.
            caption_ids: Those of ``ids`` to caption; ``None`` for all. The others are
                their context.
            pairs: Unordered pairs of ids whose interactions are asked for; ``None`` for
                all that share a frame.
            video_caption: Whether to caption the whole video.
            summarize: Leave one summary of each captioned trajectory in the memory, for
                the video caption after it is forgotten.
        """
        memory_ids = memory.ids
        ids = memory_ids if ids is None else sorted(set(memory_ids).intersection(ids))
        tracks = memory.trajectories(ids)
        description = Description()
        scene = None
        if tracks is not None and len(tracks):
            scene = self._scene(tracks, [0] * len(tracks))
            rows = [
                r for r, i in enumerate(ids) if caption_ids is None or i in caption_ids
            ]
            if self.instance_caption is not None and rows:
                texts = self.instance_caption.predict(
                    *scene.about(rows, self.relations)
                )
                captioned = [ids[row] for row in rows]
                description.captions = dict(zip(captioned, texts, strict=True))
            if self.interaction is not None:
                verbs = self.interaction.predict(scene.logits, scene.pairs, ids)
                verbs = verbs if pairs is None else verbs.of_pairs(pairs)
                description.interactions = self._with_spans(verbs, memory)
            if summarize and self.video_caption is not None:
                summaries = scene.summaries(rows, self.relations)
                for row, summary in zip(rows, summaries, strict=True):
                    memory.summaries.offer(ids[row], summary)
        if video_caption and self.video_caption is not None:
            description.video_caption = self._caption_video(memory, scene, len(ids))
        return description

    def _caption_video(
        self, memory: SemanticMemory, scene: Scene | None, num_tracks: int
    ) -> str:
        """The caption of a video; of nobody's video too."""
        if memory.video.fused is None:
            return ''
        past = memory.summaries.forgotten(memory.ids)
        (prefix,) = self.video_prefixes(
            memory.video.fused, scene, [range(num_tracks)], past
        )
        return self.video_caption.predict(prefix)

    def loss(
        self,
        estimate: EstimatorLoss,
        inputs: list[list[Frame]],
        data_samples: list[SMOTDataSample],
    ) -> dict[str, torch.Tensor]:
        """The losses of B clips of T frames.

        Args:
            estimate: The trajectories to describe, with the ground truth id of each, and
                feature maps of T * B frames (time first) or track features.
            inputs: The frames, ``inputs[t][b]``.
            data_samples: B samples with ground truth.
        """
        clips = ClipTable(inputs, estimate.trajectories, estimate.gt_ids)
        scene = None
        if clips.num_tracks:
            if estimate.track_features is None:
                pooled = self._pooled(estimate.features, clips.rows, clips.boxes)
            else:
                tokens = estimate.track_features[clips.index]
                frames = [frame for step in inputs for frame in step]
                pooled = (
                    tokens,
                    _fractions(frames, clips.rows, clips.boxes, tokens.device),
                )
            scene = self._scene_of(clips, *pooled)
        return semantic_losses(self, clips, data_samples, estimate, scene)

    def _pooled(
        self, features: FeatureMaps, rows: Sequence[int], boxes: np.ndarray
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Tokens (R, K, d), and boxes (R, 4) as fractions of their picture."""
        rows = torch.as_tensor(rows, dtype=torch.int64)
        boxes = torch.as_tensor(boxes, dtype=torch.float64).reshape(-1, 4)
        tokens = self.roi(features, rows, boxes)
        fractions = boxes / features.sizes[rows].repeat(1, 2)
        return tokens, fractions.to(tokens.device, torch.float32)

    def _scene_of(
        self, clips: ClipTable, tokens: torch.Tensor, boxes: torch.Tensor
    ) -> Scene:
        """The fused trajectories of clips, of which there are some."""
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

    def video_prefixes(
        self,
        videos: torch.Tensor,
        scene: Scene | None,
        rows: Sequence[Sequence[int]],
        past: Sequence[TrackSummary] = (),
    ) -> list[torch.Tensor]:
        """The prefixes of the captions of B videos.

        Args:
            videos: (B, V, d), F~.
            scene: Fused trajectories of all of them; ``None`` for none.
            rows: For each video its rows of the scene.
            past: Summaries of trajectories of the one video that were forgotten.
        """
        prefixes = []
        for video, video_rows in zip(videos, rows, strict=True):
            context = VideoContext.of(scene, video_rows, self.relations, past)
            prefix = self.video_caption.prefix(
                video, context.fused, context.mask, context.people
            )
            prefixes.append(prefix)
        return prefixes

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


def _fractions(
    frames: Sequence[Frame],
    rows: Sequence[int],
    boxes: np.ndarray,
    device: torch.device,
) -> torch.Tensor:
    """(R, 4) float32 boxes as fractions of the pictures of their frames."""
    sizes = np.array([frames[row].size for row in rows], float).reshape(-1, 2)
    return torch.from_numpy(boxes / np.tile(sizes, 2)).to(device, torch.float32)


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(f'TrajectorySemantics: {why}')
