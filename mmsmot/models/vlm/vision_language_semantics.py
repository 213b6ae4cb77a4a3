"""Trajectories and images to captions and interactions, zero-shot."""

from __future__ import annotations

import copy
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence, Set

import cv2
import numpy as np
from mmengine.logging import print_log
from torch import nn

from ...datasets.verb_forms import VerbForms
from ...datasets.vocabulary import InteractionVocabulary
from ...registry import MODELS, build_part
from ...structures import Frame, Interactions, Tracks
from ...structures.feature_maps import FeatureMaps
from ...utils.number_ranges import COUNT, NON_NEGATIVE_INT, require_numbers
from ..language.cached_answers import CachedAnswers
from ..language.vision_language_model import Question, VisionLanguageModel
from ..semantics.description import Description, Pair, requested_ids
from .crop_buffer import Crop, CropBuffer, CropPair

CAPTION_PROMPT = (
    'The {count} picture(s) show one person at {times} of a video. In one sentence, '
    'describe what this person looks like and what the person does.'
)
VIDEO_PROMPT = (
    'The {count} picture(s) show a video at {times}. In one sentence, describe '
    'what happens in the video.'
)
INTERACTION_PROMPT = (
    'The {count} picture(s) show two people at {times} of a video. What does the '
    'person in the red box do to the person in the blue box? Answer with verbs such as '
    '"hugs" or "talks to", separated by commas, or with "nothing".'
)
LOG_SECONDS = 30.0  # from one line of the log to the next
RED, BLUE = (255, 0, 0), (0, 0, 255)  # RGB


