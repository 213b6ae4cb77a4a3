"""mmdet with and without mmcv's compiled operators."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.utils import mmcv_ops_stand_in
from mmsmot.utils.mmdet_bridge import has_compiled_ops, import_mmdet

ROOT = Path(__file__).parents[2]
needs_ops = pytest.mark.skipif(
    not has_compiled_ops(), reason="needs mmcv's compiled operators"
)

DETECT = """
import sys
if {block}:
    sys.modules['mmcv._ext'] = None  # an import of it fails from now on
import numpy as np, torch
from tests.models.detectors.tiny_mmdet import tiny_fcos
from mmsmot.models.detectors.mmdet_detector import MMDetDetector
from mmsmot.structures import Frame, VideoInfo
from mmsmot.utils.mmdet_bridge import has_compiled_ops
torch.manual_seed(0)
detector = MMDetDetector(tiny_fcos(), score_threshold=0.0, labels=None)
image = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
found = detector.detect([Frame(VideoInfo('a', 'a'), 1, 0.0, lambda: image)])[0]
print('compiled', has_compiled_ops())
from mmengine.model import revert_sync_batchnorm
revert_sync_batchnorm(detector)  # MMEngine's Runner does; it looks for the module
print('boxes', np.round(found.boxes, 3).tolist(), np.round(found.scores, 5).tolist())
if {block}:
    import mmcv.ops
    try:
        mmcv.ops.RoIAlign(2)(torch.zeros(1, 1, 8, 8), torch.zeros(1, 5))
    except NotImplementedError as error:
        print('refused', error)
"""


def detect(block: bool) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, '-c', DETECT.format(block=block)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(' ', 1) for line in done.stdout.splitlines() if ' ' in line)


def test_without_operators_a_detector_works_and_others_say_why() -> None:
    found = detect(block=True)
    assert found['compiled'] == 'False'
    assert found['boxes'].count('[') > 5
    assert "'roi_align_forward'" in found['refused']
    assert 'pip install --no-build-isolation' in found['refused']


@needs_ops
def test_the_digits_are_those_of_the_compiled_build() -> None:
    compiled = detect(block=False)
    assert compiled['compiled'] == 'True'
    assert compiled['boxes'] == detect(block=True)['boxes']


@needs_ops
@pytest.mark.parametrize('offset', [0, 1])
@pytest.mark.parametrize('threshold', [0.3, 0.6])
def test_nms_equals_the_compiled_one(offset: int, threshold: float) -> None:
    from mmcv.ops import nms

    generator = torch.Generator().manual_seed(offset)
    corners = torch.rand(200, 2, generator=generator) * 60
    sizes = torch.rand(200, 2, generator=generator) * 40 + 2
    boxes = torch.cat([corners, corners + sizes], dim=1)
    scores = torch.rand(200, generator=generator)
    _, kept = nms(boxes, scores, threshold, offset=offset)
    ours = mmcv_ops_stand_in.nms(boxes, scores, threshold, offset)
    assert ours.tolist() == kept.tolist()


def test_nms_by_hand() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]])
    kept = mmcv_ops_stand_in.nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5, 0)
    assert kept.tolist() == [1, 2]
    assert mmcv_ops_stand_in.nms(boxes[:0], torch.empty(0), 0.5, 0).tolist() == []


class OnGPU(torch.Tensor):
    """Says where it is and gives a copy; any other question to it would have to wait."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, '__name__', '')
        if function == torch.Tensor.device.__get__:
            return torch.device('meta')
        assert name == 'cpu', f'{name} waits for the device'
        return args[0].as_subclass(torch.Tensor)


def test_boxes_leave_a_gpu_once() -> None:
    """A wait for each of thousands of boxes was what detecting took longest for."""
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]])
    scores = torch.tensor([0.5, 0.9, 0.1])
    there = (tensor.as_subclass(OnGPU) for tensor in (boxes, scores))
    kept = mmcv_ops_stand_in.nms(*there, 0.5, 0)
    assert (kept.device.type, kept.shape) == ('meta', (2,))


@needs_ops
def test_a_device_that_the_operators_were_not_built_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import_mmdet()
    from mmcv.ops import nms

    boxes, scores = torch.zeros(3, 4), torch.zeros(3)
    asked = []

    def stand_in(boxes, scores, iou_threshold, offset) -> torch.Tensor:
        asked.append((boxes.device.type, iou_threshold, offset))
        return torch.zeros(1, dtype=torch.int64, device=boxes.device)

    monkeypatch.setattr(mmcv_ops_stand_in, 'nms', stand_in)
    found, _ = nms(boxes.to('meta'), scores.to('meta'), 0.25, offset=1)
    assert asked == [('meta', 0.25, 1)]
    assert found.shape == (1, 5)
    nms(boxes, scores, 0.25)
    assert len(asked) == 1  # the CPU has its own


def test_other_errors_of_the_operators_are_told() -> None:
    def refuse(boxes, scores, iou_threshold, offset) -> None:
        raise RuntimeError('boxes should be contiguous')

    operators = SimpleNamespace(nms=refuse)
    mmcv_ops_stand_in.help_out(operators)
    with pytest.raises(RuntimeError, match='contiguous'):
        operators.nms(torch.zeros(3, 4), torch.zeros(3), 0.25, 0)
