"""SynSMOT as semantic tracking: one target a sample, and what it does with whom."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log

from mmsmot.datasets import BenSMOTDataset
from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.registry import DATASETS
from mmsmot.structures import UNTRACKED, Interactions, Prompt, Trajectories
from mmsmot.utils.json_file import read_json
from mmsmot.utils.number_ranges import NumberRange, require_choice, require_numbers
from projects.semtracker.datasets.interaction_classes import (
    OBJECTS,
    THING_ACTIONS,
    VERBS,
)

QUERIES = ('box', 'point', 'text')
CLEARLY_VISIBLE = 0.5  # a user names a target that is more seen than hidden
SCRIPT = 'script.json'
EDGE = 0.2  # a click keeps so much of the box's size away from its edge


@DATASETS.register_module()
class SynSMOTEpisodes(BenSMOTDataset):
    """Each person of each SynSMOT clip as the target of a semantic tracking episode.

    A sample is (video, prompt). Its ground truth is the target's trajectory alone, and the
    interactions that the target is subject or object of; the other side is not tracked
    (-1) and has a class: a kind of person, or of thing. Things come from the clip's
    script, which says who rides, carries, pushes or holds what.

    Args:
        data_root: Folder of a SynSMOT.
        split: ``train``, ``val`` or ``test``.
        query: How the target is named: ``'box'`` where it is first clearly visible,
            ``'point'``, a click on it there, or ``'text'``, a sentence about its appearance.
        tail: Subsampling of the episodes to a longer tail: the k-th most frequent of V
            verbs keeps about ``tail ** (-k / (V - 1))`` of its episodes; 1 keeps all. An
            episode counts as its rarest verb's, and verbs share episodes, so that the ratio
            of head to tail by frames is another than ``tail`` times the old one, and a rare
            verb may lose all of its episodes, which is logged. Which are kept follows
            from their names, not from the order of reading.
        sequences: As of :class:`~mmsmot.datasets.VideoDataset`, as are the next six.
        num_frames: Frames in a clip.
        run_length: Length of the run that they are drawn from.
        stride: Every ``stride``-th frame of the video.
        test_mode: Whole videos instead of clips.
        pipeline: Transforms.
        indices: The first so many episodes.
        lazy_init: Read nothing until ``full_init``.
        cache: As of :class:`~mmsmot.datasets.BenSMOTDataset`.

    Attributes:
        verb_counts: Frames in which a target is the subject of each verb, after
            subsampling, once the files are read.

    Raises:
        FileNotFoundError: A clip has no ``script.json``: it is no SynSMOT.
        ValueError: A script is malformed; names the file and the key.
    """

    def __init__(
        self,
        *,
        data_root: str,
        split: str = 'train',
        query: str = 'box',
        tail: float = 1.0,
        sequences: Sequence[str] | None = None,
        num_frames: int = 12,
        run_length: int | str | None = None,
        stride: int | None = None,
        test_mode: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
        cache: str | bool = True,
    ) -> None:
        owner = 'SynSMOTEpisodes'
        require_choice(owner, QUERIES, query=query)
        require_numbers(owner, NumberRange(1), tail=tail)
        self.query = query
        self.tail = tail
        self.verb_counts: Counter[str] = Counter()
        super().__init__(
            data_root=data_root,
            split=split,
            cache=cache,
            sequences=sequences,
            num_frames=num_frames,
            run_length=run_length,
            stride=stride,
            test_mode=test_mode,
            pipeline=pipeline,
            metainfo=dict(interaction_verbs=VERBS, interaction_objects=OBJECTS),
            indices=indices,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> list[dict]:
        """An episode for each person."""
        episodes: list[dict] = []
        for info in super().load_data_list():
            episodes += self._episodes(info)
        episodes = self._subsampled(episodes)
        for episode in episodes:
            self.verb_counts += subject_frames(episode['gt'])
        return episodes

    def _episodes(self, info: dict) -> list[dict]:
        video, gt = info['video'], info['gt']
        people = read_people(Path(video.video.path) / SCRIPT)
        interactions = with_thing_interactions(gt.interactions, people)
        texts = {person_id: appearance_text(p) for person_id, p in people.items()}
        kinds = {person_id: p['appearance']['kind'] for person_id, p in people.items()}
        episodes = []
        for target_id, track in gt.required_trajectories.by_id().items():
            if target_id not in people:
                raise ValueError(
                    f'{video.video.path}/{SCRIPT}: nobody has id {target_id}, whom '
                    'gt.txt has'
                )
            episodes.append(
                dict(
                    video=video,
                    gt=GroundTruth(
                        trajectories=track,
                        captions={target_id: gt.captions[target_id]},
                        interactions=target_interactions(
                            interactions, target_id, kinds
                        ),
                    ),
                    prompt=target_prompt(
                        self.query, track, texts[target_id], video.video.name
                    ),
                )
            )
        return episodes

    def _subsampled(self, episodes: list[dict]) -> list[dict]:
        """The episodes that the long tail keeps."""
        verbs_of = [{*subject_frames(e['gt'])} for e in episodes]
        counts = Counter(verb for verbs in verbs_of for verb in verbs)
        order = sorted(counts, key=lambda verb: (-counts[verb], verb))
        rank = {verb: k for k, verb in enumerate(order)}
        last_rank = max(len(order) - 1, 1)
        kept_episodes, kept_verbs = [], set()
        for episode, verbs in zip(episodes, verbs_of, strict=True):
            depth = max((rank[verb] for verb in verbs), default=0) / last_rank
            if _uniform(episode) < self.tail**-depth:
                kept_episodes.append(episode)
                kept_verbs |= verbs
        if len(kept_episodes) < len(episodes):
            print_log(
                f'{self.data_root}/{self.split}: {len(kept_episodes)} of {len(episodes)} '
                f'episodes kept for a tail of {self.tail:g}',
                logger='current',
                level=logging.INFO,
            )
            lost_verbs = sorted({*counts} - kept_verbs)
            if lost_verbs:
                print_log(
                    f'{self.data_root}/{self.split}: a tail of {self.tail:g} leaves no '
                    f'episode of {", ".join(lost_verbs)}',
                    logger='current',
                    level=logging.WARNING,
                )
        return kept_episodes


def read_people(path: Path) -> dict[int, dict[str, Any]]:
    """The people of a SynSMOT script by id.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not in that form; names the key.
    """
    script = read_json(path)
    try:
        people = {int(person['id']): person for person in script['people']}
        for person in people.values():
            person['appearance']['kind']  # noqa: B018 - must be there
            for state in person['states']:
                state['action'], state['start'], state['end']  # noqa: B018
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{path}: expected people with id, appearance.kind and states of action, '
            f'start and end ({type(error).__name__}: {error})'
        ) from error
    return people


def with_thing_interactions(
    interactions: Interactions | None, people: dict[int, dict[str, Any]]
) -> Interactions:
    """The interactions between people, and those with things that the script tells."""
    table = Interactions.empty() if interactions is None else interactions
    rows = []
    for person_id, person in people.items():
        for state in person['states']:
            if state['action'] in THING_ACTIONS and not state.get('partner'):
                verb, thing = THING_ACTIONS[state['action']]
                rows.append((person_id, verb, state['start'], state['end'], thing))
    if not rows:
        return table
    subject_ids, verbs, starts, ends, things = map(np.array, zip(*rows, strict=True))
    return table.concatenated(
        Interactions(
            subject_ids,
            np.full(len(rows), UNTRACKED),
            verbs,
            starts,
            ends,
            partner_labels=things,
        )
    )


def target_interactions(
    interactions: Interactions, target_id: int, kinds: dict[int, str]
) -> Interactions:
    """What a target does and what is done to it; the other side is a class.

    Args:
        interactions: Of the whole video.
        target_id: The target.
        kinds: Class by id.
    """
    table = interactions.touching([target_id])
    rows = set()
    for row in range(len(table)):
        subject_id, object_id = int(table.subject_ids[row]), int(table.object_ids[row])
        partner_id = object_id if subject_id == target_id else subject_id
        label = kinds.get(partner_id, str(table.partner_labels[row]))
        rows.add(
            (
                target_id if subject_id == target_id else UNTRACKED,
                target_id if object_id == target_id else UNTRACKED,
                str(table.verbs[row]),
                int(table.start_frames[row]),
                int(table.end_frames[row]),
                1.0,
                label,
            )
        )
    if not rows:
        return Interactions.empty()
    by_start = sorted(rows, key=lambda row: (row[3], row))
    return Interactions(*map(np.array, zip(*by_start, strict=True)))


def subject_frames(gt: GroundTruth) -> Counter[str]:
    """In how many frames the target is the subject of each verb."""
    table, counts = gt.interactions, Counter()
    assert table is not None
    frames = table.end_frames - table.start_frames + 1
    for row in np.flatnonzero(table.subject_ids != UNTRACKED):
        counts[str(table.verbs[row])] += int(frames[row])
    return counts


def appearance_text(person: dict[str, Any]) -> str:
    """A sentence about a person's appearance, ``'a man in a gray shirt and green shorts'``."""
    look = person['appearance']
    text = f'a {look["kind"]} in a {look["top_color"]} {look["top"]}'
    if look.get('bottom') and look.get('bottom_color') and look['top'] != 'dress':
        text += f' and {look["bottom_color"]} {look["bottom"]}'
    things = [
        f'a {look[name]} {name}'
        for name in ('hat', 'backpack', 'umbrella')
        if look.get(name)
    ]
    return text + (' with ' + ' and '.join(things) if things else '')


