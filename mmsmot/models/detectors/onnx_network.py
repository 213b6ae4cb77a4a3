"""The network of an ONNX export: its inputs, what it says of itself, and a run of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...utils.onnx_file import onnx_file_hash
from ...utils.onnx_session import (
    open_onnx,
    run_onnx,
    session_image_input,
    session_image_type,
)
from .output_layouts import ORIGINAL_SIZE, ExportLayout, OutputSpec

OWNER = 'ONNXDetector'
GREY = 114  # of an image without anything on it
# onnxruntime's names of number types where they are not NumPy's.
TYPE_NAMES = {'float': 'float32', 'double': 'float64'}


class ONNXNetwork:
    """An ONNX file with one input of images, and beside it at most their size.

    An export that asks for the size of the original image (``orig_target_sizes``) is told
    that of the network input, so that boxes are in pixels of the input.

    Args:
        model: The file.
        input_size: Height and width of the input where the export leaves them open.
        providers: onnxruntime's execution providers.
        num_threads: Threads of an operator, 0 for onnxruntime's choice.

    Attributes:
        model: The file.
        model_hash: Of the file, as it was opened.
        fixed_batch: Images at once; ``None``: any number.
        input_size: Height and width of the input.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It has other inputs, or one of another size.
    """

    def __init__(
        self,
        model: str | None,
        *,
        input_size: tuple[int, int] | None,
        providers: Sequence[str],
        num_threads: int,
    ) -> None:
        self._session = open_onnx(model, OWNER, '--weights', providers, num_threads)
        self.model = str(model)
        self.model_hash = onnx_file_hash(self.model)
        self._image = session_image_input(
            self._session, self.model, OWNER, beside=(ORIGINAL_SIZE,)
        )
        self._other_inputs = [
            node for node in self._session.get_inputs() if node.name != self._image.name
        ]
        self.fixed_batch, self.input_size = self._read_input(input_size)

    def dtype(self, has_fractions: bool) -> type:
        """NumPy's number type of the images.

        Raises:
            ValueError: It holds no pixels, or no fractions where they are given.
        """
        return session_image_type(
            self._session, self.model, OWNER, has_fractions, beside=(ORIGINAL_SIZE,)
        )

    def export(self, outputs: Sequence[np.ndarray] | None = None) -> ExportLayout:
        """What the file says of itself; with outputs, the shapes that it gave."""
        specs = []
        for row, node in enumerate(self._session.get_outputs()):
            if outputs is None:
                name = node.type.removeprefix('tensor(').removesuffix(')')
                dtype = TYPE_NAMES.get(name, name)
                sizes = [size if isinstance(size, int) else None for size in node.shape]
            else:
                dtype, sizes = outputs[row].dtype.name, [*outputs[row].shape]
            specs.append(OutputSpec(node.name, tuple(sizes), dtype))
        return ExportLayout(
            outputs=tuple(specs),
            input_size=self.input_size,
            other_inputs=tuple(node.name for node in self._other_inputs),
            metadata=self._session.get_modelmeta().custom_metadata_map,
        )

    def probed_export(self) -> ExportLayout:
        """As :meth:`export`; where sizes are open, of a run on a grey image."""
        export = self.export()
        if all(o.shape and None not in o.shape[1:] for o in export.outputs):
            return export
        shape = (self.fixed_batch or 1, 3, *self.input_size)
        return self.export(self.run(np.full(shape, GREY, self.dtype(False))))

    def run(self, batch: np.ndarray) -> list[np.ndarray]:
        """The outputs for (B, 3, H, W); 16-bit ones as 32, since in 16 bits pixels above
        512 are told apart by halves."""
        sizes = np.array([self.input_size[::-1]] * len(batch))  # width, height
        beside = {
            node.name: sizes.astype(np.float32 if 'float' in node.type else np.int64)
            for node in self._other_inputs
        }
        return [
            output.astype(np.float32) if output.dtype == np.float16 else output
            for output in run_onnx(self._session, self.model, batch, beside)
        ]

    def _read_input(
        self, input_size: tuple[int, int] | None
    ) -> tuple[int | None, tuple[int, int]]:
        """Batch size (``None``: any) and image size of the input."""
        shape = self._image.shape
        if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != 3):
            raise ValueError(
                f'{self.model}: {OWNER} expects an input (B, 3, H, W), got {shape}'
            )
        batch, *sides = shape
        sides = sides[1:]
        if input_size is None:
            if not all(isinstance(side, int) for side in sides):
                raise ValueError(
                    f'{self.model} leaves its input size open ({shape}): set '
                    f'input_size=(height, width) of {OWNER}'
                )
            input_size = (sides[0], sides[1])
        for size, side in zip(input_size, sides, strict=True):
            if isinstance(side, int) and size != side:
                raise ValueError(
                    f'{self.model} has an input of fixed size {shape}, and '
                    f'input_size={tuple(input_size)} (height, width) is another: leave '
                    'input_size out, or export the model with that size or an open one'
                )
        return batch if isinstance(batch, int) else None, (input_size[0], input_size[1])
