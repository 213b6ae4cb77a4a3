"""Tests that a sample loses nothing on its way through MMEngine."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip('torch')

from mmengine.dataset import pseudo_collate  # noqa: E402
from mmengine.structures import BaseDataElement  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from mmsmot.structures import (  # noqa: E402
    CoordinateSpace,
    Interactions,
    ReferringExpression,
    SMOTDataSample,
    Trajectories,
    VideoInfo,
    sample_to_dict,
)

FIELDS = ('trajectories', 'captions', 'interactions', 'video_caption', 'expressions')


def make_sample(name: str = 'talk/07') -> SMOTDataSample:
    """A sample with every field, each value unlike the default."""
    space = CoordinateSpace('network', 640, 384)
    sample = SMOTDataSample(
        metainfo=dict(
            video=VideoInfo(name, f'/data/{name}', 2.5, 640, None, {'gt': 'gt.txt'}),
            frame_ids=np.array([1, 2, 4, 90]),
        )
    )
    for side in ('gt', 'pred'):
        shift = 0 if side == 'gt' else 1 / 3
        sample.set_data(
            {
                f'{side}_trajectories': Trajectories(
                    [1, 2, 2, 90],
                    [7, 7, 0, 7],
                    np.array([[0.1, 2, 3, 4]] * 4) + shift,
                    scores=[0.1, 1 / 3, 1, 0],
                    labels=[1, 1, 2, 1],
                    det_index=[-1, 3, 0, 2],
                    visibility=[1, 0.5, 0.25, 0],
                    space=space,
                ),
                f'{side}_captions': {7: 'A man “waves”.', 0: 'Er läuft.'},
                f'{side}_interactions': Interactions(
                    [7, 0], [0, 7], ['wave.v.01', 'look.v.01'], [1, 0], [4, 0], [1, 0.2]
                ),
                f'{side}_video_caption': 'Two people.\nOne waves.',
                f'{side}_expressions': [
                    ReferringExpression(
                        'who waves', {1: [7], 4: []}, {2: [0]}, 'v', 'Who?'
                    ),
                    ReferringExpression('who runs', {}),
                ],
            }
        )
    return sample


def assert_same(actual: SMOTDataSample, expected: SMOTDataSample) -> None:
    assert type(actual) is type(expected)
    assert set(actual.keys()) == set(expected.keys())
    assert set(actual.metainfo_keys()) == set(expected.metainfo_keys())
    assert sample_to_dict(actual) == sample_to_dict(expected)


CALLS: dict[str, Callable] = {
    'to': lambda s: s.to('cpu'),
    'to dtype': lambda s: s.to(torch.float16),
    'cpu': lambda s: s.cpu(),
    'detach': lambda s: s.detach(),
    'numpy': lambda s: s.numpy(),
    'to_tensor': lambda s: s.to_tensor(),
    'new': lambda s: s.new(),
    'clone': lambda s: s.clone(),
    'pickle': lambda s: pickle.loads(pickle.dumps(s)),
    'collate': lambda s: pseudo_collate([{'data_samples': s}])['data_samples'][0],
}


@pytest.mark.parametrize('call', CALLS.values(), ids=CALLS)
def test_nothing_is_lost(call) -> None:
    sample = make_sample()
    assert len(sample.keys()) == 2 * len(FIELDS)
    assert_same(call(sample), make_sample())
    assert_same(sample, make_sample())


def test_clone_shares_nothing() -> None:
    sample = make_sample()
    clone = sample.clone()
    clone.gt_captions[7] = 'other'
    clone.gt_expressions.pop()
    clone.pred_trajectories.boxes[:] = 0
    clone.frame_ids[:] = 0
    assert_same(sample, make_sample())


def test_new_takes_other_values() -> None:
    sample = make_sample().new(metainfo={'frame_ids': [3]}, gt_video_caption='x')
    assert sample.metainfo == {'frame_ids': [3]}
    assert sample.keys() == ['gt_video_caption']


def test_fields_that_were_never_set_are_missing() -> None:
    sample = SMOTDataSample()
    assert 'gt_captions' not in sample
    assert sample.get('gt_captions') is None
    with pytest.raises(AttributeError):
        _ = sample.gt_captions


def test_to_dict_keeps_the_tables_for_the_evaluator() -> None:
    content = make_sample().to_dict()
    assert isinstance(content['gt_interactions'], Interactions)
    assert content['video'].name == 'talk/07'
    assert not any(isinstance(value, BaseDataElement) for value in content.values())


class _Samples(torch.utils.data.Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> dict:
        return {'inputs': index, 'data_samples': make_sample(str(index))}


def test_through_the_workers_of_a_data_loader() -> None:
    loader = DataLoader(
        _Samples(), batch_size=2, num_workers=1, collate_fn=pseudo_collate
    )
    samples = [sample for batch in loader for sample in batch['data_samples']]
    assert [sample.video.name for sample in samples] == ['0', '1', '2', '3']
    assert_same(samples[3], make_sample('3'))
