"""One decoder for all images: bytes, bounds, orientation, depth, what is cut short."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from mmsmot.datasets.image_decoder import (
    decode_image,
    decoded_to_uint8,
    image_size,
    read_image,
)


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    """(H, W, 3) of soft colours, no two corners alike."""
    small = np.random.default_rng(3).integers(0, 255, (6, 8, 3), np.uint8)
    return cv2.resize(small, (width, height))


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'TIFF', 'WEBP'])
@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_turns_image_and_size_alike(tmp_path, kind, orientation) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / 'a.jpg'
    Image.fromarray(picture()[..., ::-1]).save(path, kind, exif=exif)
    with Image.open(path) as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored))[..., ::-1]
    image = read_image(path)
    assert image_size(path) == (image.shape[1], image.shape[0])
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() < 1


@pytest.mark.parametrize('suffix', ['.bmp', '.jpg', '.png', '.tif', '.webp'])
def test_same_pixels_as_opencv(tmp_path, suffix) -> None:
    path = tmp_path / f'a{suffix}'
    cv2.imwrite(str(path), picture())
    image, note = decode_image(path)
    assert np.array_equal(image, cv2.imread(str(path)))
    assert note is None


@pytest.mark.parametrize('suffix', ['.bmp', '.jpg', '.png', '.tif', '.webp'])
@pytest.mark.parametrize('part', [0.5, 0.9])
def test_an_image_cut_short_is_an_error(tmp_path, suffix, part) -> None:
    path = tmp_path / f'a{suffix}'
    cv2.imwrite(str(path), picture(300, 400))
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    with pytest.raises(ValueError, match=r'a\.\w+: (the image is cut short|not an im)'):
        read_image(path)


@pytest.mark.parametrize('progressive', [0, 1])
@pytest.mark.parametrize('missing', [1, 2])
def test_a_jpeg_that_lacks_its_end_mark_alone_is_whole(
    tmp_path, progressive, missing
) -> None:
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    data = cv2.imencode('.jpg', picture(), flags)[1].tobytes()
    (tmp_path / 'a.jpg').write_bytes(data[:-missing])
    expected = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(read_image(tmp_path / 'a.jpg'), expected)


def png_bomb(path: Path, side: int) -> None:
    """A PNG of a few kB that states ``side`` x ``side`` grey pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', crc)

    header = struct.pack('>IIBBBBB', side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(1000 * side), 9)
    path.write_bytes(
        b'\x89PNG\r\n\x1a\n'
        + chunk(b'IHDR', header)
        + chunk(b'IDAT', pixels)
        + chunk(b'IEND', b'')
    )


@pytest.mark.parametrize('side', [14_000, 30_000])
@pytest.mark.parametrize('read', [read_image, image_size])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, side, read) -> None:
    png_bomb(tmp_path / 'a.png', side)
    with pytest.raises(
        ValueError, match=r'a.png: .*more than 178956970 pixels.*MMSMOT_M'
    ):
        read(tmp_path / 'a.png')


