"""Any detector of mmdet."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any
from urllib.error import URLError

import numpy as np
import torch
from mmengine.config import Config, ConfigDict
from mmengine.dataset import Compose
from mmengine.hub import get_config
from mmengine.registry import DefaultScope
from mmengine.structures import InstanceData
from torch import nn

from ...registry import MODELS
from ...structures import Detections, Frame
from ...utils.checkpoint import load_weights
from ...utils.fingerprint import file_hash
from ...utils.mmdet_bridge import import_mmdet
from .base import BaseDetector

DEFAULT_PIPELINE = [
    dict(type='LoadImageFromNDArray'),
    dict(type='Resize', scale=(1333, 800), keep_ratio=True),
    dict(
        type='PackDetInputs',
        meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'),
    ),
]


@MODELS.register_module()
class MMDetDetector(nn.Module, BaseDetector):
    """A detector of mmdet by config and checkpoint, for inference and training.

    Args:
        config: ``'mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py'``, the path of a config,
            or a dict with ``model`` and, where it is not the usual one,
            ``test_pipeline``.
        checkpoint: Its weights; ``None`` leaves the model as it is initialised.
        score_threshold: Least score of a detection.
        labels: The classes kept, as the model numbers them; ``None`` for all. COCO: 0 is
            a person.
    """

    def __init__(
        self,
        config: str | dict,
        checkpoint: str | None = None,
        score_threshold: float = 0.1,
        labels: Sequence[int] | None = (0,),
    ) -> None:
        super().__init__()
        mmdet = import_mmdet()
        self.config = _load(config)
        self.checkpoint = checkpoint
        self.score_threshold = score_threshold
        self.labels = None if labels is None else tuple(labels)
        with DefaultScope.overwrite_default_scope('mmdet'):
            self.model = mmdet.registry.MODELS.build(self.config['model'])
            self._pipeline = Compose(_from_arrays(self.config.get('test_pipeline')))
            if checkpoint is None:
                self._initialise()
        if checkpoint is not None:
            load_weights(self.model, checkpoint)

    def _initialise(self) -> None:
        try:
            self.model.init_weights()
        except URLError as error:
            raise ConnectionError(
                'MMDetDetector: this config starts from pretrained weights that cannot '
                f'be downloaded ({error.reason}). Give a checkpoint (--weights FILE), or '
                'set init_cfg=None in its backbone to start from nothing.'
            ) from error

    @torch.no_grad()
    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        batch = [self._prepare(frame) for frame in frames]
        if not batch:
            return []
        was_training = self.model.training
        self.model.eval()
        with DefaultScope.overwrite_default_scope('mmdet'):
            samples = self.model.test_step(
                {
                    'inputs': [item['inputs'] for item in batch],
                    'data_samples': [item['data_samples'] for item in batch],
                }
            )
        self.model.train(was_training)
        return [self._read(sample.pred_instances) for sample in samples]

    def loss(
        self, frames: Sequence[Frame], targets: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> dict[str, Any]:
        """mmdet's losses on B frames.

        Args:
            frames: B frames.
            targets: For each its true boxes (N, 4) in pixels of the frame and labels
                (N,) as the model numbers them.
        """
        inputs, samples = [], []
        for frame, (boxes, labels) in zip(frames, targets, strict=True):
            item = self._prepare(frame)
            sample = item['data_samples']
            scale = np.tile(sample.scale_factor, 2)
            device = next(self.model.parameters()).device
            sample.gt_instances = InstanceData(
                bboxes=torch.as_tensor(boxes * scale, dtype=torch.float32).to(device),
                labels=torch.as_tensor(labels, dtype=torch.int64).to(device),
            )
            inputs.append(item['inputs'])
            samples.append(sample)
        batch = self.model.data_preprocessor(
            {'inputs': inputs, 'data_samples': samples}, True
        )
        with DefaultScope.overwrite_default_scope('mmdet'):
            return self.model(**batch, mode='loss')

    @cached_property
    def fingerprint(self) -> str:
        weights = file_hash(self.checkpoint) if self.checkpoint else 'not trained'
        text = repr((self.config.to_dict(), self.score_threshold, self.labels))
        config = hashlib.sha256(text.encode()).hexdigest()
        return f'MMDetDetector({config}, {weights})'

    def _prepare(self, frame: Frame) -> dict[str, Any]:
        with DefaultScope.overwrite_default_scope('mmdet'):
            return self._pipeline({'img': frame.image, 'img_id': frame.frame_id})

    def _read(self, found: InstanceData) -> Detections:
        wanted = found.scores >= self.score_threshold
        if self.labels is not None:
            wanted &= torch.isin(found.labels, found.labels.new_tensor(self.labels))
        found = found[wanted].cpu().numpy()
        detections, _ = Detections.cleaned(found.bboxes, found.scores, found.labels)
        return detections


def _load(config: str | dict) -> ConfigDict:
    if isinstance(config, dict):
        if 'model' not in config:
            raise ValueError(
                'MMDetDetector: a config dict needs a key "model" with the mmdet '
                f'detector, got the keys {sorted(config)}'
            )
        return ConfigDict(config)
    loaded = get_config(config) if '::' in config else Config.fromfile(config)
    kept = {'model': loaded.model}
    if 'test_pipeline' in loaded:
        kept['test_pipeline'] = loaded.test_pipeline
    elif 'test_dataloader' in loaded:
        kept['test_pipeline'] = loaded.test_dataloader.dataset.pipeline
    return ConfigDict(kept)


def _from_arrays(pipeline: list[dict] | None) -> list[dict]:
    """A test pipeline that takes a decoded picture and no annotations."""
    if pipeline is None:
        return DEFAULT_PIPELINE
    steps = [dict(step) for step in pipeline if 'LoadAnnotations' not in step['type']]
    if 'LoadImage' in steps[0]['type']:
        steps[0] = dict(type='LoadImageFromNDArray')
    return steps
