from __future__ import annotations

from mmsmot.engine import drop_init_cfg, load_config
from mmsmot.registry import MODELS


def test_finished_weights_fetch_none_to_start_from(monkeypatch) -> None:
    def fetch(*args, **kwargs):
        raise AssertionError('asked for weights that others would go over')

    monkeypatch.setattr(
        'mmengine.runner.checkpoint.CheckpointLoader.load_checkpoint', fetch
    )
    config = load_config('smoter/smoter_r50_bensmot')
    backbone = config.model.detector.config.model.backbone
    assert backbone.init_cfg.checkpoint == 'torchvision://resnet50'
    config.model.semantics = None
    drop_init_cfg(config.model)
    assert backbone.init_cfg is None
    MODELS.build(config.model)


def test_what_is_no_pretrained_start_stays() -> None:
    start = dict(type='Normal', layer='Conv2d', std=0.01)
    fetched = dict(type='Pretrained', checkpoint='torchvision://resnet18')
    several = dict(init_cfg=[start, fetched])
    model = dict(parts=[dict(init_cfg=start), dict(init_cfg=fetched), several])
    drop_init_cfg(model)
    assert [part['init_cfg'] for part in model['parts']] == [start, None, [start]]
