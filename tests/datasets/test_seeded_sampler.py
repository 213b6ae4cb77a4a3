"""Tests of indices that carry the seed of what is drawn for their sample."""

from __future__ import annotations

import pickle
from itertools import islice

import pytest

torch_data = pytest.importorskip('torch.utils.data')

from mmengine.dataset import (  # noqa: E402
    BaseDataset,
    ConcatDataset,
    DefaultSampler,
    InfiniteSampler,
    RepeatDataset,
)
from mmengine.runner import Runner  # noqa: E402

from mmsmot.datasets.seeded_index import SeededIndex, sample_generator  # noqa: E402
from mmsmot.datasets.seeded_sampler import SeededSampler  # noqa: E402


class Draws(BaseDataset):
    """A sample is its index and what is drawn for it."""

    def load_data_list(self) -> list[dict]:
        return [{}] * 5

    def prepare_data(self, index: int) -> str:
        return f'{index:d} {sample_generator(index).integers(10**9)}'


def draws(epoch: int = 0, num_workers: int = 0, seed: int = 3, dataset=None) -> list:
    """What a loader of MMEngine's gives in an epoch."""
    sampler = dict(type='DefaultSampler', shuffle=True)
    loader = Runner.build_dataloader(
        dict(
            dataset=dataset or Draws(),
            batch_size=2,
            num_workers=num_workers,
            sampler=dict(type=SeededSampler, sampler=sampler),
        ),
        seed=seed,
    )
    loader.sampler.set_epoch(epoch)
    return [tuple(sample.split()) for batch in loader for sample in batch]


def test_draws_follow_seed_and_epoch_and_no_worker() -> None:
    """Without persistent workers, which MMEngine seeds alike each epoch."""
    alone = draws()
    assert alone == draws() == draws(num_workers=2) == draws(num_workers=1)
    assert sorted(i for i, _ in alone) == list('01234')
    numbers = [{n for _, n in pairs} for pairs in (alone, draws(1), draws(seed=4))]
    assert len(set.union(*numbers)) == 15


def test_an_epoch_is_gone_on_with() -> None:
    sampler = SeededSampler(
        sampler=dict(type='DefaultSampler'), dataset=Draws(), seed=3
    )
    all_indices = [(i, i.seed) for i in sampler]
    sampler.begin_at(2)
    assert [(i, i.seed) for i in sampler] == all_indices[2:]
    assert [(i, i.seed) for i in sampler] == all_indices
    assert not hasattr(sampler, 'skip')  # MMEngine would go beyond the round's end
    sampler.begin_at(5)
    assert list(sampler) == []


def test_an_endless_round_is_gone_on_with() -> None:
    def endless() -> SeededSampler:
        return SeededSampler(
            sampler=InfiniteSampler(Draws(), seed=3), dataset=Draws(), seed=3
        )

    all_indices = [(i, i.seed) for i in islice(endless(), 12)]
    assert len({seed for _, seed in all_indices}) == 12  # each lap draws anew
    resumed = endless()
    resumed.skip(4)
    assert [(i, i.seed) for i in islice(resumed, 8)] == all_indices[4:]


def test_it_is_asked_like_the_sampler_within() -> None:
    inner = DefaultSampler(Draws(), seed=5)
    sampler = SeededSampler(sampler=inner, dataset=Draws(), seed=3)
    assert (sampler.seed, sampler.rank, len(sampler)) == (5, 0, 5)
    sampler.seed = 7
    assert inner.seed == 7
    assert next(iter(sampler)).seed[0] == 7
    plain = SeededSampler(
        sampler=torch_data.SequentialSampler(Draws()), dataset=Draws(), seed=3
    )
    plain.set_epoch(4)
    assert [(i, i.seed) for i in plain][1] == (1, (3, 4, 0, 1))
    with pytest.raises(AttributeError):
        _ = plain.rank


def test_an_index_travels_with_its_seed() -> None:
    index = pickle.loads(pickle.dumps(SeededIndex(8, (1, 2))))
    assert (index, index.seed) == (8, (1, 2))
    assert ((index - 5), (index - 5).seed) == (3, (1, 2))
    assert ((index % 5), (index % 5).seed) == (3, (1, 2))


def test_datasets_of_datasets() -> None:
    for several in (ConcatDataset([Draws(), Draws()]), RepeatDataset(Draws(), 2)):
        all_draws = draws(dataset=several)
        assert sorted(i for i, _ in all_draws) == sorted('0123401234')
        assert len({n for _, n in all_draws}) == 10
        assert all_draws == draws(dataset=several, num_workers=2)


def test_a_negative_position_is_refused() -> None:
    sampler = SeededSampler(sampler=range(4), dataset=range(4))
    with pytest.raises(ValueError, match='cannot begin at sample -2'):
        sampler.begin_at(-2)
