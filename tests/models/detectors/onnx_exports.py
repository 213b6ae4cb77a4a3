"""Tiny ONNX files in the layouts of real exporters, with known boxes in them.

Every file has a person (class 0 of COCO's 80, score .9) and a car (class 2, score .8) in
an input of 96x96, whatever image it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.tiny_onnx import node, write_graph, write_onnx

SIDE = 96
CELLS = 189  # of strides 8, 16 and 32: 144 + 36 + 9
BOXES = np.array([[16, 8, 32, 56], [36, 20, 60, 44]], np.float32)
SCORES = np.array([0.9, 0.8], np.float32)
LABELS = np.array([0, 2], np.int64)
COCO80 = {'names': str({i: f'class {i}' for i in range(80)} | {0: 'person', 2: 'car'})}
ULTRALYTICS = {'author': 'Ultralytics', 'task': 'detect', **COCO80}
SIZE_INPUT = {'orig_target_sizes': ('int64', (1, 2))}


def centred(boxes: np.ndarray = BOXES) -> np.ndarray:
    """Centre, width and height of corners."""
    sizes = boxes[:, 2:] - boxes[:, :2]
    return np.concatenate([boxes[:, :2] + sizes / 2, sizes], axis=1)


def class_scores(count: int = 80, first_class: int = 0) -> np.ndarray:
    """(2, count) scores of the two boxes."""
    scores = np.zeros((2, count), np.float32)
    scores[[0, 1], LABELS + first_class] = SCORES
    return scores


def logits_of(scores: np.ndarray) -> np.ndarray:
    clipped = np.clip(scores, 1e-4, 1 - 1e-4)
    return np.log(clipped / (1 - clipped)).astype(np.float32)


def padded(rows: np.ndarray, count: int, value: float = 0.0) -> np.ndarray:
    """(1, count, C) with the rows in its middle."""
    table = np.full((1, count, rows.shape[1]), value, np.float32)
    start = count // 2
    table[0, start : start + len(rows)] = rows
    return table


def yolov8(rows: int = 84) -> np.ndarray:
    """(1, rows, 84), rows beyond 84 being mask coefficients."""
    columns = np.full((2, rows), -3, np.float32)
    columns[:, :84] = np.c_[centred(), class_scores()]
    return padded(columns, CELLS).transpose(0, 2, 1).copy()


def yolov5() -> np.ndarray:
    objectness = np.full((2, 1), 0.5)
    rows = np.c_[centred(), objectness, class_scores() / objectness]
    return padded(rows.astype(np.float32), 3 * CELLS)


def yolov10() -> np.ndarray:
    return padded(np.c_[BOXES, SCORES, LABELS].astype(np.float32), 300)


def queries(count: int = 80, first_class: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Normalised centred boxes and logits of 30 queries."""
    boxes = padded(centred() / SIDE, 30)
    scores = class_scores(count, first_class)
    return boxes, padded(logits_of(scores), 30, value=-9.0)


