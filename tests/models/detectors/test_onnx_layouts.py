"""ONNX exports of many layouts: read, recognised, and named where they cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmsmot.engine import load_config, set_config_weights
from mmsmot.models.detectors import ONNXDetector
from mmsmot.models.detectors.image_preparation import PREPARATIONS
from mmsmot.models.detectors.output_layouts import (
    ExportLayout,
    OutputSpec,
    candidate_layouts,
)
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from tests.models.detectors.onnx_exports import (
    BOXES,
    CELLS,
    EXPORTS,
    LABELS,
    SCORES,
    SIDE,
    ULTRALYTICS,
    batch_rows,
    centred,
    logits_of,
    padded,
    queries,
    tables,
    yolov5,
    yolov8,
    yolov10,
)
from tests.tiny_onnx import node, write_graph


def black(rows: int = SIDE, columns: int = SIDE) -> Frame:
    image = np.zeros((rows, columns, 3), np.uint8)
    return Frame(VideoInfo('image', 'image'), 1, 0.0, lambda: image)


def tiny(path: Path, *outputs: np.ndarray, **options: Any) -> str:
    """A file that always gives these."""
    return tables(*outputs, **options)(path)


def refusal(path: str, **options: Any) -> str:
    """Why a file is not read, at build or at the first frame."""
    with pytest.raises(ValueError, match='') as caught:
        ONNXDetector(model=path, **options).detect([black()])
    assert str(caught.value).startswith(path)
    return str(caught.value)


@pytest.mark.parametrize('name', EXPORTS)
def test_each_layout_is_recognised_and_read(name: str, tmp_path: Path) -> None:
    write, decoder = EXPORTS[name]
    path = write(tmp_path / 'net.onnx')
    detector = ONNXDetector(model=path, labels=None)
    assert type(detector.decoder).__name__ == decoder
    (detections,) = detector.detect([black()])
    order = np.argsort(-detections.scores)
    atol = 0.01 if 'half' in name else 1e-3
    np.testing.assert_allclose(detections.boxes[order], BOXES, atol=atol)
    np.testing.assert_allclose(detections.scores[order], SCORES, atol=1e-3)
    first_class = 1 if name == 'rfdetr' else 0
    np.testing.assert_array_equal(detections.labels[order], LABELS + first_class)
    # The decoder as it is written in a config, and people by their name.
    people = ONNXDetector(model=path, decoder=detector.decoder, classes=['Person'])
    assert people.preparation == detector.preparation
    (detections,) = people.detect([black()])
    np.testing.assert_allclose(detections.boxes, BOXES[:1], atol=atol)
    assert detections.labels.tolist() == [0]


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('yolov8', [32, 0, 64, 64]),  # half as large, 24 rows of padding above
        ('rtdetr-optimum', [32, 8, 64, 56]),  # stretched
        ('rtdetr-own', [32, 8, 64, 56]),
    ],
)
def test_boxes_come_back_in_the_frame(
    name: str, expected: list[float], tmp_path: Path
) -> None:
    write, _ = EXPORTS[name]
    detector = ONNXDetector(model=write(tmp_path / 'net.onnx'))
    (detections,) = detector.detect([black(SIDE, 2 * SIDE)])
    np.testing.assert_allclose(detections.boxes, [expected], atol=1e-3)


def test_an_open_batch_is_run_at_once(tmp_path: Path) -> None:
    """Each image of a batch has its own rows of the one output."""
    detector = ONNXDetector(model=batch_rows(tmp_path / 'net.onnx'), labels=None)
    counts = [len(detections) for detections in detector.detect([black()] * 3)]
    assert counts == [2, 2, 2]
    flat = batch_rows(tmp_path / 'flat.onnx', score_first=True, name='flat_predictions')
    assert 'set preparation too' in refusal(flat)
    detector = ONNXDetector(model=flat, preparation='yolo', labels=None)
    (detections,) = detector.detect([black()])
    np.testing.assert_allclose(sorted(detections.scores), [0.8, 0.9], atol=1e-6)
    wrong = dict(type='BatchRowsDecoder')
    assert 'Set score_first=True' in refusal(flat, decoder=wrong)


def test_an_image_of_a_batch_without_a_box(tmp_path: Path) -> None:
    rows = np.float32([[1, *BOXES[0], 0, 0.9], [1, *BOXES[1], 2, 0.8]])
    path = tiny(
        tmp_path / 'net.onnx', rows, names=['output'], input_shape=('b', 3, SIDE, SIDE)
    )
    detections = ONNXDetector(model=path, labels=None).detect([black()] * 3)
    assert [len(d) for d in detections] == [0, 2, 0]
    decoded = ONNXDetector(model=path).decoder([rows], (SIDE, SIDE))
    assert [len(scores) for _, scores, _ in decoded] == [0, 2]


def test_the_export_is_told_the_size_of_its_input(tmp_path: Path) -> None:
    """RT-DETR's exporter multiplies by width and height, in this order."""
    path = write_graph(
        tmp_path / 'net.onnx',
        [
            node('Cast', ['orig_target_sizes'], ['size'], to=1),
            node('Concat', ['size', 'size'], ['scale'], axis=1),
            node('Mul', ['fractions', 'scale'], ['boxes']),
            node('Identity', ['w_labels'], ['labels']),
            node('Identity', ['w_scores'], ['scores']),
        ],
        weights={
            'fractions': np.float32([[[0.25, 0.5, 0.5, 1.0]]]),
            'w_labels': np.int64([[0]]),
            'w_scores': np.float32([[0.9]]),
        },
        inputs={
            'images': ('float32', (1, 3, 32, 96)),
            'orig_target_sizes': ('int64', (1, 2)),
        },
        outputs={
            'labels': ('int64', (1, 1)),
            'boxes': ('float32', (1, 1, 4)),
            'scores': ('float32', (1, 1)),
        },
    )
    (detections,) = ONNXDetector(model=path).detect([black(100, 200)])
    np.testing.assert_allclose(detections.boxes, [[50, 50, 100, 100]], rtol=1e-5)


