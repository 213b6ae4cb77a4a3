"""SemTracker's tracking side: one named target, frame by frame, with its context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from mmsmot.models.estimators import (
    FEATURES,
    TRACK_FEATURES,
    Estimate,
    EstimatorLoss,
)
from mmsmot.models.training.clip_plan import ClipPlan
from mmsmot.registry import MODELS, build_part
from mmsmot.structures import (
    Detections,
    Frame,
    Prompt,
    SMOTDataSample,
    Tracks,
    VideoInfo,
)
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.number_ranges import (
    COUNT,
    FRACTION,
    NON_NEGATIVE,
    POSITIVE,
    NumberRange,
    require_choice,
    require_numbers,
)
from mmsmot.utils.stopwatch import Stopwatch
from projects.semtracker.models.clip_targets import (
    Jitter,
    TargetTable,
    named_boxes,
    search_rows,
    search_targets,
    template_boxes,
    template_rows,
)
from projects.semtracker.models.scene_context import SceneContext
from projects.semtracker.models.search_region import (
    boxes_in_image,
    boxes_in_regions,
    cell_cover,
    cosine_window,
    covering_boxes,
    square_regions,
)
from projects.semtracker.models.shared_features import SharedFeatures
from projects.semtracker.models.target_estimator import TARGET_ID, TargetEstimator
from projects.semtracker.models.target_query import (
    MISSED_CLICKS,
    QueryOptions,
    clicked_box,
    named_row,
    prompt_box,
    require_frame_not_missed,
    require_frames_in_video,
    require_no_correction_missed,
)
from projects.semtracker.models.target_transformer import TargetTransformer
from projects.semtracker.models.text_matcher import TextMatcher, require_words
from projects.semtracker.models.tracking_loss import tracking_losses


@dataclass(eq=False)
class Target:
    """One prompt's target in one video.

    Attributes:
        prompt: Names it.
        memory: Template as the tracking branch reads it; ``None`` until it is named.
        box: (4,) where it was last, in pixels.
        lost_frames: Frames since it was seen last; 0 while it is tracked.
    """

    prompt: Prompt
    memory: list[torch.Tensor] | None = None
    box: np.ndarray = field(default_factory=lambda: np.zeros(4))
    lost_frames: int = 0


@dataclass(eq=False)
class SemTrackerState:
    """All of one video: its targets, and what is asked for beside their boxes."""

    targets: list[Target]
    needs: frozenset[str]
    last_frame_id: int = 0


@MODELS.register_module()
class SemTracker(TargetEstimator):
    """Follows a target that a prompt names; re-detects it after it was lost.

    ::

        frames -> detector's feature maps -+-> shared features -> template ---+
                        |                  |                                   v
        prompt -> box --+ (click, text:    +-> shared features -> search -> tracking branch
                  the detections)          |                                   |
                                           +-> scene context of the box <- box, presence
                                                     |
                                           Tracks.features: what semantics reads

    Without prompts nothing is tracked. While a target is lost it has no box; it is looked
    for around where it was last, and in squares all over the image.

    Args:
        detector: Has ``extract`` and ``detect_in``; its boxes are asked for by clicks and
            sentences alone.
        shared: :class:`SharedFeatures` of both branches.
        tracking: :class:`TargetTransformer`.
        context: :class:`SceneContext`.
        text_matcher: :class:`TextMatcher`; ``None``: sentences are refused.
        template_factor: Side of the template, in square roots of the target's area.
        search_factor: Side of the search region, likewise.
        presence_threshold: Least presence of a target that is followed.
        found_threshold: Least presence of one that was lost and is found again.
        window_weight: w of the factor 1 - w + w * (cosine window) on the centre's score of
            a target that is tracked: how much it is expected near where it was.
        patience: Frames after which the whole image is searched for a lost target.
        search_interval: While it is lost, the whole image is searched every so many
            frames, which bounds the time of a target that never comes back.
        max_search_regions: Most squares of a lost target that are searched in a frame. A
            small target in a large image has more: they take turns.
        click_reach: As of :class:`.target_query.QueryOptions`, as are the next three.
        missed_click: What a click on nobody is.
        text_threshold: Least cosine of a sentence and a box.
        text_margin: Boxes nearer than this fit a sentence alike.
        shift: Greatest jitter of the search region in training.
        scale: Greatest jitter of its size.
        absent_ratio: Share of the search regions in training that are given another
            clip's template, whose target is not there.
        elsewhere_ratio: Share of them that lie around somebody else of the frame, or
            anywhere in it: what a search for a lost target meets.
        num_search_frames: Frames of each clip, drawn anew for each batch, in which the
            target is looked for in training; ``None`` for all. Neighbours look alike, and
            a search region costs more than the rest of its frame.
    """

    provides = frozenset({FEATURES, TRACK_FEATURES})
    reads_prompt = True
    ids_return = True  # a target that is lost is looked for until the video ends

    def __init__(
        self,
        *,
        detector: dict | nn.Module,
        shared: dict | SharedFeatures,
        tracking: dict | TargetTransformer,
        context: dict | SceneContext,
        text_matcher: dict | TextMatcher | None = None,
        template_factor: float = 1.6,
        search_factor: float = 3.0,
        presence_threshold: float = 0.4,
        found_threshold: float = 0.6,
        window_weight: float = 0.2,
        patience: int = 1,
        search_interval: int = 2,
        max_search_regions: int = 64,
        click_reach: float = 0.02,
        missed_click: str = 'error',
        text_threshold: float = 0.0,
        text_margin: float = 0.05,
        shift: float = 0.5,
        scale: float = 0.25,
        absent_ratio: float = 0.2,
        elsewhere_ratio: float = 0.3,
        num_search_frames: int | None = None,
    ) -> None:
        super().__init__()
        self.detector = build_part(detector)
        self.shared = build_part(shared)
        self.tracking = build_part(tracking)
        self.context = build_part(context)
        self.text_matcher = build_part(text_matcher)
        self.template_factor, self.search_factor = template_factor, search_factor
        self.presence_threshold = presence_threshold
        self.found_threshold = found_threshold
        self.window_weight = window_weight
        self.patience, self.search_interval = patience, search_interval
        self.max_search_regions = max_search_regions
        self.query = QueryOptions(
            click_reach, missed_click, text_threshold, text_margin
        )
        self.jitter = Jitter(shift, scale, absent_ratio, elsewhere_ratio)
        self.num_search_frames = num_search_frames
        self._require_options()

    def _require_options(self) -> None:
        owner = 'SemTracker'
        require_numbers(
            owner,
            POSITIVE,
            template_factor=self.template_factor,
            search_factor=self.search_factor,
        )
        require_numbers(
            owner,
            FRACTION,
            presence_threshold=self.presence_threshold,
            found_threshold=self.found_threshold,
            window_weight=self.window_weight,
            click_reach=self.query.click_reach,
            absent_ratio=self.jitter.absent_ratio,
            elsewhere_ratio=self.jitter.elsewhere_ratio,
        )
        require_numbers(
            owner,
            NON_NEGATIVE,
            text_margin=self.query.text_margin,
            shift=self.jitter.shift,
            scale=self.jitter.scale,
        )
        require_numbers(
            owner, NumberRange(-1, 1), text_threshold=self.query.text_threshold
        )
        require_numbers(
            owner,
            COUNT,
            patience=self.patience,
            search_interval=self.search_interval,
            max_search_regions=self.max_search_regions,
            num_search_frames=self.num_search_frames or 1,
        )
        require_choice(owner, MISSED_CLICKS, missed_click=self.query.missed_click)

    def begin(
        self, video: VideoInfo, prompts: Sequence[Prompt], *, needs: frozenset[str]
    ) -> SemTrackerState:
        for prompt in prompts:
            if not prompt.boxes and not prompt.points and self.text_matcher is None:
                raise ValueError(
                    f'SemTracker: {prompt.text!r} is a sentence, and this model has no '
                    'text_matcher; name the target by a box or a click'
                )
            if not prompt.boxes and not prompt.points:
                require_words(prompt.text)
            require_frames_in_video(prompt, video)
        return SemTrackerState([Target(prompt) for prompt in prompts], needs)

    @torch.no_grad()
    def step(self, state: SemTrackerState, frames: Sequence[Frame]) -> list[Estimate]:
        stopwatch = Stopwatch()
        features = self.detector.extract(frames)
        stopwatch.book('detect')
        if not state.targets:  # nobody is asked for
            return [self._estimate(frames, [], features, state)]
        boxes = [
            self._frame_boxes(state, features, row, frame)
            for row, frame in enumerate(frames)
        ]
        estimates = [
            self._estimate(frames, column, features, state)
            for column in zip(*boxes, strict=True)
        ]
        stopwatch.book('track')
        estimates[0].seconds.update(stopwatch.seconds)
        return estimates

    def _frame_boxes(
        self, state: SemTrackerState, features: FeatureMaps, row: int, frame: Frame
    ) -> list[tuple[np.ndarray, float] | None]:
        """Box and presence of each target in a frame, ``None`` where it is not seen."""
        results: list[tuple[np.ndarray, float] | None] = [None] * len(state.targets)
        prompt_boxes = self._asked_boxes(state, features, row, frame)
        tracked = []
        for index, target in enumerate(state.targets):
            if prompt_boxes[index] is not None:
                target.box, target.lost_frames = prompt_boxes[index], 0
                target.memory = self._template(features, row, target.box)
                results[index] = target.box, 1.0
            elif target.memory is not None:
                tracked.append(index)
        places = [(i, box) for i in tracked for box in self._places(state, i, frame)]
        if not places:
            return results
        best = self._search(state, features, row, places)
        for index in tracked:
            target = state.targets[index]
            box, presence = best[index]
            is_lost = target.lost_frames > 0
            threshold = self.found_threshold if is_lost else self.presence_threshold
            box = np.clip(box, 0, [*frame.size] * 2)
            if presence >= threshold and (box[2:] - box[:2] >= 1).all():
                target.box, target.lost_frames = box, 0
                results[index] = box, presence
            else:
                target.lost_frames += 1
        return results

    def _asked_boxes(
        self, state: SemTrackerState, features: FeatureMaps, row: int, frame: Frame
    ) -> list[np.ndarray | None]:
        """The box of each target that its prompt gives for this frame."""
        boxes, detections = [], None
        for target in state.targets:
            prompt, is_waiting = target.prompt, target.memory is None
            if not is_waiting:
                require_no_correction_missed(prompt, frame, state.last_frame_id)
            box = prompt_box(prompt, frame)
            reads_detections = is_waiting or frame.frame_id in prompt.points
            if box is None and reads_detections and (prompt.points or prompt.text):
                if detections is None:
                    (detections,) = self.detector.detect_in(features[[row]])
                if prompt.points:
                    box = clicked_box(prompt, frame, detections, self.query)
                elif not prompt.boxes:
                    box = self._named_box(prompt, features, row, frame, detections)
            may_wait = self.query.missed_click == 'wait' and not prompt.boxes
            if box is None and not may_wait:
                require_frame_not_missed(prompt, frame, is_waiting)
            boxes.append(box)
        state.last_frame_id = frame.frame_id
        return boxes

    def _named_box(
        self,
        prompt: Prompt,
        features: FeatureMaps,
        row: int,
        frame: Frame,
        detections: Detections,
    ) -> np.ndarray | None:
        """The detection that a sentence is about; ``None`` while there is none."""
        if not len(detections):
            return None
        boxes = torch.from_numpy(detections.boxes)
        tokens = self._target_tokens(features, torch.full((len(boxes),), row), boxes)
        cosines = self.text_matcher([prompt.text], tokens)[0].double().cpu().numpy()
        best = named_row(prompt, frame, cosines, self.query)
        return None if best is None else detections.boxes[best]

    def _places(
        self, state: SemTrackerState, index: int, frame: Frame
    ) -> list[np.ndarray]:
        """Boxes around which a target is looked for: its last one, or all over."""
        target = state.targets[index]
        places = [target.box]
        search_frame = target.lost_frames - self.patience  # from 0
        if search_frame >= 0 and search_frame % self.search_interval == 0:
            grid = covering_boxes(target.box, frame.size, self.search_factor)
            # Of a small target's many squares a part at a time, all of them in turn.
            num_parts = -(-len(grid) // self.max_search_regions)
            places += grid[
                search_frame // self.search_interval % num_parts :: num_parts
            ]
        return places

    def _search(
        self,
        state: SemTrackerState,
        features: FeatureMaps,
        row: int,
        places: list[tuple[int, np.ndarray]],
    ) -> dict[int, tuple[np.ndarray, float]]:
        """The most present box of each target, all places of a frame in one batch."""
        device = features.levels[0].device
        boxes = torch.from_numpy(np.stack([box for _, box in places])).to(device)
        memories = [state.targets[index].memory for index, _ in places]
        memory = [torch.cat(layer) for layer in zip(*memories, strict=True)]
        rows = torch.full((len(places),), row)
        regions = square_regions(boxes, self.search_factor)
        is_lost = [state.targets[index].lost_frames > 0 for index, _ in places]
        prior = self._centre_prior(torch.tensor(is_lost, device=device))
        tokens = self._search_tokens(features, rows, regions)
        prediction = self.tracking(memory, tokens, prior)
        # As the sigmoid's logarithm, which has no ties near 1.
        cell = (F.logsigmoid(prediction.centres) + prior.log()).argmax(dim=1)
        region_rows = torch.arange(len(cell), device=device)
        centre_boxes = prediction.boxes[region_rows, cell].double()
        pixel_boxes = boxes_in_image(centre_boxes, regions).cpu().numpy()
        presence = prediction.presence.sigmoid().double().cpu().numpy()
        best: dict[int, tuple[np.ndarray, float]] = {}
        for k, (index, _) in enumerate(places):
            if index not in best or presence[k] > best[index][1]:
                best[index] = pixel_boxes[k], float(presence[k])
        return best

    def _centre_prior(self, is_lost: torch.Tensor) -> torch.Tensor:
        """(P, S * S) factors on the centres' scores; none for targets that were lost."""
        num_cells = self.tracking.search_grid**2
        prior = torch.ones(len(is_lost), num_cells, device=is_lost.device)
        window = cosine_window(prior)
        factor = 1 - self.window_weight + self.window_weight * window
        return torch.where(is_lost[:, None], prior, factor)

    def _template(
        self, features: FeatureMaps, row: int, box: np.ndarray
    ) -> list[torch.Tensor]:
        boxes = torch.from_numpy(box)[None]
        return self.templates(features, torch.tensor([row]), boxes)

    def templates(
        self, features: FeatureMaps, rows: torch.Tensor, boxes: torch.Tensor
    ) -> list[torch.Tensor]:
        """What the tracking branch reads of P targets, from their boxes (P, 4)."""
        grid = self.tracking.template_grid
        regions = square_regions(boxes, self.template_factor)
        tokens = self.shared(self.shared.pool(features, rows, regions, grid))
        cover = cell_cover(boxes_in_regions(boxes, regions), grid)
        return self.tracking.template_memory(tokens, cover.to(tokens))

    def _search_tokens(
        self, features: FeatureMaps, rows: torch.Tensor, regions: torch.Tensor
    ) -> torch.Tensor:
        grid = self.tracking.search_grid
        return self.shared(self.shared.pool(features, rows, regions, grid))

    def _target_tokens(
        self, features: FeatureMaps, rows: torch.Tensor, boxes: torch.Tensor
    ) -> torch.Tensor:
        """Tokens of the boxes alone, for the text matcher."""
        grid = self.context.target_grid
        return self.shared(self.shared.pool(features, rows, boxes, grid))

    def _estimate(
        self,
        frames: Sequence[Frame],
        boxes: Sequence[tuple[np.ndarray, float] | None],
        features: FeatureMaps,
        state: SemTrackerState,
    ) -> Estimate:
        """The target of one prompt in B frames; its own boxes stand as detections."""
        boxes = list(boxes) or [None] * len(frames)
        places = [np.zeros((0, 4)) if item is None else item[0][None] for item in boxes]
        tokens: list[torch.Tensor | None] = [None] * len(frames)
        if TRACK_FEATURES in state.needs:
            tokens = [*self.frame_tokens(features, places)]
        detections, tracks = [], []
        for item, place, frame_tokens in zip(boxes, places, tokens, strict=True):
            scores = np.array([] if item is None else [item[1]])
            detections.append(Detections(place, scores))
            index = np.arange(len(place))
            tracks.append(
                Tracks(index + TARGET_ID, place, scores, index, index, frame_tokens)
            )
        is_asked = FEATURES in state.needs
        return Estimate(detections, tracks, features if is_asked else None)

    def loss(
        self,
        inputs: Sequence[Sequence[Frame]],
        samples: Sequence[SMOTDataSample],
        *,
        plan: ClipPlan,
    ) -> EstimatorLoss:
        """Tracking and text losses of B clips of one target each.

        The detector is not trained (``plan.freeze``).

        Raises:
            ValueError: The detector would be trained; a clip has not one target.
        """
        frames = [frame for step in inputs for frame in step]
        features, detections = self.frozen_features(frames, plan)
        device = features.levels[0].device
        table = TargetTable.of(inputs, samples, device)
        if detections is None:
            detections = self.detector.detect_in(features)
        losses: dict[str, Any] = self._tracking_loss(
            features, table, detections, plan.generator
        )
        texts = [s.prompt.text if 'prompt' in s else None for s in samples]
        if self.text_matcher is not None and any(texts):
            losses['loss_text'] = self._text_loss(
                features, table, detections, texts, plan.generator
            )
        return self.loss_along_gt(losses, features, table, plan)

    def _tracking_loss(
        self,
        features: FeatureMaps,
        table: TargetTable,
        detections: Sequence[Detections],
        generator: np.random.Generator,
    ) -> dict[str, torch.Tensor]:
        """The tracking branch's losses: some frames, with a template of their clip."""
        template = template_rows(table, generator)
        rows = search_rows(table, self.num_search_frames, template, generator)
        search = search_targets(
            table,
            rows,
            self.search_factor,
            self.jitter,
            features.sizes,
            detections,
            generator,
        )
        boxes = template_boxes(table, template, generator)
        memory = self.templates(features, template, boxes)
        order = search.template_of  # (P,) the clip whose template each region gets
        memory = [layer[order] for layer in memory]
        tokens = self._search_tokens(features, rows, search.regions)
        targets = boxes_in_regions(table.boxes[rows], search.regions).to(tokens)
        return tracking_losses(
            self.tracking(memory, tokens), targets, search.is_present
        )

    def _text_loss(
        self,
        features: FeatureMaps,
        table: TargetTable,
        detections: Sequence[Detections],
        texts: Sequence[str | None],
        generator: np.random.Generator,
    ) -> torch.Tensor:
        """Each sentence against everybody in the clips' first frames with the target."""
        named = named_boxes(table, detections, texts, generator)
        tokens = self._target_tokens(features, named.rows, named.boxes)
        sentences = [texts[clip] for clip in named.clips]
        return self.text_matcher.loss(
            sentences, tokens, named.is_target, named.is_choice
        )

    def fingerprint_of(self, video: VideoInfo) -> list[str]:
        return [f'detector {self.detector.fingerprint_of(video)}']

    def parts(self) -> list[Any]:
        return [self, self.detector]
