"""Any object detector of transformers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from ...registry import MODELS
from ...structures import Detections, Frame
from ...utils.pretrained import load_pretrained, pretrained_fingerprint
from .base import BaseDetector, log_dropped_detections
from .class_numbers import numbers_of_classes


@MODELS.register_module()
class TransformersDetector(nn.Module, BaseDetector):
    """RT-DETR, D-FINE, DETR and their kin by name or folder, for inference.

    Args:
        model: A folder, or a name on the Hugging Face hub
            (``'PekingU/rtdetr_v2_r18vd'``). Weights must be safetensors; code that comes
            with a model is not run.
        classes: Names of the classes kept, as the model's ``id2label`` has them; a
            detection's label is its place here. ``None`` keeps all, under the model's own
            numbers.
        score_threshold: Detections score more than this.
        dtype: Number type of the weights; ``'auto'``: as saved.

    Raises:
        FileNotFoundError: There is no such model.
        ValueError: It is no detector, has no such class, or comes as a pickle.
    """

    # For a dry run: the argument that names a model of the hub or its folder.
    hub_argument = 'model'

    def __init__(
        self,
        *,
        model: str | None,
        classes: Sequence[str] | None = ('person',),
        score_threshold: float = 0.1,
        dtype: str = 'float32',
    ) -> None:
        super().__init__()
        self.model, self.processor = load_pretrained(
            'AutoModelForObjectDetection', 'AutoImageProcessor', model, dtype
        )
        if not hasattr(self.processor, 'post_process_object_detection'):
            raise ValueError(
                f'{model}: its {type(self.processor).__name__} cannot turn outputs into '
                'boxes (post_process_object_detection is missing)'
            )
        self.name = model
        self.score_threshold = score_threshold
        self.classes = None if classes is None else tuple(classes)
        self._labels = self._numbers_of_classes()

    @torch.no_grad()
    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        if not frames:
            return []
        self.model.eval()
        images = [frame.image for frame in frames]
        inputs = self.processor(
            images=[np.ascontiguousarray(image[..., ::-1]) for image in images],
            return_tensors='pt',
            input_data_format='channels_last',
        )
        inputs = inputs.to(self.model.device)
        inputs['pixel_values'] = inputs['pixel_values'].to(self.model.dtype)
        outputs = self.model(**inputs)
        predictions = self.processor.post_process_object_detection(
            outputs,
            threshold=self.score_threshold,
            target_sizes=[image.shape[:2] for image in images],
        )
        return [
            self._read(prediction, image.shape)
            for prediction, image in zip(predictions, images, strict=True)
        ]

    @property
    def fingerprint(self) -> str:
        options = (self.score_threshold, self.classes)
        held = pretrained_fingerprint(self.model, self.processor)
        return f'TransformersDetector({held}, {options})'

    def _numbers_of_classes(self) -> dict[int, int]:
        """The label of each class that is kept, by the model's number of it."""
        names = self.model.config.id2label
        if self.classes is None:
            return {number: number for number in names}
        return numbers_of_classes(str(self.name), names, self.classes)

    def _read(self, prediction: dict[str, Any], shape: tuple[int, ...]) -> Detections:
        boxes, scores, numbers = (
            prediction[name].cpu().double().numpy()
            for name in ('boxes', 'scores', 'labels')
        )
        is_kept = np.isin(numbers, list(self._labels))
        boxes, scores, numbers = boxes[is_kept], scores[is_kept], numbers[is_kept]
        labels = np.array([self._labels[int(n)] for n in numbers], np.int64)
        boxes = np.clip(boxes, 0, [shape[1], shape[0]] * 2)  # NaN stays NaN
        detections, dropped = Detections.cleaned(boxes, scores, labels)
        log_dropped_detections('TransformersDetector', dropped)
        return detections
