"""SemTrack's annotations and images as samples of (video, query)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mmsmot.datasets.ground_truth import GroundTruth
from mmsmot.datasets.image_sequence import ImageSequence, open_image_sequence
from mmsmot.datasets.video_dataset import VideoDataset
from mmsmot.registry import DATASETS
from mmsmot.structures import VideoInfo
from mmsmot.utils.number_ranges import require_choice
from projects.semtracker.datasets.semtrack_episodes import (
    target_events,
    target_trajectory,
)
from projects.semtracker.datasets.semtrack_json import (
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
        content = read_semtrack_json(
            Path(self.data_root) / self.annotations, self.strict
        )
        queries = {query.name: query for query in content.queries}
        return [
            dict(
                video=self._video(queries[name]),
                gt=GroundTruth(
                    trajectories=target_trajectory(queries[name]),
                    interactions=target_events(
                        queries[name], content.categories, content.relations
                    ),
                ),
                prompt=target_prompt(
                    self.query,
                    target_trajectory(queries[name]),
                    queries[name].text,
                    queries[name].video,
                ),
            )
            for name in self.selected(sorted(queries))
        ]

    def _video(self, query: SemTrackQuery) -> ImageSequence:
        folder = Path(self.data_root) / query.video
        paths, size = None, (None, None)
        if folder.is_dir():
            images = open_image_sequence(folder)
            paths, size = images.image_paths, (images.video.width, images.video.height)
        info = VideoInfo(query.name, str(folder), self.fps, *size)
        frame_ids = np.asarray(query.frame_ids)
        if paths is not None:
            if frame_ids.max(initial=0) > len(paths):
                raise ValueError(
                    f'{folder}: {self.annotations} has frame_index '
                    f'{frame_ids.max() - 1}, but there are {len(paths)} images'
                )
            paths = [paths[frame_id - 1] for frame_id in frame_ids.tolist()]
        return ImageSequence(info, frame_ids, paths)