def first_clear_row(track: Trajectories) -> int:
    """The row in which a target is first clearly visible; its best one, if it never is."""
    clear = np.flatnonzero(track.visibility >= CLEARLY_VISIBLE)
    return int(clear[0]) if len(clear) else int(track.visibility.argmax())


def target_prompt(query: str, track: Trajectories, text: str, name: str) -> Prompt:
    """The prompt that names a target.

    Args:
        query: Of :data:`QUERIES`.
        track: The target's true trajectory.
        text: The sentence about it.
        name: Of the video; with the target's id it decides where in the box the click is.
    """
    if query == 'text':
        return Prompt(text)
    row = first_clear_row(track)
    frame_id, box = int(track.frame_ids[row]), track.boxes[row]
    if query == 'box':
        return Prompt(boxes={frame_id: tuple(box)})
    at = [_fraction(f'{name}/{track.ids[0]}/{axis}') for axis in 'xy']
    place = box[:2] + (EDGE + (1 - 2 * EDGE) * np.array(at)) * (box[2:] - box[:2])
    return Prompt(points={frame_id: tuple(place)})


def _uniform(episode: dict) -> float:
    target_id = int(episode['gt'].trajectories.ids[0])
    return _fraction(f'{episode["video"].video.name}/{target_id}')


def _fraction(text: str) -> float:
    """A number in [0, 1) that follows from a text alone."""
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:6], 'big') / 2**48
