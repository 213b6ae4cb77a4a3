"""Any detector of mmdet."""

from __future__ import annotations

import copy
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose
from mmengine.hub import get_config
from mmengine.logging import MMLogger
from mmengine.structures import InstanceData
from torch import nn
from torch.nn import functional as F

from ...registry import MODELS, build_part
from ...structures import Detections, Frame
from ...structures.feature_maps import FeatureMaps
from ...utils.bundled_weights import weights_path
from ...utils.checkpoint import load_weights
from ...utils.data_config import is_data_config, require_safe_data_config
from ...utils.eval_mode import eval_mode
from ...utils.mmdet_bridge import import_mmdet, mmdet_scope
from ...utils.weights_hash import weights_hash
from .anchor_predictions import (
    complete_ssd_heads,
    predict_at_anchors,
    require_anchor_head,
)
from .base import BaseDetector, RawDetections, log_dropped_detections
from .finite_box_losses import add_finite_box_terms, finite_box_terms
from .label_check import require_known_labels, require_labels

DEFAULT_PIPELINE = [
    dict(type='LoadImageFromNDArray'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]
# The features beside them spread several times as far as normalised colours do.
COLOUR_GAIN = 4.0


@MODELS.register_module()
class MMDetDetector(nn.Module, BaseDetector):
    """A detector of mmdet by config and checkpoint, for inference and training.

    Args:
        config: ``'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py'``, the path of a config,
            or a dict with ``model`` and, where it is not the usual one,
            ``test_pipeline``.
        checkpoint: Its weights, or a whole pipeline's (also one of MMTracking), of which
            the detector's are taken: a file, or the name of weights that come with
            mmsmot. ``None`` leaves the model as it is initialised.
        score_threshold: Least score of a detection.
        train_score_threshold: The same in training; ``None``: as ``score_threshold``.
        train_pipeline: In place of the config's ``test_pipeline`` in training, for images
            of another size. Boxes are not in it, so it may scale and pad, but not flip or
            crop; :mod:`mmsmot.datasets.transforms` do that to clips. ``None``: the same.
        labels: The classes kept, as the model numbers them; ``None`` for all. COCO: 0 is
            a person.
        score_power: Scores are raised to it; 0.5 gives CenterNet2's square root, which
            mmdet's head lacks. ``score_threshold`` is compared with the result.
        embedder: Gives each detection an embedding from the feature maps, for trackers
            that look at appearance without a ReID network:
            ``dict(type='RoITokens', in_channels=96, channels=96)``. Nothing trains it, so
            it should have no weights; ``None`` for no embeddings.
        channels_last: Lay images and weights out channels last: a CPU's convolutions
            are faster in it (and give other last digits).
        rgb_cells: Append the image itself to the first level, averaged to so many
            squares a side of each cell: 3 * ``rgb_cells``^2 channels that the
            detector does not look at. One that only has to find people soon forgets what
            colours they wear, and their captions say it. 0 for none.
    """

    # For a dry run: the argument that names a file, and the option that sets it.
    file_argument = ('checkpoint', '--weights')

    def __init__(
        self,
        *,
        config: str | dict,
        checkpoint: str | None = None,
        score_threshold: float = 0.1,
        train_score_threshold: float | None = None,
        train_pipeline: list[dict] | None = None,
        labels: Sequence[int] | None = (0,),
        score_power: float = 1.0,
        embedder: dict | nn.Module | None = None,
        channels_last: bool = False,
        rgb_cells: int = 0,
    ) -> None:
        super().__init__()
        mmdet = import_mmdet()
        self.config = _load(config)
        self.checkpoint = checkpoint = weights_path(checkpoint)
        self.score_threshold = score_threshold
        self.train_score_threshold = train_score_threshold
        self.score_power = score_power
        self.embedder = build_part(embedder)
        self.labels = None if labels is None else tuple(labels)
        self.rgb_cells = rgb_cells
        with mmdet_scope():
            self.model = mmdet.registry.MODELS.build(self.config['model'])
            complete_ssd_heads(self.model)
            require_known_labels(self.model, self.labels)
            self._pipeline = Compose(_from_arrays(self.config.get('test_pipeline')))
            self._train_pipeline = self._pipeline
            if train_pipeline is not None:
                self._train_pipeline = Compose(_from_arrays(train_pipeline))
            if checkpoint is None:
                self._initialise()
        if checkpoint is not None:
            # Ours, and where MMTracking's pipelines have theirs.
            places = ('estimator.detector.model.', 'detector.model.', 'detector.')
            load_weights(self.model, checkpoint, within=places)
        self._layout = torch.channels_last if channels_last else torch.preserve_format
        self.model.to(memory_format=self._layout)

    def _initialise(self) -> None:
        logger = MMLogger.get_current_instance()
        level = logger.level
        logger.setLevel(max(level, logging.WARNING))  # else a line for every parameter
        try:
            self.model.init_weights()
        except (URLError, ConnectionError) as error:
            raise ConnectionError(
                'MMDetDetector: this config starts from pretrained weights that cannot '
                f'be downloaded ({getattr(error, "reason", error)}). Give a checkpoint '
                '(--weights FILE), or set init_cfg=None in its backbone to start from nothing.'
            ) from error
        finally:
            logger.setLevel(level)

    def extract(self, frames: Sequence[Frame]) -> FeatureMaps:
        """Feature maps of backbone and neck, through which gradients flow to both.

        Args:
            frames: B frames, B > 0.
        """
        inputs, samples = self.input_images(frames)
        levels = tuple(self.model.extract_feat(inputs))
        if self.rgb_cells:
            colours = _cell_colours(inputs, levels[0].shape[-2:], self.rgb_cells)
            levels = (torch.cat([levels[0], colours], dim=1), *levels[1:])
        height = inputs.shape[-2]
        sizes = [(frame.image.shape[1], frame.image.shape[0]) for frame in frames]
        return FeatureMaps(
            levels=levels,
            strides=tuple(round(height / level.shape[-2]) for level in levels),
            scales=torch.tensor(np.array([s.scale_factor for s in samples], float)),
            sizes=torch.tensor(sizes, dtype=torch.float64),
            inputs=inputs,
            samples=samples,
        )

    def input_images(self, frames: Sequence[Frame]) -> tuple[torch.Tensor, list[Any]]:
        """What the network sees of B > 0 frames: (B, 3, H, W), and mmdet's samples."""
        batch = [self._prepare(frame) for frame in frames]
        batch = self.model.data_preprocessor(
            {
                name: [item[name] for item in batch]
                for name in ('inputs', 'data_samples')
            },
            False,
        )
        return batch['inputs'].to(memory_format=self._layout), batch['data_samples']

    @torch.no_grad()
    def detect_in(self, features: FeatureMaps) -> list[Detections]:
        """Detections from feature maps that :meth:`extract` made."""
        with eval_mode(self.model):
            model = self._model_on(features)
            samples = model(features.inputs, features.samples, mode='predict')
        detections = [self._read(sample.pred_instances) for sample in samples]
        if self.embedder is None:
            return detections
        return self._embedded(features, detections)

    @torch.no_grad()
    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        """As of :class:`BaseDetector`; scores are raised to ``score_power``."""
        if not frames:
            return []
        with eval_mode(self.model):
            return self.raw_in(self.extract(frames))

    def raw_in(self, features: FeatureMaps) -> list[RawDetections]:
        """As :meth:`raw`, from feature maps that :meth:`extract` made."""
        head, levels = require_anchor_head(self.model), self.model_levels(features)
        with eval_mode(self.model):
            detections = predict_at_anchors(head, levels, features.samples)
        return [replace(d, scores=d.scores**self.score_power) for d in detections]

    def _embedded(
        self, features: FeatureMaps, detections: list[Detections]
    ) -> list[Detections]:
        counts = [len(d) for d in detections]
        rows = torch.arange(len(detections)).repeat_interleave(torch.tensor(counts))
        boxes = torch.from_numpy(np.concatenate([d.boxes for d in detections]))
        vectors = self.embedder(features, rows, boxes).flatten(1).float()
        vectors = F.normalize(vectors, dim=1).cpu().numpy()
        parts = np.split(vectors, np.cumsum(counts)[:-1])
        return [
            replace(d, embeddings=embeddings)
            for d, embeddings in zip(detections, parts, strict=True)
        ]

    @torch.no_grad()
    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        if not frames:
            return []
        with eval_mode(self.model):
            return self.detect_in(self.extract(frames))

    def loss_in(
        self, features: FeatureMaps, targets: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, Any]:
        """mmdet's losses from feature maps that :meth:`extract` made.

        Where what the network says is not finite, a loss is not finite either.

        Args:
            features: Of B frames.
            targets: For each its true boxes (N, 4) in pixels of the frame and labels
                (N,) as the model numbers them.

        Raises:
            ValueError: The model has no such class.
        """
        require_labels(self.model, [labels for _, labels in targets])
        device = features.levels[0].device
        for sample, (boxes, labels) in zip(features.samples, targets, strict=True):
            scale = np.tile(sample.scale_factor, 2)
            sample.gt_instances = InstanceData(
                bboxes=torch.as_tensor(boxes * scale, dtype=torch.float32).to(device),
                labels=torch.as_tensor(labels, dtype=torch.int64).to(device),
            )
            # PackDetInputs puts an empty one there, of which mmdet's MaxIoUAssigner (SSD,
            # RetinaNet, Faster R-CNN) asks boxes.
            sample.pop('ignored_instances', None)
        # mmdet's focal loss takes log(1 - score + 1e-12), which in 16 bits is log(0).
        levels = tuple(level.float() for level in features.levels)
        exact = torch.autocast(device.type, enabled=False)
        model = self._model_on(replace(features, levels=levels))
        with exact, finite_box_terms(self.model) as broken_terms:
            losses = model(features.inputs, features.samples, mode='loss')
            return {
                name: add_finite_box_terms(loss, broken_terms)
                for name, loss in losses.items()
            }

    def loss(
        self, frames: Sequence[Frame], targets: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, Any]:
        """mmdet's losses on B frames; ``targets`` as in :meth:`loss_in`."""
        return self.loss_in(self.extract(frames), targets)

    def _model_on(self, features: FeatureMaps) -> nn.Module:
        """mmdet's model, whose own ``predict`` and ``loss`` take feature maps as made.

        A copy of the outermost module alone, which shares all parts and weights with the
        model: other threads may be looking through that one.
        """
        levels = self.model_levels(features)
        model = copy.copy(self.model)
        model.extract_feat = lambda _: levels
        return model

    def model_levels(self, features: FeatureMaps) -> tuple[torch.Tensor, ...]:
        """The levels that mmdet's heads read: without the appended image."""
        first, *other_levels = features.levels
        width = first.shape[1] - 3 * self.rgb_cells**2
        return (first[:, :width], *other_levels)

    @property
    def fingerprint(self) -> str:
        options = (
            *(self.score_threshold, self.labels, self.score_power, self._layout),
            *(str(self.embedder), self.rgb_cells),
        )
        text = repr((self.config.to_dict(), options))
        config = hashlib.sha256(text.encode()).hexdigest()
        # The weights themselves: training or a checkpoint of the whole model set them.
        return f'MMDetDetector({config}, {weights_hash(self.model)})'

    def _prepare(self, frame: Frame) -> dict[str, Any]:
        pipeline = self._train_pipeline if self.training else self._pipeline
        return pipeline({'img': frame.image, 'img_id': frame.frame_id})

    def _read(self, instances: InstanceData) -> Detections:
        instances.scores = instances.scores**self.score_power
        threshold = self.score_threshold
        if self.training and self.train_score_threshold is not None:
            threshold = self.train_score_threshold
        is_kept = instances.scores >= threshold
        if self.labels is not None:
            is_kept &= torch.isin(
                instances.labels, instances.labels.new_tensor(self.labels)
            )
        instances = instances[is_kept].cpu().numpy()
        detections, dropped = Detections.cleaned(
            instances.bboxes, instances.scores, instances.labels
        )
        log_dropped_detections('MMDetDetector', dropped)
        return detections


def _cell_colours(inputs: torch.Tensor, size: torch.Size, cells: int) -> torch.Tensor:
    """(B, 3 * cells^2, H, W): the images' colours in the squares of each cell."""
    height, width = size
    colours = F.adaptive_avg_pool2d(inputs, (height * cells, width * cells))
    return COLOUR_GAIN * F.pixel_unshuffle(colours, cells)


def _load(config: str | dict) -> ConfigDict:
    if isinstance(config, dict):
        if 'model' not in config:
            raise ValueError(
                'MMDetDetector: a config dict needs a key "model" with the mmdet '
                f'detector, got the keys {sorted(config)}'
            )
        return ConfigDict(config)
    if is_data_config(config):
        require_safe_data_config(config)
    loaded = get_config(config) if '::' in config else Config.fromfile(config)
    parts = {'model': loaded.model}
    if 'test_pipeline' in loaded:
        parts['test_pipeline'] = loaded.test_pipeline
    elif 'test_dataloader' in loaded:
        parts['test_pipeline'] = loaded.test_dataloader.dataset.pipeline
    return ConfigDict(parts)


def _from_arrays(pipeline: list[dict] | None) -> list[dict]:
    """A test pipeline that takes a decoded image and no annotations."""
    if pipeline is None:
        return DEFAULT_PIPELINE
    steps = [dict(step) for step in pipeline if 'LoadAnnotations' not in step['type']]
    if 'LoadImage' in steps[0]['type']:
        steps[0] = dict(type='LoadImageFromNDArray')
    return steps
