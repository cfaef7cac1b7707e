"""Small pictures for people: as a viewer shows them, and no bytes but pixels."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image as Pillow

from spotdiff.data.images import ImageError
from spotdiff.data.thumbnails import thumbnail


def encoded(image, kind="PNG", **options):
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def shown(content, side=160):
    return Pillow.open(BytesIO(thumbnail(content, side).jpeg))


def halves(width=400, height=200):
    """Red on the left, blue on the right."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = pixels[:, width // 2 :, 2] = 200
    return Pillow.fromarray(pixels)


def test_proportions_are_kept_and_the_size_is_that_of_the_file():
    found = thumbnail(encoded(halves(), "JPEG"), 100)
    assert (found.width, found.height) == (400, 200)
    assert Pillow.open(BytesIO(found.jpeg)).size == (100, 50)
    assert shown(encoded(halves(40, 20))).size == (40, 20)
    assert shown(encoded(halves(4000, 2)), 100).size == (100, 1)


def test_a_picture_stands_upright_and_tells_nothing_of_its_camera():
    exif = Pillow.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"  # turned to the right
    small = shown(encoded(halves(), "JPEG", exif=exif), 100)
    assert small.size == (50, 100)
    top, bottom = small.getpixel((25, 10)), small.getpixel((25, 90))
    assert top[0] > 150 > top[2]
    assert bottom[2] > 150 > bottom[0]
    assert not small.getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_is_shown(mode):
    grey = np.full((20, 30), 128, np.uint8)
    image = Pillow.fromarray(grey)
    if mode == "I;16":
        image = Pillow.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "F":
        image = Pillow.fromarray(grey.astype(np.float32) / 255)
    else:
        image = image.convert("RGB").convert(mode)
    small = shown(encoded(image, "TIFF"))
    assert small.mode == "RGB"
    assert abs(np.asarray(small).mean() - 128) < 3


def test_clear_parts_are_white():
    clear = Pillow.new("RGBA", (20, 20), (0, 0, 0, 0))
    assert shown(encoded(clear)).getpixel((9, 9)) == (255, 255, 255)


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    torn = tmp_path / "torn.jpg"
    torn.write_bytes(encoded(halves(), "JPEG")[:400])
    for source, reason in (
        (torn, r"torn.jpg: .*damaged"),
        (tmp_path / "gone.jpg", "gone.jpg: .*no such file"),
        (b"hello", "these bytes: expected an image"),
    ):
        with pytest.raises(ImageError, match=reason):
            thumbnail(source)
