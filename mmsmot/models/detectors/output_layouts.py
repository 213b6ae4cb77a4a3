"""Which decoder reads the outputs of an ONNX export, by their names and shapes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...structures.coco_classes import coco_names

STRIDES = (8, 16, 32)
STRIDES_P6 = (*STRIDES, 64)
MAX_QUERIES = 1000  # boxes that a network without dense anchors finishes with
MAX_METADATA = 100_000  # characters; LVIS's 1,203 names take 30,000
KNOWN_CLASS_COUNTS = (80, 365, 601)  # COCO, Objects365, Open Images
ORIGINAL_SIZE = 'orig_target_sizes'  # second input of RT-DETR's and D-FINE's exporters


@dataclass(frozen=True)
class OutputSpec:
    """One output of an export.

    Attributes:
        name: Its name.
        shape: Its sizes; ``None`` where one is open.
        dtype: NumPy's name of its number type.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = 'float32'

    @property
    def is_integer(self) -> bool:
        return 'int' in self.dtype

    def __str__(self) -> str:
        sizes = ', '.join('?' if size is None else str(size) for size in self.shape)
        return f'{self.name!r} ({sizes}) {self.dtype}'


@dataclass(frozen=True)
class ExportLayout:
    """What an ONNX file says of itself.

    Attributes:
        outputs: Its outputs.
        input_size: Height and width of the network input.
        other_inputs: Names of the inputs beside the image.
        metadata: Its custom metadata; ultralytics' exporter writes the classes' names.
    """

    outputs: tuple[OutputSpec, ...]
    input_size: tuple[int, int]
    other_inputs: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def class_names(self) -> dict[int, str]:
        """Names of the classes by number; empty where the file does not tell."""
        text = self.metadata.get('names', '')
        try:
            names = ast.literal_eval(text) if 0 < len(text) < MAX_METADATA else {}
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return {}
        if isinstance(names, list | tuple):
            names = dict(enumerate(names))
        if not isinstance(names, dict) or not all(isinstance(i, int) for i in names):
            return {}
        return {number: str(name) for number, name in names.items()}

    @property
    def is_of_ultralytics(self) -> bool:
        return self.metadata.get('author') == 'Ultralytics'

    def num_cells(self, strides: Sequence[int]) -> int:
        """Grid cells of all levels."""
        height, width = self.input_size
        return sum((height // stride) * (width // stride) for stride in strides)


@dataclass(frozen=True)
class Layout:
    """A reading of an export's outputs.

    Attributes:
        family: Networks whose exports look so.
        decoder: Config of the decoder.
        certain: No other known export looks so.
        preparation: How its images are prepared, a name in
            :data:`.image_preparation.PREPARATIONS`; ``''``: as the decoder says;
            ``None``: differs from network to network.
        num_classes: Classes of the network, where the outputs tell.
    """

    family: str
    decoder: dict[str, Any]
    certain: bool = True
    preparation: str | None = ''
    num_classes: int | None = None

    @property
    def config(self) -> str:
        """The decoder as it is written in a config."""
        kind, *options = self.decoder.items()
        arguments = ', '.join(f'{key}={value!r}' for key, value in [kind, *options])
        return f'decoder=dict({arguments})'

    @property
    def names(self) -> dict[int, str]:
        """The classes' names where their number alone tells them."""
        return {} if self.num_classes is None else coco_names(self.num_classes)


def candidate_layouts(export: ExportLayout) -> list[Layout]:
    """The readings that names and shapes of an export allow, the likeliest first."""
    # Feature maps of old YOLOv5 exports, mask prototypes and masks have more axes.
    tables = [output for output in export.outputs if len(output.shape) <= 3]
    rules = {1: _one_table, 2: _two_tables, 3: _three_tables, 4: _four_tables}
    rule = rules.get(len(tables))
    return [] if rule is None else [*rule(tables, export)]


def recognised_layout(export: ExportLayout, model: str) -> Layout:
    """The one reading of an export.

    Args:
        export: What the file says.
        model: The file, for the message.

    Raises:
        ValueError: There is none, or it is not certain; names the outputs, the decoders
            that may fit and what to write.
    """
    layouts = candidate_layouts(export)
    if len(layouts) == 1 and layouts[0].certain:
        return layouts[0]
    raise ValueError(f'{model}: its layout is not certain. {layout_advice(export)}')


def layout_advice(export: ExportLayout) -> str:
    """What an export's outputs are, and what to write in the detector's config."""
    outputs = ', '.join(map(str, export.outputs))
    lines = [f'Its outputs are {outputs}, for an input of {_size(export.input_size)}.']
    layouts = candidate_layouts(export)
    if not layouts:
        lines.append(
            'No decoder here is known to read them. Decoders for others are classes of '
            "OutputDecoder in the registry TASK_UTILS: model.detector.decoder=dict(type='"
            "YourDecoder'), found through custom_imports."
        )
        return ' '.join(lines)
    lines.append('Set model.detector.decoder:' if len(layouts) == 1 else 'Set one of:')
    lines += [f'\n  {layout.config}  # {_comment(layout)}' for layout in layouts]
    return ' '.join(lines)


def _comment(layout: Layout) -> str:
    if layout.preparation is None:
        return f"{layout.family}; set preparation too ('rtmdet', 'yolox', ...)"
    if layout.preparation:
        return f"{layout.family}; with preparation='{layout.preparation}'"
    return layout.family


def _size(input_size: tuple[int, int]) -> str:
    return f'{input_size[1]}x{input_size[0]}'


def _one_table(tables: list[OutputSpec], export: ExportLayout) -> Iterator[Layout]:
    (table,) = tables
    if len(table.shape) == 2 and table.shape[1] == 7:
        yield from _rows_of_a_batch(table)
    if len(table.shape) != 3 or None in table.shape[1:]:
        if len(table.shape) == 3 and table.shape[2] == 6:  # so many as there are
            yield _finished_rows(table, export)
        return
    rows, columns = table.shape[1] or 0, table.shape[2] or 0
    cells, cells_p6 = map(export.num_cells, (STRIDES, STRIDES_P6))
    if columns in (cells, cells_p6) and rows > 4:
        yield from _columns_of_classes(rows, export)
    elif rows in (3 * cells, 3 * cells_p6) and columns > 5:
        yield Layout(
            'YOLOv5, YOLOv7', dict(type='YOLOv5Decoder'), num_classes=columns - 5
        )
    elif rows in (cells, cells_p6) and columns > 5:
        yield from _rows_of_cells(table, rows == cells)
    elif rows <= MAX_QUERIES and columns > 4:
        yield from _rows_of_queries(table, export)


def _columns_of_classes(rows: int, export: ExportLayout) -> Iterator[Layout]:
    """(B, 4 + classes, A): rows below the classes are masks or key points."""
    task, count = export.metadata.get('task', 'detect'), len(export.class_names)
    decoder: dict[str, Any] = dict(type='YOLOv8Decoder')
    if task == 'obb':  # boxes that are turned: a last row is an angle
        return
    # Of the mask prototypes beside it each has a coefficient.
    prototypes = [o.shape[1] or 0 for o in export.outputs if len(o.shape) == 4]
    # Without names key points look like classes: of one class two of two numbers, or more.
    named_count, count = count, count or rows - 4 - sum(prototypes)
    if not 0 < count <= rows - 4:
        return
    if count < rows - 4:
        decoder['num_classes'] = count
    yield Layout(
        'YOLOv8, YOLOv9, YOLO11, YOLO12',
        decoder,
        certain=bool(named_count or count < 5 or count in KNOWN_CLASS_COUNTS),
        num_classes=count,
    )


def _rows_of_cells(table: OutputSpec, is_of_yolox: bool) -> Iterator[Layout]:
    """(B, cells, 5 + classes): by the names that the two exporters give."""
    num_classes = (table.shape[2] or 0) - 5
    yolox = Layout('YOLOX', dict(type='YOLOXDecoder'), num_classes=num_classes)
    yolov6 = Layout(
        'YOLOv6', dict(type='YOLOv5Decoder'), certain=False, num_classes=num_classes
    )
    if is_of_yolox:
        yield yolox
    if not (is_of_yolox and table.name == 'output'):
        yield yolov6


def _rows_of_queries(table: OutputSpec, export: ExportLayout) -> Iterator[Layout]:
    """(B, K, 6) finished boxes, or (B, Q, 4 + classes) boxes and scores."""
    columns, names = table.shape[2] or 0, export.class_names
    has_all_classes = len(names) == columns - 4
    of_queries = Layout(
        "ultralytics' RT-DETR",
        dict(type='BoxLogitsDecoder', activation='none'),
        certain=export.is_of_ultralytics and has_all_classes,
        num_classes=columns - 4,
    )
    if columns == 6:
        yield _finished_rows(table, export)
    if columns > 6 and export.metadata.get('task') == 'segment':
        yield Layout(
            'YOLO26', dict(type='YOLOv10Decoder'), num_classes=len(names) or None
        )
    elif columns != 6 or has_all_classes:
        yield of_queries


def _finished_rows(table: OutputSpec, export: ExportLayout) -> Layout:
    return Layout(
        'YOLOv10, YOLO26, or with nms=True',
        dict(type='YOLOv10Decoder'),
        num_classes=len(export.class_names) or None,
    )


def _rows_of_a_batch(table: OutputSpec) -> Iterator[Layout]:
    """(N, 7): the two exporters' orders differ, and so do their names."""
    yolov7 = Layout('YOLOv7 with --end2end --max-wh', dict(type='BatchRowsDecoder'))
    flat = Layout(
        "super-gradients' flat format",
        dict(type='BatchRowsDecoder', score_first=True),
        preparation=None,
    )
    if 'flat' not in table.name:
        yield yolov7
    if table.name != 'output':
        yield flat


def _two_tables(tables: list[OutputSpec], export: ExportLayout) -> Iterator[Layout]:
    wide = [output for output in tables if len(output.shape) == 3]
    flat = [output for output in tables if len(output.shape) == 2]
    if len(wide) == len(flat) == 1 and wide[0].shape[2] == 5 and flat[0].is_integer:
        family = "MMDeploy's of mmdet (RTMDet and others)"
        yield Layout(family, dict(type='BoxesDecoder'), preparation=None)
    if len(wide) == 2:
        # Of a network with four classes both have four columns.
        boxes, logits = sorted(
            wide, key=lambda output: (output.shape[2] != 4, 'box' not in output.name)
        )
        if boxes.shape[2] == 4 and boxes.shape[1] == logits.shape[1]:
            decoder: dict[str, Any] = dict(type='BoxLogitsDecoder')
            if logits.shape[2] == 4 and wide[0] is logits:
                decoder['logits_first'] = True
            yield from _boxes_and_logits(boxes, logits, decoder, export)


def _boxes_and_logits(
    boxes: OutputSpec, logits: OutputSpec, decoder: dict[str, Any], export: ExportLayout
) -> Iterator[Layout]:
    """(B, Q, 4) and (B, Q, classes), by the names that the exporters give."""
    count, pair = logits.shape[2], (boxes.name, logits.name)
    queries = boxes.shape[1]
    if pair == ('dets', 'labels'):
        yield Layout('RF-DETR', decoder, preparation='imagenet', num_classes=count)
        return
    is_named = pair == ('pred_boxes', 'logits')
    if queries is None or queries <= MAX_QUERIES:
        yield from _families_of_queries(decoder, count, is_named)
        return
    if queries in (export.num_cells(STRIDES), export.num_cells(STRIDES_P6)):
        decoder |= dict(activation='none', box_format='xyxy', normalized=False)
        yield Layout('YOLO-NAS', decoder, False, None, count)
    anchors = dict(type='AnchorFile', path='ITS ANCHORS.npy')
    encodings = dict(type='SSDDecoder', anchors=anchors)
    yield Layout('SSD and its kin', encodings, certain=False, preparation=None)


def _families_of_queries(
    decoder: dict[str, Any], count: int | None, is_named: bool
) -> Iterator[Layout]:
    """The families whose exports are boxes and logits alike.

    With COCO's 80 classes RT-DETR's and D-FINE's, with its 91 numbers and "no object"
    DETR's and YOLOS's; with other numbers, as after fine-tuning, all of them.
    """
    sigmoid = Layout('RT-DETR, D-FINE', decoder, is_named, '', count)
    softmax = Layout(
        'DETR, YOLOS',
        {**decoder, 'activation': 'softmax'},
        is_named,
        'imagenet',
        count,
    )
    if count == 80:
        yield sigmoid
    elif count == 92:
        yield softmax
    else:
        focal = replace(
            sigmoid, family='Conditional and Deformable DETR', preparation='imagenet'
        )
        for layout in (sigmoid, focal, softmax):
            yield replace(layout, certain=False)


def _three_tables(tables: list[OutputSpec], export: ExportLayout) -> Iterator[Layout]:
    """(B, K, 4) boxes, (B, K) scores and integer labels (B, K)."""
    boxes = [o for o in tables if len(o.shape) == 3 and o.shape[2] == 4]
    flat = [o for o in tables if len(o.shape) == 2]
    if len(boxes) != 1 or sorted(o.is_integer for o in flat) != [False, True]:
        return
    decoder = dict(type='BoxesDecoder')
    if ORIGINAL_SIZE in export.other_inputs:
        yield Layout("RT-DETR's and D-FINE's own", decoder, preparation='detr')
    else:
        yield Layout('finished boxes', decoder, certain=False, preparation=None)


def _four_tables(tables: list[OutputSpec], export: ExportLayout) -> Iterator[Layout]:
    """Number (B, 1), boxes (B, K, 4), scores (B, K), labels (B, K), in this order."""
    count, boxes, scores, labels = tables
    if (
        count.is_integer
        and len(boxes.shape) == 3
        and boxes.shape[2] == 4
        and len(scores.shape) == len(labels.shape) == 2
        and not scores.is_integer
    ):
        yield Layout('with EfficientNMS outputs', dict(type='EfficientNMSDecoder'))
