"""Every kind of picture becomes uint8 RGB, and every bad file one sentence with its path."""

from __future__ import annotations

import hashlib
import struct
import zlib
from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from spotdiff.data.images import (
    ImageError,
    decode_image,
    file_sha256,
    image_info,
    read_hashed,
    read_image,
    read_mask,
)

NOISE = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
UPRIGHT = {  # how the stored picture of NOISE must be turned for each EXIF orientation
    1: NOISE,
    2: NOISE[:, ::-1],
    3: NOISE[::-1, ::-1],
    4: NOISE[::-1],
    5: NOISE.transpose(1, 0, 2),
    6: np.rot90(NOISE, -1),
    7: np.rot90(NOISE, 2).transpose(1, 0, 2),
    8: np.rot90(NOISE),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_a_picture_is_turned_upright_as_its_exif_entry_says(tmp_path, orientation):
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "turned.png"
    Pillow.fromarray(NOISE).save(path, exif=exif)
    np.testing.assert_array_equal(read_image(path), UPRIGHT[orientation])
    info = image_info(path)
    assert (info.height, info.width) == UPRIGHT[orientation].shape[:2]


def test_transparent_parts_are_white(tmp_path):
    path = tmp_path / "alpha.png"
    pixels = np.uint8([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 100, 200, 51]]])
    Pillow.fromarray(pixels).save(path)
    np.testing.assert_array_equal(
        read_image(path), [[[10, 20, 30], [255, 255, 255], [204, 224, 244]]]
    )


def test_a_transparent_palette_entry_is_white(tmp_path):
    path = tmp_path / "palette.png"
    picture = Pillow.fromarray(np.uint8([[0, 1, 1]])).convert("L")
    indexed = Pillow.frombytes("P", picture.size, picture.tobytes())
    indexed.putpalette([9, 8, 7, 60, 70, 80])
    indexed.save(path, transparency=0)
    np.testing.assert_array_equal(read_image(path), [[[255] * 3, [60, 70, 80], [60, 70, 80]]])
    np.testing.assert_array_equal(read_mask(path), [[0, 1, 1]])


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bits_are_scaled_by_the_range_of_the_type_whatever_they_hold(tmp_path, suffix):
    path = tmp_path / f"deep.{suffix}"
    Pillow.fromarray(np.uint16([[0, 257, 1000], [32768, 65534, 65535]])).save(path)
    expected = np.uint8([[0, 1, 4], [128, 255, 255]])
    np.testing.assert_array_equal(read_image(path), np.stack([expected] * 3, axis=-1))


def test_floats_are_read_from_zero_to_one_and_refused_beyond(tmp_path):
    good, bad = tmp_path / "good.tiff", tmp_path / "bad.tiff"
    Pillow.fromarray(np.float32([[0, 0.5, 1]])).save(good)
    Pillow.fromarray(np.float32([[0, 7]])).save(bad)
    np.testing.assert_array_equal(read_image(good)[0, :, 0], [0, 128, 255])
    with pytest.raises(ImageError, match=r"bad\.tiff.*from 0 to 1, got 0\.0 to 7\.0"):
        read_image(bad)


def test_grey_and_one_bit_pictures_get_three_equal_channels(tmp_path):
    grey, bits = tmp_path / "grey.png", tmp_path / "bits.png"
    Pillow.fromarray(np.uint8([[3, 200]])).save(grey)
    Pillow.fromarray(np.array([[False, True]])).save(bits)
    np.testing.assert_array_equal(read_image(grey), [[[3] * 3, [200] * 3]])
    np.testing.assert_array_equal(read_image(bits), [[[0] * 3, [255] * 3]])


def test_cmyk_becomes_rgb(tmp_path):
    path = tmp_path / "print.tiff"
    Pillow.new("CMYK", (2, 1), (0, 255, 255, 0)).save(path)
    np.testing.assert_array_equal(read_image(path), [[[255, 0, 0]] * 2])


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "RGBA", "LA", "I;16"])
def test_a_picture_of_one_pixel_is_a_picture(tmp_path, mode):
    path = tmp_path / "pixel.png"
    Pillow.new(mode, (1, 1)).save(path)
    image = read_image(path)
    assert image.shape == (1, 1, 3)
    assert image.dtype == np.uint8


def test_the_result_may_be_written_to(tmp_path):
    path = tmp_path / "a.png"
    Pillow.fromarray(NOISE).save(path)
    assert read_image(path).flags.writeable