def test_softmax_and_no_object(tmp_path: Path) -> None:
    """DETR's 92nd class; read as a sigmoid it would be a class in every query."""
    scores = np.full((1, 30, 92), -5.0, np.float32)
    scores[0, :, 91] = 5
    scores[0, [15, 16], 91] = -5
    scores[0, [15, 16], [1, 3]] = 5  # COCO's numbers of person and car
    boxes = padded(centred() / SIDE, 30)
    path = tiny(tmp_path / 'net.onnx', scores, boxes, names=['logits', 'pred_boxes'])
    detector = ONNXDetector(model=path, classes=['car', 'person'])
    assert detector.decoder.activation == 'softmax'
    assert detector.preparation.mean[0] == 123.675
    (detections,) = detector.detect([black()])
    # exp(5) against 91 of exp(-5)
    expected = 1 / (1 + 91 * np.exp(-10.0))
    np.testing.assert_allclose(detections.scores, expected, rtol=1e-5)
    order = np.argsort(detections.labels)
    np.testing.assert_allclose(detections.boxes[order], BOXES[::-1], atol=1e-4)
    message = refusal(path, decoder=dict(type='BoxLogitsDecoder'))
    assert '93% of the queries score above 0.5 in the last of 92' in message
    assert "Set activation='softmax'" in message


def test_a_query_may_be_of_two_classes(tmp_path: Path) -> None:
    """The Q highest scores of any query and class, as RT-DETR's authors take them."""
    logits = np.full((1, 3, 4), -9.0, np.float32)
    logits[0, 1] = logits_of(np.array([0.6, 0.7, 0.1, 0.1]))
    logits[0, 2] = logits_of(np.array([0.0, 0.0, 0.2, 0.0]))
    boxes = np.tile(np.float32([[0.5, 0.5, 0.2, 0.2]]), (1, 3, 1))
    path = tiny(tmp_path / 'net.onnx', logits, boxes, names=['logits', 'pred_boxes'])
    decoder = dict(type='BoxLogitsDecoder', logits_first=True)
    detector = ONNXDetector(model=path, decoder=decoder, labels=None)
    (detections,) = detector.detect([black()])
    pairs = sorted(
        zip(detections.labels.tolist(), detections.scores.round(4), strict=True)
    )
    assert pairs == [(0, 0.6), (1, 0.7), (2, 0.2)]


