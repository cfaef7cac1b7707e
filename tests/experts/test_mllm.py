"""Chat models against themselves called on one question at a time, without our batches."""

import warnings
from copy import deepcopy

import numpy as np
import pytest
import torch

from spotdiff.contracts import ChatModel
from spotdiff.experts.catalogue import WeightsMissing
from spotdiff.experts.generation import Generation
from spotdiff.experts.llm import ChatLlm
from spotdiff.experts.mllm import ChatVlm
from spotdiff.types import Chat, ModelInfo
from tests.fakes import noise
from tests.tiny_chat import LIMIT, PICKY, tiny_llama, tiny_llava, tiny_qwen2_vl

INFO = ModelInfo("tiny", "0" * 64)
SHORT = Generation(max_new_tokens=9)
DRAWN = Generation(max_new_tokens=9, temperature=0.9, top_p=0.95, seed=3)
SEEING = {"llava": tiny_llava, "qwen2-vl": tiny_qwen2_vl}
CHATS = [
    Chat((noise(0), "What is there?")),
    Chat((noise(1, 50, 70), "And what is in this one, in many more words?"), system="Be brief."),
    Chat(("No picture, only a question",)),
    Chat((noise(2), "between", noise(3, 40, 40), "two of them: what differs?")),
    Chat((noise(4, 30, 90), "?")),
]
TEXTS = [Chat((words,)) for words in ("Why?", "Name a long word and say why.", "a b c", "x")]


def _model(kind: str, generation: Generation = SHORT, **options) -> ChatVlm | ChatLlm:
    if kind == "llama":
        return ChatLlm(*deepcopy(tiny_llama()), INFO, generation, **options)
    return ChatVlm(*deepcopy(SEEING[kind]()), INFO, generation, **options)


def _chats(kind: str) -> list[Chat]:
    return TEXTS if kind == "llama" else CHATS


KINDS = pytest.mark.parametrize("kind", ["llava", "qwen2-vl", "llama"])


@KINDS
@pytest.mark.parametrize("how", [SHORT, DRAWN, Generation(9, num_beams=3)])
def test_a_batch_answers_as_one_by_one_and_in_any_order(kind, how):
    model: ChatModel = _model(kind, how)
    chats = _chats(kind)
    together = model(chats)
    assert together == [model([chat])[0] for chat in chats]
    assert together == model(chats[::-1])[::-1]
    assert all(reply.text and reply.problem is None for reply in together)
    assert len({reply.text for reply in together}) == len(chats)


@KINDS
def test_an_answer_is_what_the_model_itself_writes_after_the_question(kind):
    model = _model(kind)
    chat = _chats(kind)[0]
    inputs = model.inputs([chat])
    theirs = model.model.generate(**inputs, max_new_tokens=9, do_sample=False)
    new = theirs[0, inputs["input_ids"].shape[1] :]
    (reply,) = model([chat])
    assert reply.text == model.tokenizer.decode(new, skip_special_tokens=True).strip()
    # greedy by hand, without a cache: the whole conversation at every step
    ids = inputs["input_ids"]
    for _ in range(9):
        same = {**inputs, "input_ids": ids, "attention_mask": torch.ones_like(ids)}
        if "mm_token_type_ids" in same:
            extra = ids.shape[1] - inputs["input_ids"].shape[1]
            same["mm_token_type_ids"] = torch.nn.functional.pad(
                inputs["mm_token_type_ids"], (0, extra)
            )
        with torch.inference_mode():
            logits = model.model(**same).logits[:, -1]
        ids = torch.cat([ids, logits.argmax(dim=1, keepdim=True)], dim=1)
    assert ids[0, inputs["input_ids"].shape[1] :].tolist() == new.tolist()


@KINDS
def test_a_question_would_be_answered_otherwise_without_the_mask_of_its_padding(kind, monkeypatch):
    model = _model(kind)
    wanted, inputs = model(TEXTS), model.inputs
    assert 0 in inputs(TEXTS)["attention_mask"]

    def blind(chats):
        found = inputs(chats)
        return {**found, "attention_mask": torch.ones_like(found["attention_mask"])}

    monkeypatch.setattr(model, "inputs", blind)
    assert model(TEXTS) != wanted


