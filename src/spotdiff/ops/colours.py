"""What colour a thing has, in the eleven basic colour terms of English.

Terms are told apart by lightness, chroma and hue in OKLab, where equal steps look equally large
(Ottosson 2020, https://bottosson.github.io/posts/oklab/). The terms are those of Berlin & Kay 1969.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from spotdiff.types import Box, Image

TERMS = (
    "black",
    "white",
    "grey",
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "brown",
)
NEUTRAL = frozenset(TERMS[:3])

MIN_SHARE = 0.6  # of a thing's pixels that have its colour
MIN_DISTANCE = 0.08  # in OKLab, from which on a pixel differs; what the views differ by is added
MIN_COVER = 0.15  # share of the box that differs; less may be an edge, and tells no colour
MIN_PIXELS = 40  # fewer are mostly rims
MAX_SIDE = 96  # pixels that are looked at; more tell nothing new
_COLOURLESS = 0.03  # chroma that a picture in black and white stays below

_BLACK, _BLACK_CHROMA = 0.3, 0.07
_WHITE, _WHITE_CHROMA = 0.87, 0.04
_GREY_CHROMA = 0.036

_LINEAR = np.array(
    [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255],
    np.float32,
)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ],
    np.float32,
)


def oklab(pixels: UInt8[np.ndarray, "*n 3"]) -> Float32[np.ndarray, "*n 3"]:
    """Lightness in [0, 1] and the two axes of colour of sRGB pixels.

    Example:
        >>> oklab(np.uint8([[255, 255, 255], [255, 0, 0]])).round(2) + 0.0
        array([[1.  , 0.  , 0.  ],
               [0.63, 0.22, 0.13]], dtype=float32)
    """
    return np.asarray(np.cbrt(_LINEAR[pixels] @ _TO_CONES.T) @ _TO_LAB.T, np.float32)


def terms_of(lab: Float32[np.ndarray, "n 3"]) -> Int64[np.ndarray, " n"]:
    """Which of `TERMS` each colour is.

    Example:
        >>> shown = np.uint8([[200, 30, 30], [30, 60, 160], [120, 70, 30], [128, 128, 128]])
        >>> [TERMS[i] for i in terms_of(oklab(shown))]
        ['red', 'blue', 'brown', 'grey']
    """
    light, chroma = lab[:, 0], np.hypot(lab[:, 1], lab[:, 2])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1])) % 360
    rose, orange = (hue >= 342) | (hue < 14), (hue >= 41) & (hue < 84)
    yellow, pale = (hue >= 84) & (hue < 120), chroma < 0.09
    cream = orange & pale & (light >= 0.82)
    rules = {
        "black": (light < _BLACK) & (chroma < _BLACK_CHROMA),
        "white": (light > _WHITE) & (chroma < _WHITE_CHROMA) | cream,
        "grey": chroma < _GREY_CHROMA,
        "pink": (rose & (light > 0.6)) | (((hue < 41) | rose) & (light > 0.7)),
        "brown": (hue < 41) & (light < 0.55) & (chroma < 0.12)
        | orange & ((light < 0.66) | pale)
        | yellow & (hue < 100) & (light < 0.62),
        "red": (hue < 41) | (hue >= 342),
        "orange": orange,
        "yellow": yellow & (light >= 0.62),
        "green": (hue >= 84) & (hue < 191),
        "blue": (hue >= 191) & (hue < 292),
    }
    numbers = [TERMS.index(term) for term in rules]
    return np.asarray(np.select(list(rules.values()), numbers, TERMS.index("purple")), np.int64)


def dominant(lab: Float32[np.ndarray, "n 3"], min_share: float = MIN_SHARE) -> str | None:
    """The term that most of the colours are; None where no term has `min_share` of them.

    Example:
        >>> dominant(oklab(np.uint8([[200, 30, 30]] * 7 + [[30, 60, 160]] * 3)))
        'red'
        >>> dominant(oklab(np.uint8([[200, 30, 30], [30, 60, 160]]))) is None
        True
    """
    counts = np.bincount(terms_of(lab), minlength=len(TERMS))
    best = int(counts.argmax())
    return TERMS[best] if len(lab) and counts[best] >= min_share * len(lab) else None


class ThingColours:
    """Names the colours of things in a pair by the pixels that differ between its views.

    Where most of a box looks alike in both views, or most of the views differs, nothing tells the
    thing from its ground, and there is no colour; nor is there one in black and white pictures.

    Args:
        before: One view, (h, w, 3).
        after: The other one, of the same size.
    """

    def __init__(self, before: Image, after: Image) -> None:
        self.views = before, after
        shrunk = [_shrunk(view) for view in self.views]
        self.min_distance = MIN_DISTANCE + float(np.median(_distances(*shrunk)))
        chroma = [np.quantile(np.hypot(lab[..., 1], lab[..., 2]), 0.98) for lab in shrunk]
        self.coloured = max(chroma) > _COLOURLESS

    def of(self, box: Box, view: int) -> str | None:
        """The colour of what a box shows in a view (0 for before, 1 for after), if it is clear.

        Example:
            >>> ground = np.full((40, 40, 3), 120, np.uint8)
            >>> red = ground.copy()
            >>> red[10:20, 10:20] = (200, 30, 30)
            >>> ThingColours(ground, red).of((8, 8, 22, 22), 1)
            'red'
        """
        height, width = self.views[view].shape[:2]
        x0, y0 = (max(int(edge), 0) for edge in box[:2])
        x1, y1 = min(round(box[2]), width), min(round(box[3]), height)
        if not self.coloured or x1 <= x0 or y1 <= y0:
            return None
        both = [_shrunk(image[y0:y1, x0:x1]) for image in self.views]
        differs = _distances(*both) > self.min_distance
        if not _tells(differs):
            return None
        return dominant(both[view][differs])


def _tells(differs: Bool[np.ndarray, "h w"]) -> bool:
    """Whether there are enough pixels to tell a colour."""
    return bool(differs.sum() >= max(MIN_PIXELS, MIN_COVER * differs.size))


def _distances(
    lab: Float32[np.ndarray, "h w 3"], other: Float32[np.ndarray, "h w 3"]
) -> Float32[np.ndarray, "h w"]:
    return np.asarray(np.linalg.norm(lab - other, axis=-1), np.float32)


def _shrunk(image: Image) -> Float32[np.ndarray, "h w 3"]:
    """The picture in OKLab, small enough to be looked at fast."""
    height, width = image.shape[:2]
    ratio = MAX_SIDE / max(height, width)
    if ratio < 1:
        size = max(round(width * ratio), 1), max(round(height * ratio), 1)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return oklab(image)
