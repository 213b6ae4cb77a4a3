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
from tests.utils.deformable_layer import training_step

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
detector = MMDetDetector(config=tiny_fcos(), score_threshold=0.0, labels=None)
image = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
found = detector.detect([Frame(VideoInfo('a', 'a'), 1, 0.0, lambda: image)])[0]
print('compiled', has_compiled_ops())
from mmengine.model import revert_sync_batchnorm
revert_sync_batchnorm(detector)  # MMEngine's Runner does; it looks for the module
print('boxes', np.round(found.boxes, 3).tolist(), np.round(found.scores, 5).tolist())
if {block}:
    import mmcv.ops
    try:
        mmcv.ops.RoIPool(2)(torch.zeros(1, 1, 8, 8), torch.zeros(1, 5))
    except NotImplementedError as error:
        print('refused', error)
"""

# A training step of the detector that the small configs have, and what it finds.
LEARN = """
import sys
if {block}:
    sys.modules['mmcv._ext'] = None
import numpy as np, torch
from mmengine.config import Config
import mmsmot.models
from mmsmot.registry import MODELS
from mmsmot.structures import Frame, VideoInfo
from mmsmot.utils.mmdet_bridge import has_compiled_ops
torch.manual_seed(0)
config = Config.fromfile('configs/_base_/detectors/centernet_tiny.py')
detector = MODELS.build(config.centernet_tiny).train()
head = detector.model.bbox_head
torch.nn.init.zeros_(head.conv_cls.bias)  # people everywhere,
torch.nn.init.constant_(head.conv_reg.bias, 2.0)  # large enough to overlap
images = np.random.default_rng(0).integers(0, 255, (2, 96, 160, 3)).astype(np.uint8)
frames = [Frame(VideoInfo('a', 'a'), i, 0.0, lambda i=i: images[i]) for i in (0, 1)]
boxes = np.array([[20.0, 10, 60, 90], [70, 30, 100, 80]])
found = detector.detect(frames)
targets = [(boxes, np.array([0, 0])), (boxes[:0], np.array([], int))]
losses = detector.loss(frames, targets)
sum(losses.values()).backward()
torch.optim.SGD(detector.parameters(), lr=1e-4).step()
after = detector.loss(frames, targets)
print('compiled', has_compiled_ops())
print('losses', *(round(float(v), 4) for d in (losses, after) for v in d.values()))
first = next(detector.model.backbone.parameters())
print('gradient', round(float(first.grad.abs().sum()), 4))
print('found', *map(len, found))
print('boxes', np.round(np.concatenate([f.boxes for f in found]), 2).tolist())
print('embeddings', round(float(sum(f.embeddings.sum() for f in found)), 3))
"""

DEFORM = """
import sys
if {block}:
    sys.modules['mmcv._ext'] = None
from mmsmot.utils.mmdet_bridge import has_compiled_ops, import_mmdet
import_mmdet()
from tests.utils.deformable_layer import training_step
print('compiled', has_compiled_ops())
for name, values in training_step().items():
    print(name, *values)
"""


def detect(block: bool) -> dict[str, str]:
    return run(DETECT, block)


def run(script: str, block: bool) -> dict[str, str]:
    """What a script prints, by the first word of each line."""
    done = subprocess.run(
        [sys.executable, '-c', script.format(block=block)],
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
    assert "'roi_pool_forward'" in found['refused']
    assert 'pip install --no-build-isolation' in found['refused']


@needs_ops
@pytest.mark.parametrize('samples', [0, 2])
def test_roi_align_is_the_operators_with_its_gradient(samples: int) -> None:
    from mmcv.ops import RoIAlign

    import_mmdet()
    torch.manual_seed(0)
    rois = torch.tensor(
        [
            [0.0, 3, 5, 40, 60],
            [1, -8, -8, 25, 31],
            [1, 50, 20, 90, 70],
            [0, 2, 2, 2.5, 9],
        ]
    )
    inputs = torch.randn(2, 3, 8, 10, requires_grad=True)
    options = dict(spatial_scale=0.125, sampling_ratio=samples)
    expected = RoIAlign((3, 2), **options)(inputs, rois)
    weights = torch.randn_like(expected)
    (expected_grad,) = torch.autograd.grad((expected * weights).sum(), inputs)
    options |= dict(aligned_height=3, aligned_width=2, pool_mode=1, aligned=True)
    output, grad, none = torch.empty(4, 3, 3, 2), torch.zeros(2, 3, 8, 10), rois[:0]
    mmcv_ops_stand_in.roi_align_forward(inputs, rois, output, none, none, **options)
    mmcv_ops_stand_in.roi_align_backward(weights, rois, none, none, grad, **options)
    torch.testing.assert_close(output, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(grad, expected_grad, atol=1e-5, rtol=1e-5)


@needs_ops
def test_roi_align_of_channels_last() -> None:
    """mmcv's operator reads such maps in the wrong order."""
    from mmcv.ops import RoIAlign

    import_mmdet()
    inputs = torch.randn(2, 4, 8, 10)
    rois = torch.tensor([[1.0, 3, 5, 40, 60]])
    layer = RoIAlign(2, spatial_scale=0.125, sampling_ratio=2)
    channels_last = inputs.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(layer(channels_last, rois), layer(inputs, rois))


