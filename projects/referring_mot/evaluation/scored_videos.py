"""Tracks of whole videos with a score for each expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from mmsmot.datasets.video_reader import VideoReader
from mmsmot.models.smot import SMOT
from mmsmot.structures import (
    Prompt,
    ReferringExpression,
    Trajectories,
    pairwise_iou,
)
from mmsmot.utils.fingerprint import video_fingerprint
from mmsmot.utils.weights_hash import weights_hash
from projects.referring_mot.datasets.cache_file import (
    json_fingerprint,
    read_cache_note,
    require_fingerprint,
    write_cache_file,
)
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.datasets.shuffled_text import shuffled_rows
from projects.referring_mot.models.refer_filter import ReferFilter

MATCH_IOU = 0.5  # of a track's box with the gt box whose reference it gets


@dataclass(frozen=True, eq=False)
class ScoredVideo:
    """What a model makes of a video and its E expressions, before any threshold.

    The expressions share their tracks. A model whose tracks depend on the sentence makes
    one of these for each expression.

    Attributes:
        name: The video's.
        frame_ids: (T,) of the video.
        objects: Ground truth of every object.
        captions: Ground truth caption by id.
        expressions: E of them.
        tracks: R boxes.
        scores: (E, R) of being meant: with a :class:`ReferFilter` the mean of the windows
            that each box is in.
    """

    name: str
    frame_ids: np.ndarray
    objects: Trajectories
    captions: dict[int, str]
    expressions: list[ReferringExpression]
    tracks: Trajectories
    scores: np.ndarray

    @cached_property
    def gt_rows(self) -> np.ndarray:
        """(R,) row of ``objects`` that each track box covers, -1 for none."""
        rows = np.full(len(self.tracks), -1)
        for frame_id in np.unique(self.tracks.frame_ids):
            at = np.flatnonzero(self.tracks.frame_ids == frame_id)
            gt_at = np.flatnonzero(self.objects.frame_ids == frame_id)
            if not len(gt_at):
                continue
            iou = pairwise_iou(self.tracks.boxes[at], self.objects.boxes[gt_at])
            is_covered = iou.max(axis=1) >= MATCH_IOU
            rows[at[is_covered]] = gt_at[iou.argmax(axis=1)[is_covered]]
        return rows


def score_videos(
    model: SMOT,
    dataset: ReferringDataset,
    folder: Path,
    setting: Any = None,
    advance: Callable[[], None] = lambda: None,
) -> list[ScoredVideo]:
    """Run a model over the videos of a dataset, all expressions of a video at once.

    Args:
        model: With an estimator that reads prompts; of its post-processing the
            :class:`ReferFilter` is not applied but asked for its mean scores, and a text
            hook leaves no track out.
        dataset: Not in ``test_mode``: its samples are videos.
        folder: Keeps a file of each video; those that are there are read.
        setting: What decides the scores beside the weights: the model's config, as JSON
            can hold it.
        advance: Called after each video.

    Returns:
        One for each video whose tracks its expressions share, else one for each
        expression.

    Raises:
        ValueError: A file that is there is of another model, video, sentences or tracks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made_with = {'weights': weights_hash(model), 'config': json_fingerprint(setting)}
    videos = []
    with _without_threshold(model) as refer_filter:
        for info in dataset.data_list:
            name = info['video'].video.name.replace('/', '__')
            path = folder / f'{name}.npz'
            made_of = made_with | _video_fingerprints(model, info)
            if path.is_file():
                require_fingerprint(path, read_cache_note(path, 'made_of'), made_of)
            else:
                content = _run_video(model, info, refer_filter)
                write_cache_file(path, content, made_of=made_of)
            videos += _scored_videos(info, path)
            advance()
    return videos


@contextmanager
def _without_threshold(model: SMOT) -> Iterator[ReferFilter | None]:
    """The model reports every track; what its :class:`ReferFilter` was, if it has one."""
    parts = list(model.post_processing)
    refer_filter = next((p for p in parts if isinstance(p, ReferFilter)), None)
    hook = getattr(model.estimator, 'text_hook', None)
    threshold = None if hook is None else hook.refer_threshold
    model.post_processing = [part for part in parts if part is not refer_filter]
    if hook is not None:
        hook.refer_threshold = None
    try:
        yield refer_filter
    finally:
        model.post_processing = parts
        if hook is not None:
            hook.refer_threshold = threshold


