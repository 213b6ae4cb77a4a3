"""Configs with detectors that a user downloads: run with files as a user has them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.hub import get_config

from mmsmot.apis import SMOTInferencer
from mmsmot.utils.mmdet_bridge import import_mmdet, mmdet_scope
from tests.demo_scene import make_demo_scene
from tests.models.detectors.tiny_mmdet import tiny_fcos
from tests.tiny_transformers import save_detector

RTMDET = 'two_stage/bytetrack_rtmdet-tiny'
# What random weights see is never sure.
UNSURE = {
    'model.tracker.track_threshold': 0.01,
    'model.tracker.birth_threshold': 0.01,
    'model.tracker.low_threshold': 0.0,
    'model.detector.score_threshold': 0.0,
}


@pytest.fixture(scope='module')
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo_scene(tmp_path_factory.mktemp('clip') / 'walk', num_frames=3)


@pytest.fixture(scope='module')
def rtmdet(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The zoo's own network, as its checkpoints are written, with random weights."""
    mmdet = import_mmdet()
    config = get_config('mmdet::rtmdet/rtmdet_tiny_8xb32-300e_coco.py')
    config.model.backbone.init_cfg = None
    torch.manual_seed(0)
    with mmdet_scope():
        model = mmdet.registry.MODELS.build(config.model)
    with torch.no_grad():
        for layer in model.bbox_head.rtm_cls:
            layer.bias[0] = 2  # people everywhere
    path = tmp_path_factory.mktemp('zoo') / 'rtmdet_tiny.pth'
    meta = {'dataset_meta': {'classes': ('person',)}, 'mmengine_version': '0.10.7'}
    torch.save({'meta': meta, 'state_dict': model.state_dict()}, path)
    return str(path)


@pytest.mark.parametrize(
    ('config', 'kind'), [('rtdetrv2-r18', 'RTDetrV2'), ('dfine-s', 'DFine')]
)
def test_detectors_of_transformers(
    config: str, kind: str, clip: Path, tmp_path: Path
) -> None:
    folder = save_detector(tmp_path / 'model', kind=kind)
    inferencer = SMOTInferencer(
        f'two_stage/bytetrack_{config}', weights=str(folder), options=UNSURE
    )
    result = inferencer(clip, tmp_path / 'out', draw=False)
    detector = inferencer.model.estimator.detector
    assert type(detector.model).__name__ == f'{kind}ForObjectDetection'
    assert len(result['trajectories']) > 0
    assert {row['label'] for row in result['trajectories']} == {0}  # its class 1
    boxes = np.concatenate([row['boxes_xyxy'] for row in result['trajectories']])
    width, height = result['video']['width'], result['video']['height']
    assert (boxes >= 0).all() and (boxes <= [width, height] * 2).all()


def test_a_detector_of_mmdets_zoo(clip: Path, rtmdet: str, tmp_path: Path) -> None:
    inferencer = SMOTInferencer(RTMDET, weights=rtmdet, options=UNSURE)
    result = inferencer(clip, tmp_path / 'out', draw=False, end=1)
    detector = inferencer.model.estimator.detector
    assert type(detector.model).__name__ == 'RTMDet'
    assert len(result['trajectories']) > 0
    assert result['warnings'] == []  # nothing random: it has its weights


def test_without_its_weights_a_detector_says_where_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr('huggingface_hub.constants.HF_HUB_OFFLINE', True)
    with pytest.raises(
        FileNotFoundError,
        match=r'has no weights.*download https://\S+rtmdet_tiny\S+\.pth .*--weights FILE',
    ):
        _ = SMOTInferencer(RTMDET).model
    for config in ('rtdetrv2-r18', 'dfine-s'):
        with pytest.raises(
            FileNotFoundError,
            match=r'hf download \S+ .*--local-dir \S+ .*--weights FOLD',
        ):
            _ = SMOTInferencer(f'two_stage/bytetrack_{config}').model
    with pytest.raises(FileNotFoundError, match='--weights FILE'):
        _ = SMOTInferencer('two_stage/bytetrack_onnx').model


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_checkpoints_that_are_none(rtmdet: str, tmp_path: Path) -> None:
    path = tmp_path / 'bad.pth'

    def refused(message: str) -> None:
        with pytest.raises(ValueError, match=message):
            _ = SMOTInferencer(RTMDET, weights=str(path)).model

    data = Path(rtmdet).read_bytes()
    path.write_bytes(data[: len(data) // 2])  # half a download
    refused(r'bad\.pth is damaged or no checkpoint')
    path.write_text('<html>404</html>')  # the page of an error
    refused(r'bad\.pth is damaged or no checkpoint')
    torch.save({'state_dict': Malicious(tmp_path / 'ran')}, path)
    refused('could run code from the file')
    assert not (tmp_path / 'ran').exists()
    with mmdet_scope():
        other = import_mmdet().registry.MODELS.build(tiny_fcos()['model'])
    torch.save({'state_dict': other.state_dict()}, path)
    refused('bad.pth belongs to another config than this RTMDet')


def test_a_label_that_the_detector_does_not_have(rtmdet: str) -> None:
    options = {'model.detector.labels': [80]}
    with pytest.raises(ValueError, match=r'labels=\(80,\).*num_classes=80'):
        _ = SMOTInferencer(RTMDET, weights=rtmdet, options=options).model


def test_a_detector_without_people(tmp_path: Path) -> None:
    folder = save_detector(tmp_path)
    options = {'model.detector.classes': ['pedestrian']}
    config = 'two_stage/bytetrack_dfine-s'
    with pytest.raises(
        ValueError, match="no class 'pedestrian' among its 3; .*car, Person, dog"
    ):
        _ = SMOTInferencer(config, weights=str(folder), options=options).model