def batch_rows(path: Path, score_first: bool = False, name: str = 'output') -> str:
    """(N, 7) through the operator NonMaxSuppression, of a batch of any size.

    Each image of the batch has the boxes, and the car a second time, which suppression
    removes.
    """
    boxes = np.concatenate([BOXES, BOXES[1:] + 1])[None]
    scores = np.zeros((1, 3, 3), np.float32)
    scores[0, LABELS, [0, 1]] = SCORES
    scores[0, 2, 2] = 0.7
    weights = dict(
        boxes=boxes,
        scores=scores,
        most=np.array([10]),
        iou=np.array([0.5], np.float32),
        least=np.array([0.1], np.float32),
        image_axis=np.array([0]),
        class_axis=np.array([1]),
        box_axis=np.array([2]),
        one=np.array([1]),
        zero=np.array([0]),
        three=np.array([3, 3]),
        three_four=np.array([3, 4]),
        flat=np.array([-1, 1]),
        pair_axes=np.array([0, 2]),
    )
    columns = ['score', 'class'] if score_first else ['class', 'score']
    nodes = [
        node('Shape', ['images'], ['sizes']),
        node('Slice', ['sizes', 'zero', 'one'], ['batch']),
        node('Concat', ['batch', 'three_four'], ['box_shape'], axis=0),
        node('Expand', ['boxes', 'box_shape'], ['all_boxes']),
        node('Concat', ['batch', 'three'], ['score_shape'], axis=0),
        node('Expand', ['scores', 'score_shape'], ['all_scores']),
        node(
            'NonMaxSuppression',
            ['all_boxes', 'all_scores', 'most', 'iou', 'least'],
            ['selected'],
        ),
        node('Gather', ['selected', 'image_axis'], ['image_index'], axis=1),
        node('Gather', ['selected', 'class_axis'], ['class_index'], axis=1),
        node('Gather', ['selected', 'pair_axes'], ['image_and_box'], axis=1),
        node('GatherND', ['all_boxes', 'image_and_box'], ['box']),
        node('GatherND', ['all_scores', 'selected'], ['score_row']),
        node('Reshape', ['score_row', 'flat'], ['score']),
        node('Cast', ['image_index'], ['image'], to=1),
        node('Cast', ['class_index'], ['class'], to=1),
        node('Concat', ['image', 'box', *columns], [name], axis=1),
    ]
    return write_graph(
        path,
        nodes,
        weights=weights,
        inputs={'images': ('float32', ('batch', 3, SIDE, SIDE))},
        outputs={name: ('float32', ('num', 7))},
    )


def tables(*outputs: np.ndarray, **options: Any) -> Callable[[Path], str]:
    """A writer of a file that always gives these."""
    options = {'input_shape': (1, 3, SIDE, SIDE), **options}
    return lambda path: write_onnx(path, *outputs, **options)


# Layout: what writes the file, and the decoder that reads it.
EXPORTS: dict[str, tuple[Callable[[Path], str], str]] = {
    'yolov8': (tables(yolov8(), names=['output0']), 'YOLOv8Decoder'),
    'yolov8-metadata': (tables(yolov8(), metadata=ULTRALYTICS), 'YOLOv8Decoder'),
    'yolov8-seg': (
        tables(
            yolov8(116),
            np.zeros((1, 32, 16, 16), np.float32),
            metadata=ULTRALYTICS | {'task': 'segment'},
        ),
        'YOLOv8Decoder',
    ),
    'yolov5': (
        tables(yolov5(), np.zeros((1, 3, 8, 8, 85), np.float32)),
        'YOLOv5Decoder',
    ),
    'yolov10': (tables(yolov10(), metadata=ULTRALYTICS), 'YOLOv10Decoder'),
    'yolov10-half': (
        tables(yolov10().astype(np.float16), input_type='float16'),
        'YOLOv10Decoder',
    ),
    'efficient-nms': (
        tables(
            np.array([[2]], np.int32),
            padded(BOXES, 5)[:, 2:],
            np.float32([[0.9, 0.8, 0.7]]),
            np.int32([[0, 2, 1]]),
            names=['num_dets', 'det_boxes', 'det_scores', 'det_classes'],
        ),
        'EfficientNMSDecoder',
    ),
    'yolov7-nms': (batch_rows, 'BatchRowsDecoder'),
    'rtdetr-optimum': (
        tables(*queries()[::-1], names=['logits', 'pred_boxes']),
        'BoxLogitsDecoder',
    ),
    'rfdetr': (
        tables(*queries(91, first_class=1), names=['dets', 'labels']),
        'BoxLogitsDecoder',
    ),
    'rtdetr-ultralytics': (
        tables(
            padded(np.c_[centred() / SIDE, class_scores()], 300), metadata=ULTRALYTICS
        ),
        'BoxLogitsDecoder',
    ),
    'rtdetr-own': (
        tables(
            LABELS[None],
            BOXES[None],
            SCORES[None],
            names=['labels', 'boxes', 'scores'],
            beside=SIZE_INPUT,
        ),
        'BoxesDecoder',
    ),
}