@MODELS.register_module()
class VisionLanguageSemantics(nn.Module):
    """Zero-shot captions and interactions by prompting a vision-language model.

    The same slot as
    :class:`~mmsmot.models.semantics.trajectory_semantics.TrajectorySemantics`, for videos of
    any kind: nothing is trained, and crops take the place of feature maps. Tracks, near
    pairs and the video have a prompt each. A pair's first and last frame are those in which
    the two were near; the interaction happens somewhere between. Scores are 1: an answer
    has none.

    Each prompt may hold ``{count}``, the number of images, and ``{times}``, their
    timestamps; ``None`` leaves its kind out.

    Args:
        model: Answers questions about images.
        vocabulary: The verbs: a mode or list of
            :class:`~mmsmot.datasets.vocabulary.InteractionVocabulary`.
        caption_prompt: About a track.
        video_prompt: About the whole video.
        interaction_prompt: About a pair, the subject in a red box, the object in a blue
            one; for both orders. Answers are searched for verbs
            (:class:`~mmsmot.datasets.verb_forms.VerbForms`).
        max_pairs: Pairs prompted for at once, at most, each in both orders: those that were
            near for longest, of these the nearest. At once is a whole video with
            ``SMOT(early=False)``; else the pairs that end with a batch of frames.
        max_video_pairs: Pairs prompted for in a whole video, at most, whoever ends first;
            ``None``: any number.
        min_near_frames: Frames taken in where a pair must have been near, at least.
        frame_stride: Frame numbers from one frame taken in to the next, at least; the
            tracker still gets all.
        crop_buffer: Options of :class:`~mmsmot.models.vlm.crop_buffer.CropBuffer`: number
            and size of crops, and which pairs are near.

    Raises:
        ValueError: A prompt holds another field.
    """

    needs: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        model: dict | VisionLanguageModel,
        vocabulary: str | Sequence[str] = 'clean335',
        caption_prompt: str | None = CAPTION_PROMPT,
        video_prompt: str | None = VIDEO_PROMPT,
        interaction_prompt: str | None = INTERACTION_PROMPT,
        max_pairs: int = 20,
        max_video_pairs: int | None = None,
        min_near_frames: int = 3,
        frame_stride: int = 1,
        crop_buffer: dict | None = None,
    ) -> None:
        super().__init__()
        owner = 'VisionLanguageSemantics'
        require_numbers(owner, COUNT, frame_stride=frame_stride)
        require_numbers(
            owner,
            NON_NEGATIVE_INT,
            max_pairs=max_pairs,
            min_near_frames=min_near_frames,
        )
        require_numbers(
            owner, NON_NEGATIVE_INT.or_none, max_video_pairs=max_video_pairs
        )
        prompts = (caption_prompt, video_prompt, interaction_prompt)
        for prompt in filter(None, prompts):
            _filled(prompt, [])
        self.caption_prompt, self.video_prompt, self.interaction_prompt = prompts
        self.vocabulary = InteractionVocabulary(vocabulary)
        self.verbs = VerbForms(self.vocabulary)
        self.max_pairs = max_pairs
        self.max_video_pairs = max_video_pairs
        self.min_near_frames = min_near_frames
        self.frame_stride = frame_stride
        self.crop_buffer = crop_buffer or {}
        self.begin()  # raises on wrong options before a video is read
        self.model = build_part(model)

    @property
    def fingerprint(self) -> str:
        """What the captions depend on beside the config: weights and processor."""
        return self.model.fingerprint

    def with_cache(self, root: str | os.PathLike) -> VisionLanguageSemantics:
        """The same, its parts shared, with the answers kept on disk."""
        cached = copy.copy(self)
        # A copied module shares the table of its parts; this one is to have its own.
        cached._modules = dict(self._modules)
        cached.model = CachedAnswers(self.model, root)
        return cached

    def begin(self) -> CropBuffer:
        """An empty buffer, for one video."""
        return CropBuffer(**self.crop_buffer)

    def update(
        self,
        buffer: CropBuffer,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        tracks: Sequence[Tracks],
    ) -> None:
        """Take in B more frames of a video and the tracks in them."""
        with buffer.stopwatch.part('crops'):
            for frame, frame_tracks in zip(frames, tracks, strict=True):
                if frame.frame_id >= buffer.next_frame:
                    buffer.next_frame = frame.frame_id + self.frame_stride
                    buffer.update(frame, frame_tracks)

    def generate(
        self,
        buffer: CropBuffer,
        ids: Sequence[int] | None = None,
        *,
        caption_ids: Sequence[int] | None = None,
        pairs: Set[Pair] | None = None,
        video_caption: bool = True,
        summarize: bool = False,
    ) -> Description:
        """Captions and interactions of the trajectories in the buffer.

        Args:
            buffer: Of one video.
            ids: The trajectories to describe; those without a crop are left out.
                ``None`` for all.
            caption_ids: Those of ``ids`` to caption; ``None`` for all.
            pairs: Unordered pairs of ids whose interactions are predicted; ``None`` for
                all that were near.
            video_caption: Whether to caption the whole video.
            summarize: The tracks are forgotten next, so that their pairs count for
                ``max_video_pairs``. (A video is captioned from whole frames.)
        """
        cropped_ids = [i for i in buffer.ids if buffer.track_crops[i].items]
        ids, captioned = requested_ids(cropped_ids, ids, caption_ids)
        description = Description()
        if self.caption_prompt:
            with buffer.stopwatch.part('captions'):
                questions = (
                    _question(self.caption_prompt, buffer.track_crops[i].sample())
                    for i in captioned
                )
                texts = self.model.answer(
                    _with_progress(questions, len(captioned), 'people')
                )
            rows = zip(captioned, texts, strict=True)
            description.captions = {i: text for i, text in rows if text}
        if self.interaction_prompt:
            chosen_pairs = self._pairs(buffer, set(ids), pairs)
            if summarize:
                buffer.num_asked += len(chosen_pairs)
            with buffer.stopwatch.part('pairs'):
                description.interactions = self._interactions(chosen_pairs)
        crops = buffer.frames.sample()
        if video_caption and self.video_prompt and crops:
            question = _question(self.video_prompt, crops)
            with buffer.stopwatch.part('video caption'):
                (description.video_caption,) = self.model.answer([question])
        return description

    def _interactions(self, pairs: list[tuple[int, int, CropPair]]) -> Interactions:
        rows, unmatched = [], []
        questions = self._pair_questions(pairs)
        answers = self.model.answer(
            _with_progress(questions, 2 * len(pairs), 'pairs, each in both orders')
        )
        for (subject_id, object_id, pair), answer in zip(
            _ordered(pairs), answers, strict=True
        ):
            verbs = self.verbs.find(answer, subject_word='red', object_word='blue')
            if verbs is None:
                unmatched.append(answer)
            for verb in verbs or ():
                rows.append(
                    (subject_id, object_id, verb, pair.first_frame, pair.last_frame)
                )
        if unmatched:
            print_log(
                f'VisionLanguageSemantics: {len(unmatched)} of {len(answers)} answers '
                f'name none of the {len(self.vocabulary)} verbs, such as '
                f'{unmatched[0][:80]!r}',
                logger='current',
                level=logging.WARNING,
            )
        if not rows:
            return Interactions.empty()
        return Interactions(*map(np.array, zip(*rows, strict=True)))

    def _pairs(
        self, buffer: CropBuffer, ids: set[int], requested_pairs: Set[Pair] | None
    ) -> list[tuple[int, int, CropPair]]:
        """Near pairs of ``ids`` among ``requested_pairs``, the longest first, of these the
        nearest; as many as may be asked about."""
        pairs = [
            (*key, pair)
            for key, pair in buffer.pairs.items()
            if ids.issuperset(key)
            and (requested_pairs is None or key in requested_pairs)
            and pair.count >= self.min_near_frames
            and pair.crops.items
        ]
        pairs.sort(key=lambda row: (-row[2].count, row[2].mean_gap, row[:2]))
        pair_limit, option = self.max_pairs, 'max_pairs'
        if self.max_video_pairs is not None:
            room = max(self.max_video_pairs - buffer.num_asked, 0)
            if room < pair_limit:
                pair_limit, option = room, 'max_video_pairs'
        if len(pairs) > pair_limit:
            print_log(
                f'VisionLanguageSemantics: {len(pairs)} pairs came near each other; asking '
                f'about the {pair_limit} that were near longest ({option}), {2 * pair_limit} questions',
                logger='current',
            )
        if buffer.is_full:
            buffer.is_full = False  # said once, and again where more are left out
            print_log(
                f'VisionLanguageSemantics: more pairs were near than the '
                f'{buffer.max_pairs} that are held (crop_buffer.max_pairs); those that '
                'were near in the fewest frames were left out',
                logger='current',
            )
        return pairs[:pair_limit]

    def _pair_questions(
        self, pairs: list[tuple[int, int, CropPair]]
    ) -> Iterator[Question]:
        for subject_id, object_id, pair in _ordered(pairs):
            colours = {subject_id: RED, object_id: BLUE}
            crops = pair.crops.sample()
            yield _question(self.interaction_prompt or '', crops, colours)


