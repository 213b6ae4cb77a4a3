"""Clips for the training of iKUN's matching, with features that were computed before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset

from mmsmot.datasets.seeded_index import sample_generator
from mmsmot.models.smot import SMOT
from mmsmot.registry import DATASETS, TRANSFORMS, build_part
from mmsmot.structures import (
    Frame,
    Prompt,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
)
from mmsmot.structures.referring_expression import (
    expression_from_dict,
    expression_to_dict,
)
from mmsmot.utils.atomic import atomic_write
from mmsmot.utils.fingerprint import video_fingerprint
from mmsmot.utils.json_file import read_json
from mmsmot.utils.number_ranges import COUNT, require_numbers
from projects.referring_mot.datasets.cache_file import (
    json_fingerprint,
    read_cache_note,
    require_fingerprint,
    write_cache_file,
)
from projects.referring_mot.datasets.referred_boxes import (
    ExpressionCount,
    expression_count,
)
from projects.referring_mot.datasets.referring_dataset import ReferringDataset
from projects.referring_mot.models.ikun import IKUN

NOTE = 'cache.json'  # written last: what is in the folder is whole


def write_window_cache(
    model: SMOT,
    dataset: ReferringDataset,
    out: Path,
    frame_stride: int,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Compute what the frozen part of the visual encoder gives of every gt box.

    A file a video, each whole or not at all; those that are there stay, so that the same
    call finishes what an interrupted one began. Each says what it was made of.

    Args:
        model: With an ``IKUN`` as its estimator.
        dataset: Not in ``test_mode``: its samples are videos.
        out: Folder.
        frame_stride: Every so many frames of a video are taken, the stride of a window.
        advance: Called after each video.

    Raises:
        TypeError: The estimator is another one.
        ValueError: A file that is there is of other weights, options, images or labels.
    """
    estimator = model.estimator
    if not isinstance(estimator, IKUN):
        raise TypeError(f'the estimator must be IKUN, got {type(estimator).__name__}')
    out.mkdir(parents=True, exist_ok=True)
    features = estimator.extract_fingerprint()
    names = []
    for info in dataset.data_list:
        name = info['video'].video.name.replace('/', '__')
        names.append(name)
        path = out / f'{name}.npz'
        made_of = _fingerprint(features, info, frame_stride)
        if path.is_file():
            note = read_cache_note(path, 'note') or {}
            require_fingerprint(path, note.get('made_of'), made_of)
        else:
            arrays, note = _video_content(estimator, info, frame_stride)
            write_cache_file(path, arrays, note=dict(note, made_of=made_of))
        advance()
    with atomic_write(out / NOTE) as stream:
        json.dump(dict(videos=names, frame_stride=frame_stride), stream)


def _fingerprint(features: str, info: dict, frame_stride: int) -> dict[str, Any]:
    objects = info['gt'].required_trajectories
    columns = ('frame_ids', 'ids', 'boxes', 'scores')
    labels = [getattr(objects, name).tolist() for name in columns]
    labels.append([expression_to_dict(e) for e in info['gt'].expressions])
    return {
        'features': features,
        'frame_stride': frame_stride,
        'video': video_fingerprint(info['video'].video.path),
        'labels': json_fingerprint(labels),
    }