@pytest.mark.parametrize('option', [dict(pool_mode=0), dict(aligned=False)])
def test_other_kinds_of_roi_align_need_the_operator(option: dict) -> None:
    options = dict(aligned_height=2, aligned_width=2, spatial_scale=1.0)
    options |= dict(sampling_ratio=2, pool_mode=1, aligned=True) | option
    zeros = torch.zeros(1, 1, 8, 8)
    with pytest.raises(NotImplementedError, match='aligned=True'):
        mmcv_ops_stand_in.roi_align_forward(
            zeros, torch.zeros(1, 5), zeros, zeros, zeros, **options
        )


def test_deformable_layers_learn_without_operators() -> None:
    result = run(DEFORM, block=True)
    assert result['compiled'] == 'False'
    names = 'weight bias conv_offset.weight conv_offset.bias'  # mmcv's
    assert result['names'] == names
    sums = [float(total) for total in result['sums'].split()]
    assert min(sums) > 0.5
    if has_compiled_ops():
        assert sums == pytest.approx(training_step()['sums'], rel=1e-5)


@needs_ops
def test_the_digits_are_those_of_the_compiled_build() -> None:
    compiled = detect(block=False)
    assert compiled['compiled'] == 'True'
    assert compiled['boxes'] == detect(block=True)['boxes']


def test_the_tiny_detector_learns_and_finds_without_operators() -> None:
    seen = run(LEARN, block=True)
    assert seen['compiled'] == 'False'
    loss_cls, loss_bbox, after_cls, after_bbox = map(float, seen['losses'].split())
    assert (loss_cls, loss_bbox) == pytest.approx((57.704, 1.4475), rel=1e-3)
    assert after_cls < loss_cls - 1
    assert after_bbox < loss_bbox - 1e-3
    assert float(seen['gradient']) == pytest.approx(1375.37, rel=0.01)
    assert [int(n) for n in seen['found'].split()] == [50, 50]  # max_per_img


@needs_ops
def test_the_tiny_detector_has_the_digits_of_the_compiled_build() -> None:
    compiled = run(LEARN, block=False)
    assert compiled.pop('compiled') == 'True'
    blocked = run(LEARN, block=True)
    assert blocked.pop('compiled') == 'False'
    assert compiled == blocked


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
    ours = mmcv_ops_stand_in.stand_in_nms(boxes, scores, threshold, offset)
    assert ours.tolist() == kept.tolist()


def test_nms_by_hand() -> None:
    boxes = torch.tensor([[0.0, 0, 10, 10], [1, 0, 11, 10], [30, 30, 40, 40]])
    kept = mmcv_ops_stand_in.stand_in_nms(boxes, torch.tensor([0.5, 0.9, 0.1]), 0.5, 0)
    assert kept.tolist() == [1, 2]
    assert (
        mmcv_ops_stand_in.stand_in_nms(boxes[:0], torch.empty(0), 0.5, 0).tolist() == []
    )


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
    kept = mmcv_ops_stand_in.stand_in_nms(*there, 0.5, 0)
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

    monkeypatch.setattr(mmcv_ops_stand_in, 'stand_in_nms', stand_in)
    found, _ = nms(boxes.to('meta'), scores.to('meta'), 0.25, offset=1)
    assert asked == [('meta', 0.25, 1)]
    assert found.shape == (1, 5)
    nms(boxes, scores, 0.25)
    assert len(asked) == 1  # the CPU has its own


@needs_ops
def test_a_deformable_layer_on_a_device_that_they_were_not_built_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import_mmdet()
    from mmcv.ops import modulated_deform_conv2d

    shapes = []
    monkeypatch.setattr(
        mmcv_ops_stand_in,
        'modulated_deform_conv_forward',
        lambda *args, **options: shapes.append((args[6].shape, options['pad_h'])),
    )
    sizes = (1, 2, 5, 5), (1, 18, 5, 5), (1, 9, 5, 5), (3, 2, 3, 3)
    tensors = [torch.zeros(size, device='meta') for size in sizes]
    output = modulated_deform_conv2d(*tensors, None, 1, 1)
    assert shapes == [(output.shape, 1)] == [((1, 3, 5, 5), 1)]


def test_other_errors_of_the_operators_are_told() -> None:
    def refuse(boxes, scores, iou_threshold, offset) -> None:
        raise RuntimeError('boxes should be contiguous')

    operators = SimpleNamespace(nms=refuse)
    mmcv_ops_stand_in.add_mmcv_fallbacks(operators)
    with pytest.raises(RuntimeError, match='contiguous'):
        operators.nms(torch.zeros(3, 4), torch.zeros(3), 0.25, 0)
