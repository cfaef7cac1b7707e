from spotdiff.writers.letters import printable


def test_words_that_no_font_shows_do_not_break_a_line():
    assert printable("a\n\ud800\tb", 10) == "a   b"
    assert printable("abcdef", 4) == "abc…"