@KINDS
def test_padding_on_the_right_would_answer_otherwise_and_is_not_let_through(kind, monkeypatch):
    model = _model(kind)
    wanted, inputs = model(TEXTS), model.inputs

    def right(chats):
        found = inputs(chats)
        moved = {}
        for name in found:
            rows = zip(found[name], found["attention_mask"], strict=True)
            moved[name] = torch.stack([row.roll(-int((1 - mask).sum())) for row, mask in rows])
        return moved

    spoiled = right(TEXTS)
    new = model.model.generate(**spoiled, max_new_tokens=9)[:, spoiled["input_ids"].shape[1] :]
    assert [model._reply(ids) for ids in new.tolist()] != wanted
    monkeypatch.setattr(model, "inputs", right)
    with pytest.raises(ValueError, match="Expected tiny to pad on the left"):
        model._replies(TEXTS)
    assert model(TEXTS) == wanted  # one by one, where nothing is padded


@KINDS
def test_what_is_shown_and_said_before_decides_an_answer(kind):
    model = _model(kind)
    plain = Chat(("What is there?",))
    told = Chat(plain.parts, system="You are a pilot.")
    assert model([plain])[0] != model([told])[0]
    if kind != "llama":
        shown = [Chat((noise(seed), "What is there?")) for seed in range(2)]
        first, second = model(shown)
        assert first != second


def test_drawn_answers_repeat_with_their_seed_and_differ_with_another():
    replies = [_model("llama", Generation(9, 0.9, seed=seed))(TEXTS) for seed in (1, 1, 2)]
    assert replies[0] == replies[1]
    assert replies[0] != replies[2]
    assert replies[0] != _model("llama")(TEXTS)


def test_nearly_no_temperature_is_greedy():
    assert _model("llama", Generation(9, 1e-6))(TEXTS) == _model("llama")(TEXTS)


@KINDS
def test_settings_that_weights_bring_along_count_for_nothing_and_warn_of_nothing(kind, caplog):
    from transformers import GenerationConfig
    from transformers.utils import logging

    model, processor = deepcopy(tiny_llama() if kind == "llama" else SEEING[kind]())
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.5, eos_token_id=1
    )
    logging.enable_propagation()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        own = (ChatLlm if kind == "llama" else ChatVlm)(model, processor, INFO, SHORT)
        for how in (SHORT, DRAWN):
            own.generation = how
            replies, wanted = own(_chats(kind)), _model(kind, how)(_chats(kind))
            letter = own.tokenizer.decode([1])  # ends answers here, and is a letter elsewhere
            for reply, other in zip(replies, wanted, strict=True):
                assert (reply.text or "") == other.text.partition(letter)[0].strip()
    logging.disable_propagation()
    assert caplog.text == ""
    assert own.ends == {1, own.tokenizer.eos_token_id}


def test_an_answer_ends_at_the_first_mark_that_ends_answers():
    model = _model("llama")
    end = model.tokenizer.eos_token_id
    yes, no = model.tokenizer(["Yes", "No"]).input_ids
    assert model._reply([*yes, end, *no]).text == "Yes"
    assert model._reply([end, *no]).problem == "tiny answered without a word."


def test_what_cannot_be_asked_costs_only_itself():
    model = _model("llama")
    long = Chat(("a" * LIMIT,))
    first, seen, nothing, endless, last = model(
        [TEXTS[0], Chat((noise(0), "What?")), Chat(()), long, TEXTS[1]]
    )
    assert (first, last) == tuple(_model("llama")(TEXTS[:2]))
    assert seen.problem == "Expected texts for tiny, which sees nothing, got a picture."
    assert nothing.problem == "Expected a question, got one without parts."
    assert endless.problem.startswith(f"Expected a question and its answer in {LIMIT} tokens")
    (grey,) = _model("llava")([Chat((np.zeros((8, 8), np.uint8), "What?"))])
    assert grey.problem == "Expected a picture as uint8 (h, w, 3), got uint8 (8, 8)."


def test_a_batch_that_does_not_fit_into_memory_is_halved(monkeypatch):
    model = _model("llama")
    wanted, sizes, replies = model(TEXTS), [], model._replies

    def narrow(chats):
        sizes.append(len(chats))
        if len(chats) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return replies(chats)

    monkeypatch.setattr(model, "_replies", narrow)
    assert model(TEXTS) == wanted
    assert sizes == [4, 2, 1, 1, 2, 1, 1]


