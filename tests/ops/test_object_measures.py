"""Objects as properties: words that can be said, numbers that count."""

import numpy as np

from spotdiff.ops.object_measures import counted, object_measures
from spotdiff.types import Detections


def test_the_words_are_english():
    told = object_measures(["person", "wine glass", "scissors", "debris"])
    assert [measure.more for measure in told[::2]] == [
        "pictures with people",
        "pictures with wine glasses",
        "pictures with scissors",
        "pictures with debris",
    ]
    assert len({measure.name for measure in told}) == 8


def test_pictures_without_objects_have_none():
    nothing = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())
    assert counted(nothing, ["car"], 0.5).tolist() == [0.0, 0.0]