@torch.no_grad()
def _video_content(
    estimator: IKUN, info: dict, frame_stride: int
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Arrays and note of a video's file."""
    video, gt = info['video'], info['gt']
    positions = np.arange(0, len(video), frame_stride)
    frames = [video.frame_at(int(position)) for position in positions]
    objects = gt.required_trajectories
    frame_ids = video.frame_ids[positions]
    objects = objects[np.isin(objects.frame_ids, frame_ids)]
    boxes = [
        torch.from_numpy(objects.boxes[objects.frame_ids == frame_id]).float()
        for frame_id in frame_ids
    ]
    box_grids, frame_grids = estimator.extract_boxes([f.image for f in frames], boxes)
    height, width = frames[0].image.shape[:2]
    expressions = [
        expression_to_dict(expression.on_frames(frame_ids))
        for expression in gt.expressions
    ]
    note = dict(
        name=video.video.name,
        fps=video.video.fps,
        width=width,
        height=height,
        expressions=expressions,
    )
    arrays = {
        'frame_ids': frame_ids,
        'box_frames': objects.frame_ids,
        'ids': objects.ids,
        'boxes': objects.boxes,
        'box_grids': box_grids.half().numpy(),
        'frame_grids': frame_grids.half().numpy(),
    }
    return arrays, note


@DATASETS.register_module()
class WindowCacheDataset(BaseDataset):
    """Clips of cached features, as ``ReferringDataset`` gives them of images.

    A sample is a run of ``num_frames`` of the cached frames, which are as far apart as
    those of a window. ``box_grids`` are in the order of ``gt_trajectories``.

    Args:
        data_root: Folder that ``tools/cache_windows.py`` wrote.
        num_frames: Frames of a clip; videos with fewer are left out.
        pipeline: Transforms of the sample.

    Raises:
        FileNotFoundError: There is no finished cache.
    """

    METAINFO = dict(classes=('object',), flippable=False)

    def __init__(
        self,
        *,
        data_root: str,
        num_frames: int = 3,
        pipeline: Sequence[dict | Callable] = (),
    ) -> None:
        require_numbers('WindowCacheDataset', COUNT, num_frames=num_frames)
        self.num_frames = num_frames
        super().__init__(
            data_root=data_root,
            data_prefix={},
            pipeline=[build_part(t, TRANSFORMS) for t in pipeline],
            serialize_data=False,
        )

    def load_data_list(self) -> list[dict]:
        """``dict(path)`` of each video with enough frames."""
        folder = Path(self.data_root)
        if not (folder / NOTE).is_file():
            raise FileNotFoundError(
                f'{folder}: no finished cache of windows ({NOTE}); make one with '
                'projects/referring_mot/tools/cache_windows.py'
            )
        paths = [folder / f'{name}.npz' for name in read_json(folder / NOTE)['videos']]
        self._contents = {path: _read_labels(path) for path in paths}
        return [
            dict(path=path)
            for path in paths
            if len(self._contents[path]['frame_ids']) >= self.num_frames
        ]

    def sentences(self) -> list[str]:
        """Every sentence, as often as it stands in a video."""
        return [e.sentence for c in self._contents.values() for e in c['expressions']]

    def expression_counts(self) -> list[ExpressionCount]:
        """How much of its video each expression refers to, in the cached frames."""
        return [
            expression_count(expression, content['ids'])
            for content in self._contents.values()
            for expression in content['expressions']
        ]

    def prepare_data(self, idx: int) -> Any:
        """A clip; which run of frames follows the sample's generator."""
        path = self.get_data_info(idx)['path']
        content = self._contents[path]
        generator = sample_generator(idx)
        count = len(content['frame_ids']) - self.num_frames + 1
        start = int(generator.integers(count))
        frame_ids = content['frame_ids'][start : start + self.num_frames]
        rows = np.flatnonzero(np.isin(content['box_frames'], frame_ids))
        video = content['video']
        sample = SMOTDataSample(metainfo=dict(video=video, frame_ids=frame_ids))
        sample.gt_trajectories = Trajectories(
            content['box_frames'][rows], content['ids'][rows], content['boxes'][rows]
        )
        expressions: list[ReferringExpression] = content['expressions']
        sample.gt_expressions = [e.on_frames(frame_ids) for e in expressions]
        prompt = expressions[int(generator.integers(len(expressions)))]
        sample.set_metainfo(
            dict(
                prompt=Prompt(prompt.sentence),
                cache_path=str(path),
                cached_features=content['features'],
            )
        )
        with np.load(path) as stored:
            box_grids = torch.from_numpy(stored['box_grids'][rows])
            frame_grids = stored['frame_grids'][start : start + self.num_frames]
        sample.set_field(box_grids, 'box_grids', dtype=torch.Tensor)
        sample.set_field(
            torch.from_numpy(frame_grids), 'frame_grids', dtype=torch.Tensor
        )
        frames = [
            Frame(video, int(f), (int(f) - 1) / video.fps) for f in frame_ids.tolist()
        ]
        return self.pipeline(dict(inputs=frames, data_samples=sample))


def _read_labels(path: Path) -> dict[str, Any]:
    """All of a video's file but the features."""
    with np.load(path, allow_pickle=False) as stored:
        content = {k: stored[k] for k in ('frame_ids', 'box_frames', 'ids', 'boxes')}
    note = read_cache_note(path, 'note')
    content['features'] = note.get('made_of', {}).get('features')
    content['expressions'] = [expression_from_dict(e) for e in note['expressions']]
    content['video'] = VideoInfo(
        note['name'], str(path), note['fps'], note['width'], note['height']
    )
    return content