@KINDS
def test_a_choice_is_the_share_of_the_first_token_however_it_is_spelt(kind):
    model = _model(kind)
    chats = _chats(kind)
    found = model.choose(chats, ["yes", "No"])
    assert [scores.dtype for scores in found] == [np.float32] * len(chats)
    np.testing.assert_allclose([scores.sum() for scores in found], 1, atol=1e-6)
    inputs = model.inputs(chats[:1])
    with torch.inference_mode():
        odds = model.model(**inputs).logits[0, -1].double().exp()
    spelt = (("yes", " yes", "Yes", " Yes", "YES"), ("no", " no", "No", " No", "NO"))
    marks = [[model.tokenizer(word).input_ids[0] for word in words] for words in spelt]
    yes, no = (float(odds[some].sum()) for some in marks)
    np.testing.assert_allclose(found[0], [yes / (yes + no), no / (yes + no)], atol=1e-5)
    for chat, scores in zip(chats, found, strict=True):
        np.testing.assert_allclose(scores, model.choose([chat], ["yes", "No"])[0], atol=1e-5)


def test_words_that_begin_alike_cannot_be_chosen_from():
    with pytest.raises(ValueError, match="'tree' has none of its own"):
        _model("llama").choose(TEXTS, ["tree", "tram"])


def test_a_choice_that_cannot_be_made_is_none_and_says_why(caplog):
    found = _model("llama").choose([Chat((noise(0),)), TEXTS[0]], ["A", "B"])
    assert found[0] is None
    assert found[1] is not None
    assert "tiny gives no choice: Expected texts for tiny" in caplog.text


def test_a_template_that_knows_no_system_is_told_in_the_question():
    model = _model("llama")
    model.processor.chat_template = PICKY + model.processor.chat_template
    told = Chat(("Why?",), system="Be brief.")
    assert model([told]) == _model("llama")([Chat(("Be brief.\n\n", "Why?"))])
    model.processor.chat_template = "{{ raise_exception('Never') }}"
    assert "Expected a chat template that takes one question" in model([told])[0].problem


def test_a_model_without_a_chat_template_is_refused():
    model, tokenizer = deepcopy(tiny_llama())
    tokenizer.chat_template = None
    with pytest.raises(ValueError, match="Expected tiny with a chat template, found none"):
        ChatLlm(model, tokenizer, INFO)


def test_large_pictures_are_scaled_down_where_that_is_asked_for():
    chat = Chat((noise(0, 200, 300), "What?"))
    grids = [
        _model("qwen2-vl", max_side=side).inputs([chat])["image_grid_thw"] for side in (24, None)
    ]
    assert grids[0].prod() < grids[1].prod()


def test_the_identity_covers_what_decides_an_answer_and_nothing_else():
    same = {_model("llava", batch_size=size).info.sha256 for size in (2, 8)}
    others = [
        _model("llava", Generation(8)),
        _model("llava", DRAWN),
        _model("llava", max_side=99),
        _model("llava", half=True),
    ]
    assert len(same) == 1
    assert len(same | {model.info.sha256 for model in others}) == 5


def test_half_precision_answers_and_chooses():
    model = _model("llava", half=True)
    assert model.model.dtype == torch.bfloat16
    assert all(reply.text for reply in model(CHATS[:2]))
    assert all(np.isfinite(scores).all() for scores in model.choose(CHATS[:2], ["A", "B"]))


@KINDS
def test_weights_are_loaded_from_a_folder_or_refused(kind, tmp_path):
    parts = tiny_llama() if kind == "llama" else SEEING[kind]()
    parts.model.save_pretrained(tmp_path / "tiny")
    parts.processor.save_pretrained(tmp_path / "tiny")
    expert = ChatLlm if kind == "llama" else ChatVlm
    loaded = expert.from_pretrained(tmp_path / "tiny", SHORT, batch_size=2)
    assert loaded.info.name == "tiny"
    assert loaded.sees is (kind != "llama")
    assert loaded(_chats(kind)) == _model(kind)(_chats(kind))
    half = expert.from_pretrained(tmp_path / "tiny", half=True)
    assert half.model.dtype == torch.bfloat16
    with pytest.raises(WeightsMissing, match="someone/unknown"):
        expert.from_pretrained("someone/unknown")
