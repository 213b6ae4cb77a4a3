"""The benchmark's streams are those the reference times were taken on."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

OURS = Path(__file__).parents[2] / 'tools' / 'benchmarks' / 'detection_streams.py'


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f'streams_{path.parent.name}', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize('num_objects', [10, 50])
def test_equal_arrays(num_objects: int, test_data: Path) -> None:
    reference = load(test_data / 'bench' / 'detection_streams.py')
    detections, truth = reference.make_stream(num_objects, 40)
    for frame, (found, boxes) in enumerate(
        load(OURS).make_detection_stream(num_objects, 40)
    ):
        np.testing.assert_array_equal(found, detections[frame])
        np.testing.assert_array_equal(boxes, truth[frame])


def test_what_a_stream_looks_like() -> None:
    frames = list(load(OURS).make_detection_stream(100, 50))
    found = np.concatenate([detections for detections, _ in frames])
    assert found.dtype == np.float32
    assert len(found) / 50 == pytest.approx(100 * (0.92 + 0.08), rel=0.03)
    assert all(boxes[:, 0].tolist() == list(range(1, 101)) for _, boxes in frames)
