"""The memory of a frozen encoder, cached on disk."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from mmsmot.models.training.frame_cache import FrameCache, Record
from mmsmot.structures import Frame
from mmsmot.structures.feature_maps import FeatureMaps
from mmsmot.utils.weights_hash import weights_hash

from .deformable_decoding import Memory, encoder_parts

if TYPE_CHECKING:
    from .query_tracker import QueryTracker

# Folders: tokens of all levels; the finest map, by the number of its rgb_cells.
MEMORY, MAP = 'memory', 'map'
ARRAYS = {  # of a record of memory; a mask where there is padding
    'tokens',
    'spatial_shapes',
    'level_start_index',
    'valid_ratios',
    'strides',
    'scale',
    'size',
}


class MemoryCache:
    """Memory, and on demand the neck's finest map, of frames that an encoder saw before.

    A folder for the weights of backbone, neck and encoder and what they are given, so that
    trackers with one encoder and other decoders share it. In it a file an image
    (:class:`~mmsmot.models.training.frame_cache.FrameCache`), in 16 bits: 161 kB of 1,260
    tokens of 64 channels.

    Args:
        root: The folder.
        tracker: Its encoder does not change as long as the cache is used.
    """

    def __init__(self, root: str | os.PathLike, tracker: QueryTracker) -> None:
        self.tracker = tracker
        folder = Path(root) / encoder_hash(tracker)[:16]
        self._memories = FrameCache(folder / MEMORY, self._encode, ARRAYS.issubset)
        map_folder = folder / f'{MAP}_{tracker.detector.rgb_cells}'
        self._maps = FrameCache(map_folder, self._extract, {'map'}.issubset)

    @torch.no_grad()
    def features_and_memory(
        self,
        frames: Sequence[Frame],
        *,
        with_maps: bool = False,
        with_images: bool = False,
    ) -> tuple[FeatureMaps, Memory] | None:
        """Feature maps and memory of B > 0 frames; ``None`` where their sizes differ.

        Args:
            frames: The frames. Of several sizes the memory of one depends on the padding
                of its batch, so those are not cached.
            with_maps: The feature maps have their finest level; else they have no level,
                and say sizes and scales alone.
            with_images: They have the input images, which are not cached.
        """
        if len({frame.image_size for frame in frames}) > 1:
            return None
        records = self._memories.records(frames)
        first, device = records[0], self.tracker.detector.model.level_embed.device
        memory = Memory(
            _stacked(records, 'tokens').to(device).float(),
            _stacked(records, 'mask').to(device) if 'mask' in first else None,
            torch.from_numpy(first['spatial_shapes']).to(device),
            torch.from_numpy(first['level_start_index']).to(device),
            _stacked(records, 'valid_ratios').to(device),
        )
        levels: tuple[torch.Tensor, ...] = ()
        if with_maps:
            levels = (_stacked(self._maps.records(frames), 'map').to(device).float(),)
        features = FeatureMaps(
            levels=levels,
            strides=tuple(first['strides'].tolist()),
            scales=_stacked(records, 'scale'),
            sizes=_stacked(records, 'size'),
            inputs=memory.tokens.new_empty(len(records), 0),
            samples=[None] * len(records),
        )
        if with_images:
            images, _ = self.tracker.detector.input_images(frames)
            features = replace(features, inputs=images)
        return features, memory

    def _encode(self, frames: list[Frame]) -> list[Record]:
        features = self.tracker.detector.extract(frames)
        memory = self.tracker.encode(features)
        return [
            dict(
                tokens=memory.tokens[row].half().cpu().numpy(),
                spatial_shapes=memory.spatial_shapes.cpu().numpy(),
                level_start_index=memory.level_start_index.cpu().numpy(),
                valid_ratios=memory.valid_ratios[row].cpu().numpy(),
                strides=np.array(features.strides),
                scale=features.scales[row].numpy(),
                size=features.sizes[row].numpy(),
                **(
                    {}
                    if memory.mask is None
                    else dict(mask=memory.mask[row].cpu().numpy())
                ),
            )
            for row in range(len(frames))
        ]

    def _extract(self, frames: list[Frame]) -> list[Record]:
        finest = self.tracker.detector.extract(frames).levels[0].half().cpu().numpy()
        return [dict(map=level) for level in finest]


def encoder_hash(tracker: QueryTracker) -> str:
    """SHA-256 of all that decides the memory of an image."""
    config = tracker.detector.config.to_dict()
    parts = ('data_preprocessor', 'backbone', 'neck', 'encoder', 'positional_encoding')
    facts = (
        {name: config['model'].get(name) for name in parts},
        config.get('test_pipeline'),
        weights_hash(encoder_parts(tracker.detector.model)),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _stacked(records: list[Record], name: str) -> torch.Tensor:
    return torch.from_numpy(np.stack([record[name] for record in records]))