def test_the_hash_is_that_of_the_file_and_costs_no_second_reading(tmp_path):
    path = tmp_path / "a.png"
    Pillow.fromarray(NOISE).save(path)
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    found = read_hashed(path)
    np.testing.assert_array_equal(found.image, NOISE)
    assert found.sha256 == file_sha256(path) == image_info(path).sha256 == expected


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "bmp", "tiff", "gif"])
def test_a_truncated_picture_is_a_problem_with_its_path(tmp_path, suffix):
    path = tmp_path / f"torn.{suffix}"
    large = np.random.default_rng(1).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    Pillow.fromarray(large).save(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=rf"torn\.{suffix}: "):
        read_image(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "the file is empty"), (b"img_id,added_objs\n", "its content is none of these")],
)
def test_a_file_that_is_no_picture_says_so(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=rf"a\.jpg: .*{reason}"):
        read_image(path)


@pytest.mark.parametrize("read", [read_image, read_mask, file_sha256, image_info])
def test_a_missing_file_and_a_folder_are_problems_with_their_path(tmp_path, read):
    with pytest.raises(ImageError, match=r"gone\.png: cannot be read: no such file"):
        read(tmp_path / "gone.png")
    with pytest.raises(ImageError, match=f"{tmp_path}: cannot be read"):
        read(tmp_path)


def test_a_picture_beyond_max_pixels_is_refused_and_the_message_names_the_way(tmp_path):
    path = tmp_path / "a.png"
    Pillow.fromarray(NOISE).save(path)
    with pytest.raises(ImageError, match="at most 34 pixels, got 7 x 5; raise max_pixels"):
        read_image(path, max_pixels=34)
    assert read_image(path, max_pixels=35).shape == NOISE.shape


def _png_that_claims(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
        + b"\0\0\0\0IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


def test_a_decompression_bomb_is_refused_by_its_header():
    with pytest.raises(ImageError, match=r"bomb: .*could be decompression bomb.* raise max_pixels"):
        decode_image(_png_that_claims(50_000, 50_000), "bomb")


def test_a_large_picture_is_opened_when_asked_for_and_the_guard_stays(monkeypatch):
    monkeypatch.setattr(Pillow, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(ImageError, match="exceeds limit of 20 pixels"):
        decode_image(_png_that_claims(6, 6), "large")
    assert decode_image(_encoded("PNG"), "large", max_pixels=400_000_000).shape == (7, 5, 3)
    assert Pillow.MAX_IMAGE_PIXELS == 10


def test_a_photograph_of_a_phone_with_a_second_frame_gives_its_first():
    stream = BytesIO()
    first, second = Pillow.new("RGB", (8, 8), (200, 0, 0)), Pillow.new("RGB", (8, 8))
    first.save(stream, "MPO", save_all=True, append_images=[second])
    image = decode_image(stream.getvalue(), "phone.jpg")
    assert image.shape == (8, 8, 3)
    assert image[..., 0].min() > 190


def _encoded(suffix: str) -> bytes:
    stream = BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.fromarray(NOISE).save(stream, suffix, exif=exif)
    return stream.getvalue()


@settings(max_examples=150)
@given(
    st.sampled_from(["PNG", "JPEG", "TIFF", "WEBP"]),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=8),
)
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore:.*exceeds limit.*")
def test_a_damaged_file_is_a_picture_or_an_image_error_and_nothing_else(suffix, damage):
    content = bytearray(_encoded(suffix))
    for place, value in damage:
        content[place % len(content)] = value
    with suppress(ImageError):
        image = decode_image(bytes(content), "damaged", max_pixels=10_000)
        assert image.dtype == np.uint8
        assert image.shape[2:] == (3,)


def test_masks_keep_their_values(tmp_path):
    path = tmp_path / "mask.png"
    values = np.uint8([[0, 1, 170], [8, 128, 255]])
    Pillow.fromarray(values).save(path)
    np.testing.assert_array_equal(read_mask(path), values)
    Pillow.fromarray(np.stack([values] * 3, axis=-1)).save(path)
    np.testing.assert_array_equal(read_mask(path), values)
    Pillow.fromarray(values.astype(np.uint16)).save(path)
    np.testing.assert_array_equal(read_mask(path), values)


def test_a_mask_of_colours_or_of_deep_values_is_refused(tmp_path):
    path = tmp_path / "mask.png"
    Pillow.fromarray(NOISE).save(path)
    with pytest.raises(ImageError, match=r"mask\.png: expected a mask of one channel"):
        read_mask(path)
    Pillow.fromarray(np.uint16([[0, 300]])).save(path)
    with pytest.raises(ImageError, match="from 0 to 255, got 300"):
        read_mask(path)
