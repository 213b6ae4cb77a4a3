"""SemTrack's annotations and images as samples of (video, query)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence, open_image_sequence
from mmsmot.datasets.video_dataset import VideoDataset
from mmsmot.registry import DATASETS
from mmsmot.structures import VideoInfo
from mmsmot.utils.number_ranges import require_choice
from projects.semtracker.datasets.interaction_classes import read_classes
from projects.semtracker.datasets.relation_tracks import NO_RELATION
from projects.semtracker.datasets.semtrack_episodes import (
    target_events,
    target_trajectory,
)
from projects.semtracker.datasets.semtrack_json import (
    SemTrackFile,
    SemTrackQuery,
    read_semtrack_json,
)
from projects.semtracker.datasets.synsmot_episodes import target_prompt


@DATASETS.register_module()
class SemTrackDataset(VideoDataset):
    """SemTrack, read from its TAO-style JSON.

    ::

        data_root/
          <annotations>.json
          <video name>/0001.jpg ...      the k-th image by name is frame_index k - 1

    A video without its folder of images has boxes alone.

    Args:
        data_root: The folder.
        annotations: Name of the JSON file in it.
        query: ``'text'``, the file's own; ``'box'`` or ``'point'`` of the target's first
            box.
        classes: File of the classes that are known
            (:func:`.interaction_classes.read_classes`): interactions of other classes are
            refused; ``None``: whatever the annotations have.
        fps: Frames a second; the file does not say.
        strict: Make what would be mended an error.
        sequences: As of :class:`~mmsmot.datasets.VideoDataset`, as are the next six;
            names as the released evaluation has them, ``video_query``.
        num_frames: Frames in a clip.
        run_length: Length of the run that they are drawn from.
        stride: Every ``stride``-th frame of the video.
        test_mode: Whole videos instead of clips.
        pipeline: Transforms.
        indices: The first so many.
        lazy_init: Read nothing until ``full_init``.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is malformed; names the file and the entry.
    """

    def __init__(
        self,
        *,
        data_root: str,
        annotations: str,
        query: str = 'text',
        classes: str | None = None,
        fps: float = 30.0,
        strict: bool = False,
        sequences: Sequence[str] | None = None,
        num_frames: int = 12,
        run_length: int | str | None = None,
        stride: int | None = None,
        test_mode: bool = False,
        pipeline: Sequence[dict | Callable] = (),
        indices: int | Sequence[int] | None = None,
        lazy_init: bool = False,
    ) -> None:
        require_choice('SemTrackDataset', ('text', 'box', 'point'), query=query)
        self.annotations = annotations
        self.query = query
        self.classes = classes
        self.fps = fps
        self.strict = strict
        super().__init__(
            data_root=data_root,
            sequences=sequences,
            num_frames=num_frames,
            run_length=run_length,
            stride=stride,
            test_mode=test_mode,
            pipeline=pipeline,
            indices=indices,
            lazy_init=lazy_init,
        )

    def load_data_list(self) -> list[dict]:
        content = read_semtrack_json(self._path, self.strict)
        self._require_known_classes(content)
        if not content.queries:
            raise ValueError(f'{self._path}: no video of it has an image')
        queries = self._by_name(content)
        names = self.selected(sorted(queries))
        return [self._episode(queries[name], name, content) for name in names]

    def _by_name(self, content: SemTrackFile) -> dict[str, SemTrackQuery]:
        """The queries by name, of those that share one by the video's whole path."""
        name_counts = Counter(query.name for query in content.queries)
        queries: dict[str, SemTrackQuery] = {}
        for query in content.queries:
            name = query.name
            if name_counts[name] > 1:
                name = f'{query.video.replace("/", "_")}_{query.text.replace(" ", "_")}'
            if name in queries:
                raise ValueError(
                    f'{self._path}: video {query.video!r} has the query {query.text!r} '
                    'twice'
                )
            queries[name] = query
        return queries

    def _episode(self, query: SemTrackQuery, name: str, content: SemTrackFile) -> dict:
        trajectory = target_trajectory(query)
        if self.query != 'text' and not len(trajectory):
            raise ValueError(
                f'{self._path}: video {query.video!r} has no box of its target, so that '
                f"query={self.query!r} cannot name it; take 'text'"
            )
        events = target_events(query, content.categories, content.relations)
        return dict(
            video=self._video(query, name),
            gt=GroundTruth(trajectories=trajectory, interactions=events),
            prompt=target_prompt(self.query, trajectory, query.text, query.video),
        )

    @property
    def _path(self) -> Path:
        return Path(self.data_root) / self.annotations

    def _require_known_classes(self, content: SemTrackFile) -> None:
        if self.classes is None:
            return
        verbs, _ = read_classes(self.classes)
        used_classes = set()
        for query in content.queries:
            roles = query.tracks.subject_relations, query.tracks.object_relations
            used_classes |= {*np.concatenate(roles).flatten().tolist()} - {NO_RELATION}
        unknown = sorted({content.relations[i] for i in used_classes} - {*verbs})
        if unknown:
            raise ValueError(
                f'{self._path}: the interaction {unknown[0]!r} is not among the '
                f'{len(verbs)} classes of {self.classes} ({len(unknown)} such classes)'
            )

    def _video(self, query: SemTrackQuery, name: str) -> ImageSequence:
        folder = Path(self.data_root) / query.video
        paths, size = None, (None, None)
        if folder.is_dir():
            images = open_image_sequence(folder)
            paths, size = images.image_paths, (images.video.width, images.video.height)
        info = VideoInfo(name, str(folder), self.fps, *size)
        frame_ids = np.asarray(query.frame_ids)
        if paths is not None:
            if frame_ids.max(initial=0) > len(paths):
                raise ValueError(
                    f'{folder}: {self.annotations} has frame_index '
                    f'{frame_ids.max() - 1}, but there are {len(paths)} images'
                )
            paths = [paths[frame_id - 1] for frame_id in frame_ids.tolist()]
        return ImageSequence(info, frame_ids, paths)