def test_duplicates_are_left_where_suppression_is_in_the_export(
    tmp_path: Path,
) -> None:
    twice = np.c_[np.tile(BOXES[:1], (2, 1)), [0.9, 0.8], [0, 0]].astype(np.float32)
    path = tiny(tmp_path / 'a.onnx', padded(twice, 300))
    assert len(ONNXDetector(model=path).detect([black()])[0]) == 2
    assert len(ONNXDetector(model=path, nms_threshold=0.5).detect([black()])[0]) == 1
    columns = yolov8()
    columns[0, :, 0] = columns[0, :, CELLS // 2]  # the same person again
    path = tiny(tmp_path / 'b.onnx', columns)
    assert len(ONNXDetector(model=path).detect([black()])[0]) == 1
    assert len(ONNXDetector(model=path, nms_threshold=None).detect([black()])[0]) == 2


@pytest.mark.parametrize(
    ('write', 'names'),
    [
        # Output sizes, and all that the message must hold.
        (
            tables(np.zeros((1, CELLS, 85), np.float32), names=['outputs']),
            [
                'YOLOXDecoder',
                'YOLOv5Decoder',
                "'outputs' (1, 189, 85) float32",
                '96x96',
            ],
        ),
        (
            tables(np.zeros((1, 77, 9), np.float32)),
            ['BoxLogitsDecoder', "activation='none'"],
        ),
        (
            tables(np.float32([[[1, 2, 30, 40, 0.9]]]), np.int64([[0]])),
            ['BoxesDecoder', 'MMDeploy', "preparation too ('rtmdet'"],
        ),
        (
            tables(np.zeros((1, CELLS * 30, 4), np.float32)),
            ['No decoder here', 'TASK_UTILS', "'output0' (1, 5670, 4)"],
        ),
        (
            tables(np.zeros((1, 5, 16, 16), np.float32)),
            ['No decoder here', "'output0' (1, 5, 16, 16)"],
        ),
        (
            tables(np.zeros((4, 7), np.float32), names=['detections']),
            ['BatchRowsDecoder', 'score_first=True'],
        ),
        (
            tables(yolov8(86), metadata=ULTRALYTICS | {'task': 'obb'}),
            ['No decoder here'],  # a box of these has an angle
        ),
        (
            tables(yolov10(), metadata={'names': "['person', 'car']"}),
            ['YOLOv10Decoder', 'BoxLogitsDecoder'],  # 4 + 2 classes, or finished
        ),
    ],
)
def test_what_is_not_certain_is_named(write, names: list[str], tmp_path: Path) -> None:
    message = refusal(write(tmp_path / 'net.onnx'))
    assert 'is not certain' in message or 'do not tell how their images' in message
    for name in names:
        assert name in message


@pytest.mark.parametrize(
    ('name', 'decoder', 'expected'),
    [
        ('yolov8', 'YOLOXDecoder', ['YOLOXDecoder expects', "type='YOLOv8Decoder'"]),
        ('yolov8', 'YOLOv5Decoder', ['YOLOv5Decoder expects', "type='YOLOv8Decoder'"]),
        ('yolov5', 'YOLOv8Decoder', ['YOLOv8Decoder expects', "type='YOLOv5Decoder'"]),
        ('yolov5', 'BoxesDecoder', ['BoxesDecoder expects', "type='YOLOv5Decoder'"]),
        (
            'rtdetr-own',
            'BoxLogitsDecoder',
            ['BoxLogitsDecoder expects', "type='BoxesDecoder'"],
        ),
        ('rtdetr-optimum', 'BatchRowsDecoder', ["type='BoxLogitsDecoder'"]),
        ('rtdetr-optimum', 'EfficientNMSDecoder', ["type='BoxLogitsDecoder'"]),
        (
            'rtdetr-ultralytics',
            'YOLOv10Decoder',
            ['YOLOv10Decoder expects boxes in pixels', "activation='none'"],
        ),
    ],
)
def test_a_decoder_of_another_layout(
    name: str, decoder: str, expected: list[str], tmp_path: Path
) -> None:
    path = EXPORTS[name][0](tmp_path / 'net.onnx')
    options = {}
    if decoder == 'YOLOv10Decoder':
        options = dict(score_threshold=0.0)  # it reads a class's score as the label
    message = refusal(path, decoder=dict(type=decoder), **options)
    for text in expected:
        assert text in message


@pytest.mark.parametrize(
    ('decoder', 'outputs', 'expected'),
    [
        (dict(type='YOLOv8Decoder'), [yolov8() / 100], 'pixels'),
        (dict(type='YOLOv5Decoder'), [yolov5() * 9], 'scores from 0 to 1'),
        (dict(type='BoxLogitsDecoder', normalized=False), queries(), 'normalized=True'),
        (
            dict(type='BoxLogitsDecoder'),
            [queries()[0] * SIDE, queries()[1]],
            'normalized=False',
        ),
        (
            dict(type='BoxLogitsDecoder', activation='none'),
            [queries()[0], -queries()[1]],
            "activation='sigmoid'",
        ),
    ],
)
def test_other_units(
    decoder: dict, outputs: list[np.ndarray], expected: str, tmp_path: Path
) -> None:
    path = tiny(tmp_path / 'net.onnx', *outputs)
    assert expected in refusal(path, decoder=decoder, score_threshold=0.001)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(classes=['persn']), "no class 'persn' among its 80; .*person"),
        (dict(labels=[3, 80]), r'80 classes, numbers 0 to 79, and labels=\(3, 80\)'),
        (dict(input_size=(640, 640)), r'fixed size \[1, 3, 96, 96\].*input_size=\(640'),
        (dict(preparation='yolov3'), 'preparation must be one of'),
    ],
)
def test_what_does_not_fit_the_file(
    options: dict, message: str, tmp_path: Path
) -> None:
    path = tiny(tmp_path / 'net.onnx', yolov8())
    with pytest.raises(ValueError, match=message):
        ONNXDetector(model=path, **options)


