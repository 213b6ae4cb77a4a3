"""What the pixels of a box tell: colours of the upper and lower body, moving legs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ...utils.number_ranges import COUNT, FRACTION, NON_NEGATIVE, require_numbers
from .colour_names import (
    DARK,
    LIGHT,
    TERMS,
    colour_term_masks,
    colour_white_gains,
    lab_of,
)
from .track_kinematics import Kinematics

ROWS, COLUMNS = 32, 16  # of a patch: a body is about twice as high as wide in its box
# Rows and columns of a patch, by the segment lengths of Drillis and Contini (1966): chin
# at .13 of the height from above, hip at .47, knee at .72; the middle of the box, where
# an arm rarely hides what is behind it.
UPPER = slice(6, 15), slice(5, 11)
LOWER = slice(18, 28), slice(5, 11)
LEGS = slice(19, 30), slice(3, 13)
TORSO = slice(5, 16), slice(3, 13)
EDGES = [0, 1, COLUMNS - 2, COLUMNS - 1]  # columns that mostly show the background
MIN_CONTRAST = 12.0  # L*a*b*, sum of the channels: what differs less is background
MIN_FOREGROUND = 0.35  # of a body part
# Shares of pixels that have one term, that may have it, that are dark, that are light;
# whether it may be skin; and the standard deviation of L*.
SURE, FITTING = slice(0, len(TERMS)), slice(len(TERMS), 2 * len(TERMS))
DARK_ROW, LIGHT_ROW = 2 * len(TERMS), 2 * len(TERMS) + 1
SKIN_ROW, SPREAD_ROW = 2 * len(TERMS) + 2, 2 * len(TERMS) + 3
SHARES = 2 * len(TERMS) + 4
FACE = slice(1, 4), slice(6, 10)
# Hue (degrees) and chroma of skin in L*a*b*: of ten tones from dark to light (those of the
# tests) 30 to 79 and 16 to 49, widened by what light and white balance change.
SKIN_HUE, SKIN_CHROMA = (25.0, 85.0), (8.0, 52.0)
# How much darker or lighter (L*), or otherwise coloured, a body part is than the face, at
# least, if it is not bare: shade makes a difference of 20.
SKIN_LIGHTNESS, SKIN_DIFFERENCE = 35.0, 25.0
SKIN_TERMS = ('brown', 'orange', 'pink', 'yellow', 'red', 'white', 'dark', 'light')
LIGHT_INTERVAL = 1.0  # seconds from one look at the light to the next


@dataclass(frozen=True)
class ClothingColours:
    """Colours of a person's clothes; ``''`` where it is not sure.

    Attributes:
        upper: A basic colour term, ``'dark'`` or ``'light'``.
        lower: The same of the lower body.
    """

    upper: str = ''
    lower: str = ''


@dataclass(frozen=True, kw_only=True)
class ClothingOptions:
    """When a colour is sure.

    Attributes:
        min_height: Pixels; of lower boxes a torso is less than 8 pixels wide.
        max_occlusion: Share of the box that a nearer box hides, at most.
        min_samples: Views that are needed.
        max_samples: The best views that are taken: the largest, not hidden.
        min_share: Of a body part's pixels that the term fits, median over the views.
        min_sure: Of those that have no other term.
        max_other: Of the pixels that have another term, in parts of ``min_sure``'s.
        max_rival: Of the pixels that another hue fits, in parts of ``min_share``'s.
        max_spread: Standard deviation of L* in something gray: what is black and white is
            gray from far away.
        min_agreement: Of the views whose most frequent term it is.
        min_lightness: Median L* of the frame; below, it is night and nothing is sure.
        min_chroma: 95th percentile of the frame's chroma; below, it is gray video (4 to
            6 is what JPEG leaves of gray).
        max_width: Of a box, in its heights: lower bodies are looked for in narrower ones,
            those of people who sit or ride are elsewhere.
    """

    min_height: float = 36.0
    max_occlusion: float = 0.1
    min_samples: int = 3
    max_samples: int = 16
    min_share: float = 0.6
    min_sure: float = 0.15
    max_other: float = 0.6
    max_rival: float = 0.6
    max_spread: float = 14.0
    min_agreement: float = 0.75
    min_lightness: float = 18.0
    min_chroma: float = 8.0
    max_width: float = 0.5

    def __post_init__(self) -> None:
        owner = 'ClothingOptions'
        require_numbers(
            owner, COUNT, min_samples=self.min_samples, max_samples=self.max_samples
        )
        require_numbers(
            owner,
            FRACTION,
            max_occlusion=self.max_occlusion,
            min_share=self.min_share,
            min_sure=self.min_sure,
            max_other=self.max_other,
            max_rival=self.max_rival,
            min_agreement=self.min_agreement,
        )
        require_numbers(
            owner,
            NON_NEGATIVE,
            min_height=self.min_height,
            min_lightness=self.min_lightness,
            min_chroma=self.min_chroma,
            max_width=self.max_width,
            max_spread=self.max_spread,
        )


@dataclass(frozen=True, eq=False)
class ClothingViews:
    """What was seen of N boxes of one frame.

    Attributes:
        shares: (N, 2, SHARES) uint8, parts of 255: of the pixels of the upper and the
            lower body, see :data:`SURE`. Zeros where colours cannot be told.
        legs: (N,) mean change of the legs' pixels since the view before, in L*a*b*; NaN
            for none.
        torso: (N,) the same of the torso.
    """

    shares: np.ndarray
    legs: np.ndarray
    torso: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> ClothingViews:
        """The rows of a mask."""
        return ClothingViews(self.shares[rows], self.legs[rows], self.torso[rows])

    @classmethod
    def empty(cls, count: int) -> ClothingViews:
        """Nothing seen of so many boxes."""
        legs, torso = np.full((2, count), np.nan, np.float32)
        return cls(np.zeros((count, 2, SHARES), np.uint8), legs, torso)


@dataclass(eq=False)
class PatchReader:
    """Reads boxes of the frames of one video.

    It holds the last patch of each live track.

    Args:
        options: See :class:`ClothingOptions`.
    """

    options: ClothingOptions = field(default_factory=ClothingOptions)
    _patches: dict[int, tuple[float, np.ndarray]] = field(default_factory=dict)
    _light_time: float = -np.inf
    _gains: np.ndarray | None = None  # of the white balance; None: no colours

    def read(
        self, image: np.ndarray, timestamp: float, ids: Sequence[int], boxes: np.ndarray
    ) -> ClothingViews:
        """What is seen of N boxes.

        Args:
            image: (H, W, 3) uint8 BGR.
            timestamp: Seconds.
            ids: N ids.
            boxes: (N, 4) x1, y1, x2, y2 in pixels.
        """
        if not len(ids):
            self._patches = {}
            return ClothingViews.empty(0)
        patches = np.stack([_patch(image, box) for box in boxes])
        lab = lab_of(patches).reshape(patches.shape)
        legs, torso = self._changes(timestamp, ids, lab)
        shares = np.zeros((len(ids), 2, SHARES), np.uint8)
        if timestamp - self._light_time >= LIGHT_INTERVAL - 1e-6:
            self._light_time = timestamp
            steps = max(1, len(image) // 24), max(1, image.shape[1] // 32)
            thumbnail = image[:: steps[0], :: steps[1]]
            has_colour = self._has_colour(thumbnail)
            self._gains = colour_white_gains(thumbnail) if has_colour else None
        if self._gains is not None:
            background = lab[:, :, EDGES].mean(axis=2, keepdims=True)
            contrast = np.abs(lab - background).sum(axis=-1)
            for part, (rows, columns) in enumerate((UPPER, LOWER)):
                shares[:, part] = _shares(
                    patches[:, rows, columns].reshape(len(ids), -1, 3),
                    lab[:, rows, columns, 0].reshape(len(ids), -1),
                    contrast[:, rows, columns].reshape(len(ids), -1) > MIN_CONTRAST,
                    self._gains,
                )
                is_skin = _may_be_skin(lab[:, rows, columns], lab[:, FACE[0], FACE[1]])
                shares[is_skin, part, SKIN_ROW] = 255
        return ClothingViews(shares, legs, torso)

    def _changes(
        self, timestamp: float, ids: Sequence[int], lab: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean change of legs and torso of each box since the last frame."""
        patches, self._patches = self._patches, {}
        previous_lab = lab.copy()
        is_new = np.ones(len(ids), bool)
        for row, track_id in enumerate(ids):
            self._patches[track_id] = (timestamp, lab[row])
            previous = patches.get(track_id)
            # Half a step takes a quarter of a second: further apart legs are alike again.
            if previous is not None and timestamp - previous[0] <= 0.3:
                previous_lab[row] = previous[1]
                is_new[row] = False
        change = np.abs(lab - previous_lab).sum(axis=-1)
        legs = change[:, LEGS[0], LEGS[1]].mean(axis=(1, 2))
        torso = change[:, TORSO[0], TORSO[1]].mean(axis=(1, 2))
        legs[is_new] = torso[is_new] = np.nan
        return legs, torso

    def _has_colour(self, thumbnail: np.ndarray) -> bool:
        """Whether it is neither night nor gray video."""
        lab = lab_of(thumbnail)
        chroma = np.hypot(lab[:, 1], lab[:, 2])
        return bool(
            np.median(lab[:, 0]) >= self.options.min_lightness
            and np.quantile(chroma, 0.95) >= self.options.min_chroma
        )