def _with_progress(
    questions: Iterable[Question], count: int, topic: str
) -> Iterator[Question]:
    """The questions, with a line in the log now and then, since answers may take long."""
    begin, last_log = time.monotonic(), 0.0
    for number, question in enumerate(questions):
        seconds = time.monotonic() - begin
        if seconds - last_log > LOG_SECONDS:
            last_log = seconds
            print_log(
                f'VisionLanguageSemantics: {number} of {count} questions about {topic} '
                f'in {seconds:.0f} s',
                logger='current',
            )
        yield question


def _ordered(
    pairs: list[tuple[int, int, CropPair]],
) -> Iterator[tuple[int, int, CropPair]]:
    """Both orders of each pair: subject, object."""
    for first_id, second_id, pair in pairs:
        yield first_id, second_id, pair
        yield second_id, first_id, pair


def _question(
    prompt: str,
    crops: Sequence[Crop],
    colours: dict[int, tuple[int, int, int]] | None = None,
) -> Question:
    """A prompt with crops, and a box in its colour around each id of ``colours``."""
    text = _filled(prompt, [crop.timestamp for crop in crops])
    return Question(text, lambda: [_drawn(crop, colours or {}) for crop in crops])


def _filled(prompt: str, times: Sequence[float]) -> str:
    text = ', '.join(f'{time:.1f} s' for time in times)
    try:
        return prompt.format(count=len(times), times=text)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f'prompt {prompt[:60]!r}: the only fields are {{count}} and {{times}}, '
            f'and {error} is none; a brace itself is written twice'
        ) from error


def _drawn(crop: Crop, colours: dict[int, tuple[int, int, int]]) -> np.ndarray:
    image = np.ascontiguousarray(crop.rgb())
    for track_id, box in crop.boxes:
        if track_id in colours:
            x1, y1, x2, y2 = (round(side) for side in box)
            cv2.rectangle(image, (x1, y1), (x2, y2), colours[track_id], 2)
    return image
