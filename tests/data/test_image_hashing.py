"""Hashes of files: those of imagededup, faster; in order, with a reason where there is none."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from spotdiff.data import hash_cache, image_hashing
from spotdiff.data.image_hashing import HashCache, ImageHasher
from spotdiff.ops.image_hashes import METHODS, to_hex
from spotdiff.types import ImageHash


def picture(seed=0, width=90, height=70):
    """Soft colours with some noise."""
    rng = np.random.default_rng(seed)
    soft = Pillow.fromarray(rng.integers(0, 256, (5, 6, 3)).astype(np.uint8))
    grown = np.asarray(soft.resize((width, height), Pillow.Resampling.BICUBIC)).astype(int)
    noisy = grown + rng.integers(-9, 10, (height, width, 1))
    return Pillow.fromarray(noisy.clip(0, 255).astype(np.uint8))


def encoded(image, kind="PNG", **options):
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def transparent(image):
    alpha = Pillow.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    return image


def contents():
    """A file of every mode that a picture may have, by name."""
    image = picture(3)
    palette = image.quantize(16)
    turned = Pillow.Exif()
    turned[0x0112] = 6
    deep = np.asarray(image.convert("L")).astype(np.uint16)
    return {
        "rgb.jpg": encoded(image, "JPEG", quality=80),
        "turned.jpg": encoded(image, "JPEG", exif=turned),
        "grey.jpg": encoded(image.convert("L"), "JPEG"),
        "cmyk.jpg": encoded(image.convert("CMYK"), "JPEG"),
        "progressive.jpg": encoded(image, "JPEG", progressive=True),
        "rgb.png": encoded(image),
        "one_bit.png": encoded(image.convert("1")),
        "grey.png": encoded(image.convert("L")),
        "grey_alpha.png": encoded(transparent(image.convert("LA").convert("L"))),
        "palette.png": encoded(palette),
        "clear_palette.png": encoded(palette, transparency=3),
        "rgba.png": encoded(transparent(image.copy())),
        "deep.png": encoded(Pillow.fromarray(deep)),
        "deeper.png": encoded(Pillow.fromarray(deep * 257)),
        "cmyk.tif": encoded(image.convert("CMYK"), "TIFF"),
        "float.tif": encoded(Pillow.fromarray(deep.astype(np.float32)), "TIFF"),
        "lab.tif": encoded(image.convert("LAB"), "TIFF"),
        "several.gif": encoded(palette, "GIF", save_all=True, append_images=[palette.rotate(90)]),
        "lossy.webp": encoded(image, "WEBP"),
        "one_pixel.png": encoded(image.crop((0, 0, 1, 1))),
        "narrow.png": encoded(image.crop((0, 0, 1, 60))),
        "tiny.bmp": encoded(image.crop((0, 0, 5, 3)), "BMP"),
    }


@pytest.fixture
def files(tmp_path):
    for name, content in contents().items():
        (tmp_path / name).write_bytes(content)
    return sorted(tmp_path.iterdir())


@pytest.mark.parametrize("method", METHODS)
def test_exact_bits_are_those_of_imagededup_whatever_the_mode_of_the_file(files, method):
    methods = pytest.importorskip("imagededup.methods")
    reference = getattr(methods, method[:2].upper() + method[2:])(verbose=False)
    found = {path.name: to_hex(item.bits) for path, item in hashed(files, method)}
    expected = {path.name: reference.encode_image(image_file=path) for path in files}
    assert found == expected


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"progressive": True}])
def test_exact_bits_of_pictures_of_many_shapes_are_those_of_imagededup(tmp_path, method, options):
    """Some are made small by products of matrices, some by Pillow: too narrow, tall or wide."""
    methods = pytest.importorskip("imagededup.methods")
    reference = getattr(methods, method[:2].upper() + method[2:])(verbose=False)
    shapes = [(255, 90), (256, 90), (260, 390), (260, 391), (300, 75), (301, 75), (640, 427)]
    for number, shape in enumerate(shapes):
        content = encoded(picture(number, *shape), "JPEG", quality=90, **options)
        (tmp_path / f"{number}.jpg").write_bytes(content)
    files = sorted(tmp_path.iterdir())
    found = [to_hex(item.bits) for _, item in hashed(files, method)]
    assert found == [reference.encode_image(image_file=path) for path in files]


def hashed(files, method="phash", mode="exact", **options):
    return list(zip(files, ImageHasher(method, mode, **options)(files), strict=True))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_bytes_and_files_of_equal_content_are_the_same(files, method, mode):
    by_path = [item for _, item in hashed(files, method, mode)]
    by_bytes = list(ImageHasher(method, mode)(path.read_bytes() for path in files))
    assert by_path == by_bytes


@pytest.mark.parametrize(
    ("method", "most"), [("phash", 6), ("ahash", 6), ("dhash", 8), ("whash", 2)]
)
def test_fast_differs_from_exact_in_few_bits(method, most):
    sources = [encoded(picture(i, 640, 480), "JPEG", quality=90) for i in range(6)]
    pairs = zip(ImageHasher(method)(sources), ImageHasher(method, "fast")(sources), strict=True)
    for exact, fast in pairs:
        assert (exact.bits ^ fast.bits).bit_count() <= most
        assert (fast.width, fast.height) == (640, 480)
        assert np.abs(np.subtract(exact.colour, fast.colour)).max() <= 1


def test_what_tells_copies_apart_is_told():
    red = Pillow.new("RGB", (40, 30), (200, 16, 32))
    (flat,) = ImageHasher()([encoded(red)])
    assert flat == ImageHash(2**64 - 1, True, (200, 16, 32), 40, 30, 0.0, None, 2**64 - 1)
    crisp, soft = (picture(1, 400, 300), picture(1, 400, 300).resize((40, 30)))
    one, other = ImageHasher()([encoded(crisp), encoded(soft.resize((400, 300)))])
    assert not one.flat
    assert one.sharpness > other.sharpness > 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mode", ["exact", "fast"])
def test_a_mirrored_picture_has_the_mirrored_bits(method, mode):
    image = picture(4, 640, 480)
    turned = image.transpose(Pillow.Transpose.FLIP_LEFT_RIGHT)
    one, other = ImageHasher(method, mode)([encoded(image), encoded(turned)])
    assert (one.bits ^ other.mirrored).bit_count() <= 1
    assert (one.mirrored ^ other.bits).bit_count() <= 1
    assert (one.bits ^ one.mirrored).bit_count() > 9


def test_sixteen_bits_have_the_colour_that_they_show():
    """Their bits are those of imagededup, which takes all above 255 for white."""
    deep = Pillow.fromarray(np.full((8, 8), 100 * 257, np.uint16))
    (exact,) = ImageHasher()([encoded(deep)])
    assert (exact.flat, exact.colour) == (True, (100, 100, 100))
    values = np.asarray(picture(2).convert("L")).astype(np.uint16) * 257
    shallow = encoded(picture(2).convert("L"))
    fast = list(ImageHasher("phash", "fast")([encoded(Pillow.fromarray(values)), shallow]))
    assert fast[0] == fast[1]


def test_what_cannot_be_read_is_a_problem_with_its_path_and_the_rest_goes_on(tmp_path):
    whole = encoded(picture(), "JPEG")
    for name, content in {"cut.jpg": whole[:-300], "empty.jpg": b"", "text.png": b"hello"}.items():
        (tmp_path / name).write_bytes(content)
    names = ("cut.jpg", "empty.jpg", "text.png", "missing.jpg", "impossible\0.jpg")
    paths = [tmp_path / name for name in names]
    *bad, good = ImageHasher(cache=HashCache(tmp_path / "hashes"))([*paths, whole])
    reasons = ("damaged", "is empty", "expected an image", "no such file", "cannot be read")
    for path, item, reason in zip(paths, bad, reasons, strict=True):
        assert item.bits is None
        assert item.problem.startswith(f"{path}: ")
        assert reason in item.problem
    assert good.problem is None


def test_bytes_are_named_by_their_place_and_a_bomb_is_refused():
    header = encoded(Pillow.new("L", (1, 1)), "PPM")
    bomb = header.replace(b"1 1", b"60000 60000", 1)
    _, item = ImageHasher()([encoded(picture()), bomb])
    assert item.problem.startswith("picture 2 (bytes): ")
    assert "pixels" in item.problem


def test_items_come_in_order_and_few_sources_are_taken_ahead():
    content = encoded(picture(width=12, height=9))
    taken = []

    def sources():
        for i in range(400):
            taken.append(i)
            yield content if i % 3 else b""

    items = ImageHasher("ahash", workers=2)(sources())
    first = next(items)
    assert first.problem.startswith("picture 1 (bytes)")
    assert len(taken) < 120
    assert [item.bits is None for item in items] == [i % 3 == 0 for i in range(1, 400)]


def test_no_sources_give_no_items():
    assert list(ImageHasher()([])) == []


def test_a_second_run_reads_no_pixels(files, tmp_path, monkeypatch):
    first = hashed(files, cache=HashCache(tmp_path / "hashes"))
    monkeypatch.setattr(image_hashing, "shrink", None)
    assert hashed(files, cache=HashCache(tmp_path / "hashes")) == first
    again = Path(os.path.relpath(files[0]))
    assert next(ImageHasher(cache=HashCache(tmp_path / "hashes"))([again])) == first[0][1]


def test_a_changed_file_and_another_method_are_read_anew(tmp_path):
    path, folder = tmp_path / "view.png", tmp_path / "hashes"
    path.write_bytes(encoded(picture(0)))
    ((_, old),) = hashed([path], cache=HashCache(folder))
    path.write_bytes(encoded(picture(1)))
    os.utime(path, ns=(1, 1))
    ((_, new),) = hashed([path], cache=HashCache(folder))
    assert new.bits != old.bits
    hashed([path], "dhash", cache=HashCache(folder))
    hashed([path], "phash", "fast", cache=HashCache(folder))
    assert len(HashCache(folder)) == 4


def test_a_damaged_cache_is_told_and_read_around(tmp_path, caplog):
    path, folder = tmp_path / "view.png", tmp_path / "hashes"
    path.write_bytes(encoded(picture(0)))
    first = hashed([path], cache=HashCache(folder))
    (part,) = folder.glob("part-*")
    part.write_bytes(part.read_bytes()[:-40])
    assert hashed([path], cache=HashCache(folder)) == first
    assert str(part) in caplog.text


def test_rows_of_an_older_form_are_passed_over_in_silence(tmp_path, caplog, monkeypatch):
    """Such as were kept when nothing was said of the mirrored picture."""
    path, folder = tmp_path / "view.png", tmp_path / "hashes"
    path.write_bytes(encoded(picture(0)))
    codec = hash_cache.IMAGE_HASHES
    shorter = replace(codec, to_row=lambda item: codec.to_row(item) | {"bits": bytes(8)})
    with monkeypatch.context() as then:
        then.setattr(hash_cache, "IMAGE_HASHES", shorter)
        then.setattr(hash_cache, "_FORM", "")
        first = hashed([path], cache=HashCache(folder))
    for _ in range(2):
        assert hashed([path], cache=HashCache(folder)) == first
        assert len(HashCache(folder)) == 2
    assert caplog.text == ""


def test_what_was_hashed_is_kept_when_a_run_is_left_early(tmp_path):
    paths = [tmp_path / f"{i}.png" for i in range(40)]
    for path in paths:
        path.write_bytes(encoded(picture(width=12, height=9)))
    items = ImageHasher(workers=1, cache=HashCache(tmp_path / "hashes"))(paths)
    next(items)
    items.close()
    assert len(HashCache(tmp_path / "hashes")) > 0
    assert threading.active_count() < 20


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"method": "md5"}, "method to be one of phash, ahash, dhash, whash, got 'md5'"),
        ({"mode": "slow"}, "mode to be exact or fast, got 'slow'"),
        ({"workers": 0}, "workers to be 1 or more, got 0"),
    ],
)
def test_a_setting_that_cannot_be_is_an_error(options, reason):
    with pytest.raises(ValueError, match=reason):
        ImageHasher(**options)