def test_classes_without_people(tmp_path: Path) -> None:
    names = {'names': "{0: 'helmet', 1: 'vest'}"}
    path = tiny(tmp_path / 'a.onnx', yolov8()[:, :6], metadata=names)
    with pytest.raises(ValueError, match="'person' among its 2; .*helmet, vest"):
        ONNXDetector(model=path, classes=['person'])
    path = tiny(tmp_path / 'b.onnx', yolov8()[:, :7])
    with pytest.raises(ValueError, match='what its 3 classes are called.*labels'):
        ONNXDetector(model=path, classes=['person'])
    path = tiny(tmp_path / 'c.onnx', yolov8()[:, :5])
    (detections,) = ONNXDetector(model=path, classes=['person']).detect([black()])
    assert len(detections) == 1  # the one class that there is


@pytest.mark.parametrize('text', ['{', '3', "{'a': 1}", '[' * 10**5, 'open("a")'])
def test_names_that_are_none(text: str, tmp_path: Path) -> None:
    path = tiny(tmp_path / 'a.onnx', yolov8(), metadata={'names': text})
    assert len(ONNXDetector(model=path).detect([black()])[0]) == 1


def test_sizes_that_the_file_leaves_open(tmp_path: Path) -> None:
    """Then a run on a grey image tells; an open input needs a size."""
    path = write_graph(
        tmp_path / 'net.onnx',
        [node('Identity', ['w'], ['output0'])],
        weights={'w': yolov8()},
        inputs={'images': ('float32', ('b', 3, 'h', 'w'))},
        outputs={'output0': ('float32', ('b', 'rows', 'anchors'))},
    )
    with pytest.raises(ValueError, match=r'input size open .*input_size=\(height'):
        ONNXDetector(model=path)
    detector = ONNXDetector(model=path, input_size=(SIDE, SIDE))
    assert type(detector.decoder).__name__ == 'YOLOv8Decoder'
    message = refusal(path, input_size=(SIDE, 2 * SIDE))
    assert "'output0' (1, 84, 189)" in message and '192x96' in message


def test_mmdeploys_rtmdet_by_options_of_the_config(tmp_path: Path) -> None:
    """As configs/two_stage/README.md says it."""
    rows = np.c_[BOXES, SCORES].astype(np.float32)[None]
    path = tiny(tmp_path / 'net.onnx', rows, LABELS[None], names=['dets', 'labels'])
    options = {
        'model.detector.decoder.type': 'BoxesDecoder',
        'model.detector.preparation': 'rtmdet',
    }
    config = load_config('two_stage/bytetrack_onnx', options)
    set_config_weights(config, path)
    detector = MODELS.build(config.model.detector)
    assert detector.preparation == PREPARATIONS['rtmdet']
    (detections,) = detector.detect([black()])
    np.testing.assert_allclose(detections.boxes, BOXES[:1])
    assert detections.labels.tolist() == [0]


