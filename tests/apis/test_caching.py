"""What is put behind a cache."""

from __future__ import annotations

from mmsmot.apis.caching import add_cache
from mmsmot.engine import load_config

SORT = 'two_stage/sort_public-detections'


def test_what_is_slow_is_cached_and_nothing_twice() -> None:
    def slots(name: str, **options: object) -> tuple[dict, bool]:
        config = load_config(name, options)
        add_cache(config, 'x')
        return config.model.detector, 'reid' in config.model

    def kinds(detector: dict) -> list[str]:
        inside = detector.get('detector')
        return [detector['type'], *(kinds(inside) if inside else [])]

    cache = 'CachedDetector'
    plain, _ = slots('two_stage/bytetrack_yolox-nano')
    both, reid_left = slots('two_stage/deepsort_yolox-nano')
    assert kinds(both) == [cache, cache, 'ONNXDetector']
    assert both['detector'] == plain  # what the tracker without looks has found
    assert not reid_left
    assert kinds(slots(SORT)[0]) == ['DetectionFile']
    embedded, _ = slots('two_stage/deepsort_public-detections')
    assert kinds(embedded) == [cache, 'DetectionFile']
    assert embedded['reid']['type'] == 'ONNXReID'
