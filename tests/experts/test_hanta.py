"""What captions mention, as HanTa and our mends of it read them."""

import pickle
from time import perf_counter

import pytest

from spotdiff.experts.catalogue import WeightsMissing, file_sha256
from spotdiff.experts.hanta import HanTaTagger
from spotdiff.ops.nouns import differing, noun_phrases, operator_nouns
from tests.experts.hanta_captions import SEEN, UNSEEN


@pytest.fixture(scope="module")
def tagger():
    return HanTaTagger.from_pretrained()


def _texts(tagger, caption):
    (tokens,) = tagger([caption])
    return [phrase.text for phrase in noun_phrases(tokens)]


def _described(tagger, caption):
    (tokens,) = tagger([caption])
    return [phrase.described for phrase in noun_phrases(tokens)]


def _parts(tagger, caption):
    (tokens,) = tagger([caption])
    return {token.word: token.part for token in tokens}


@pytest.mark.parametrize(("captions", "floor"), [(SEEN, 0.97), (UNSEEN, 0.94)])
def test_the_nouns_of_nearly_every_caption_are_those_that_a_reader_finds(tagger, captions, floor):
    found = {c: "|".join(dict.fromkeys(_texts(tagger, c))) for c in captions}
    wrong = {c: nouns for c, nouns in found.items() if nouns != captions[c]}
    assert 1 - len(wrong) / len(captions) >= floor, wrong


@pytest.mark.parametrize(
    ("caption", "lemmas"),
    [
        ("Skis in the snow", ["ski", "snow"]),
        ("A girl in sunglasses", ["girl", "sunglasses"]),
        ("Giraffes near leaves", ["giraffe", "leaf"]),
        ("Women, policemen and people", ["woman", "policeman", "person"]),
        ("TWO TVS", ["tv"]),
        ("three SUVs", ["suv"]),
    ],
)
def test_plurals_have_the_lemma_of_their_singular(tagger, caption, lemmas):
    (tokens,) = tagger([caption])
    assert [phrase.lemmas[0] for phrase in noun_phrases(tokens)] == lemmas


@pytest.mark.parametrize(
    ("caption", "word", "part"),
    [
        ("a man cooking", "cooking", "verb"),
        ("A man cooking food", "cooking", "verb"),
        ("a stop sign", "stop", "noun"),
        ("a tall building", "building", "noun"),
        ("a man smiles", "smiles", "verb"),
        ("2 dogs", "2", "number"),
        ("a snow covered roof", "snow", "adjective"),
        ("an atv on a hill", "atv", "noun"),
        ("the clock says 12:30", "12:30", "number"),
    ],
)
def test_known_slips_are_mended(tagger, caption, word, part):
    assert _parts(tagger, caption)[word] == part


@pytest.mark.parametrize(
    ("caption", "described"),
    [
        ("An orange cup beside an orange", ["orange cup", "orange"]),
        ("A red and white bus", ["red and white bus"]),
        ("A large, open field", ["large, open field"]),
        ("The two buses are dark blue", ["two dark blue buses"]),
        ("The dog with a stick is brown", ["brown dog", "stick"]),
        ("In the picture the dog is brown", ["picture", "brown dog"]),
        ("A person in red", ["person"]),
        ("Several other cars", ["cars"]),
        ("A glass of orange juice", ["glass", "orange juice"]),
    ],
)
def test_colours_and_other_adjectives_belong_to_the_noun_they_describe(tagger, caption, described):
    assert _described(tagger, caption) == described


@pytest.mark.parametrize("apostrophe", ["'", "\u2019"])
def test_the_owner_and_what_is_owned_are_two_things(tagger, apostrophe):
    assert _texts(tagger, f"A man{apostrophe}s hat on the boys{apostrophe} bikes") == [
        "man",
        "hat",
        "boys",
        "bikes",
    ]


def test_commas_part_things_and_belong_to_no_word(tagger):
    (tokens,) = tagger(["a dog, cat."])
    assert [token.word for token in tokens] == ["a", "dog", ",", "cat", "."]
    assert [phrase.text for phrase in noun_phrases(tokens)] == ["dog", "cat"]


@pytest.mark.parametrize("caption", ["", "  \n", "...", "\U0001f600", "\u72ac\u3068 \u732b"])
def test_what_holds_no_english_holds_no_nouns(tagger, caption):
    assert _texts(tagger, caption) == []


def test_text_that_is_written_in_another_way_reads_the_same(tagger):
    assert _texts(tagger, "a \ufb01re truck,\n\uff12 cars") == _texts(
        tagger, "a fire truck, 2 cars"
    )


def test_a_caption_of_300_words_and_a_word_of_5000_letters_are_read(tagger):
    (long, wide) = tagger(["a red car and a dog, " * 50, f"a {'x' * 5000} on a table"])
    assert sum(token.part == "noun" for token in long) == 100
    assert noun_phrases(wide)[-1].text == "table"


def test_a_colour_alone_is_a_difference(tagger):
    sentences = ["A red car on a street", "The car on the street is blue."]
    assert differing(*tagger(sentences)) == (("red car",), ("blue car",))


@pytest.mark.parametrize(
    ("before", "after", "only"),
    [
        ("A car on a street", "Cars on the streets", ((), ())),
        ("A red car on a street", "A brown dog on a street", (("car",), ("dog",))),
        ("Two dogs on grass", "Three dogs on grass", (("two dogs",), ("three dogs",))),
        ("a traffic light", "a stop sign", (("traffic light",), ("stop sign",))),
        ("A street with cars", "A street with no cars", (("cars",), ())),
        ("A woman", "", (("woman",), ())),
    ],
)
def test_captions_differ_in_what_only_one_of_them_mentions(tagger, before, after, only):
    assert differing(*tagger([before, after])) == only


def test_the_operators_rule_takes_single_words_that_are_nouns_by_themselves(tagger):
    before, after = "A traffic light on the street.", "A dog sits quickly on the streets."
    assert operator_nouns(before, after, tagger) == (("traffic", "light"), ("dog",))


def test_a_tagger_is_small_when_it_is_sent_and_reads_the_same_after(tagger):
    tagger(["a dog"])
    sent = pickle.dumps(tagger)
    assert len(sent) < 1000
    assert pickle.loads(sent)(["a dog"]) == tagger(["a dog"])


def test_sentences_do_not_depend_on_those_beside_them(tagger):
    captions = list(SEEN)
    assert tagger(captions) == list(reversed(tagger(captions[::-1])))
    assert tagger([]) == []


def test_the_model_is_named_with_its_version_and_hash(tagger):
    assert tagger.info.name.startswith("hanta-1.")
    assert tagger.info.sha256 == file_sha256(tagger.model_file)


def test_a_model_that_is_not_there_is_an_error_with_its_path():
    with pytest.raises(WeightsMissing, match=r"morphmodel_xx\.pgz of HanTa at .*HanTa"):
        HanTaTagger.from_pretrained("morphmodel_xx.pgz")


def test_a_caption_takes_about_a_millisecond(tagger):
    tagger(["a dog"])
    fresh = [f"{caption} {number}" for number, caption in enumerate(SEEN)]
    start = perf_counter()
    tagger(fresh)
    assert (perf_counter() - start) / len(fresh) < 0.005  # five times as long on a busy machine
