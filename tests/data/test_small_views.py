"""Small pictures of pairs: in colour, of one size, None where one cannot be read."""

import numpy as np

from spotdiff.data.small_views import small_views
from spotdiff.types import PairRow
from tests.fakes import noise, write_image


def test_views_are_small_and_copies_are_alike(tmp_path):
    image = noise(1, 240, 320)
    half = image.reshape(120, 2, 160, 2, 3).mean(axis=(1, 3)).astype(np.uint8)
    for name, pixels in (("a.png", image), ("b.jpg", image), ("c.png", half)):
        write_image(tmp_path / name, pixels)
    rows = [PairRow("1", tmp_path / "a.png", tmp_path / other) for other in ("b.jpg", "c.png")]
    for views in small_views(rows):
        assert views.shape == (2, 32, 32, 3)
        assert np.abs(views[0].astype(int) - views[1]).max() <= 16


def test_what_cannot_be_read_is_none(tmp_path):
    write_image(tmp_path / "a.png", noise(1))
    (tmp_path / "torn.png").write_bytes(b"torn")
    rows = [PairRow("1", tmp_path / "a.png", tmp_path / "torn.png")]
    assert small_views(rows) == [None]
    assert small_views([]) == []
