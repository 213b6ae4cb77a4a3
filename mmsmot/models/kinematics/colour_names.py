"""The eleven basic colour terms, for the pixels of an image."""

from __future__ import annotations

import functools

import cv2
import numpy as np

# Berlin and Kay's basic colour terms (Basic Color Terms, 1969).
TERMS = (
    'black',
    'gray',
    'white',
    'red',
    'orange',
    'brown',
    'yellow',
    'green',
    'blue',
    'purple',
    'pink',
)
# sRGB of the ISCC-NBS centroids (Kelly and Judd, Color: Universal Language and Dictionary
# of Names, NBS Special Publication 440, 1976) under the basic terms of their names. Those
# with several ("grayish blue", "reddish brown", olive, skin) are what people disagree on.
# Red, green, yellow and blue of a display are purer than any surface of theirs.
CENTROIDS = {
    'black': (
        '222222 1a2421 291e29 2e1d21 202428 28201c 1e2321 25241d 242124 282022 0c0c0e'
    ),
    'gray': (
        '555555 848482 b9b8b5 51585e 81878b b4bcc0 4e5755 7d8984 b2beb5 57554c 8a8776 '
        '5b504f 8e8279 5d555b 8b8589 bfb9bd 5c504f 8f817f c1b6b3'
    ),
    'white': 'f2f3f4 e9e9ed dfede8 eae3e1 e8e3e5 f0ead6 fefefe',
    'red': 'be0032 bc3f4a 841b2d 5c0923 ab4e52 722f37 ff0000 cc2222 991818',
    'orange': 'f38400 fd943f ed872d e25822 d9603b f6a600 fab57f',
    'brown': (
        '80461b 593319 a67b5b 6f4e37 422518 996515 654522 826644 4b3621 79443b 3e1d1e '
        '6c541e'
    ),
    'yellow': 'f3c300 fada5e d4af37 f8de7e c9ae5d dcd300 e9e450 beb72e eae679 ffff00',
    'green': (
        '008856 3eb489 007959 00543d 8ed1b2 6aab8e 3b7861 1b4d3e 27a64c 83d37d 44944a '
        '00622d b6e5af 93c592 679267 355e3b 008882 00a693 007a74 00443f 7e9f2e 467129 '
        '8a9a5b 4a5d23 404f00 2b3d26 232f00 8db600 00ff00'
    ),
    'blue': (
        '00a1c2 4997d0 0067a5 00416a a1caf1 70a3cc 436b95 00304e 30267a 6c79b8 545aa7 '
        '272458 b3bce2 8791bf 4e5180 0085a1 239eba 007791 0000ff'
    ),
    'purple': (
        '9a4eae d399e6 875692 602f6b 401a4c d5badb b695c0 86608e 563c5c 9065ca 604e97 '
        '32174d 604e81 870074 9e4f88 702963 54194e b784a7 915c83 5d3954'
    ),
    'pink': (
        'ffb5ba ea9399 e4717a f9ccca dea5a4 ffc8d6 e68fac de6fa1 efbbcc d597ae c17e91 '
        'f4c2c2 d9a6a9'
    ),
    'black blue': '202830',
    'black green': '31362b 1c352d 173620 003118',
    'black red': '3f1728',
    'black purple': '2f2140 301934 341731',
    'black brown': '3b3121',
    'black gray brown': '3e322c 43302e 483c32',
    'black gray green': '363527',
    'black blue purple': '252440',
    'black red purple': '38152c',
    'gray blue': '91a3b0 536878 36454f 8c92ac 4c516d',
    'gray green': '8c8767 8f9779 515744 8da399 5e716a 3a4b47',
    'gray purple': 'aa98a9 796878 50404d aa8a9e 836479',
    'gray pink': 'c7ada3 c4aead',
    'gray brown': 'c2ac99 ae9b82 958070 977f73 635147 674c47 7e6d5a',
    'gray brown green': '5b5842',
    'gray brown yellow': 'c2b280',
    'gray brown red': '905d5d 543d3f',
    'gray green yellow': 'b9b57d',
    'gray blue purple': '554c69 9690ab c4c3dd',
    'gray pink red': 'ad8884',
    'gray pink red purple': '915f6d af868e c3a6b1',
    'white blue': 'bcd4e6 c0c8e1',
    'white green': 'c7e6d7',
    'white purple': 'd6cadd',
    'white pink': 'ecd5c5 ead8d7 e8ccd7',
    'white yellow': 'f3e5ab ebe8a4',
    'white green yellow': 'dadfb7',
    'red brown': '882d17 56070c',
    'red orange': 'aa381e',
    'red brown orange': '9e4732 b4745e',
    'red orange pink': 'cb6d51',
    'red pink': 'c08081',
    'red pink brown': 'c48379',
    'red pink purple': 'ce4676 b3446c a8516e',
    'red purple': '78184a 54133b 673147',
    'orange pink': 'f99379',
    'orange yellow': 'fad6a5 fbc97f ffc14f eaa221 e3a857 c98500',
    'orange brown': 'be6516 ae6938 d99058',
    'orange brown yellow': 'c19a6b be8a3d',
    'brown yellow': 'a18f60 967117 af8d13 ab9144',
    'brown green': '867e36 665d1e 403d21',
    'brown pink': 'a87c6d',
    'yellow green': '98943e 9b9400 b9b459 bdda57 c9dc89',
    'green blue': (
        '317873 004b49 002a29 66ada4 96ded1 367588 004958 002e3b 2e8495 66aabc 9cd1dc'
    ),
    'blue purple': '7e73b8 8c82b6 dcd0ff',
}
LEVELS = 32  # of each channel in the table
DARK, LIGHT = 35.0, 64.0  # L*: what may be black or gray, and what white or gray


