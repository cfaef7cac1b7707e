"""The ways a detector looks at an image, and back."""

import numpy as np
import pytest

from spotdiff.stages.looks import looks
from tests.object_parts import Blocks, street

IMAGE = street(("car", (10, 20, 30, 40)), ("cone", (70, 8, 90, 24)))


@pytest.mark.parametrize("tta", ["none", "flip", "flip+scales"])
def test_every_look_finds_the_same_places(tta):
    expected = Blocks()([IMAGE], ["car", "cone"])[0]
    for look in looks(tta):
        seen = look.back(Blocks()([look.shown(IMAGE)], ["car", "cone"])[0], IMAGE)
        assert seen.labels == expected.labels
        np.testing.assert_allclose(seen.boxes, expected.boxes, atol=1.5, err_msg=look.name)


@pytest.mark.parametrize("size", [(1, 40), (3, 40), (40, 1)])
def test_strips_are_looked_at_too(size):
    strip = np.zeros((*size, 3), np.uint8)
    for look in looks("flip+scales"):
        assert min(look.shown(strip).shape[:2]) >= 1


def test_what_is_no_setting_is_refused():
    with pytest.raises(ValueError, match="Expected tta to be none, flip or flip"):
        looks("all")
    with pytest.raises(ValueError, match="positive factors"):
        looks("flip+scales", (0.0,))