def test_a_plugin_of_tensorrt(tmp_path: Path) -> None:
    path = write_graph(
        tmp_path / 'net.onnx',
        [node('EfficientNMS_TRT', ['images'], ['num_dets'], domain='TRT')],
        weights={},
        inputs={'images': ('float32', (1, 3, SIDE, SIDE))},
        outputs={'num_dets': ('int32', (1, 1))},
    )
    with pytest.raises(ValueError, match='operator of TensorRT.*export it for onnxrun'):
        ONNXDetector(model=path)


def test_another_second_input(tmp_path: Path) -> None:
    beside = {'scale_factor': ('float32', (1, 2))}
    path = tiny(tmp_path / 'net.onnx', yolov8(), beside=beside)
    with pytest.raises(ValueError, match=r'orig_target_sizes\), got .*scale_factor'):
        ONNXDetector(model=path)


def test_real_files_of_shared_data(test_data: Path) -> None:
    folder = test_data / 'data/models'
    yolox = ONNXDetector(model=str(folder / 'yolox_nano.onnx'))
    assert type(yolox.decoder).__name__ == 'YOLOXDecoder'
    assert yolox.nms_threshold == 0.45 and not yolox.preparation.has_fractions
    stated = dict(type='YOLOXDecoder')
    same = ONNXDetector(model=str(folder / 'yolox_nano.onnx'), decoder=stated)
    assert same.fingerprint == yolox.fingerprint
    # Anchors whose boxes are offsets, which no rule may take for boxes.
    for name in ('ssdlite_pedestrian_raw', 'ultraface_rfb320_raw'):
        message = refusal(str(folder / f'{name}.onnx'))
        assert 'is not certain' in message and "type='SSDDecoder'" in message


def test_outputs_are_told_apart_by_all_axes() -> None:
    """No shape has two certain readings."""
    export_sizes = [(416, 416), (640, 640), (1280, 1280), (384, 640)]
    for size in export_sizes:
        cells = ExportLayout((), size).num_cells((8, 16, 32))
        for shape in (
            *((1, 4 + n, cells) for n in (1, 2, 80)),
            *((1, 3 * cells, 5 + n) for n in (1, 2, 80)),
            *((1, cells, 5 + n) for n in (1, 2, 80)),
            *((1, rows, 6) for rows in (100, 300)),
        ):
            export = ExportLayout((OutputSpec('output', shape),), size)
            assert [layout.certain for layout in candidate_layouts(export)] == [True]


def layouts_of(*outputs: OutputSpec, side: int = 640) -> list:
    return candidate_layouts(ExportLayout(outputs, (side, side)))


def test_fine_tuned_queries_are_not_certain() -> None:
    """Six logits are five classes and "no object", or six classes."""
    for count in (6, 91):
        layouts = layouts_of(
            OutputSpec('logits', (1, 100, count)), OutputSpec('pred_boxes', (1, 100, 4))
        )
        assert [layout.certain for layout in layouts] == [False] * 3
        assert [layout.decoder.get('activation') for layout in layouts] == [
            None,
            None,
            'softmax',
        ]
        assert [layout.preparation for layout in layouts] == [
            '',
            'imagenet',
            'imagenet',
        ]


def test_masks_and_key_points_without_names_are_no_classes() -> None:
    prototypes = OutputSpec('output1', (1, 32, 160, 160))
    (masks,) = layouts_of(OutputSpec('output0', (1, 116, 8400)), prototypes)
    assert (masks.decoder['num_classes'], masks.num_classes, masks.certain) == (
        80,
        80,
        True,
    )
    (points,) = layouts_of(OutputSpec('output0', (1, 56, 8400)))
    assert not points.certain
    (two_classes,) = layouts_of(OutputSpec('output0', (1, 38, 8400)), prototypes)
    assert (two_classes.num_classes, two_classes.certain) == (2, True)