def lab_of(bgr: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of colours.

    Args:
        bgr: (..., 3) sRGB in [0, 255], blue first; of uint8 it is good to half a unit and
            several times faster.

    Returns:
        (N, 3) float32 L* in [0, 100], a*, b*.
    """
    pixels = np.ascontiguousarray(bgr).reshape(1, -1, 3)
    if pixels.dtype == np.uint8:
        lab = cv2.cvtColor(pixels, cv2.COLOR_BGR2LAB).reshape(-1, 3).astype(np.float32)
        lab -= np.array([0, 128, 128], np.float32)
        lab *= np.array([100 / 255, 1, 1], np.float32)
        return lab
    exact_lab = cv2.cvtColor((pixels / 255).astype(np.float32), cv2.COLOR_BGR2LAB)
    return exact_lab.reshape(-1, 3).astype(np.float32)


@functools.cache
def _term_table() -> np.ndarray:
    """(LEVELS ** 3,) uint16: the terms of each cell of the BGR cube, a bit for each.

    They are those of the centroid that is nearest in CIE94.
    """
    masks, codes = [], []
    for names, text in CENTROIDS.items():
        for code in text.split():
            masks.append(sum(1 << TERMS.index(name) for name in names.split()))
            codes.append([int(code[i : i + 2], 16) for i in (4, 2, 0)])
    steps = (np.arange(LEVELS) + 0.5) * 256 / LEVELS
    cells = np.stack(np.meshgrid(steps, steps, steps, indexing='ij'), axis=-1)
    cells_lab = lab_of(cells.reshape(-1, 3))
    centroids = lab_of(np.array(codes))
    best = np.full(len(cells_lab), np.inf, np.float32)
    table = np.zeros(len(cells_lab), np.uint16)
    for mask, centroid in zip(masks, centroids, strict=True):
        distance = _cie94(centroid, cells_lab)
        table[distance < best] = mask
        best = np.minimum(best, distance)
    return table


def _cie94(centroid: np.ndarray, lab: np.ndarray) -> np.ndarray:
    """Squared CIE94 differences (textiles: lightness counts half), (N,)."""
    difference = lab - centroid
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    reference = np.hypot(centroid[1], centroid[2])
    d_chroma = chroma - reference
    d_hue = np.maximum(difference[:, 1] ** 2 + difference[:, 2] ** 2 - d_chroma**2, 0)
    return (
        (difference[:, 0] / 2) ** 2
        + (d_chroma / (1 + 0.048 * reference)) ** 2
        + d_hue / (1 + 0.014 * reference) ** 2
    )


def colour_term_masks(bgr: np.ndarray) -> np.ndarray:
    """The colour terms that fit each pixel.

    Args:
        bgr: (..., 3) uint8.

    Returns:
        (...) uint16, bit k for the k-th of :data:`TERMS`; one bit where people agree.

    >>> mask = int(colour_term_masks(np.array([30, 30, 200], np.uint8)))
    >>> [term for k, term in enumerate(TERMS) if mask >> k & 1]
    ['red']
    """
    cells = (bgr >> 3).astype(np.int32)  # 256 / LEVELS
    index = (cells[..., 0] * LEVELS + cells[..., 1]) * LEVELS + cells[..., 2]
    return _term_table()[index]


def colour_white_gains(image: np.ndarray) -> np.ndarray:
    """Gains that turn the illuminant of an image to white, "shades of gray".

    Finlayson and Trezzi, Shades of Gray and Colour Constancy, CIC 2004, with their best
    Minkowski norm, 6; half as strong and within a fifth, since lawns and walls are not
    gray.

    Args:
        image: (H, W, 3) uint8; a few hundred pixels do.

    Returns:
        (3,) float32, one for each channel; their product is 1.
    """
    pixels = image.reshape(-1, 3).astype(np.float32)
    pixels = pixels[(pixels < 250).all(axis=1)]  # a clipped channel tells nothing
    if len(pixels) < 16:
        return np.ones(3, np.float32)
    norms = np.maximum((pixels**6).mean(axis=0) ** (1 / 6), 1)
    gains = np.sqrt(norms.mean() / norms)
    gains = np.clip(gains, 1 / 1.2, 1.2)
    return (gains / np.cbrt(gains.prod())).astype(np.float32)
