"""Files of what was tuned: written and read again, and nothing else is read."""

import numpy as np
import pytest

from spotdiff.data.tuned import read_tuned, write_tuned
from spotdiff.types import Combination, ObjectRules, Tuned, WitnessWeights

TUNED = Tuned(
    ObjectRules(alpha=0.3, min_heat=0.4, heat="odds", odds=(1.25, 0.5, -2.0)),
    Combination(
        ("traffic cone", "no"),
        np.array([[0.1, 0.2], [0.3, 0.4]]),
        {"both": WitnessWeights(np.ones((2, 6)), np.zeros((2, 5)))},
    ),
    ("cone", "no"),
    ("traffic cone", "no"),
)


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "deep" / "tuned.yaml"
    write_tuned(TUNED, path, "found on Monday\nheld-out F1 0.5")
    found = read_tuned(path)
    assert (found.rules, found.labels, found.words) == (TUNED.rules, TUNED.labels, TUNED.words)
    assert found.plain() == TUNED.plain()
    lines = path.read_text("utf-8").splitlines()
    assert lines[:3] == ["# found on Monday", "# held-out F1 0.5", "rules:"]
    assert list(path.parent.iterdir()) == [path]


def test_rules_alone_are_written_and_read(tmp_path):
    path = tmp_path / "tuned.yaml"
    write_tuned(Tuned(ObjectRules(boost=2)), path)
    assert read_tuned(path) == Tuned(ObjectRules(boost=2))
    assert path.read_text("utf-8").startswith("rules:")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.yaml does not exist"):
        read_tuned(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    "content",
    [
        "!!python/object/apply:os.system ['touch surprise']",
        "rules: !!python/object/apply:os.system ['touch surprise']",
        "rules: !!python/name:os.system",
        "rules: !!python/object/new:spotdiff.types.Tuned {}",
    ],
)
def test_a_file_that_names_things_to_call_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tuned.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"tuned\.yaml: .*could not determine a constructor"):
        read_tuned(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "Expected a mapping, got NoneType."),
        (b"- a\n- b", "Expected a mapping, got list."),
        (b"rules: {min_score: 7}\ncombination:\nlabels: []\nwords: []", "from 0 to 1, got 7"),
        (b"rules: {}", "as tune writes them: KeyError: 'combination'"),
        (b"rules: [", "expected"),
        (b"\xff\xfe\x00", "decode"),
        (b"a: \x00", "special characters"),
    ],
)
def test_anything_else_is_one_sentence_with_the_path(tmp_path, content, said):
    path = tmp_path / "tuned.yaml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"tuned\.yaml: ") as caught:
        read_tuned(path)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
