"""Noisy copies of the track queries, and that no real query reads them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from mmsmot.structures import SMOTDataSample
from projects.query_trackers import query_interaction
from projects.query_trackers.queries import FALSE_POSITIVE, NEW, PADDING, Queries
from projects.query_trackers.tests.conftest import batch, clip, walking
from projects.query_trackers.track_group_denoising import TrackGroupDenoising


def tracks() -> Queries:
    """Two frames of three: objects 4 and 9 and one without; object 7 alone."""
    torch.manual_seed(0)
    queries = Queries.new(
        torch.rand(2, 3, 64), torch.rand(2, 3, 2), torch.rand(2, 3, 64)
    )
    ids = torch.tensor([[4, 9, NEW], [7, PADDING, PADDING]])
    return queries.with_ids(ids, is_track=ids != PADDING)


def test_copies_have_noise_on_their_content_alone() -> None:
    denoising = TrackGroupDenoising(num_groups=40, noise=0.3)
    copies = denoising.queries(tracks(), np.random.default_rng(0))
    assert copies.ids[:, :3].tolist() == [[4, 9, FALSE_POSITIVE], [7, PADDING, PADDING]]
    assert copies.ids[:, :3].tolist() == copies.ids[:, -3:].tolist()
    torch.testing.assert_close(copies.refs, tracks().refs.repeat(1, 40, 1))
    torch.testing.assert_close(copies.pos, tracks().pos.repeat(1, 40, 1))
    noise = copies.content - tracks().content.repeat(1, 40, 1)
    assert float(noise.std()) == pytest.approx(0.3, rel=0.02)  # of 15,360 draws
    assert float(noise.mean()) == pytest.approx(0, abs=0.01)


def test_who_reads_whom() -> None:
    """One new query, two tracks, two groups of them."""
    attn_mask = TrackGroupDenoising(num_groups=2).attn_mask(1, 2)
    reads = [
        [1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0, 0],
        [1, 0, 0, 1, 1, 0, 0],
        [1, 0, 0, 1, 1, 0, 0],
        [1, 0, 0, 0, 0, 1, 1],
        [1, 0, 0, 0, 0, 1, 1],
    ]
    assert (~attn_mask).int().tolist() == reads


@torch.no_grad()
def test_no_real_query_reads_the_groups(build: Callable) -> None:
    """MOTR, with its attention among the tracks: as without groups, whatever the noise."""
    estimator = build('motr').estimator
    assert estimator.track_attention is not None
    frames, _ = clip(walking(2))
    memory = estimator.encode(estimator.detector.extract(frames))
    new = estimator.new_queries(2, None, None)
    _, without_groups = estimator.decode(memory, new, tracks())
    denoising = TrackGroupDenoising(num_groups=2, noise=5.0)
    noisy, attn_mask = denoising.noisy_rows(
        new, tracks(), None, np.random.default_rng(0)
    )
    queries = new.joined(tracks()).joined(noisy)
    _, outputs = estimator.decode(memory, queries, None, None, attn_mask)
    is_row = ~new.joined(tracks()).pad
    count = is_row.shape[1]
    torch.testing.assert_close(
        outputs.hs[:, :, :count][:, is_row],
        without_groups.hs[:, is_row],
        atol=2e-5,
        rtol=0,
    )
    # A group without noise finds what its tracks find.
    denoising.noise = 0.0
    clean, attn_mask = denoising.noisy_rows(
        new, tracks(), None, np.random.default_rng(0)
    )
    _, outputs = estimator.decode(
        memory, new.joined(tracks()).joined(clean), None, None, attn_mask
    )
    is_track = ~tracks().pad
    torch.testing.assert_close(
        outputs.hs[:, :, count : count + 3][:, is_track],
        outputs.hs[:, :, len(new) : count][:, is_track],
        atol=2e-5,
        rtol=0,
    )


def losses_of(model: torch.nn.Module, sample: SMOTDataSample, frames: list) -> dict:
    model.clip_training.generator = np.random.default_rng(0)
    return model.loss(*batch((frames, sample)))


def test_the_copies_have_all_losses(
    build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of groups without noise: those of the tracks themselves, by the mean over groups."""
    monkeypatch.setattr(query_interaction, 'ACTIVE_IOU', -1.0)
    model = build('motr', denoising=dict(type='TrackGroupDenoising')).train()
    updater = model.estimator.updater
    updater.drop_ratio, updater.false_positive_ratio = 0.0, 0.0
    assert not model.estimator.denoising.state_dict()
    frames, sample = clip(walking(2))
    model.estimator.denoising.noise = 0.0
    losses = losses_of(model, sample, frames)
    names = {'dn.loss_cls', 'dn.d0.loss_cls', 'dn.loss_bbox', 'dn.loss_iou'}
    assert names <= set(losses)
    # Both objects are tracked in the second of two frames, in which the losses of boxes
    # are those of the copies; 4 objects divide both.
    model.estimator.clip_loss.frames_with_loss = lambda count: [1]
    second_frame = losses_of(model, sample, frames)
    for name in ('loss_bbox', 'd0.loss_iou'):
        assert float(second_frame[f'dn.{name}']) == pytest.approx(
            float(second_frame[name]), rel=1e-4
        )
    model.estimator.denoising.noise = 0.3
    noisy = losses_of(model, sample, frames)
    assert abs(float(noisy['dn.loss_bbox'] - second_frame['dn.loss_bbox'])) > 1e-3
    sum(value for name, value in noisy.items() if 'loss' in name).backward()
    weight = model.estimator.detector.model.backbone.conv1.weight
    assert torch.isfinite(weight.grad).all()


def test_a_first_frame_has_no_copies(build: Callable) -> None:
    model = build('motr', denoising=dict(type='TrackGroupDenoising')).train()
    frames, sample = clip(walking(1))
    losses = losses_of(model, sample, frames)
    assert not [name for name in losses if name.startswith('dn')]
