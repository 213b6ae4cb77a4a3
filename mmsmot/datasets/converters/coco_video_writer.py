"""Writing videos into one JSON file after COCO's form."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from ...structures import xyxy_to_xywh
from ...structures.referring_expression import expression_to_dict
from ...utils.atomic import atomic_write
from ..ground_truth import GroundTruth
from ..image_decoder import image_size
from ..image_sequence import ImageSequence
from .sequence_text import interaction_span_texts

PERSON = 1
DECIMALS = 3  # of coordinates in pixels


class CocoVideoWriter:
    """Gathers videos and writes the form that :class:`CocoVideoFile` reads.

    Ids of videos, images and boxes count from 1 in the order they are added.

    Args:
        image_root: The folder that file names shall be relative to.
    """

    def __init__(self, image_root: str | os.PathLike) -> None:
        self.image_root = Path(os.path.abspath(image_root))
        self._videos: list[dict] = []
        self._images: list[dict] = []
        self._annotations: list[dict] = []

    def add(self, video: ImageSequence, gt: GroundTruth) -> None:
        """Add a video.

        Raises:
            ValueError: It has no images, or they do not lie below ``image_root``.
        """
        if video.image_paths is None:
            raise ValueError(
                f'{video.video.name}: no images in {video.video.path}; the JSON names '
                'boxes by their images'
            )
        video_id = len(self._videos) + 1
        self._videos.append({'id': video_id, **self._video(video, gt)})
        image_ids = self._add_images(video, video_id)
        if gt.trajectories is not None:
            self._add_boxes(gt, image_ids)

    def write(self, path: str | os.PathLike) -> None:
        """Write the file, atomically."""
        labels = sorted({a['category_id'] for a in self._annotations} | {PERSON})
        content = {
            'videos': self._videos,
            'images': self._images,
            'annotations': self._annotations,
            'categories': [
                {'id': n, 'name': 'person' if n == PERSON else f'class {n}'}
                for n in labels
            ],
        }
        with atomic_write(path) as stream:
            json.dump(content, stream, ensure_ascii=False)

    def _video(self, video: ImageSequence, gt: GroundTruth) -> dict:
        row = {'file_name': video.video.name, 'fps': video.video.fps}
        if gt.video_caption is not None:
            row['summary'] = gt.video_caption
        if gt.captions is not None:
            row['caption'] = {str(i): text for i, text in gt.captions.items()}
        if gt.interactions is not None:
            relation: dict[str, list[str]] = {}
            for pair, verbs in gt.interactions.as_pairs().items():
                relation['{}-{}'.format(*pair)] = sorted(verbs)
            row['relation'] = relation
            spans = interaction_span_texts(gt.interactions, video)
            if spans:
                row['semantic_trajectories'] = spans
        if gt.expressions is not None:
            row['expressions'] = [expression_to_dict(e) for e in gt.expressions]
        return row

    def _add_images(self, video: ImageSequence, video_id: int) -> dict[int, int]:
        """Ids of the images by frame number."""
        first_id = len(self._images) + 1
        last_id = first_id + len(video) - 1
        width, height = video.video.width, video.video.height
        if width is None or height is None:
            width, height = image_size(video.image_paths[0])
        for number, path in enumerate(video.image_paths):
            image_id = first_id + number
            self._images.append(
                {
                    'id': image_id,
                    'file_name': self._relative(path),
                    'video_id': video_id,
                    'frame_id': number + 1,
                    'prev_image_id': image_id - 1 if image_id > first_id else -1,
                    'next_image_id': image_id + 1 if image_id < last_id else -1,
                    'height': height,
                    'width': width,
                }
            )
        frames = video.frame_ids.tolist()
        return dict(zip(frames, range(first_id, last_id + 1), strict=True))

    def _relative(self, path: str) -> str:
        # Not resolved: a linked image has its name where the link lies.
        absolute = Path(os.path.abspath(path))
        if not absolute.is_relative_to(self.image_root):
            raise ValueError(f'{absolute}: lies outside of {self.image_root}')
        return absolute.relative_to(self.image_root).as_posix()

    def _add_boxes(self, gt: GroundTruth, image_ids: dict[int, int]) -> None:
        boxes = gt.required_trajectories
        sizes = np.round(xyxy_to_xywh(boxes.boxes), DECIMALS)
        for row in range(len(boxes)):
            bbox = [_plain(value) for value in sizes[row].tolist()]
            self._annotations.append(
                {
                    'id': len(self._annotations) + 1,
                    'category_id': max(int(boxes.labels[row]), PERSON),
                    'image_id': image_ids[int(boxes.frame_ids[row])],
                    'instance_id': int(boxes.ids[row]),
                    'bbox': bbox,
                    'conf': int(boxes.scores[row] > 0),
                    'iscrowd': 0,
                    'area': round(bbox[2] * bbox[3], DECIMALS),
                    'visibility': round(float(boxes.visibility[row]), 4),
                }
            )


def _plain(value: float) -> int | float:
    """A whole number without a point."""
    return int(value) if value.is_integer() else value
