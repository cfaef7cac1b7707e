"""Perceptual hashes: 64 bits that say what a picture looks like, for many pictures at a time.

A hash is taken of luma in the size of its method. Its bits are those of the package imagededup,
ties included: sums run in the same order, in float64. Bits are packed row by row, the first is the
most significant.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from jaxtyping import Bool, Float64, UInt8, UInt64
from scipy.fft import dct

Method: TypeAlias = Literal["phash", "ahash", "dhash", "whash"]
Lumas: TypeAlias = UInt8[np.ndarray, "n h w"]
Bits: TypeAlias = UInt64[np.ndarray, " n"]

METHODS: tuple[Method, ...] = get_args(Method)
SIZES: dict[Method, tuple[int, int]] = {
    "phash": (32, 32),
    "ahash": (8, 8),
    "dhash": (9, 8),
    "whash": (256, 256),
}  # width, height
ROUGH_SIZES: dict[Method, tuple[int, int]] = {**SIZES, "whash": (32, 32)}  # for nearly its bits

_SIDE = 8
_HAAR = 0.7071067811865476


def hashes(luma: Lumas, method: Method) -> Bits:
    """The hash of each picture.

    Args:
        luma: Grey pictures in the size of the method, or in its rough size.
        method: `phash` compares low frequencies with their median, `ahash` pixels with their
            mean, `dhash` each pixel with its left neighbour, `whash` the means of blocks with
            their median.

    Raises:
        ValueError: The method is unknown, or the pictures have another size.

    Example:
        >>> ramp = np.tile(np.arange(9, dtype=np.uint8), (8, 1))[None]
        >>> to_hex(hashes(ramp, "dhash")[0]), to_hex(hashes(ramp[..., ::-1], "dhash")[0])
        ('ffffffffffffffff', '0000000000000000')
        >>> to_hex(hashes(ramp[..., :8], "ahash")[0])
        '0f0f0f0f0f0f0f0f'
    """
    if method not in SIZES:
        raise ValueError(f"expected a method of {', '.join(METHODS)}, got {method!r}")
    width, height = SIZES[method]
    if luma.ndim != 3 or luma.shape[:0:-1] not in (SIZES[method], ROUGH_SIZES[method]):
        raise ValueError(
            f"expected pictures of {height} x {width} pixels for {method}, got {luma.shape}"
        )
    return packed(_RULES[method](luma))


def mirrored(luma: Lumas, bits: Bits, method: Method) -> Bits:
    """The hash of each picture with left and right exchanged.

    Args:
        luma: Grey pictures in the size of the method.
        bits: Their hashes.
        method: Of hashing.

    Example:
        >>> ramp = np.tile(np.arange(8, dtype=np.uint8), (8, 1))[None]
        >>> to_hex(mirrored(ramp, hashes(ramp, "ahash"), "ahash")[0])
        'f0f0f0f0f0f0f0f0'
    """
    if method in ("phash", "dhash"):
        return hashes(luma[..., ::-1], method)
    # blocks and pixels are compared with one number, which a mirror does not change
    rows = np.unpackbits(bits.astype(">u8").view(np.uint8)).reshape(-1, _SIDE, _SIDE)
    return packed(rows[..., ::-1].astype(bool))


def packed(bits: Bool[np.ndarray, "n 8 8"]) -> Bits:
    """64 bits a picture as one number.

    Example:
        >>> bits = np.zeros((1, 8, 8), bool)
        >>> bits[0, 0, 0] = bits[0, 7, 7] = True
        >>> to_hex(packed(bits)[0])
        '8000000000000001'
    """
    octets = np.packbits(bits.reshape(len(bits), _SIDE * _SIDE), axis=1)
    return np.ascontiguousarray(octets).view(">u8").ravel().astype(np.uint64)


def to_hex(bits: int | np.integer) -> str:
    """A hash as 16 lower-case hexadecimal digits.

    Example:
        >>> to_hex(255)
        '00000000000000ff'
    """
    return f"{int(bits):016x}"


def from_hex(digits: str) -> int:
    """The hash that 16 hexadecimal digits stand for.

    Raises:
        ValueError: They are something else.

    Example:
        >>> from_hex("00000000000000ff")
        255
    """
    if len(digits) != 16 or not set(digits) <= set("0123456789abcdefABCDEF"):
        raise ValueError(f"expected a hash of 16 hexadecimal digits, got {digits!r}")
    return int(digits, 16)


def flat(luma: Lumas, spread: int) -> Bool[np.ndarray, " n"]:
    """Which pictures are of one grey: no two of their pixels differ by more than `spread`.

    Such pictures have one hash whatever their colour, or bits of mere noise.

    Example:
        >>> flat(np.uint8([[[7, 7]], [[7, 9]], [[7, 90]]]), 2)
        array([ True,  True, False])
    """
    return np.asarray(np.ptp(luma, axis=(1, 2)) <= spread)


def sharpness(luma: Lumas) -> Float64[np.ndarray, " n"]:
    """The variance of the Laplacian of each picture: large where edges are crisp.

    Sums of four neighbours minus four times the pixel, without the border.

    Example:
        >>> step = np.uint8([[[0, 0, 9, 9]] * 3, [[0, 3, 6, 9]] * 3])
        >>> sharpness(step)
        array([81.,  0.])
    """
    grey = luma.astype(np.int16)
    around = grey[:, :-2, 1:-1] + grey[:, 2:, 1:-1] + grey[:, 1:-1, :-2] + grey[:, 1:-1, 2:]
    return np.asarray((around - 4 * grey[:, 1:-1, 1:-1]).var(axis=(1, 2), dtype=np.float64))


def _low_frequencies(luma: Lumas) -> Bool[np.ndarray, "n 8 8"]:
    rows = dct(luma.astype(np.float64), axis=1)[:, :_SIDE]
    kept = dct(rows, axis=2)[..., :_SIDE]
    middle = np.median(kept.reshape(len(kept), _SIDE * _SIDE)[:, 1:], axis=1)
    return np.asarray(kept >= middle[:, None, None])


def _above_mean(luma: Lumas) -> Bool[np.ndarray, "n 8 8"]:
    return np.asarray(luma >= luma.mean(axis=(1, 2), keepdims=True))


def _brighter_to_the_right(luma: Lumas) -> Bool[np.ndarray, "n 8 8"]:
    return np.asarray(luma[..., 1:] > luma[..., :-1])


def _bright_blocks(luma: Lumas) -> Bool[np.ndarray, "n 8 8"]:
    """Blocks whose mean is not below the median; means scaled and rounded as wavelets do it."""
    band = luma / 255
    while band.shape[1] > _SIDE:
        band = band[:, ::2] * _HAAR + band[:, 1::2] * _HAAR
        band = band[..., ::2] * _HAAR + band[..., 1::2] * _HAAR
    middle = np.median(band.reshape(len(band), _SIDE * _SIDE), axis=1)
    return np.asarray(band >= middle[:, None, None])


_RULES = {
    "phash": _low_frequencies,
    "ahash": _above_mean,
    "dhash": _brighter_to_the_right,
    "whash": _bright_blocks,
}
