"""The text of TransRMOT and MLS-Track in a query tracker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from mmsmot.registry import MODELS, build_part
from mmsmot.structures import Frame, Prompt, ReferringExpression, SMOTDataSample
from mmsmot.utils.mmdet_bridge import import_mmdet
from mmsmot.utils.number_ranges import FRACTION, NON_NEGATIVE, require_numbers
from projects.query_trackers.assigners import BACKGROUND
from projects.query_trackers.queries import FrameTargets, Outputs, Queries
from projects.query_trackers.text_hook import TextHook
from projects.referring_mot.models.early_fusion import EarlyFusion
from projects.referring_mot.models.refer_heads import ReferHead
from projects.referring_mot.models.semantic_guidance import SemanticGuidance
from projects.referring_mot.models.text_encoders.base import (
    BaseTextEncoder,
    TextFeatures,
    prompt_sentences,
)

import_mmdet()
from mmdet.models.losses import FocalLoss  # noqa: E402

REFERRED, NOT_REFERRED = 0, 1  # labels of a focal loss of one class, background last


@dataclass(frozen=True, eq=False)
class PromptFeatures:
    """The texts of S prompts.

    Attributes:
        fusion_text: Of the word encoder, for fusion and guidance.
        head_text: Of the sentence encoder, for the refer head.
        has_text: (S,) bool; without, every object is meant.
    """

    fusion_text: TextFeatures
    head_text: TextFeatures
    has_text: torch.Tensor


@dataclass(frozen=True, eq=False)
class ClipSentences:
    """All E expressions of S clips.

    Attributes:
        text: Of their sentences.
        expressions: Those of each clip.
        clip_of: (E,) int64, the clip of each.
    """

    text: TextFeatures
    expressions: list[Sequence[ReferringExpression]]
    clip_of: torch.Tensor


@MODELS.register_module()
class ReferHook(TextHook):
    """Early fusion, guidance and refer head: TransRMOT, and with guidance MLS-Track.

    With neither, the refer head alone reads the text, after the decoder: late fusion. It
    costs the same however many sentences there are, so that with ``all_expressions`` each
    object is judged against all of its clip's in a step. The papers' trackers start with
    weights that know many classes and with a text encoder that knows many words; here that
    is how both are learnt.

    ::

        prompt -> text_encoder -> words -------+------------------+
        prompt -> sentence_encoder -> sentence-|------------------|-------------+
                                               v                  v             v
        backbone, neck -> levels ----------> fusion -> encoder    guidance    refer_head
        new and track queries -------------------------|--------> | -> decoder -> | -> score

    The refer loss is focal, of the queries that have an object, in every decoder layer;
    the label is whether the prompt's expression refers to that object in that frame.
    Detection and tracking learn from all objects.

    Args:
        text_encoder: Sentences to words.
        fusion: Words into the levels; ``None`` for none (late fusion).
        refer_head: Embeddings to scores.
        guidance: Words into the queries; ``None`` for none (TransRMOT).
        sentence_encoder: Of the sentence that the refer head reads; ``None``: what
            ``text_encoder`` gives.
        refer_threshold: beta_ref, the least score of a track that is reported; ``None``:
            all are, with their scores.
        loss_weight: lambda_ref.
        all_expressions: The refer loss of an object is the mean over all expressions of its
            clip, in place of its prompt's.
        default_text: What is fused where there is no prompt: the encoder has learnt from
            levels with a text. Every object is meant then, with score 1.

    Raises:
        ValueError: A number is out of its range, ``default_text`` is blank, or a part
            expects a text of another width than its encoder gives.
    """

    def __init__(
        self,
        *,
        text_encoder: dict | BaseTextEncoder,
        fusion: dict | EarlyFusion | None,
        refer_head: dict | ReferHead,
        guidance: dict | SemanticGuidance | None = None,
        sentence_encoder: dict | BaseTextEncoder | None = None,
        refer_threshold: float | None = 0.5,
        loss_weight: float = 2.0,
        all_expressions: bool = False,
        default_text: str = 'objects',
    ) -> None:
        super().__init__()
        require_numbers('ReferHook', FRACTION.or_none, refer_threshold=refer_threshold)
        require_numbers('ReferHook', NON_NEGATIVE, loss_weight=loss_weight)
        if not default_text.strip():
            raise ValueError('ReferHook: default_text must be a text, got blanks')
        self.text_encoder = build_part(text_encoder)
        self.sentence_encoder = build_part(sentence_encoder)
        self.fusion = build_part(fusion)
        self.guidance = build_part(guidance)
        self.refer_head = build_part(refer_head)
        self._require_text_channels()
        self.fuses_levels = self.fusion is not None
        self.guides_queries = self.guidance is not None
        self.refer_threshold = refer_threshold
        self.default_text = default_text
        self.all_expressions = all_expressions
        if all_expressions and (self.fusion, self.guidance) != (None, None):
            raise ValueError(
                'ReferHook: all_expressions judges the same embeddings by many sentences; '
                'fusion and guidance let one into them: set fusion=None and guidance=None'
            )
        self.loss_refer = FocalLoss(loss_weight=loss_weight)  # gamma 2, alpha .25

    def _require_text_channels(self) -> None:
        sentence_encoder = self.sentence_encoder or self.text_encoder
        for name, encoder in (
            ('fusion', self.text_encoder),
            ('guidance', self.text_encoder),
            ('refer_head', sentence_encoder),
        ):
            channels = getattr(getattr(self, name), 'text_channels', None)
            if channels not in (None, encoder.channels):
                raise ValueError(
                    f'ReferHook: {name} has text_channels={channels}, but '
                    f'{type(encoder).__name__} gives {encoder.channels}: set '
                    f'text_channels={encoder.channels} in {name}'
                )

    def begin(self, prompts: Sequence[Prompt | None]) -> PromptFeatures:
        default = Prompt(self.default_text)
        texts = prompt_sentences(
            'ReferHook', [default if p is None else p for p in prompts]
        )
        fusion_text = head_text = self.text_encoder(texts)
        if self.sentence_encoder is not None:
            head_text = self.sentence_encoder(texts)
        has_text = torch.tensor([prompt is not None for prompt in prompts])
        return PromptFeatures(
            fusion_text, head_text, has_text.to(fusion_text.mask.device)
        )

    def begin_clips(
        self, samples: Sequence[SMOTDataSample]
    ) -> PromptFeatures | ClipSentences | None:
        """Of the prompts; with ``all_expressions`` every sentence, ``None`` for none."""
        if not self.all_expressions:
            return super().begin_clips(samples)
        expressions = [sample.get('gt_expressions') or () for sample in samples]
        sentences = [e.sentence for clip in expressions for e in clip]
        if not sentences:
            return None
        encoder = self.sentence_encoder or self.text_encoder
        text = encoder(sentences)
        counts = torch.tensor([len(clip) for clip in expressions])
        clip_of = torch.arange(len(samples)).repeat_interleave(counts)
        return ClipSentences(text, expressions, clip_of.to(text.mask.device))

    def on_levels(
        self, levels: tuple[torch.Tensor, ...], text: Any
    ) -> tuple[torch.Tensor, ...]:
        if self.fusion is None:
            return levels
        return self.fusion(levels, text.fusion_text.cycled(len(levels[0])))

    def on_queries(
        self,
        queries: Queries,
        text: PromptFeatures,
        attn_mask: torch.Tensor | None = None,
    ) -> Queries:
        if self.guidance is None:
            return queries
        words = text.fusion_text.cycled(len(queries.ids))
        content = self.guidance(queries, words, attn_mask)
        return replace(queries, content=content)

    def logits(self, outputs: Outputs, text: PromptFeatures) -> torch.Tensor:
        """(L, B, Q) of being referred to."""
        sentences = text.head_text.cycled(outputs.hs.shape[1])
        return self.refer_head(outputs.hs, sentences)

    def refer_scores(self, outputs: Outputs, text: PromptFeatures) -> torch.Tensor:
        num_rows = max(outputs.hs.shape[1], len(text.has_text))
        sentences = text.head_text.cycled(num_rows)
        scores = self.refer_head.last_logits(outputs.hs, sentences).sigmoid()
        has_text = text.has_text.repeat(num_rows // len(text.has_text))
        return scores.masked_fill(~has_text[:, None], 1.0)

    def loss(
        self,
        outputs: Outputs,
        queries: Queries,
        targets: FrameTargets,
        target_index: torch.Tensor,
        frames: Sequence[Frame],
        samples: Sequence[SMOTDataSample],
        text: PromptFeatures,
    ) -> dict[str, torch.Tensor]:
        """As of :meth:`TextHook.loss`.

        Raises:
            ValueError: The prompt of a sample is none of its expressions.
        """
        if self.all_expressions:
            return self._loss_of_all(outputs, targets, target_index, frames, text)
        is_referred = referred_targets(targets, frames, samples)
        labels = torch.where(is_referred, REFERRED, NOT_REFERRED)
        logits = self.logits(outputs, text)
        sums = {}
        for layer, layer_targets in enumerate(target_index):
            has_label = (layer_targets != BACKGROUND) & text.has_text[:, None]
            clips = has_label.nonzero()[:, 0]
            name = _loss_name(layer, len(target_index))
            if not len(clips):  # with a gradient, so that every process has one
                sums[name] = logits[layer].sum() * 0
                continue
            sums[name] = self.loss_refer(
                logits[layer][has_label][:, None],
                labels[clips, layer_targets[has_label]],
                avg_factor=1.0,
            )
        return sums

    def _loss_of_all(
        self,
        outputs: Outputs,
        targets: FrameTargets,
        target_index: torch.Tensor,
        frames: Sequence[Frame],
        sentences: ClipSentences | None,
    ) -> dict[str, torch.Tensor]:
        """The loss of every object with every expression of its clip, divided by these."""
        sums = {
            _loss_name(layer, len(outputs.hs)): hs.sum()
            * 0  # every process has a gradient
            for layer, hs in enumerate(outputs.hs)
        }
        if sentences is None:
            return sums
        clip_of = sentences.clip_of
        counts = clip_of.bincount(minlength=len(frames))
        is_referred = torch.cat(
            [
                referred_objects(ids, frame, expressions)
                for ids, frame, expressions in zip(
                    targets.ids, frames, sentences.expressions, strict=True
                )
            ]
        )  # (E, N) of the objects in the expression's own clip
        for layer, layer_targets in enumerate(target_index):
            clips, queries = (layer_targets != BACKGROUND).nonzero(as_tuple=True)
            rows, columns = (clip_of[:, None] == clips).nonzero(as_tuple=True)
            if not len(rows):
                continue
            hs = outputs.hs[layer, clips, queries]  # (M, d) with an object
            logits = self.refer_head.layer_logits(
                self.refer_head.layers[layer],
                hs[None],
                sentences.text,
            )
            objects = layer_targets[clips, queries][columns]
            labels = torch.where(is_referred[rows, objects], REFERRED, NOT_REFERRED)
            sums[_loss_name(layer, len(target_index))] = self.loss_refer(
                logits[rows, columns][:, None],
                labels,
                weight=1 / counts[clips[columns]].to(hs),
                avg_factor=1.0,
            )
        return sums


def _loss_name(layer: int, num_layers: int) -> str:
    return 'loss_refer' if layer == num_layers - 1 else f'd{layer}.loss_refer'


def referred_targets(
    targets: FrameTargets, frames: Sequence[Frame], samples: Sequence[SMOTDataSample]
) -> torch.Tensor:
    """(B, N) bool, whether the prompt of each clip refers to each of its objects.

    Raises:
        ValueError: The prompt of a sample is none of its expressions.
    """
    is_referred = torch.zeros_like(targets.ids, dtype=torch.bool)
    for row, (frame, sample) in enumerate(zip(frames, samples, strict=True)):
        expression = _prompt_expression(sample)
        if expression is not None:
            (is_referred[row],) = referred_objects(
                targets.ids[row], frame, [expression]
            )
    return is_referred


def referred_objects(
    ids: torch.Tensor, frame: Frame, expressions: Sequence[ReferringExpression]
) -> torch.Tensor:
    """(E, N) bool, whether each expression refers to each object (N,) in a frame."""
    table = ids.cpu().numpy()
    is_referred = np.zeros((len(expressions), len(table)), bool)
    for row, expression in enumerate(expressions):
        is_referred[row] = np.isin(table, expression.labels.get(frame.frame_id, ()))
    return torch.from_numpy(is_referred).to(ids.device)


def _prompt_expression(sample: SMOTDataSample) -> ReferringExpression | None:
    """The expression that a sample's prompt is; ``None`` where there is no prompt."""
    prompt = sample.get('prompt')
    if prompt is None:
        return None
    for expression in sample.get('gt_expressions') or ():
        if expression.sentence == prompt.text:
            return expression
    raise ValueError(
        f'{sample.video.name}: the prompt {prompt} is none of the gt_expressions of its '
        'sample; ReferHook learns from the clips of ReferringDataset'
    )
