"""The function H: boxes moved by a dense flow."""

from __future__ import annotations

import numpy as np
import pytest

from projects.single_shot_smot.box_motion import (
    FarnebackMotion,
    IdentityMotion,
    mean_in_boxes,
)

SIZE = 320, 240


def texture(shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Smooth noise (240, 320, 3), moved to the right and down."""
    noise = np.random.default_rng(1).normal(0, 1, (SIZE[1], SIZE[0]))
    spectrum = np.fft.fft2(noise)
    y, x = np.meshgrid(np.fft.fftfreq(SIZE[1]), np.fft.fftfreq(SIZE[0]), indexing='ij')
    smooth = np.fft.ifft2(spectrum * np.exp(-((x**2 + y**2) * 400))).real
    smooth = 128 + 50 * smooth / smooth.std()
    image = np.roll(smooth, shift[::-1], axis=(0, 1)).clip(0, 255).astype(np.uint8)
    return np.repeat(image[..., None], 3, axis=2)


def test_the_table_of_sums_gives_the_mean_of_each_box() -> None:
    rng = np.random.default_rng(2)
    flow = rng.normal(0, 5, (30, 40, 2)).astype(np.float32)
    low = rng.uniform(-5, 35, (50, 2))
    boxes = np.concatenate([low, low + rng.uniform(0.1, 20, (50, 2))], axis=1)
    means = mean_in_boxes(flow, boxes)
    for (x1, y1, x2, y2), mean in zip(boxes, means, strict=True):
        rows = slice(max(int(np.floor(y1)), 0), max(int(np.ceil(y2)), 0))
        columns = slice(max(int(np.floor(x1)), 0), max(int(np.ceil(x2)), 0))
        covered = flow[rows, columns].reshape(-1, 2).astype(float)
        expected = covered.mean(axis=0) if len(covered) else np.zeros(2)
        np.testing.assert_allclose(mean, expected, atol=1e-9)


def test_farneback_follows_a_shift_and_keeps_the_size() -> None:
    motion = FarnebackMotion(side=160)
    boxes = np.array([[60.0, 50, 140, 130], [180, 90, 240, 200]])
    images = motion.prepare(texture()), motion.prepare(texture((8, -4)))
    assert images[0].shape == (120, 160)
    moved = motion.move(boxes, *images, SIZE)
    np.testing.assert_allclose(moved - boxes, [[8, -4, 8, -4]] * 2, atol=0.6)
    np.testing.assert_allclose(moved[:, 2:] - moved[:, :2], boxes[:, 2:] - boxes[:, :2])


def test_boxes_stay_where_there_is_no_flow() -> None:
    motion = FarnebackMotion()
    boxes = np.array([[60.0, 50, 140, 130], [400, 300, 440, 330]])
    image, black = motion.prepare(texture()), motion.prepare(0 * texture())
    assert motion.move(boxes, black, black, SIZE).tolist() == boxes.tolist()
    outside = motion.move(boxes, image, motion.prepare(texture((8, 0))), SIZE)[1]
    assert outside.tolist() == boxes[1].tolist()
    assert motion.move(boxes, None, image, SIZE) is boxes  # the first frame
    assert np.isfinite(motion.move(boxes, image, black, SIZE)).all()
    assert IdentityMotion().move(boxes, image, black, SIZE) is boxes


def test_a_flow_that_is_not_finite_moves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    motion = FarnebackMotion()
    monkeypatch.setattr(
        motion, 'flow', lambda previous, current: np.full((*current.shape, 2), np.nan)
    )
    boxes = np.array([[60.0, 50, 140, 130]])
    image = motion.prepare(texture())
    assert motion.move(boxes, image, image, SIZE).tolist() == boxes.tolist()


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_a_pixel_that_is_not_finite_stops_the_boxes_on_it_alone(
    value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    motion = FarnebackMotion(side=160)
    flow = np.full((120, 160, 2), 5, np.float32)
    flow[0, 0, 1] = flow[60, 0, 0] = value
    monkeypatch.setattr(motion, 'flow', lambda previous, current: flow)
    boxes = np.array([[0.0, 0, 40, 40], [100, 100, 200, 200], [0, 110, 9, 130]])
    image = motion.prepare(texture())
    # A pixel of flow is two of the frame.
    shifts = motion.move(boxes, image, image, SIZE) - boxes
    np.testing.assert_allclose(shifts, [[0] * 4, [10] * 4, [0] * 4], atol=1e-9)


def test_no_side_of_no_pixels() -> None:
    with pytest.raises(ValueError, match='FarnebackMotion: side'):
        FarnebackMotion(side=0)
