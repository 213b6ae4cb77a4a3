"""iKUN: any tracker's tracks, then which of them a sentence means, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.models.detectors import BaseDetector
from mmsmot.models.estimators.base import Estimate, EstimatorLoss
from mmsmot.models.estimators.detect_and_track import (
    DetectAndTrack,
    DetectAndTrackState,
)
from mmsmot.models.reid import BaseReID
from mmsmot.models.trackers import BaseTracker
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS, build_part
from mmsmot.structures import Frame, SMOTDataSample, Tracks
from mmsmot.utils.fingerprint import text_fingerprint
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    require_numbers,
)
from projects.referring_mot.datasets.cache_file import require_fingerprint
from projects.referring_mot.models.box_images import box_crops, resized_images
from projects.referring_mot.models.clip_windows import (
    ClipWindows,
    clip_windows,
    window_layout,
    window_pairs,
)
from projects.referring_mot.models.matching_weights import load_matching
from projects.referring_mot.models.similarity_calibration import SimilarityCalibration
from projects.referring_mot.models.text_encoders.base import (
    BaseTextEncoder,
    TextFeatures,
    prompt_sentences,
)
from projects.referring_mot.models.track_windows import TrackWindows, window_stride
from projects.referring_mot.models.window_pooling import CosinePooling, box_motion

if TYPE_CHECKING:
    from mmsmot.structures import Prompt, VideoInfo

FOCAL_GAMMA = 2.0  # released


@dataclass(eq=False)
class IKUNState:
    """One video's tracker, its sentences, and what was seen of the live tracks.

    Attributes:
        tracking: Of the tracker.
        text: The sentences; ``None`` where every object is asked for.
        calibration: (S,) what is added to the logits of each sentence, in their units.
        windows: The last frames of each live track.
    """

    tracking: DetectAndTrackState
    text: TextFeatures | None
    calibration: torch.Tensor | None
    windows: TrackWindows


@MODELS.register_module()
class IKUN(DetectAndTrack):
    """A detector and a tracker, and a score of every (track, sentence) in each frame.

    ::

        frames -> detector -> tracker -> tracks ---------------> tracks of each prompt
                                 |                                      ^ scores
                         crop of each box ---> visual encoder --+       |
        frame --------> whole frame ---------> visual encoder --+-> unification -> window
        sentences ---------------------------> text encoder ----+   (a frame)     pooling

    The score of a track in a frame is the probability that the sentence means it there,
    from its last ``window`` frames, ``stride`` apart. :class:`ReferFilter`, in the
    pipeline's post-processing, takes the mean over the windows that a frame is in and
    leaves out the others; ``threshold`` does without, online. What is seen of a track is
    computed once for all sentences. Without a prompt every object is meant, with score 1.

    Detector and tracker are not trained here, and matching learns along the gt tracks.

    Args:
        tracker: Detections to tracks.
        visual_encoder: Crops and frames to grids of features.
        text_encoder: Sentences to features.
        unification: A sentence on the features of a frame.
        pooling: A window to a logit.
        detector: As of :class:`~mmsmot.models.estimators.DetectAndTrack`.
        reid: As there.
        feature_extractor: As there.
        calibration: What is added to the cosine or logits of each sentence at test;
            ``None``: nothing.
        local_size: Height and width of a crop.
        global_size: Height and width of the whole frame.
        margin: Fraction of a box's sides that is added to its crop on each side.
        window: W, frames of a window.
        stride: Frames from one of them to the next, at ``fps`` frames a second.
        fps: Frame rate of the training videos; of a video of another rate the frames of
            a window are as far apart in seconds. ``None``: frames are counted.
        threshold: Tracks below it are left out at once; ``None`` leaves all of them.
        box_noise: Standard deviation by which gt boxes are moved in training, in sides:
            what is cropped and what is read of their motion. Crops of a cache are those of
            the gt boxes themselves.
        matching: Weights of a pipeline with ``IKUN``, a file: all but those of what
            tracks, so that another detector and tracker may stand here; ``None``: none.
        short_windows: Share of training batches whose windows lose their first frames,
            as those of a new track.

    Raises:
        ValueError: An option is out of its range, or ``matching`` has other weights.
    """

    reads_prompt = True

    def __init__(
        self,
        *,
        tracker: dict | BaseTracker,
        visual_encoder: dict | nn.Module,
        text_encoder: dict | BaseTextEncoder,
        unification: dict | nn.Module,
        pooling: dict | nn.Module,
        detector: dict | BaseDetector | None = None,
        reid: dict | BaseReID | None = None,
        feature_extractor: dict | nn.Module | None = None,
        calibration: dict | SimilarityCalibration | None = None,
        local_size: Sequence[int] = (224, 224),
        global_size: Sequence[int] = (672, 672),
        margin: float = 0.0,
        window: int = 2,
        stride: int = 4,
        fps: float | None = None,
        threshold: float | None = None,
        box_noise: float = 0.0,
        short_windows: float = 0.0,
        matching: str | None = None,
    ) -> None:
        super().__init__(
            tracker=tracker,
            detector=detector,
            reid=reid,
            feature_extractor=feature_extractor,
        )
        require_numbers('IKUN', COUNT, window=window, stride=stride)
        require_numbers('IKUN', NON_NEGATIVE, margin=margin, box_noise=box_noise)
        require_numbers('IKUN', FRACTION, short_windows=short_windows)
        require_numbers('IKUN', FRACTION.or_none, threshold=threshold)
        require_numbers('IKUN', POSITIVE.or_none, fps=fps)
        self.visual_encoder = build_part(visual_encoder)
        self.text_encoder: BaseTextEncoder = build_part(text_encoder)
        self.unification = build_part(unification)
        self.pooling = build_part(pooling)
        self.calibration: SimilarityCalibration | None = build_part(calibration)
        self._require_cosine()
        self.local_size = (local_size[0], local_size[1])
        self.global_size = (global_size[0], global_size[1])
        self.margin = margin
        self.window = window
        self.stride = stride
        self.fps = fps
        self.threshold = threshold
        self.box_noise = box_noise
        self.short_windows = short_windows
        self.local_position = self._position(self.local_size)
        self.global_position = self._position(self.global_size)
        self._cache_features: str | None = None
        if matching is not None:
            load_matching(self, matching)

    def _require_cosine(self) -> None:
        if (
            self.calibration is not None
            and self.calibration.is_of_cosine
            and not isinstance(self.pooling, CosinePooling)
        ):
            raise ValueError(
                "IKUN: a SimilarityCalibration with frequency='boxes' is added to the "
                f'cosine of CosinePooling, not to {type(self.pooling).__name__}: set '
                "frequency='tracks'"
            )

    def _position(self, size: tuple[int, int]) -> nn.Parameter:
        """(L, C) learned, for the cells of an image of a size; released: (L, 1)."""
        with torch.no_grad():
            grid = self.visual_encoder(torch.zeros(1, 3, *size))
        cells = grid.shape[2] * grid.shape[3]
        return nn.Parameter(0.02 * torch.randn(cells, grid.shape[1]))

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> IKUNState:
        """The state of one video.

        Raises:
            ValueError: A prompt has no sentence.
        """
        sentences = prompt_sentences('IKUN', prompts)
        tracking = super().begin(video, prompts, needs=needs)
        stride = window_stride(self.stride, self.fps, video.fps)
        text = calibration = None
        if sentences:
            with torch.no_grad():
                text = self.text_encoder(sentences)
                if self.calibration is not None:
                    calibration = self.calibration(text.sentences, self.text_encoder)
                    if self.calibration.is_of_cosine:
                        calibration = calibration * self.pooling.scale
        return IKUNState(tracking, text, calibration, TrackWindows(self.window, stride))

    def step(self, state: IKUNState, frames: Sequence[Frame]) -> list[Estimate]:
        """Tracks of each prompt, their scores the probability of being meant."""
        estimate = super().step(state.tracking, frames)
        if state.text is None:
            tracks = [replace(t, scores=np.ones(len(t))) for t in estimate.tracks]
            return [replace(estimate, tracks=tracks)]
        scores = [
            self._score(state, frame, tracks)
            for frame, tracks in zip(frames, estimate.tracks, strict=True)
        ]
        state.windows.forget(estimate.ended_ids)
        return [
            replace(
                estimate,
                tracks=[
                    self._referred(tracks, frame_scores[:, row])
                    for tracks, frame_scores in zip(
                        estimate.tracks, scores, strict=True
                    )
                ],
            )
            for row in range(len(state.text))
        ]

    def _referred(self, tracks: Tracks, scores: np.ndarray) -> Tracks:
        scored = replace(tracks, scores=scores)
        return scored if self.threshold is None else scored[scores >= self.threshold]

    @torch.no_grad()
    def _score(self, state: IKUNState, frame: Frame, tracks: Tracks) -> np.ndarray:
        """(M, S) probabilities of a frame's tracks and the sentences."""
        text = state.text
        num_tracks, num_texts = len(tracks), len(text)
        boxes = torch.from_numpy(tracks.boxes).float().to(self.text_encoder.device)
        features = boxes.new_zeros(0, num_texts, self.visual_encoder.channels)
        if num_tracks:
            local, global_features = self.encode([frame.image], [boxes])
            pairs = torch.arange(num_tracks).repeat_interleave(num_texts)
            texts = torch.arange(num_texts).repeat(num_tracks)
            frames = torch.zeros(num_tracks, dtype=torch.int64)
            unified = self._unified_features(
                local, global_features, frames, text, pairs, texts
            )
            features = unified.unflatten(0, (num_tracks, num_texts))
        state.windows.push(tracks.ids, features, boxes)
        if not num_tracks:
            return np.zeros((0, num_texts))
        window_features, window_boxes, mask = state.windows.of(tracks.ids)
        size = frame.image.shape[1::-1]
        motion = box_motion(window_boxes, mask, boxes.new_tensor([size]))
        logits = self.pooling(
            window_features.transpose(1, 2).flatten(0, 1),
            motion.repeat_interleave(num_texts, 0),
            mask.repeat_interleave(num_texts, 0),
            text.sentences.repeat(num_tracks, 1),
        ).reshape(num_tracks, num_texts)
        if state.calibration is not None:
            logits = logits + state.calibration
        return logits.sigmoid().double().cpu().numpy()

    def encode(
        self, images: Sequence[np.ndarray], boxes: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Local features (R, L, C) of the boxes of B frames, and global ones (B, G, C).

        Arguments as of :meth:`extract_boxes`.
        """
        return self.embed_grids(*self.extract_boxes(images, boxes))

    def extract_boxes(
        self, images: Sequence[np.ndarray], boxes: Sequence[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What the frozen part of the visual encoder gives; a cache may keep it.

        Args:
            images: B images (H, W, 3) uint8 BGR.
            boxes: B tables (R_b, 4) of boxes in their pixels.

        Returns:
            Grids (R, C', h, w) of all boxes in their order, and of the frames (B, ...).
        """
        crops = box_crops(images, boxes, self.local_size, self.margin)
        full_images = resized_images(images, self.global_size).to(crops)
        extract = self.visual_encoder.extract
        return extract(crops), extract(full_images)

    def train(self, mode: bool = True) -> IKUN:
        """As of ``nn.Module``; other weights may have been loaded since."""
        self._cache_features = None
        return super().train(mode)

    def extract_fingerprint(self) -> str:
        """Of all that decides what :meth:`extract_boxes` gives of a box."""
        sizes = f'{self.local_size} {self.global_size} {self.margin}'
        return text_fingerprint(f'{self.visual_encoder.extract_fingerprint()} {sizes}')

    def embed_grids(
        self, local: torch.Tensor, global_features: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Local (R, L, C) and global features (B, G, C) with their positions."""
        local = self.visual_encoder.embed(local).flatten(2).transpose(1, 2)
        global_features = (
            self.visual_encoder.embed(global_features).flatten(2).transpose(1, 2)
        )
        return local + self.local_position, global_features + self.global_position

    def _unified_features(
        self,
        local: torch.Tensor,
        global_features: torch.Tensor,
        frames: torch.Tensor,
        text: TextFeatures,
        boxes: torch.Tensor,
        texts: torch.Tensor,
    ) -> torch.Tensor:
        """(N, C) of N (box, sentence).

        Args:
            local: (R, L, C).
            global_features: (B, G, C).
            frames: (R,) the row of ``global_features`` of each box.
            text: S sentences.
            boxes: (N,) rows of ``local``.
            texts: (N,) rows of ``text``.
        """
        unification = self.unification
        if unification.is_text_first:
            unified = unification.modulate(local, text, boxes, texts)
            unified = unification.fuse(unified, global_features[frames[boxes]])
        else:  # once for each box, not for each sentence
            fused = unification.fuse(local, global_features[frames])
            unified = unification.modulate(fused, text, boxes, texts)
        return unification.pool(unified)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """Focal loss of every (gt track, expression) of B clips.

        A clip is one window; its label is whether the expression refers to the track in
        at least half of the frames in which the window has a box of it.

        Args:
            inputs: The frames, ``inputs[t][b]``, as far apart as those of a window.
            samples: B samples with all objects as ``gt_trajectories``, and
                ``gt_expressions``.
            plan: Its generator draws the noise of the boxes.

        Raises:
            ValueError: A clip has another number of frames than a window.
        """
        if len(inputs) != self.window:
            raise ValueError(
                f'IKUN: a clip has {len(inputs)} frames, and a window={self.window}: set '
                'num_frames of the training dataset to it'
            )
        generator = plan.generator
        skip = 0
        if generator.random() < self.short_windows:
            skip = int(generator.integers(1, self.window))
        windows = [
            clip_windows(sample, skip).with_noise(self.box_noise, generator)
            for sample in samples
        ]
        logits, labels = self._clip_logits(inputs, samples, windows)
        if not len(labels):
            zero = sum(part.sum() * 0 for part in self.parameters())
            return EstimatorLoss({'loss_refer': zero})
        probability = logits.sigmoid()
        cross_entropy = F.binary_cross_entropy_with_logits(
            logits, labels, reduction='none'
        )
        error = (probability - labels).abs()
        accuracy = ((probability > 0.5) == (labels > 0.5)).float().mean()
        return EstimatorLoss(
            {
                'loss_refer': (error**FOCAL_GAMMA * cross_entropy).mean(),
                'accuracy': accuracy.detach(),
            }
        )

    def _clip_logits(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        windows: Sequence[ClipWindows],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(P,) logits and labels of the (track, expression) of all clips."""
        labels = np.concatenate([window.labels.reshape(-1) for window in windows])
        if not len(labels):
            return torch.empty(0), torch.empty(0)
        device = self.text_encoder.device
        grids = self._clip_grids(inputs, samples, windows)
        local, global_features = self.embed_grids(
            *(grid.to(device).float() for grid in grids)
        )
        pairs = window_pairs(windows)
        unique, text_rows = np.unique(pairs.texts, return_inverse=True)
        text = self.text_encoder(unique.tolist())
        texts = torch.from_numpy(text_rows).to(device)
        layout = window_layout(windows)
        tracks = torch.from_numpy(pairs.tracks)
        box_rows = torch.from_numpy(layout.box_rows)[tracks]  # (P, W), -1 for none
        pair_rows, steps = torch.nonzero(box_rows >= 0, as_tuple=True)
        unified = self._unified_features(
            local,
            global_features,
            torch.from_numpy(layout.frames),
            text,
            box_rows[pair_rows, steps],
            texts[pair_rows],
        )
        features = unified.new_zeros(*box_rows.shape, unified.shape[-1])
        features[pair_rows, steps] = unified
        motion = box_motion(
            torch.from_numpy(layout.boxes).float().to(device),
            torch.from_numpy(layout.mask).to(device),
            torch.from_numpy(layout.sizes(samples)).float().to(device),
        )[tracks]
        mask = (box_rows >= 0).to(device)
        logits = self.pooling(features, motion, mask, text.sentences[texts])
        return logits, torch.from_numpy(labels).float().to(device)

    def _clip_grids(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        windows: Sequence[ClipWindows],
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The grids of all boxes and frames: from a cache's samples, or the images."""
        if all('box_grids' in sample for sample in samples):
            self._require_cache(samples)
            local = [
                sample.box_grids[torch.from_numpy(window.rows.T[window.mask.T])]
                for sample, window in zip(samples, windows, strict=True)
            ]
            global_features = [sample.frame_grids for sample in samples]
            return torch.cat(local), torch.cat(global_features)
        device = self.text_encoder.device
        images, boxes = [], []
        for clip, window in enumerate(windows):
            for step in range(self.window):
                images.append(inputs[step][clip].image)
                rows = window.boxes[window.mask[:, step], step].astype(np.float32)
                boxes.append(torch.from_numpy(rows).to(device))
        return self.extract_boxes(images, boxes)

    def _require_cache(self, samples: Sequence[SMOTDataSample]) -> None:
        if self._cache_features is None:  # all weights are hashed: once is enough
            self._cache_features = self.extract_fingerprint()
        for sample in samples:
            require_fingerprint(
                Path(sample.cache_path),
                {'features': sample.cached_features},
                {'features': self._cache_features},
            )

    def parts(self) -> list[Any]:
        return [
            *super().parts(),
            self.visual_encoder,
            self.text_encoder,
            self.unification,
            self.pooling,
        ]
