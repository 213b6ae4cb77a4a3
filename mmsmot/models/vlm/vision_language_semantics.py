"""From trajectories and pictures to words and interactions, without training."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence, Set

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
from ..language.vision_language_model import Question, VisionLanguageModel
from ..semantics.description import Description, Pair
from .crop_buffer import CropBuffer, NearPair, Picture

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
RED, BLUE = (255, 0, 0), (0, 0, 255)  # RGB


@MODELS.register_module()
class VisionLanguageSemantics(nn.Module):
    """Asks a vision-language model about people, pairs that came near, and the video.

    The same slot as :class:`~mmsmot.models.semantics.trajectory_semantics.TrajectorySemantics`, for videos of
    any kind: nothing is trained, and pictures are looked at instead of feature maps. A
    pair's first and last frame are those in which the two were near; a verb that was
    found holds somewhere between. Scores are 1: an answer has none.

    Each prompt may hold ``{count}``, the number of pictures, and ``{times}``, when they
    were taken; ``None`` asks nothing of its kind.

    Args:
        model: Answers questions about pictures.
        vocabulary: The verbs: a mode or list of
            :class:`~mmsmot.datasets.vocabulary.InteractionVocabulary`.
        caption_prompt: About a person.
        video_prompt: About the whole video.
        interaction_prompt: About two people, the one who acts in a red box, the other in
            a blue one; asked both ways round. Answers are searched for verbs
            (:class:`~mmsmot.datasets.verb_forms.VerbForms`).
        max_pairs: Pairs asked about, those first that were near for longest.
        min_near_frames: In so many of the frames looked at they must have been near.
        frame_stride: Frame numbers from one picture looked at to the next, at least; the
            tracker still sees all.
        memory: Options of :class:`~mmsmot.models.vlm.crop_buffer.CropBuffer`: how many
            pictures are kept, how large, and what is near.

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
        min_near_frames: int = 3,
        frame_stride: int = 1,
        memory: dict | None = None,
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
        prompts = (caption_prompt, video_prompt, interaction_prompt)
        for prompt in filter(None, prompts):
            _filled(prompt, [])
        self.caption_prompt, self.video_prompt, self.interaction_prompt = prompts
        self.vocabulary = InteractionVocabulary(vocabulary)
        self.verbs = VerbForms(self.vocabulary)
        self.max_pairs = max_pairs
        self.min_near_frames = min_near_frames
        self.frame_stride = frame_stride
        self.memory = memory or {}
        self.begin()  # wrong options show before a video is read
        self.model = build_part(model)

    @property
    def fingerprint(self) -> str:
        """Names what is said depends on beside the config: weights and processor."""
        return self.model.fingerprint

    def begin(self) -> CropBuffer:
        """An empty memory, for one video."""
        return CropBuffer(**self.memory)

    def update(
        self,
        memory: CropBuffer,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        tracks: Sequence[Tracks],
    ) -> None:
        """Take in B more frames of a video and the tracks in them."""
        for frame, frame_tracks in zip(frames, tracks, strict=True):
            if frame.frame_id >= memory.next_frame:
                memory.next_frame = frame.frame_id + self.frame_stride
                memory.see(frame, frame_tracks)

    def generate(
        self,
        memory: CropBuffer,
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
            ids: The trajectories to describe; those without a picture are passed over.
                ``None`` for all.
            caption_ids: Those of ``ids`` to caption; ``None`` for all.
            pairs: Unordered pairs of ids to ask about; ``None`` for all that came near
                each other.
            video_caption: Whether to caption the whole video.
            summarize: No use here: a video is captioned from whole frames.
        """
        requested = set(memory.ids if ids is None else ids)
        ids = [i for i in memory.ids if i in requested and memory.people[i].items]
        captioned = ids if caption_ids is None else [i for i in ids if i in caption_ids]
        description = Description()
        if self.caption_prompt:
            texts = self.model.answer(
                _question(self.caption_prompt, memory.people[i].chosen())
                for i in captioned
            )
            rows = zip(captioned, texts, strict=True)
            description.captions = {i: text for i, text in rows if text}
        if self.interaction_prompt:
            description.interactions = self._interactions(memory, set(ids), pairs)
        images = memory.frames.chosen()
        if video_caption and self.video_prompt and images:
            question = _question(self.video_prompt, images)
            (description.video_caption,) = self.model.answer([question])
        return description

    def _interactions(
        self, memory: CropBuffer, ids: set[int], asked_pairs: Set[Pair] | None
    ) -> Interactions:
        pairs = self._pairs(memory, ids, asked_pairs)
        rows, unmatched = [], []
        answers = self.model.answer(self._pair_questions(pairs))
        for (one, two, pair), answer in zip(_both_ways(pairs), answers, strict=True):
            verbs = self.verbs.find(answer, subject='red', other='blue')
            if verbs is None:
                unmatched.append(answer)
            for verb in verbs or ():
                rows.append((one, two, verb, pair.first, pair.last))
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
        self, memory: CropBuffer, ids: set[int], asked_pairs: Set[Pair] | None
    ) -> list[tuple[int, int, NearPair]]:
        """Those to ask about, each once: both of ``ids``, and one of ``asked_pairs``."""
        near = [
            (*key, pair)
            for key, pair in memory.pairs.items()
            if ids.issuperset(key)
            and (asked_pairs is None or key in asked_pairs)
            and pair.count >= self.min_near_frames
            and pair.pictures.items
        ]
        near.sort(key=lambda row: (-row[2].count, row[:2]))
        if len(near) > self.max_pairs:
            print_log(
                f'VisionLanguageSemantics: {len(near)} pairs came near each other; asking '
                f'about the {self.max_pairs} that were near longest (max_pairs)',
                logger='current',
            )
        return near[: self.max_pairs]

    def _pair_questions(
        self, pairs: list[tuple[int, int, NearPair]]
    ) -> Iterator[Question]:
        for subject, other, pair in _both_ways(pairs):
            colours = {subject: RED, other: BLUE}
            pictures = pair.pictures.chosen()
            yield _question(self.interaction_prompt, pictures, colours)


def _both_ways(
    pairs: list[tuple[int, int, NearPair]],
) -> Iterator[tuple[int, int, NearPair]]:
    for one, two, pair in pairs:
        yield one, two, pair
        yield two, one, pair


def _question(
    prompt: str,
    pictures: Sequence[Picture],
    colours: dict[int, tuple[int, int, int]] | None = None,
) -> Question:
    """A prompt about pictures, with a box in its colour around each id given one."""
    text = _filled(prompt, [picture.timestamp for picture in pictures])
    return Question(text, lambda: [_drawn(p, colours or {}) for p in pictures])


def _filled(prompt: str, times: Sequence[float]) -> str:
    shown = ', '.join(f'{time:.1f} s' for time in times)
    try:
        return prompt.format(count=len(times), times=shown)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f'prompt {prompt[:60]!r}: the only fields are {{count}} and {{times}}, '
            f'and {error} is none; a brace itself is written twice'
        ) from error


def _drawn(picture: Picture, colours: dict[int, tuple[int, int, int]]) -> np.ndarray:
    image = np.ascontiguousarray(picture.rgb())
    for track_id, box in picture.boxes:
        if track_id in colours:
            x1, y1, x2, y2 = (round(side) for side in box)
            cv2.rectangle(image, (x1, y1), (x2, y2), colours[track_id], 2)
    return image