def _video_fingerprints(model: SMOT, info: dict) -> dict[str, str]:
    video = info['video'].video
    sentences = [expression.sentence for expression in info['gt'].expressions]
    return {
        'video': video_fingerprint(video.path),
        'sentences': json_fingerprint(sentences),
        'tracks': json_fingerprint(model.estimator.fingerprint_of(video)),
    }


def _run_video(
    model: SMOT, info: dict, refer_filter: ReferFilter | None
) -> dict[str, np.ndarray]:
    """Boxes of E expressions, table after table; one table where all have the same."""
    reader = VideoReader(info['video'])
    prompts = [Prompt(expression.sentence) for expression in info['gt'].expressions]
    run = model.begin(reader.video, prompts)
    for frames, _ in model.batches(reader, run):
        del frames  # or its images would live on beside the next batch
    tables = [result.trajectories for result in run.finish()]
    frame_ids = np.array(run.frame_ids)
    scores = [table.scores for table in tables]
    if refer_filter is not None:
        refer_filter = refer_filter.at_fps(reader.video.fps)
        scores = [refer_filter.mean_scores(table, frame_ids) for table in tables]
    if all(_same_boxes(table, tables[0]) for table in tables):
        tables = tables[:1]
    return dict(
        frame_ids=frame_ids,
        counts=np.array([len(table) for table in tables]),
        box_frames=np.concatenate([table.frame_ids for table in tables]),
        ids=np.concatenate([table.ids for table in tables]),
        boxes=np.concatenate([table.boxes for table in tables]),
        scores=np.concatenate(scores),
    )


def _same_boxes(table: Trajectories, first_table: Trajectories) -> bool:
    """Whether two tables have the same tracks, whatever their scores."""
    columns = ('frame_ids', 'ids', 'boxes')
    return all(
        np.array_equal(getattr(table, column), getattr(first_table, column))
        for column in columns
    )


def _scored_videos(info: dict, path: Path) -> list[ScoredVideo]:
    gt = info['gt']
    with np.load(path, allow_pickle=False) as stored:
        content = {name: stored[name] for name in stored.files if name != 'made_of'}
    objects = gt.required_trajectories
    groups = [[expression] for expression in gt.expressions]
    if len(content['counts']) == 1:
        groups = [list(gt.expressions)]
    cuts = content['counts'].cumsum()[:-1]
    columns = [np.split(content[name], cuts) for name in ('box_frames', 'ids', 'boxes')]
    sizes = [len(g) * n for g, n in zip(groups, content['counts'], strict=True)]
    scores = np.split(content['scores'], np.cumsum(sizes)[:-1])
    return [
        ScoredVideo(
            info['video'].video.name,
            content['frame_ids'],
            objects,
            gt.captions or {},
            group,
            Trajectories(frame_ids, ids, boxes, space=objects.space),
            group_scores.reshape(len(group), len(ids)),
        )
        for group, group_scores, frame_ids, ids, boxes in zip(
            groups, scores, *columns, strict=True
        )
    ]


def with_shuffled_text(videos: Sequence[ScoredVideo]) -> list[ScoredVideo]:
    """A control: each expression has the tracks and scores of another of its video.

    Those of a video with one expression, which has no other, are left out.
    """
    groups: dict[str, list[ScoredVideo]] = {}
    for video in videos:
        groups.setdefault(video.name, []).append(video)
    shuffled = []
    for name, group in groups.items():
        expressions = [e for video in group for e in video.expressions]
        rows = shuffled_rows(name, len(expressions)).tolist()
        if len(group) == 1:
            if rows:
                shuffled.append(replace(group[0], scores=group[0].scores[rows]))
            continue
        shuffled += [
            replace(group[row], expressions=[expression])
            for row, expression in zip(rows, expressions, strict=True)
        ]
    return shuffled
