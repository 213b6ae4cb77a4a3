"""Captions and interactions from the geometry of tracks; nothing is learnt."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

import numpy as np
from torch import nn

from ...datasets.vocabulary import InteractionVocabulary
from ...registry import MODELS, TRACKERS, build_part
from ...structures import Frame, Interactions, Tracks
from ...structures.feature_maps import FeatureMaps
from ...structures.runs import run_slices
from ...utils.number_ranges import NumberRange, require_choice, require_numbers
from ..semantics.description import Description, Pair, requested_ids, unordered_pair
from ..trackers.camera_motion import CameraMotion
from .activity_seconds import ActivitySeconds
from .clothing import ClothingColours, ClothingOptions, clothing_colours
from .crowd_caption import video_caption
from .grammar import (
    MIN_PRESENCE,
    GrammarSpeaker,
    kinematic_noun_phrase,
    kinematic_track_caption,
)
from .kinematic_buffer import KinematicBuffer, TrackFit
from .motion import Motion, describe_motion, motion_spans
from .motion_options import MotionOptions
from .pair_geometry import MEET, PairEvent, PairGeometryOptions, pair_events
from .pair_motion import both_move, fits_motion
from .track_kinematics import Kinematics, measure_track_kinematics
from .track_piece import longest_pieces
from .track_story import tell_story

# That so many people must have been there together; see MIN_PRESENCE for false detections.
# Of a short video that share of it, at least a second.
CROWD_SECONDS, CROWD_SHARE, MIN_CROWD_SECONDS = MIN_PRESENCE, 0.6, 1.0


@dataclass(frozen=True)
class KinematicFacts:
    """What is known of one track.

    Attributes:
        motion: What it does.
        outfit: What it wears.
        is_person: Whether it is of a class of people.
    """

    motion: Motion
    outfit: ClothingColours
    is_person: bool


@MODELS.register_module()
class KinematicSemantics(nn.Module):
    """Captions and interactions that follow from boxes, pixels and time alone.

    ::

        boxes, camera motion -> samples -> speeds in body heights -> segments \\
        pixels of the best views -> colours of clothes                          captions
        places of two on the ground -> interactions                            /

    The same slot as
    :class:`~mmsmot.models.semantics.trajectory_semantics.TrajectorySemantics`, for videos of
    any kind: nothing is trained or downloaded. It tells standing and walking, directions in
    the image, coming nearer and going away, entering and leaving, colours of clothes, and
    the interactions that geometry shows (:data:`.pair_geometry.VERBS`). What is not sure is
    not told, and what cannot be seen so (sex, age, talk, gestures) never is.

    Args:
        vocabulary: The verbs: a mode or list of
            :class:`~mmsmot.datasets.vocabulary.InteractionVocabulary`; those of ours that
            it lacks are left out.
        person_labels: Classes that are people (-1: not given); others are "objects".
        partner_names: In captions, ``'id'`` for "person 3" or ``'appearance'`` for "another
            person in a red top".
        sample_rate: Samples of a track a second; boxes within one are averaged.
        max_samples: Of a track; from there on, only every second one is held.
        camera_motion: Part of :mod:`~mmsmot.models.trackers.camera_motion`, or its config,
            for trackers that do not estimate it themselves; ``None`` for a camera at rest.
        read_pixels: Tell colours, and whether the legs move; ``False`` for boxes alone.
        motion: Options of :class:`.motion.MotionOptions`.
        clothing: Options of :class:`.clothing.ClothingOptions`.
        pairs: Options of :class:`.pair_geometry.PairGeometryOptions`.

    Raises:
        ValueError: An option is out of range.
        TypeError: There is no such option, or ``camera_motion`` is none.
    """

    needs: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        vocabulary: str | Sequence[str] = 'clean335',
        person_labels: Sequence[int] = (-1, 0),
        partner_names: str = 'id',
        sample_rate: float = 8.0,
        max_samples: int = 2048,
        camera_motion: dict | CameraMotion | None = None,
        read_pixels: bool = True,
        motion: dict | None = None,
        clothing: dict | None = None,
        pairs: dict | None = None,
    ) -> None:
        super().__init__()
        owner = 'KinematicSemantics'
        require_numbers(owner, NumberRange(1, 100), sample_rate=sample_rate)
        require_numbers(owner, NumberRange(16, integer=True), max_samples=max_samples)
        require_choice(owner, ('id', 'appearance'), partner_names=partner_names)
        require_choice(owner, (True, False), read_pixels=read_pixels)
        camera_motion = build_part(camera_motion, TRACKERS)
        if not isinstance(camera_motion, CameraMotion | None):
            raise TypeError(
                f'{owner}: camera_motion must be a CameraMotion, its config such as '
                f"dict(type='SparseOpticalFlow'), or None, got {camera_motion!r}"
            )
        self.vocabulary = InteractionVocabulary(vocabulary)
        self.person_labels = tuple(person_labels)
        self.partner_names = partner_names
        self.sample_rate = sample_rate
        self.max_samples = max_samples
        self.camera_motion = camera_motion
        self.read_pixels = read_pixels
        self.motion = MotionOptions(**motion or {})
        self.clothing = ClothingOptions(**clothing or {})
        self.pairs = PairGeometryOptions(**pairs or {})

    def begin(self) -> KinematicBuffer:
        """An empty buffer, for one video."""
        return KinematicBuffer(
            sample_rate=self.sample_rate,
            max_samples=self.max_samples,
            camera_motion=copy.deepcopy(self.camera_motion),
            clothing=self.clothing if self.read_pixels else None,
            person_labels=self.person_labels,
        )

    def update(
        self,
        buffer: KinematicBuffer,
        features: FeatureMaps | None,
        frames: Sequence[Frame],
        tracks: Sequence[Tracks],
    ) -> None:
        """Take in B more frames of a video and the tracks in them."""
        for frame, frame_tracks in zip(frames, tracks, strict=True):
            buffer.update(frame, frame_tracks)

    def generate(
        self,
        buffer: KinematicBuffer,
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
            ids: The trajectories to describe; ``None`` for all.
            caption_ids: Those of ``ids`` to caption; ``None`` for all.
            pairs: Unordered pairs of ids whose interactions are told; ``None`` for all.
            video_caption: Whether to caption the whole video.
            summarize: Keep of each captioned trajectory how long it did what, for the
                video caption after it is forgotten.
        """
        ids, captioned = requested_ids(buffer.ids, ids, caption_ids)
        partner_ids = _requested_partners(ids, captioned, pairs)
        near_ids = {
            i: buffer.samples.near_ids(i, self.pairs.reach).intersection(ids)
            for i in partner_ids
        }
        tracks = self._kinematics(
            buffer, sorted({*captioned}.union(*near_ids.values(), partner_ids))
        )
        facts = {i: self._facts(tracks[i], buffer) for i in captioned}
        events = self._events(buffer, tracks, facts, partner_ids, near_ids)
        description = Description(
            motions={i: motion_spans(facts[i].motion) for i in captioned}
        )
        events_of_subject: dict[int, list[PairEvent]] = defaultdict(list)
        for event in events:
            events_of_subject[event.subject_id].append(event)
        for track_id in captioned:
            text = self._caption(
                track_id, facts, events_of_subject[track_id], tracks, buffer
            )
            if text:
                description.captions[track_id] = text
        description.interactions = self._interactions(events, pairs)
        seconds = buffer.past_seconds
        seconds = seconds if summarize else copy.deepcopy(seconds)
        for fact in facts.values():
            if fact.is_person:
                seconds.add(fact.motion)
        if video_caption:
            description.video_caption = self._caption_video(buffer, seconds)
        return description

    def _kinematics(
        self, buffer: KinematicBuffer, ids: Sequence[int]
    ) -> dict[int, Kinematics]:
        """The smoothed motion of tracks, of each the longest part on one person."""
        tracks = buffer.valid_fits(ids)
        samples = buffer.of([i for i in ids if i not in tracks])
        if not len(samples):
            return tracks
        kinematics = measure_track_kinematics(
            samples,
            width=buffer.size[0],
            plane=buffer.plane,
            smoothing=self.motion.smoothing,
            depth_smoothing=self.motion.depth_smoothing,
            depth_noise=self.motion.depth_noise,
        )
        width = buffer.size[0]
        slices = run_slices(samples['id'])
        pieces = longest_pieces(kinematics, self.motion, width=width)
        for rows, piece in zip(slices, pieces, strict=True):
            track_id = int(samples['id'][rows.start])
            tracks[track_id] = kinematics[piece]
            buffer.fits[track_id] = TrackFit(
                buffer.samples.count(track_id),
                tracks[track_id],
                tuple(samples['time'][[rows.start, rows.stop - 1]].tolist()),
            )
        return tracks

    def _facts(self, track: Kinematics, buffer: KinematicBuffer) -> KinematicFacts:
        is_person = self._is_person(track)
        outfit = (
            clothing_colours(track, self.clothing) if is_person else ClothingColours()
        )
        return KinematicFacts(self._motion(track, buffer), outfit, is_person)

    def _is_person(self, track: Kinematics) -> bool:
        """Whether the track is of a class of people most of the time."""
        labels = track.samples['label']
        if (labels == labels[0]).all():
            return int(labels[0]) in self.person_labels
        labels, counts = np.unique(labels, return_counts=True)
        return int(labels[counts.argmax()]) in self.person_labels

    def _motion(self, track: Kinematics, buffer: KinematicBuffer) -> Motion:
        return describe_motion(
            track,
            self.motion,
            width=buffer.size[0],
            video_start=buffer.start,
            video_end=buffer.end,
        )

    def _events(
        self,
        buffer: KinematicBuffer,
        tracks: dict[int, Kinematics],
        facts: dict[int, KinematicFacts],
        partner_ids: dict[int, Set[int]],
        near_ids: dict[int, set[int]],
    ) -> list[PairEvent]:
        """Interactions of tracks with partners who came near, of each pair once."""
        people = {
            i
            for i, track in tracks.items()
            if (facts[i].is_person if i in facts else self._is_person(track))
        }
        motions = {i: fact.motion for i, fact in facts.items()}

        def motion_of(track_id: int) -> Motion:
            if track_id not in motions:
                motions[track_id] = self._motion(tracks[track_id], buffer)
            return motions[track_id]

        def run(event: PairEvent) -> bool:
            return both_move(event, motion_of, gait='run')

        done_pairs: set[Pair] = set()
        events: list[PairEvent] = []
        for subject_id in sorted(people.intersection(partner_ids)):
            near_people = sorted(near_ids[subject_id] & people)
            pairs = {
                i: unordered_pair(subject_id, i)
                for i in partner_ids[subject_id] & near_ids[subject_id] & people
            }
            object_ids = {i for i, pair in pairs.items() if pair not in done_pairs}
            done_pairs |= {pairs[i] for i in object_ids}
            if object_ids:
                neighbours = Kinematics.concatenated([tracks[i] for i in near_people])
                events += pair_events(
                    tracks[subject_id], neighbours, self.pairs, ids=object_ids, run=run
                )
        return [
            event
            for event in events
            if (event.verb in self.vocabulary or event.verb == MEET)
            and fits_motion(event, motion_of)
        ]

    def _caption(
        self,
        track_id: int,
        facts: dict[int, KinematicFacts],
        events: Sequence[PairEvent],
        tracks: dict[int, Kinematics],
        buffer: KinematicBuffer,
    ) -> str:
        fact = facts[track_id]
        noun = 'person' if fact.is_person else 'object'
        speaker = GrammarSpeaker.of(buffer.name, track_id)
        story = tell_story(fact.motion, events)
        return kinematic_track_caption(
            story,
            fact.outfit,
            speaker,
            self._name_of(facts, tracks),
            noun,
            span=buffer.fits[track_id].span,
        )

    def _name_of(
        self, facts: dict[int, KinematicFacts], tracks: dict[int, Kinematics]
    ) -> Callable[[int], str]:
        """How a partner is called in a caption."""

        def name(track_id: int) -> str:
            if self.partner_names == 'id':
                return f'person {track_id}'
            fact = facts.get(track_id)
            outfit = (
                clothing_colours(tracks[track_id], self.clothing)
                if fact is None
                else fact.outfit
            )
            return kinematic_noun_phrase(outfit, article='another')

        return name

    def _interactions(
        self, events: Sequence[PairEvent], pairs: Set[Pair] | None
    ) -> Interactions:
        rows = [
            (e.subject_id, e.object_id, e.verb, e.first_frame, e.last_frame, e.score)
            for e in events
            if e.verb in self.vocabulary
            and (pairs is None or unordered_pair(e.subject_id, e.object_id) in pairs)
        ]
        if not rows:
            return Interactions.empty()
        rows.sort(key=lambda row: (row[3], row[:3]))
        return Interactions(*map(np.array, zip(*rows, strict=True)))

    def _caption_video(self, buffer: KinematicBuffer, seconds: ActivitySeconds) -> str:
        share = CROWD_SHARE * (buffer.end - buffer.start)
        count = buffer.crowd.at_least(min(CROWD_SECONDS, max(share, MIN_CROWD_SECONDS)))
        return video_caption(seconds.summary(count), GrammarSpeaker.of(buffer.name, 0))


def _requested_partners(
    ids: Sequence[int], captioned: Sequence[int], pairs: Set[Pair] | None
) -> dict[int, Set[int]]:
    """With whom interactions are requested, by the id of the one that is asked about.

    Captioned ones with all, for their captions; and each requested pair once.
    """
    all_ids = frozenset(ids)
    if pairs is None:
        return dict.fromkeys(ids, all_ids)
    partner_ids: dict[int, Set[int]] = dict.fromkeys(captioned, all_ids)
    uncaptioned_ids: dict[int, set[int]] = {}
    for track_id, partner_id in pairs:
        if (
            track_id in all_ids
            and track_id not in partner_ids
            and partner_id not in partner_ids
        ):
            uncaptioned_ids.setdefault(track_id, set()).add(partner_id)
    return partner_ids | uncaptioned_ids
