"""What is put behind a cache."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from torch import nn

from mmsmot.apis.caching import needs_features, with_cache
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
    plain = with_cache(SMOT(Counting(), SORT()), tmp_path)
    assert kinds(plain.detector) == [cache, 'Counting']
    model = SMOT(Counting(), SORT(), reid=Width())
    both = with_cache(model, tmp_path)
    assert kinds(both.detector) == [cache, cache, 'Counting']
    # What the tracker without looks has found is found again.
    assert both.detector.detector.fingerprint == plain.detector.fingerprint
    assert (both.detector.reid, both.reid) == (model.reid, None)
    assert kinds(with_cache(SMOT(FromFile(), SORT()), tmp_path).detector) == [
        'FromFile'
    ]
    embedded = with_cache(SMOT(FromFile(), SORT(), reid=Width()), tmp_path)
    assert kinds(embedded.detector) == [cache, 'FromFile']
    own = SMOT(CachedDetector(Counting(), tmp_path / 'own'), SORT())
    assert with_cache(own, tmp_path) is own
    nothing = SMOT(None, SORT())
    assert with_cache(nothing, tmp_path) is nothing


def test_the_model_itself_stays_as_it_is(tmp_path: Path) -> None:
    model = SMOT(Mapping(), SORT(), reid=Width())
    names = list(model.state_dict())
    first, second = (with_cache(model, tmp_path / name) for name in 'ab')
    assert isinstance(model.detector, Mapping)
    assert isinstance(model.reid, Width)
    assert list(model.state_dict()) == names == ['detector.layer.weight', names[1]]
    assert list(first.state_dict()) == names
    assert first.detector.detector.detector is second.detector.detector.detector
    assert (first.detector.root, second.detector.root) == (
        tmp_path / 'a',
        tmp_path / 'b',
    )


@pytest.mark.parametrize(
    ('looks_at_features', 'has_extractor', 'is_cached'),
    [(True, False, False), (True, True, True), (False, False, True)],
)
def test_words_of_pictures_leave_the_detector_its_cache(
    looks_at_features: bool, has_extractor: bool, is_cached: bool, tmp_path: Path
) -> None:
    model = SMOT(
        Mapping(),
        SORT(),
        semantics=SimpleNamespace(needs_features=looks_at_features),
        feature_extractor=Mapping() if has_extractor else None,
    )
    assert needs_features(model) is not is_cached
    found = with_cache(model, tmp_path).detector
    assert isinstance(found, CachedDetector) is is_cached
