"""Files of lines survive a kill at any byte."""

from __future__ import annotations

import pytest

from spotdiff.writers.lines import LineFile, mend, whole_lines


@pytest.mark.parametrize("cut", range(22))
def test_a_file_that_ends_anywhere_has_whole_lines_and_goes_on(tmp_path, cut):
    path = tmp_path / "lines.jsonl"
    whole = b'{"a": 1}\n{"b": 22}\n{}'
    path.write_bytes(whole[:cut])
    found = [line.content.strip() for line in whole_lines(path)]
    assert found == [b'{"a": 1}', b'{"b": 22}', b"{}"][: len(found)]
    with LineFile(path) as lines:
        lines.append('{"c": 3}')
    after = [line.content for line in whole_lines(path)]
    assert [line.strip() for line in after] == [*found, b'{"c": 3}']
    assert all(line.endswith(b"\n") for line in after)
    assert path.read_bytes() == b"".join(after)


def test_places_of_lines_and_blank_ones(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b"{}\n\n[1]\n")
    assert [tuple(line) for line in whole_lines(path)] == [(1, 0, b"{}\n"), (3, 4, b"[1]\n")]
    path.write_bytes(b"")
    mend(path)
    assert list(whole_lines(path)) == []


def test_a_cleared_file_is_empty_and_takes_lines_again(tmp_path):
    with LineFile(tmp_path / "new" / "lines.jsonl") as lines:
        lines.append("1")
        lines.clear()
        lines.append("22")
    assert lines.path.read_bytes() == b"22\n"
    with pytest.raises(ValueError, match="is not open: write inside"):
        lines.append("3")
