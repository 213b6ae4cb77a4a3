"""mmdet with and without mmcv's compiled operators."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip('mmdet', reason='needs mmdet')

from mmsmot.utils import mmcv_ops_stand_in
from mmsmot.utils.mmdet_bridge import has_compiled_ops

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
