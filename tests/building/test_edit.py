"""The step that edits captions, by rules and by an editor that errs."""

from collections.abc import Sequence

import pytest

from spotdiff.apps.places import travelling
from spotdiff.building.edit import CaptionEdit
from spotdiff.experts.hanta import HanTaTagger
from spotdiff.labels.swaps import CompatibleNouns
from spotdiff.stages.caption_editors import ChatEditor, RuleEditor
from spotdiff.types import ModelInfo, Reply, Sample, Swap


@pytest.fixture(scope="module")
def tagger():
    return HanTaTagger.from_pretrained()


@pytest.fixture(scope="module")
def editor(tagger):
    return RuleEditor(CompatibleNouns.from_file(travelling("conf") / "swaps.yaml"), tagger)


class Answering:
    """Gives the answers of a list, whatever it is asked."""

    info = ModelInfo("answers", "0" * 64)

    def __init__(self, *rounds: Sequence[Reply]) -> None:
        self.rounds = list(rounds)
        self.seeds: list[tuple[int, ...]] = []

    def __call__(self, captions: Sequence[str], seeds: Sequence[int]) -> list[Reply]:
        assert len(captions) == len(seeds)
        self.seeds.append(tuple(seeds))
        return list(self.rounds.pop(0))


def samples(*captions: str) -> list[Sample]:
    return [Sample(f"s{i}", caption_before=caption) for i, caption in enumerate(captions)]


def test_rules_change_one_thing_and_say_which(editor, tagger):
    (done,) = CaptionEdit(editor, tagger)(samples("A dog on a wooden floor."))
    assert done.verdict is None
    assert done.swap is not None
    assert done.swap.before == "dog"
    assert done.caption_after == f"A {done.swap.after} on a wooden floor."
    assert done.made["edit"]["editor"]["name"] == "rules"


def test_the_text_of_a_row_is_its_caption(editor, tagger):
    (done,) = CaptionEdit(editor, tagger)([Sample("a", text="A dog on a floor.")])
    assert (done.caption_before, done.swap and done.swap.before) == ("A dog on a floor.", "dog")


def test_what_is_drawn_depends_on_seed_and_id_alone(editor, tagger):
    many = samples(*["A dog, a car, an oven and a bowl."] * 12)
    step = CaptionEdit(editor, tagger, seed=3)
    together = [sample.swap for sample in step(many)]
    assert together == [step([sample])[0].swap for sample in many]
    assert len(set(together)) > 3
    assert together != [sample.swap for sample in CaptionEdit(editor, tagger, seed=4)(many)]


def test_rows_of_one_photograph_get_other_edits_each(editor, tagger):
    rows = [
        Sample(
            f"p-{number}",
            caption_before="A dog and a bowl.",
            cells={"photograph": "p", "number": number},
        )
        for number in range(1, 9)
    ]
    for seed in range(3):
        swaps = [sample.swap for sample in CaptionEdit(editor, tagger, seed=seed)(rows)]
        assert len(set(swaps)) == len(rows)
        assert [swap.before == swaps[0].before for swap in swaps] == [True, False] * 4


def test_a_chat_model_draws_anew_for_every_row_and_attempt(tagger):
    class Noting:
        info, sees = ModelInfo("noting", "0" * 64), False

        def __init__(self) -> None:
            self.seeds: list[int | None] = []

        def __call__(self, chats):
            self.seeds += [chat.seed for chat in chats]
            return [Reply("Chatter.") for _ in chats]

    model = Noting()
    CaptionEdit(ChatEditor(model), tagger, attempts=2)(samples(*["A dog on a mat."] * 2))
    assert len(set(model.seeds)) == 4


def test_a_noun_that_is_mentioned_already_does_not_come_in(editor, tagger):
    for seed in range(20):
        step = CaptionEdit(editor, tagger, seed=seed)
        (done,) = step(samples("A fork, a knife and a table."))
        assert done.swap is not None
        assert done.swap.after not in ("fork", "knife")


def test_what_cannot_be_counted_is_swapped_for_nothing_that_can(editor, tagger):
    (done,) = CaptionEdit(editor, tagger)(samples("Some broccoli."))
    assert done.verdict is not None
    assert done.verdict.reason == "nothing changed"


def test_what_cannot_be_edited_says_why(editor, tagger):
    done = CaptionEdit(editor, tagger)([*samples("A view of the sky."), Sample("b")])
    assert [sample.verdict and (sample.verdict.kind, sample.verdict.reason) for sample in done] == [
        ("rejected", "nothing changed"),
        ("rejected", "there is no caption to edit"),
    ]


def test_chatter_is_rejected_and_a_failed_question_is_an_error(tagger):
    answers = [
        Reply("A cat on a mat."),
        Reply("Here is the edited sentence: A cat on a mat."),
        Reply(None, "the server did not answer"),
    ]
    done = CaptionEdit(Answering(answers), tagger)(samples(*["A dog on a mat."] * 3))
    assert done[0].swap == Swap("dog", "cat")
    assert done[1].verdict is not None
    assert done[1].verdict.kind == "rejected"
    assert done[1].caption_after == "Here is the edited sentence: A cat on a mat."
    assert done[2].verdict is not None
    assert (done[2].verdict.kind, done[2].verdict.reason) == ("error", "the server did not answer")


def test_another_attempt_asks_again_only_where_it_failed_and_with_another_seed(tagger):
    editor = Answering(
        [Reply("A cat on a mat."), Reply("Nonsense entirely.")], [Reply("A fox on a mat.")]
    )
    done = CaptionEdit(editor, tagger, attempts=3)(samples(*["A dog on a mat."] * 2))
    assert [sample.swap for sample in done] == [Swap("dog", "cat"), Swap("dog", "fox")]
    assert [len(seeds) for seeds in editor.seeds] == [2, 1]
    assert editor.seeds[0][1] != editor.seeds[1][0]


def test_no_attempt_is_refused(editor, tagger):
    with pytest.raises(ValueError, match="attempts to be at least 1, got 0"):
        CaptionEdit(editor, tagger, attempts=0)