def test_the_bound_can_be_set(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', Image.MAX_IMAGE_PIXELS)
    cv2.imwrite(str(tmp_path / 'a.png'), picture())
    monkeypatch.setenv('MMSMOT_MAX_PIXELS', '3071')
    with pytest.raises(ValueError, match='more than 3071 pixels .64x48'):
        read_image(tmp_path / 'a.png')
    monkeypatch.setenv('MMSMOT_MAX_PIXELS', '3072')
    assert read_image(tmp_path / 'a.png').shape == (48, 64, 3)
    png_bomb(tmp_path / 'b.png', 30_000)
    monkeypatch.setenv('MMSMOT_MAX_PIXELS', '1000000000')
    assert image_size(tmp_path / 'b.png') == (30_000, 30_000)
    monkeypatch.setenv('MMSMOT_MAX_PIXELS', 'many')
    with pytest.raises(ValueError, match='MMSMOT_MAX_PIXELS must be a number'):
        read_image(tmp_path / 'a.png')


def test_what_is_no_regular_file(tmp_path) -> None:
    os.mkfifo(tmp_path / 'a.png')
    (tmp_path / 'b.png').mkdir()
    (tmp_path / 'c.png').symlink_to('/dev/zero')
    for name in ('a.png', 'b.png', 'c.png'):
        with pytest.raises(ValueError, match=f'{name}: a folder, pipe or device'):
            read_image(tmp_path / name)
    (tmp_path / 'd.png').symlink_to(tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match=r'd.png'):
        read_image(tmp_path / 'd.png')


def test_a_file_that_is_no_image_for_its_bytes_alone(tmp_path) -> None:
    with open(tmp_path / 'a.png', 'wb') as stream:
        stream.truncate(10**12)  # a hole: takes no room
    with pytest.raises(ValueError, match='1000000000000 bytes are more than an image'):
        read_image(tmp_path / 'a.png')


def test_a_name_that_is_not_utf8(tmp_path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b'/caf\xe9.png')
    (tmp_path / 'a.png').write_bytes(cv2.imencode('.png', picture())[1].tobytes())
    os.rename(tmp_path / 'a.png', path)
    assert np.array_equal(read_image(path), picture())


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_thermal_images_are_stretched(tmp_path, suffix) -> None:
    thermal = np.linspace(7000, 9550, 48 * 64).reshape(48, 64).astype(np.uint16)
    thermal[0, 0] = 65535  # a dead pixel
    cv2.imwrite(str(tmp_path / f'a{suffix}'), thermal)
    image, note = decode_image(tmp_path / f'a{suffix}')
    assert len(np.unique(image)) > 250
    assert image.shape == (48, 64, 3) and (image[..., :1] == image).all()
    assert (np.diff(image[1:, :, 0].reshape(-1).astype(int)) >= 0).all()
    assert str(tmp_path) in note and 'uint16' in note


@pytest.mark.parametrize('kind', ['F', 'I'])
def test_radiometric_images_of_one_channel(tmp_path, kind) -> None:
    degrees = np.linspace(20, 400, 48 * 64).reshape(48, 64)
    dtype = np.float32 if kind == 'F' else np.int32
    Image.fromarray(degrees.astype(dtype)).save(tmp_path / 'a.tif')
    image, note = decode_image(tmp_path / 'a.tif')
    assert image.shape == (48, 64, 3) and image.dtype == np.uint8
    assert len(np.unique(image)) > 250
    assert np.dtype(dtype).name in note


def test_sixteen_bits_that_use_their_range_keep_their_upper_eight() -> None:
    full = np.linspace(0, 65535, 48 * 64).reshape(48, 64).astype(np.uint16)
    assert np.array_equal(decoded_to_uint8(full), full >> 8)


def test_floats_and_flat_images() -> None:
    warm = np.linspace(20, 40, 48 * 64, dtype=np.float32).reshape(48, 64)
    warm[0, 0], warm[0, 1] = np.nan, np.inf
    assert len(np.unique(decoded_to_uint8(warm))) > 250
    assert not decoded_to_uint8(np.full((4, 4), np.nan, np.float32)).any()
    assert not decoded_to_uint8(np.full((4, 4), 9000, np.uint16)).any()
    nearly_flat = np.full((100, 100), 9000, np.uint16)
    nearly_flat[5, 5] = 9100  # someone far away
    assert decoded_to_uint8(nearly_flat)[5, 5] == 255


def test_damaged_exif_is_passed_over(tmp_path) -> None:
    stream = io.BytesIO()
    Image.fromarray(picture()).save(
        stream, 'JPEG', exif=b'Exif\0\0II*\0\xff\xff\xff\xff'
    )
    (tmp_path / 'a.jpg').write_bytes(stream.getvalue())
    assert image_size(tmp_path / 'a.jpg') == (64, 48)
    assert read_image(tmp_path / 'a.jpg').shape == (48, 64, 3)


def test_sixteen_bits_are_stretched_by_all_channels() -> None:
    """640 x 480 pixels: every third value would be of the blue channel alone."""
    image = np.zeros((480, 640, 3), np.uint16)
    image[..., 2] = np.linspace(0, 4000, 640)  # red
    eight = decoded_to_uint8(image)
    assert eight[..., 2].max() == 255
    assert int(eight[0, 320, 2]) == pytest.approx(128, abs=2)
