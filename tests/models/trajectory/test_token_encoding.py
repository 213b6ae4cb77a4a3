from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from mmsmot.models.trajectory import TokenEncoding, TrajectoryTokens
from mmsmot.models.trajectory.token_encoding import _motion


def two_tracks() -> TrajectoryTokens:
    boxes = torch.tensor([[0.1, 0.2, 0.3, 0.6], [0.2, 0.2, 0.4, 0.6]])
    return TrajectoryTokens(
        tokens=torch.zeros(2, 2, 4, 8),
        times=torch.tensor([[0.0, 0.5], [1.0, 0.0]]),
        boxes=torch.stack([boxes, torch.stack([boxes[0], torch.zeros(4)])]),
        mask=torch.tensor([[True, True], [True, False]]),
    )


def test_motion_of_a_box() -> None:
    motion = _motion(two_tracks())
    size = torch.tensor([0.2, 0.4]).log()
    expected = torch.tensor([-0.6, -0.2, *size, 0, 0, 0, 0])
    torch.testing.assert_close(motion[0, 0], expected)
    # A tenth of the image (.2 of its half) to the right in half a second.
    expected = torch.tensor([-0.4, -0.2, *size, 0.4, 0, 0, 0])
    torch.testing.assert_close(motion[0, 1], expected)
    assert motion[1, 1, 4:].abs().sum() == 0  # padding does not move


def test_each_part_can_be_left_out() -> None:
    nothing = TokenEncoding(channels=8, time=False, box=False, cell=False)
    tracks = two_tracks()
    assert torch.equal(nothing(tracks), tracks.tokens)
    assert not list(nothing.parameters())
    for name in ('time', 'box', 'cell'):
        chosen = {other: other == name for other in ('time', 'box', 'cell')}
        out = TokenEncoding(channels=8, **chosen)(tracks)
        assert out.shape == (2, 2, 4, 8)
        same_cells = torch.equal(out[:, :, 0], out[:, :, 1])
        assert same_cells == (name != 'cell')
        same_times = torch.equal(out[0, 0], out[0, 1])
        assert same_times == (name == 'cell')


def test_frames_of_a_stream_that_runs_for_days_are_told_apart() -> None:
    part = TokenEncoding(channels=8, box=False, cell=False)
    times = torch.tensor([[0.0, 0.04], [1.0, 1.04]], dtype=torch.float64)
    # A whole number of the slowest sine's periods; the others differ by their rounding.
    late = dataclasses.replace(two_tracks(), times=times + 60.0 * 24 * 60 * 7)
    out = part(late)[:, :, 0]
    phase = late.times[..., None].numpy() * part.frequency.double().numpy()
    waves = torch.from_numpy(np.concatenate([np.sin(phase), np.cos(phase)], -1))
    torch.testing.assert_close(out, part.time(waves.float()), atol=1e-5, rtol=0)


def test_a_late_time_is_told_in_16_bits_too() -> None:
    part = TokenEncoding(channels=8, box=False, cell=False)
    with torch.no_grad():
        part.time.weight.copy_(torch.eye(8))
        part.time.bias.zero_()
    late = dataclasses.replace(two_tracks(), times=torch.full((2, 2), 50.3))
    exact = part(late)
    short = dataclasses.replace(late, tokens=late.tokens.bfloat16())
    with torch.autocast('cpu', torch.bfloat16):
        rough = part(short)
    torch.testing.assert_close(rough.float(), exact, atol=0.01, rtol=0)


def test_boxes_with_another_number_of_tokens() -> None:
    with pytest.raises(ValueError, match='tokens=6, but boxes have 4 tokens each'):
        TokenEncoding(channels=8, tokens=6)(two_tracks())