def _patch(image: np.ndarray, box: np.ndarray) -> np.ndarray:
    """(ROWS, COLUMNS, 3) of a box; black where it lies outside of the image."""
    x1, y1, x2, y2 = np.round(box).astype(int).tolist()
    height, width = image.shape[:2]
    # Of large boxes every n-th pixel does: a patch averages them anyhow.
    step_x = max(1, (x2 - x1) // (3 * COLUMNS))
    step_y = max(1, (y2 - y1) // (3 * ROWS))
    part = image[max(y1, 0) : y2 : step_y, max(x1, 0) : x2 : step_x]
    if not part.size:
        return np.zeros((ROWS, COLUMNS, 3), np.uint8)
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
        part = cv2.copyMakeBorder(
            part,
            max(-y1, 0) // step_y,
            max(y2 - height, 0) // step_y,
            max(-x1, 0) // step_x,
            max(x2 - width, 0) // step_x,
            cv2.BORDER_CONSTANT,
        )
    return cv2.resize(part, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)


def _shares(
    pixels: np.ndarray,
    lightness: np.ndarray,
    is_foreground: np.ndarray,
    gains: np.ndarray,
) -> np.ndarray:
    """(N, SHARES) uint8 of (N, P, 3) pixels with L* (N, P).

    A term counts where it is the same with and without the white balance.
    """
    balanced = np.clip(pixels * gains, 0, 255).astype(np.uint8)
    masks, balanced_masks = colour_term_masks(pixels), colour_term_masks(balanced)
    bits = np.uint16(1) << np.arange(len(TERMS), dtype=np.uint16)
    flags = np.concatenate(
        [
            (masks[..., None] == bits) & (balanced_masks[..., None] == bits),
            ((masks | balanced_masks)[..., None] & bits) > 0,
            (lightness < DARK)[..., None],
            (lightness > LIGHT)[..., None],
        ],
        axis=-1,
    )
    counts = np.count_nonzero(is_foreground, axis=1)[:, None]
    sums = (flags & is_foreground[..., None]).sum(axis=1)
    shares = sums / np.maximum(counts, 1)
    spread = np.minimum(lightness.std(axis=1, keepdims=True), 255)
    skin = np.zeros_like(spread)  # filled in by the reader
    table = np.concatenate([np.round(255 * shares), skin, np.round(spread)], axis=1)
    table[counts[:, 0] < MIN_FOREGROUND * pixels.shape[1]] = 0
    return table.astype(np.uint8)


def _may_be_skin(parts: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(N,) whether body parts look like skin, and no face that is seen looks different.

    Args:
        parts: (N, h, w, 3) L*a*b*.
        faces: (N, h, w, 3) where a face is, if the person looks this way.
    """
    part, face = (np.median(lab, axis=(1, 2)) for lab in (parts, faces))
    is_other = np.abs(part[:, 0] - face[:, 0]) > SKIN_LIGHTNESS
    is_other |= np.hypot(*(part - face)[:, 1:].T) > SKIN_DIFFERENCE
    return _looks_like_skin(part) & ~(is_other & _looks_like_skin(face))


def _looks_like_skin(lab: np.ndarray) -> np.ndarray:
    """(N,) of (N, 3)."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    is_skin = (hue >= SKIN_HUE[0]) & (hue <= SKIN_HUE[1])
    return is_skin & (chroma >= SKIN_CHROMA[0]) & (chroma <= SKIN_CHROMA[1])


def clothing_colour(shares: np.ndarray, options: ClothingOptions) -> str:
    """The colour of a body part in several views; ``''`` where it is not sure.

    What may be bare skin is not told.

    Args:
        shares: (V, SHARES) uint8 of the best views.
        options: What is sure.
    """
    shares = shares[shares[:, :SKIN_ROW].any(axis=1)]
    term = _sure_colour(shares, options)
    is_bare = term in SKIN_TERMS and np.mean(shares[:, SKIN_ROW] > 0) > 0.25
    return '' if is_bare else term


def _sure_colour(shares: np.ndarray, options: ClothingOptions) -> str:
    if len(shares) < options.min_samples:
        return ''
    part = shares / 255
    sure, fitting = part[:, SURE], part[:, FITTING]
    best = (sure + fitting).argmax(axis=1)
    row = int(np.bincount(best, minlength=len(TERMS)).argmax())
    other_shares = np.delete(np.median(sure, axis=0), row)
    medians = float(np.median(sure[:, row])), float(np.median(fitting[:, row]))
    is_sure = medians[0] >= options.min_sure and medians[1] >= options.min_share
    is_sure &= bool((best == row).mean() >= options.min_agreement)
    is_sure &= bool(other_shares.max() <= options.max_other * medians[0])
    # Khaki is as much yellow as brown, and jeans are blue although they are also gray.
    hues = [k for k in range(TERMS.index('red'), len(TERMS)) if k != row]
    rival_share = float(np.median(fitting[:, hues], axis=0).max())
    is_sure &= rival_share <= options.max_rival * medians[1]
    is_dark = float((part[:, DARK_ROW] >= 0.8).mean())
    is_light = float((part[:, LIGHT_ROW] >= 0.8).mean())
    is_even = bool(np.median(shares[:, SPREAD_ROW]) <= options.max_spread)
    is_sure &= TERMS[row] != 'gray' or is_even
    if is_sure and _fits_light(TERMS[row], medians[0], is_dark, is_light, options):
        return TERMS[row]
    # A hue that is there for a part speaks against "dark" and "light" alone.
    if np.median(sure[:, 3:].sum(axis=1)) > 0.15:
        return ''
    if is_dark >= options.min_agreement:
        return 'dark'
    return 'light' if is_light >= options.min_agreement else ''


def _fits_light(
    term: str, share: float, is_dark: float, is_light: float, options: ClothingOptions
) -> bool:
    """Whether a term without hue is sure: in shade white turns to gray, in light black."""
    if term == 'gray':
        return max(is_dark, is_light) < 0.25
    if term == 'white':
        return is_light >= options.min_agreement
    return term != 'black' or share >= 0.7


def clothing_colours(track: Kinematics, options: ClothingOptions) -> ClothingColours:
    """The clothes of a track, from its best views: large, whole and not hidden."""
    samples = track.samples
    is_clear = (samples['cut'] == 0) & (samples['occlusion'] <= options.max_occlusion)
    is_clear &= track.height >= options.min_height
    is_clear &= samples['shares'].any(axis=(1, 2))
    rows = np.flatnonzero(is_clear)
    best = rows[np.argsort(-track.height[rows], kind='stable')[: options.max_samples]]
    upper = clothing_colour(samples['shares'][best, 0], options)
    is_narrow = track.aspect[best] <= options.max_width
    lower = clothing_colour(samples['shares'][best[is_narrow], 1], options)
    return ClothingColours(upper, lower)
