"""Properties of pictures that can be measured, and the words for more and for less of each.

All are of the picture at one small size, so that files of other sizes compare, but for `size` and
`aspect`. Lightness and colour are those of OKLab; see `spotdiff.ops.colours`.
"""

from __future__ import annotations

import cv2
import numpy as np
from jaxtyping import Float32, Float64

from spotdiff.ops.colours import TERMS, oklab, terms_of
from spotdiff.types import Image, Measure

SIDE = 192  # pixels of the longer side that is looked at

Plane = Float32[np.ndarray, "h w"]

MEASURES: tuple[Measure, ...] = (
    Measure("brightness", "bright pictures", "dark pictures"),
    Measure("contrast", "strong contrast of light and dark", "flat light with little contrast"),
    Measure("colourfulness", "vivid colours", "pale or grey colours"),
    Measure("warmth", "warm, yellowish light", "cold, bluish light"),
    Measure("tint", "a reddish tint", "a greenish tint"),
    Measure("variety", "many different colours", "few different colours"),
    Measure("sharpness", "crisp edges", "blurred edges"),
    Measure("grain", "grainy, noisy pictures", "smooth pictures without grain"),
    Measure("detail", "busy scenes full of detail", "plain, empty scenes"),
    Measure("fineness", "sharp pictures with fine texture", "soft or blurred pictures"),
    Measure("symmetry", "left and right alike", "left and right unlike"),
    Measure("upright", "upright lines", "level lines"),
    Measure("top light", "bright above and dark below", "dark above and bright below"),
    Measure("middle light", "a bright middle and dark edges", "a dark middle and bright edges"),
    Measure("middle detail", "detail in the middle", "detail towards the edges"),
    Measure("frame", "a plain frame around the picture", "no frame around the picture"),
    Measure("size", "large pictures, of many pixels", "small pictures, of few pixels"),
    Measure("aspect", "wide pictures", "tall pictures"),
    *(Measure(term, f"much {term}", f"little {term}") for term in TERMS),
)
NAMES = tuple(measure.name for measure in MEASURES)


def measured(image: Image) -> Float64[np.ndarray, " m"]:
    """All of `MEASURES` of one picture, in their order.

    Args:
        image: (h, w, 3) uint8 RGB.

    Example:
        >>> dark, light = (measured(np.full((40, 60, 3), level, np.uint8)) for level in (30, 220))
        >>> bool(dark[NAMES.index("brightness")] < light[NAMES.index("brightness")])
        True
        >>> dark[NAMES.index("black")], round(float(dark[NAMES.index("aspect")]), 3)
        (np.float64(1.0), 0.405)
    """
    height, width = image.shape[:2]
    lab = oklab(_small(image))
    light = np.ascontiguousarray(lab[..., 0])
    shares = np.bincount(terms_of(lab.reshape(-1, 3)), minlength=len(TERMS)) / light.size
    told = [
        *_colours(lab, shares),
        *_structure(light),
        *_layout(light),
        np.log(height * width),
        np.log(width / height),
        *shares,
    ]
    return np.array(told, np.float64)


def _small(image: Image) -> Image:
    factor = SIDE / max(image.shape[:2])
    height, width = (max(8, round(side * factor)) for side in image.shape[:2])
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)


def _colours(
    lab: Float32[np.ndarray, "h w 3"], shares: Float64[np.ndarray, " t"]
) -> tuple[float, ...]:
    """Brightness, contrast, colourfulness, warmth, tint, variety."""
    light, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    present = shares[shares > 0]
    variety = float(-(present * np.log(present)).sum())
    chroma = float(np.hypot(a, b).mean())
    return (
        float(light.mean()),
        float(light.std()),
        chroma,
        float(b.mean()),
        float(a.mean()),
        variety,
    )


def _structure(light: Plane) -> tuple[float, ...]:
    """Sharpness, grain, detail, fineness, symmetry, upright.

    Sharpness is beside the contrast: what is dark is not blurred.
    """
    across, down = (cv2.Sobel(light, cv2.CV_32F, *d, ksize=3) for d in ((1, 0), (0, 1)))
    steep = np.hypot(across, down)
    fine = float(cv2.Laplacian(light, cv2.CV_32F).var()) + 1e-9
    coarse = float((light - cv2.GaussianBlur(light, (0, 0), 6)).var()) + 1e-9
    mirrored = light[:, ::-1]
    return (
        float(np.log((np.percentile(steep, 99) + 0.01) / (light.std() + 0.02))),
        _grain(light),
        float((steep > 0.15).mean()),
        float(np.log(fine / coarse)),
        _correlation(light, mirrored),
        float(np.log((np.abs(across).mean() + 1e-4) / (np.abs(down).mean() + 1e-4))),
    )


def _layout(light: Plane) -> tuple[float, ...]:
    """Light of the top, light and detail of the middle, frame."""
    height, width = light.shape
    third = height // 3
    middle = np.zeros(light.shape, bool)
    middle[height // 4 : -height // 4, width // 4 : -width // 4] = True
    steep = np.abs(cv2.Laplacian(light, cv2.CV_32F))
    ring = max(1, min(height, width) // 32)
    edges = (light[:ring], light[-ring:], light[:, :ring].T, light[:, -ring:].T)
    spread = max(float(edge.std()) for edge in edges)
    return (
        float(light[:third].mean() - light[-third:].mean()),
        float(light[middle].mean() - light[~middle].mean()),
        float(np.log((steep[middle].mean() + 1e-3) / (steep[~middle].mean() + 1e-3))),
        -float(np.log((spread + 0.005) / (light.std() + 0.02))),
    )


def _grain(light: Plane) -> float:
    """The spread of noise: what is left where second differences of both axes meet.

    Immerkaer 1996, https://doi.org/10.1006/cviu.1996.0060, by a median, which edges move little.
    """
    kernel = np.array(((1, -2, 1), (-2, 4, -2), (1, -2, 1)), np.float32)
    return float(np.log(np.median(np.abs(cv2.filter2D(light, cv2.CV_32F, kernel))) / 6 + 1e-4))


def _correlation(one: Plane, other: Plane) -> float:
    a, b = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / spread if spread > 1e-6 else 1.0
