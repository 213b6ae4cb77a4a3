"""What is put behind a cache."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from torch import nn

from mmsmot.models.detection_caching import cache_detections
from mmsmot.models.detectors import BaseDetector, CachedDetector
from mmsmot.models.smot import SMOT
from mmsmot.models.trackers import SORT
from tests.models.detectors.test_cached_detector import Counting, Width


class FromFile(Counting):
    needs_images = False


class Mapping(nn.Module, Counting):
    """A detector with feature maps."""

    def __init__(self) -> None:
        nn.Module.__init__(self)
        Counting.__init__(self)
        self.layer = nn.Linear(2, 2)

    def extract(self, frames):
        raise NotImplementedError


def kinds(detector: BaseDetector) -> list[str]:
    inside = getattr(detector, 'detector', None)
    return [type(detector).__name__, *(kinds(inside) if inside else [])]


def test_what_is_slow_is_cached_and_nothing_twice(tmp_path: Path) -> None:
    cache = 'CachedDetector'
    plain = cache_detections(SMOT(detector=Counting(), tracker=SORT()), tmp_path)
    assert kinds(plain.estimator.detector) == [cache, 'Counting']
    model = SMOT(detector=Counting(), tracker=SORT(), reid=Width())
    both = cache_detections(model, tmp_path)
    assert kinds(both.estimator.detector) == [cache, cache, 'Counting']
    # What the tracker without looks has found is found again.
    assert (
        both.estimator.detector.detector.fingerprint
        == plain.estimator.detector.fingerprint
    )
    assert (both.estimator.detector.reid, both.estimator.reid) == (
        model.estimator.reid,
        None,
    )
    assert kinds(
        cache_detections(
            SMOT(detector=FromFile(), tracker=SORT()), tmp_path
        ).estimator.detector
    ) == ['FromFile']
    embedded = cache_detections(
        SMOT(detector=FromFile(), tracker=SORT(), reid=Width()), tmp_path
    )
    assert kinds(embedded.estimator.detector) == [cache, 'FromFile']
    own = SMOT(
        detector=CachedDetector(detector=Counting(), root=tmp_path / 'own'),
        tracker=SORT(),
    )
    assert cache_detections(own, tmp_path) is own
    nothing = SMOT(detector=None, tracker=SORT())
    assert cache_detections(nothing, tmp_path) is nothing


def test_the_model_itself_stays_as_it_is(tmp_path: Path) -> None:
    model = SMOT(detector=Mapping(), tracker=SORT(), reid=Width())
    names = list(model.state_dict())
    first, second = (cache_detections(model, tmp_path / name) for name in 'ab')
    assert isinstance(model.estimator.detector, Mapping)
    assert isinstance(model.estimator.reid, Width)
    assert list(model.state_dict()) == names
    assert names[0] == 'estimator.detector.layer.weight'
    assert list(first.state_dict()) == names
    assert (
        first.estimator.detector.detector.detector
        is second.estimator.detector.detector.detector
    )
    assert (first.estimator.detector.root, second.estimator.detector.root) == (
        tmp_path / 'a',
        tmp_path / 'b',
    )


@pytest.mark.parametrize(
    ('looks_at_features', 'has_extractor', 'is_cached'),
    [(True, False, False), (True, True, True), (False, False, True)],
)
def test_words_of_images_leave_the_detector_its_cache(
    looks_at_features: bool, has_extractor: bool, is_cached: bool, tmp_path: Path
) -> None:
    model = SMOT(
        detector=Mapping(),
        tracker=SORT(),
        semantics=SimpleNamespace(
            needs=frozenset({'features'} if looks_at_features else ()), modules=list
        ),
        feature_extractor=Mapping() if has_extractor else None,
    )
    found = cache_detections(model, tmp_path).estimator.detector
    assert isinstance(found, CachedDetector) is is_cached
