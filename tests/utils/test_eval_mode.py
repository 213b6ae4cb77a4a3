"""A model in eval mode for a while."""

from __future__ import annotations

import pytest
from torch import nn

from mmsmot.utils.eval_mode import eval_mode


@pytest.mark.parametrize('mode', [False, True])
def test_each_part_gets_its_mode_back(mode: bool) -> None:
    model = nn.Sequential(
        nn.BatchNorm1d(2), nn.Sequential(nn.Dropout()), nn.Linear(2, 2)
    )
    model.train(mode)
    model[0].eval()  # frozen
    modes = [part.training for part in model.modules()]
    with eval_mode(model):
        assert not any(part.training for part in model.modules())
    assert [part.training for part in model.modules()] == modes
    assert modes == [mode, False, mode, mode, mode]


def test_the_mode_comes_back_after_an_error() -> None:
    model = nn.Dropout()
    with pytest.raises(KeyError), eval_mode(model):
        raise KeyError
    assert model.training
