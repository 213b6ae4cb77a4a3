"""The last step of a pipeline: a clip that is whole and ready to travel."""

from __future__ import annotations

import numpy as np

from ...registry import TRANSFORMS
from ...structures import CoordinateSpace
from .clip_transform import ClipTransform, clip_image_size


@TRANSFORMS.register_module()
class PackClip(ClipTransform):
    """Keeps ``inputs`` and ``data_samples`` alone and checks that they belong together.

    Images are decoded here if they are not yet: in the worker.

    Args:
        require_images: Refuse frames without images.
        decode: ``False`` leaves images to the model, which decodes those alone that it has
            no features of: for training with ``feature_cache``.

    Raises:
        ValueError: The frames are not those of the sample, boxes are measured in
            another image, or a text belongs to an id without a box.
    """

    def __init__(self, *, require_images: bool = True, decode: bool = True) -> None:
        self.require_images = require_images
        self.decode = decode

    def transform(self, sample: dict) -> dict:
        """The two parts that models take."""
        frames, data_sample = sample['inputs'], sample['data_samples']
        name = frames[0].video.name
        for frame in frames:
            if self.decode if frame.load is not None else self.require_images:
                frame.image  # noqa: B018 - decodes; says so where there is none
        frame_ids = [frame.frame_id for frame in frames]
        if not np.array_equal(frame_ids, data_sample.frame_ids):
            raise ValueError(
                f'{name}: the sample is of frames {list(data_sample.frame_ids)} but '
                f'inputs are {frame_ids}'
            )
        self._require_boxes(frames, data_sample)
        return dict(inputs=frames, data_samples=data_sample)

    def _require_boxes(self, frames: list, data_sample) -> None:
        gt = data_sample.get('gt_trajectories')
        if gt is None:
            return
        if frames[0].load is not None:
            size = clip_image_size(frames) if self.decode else frames[0].size
            image_space = CoordinateSpace(gt.space.name, *size)
            gt.space.require(image_space, f'pack a clip of {frames[0].video.name}')
        ids = set(gt.ids.tolist())
        named = set(data_sample.get('gt_captions', {}))
        if 'gt_interactions' in data_sample:
            pairs = data_sample.gt_interactions.as_pairs()
            named.update(i for pair in pairs for i in pair)
        if named - ids:
            raise ValueError(
                f'{frames[0].video.name}: captions or interactions of ids {sorted(named - ids)}, which '
                'have no box in the clip. GroundTruth.for_boxes leaves them out.'
            )
