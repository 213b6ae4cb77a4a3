"""Frames as networks want them, and boxes back in the frame."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmsmot.models.detectors.image_preparation import (
    PREPARATIONS,
    ImagePreparation,
    image_preparation_preset,
)

sides = st.integers(40, 200)


@settings(max_examples=40)
@given(sides, sides, st.booleans(), st.booleans(), st.integers(0, 10**6))
def test_a_box_drawn_in_a_frame_is_where_its_placement_says(
    rows: int, columns: int, keep_ratio: bool, centred: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    low = rng.uniform(0, 0.4, 2) * [columns, rows]
    x1, y1 = np.round(low).astype(int)
    x2, y2 = np.round(low + [columns * 0.5, rows * 0.5]).astype(int)
    image = np.zeros((rows, columns, 3), np.uint8)
    image[y1:y2, x1:x2] = 255
    prepare = ImagePreparation(keep_ratio, centred, pad_value=0)
    pixels, placement = prepare(image, (96, 160), np.float32)
    assert pixels.shape == (3, 96, 160)
    bright = np.argwhere(pixels[0] > 127)
    (top, left), (bottom, right) = bright.min(axis=0), bright.max(axis=0) + 1
    box = placement.to_frame(np.array([[left, top, right, bottom]]))
    # Half a pixel of the coarser of the two grids, and the resampling's own half.
    room = 1.1 * max(1, 1 / min(placement.scale)) + 0.6
    np.testing.assert_allclose(box, [[x1, y1, x2, y2]], atol=room)


def test_padding_stands_where_the_authors_put_it() -> None:
    image = np.full((50, 100, 3), 7, np.uint8)
    corner, _ = PREPARATIONS['yolox'](image, (64, 64), np.float32)
    assert (corner[:, :32] == 7).all() and (corner[:, 32:] == 114).all()
    middle, placement = ImagePreparation(centred=True)(image, (64, 64), np.float32)
    assert (middle[:, 16:48] == 7).all()
    assert (middle[:, :16] == 114).all() and (middle[:, 48:] == 114).all()
    assert placement.offset == (0.0, 16.0)
    # 33 rows are left: 16 above, 17 below (LetterBox's round(16.5 - 0.1)).
    odd = np.full((31, 64, 3), 7, np.uint8)
    _, placement = ImagePreparation(centred=True)(odd, (64, 64), np.float32)
    assert placement.offset == (0.0, 16.0)
    stretched, placement = PREPARATIONS['detr'](image, (64, 64), np.float32)
    np.testing.assert_allclose(stretched, 7 / 255, rtol=1e-6)
    assert placement.scale == (0.64, 1.28)


def test_channels_mean_and_std() -> None:
    blue = np.zeros((8, 8, 3), np.uint8)
    blue[..., 0] = 255
    plain, _ = PREPARATIONS['yolox'](blue, (8, 8), np.uint8)
    assert plain.dtype == np.uint8 and plain[:, 0, 0].tolist() == [255, 0, 0]
    rgb, _ = PREPARATIONS['yolo'](blue, (8, 8), np.float16)
    assert rgb.dtype == np.float16 and rgb[:, 0, 0].tolist() == [0, 0, 1]
    # ImageNet's mean and deviation of blue, in both orders of the channels.
    value = (255 - 103.53) / 57.375
    imagenet, _ = PREPARATIONS['imagenet'](blue, (8, 8), np.float32)
    rtmdet, _ = PREPARATIONS['rtmdet'](blue, (8, 8), np.float32)
    assert imagenet[2, 0, 0] == pytest.approx(value)
    assert rtmdet[0, 0, 0] == pytest.approx(value)
    assert rtmdet[2, 0, 0] == pytest.approx(-123.675 / 58.395)


def test_a_preset_with_another_value() -> None:
    changed = image_preparation_preset(
        'yolo', keep_ratio=False, centred=False, pad_value=0
    )
    assert changed == ImagePreparation(
        keep_ratio=False, to_rgb=True, std=(255.0,) * 3, pad_value=0
    )
    assert image_preparation_preset('yolox', mean=(0, 0, 0)) == PREPARATIONS['yolox']


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(std=(1, 0, 1)), 'std must be three numbers.*above 0'),
        (dict(mean=(1, 2)), 'mean must be three numbers'),
        (dict(mean=(1, 2, np.nan)), 'mean must be three numbers'),
        (dict(pad_value=256), 'pad_value must be .* from 0 to 255'),
        (dict(preset='yolov3'), 'preparation must be one of yolox, yolo, detr'),
    ],
    ids=str,
)
def test_wrong_values(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        image_preparation_preset(**{'preset': 'yolox', **change})
