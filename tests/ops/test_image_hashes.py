"""Perceptual hashes: bits worked out by hand, laws, and those of imagededup, bit for bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotdiff.ops.image_hashes import (
    METHODS,
    SIZES,
    flat,
    from_hex,
    hashes,
    mirrored,
    packed,
    sharpness,
    to_hex,
)

each_method = pytest.mark.parametrize("method", METHODS)


def drawings(method):
    """Noise of few and of many greys, and shapes whose coefficients are equal or nearly zero."""
    rng = np.random.default_rng(0)
    width, height = SIZES[method]
    y, x = np.mgrid[:height, :width]
    shapes = [
        *(x * 255 // width, y * 255 // height, np.abs(x - width // 2) * 2, x * y),
        *((x + y) % 2 * 255, (x // 4 + y // 4) % 2 * 255, (x > y) * 200, (x % 3 == 0) * 9),
        255 * ((x - width / 2) ** 2 + (y - height / 2) ** 2 < width * height / 9),
    ]
    noise = [rng.integers(0, top, (height, width)) for top in (2, 3, 8, 256) for _ in range(25)]
    plain = [np.full((height, width), grey) for grey in (0, 1, 7, 100, 128, 200, 255)]
    return np.stack([*shapes, *noise, *plain]).astype(np.uint8)


def reference(method):
    methods = pytest.importorskip("imagededup.methods")
    names = {"phash": "PHash", "ahash": "AHash", "dhash": "DHash", "whash": "WHash"}
    return getattr(methods, names[method])(verbose=False)


@each_method
def test_bits_are_those_of_imagededup(method):
    lumas, other = drawings(method), reference(method)
    expected = [other.encode_image(image_array=luma) for luma in lumas]
    assert [to_hex(bits) for bits in hashes(lumas, method)] == expected


def test_blocks_of_equal_means_are_told_apart_as_imagededup_does():
    rng = np.random.default_rng(1)
    values = rng.integers(0, 256, 1024)
    rows = [[rng.permutation(values).reshape(32, 32) for _ in range(8)] for _ in range(8)]
    luma = np.block(rows).astype(np.uint8)
    expected = reference("whash").encode_image(image_array=luma)
    assert to_hex(hashes(luma[None], "whash")[0]) == expected


@each_method
def test_mirrored_bits_are_those_of_the_mirrored_picture(method):
    lumas = drawings(method)
    found = mirrored(lumas, hashes(lumas, method), method)
    assert found.tolist() == hashes(lumas[..., ::-1], method).tolist()


@each_method
def test_a_picture_has_the_same_hash_in_any_company(method):
    lumas = drawings(method)
    alone = np.concatenate([hashes(luma[None], method) for luma in lumas])
    np.testing.assert_array_equal(hashes(lumas, method), alone)


@each_method
def test_no_pictures_have_no_hashes(method):
    width, height = SIZES[method]
    found = hashes(np.zeros((0, height, width), np.uint8), method)
    assert found.shape == (0,)
    assert found.dtype == np.uint64


def test_a_step_down_leaves_its_bits_out():
    luma = np.full((1, 8, 9), 9, np.uint8) + np.arange(9, dtype=np.uint8)
    luma[0, 0, 8] = 0  # the last pair of the first row
    luma[0, 7, 0] = 200  # the first pair of the last row
    assert to_hex(hashes(luma, "dhash")[0]) == "feffffffffffff7f"


def test_pixels_at_the_mean_are_above_it():
    luma = np.full((1, 8, 8), 10, np.uint8)
    luma[0, 0, 0], luma[0, 0, 1] = 9, 11  # the mean stays 10
    assert to_hex(hashes(luma, "ahash")[0]) == "7fffffffffffffff"


def test_blocks_at_the_median_are_bright():
    luma = np.zeros((1, 256, 256), np.uint8)
    luma[0, 128:] = 50
    assert to_hex(hashes(luma, "whash")[0]) == "00000000ffffffff"  # the median lies between
    luma[0, 128:192] = 0
    assert to_hex(hashes(luma, "whash")[0]) == "ffffffffffffffff"  # it is 0, as three quarters are


@given(st.integers(0, 2**64 - 1))
def test_digits_and_bits_say_the_same(bits):
    assert from_hex(to_hex(bits)) == bits
    octets = np.frombuffer(bits.to_bytes(8, "big"), np.uint8)
    assert packed(np.unpackbits(octets).astype(bool).reshape(1, 8, 8))[0] == bits


@pytest.mark.parametrize("digits", ["", "abc", "0" * 17, "x" * 16, "0x00000000000000"])
def test_what_is_no_hash_is_an_error(digits):
    with pytest.raises(ValueError, match="expected a hash of 16 hexadecimal digits"):
        from_hex(digits)


def test_an_unknown_method_is_an_error():
    with pytest.raises(ValueError, match="expected a method of phash, ahash, dhash, whash, got"):
        hashes(np.zeros((1, 8, 8), np.uint8), "md5")


def test_another_size_is_an_error():
    with pytest.raises(ValueError, match="8 x 9 pixels for dhash"):
        hashes(np.zeros((1, 9, 8), np.uint8), "dhash")


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 20))
def test_two_greys_are_flat_when_they_are_near(one, other, spread):
    luma = np.uint8([[[one, other]], [[other, one]]])
    assert flat(luma, spread).tolist() == [abs(one - other) <= spread] * 2


def test_a_blurred_edge_is_less_sharp():
    crisp = np.zeros((8, 8), np.uint8)
    crisp[:, 4:] = 240
    soft = crisp.copy()
    soft[:, 3:6] = 60, 120, 180
    values = sharpness(np.stack([crisp, soft, np.full((8, 8), 7, np.uint8)]))
    assert values[0] > values[1] > values[2] == 0
