"""Tracking by queries: one Deformable DETR, and the slots in which four papers differ."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from mmsmot.models.detectors import BaseDetector, CachedDetector
from mmsmot.models.estimators import (
    FEATURES,
    TRACK_FEATURES,
    BaseEstimator,
    Estimate,
    EstimatorLoss,
)
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS, TASK_UTILS, build_part
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    SMOTDataSample,
    VideoInfo,
)
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.number_ranges import COUNT, require_numbers

# Registered by their import: QIM and QIMv2, lifecycles.
from . import external_tracker, giou_matching, query_interaction  # noqa: F401
from .assigners import SetAssigner
from .clip_losses import ClipLoss
from .clip_pass import clip_pass
from .cpu_deformable_attention import use_fast_cpu_attention
from .deformable_decoding import (
    Memory,
    decode,
    deformable_detr,
    encode,
    encoder_parts,
    identity_fusion_conv,
    track_attention_layers,
)
from .denoising import BoxDenoising
from .initial_weights import check_and_complete, query_count_problem
from .lifecycles import ScoreStates
from .memory_cache import MemoryCache
from .previous_levels import SizedLevels, previous_frame_levels
from .proposals import frozen_detector
from .queries import Outputs, Queries
from .query_init import QueryInit
from .query_state import PromptBatch, QueryState
from .text_hook import TextHook
from .track_group_denoising import TrackGroupDenoising
from .updaters import QueryUpdater
from .video_pass import video_pass


@MODELS.register_module()
class QueryTracker(BaseEstimator):
    """Queries that find new objects and queries that follow tracks, in one decoder.

    ::

        frame -> detector's backbone, neck, encoder -> memory ------+
        query_init ------------> new queries --+                    |
        updater (frame before) -> track queries +-> decode -> boxes, logits, hs
                    ^                                            |
                    +------- ids <- lifecycle (test), assigner (training)

    TransTrack, TrackFormer, MOTR and MOTRv2 are configs of it. A track's feature for
    ``semantics`` is its embedding ``hs`` (1 x d); feature maps are those of the neck.

    Args:
        detector: ``MMDetDetector`` of mmdet's ``DeformableDETR`` with ``with_box_refine``:
            the network, and how frames are prepared for it. Detections below its
            ``score_threshold`` are not reported.
        query_init: Makes the new queries.
        updater: Makes the track queries of the next frame.
        assigner: Chooses each query's object in training.
        lifecycle: Begins and ends tracks at test.
        clip_loss: Which frames have a loss; ``None`` for all, with gradients through time.
        track_attention: An attention among track queries in each decoder layer.
        track_decoder: Track queries have a decoder of their own (TransTrack), and training
            draws one of the two for each clip.
        combine_previous: The feature maps of the frame before are joined to a frame's by a
            1x1 convolution (TransTrack).
        sine_pos: Position embeddings are sines of the references (MOTRv2).
        denoising: Noisy true boxes, or noisy copies of the track queries, beside the queries
            in training; ``None`` for none.
        proposal_detector: Makes the proposals of a query_init that reads them. It is
            frozen, and saved with the model.
        freeze_encoder: Backbone, neck and encoder keep the weights that they start with,
            and learn nothing.
        cache: Folder in which the memory of a frozen encoder
            (:class:`~projects.query_trackers.memory_cache.MemoryCache`) and the proposals
            of a detector are kept, in training and at test; ``None`` for none.
        feature_channels: Width of the track features, which then are a projection of
            ``hs``, learnt with ``semantics``; ``None``: ``hs`` itself, d wide.
        text_hook: Lets a text act (:class:`~projects.query_trackers.text_hook.TextHook`);
            ``None``: prompts are not read.
        prompt_batch: At test, the most prompts of a video that are decoded at a time, and
            the most rows (prompts times frames) that are encoded at a time: memory grows
            with it. ``None``: all of them, as always where they share tracks.

    Raises:
        TypeError: ``detector`` is no Deformable DETR, or a part lacks another.
        ValueError: What learns through a frozen encoder, or nothing to cache.
    """

    provides = frozenset({FEATURES, TRACK_FEATURES})

    def __init__(
        self,
        *,
        detector: dict | nn.Module,
        query_init: dict | QueryInit,
        updater: dict | QueryUpdater,
        assigner: dict | SetAssigner,
        lifecycle: dict | ScoreStates,
        clip_loss: dict | ClipLoss | None = None,
        track_attention: bool = False,
        track_decoder: bool = False,
        combine_previous: bool = False,
        sine_pos: bool = False,
        denoising: dict | BoxDenoising | TrackGroupDenoising | None = None,
        proposal_detector: dict | BaseDetector | None = None,
        freeze_encoder: bool = False,
        cache: str | None = None,
        feature_channels: int | None = None,
        text_hook: dict | TextHook | None = None,
        prompt_batch: int | None = 8,
    ) -> None:
        super().__init__()
        require_numbers('QueryTracker', COUNT.or_none, prompt_batch=prompt_batch)
        self.detector = build_part(detector)
        model = deformable_detr(self.detector)
        use_fast_cpu_attention(model)
        self.query_init = build_part(query_init)
        self.updater = build_part(updater)
        self.assigner = build_part(assigner, TASK_UTILS)
        self.lifecycle = build_part(lifecycle, TASK_UTILS)
        self.clip_loss = build_part(clip_loss, TASK_UTILS) or ClipLoss()
        self.sine_pos = sine_pos
        self.denoising = build_part(denoising)
        self.freeze_encoder = freeze_encoder
        self.cache = cache
        self._memory_cache: MemoryCache | None = None
        self.proposal_detector = frozen_detector(proposal_detector, cache)
        self.text_hook = build_part(text_hook)
        self.prompt_batch = prompt_batch
        self.project_features = nn.Identity()
        if feature_channels is not None:
            self.project_features = nn.Sequential(
                nn.Linear(model.embed_dims, feature_channels),
                nn.LayerNorm(feature_channels),
            )
        self.track_attention = (
            track_attention_layers(model) if track_attention else None
        )
        self.track_decoder = copy.deepcopy(model.decoder) if track_decoder else None
        self.combine = (
            identity_fusion_conv(model.embed_dims) if combine_previous else None
        )
        if self.query_init.reads_proposals and proposal_detector is None:
            raise TypeError(
                f'{type(self.query_init).__name__} reads proposals: give '
                'proposal_detector, such as dict(type="DetectionFile")'
            )
        self._freeze_encoder(model)
        self.register_load_state_dict_pre_hook(check_and_complete)
        self.register_load_state_dict_pre_hook(_forget_memory_cache)

    def _freeze_encoder(self, model: nn.Module) -> None:
        if self.freeze_encoder and self.combine is not None:
            raise ValueError(
                'QueryTracker: combine_previous learns through the encoder; leave it out, '
                'or set freeze_encoder=False'
            )
        if self.freeze_encoder and self.fuses_levels:
            raise ValueError(
                'QueryTracker: a text is fused before the encoder, which has to learn from '
                'it; set freeze_encoder=False, or a text_hook that fuses nothing '
                '(fusion=None)'
            )
        if self.cache is not None and not (
            self.freeze_encoder or isinstance(self.proposal_detector, CachedDetector)
        ):
            raise ValueError(
                'QueryTracker: cache keeps the memory of a frozen encoder and the proposals '
                'of a detector; set freeze_encoder=True, or leave cache out'
            )
        if self.freeze_encoder:
            encoder_parts(model).requires_grad_(False)

    @property
    def reads_prompt(self) -> bool:
        """Whether there is a text hook."""
        return self.text_hook is not None

    @property
    def fuses_levels(self) -> bool:
        """Whether a text is in the memory."""
        return self.text_hook is not None and self.text_hook.fuses_levels

    @property
    def shares_tracks(self) -> bool:
        """Whether all prompts of a video have the same tracks."""
        hook = self.text_hook
        return hook is None or not (hook.fuses_levels or hook.guides_queries)

    def train(self, mode: bool = True) -> QueryTracker:
        """As of ``nn.Module``; what is frozen stays as at test."""
        super().train(mode)
        if self.freeze_encoder:
            self.detector.eval()
            self.detector.model.decoder.train(mode)
        if isinstance(self.proposal_detector, nn.Module):
            self.proposal_detector.eval()
        return self

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> QueryState:
        video_prompts = [*prompts] if self.reads_prompt and prompts else [None]
        size = len(video_prompts)
        if self.prompt_batch is not None and not self.shares_tracks:
            size = self.prompt_batch
        batches = []
        for start in range(0, len(video_prompts), size):
            part = video_prompts[start : start + size]
            with torch.no_grad():
                text = self.text_of(part)
            num_rows = 1 if self.shares_tracks else len(part)
            lifecycles = [self.lifecycle.begin() for _ in range(num_rows)]
            batches.append(PromptBatch(lifecycles, len(part), text))
        return QueryState(needs, batches)

    @torch.no_grad()
    def step(self, state: QueryState, frames: Sequence[Frame]) -> list[Estimate]:
        return video_pass(self, state, frames)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """The losses of B clips of T neighbouring frames.

        Raises:
            ValueError: The plan wants what a clip of queries cannot have.
        """
        return clip_pass(self, inputs, samples, plan)

    def levels(self, features: FeatureMaps) -> SizedLevels:
        """The neck's maps, without the image that semantics may have with them."""
        first, *coarser = features.levels
        width = first.shape[1] - 3 * self.detector.rgb_cells**2
        return SizedLevels((first[:, :width], *coarser), features.sizes)

    def features_and_memory(
        self,
        frames: Sequence[Frame],
        previous_levels: SizedLevels | None = None,
        *,
        with_maps: bool = True,
        with_images: bool = False,
    ) -> tuple[FeatureMaps, Memory]:
        """Feature maps and memory of B > 0 frames, from the cache where there is one.

        Args:
            frames: The frames.
            previous_levels: As of :meth:`encode`.
            with_maps: Feature maps out of the cache have their finest level.
            with_images: They have the input images too.
        """
        if self.freeze_encoder and self.cache is not None:
            if self._memory_cache is None:
                self._memory_cache = MemoryCache(self.cache, self)
            cached = self._memory_cache.features_and_memory(
                frames, with_maps=with_maps, with_images=with_images
            )
            if cached is not None:
                return cached
        has_grad = torch.is_grad_enabled() and not self.freeze_encoder
        with torch.set_grad_enabled(has_grad):
            features = self.detector.extract(frames)
            return features, self.encode(features, previous_levels)

    def encode(
        self,
        features: FeatureMaps,
        previous_levels: SizedLevels | None = None,
        step: int = 1,
        text: Any = None,
        copies: int = 1,
    ) -> Memory:
        """The memory of B frames.

        With ``combine_previous`` a frame is by itself where there is none before it, its
        image had another size, or its maps are no numbers.

        Args:
            features: Of the frames.
            previous_levels: Of the frames before the first ``step``; ``None`` for none.
            step: Frames of one time, of as many videos.
            text: Of :meth:`text_of`.
            copies: Rows of each frame, one after the other: one for each text at test.
        """
        sized_levels = self.levels(features)
        levels = sized_levels.levels
        if self.combine is not None:
            pairs = zip(
                levels,
                previous_frame_levels(sized_levels, previous_levels, step),
                strict=True,
            )
            levels = tuple(self.combine(torch.cat(pair, 1)) for pair in pairs)
        samples = features.samples
        if copies > 1:
            levels = tuple(level.repeat_interleave(copies, 0) for level in levels)
            samples = [sample for sample in samples for _ in range(copies)]
        if self.fuses_levels:
            levels = self.text_hook.on_levels(levels, text)
        return encode(self.detector.model, levels, samples)

    def text_of(self, prompts: Sequence[Prompt | None]) -> Any:
        """What the text hook reads of prompts; ``None`` where there is no hook."""
        return None if self.text_hook is None else self.text_hook.begin(prompts)

    def proposals(self, frames: Sequence[Frame]) -> list[Detections] | None:
        """Detections of the frames, where queries are made of them."""
        if not self.query_init.reads_proposals:
            return None
        return self.proposal_detector.detect(frames)

    def new_queries(
        self, num_frames: int, proposals: list[Detections] | None, sizes: Tensor
    ) -> Queries:
        """New queries of B frames."""
        return self.query_init(self.detector.model, num_frames, proposals, sizes)

    def decode(
        self,
        memory: Memory,
        queries: Queries,
        tracks: Queries | None = None,
        text: Any = None,
        attn_mask: Tensor | None = None,
    ) -> tuple[Queries, Outputs]:
        """Decode new and track queries of B frames.

        Args:
            memory: Of the frames.
            queries: New ones.
            tracks: Track queries; ``None`` for none.
            text: Of :meth:`text_of`.
            attn_mask: As of :func:`~.deformable_decoding.decode`.

        Returns:
            All queries, new ones first, without the text, and their outputs.
        """
        model = self.detector.model
        if self.track_decoder is None:
            groups = [queries.joined(tracks)]
        else:
            groups = (
                [queries] if tracks is None or not len(tracks) else [queries, tracks]
            )
        inputs = groups
        if self.text_hook is not None and self.text_hook.guides_queries:
            inputs = [
                self.text_hook.on_queries(group, text, attn_mask) for group in groups
            ]
        outputs, *track_outputs = (
            decode(
                model,
                memory,
                group,
                decoder=decoder,
                track_attention=self.track_attention,
                sine_pos=self.sine_pos,
                attn_mask=attn_mask,
            )
            for group, decoder in zip(
                inputs, (model.decoder, self.track_decoder), strict=False
            )
        )
        queries = groups[0]
        if track_outputs:
            outputs = outputs.joined(*track_outputs)
            queries = _join_decoded(*groups)
        return queries, outputs

    def checkpoint_problem(self, weights: dict[str, Any], prefix: str) -> str | None:
        """What is wrong with a checkpoint's weights, before they are compared by shape."""
        return query_count_problem(self, weights, prefix)

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        if self.proposal_detector is None:
            return []
        return [f'proposals {self.proposal_detector.fingerprint_of(video)}']

    def parts(self) -> list[Any]:
        return [
            self,
            self.detector,
            self.query_init,
            self.updater,
            self.lifecycle,
            self.proposal_detector,
            self.text_hook,
        ]


def _forget_memory_cache(tracker: QueryTracker, *_: Any) -> None:
    """Other weights have another folder."""
    tracker._memory_cache = None


def _join_decoded(new: Queries, tracks: Queries) -> Queries:
    """All rows of two decoders; their references and positions are of no use any more."""
    refs = new.refs.new_zeros((*tracks.ids.shape, new.refs.shape[-1]))
    pos = None if new.pos is None else torch.zeros_like(tracks.content)
    return new.joined(replace(tracks, refs=refs, pos=pos))
