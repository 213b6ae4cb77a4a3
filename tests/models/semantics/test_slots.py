"""What a part lacks shows where it is built, not in some later iteration."""

from __future__ import annotations

from abc import ABC, abstractmethod

import pytest
import torch
from torch import nn

from mmsmot.models.heads import BaseInstanceCaptionHead, InteractionHead
from mmsmot.models.semantics.slots import (
    INTERFACES,
    fuse_checked_slot,
    require_slot_interface,
    slot_interface,
)
from mmsmot.models.semantics.trajectory_semantics import TrajectorySemantics
from mmsmot.models.training.clip_training import ClipTraining
from mmsmot.models.trajectory import TrajectoryTokens
from mmsmot.registry import MODELS
from tests.models.semantics.test_trajectory_semantics import semantics


class Silent(nn.Module):
    """A caption head of a user's who did not know of the phrases."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder = nn.Identity()

    def loss(self, fused, mask, captions) -> tuple[torch.Tensor, int]:
        return fused.sum(), len(captions)

    def predict(self, fused, mask) -> list[str]:
        return ['A man.'] * len(fused)


def test_a_head_lacks_what_another_part_asks_of_it() -> None:
    options = semantics() | dict(instance_caption=Silent(), video_caption=None)
    with pytest.raises(
        TypeError, match='Silent, built for instance_caption, .*encoded'
    ):
        MODELS.build(options | dict(share_decoder=False))
    without = options | dict(bigram_head=None, share_decoder=False)
    built = MODELS.build(without)
    assert isinstance(built, TrajectorySemantics)


def test_a_head_of_the_base_class_is_whole() -> None:
    class Half(BaseInstanceCaptionHead):
        loss, predict = Silent.loss, Silent.predict

    with pytest.raises(TypeError, match='encoded'):
        Half()


def test_the_interface_of_a_slot_is_what_its_base_class_declares() -> None:
    class Head(nn.Module, ABC):
        vocabulary: list[str]
        decoder: nn.Module

        @abstractmethod
        def forward(self, fused): ...

        @abstractmethod
        def targets(self, pairs): ...

        def helper(self): ...

    names = ('vocabulary', 'forward', 'targets')
    assert slot_interface(Head, 'decoder') == names
    assert INTERFACES['instance_caption'] == ('loss', 'predict')
    assert INTERFACES['video_caption'] == ('prefix', 'loss', 'predict')
    assert INTERFACES['interaction'] == (
        'vocabulary',
        'forward',
        'loss',
        'targets',
        'predict',
    )


@pytest.mark.parametrize('slot', INTERFACES)
def test_every_slot_names_all_that_is_missing(slot: str) -> None:
    with pytest.raises(TypeError, match=f'Identity, built for {slot}, lacks') as error:
        require_slot_interface(slot, type('Identity', (nn.Module,), {})())
    assert all(name in str(error.value) for name in INTERFACES[slot])
    require_slot_interface(slot, None)


@pytest.mark.parametrize(
    ('part', 'options', 'message'),
    [
        (
            ClipTraining,
            dict(teacher_forcing_ratio=1.5),
            'teacher_forcing_ratio must be .* 0 to 1, got 1.5',
        ),
        (ClipTraining, dict(box_noise=float('nan')), 'box_noise must be a finite'),
        (ClipTraining, dict(detection_frames=-1), 'detection_frames must be a whole'),
        (InteractionHead, dict(threshold=7), 'threshold must be .* 0 to 1, got 7'),
        (InteractionHead, dict(prior=0.0), 'prior must be'),
        (InteractionHead, dict(num_heads=0), 'num_heads must be a whole number of 1'),
        (InteractionHead, dict(dropout=-0.1), 'dropout must be'),
        (InteractionHead, dict(chunk_size=0), 'chunk_size must be'),
    ],
)
def test_options_out_of_range(part: type, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        part(**options)


@pytest.mark.parametrize(
    'change',
    [
        dict(max_length=1),
        dict(num_beams=0),
        dict(batch_size=-2),
        dict(label_smoothing=1.5),
    ],
)
def test_a_decoder_out_of_range(change: dict) -> None:
    options = semantics()
    options['instance_caption']['decoder'] |= change
    with pytest.raises(ValueError, match=f'TextDecoder: {next(iter(change))} must be'):
        MODELS.build(options)


TOKENS, MASK = torch.zeros(2, 3, 4), torch.ones(2, 3, dtype=torch.bool)


@pytest.mark.parametrize(
    ('result', 'error', 'message'),
    [
        (TOKENS, TypeError, 'got Tensor'),  # two rows, which would unpack
        ((TOKENS, MASK, MASK), TypeError, 'got tuple'),
        ((TOKENS[:1], MASK[:1]), ValueError, r'M = 2; got \(1, 3, 4\)'),
        ((TOKENS[:, 0], MASK), ValueError, r'got \(2, 4\)'),
        ((TOKENS, MASK[:, :2]), ValueError, r'torch.bool \(2, 2\)'),
        ((TOKENS, MASK.float()), ValueError, r'torch.float32 \(2, 3\)'),
    ],
)
def test_what_a_fusion_returns_is_checked(result, error, message: str) -> None:
    class Fusion(nn.Module):
        def forward(self, tracks):
            return result

    tracks = TrajectoryTokens(
        tokens=torch.zeros(2, 5, 1, 4),
        times=torch.zeros(2, 5),
        boxes=torch.zeros(2, 5, 4),
        mask=torch.ones(2, 5, dtype=torch.bool),
    )
    with pytest.raises(error, match=f'Fusion: a trajectory fusion returns .*{message}'):
        fuse_checked_slot(Fusion(), tracks)
