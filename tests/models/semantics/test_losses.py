from __future__ import annotations

import pytest
import torch

from mmsmot.models.semantics import losses as semantic_losses
from mmsmot.registry import MODELS
from tests.models.language.test_tokenizer import TEXTS
from tests.models.semantics.test_trajectory_semantics import (
    DETECTOR,
    LOSSES,
    batch,
    sample,
    semantics,
)


def test_two_processes_divide_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """One has a positive, the other none: their mean is that of one process."""
    part = MODELS.build(semantics())
    anchor = torch.zeros(1)
    total = torch.tensor(3.0)
    counts_of = [dict(a=(total, 1), b=(None, 0)), dict(a=(None, 0), b=(5 * total, 6))]
    whole = dict(a=(total, 1), b=(5 * total, 6))
    alone = semantic_losses._means(whole, anchor, part)
    reduced = []

    def all_reduce(counts: torch.Tensor) -> None:
        reduced.append(counts.clone())
        counts.copy_(torch.tensor([1.0, 6.0]))

    monkeypatch.setattr(semantic_losses, 'get_world_size', lambda: 2)
    monkeypatch.setattr(semantic_losses, 'all_reduce', all_reduce)
    shared = [semantic_losses._means(totals, anchor, part) for totals in counts_of]
    for name, value in alone.items():
        torch.testing.assert_close((shared[0][name] + shared[1][name]) / 2, value)
    # One message a process, whatever the number of losses.
    assert [counts.tolist() for counts in reduced] == [[1, 0], [0, 6]]


def weighted(**weights: float) -> dict[str, torch.Tensor]:
    """The losses of two clips with these ``loss_weights``."""
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='SMOT',
            detector=DETECTOR,
            tracker=dict(type='SORT'),
            semantics=dict(semantics(), loss_weights=weights),
            training=dict(type='ClipTraining', teacher_forcing_ratio=1.0),
        )
    )
    model.semantics.instance_caption.decoder.tokenizer.train_on(TEXTS)
    return model.eval().loss(**batch(sample((1, 2)), sample((3, 5))))


@pytest.mark.parametrize('name', semantic_losses.LOSSES)
def test_a_weight_is_the_factor_of_its_loss_alone(name: str) -> None:
    plain, found = weighted(), weighted(**{name: 0.5})
    assert set(found) == set(plain) == {*LOSSES, 'loss_cls', 'loss_bbox'}
    for loss, value in plain.items():
        factor = 0.5 if loss == f'loss_{name}' else 1.0
        assert float(value) > 0
        torch.testing.assert_close(found[loss], factor * value)


def test_every_weight_has_its_loss() -> None:
    """Also one of 0, which is how a loss is turned off."""
    factors = dict(zip(semantic_losses.LOSSES, (0.0, 2.0, 3.0, 4.0), strict=True))
    plain, found = weighted(), weighted(**factors)
    for name, factor in factors.items():
        torch.testing.assert_close(
            found[f'loss_{name}'], factor * plain[f'loss_{name}']
        )


def test_a_sum_over_nothing_is_not_divided_by_nothing() -> None:
    """No positive in any process: the sum is that of the negatives, over 1."""
    part = MODELS.build(semantics())
    anchor = torch.zeros(1)
    total = torch.tensor(3.0)
    for count, expected in ((0, 3.0), (0.5, 3.0), (1, 3.0), (2, 1.5)):
        means = semantic_losses._means({'a': (total, count)}, anchor, part)
        assert float(means['a']) == expected
