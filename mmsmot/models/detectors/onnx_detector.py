"""Any detector exported to ONNX."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from mmengine.logging import print_log

from ...registry import MODELS, TASK_UTILS, build_part
from ...structures import Detections, Frame
from ...structures.coco_classes import COCO_CLASSES
from .base import BaseDetector, RawDetections
from .class_numbers import numbers_of_classes
from .image_preparation import ImagePlacement, image_preparation_preset
from .nms import nms
from .onnx_network import ONNXNetwork
from .output_decoders import AnchorDecoder, Decoded, OutputDecoder
from .output_layouts import (
    Layout,
    candidate_layouts,
    layout_advice,
    recognised_layout,
)

MAX_COORDINATE = 1e6  # pixels; no image that can be decoded is as large


@MODELS.register_module()
class ONNXDetector(BaseDetector):
    """A detector run by onnxruntime: no torch, no compiled operators.

    ::

        frame -> preparation -> network -> decoder -> boxes in pixels of the input
                     |                                  |
                 placement  ----------------------> boxes in pixels of the frame
                                                        |
                                   threshold, classes, clipping, suppression

    The batch is run at once where the export's batch axis is dynamic, else frame by frame.
    An export that asks for the size of the original image (``orig_target_sizes``) is told
    that of the network input. Where the decoder is an :class:`AnchorDecoder`, :meth:`raw`
    gives the predictions at its anchors too.

    Args:
        model: The ONNX file. It has one input (B, 3, H, W), and beside it at most
            ``orig_target_sizes``.
        decoder: What its outputs mean; config or :class:`OutputDecoder`. ``None``: as
            their names and shapes tell (:mod:`.output_layouts`).
        input_size: Height and width of the network input where the export leaves them
            open.
        score_threshold: Least score.
        nms_threshold: Greatest IoU of two boxes of one class; ``None`` for no NMS,
            ``'decoder'``: as is usual behind such exports.
        labels: The classes kept, as the model numbers them; ``None`` for all. COCO: 0 is
            a person, with 91 classes 1.
        classes: Names of the classes kept, instead of ``labels``; a detection's label is
            its place here. They are looked for in the file (ultralytics writes them
            there), else in COCO's, by the number of classes.
        preparation: How images are prepared, a name in
            :data:`.image_preparation.PREPARATIONS`; ``None``: as for the decoder. The
            next six replace parts of it.
        keep_ratio: Whether a frame keeps its aspect ratio; else it is stretched to the
            whole network input.
        centred: Lay it into the middle of the network input, not into its left top corner.
        mean: Subtracted from each channel.
        std: Divides each channel.
        to_rgb: Give the model RGB, not BGR.
        pad_value: Fills the rest of the network input.
        providers: onnxruntime's execution providers.
        num_threads: Threads of an operator, 0 for onnxruntime's choice.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no detector that can be read; names its outputs and what to
            write. Or its fixed input is of another size than ``input_size``, or it has no
            such class.
    """

    # For a dry run: the argument that names a file, and the option that sets it.
    file_argument = ('model', '--weights')

    def __init__(
        self,
        *,
        model: str | None,
        decoder: dict | OutputDecoder | None = None,
        input_size: tuple[int, int] | None = None,
        score_threshold: float = 0.1,
        nms_threshold: float | Literal['decoder'] | None = 'decoder',
        labels: Sequence[int] | None = (0,),
        classes: Sequence[str] | None = None,
        preparation: str | None = None,
        keep_ratio: bool | None = None,
        centred: bool | None = None,
        mean: Sequence[float] | None = None,
        std: Sequence[float] | None = None,
        to_rgb: bool | None = None,
        pad_value: int | None = None,
        providers: Sequence[str] = ('CPUExecutionProvider',),
        num_threads: int = 0,
    ) -> None:
        self.score_threshold = score_threshold
        self.network = ONNXNetwork(
            model, input_size=input_size, providers=providers, num_threads=num_threads
        )
        self.model = self.network.model
        changes: dict[str, Any] = dict(
            keep_ratio=keep_ratio,
            centred=centred,
            mean=mean,
            std=std,
            to_rgb=to_rgb,
            pad_value=pad_value,
        )
        is_prepared = preparation is not None or any(
            value is not None for value in changes.values()
        )
        layout: Layout | None
        if decoder is None:
            layout = self._recognised_layout(is_prepared)
            decoder = layout.decoder
        else:
            layout = self._layout_of(decoder)
        self.decoder: OutputDecoder = build_part(decoder, TASK_UTILS)
        self.preparation = image_preparation_preset(
            preparation or (layout and layout.preparation) or self.decoder.preparation,
            **changes,
        )
        self.nms_threshold = (
            self.decoder.nms_threshold if nms_threshold == 'decoder' else nms_threshold
        )
        self._labels = self._numbers_of_classes(labels, classes, layout)
        self._dtype = self.network.dtype(self.preparation.has_fractions)
        self._warned = False

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        detections = []
        for decoded, placement, shape in self._decode(frames, self._decode_boxes):
            detections.append(self._finish(decoded, placement, shape))
        return detections

    def raw(self, frames: Sequence[Frame]) -> list[RawDetections]:
        """As of :class:`BaseDetector`; rows of a broken model may be NaN."""
        decoder = self.decoder
        if not isinstance(decoder, AnchorDecoder):
            raise TypeError(
                f'ONNXDetector has no raw detections with {type(decoder).__name__}: '
                'its export has no anchors. Take YOLOXDecoder or SSDDecoder with an '
                'export that they fit'
            )

        def decode(outputs: list[np.ndarray], _: int) -> list[Decoded]:
            return decoder.decode_at_anchors(outputs, self.network.input_size)

        return [
            RawDetections(
                _clipped(placement.to_frame(boxes), shape),
                scores.astype(np.float64),
                placement.to_frame(anchors),
            )
            for (boxes, scores, anchors), placement, shape in self._decode(
                frames, decode
            )
        ]

    @cached_property
    def fingerprint(self) -> str:
        options = {
            'decoder': self.decoder.fingerprint,
            'input_size': self.network.input_size,
            'score': self.score_threshold,
            'nms': self.nms_threshold,
            'labels': self._labels,
            'preparation': self.preparation,
        }
        return f'ONNXDetector({self.network.model_hash}, {options})'

    def _recognised_layout(self, is_prepared: bool) -> Layout:
        """The reading of the outputs that the file itself tells.

        Args:
            is_prepared: Whether the config tells how images are prepared.
        """
        export = self.network.probed_export()
        layout = recognised_layout(export, self.model)
        if layout.preparation is None and not is_prepared:
            raise ValueError(
                f'{self.model}: {layout_advice(export)}\nExports of this kind do not tell '
                'how their images are prepared.'
            )
        return layout

    def _layout_of(self, decoder: dict | OutputDecoder) -> Layout | None:
        """The known reading that a decoder is of, where the file allows it."""
        kind = decoder['type'] if isinstance(decoder, dict) else type(decoder)
        name = getattr(kind, '__name__', kind)
        layouts = candidate_layouts(self.network.export())
        return next((o for o in layouts if o.decoder['type'] == name), None)

    def _numbers_of_classes(
        self,
        labels: Sequence[int] | None,
        classes: Sequence[str] | None,
        layout: Layout | None,
    ) -> dict[int, int] | None:
        """The label of each class that is kept, by the model's number of it."""
        count = layout.num_classes if layout else None
        if classes is None:
            if (
                labels is not None
                and count is not None
                and max(labels, default=0) >= count
            ):
                raise ValueError(
                    f'{self.model} has {count} classes, numbers 0 to {count - 1}, and '
                    f'labels={tuple(labels)} names others'
                )
            return None if labels is None else {label: label for label in labels}
        names = self.network.export().class_names or (layout.names if layout else {})
        if not names and count == len(classes) == 1:
            names = {0: classes[0]}
        if not names and count is None:
            names = dict(enumerate(COCO_CLASSES))
            print_log(
                f"{self.model}: the file does not tell its classes; COCO's 80 are "
                f'assumed, {classes[0]} being '
                f'{numbers_of_classes(self.model, names, classes[:1])}',
                logger='current',
            )
        if not names:
            raise ValueError(
                f'{self.model} does not tell what its {count} classes are called, so '
                f'classes={tuple(classes)} cannot be found: set classes=None and '
                'labels=(number,) of ONNXDetector'
            )
        return numbers_of_classes(self.model, names, classes)

    def _decode(
        self,
        frames: Sequence[Frame],
        decode: Callable[[list[np.ndarray], int], list[Decoded]],
    ) -> Iterator[tuple[Decoded, ImagePlacement, tuple[int, ...]]]:
        """Run batch by batch.

        Args:
            frames: Any number.
            decode: Outputs and the size of their batch to what they mean.

        Yields:
            For each frame what ``decode`` made of the outputs, where it lies in the
            network input, and the shape of its image.
        """
        step = self.network.fixed_batch or max(len(frames), 1)
        for start in range(0, len(frames), step):
            images = [frame.image for frame in frames[start : start + step]]
            blobs, placements = zip(*map(self._prepare, images), strict=True)
            batch = np.stack(blobs)
            missing = step - len(batch) if self.network.fixed_batch else 0
            if missing:  # the last batch of a video may be short of a fixed size
                batch = np.concatenate([batch, np.repeat(batch[-1:], missing, axis=0)])
            outputs = self.network.run(batch)
            try:
                decoded = decode(outputs, len(batch))
            except ValueError as error:
                advice = layout_advice(self.network.export(outputs))
                raise ValueError(f'{self.model}: {error} {advice}') from error
            if len(decoded) != len(batch):
                raise ValueError(
                    f'{self.model}: it was given a batch of {len(batch)} images and '
                    f'answered for {len(decoded)}. Export it with a batch of 1, which is '
                    'run image by image, or with an open batch axis that its outputs '
                    'share.'
                )
            for image, image_decoded, placement in zip(
                images, decoded[: len(images)], placements, strict=True
            ):
                yield image_decoded, placement, image.shape

    def _decode_boxes(
        self, outputs: list[np.ndarray], batch_size: int
    ) -> list[Decoded]:
        """The boxes of a batch, in the units that the decoder was told of."""
        decoded = self.decoder.decode(outputs, self.network.input_size, batch_size)
        for boxes in decoded:
            self.decoder.require_units(
                boxes, self.network.input_size, self.score_threshold
            )
        return decoded

    def _prepare(self, image: np.ndarray) -> tuple[np.ndarray, ImagePlacement]:
        return self.preparation(image, self.network.input_size, self._dtype)

    def _finish(
        self, decoded: Decoded, placement: ImagePlacement, shape: tuple[int, ...]
    ) -> Detections:
        boxes, scores, labels = decoded
        no_score = ~np.isfinite(scores)
        is_kept = (scores >= self.score_threshold) & ~no_score
        if self._labels is not None:
            is_kept &= np.isin(labels, [*self._labels])
            labels = np.array(
                [self._labels.get(n, -1) for n in labels[is_kept].tolist()]
            )
        else:
            labels = labels[is_kept]
        boxes = placement.to_frame(boxes[is_kept])
        impossible = ~(np.abs(boxes) < MAX_COORDINATE).all(axis=1)
        boxes[impossible] = np.nan  # clipping would make boxes of them
        impossible |= (boxes[:, 2:] < boxes[:, :2]).any(axis=1)
        detections, dropped = Detections.cleaned(
            _clipped(boxes, shape), scores[is_kept], labels.astype(np.int64)
        )
        is_broken = bool(no_score.any() or (impossible.any() and not len(detections)))
        self._tell_of_dropped(dropped, int(no_score.sum()), is_broken)
        if self.nms_threshold is None:
            return detections
        return detections[
            nms(
                detections.boxes,
                detections.scores,
                detections.labels,
                self.nms_threshold,
            )
        ]

    def _tell_of_dropped(self, dropped: int, no_score: int, is_broken: bool) -> None:
        """Log boxes that were left out; once as a warning where the model is broken."""
        if not (dropped or no_score):
            return
        text = (
            f'{self.model}: dropped {dropped} boxes that were empty or not finite and '
            f'{no_score} with a score that is not (NaN or infinite)'
        )
        if is_broken and not self._warned:
            self._warned = True
            text += (
                '. Its weights may be damaged, or the decoder of ONNXDetector does not '
                'fit this export. This is said once'
            )
            print_log(text, logger='current', level=logging.WARNING)
        else:
            print_log(text, logger='current', level=logging.DEBUG)


def _clipped(boxes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Boxes (N, 4) cut off at the sides of an image; NaN stays NaN."""
    return np.clip(boxes, 0, [shape[1], shape[0]] * 2)
