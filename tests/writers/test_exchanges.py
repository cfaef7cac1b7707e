"""The forms of questions and answers, each as its readers expect it."""

import json

import pytest

from spotdiff.types import Exchange
from spotdiff.writers.exchanges import EXCHANGE_FORMATS, write_exchanges

CUP = Exchange(
    "a-0", "What changed?", "A cup came.", ("images/a-0_0.jpg", "images/a-0_1.jpg"),
    (0.125, 0.5, 1.0, 0.75), ("a table", "a cup \ud83d"),
)  # fmt: skip
DOG = Exchange("b-0", "Which?", "B", ("images/b-0_0.jpg", "images/b-0_1.jpg"), (0, 0, 1, 1))


def read(folder, name):
    text = (folder / name).read_text()
    return (
        json.loads(text) if name.endswith(".json") else [json.loads(x) for x in text.splitlines()]
    )


def test_each_form_is_what_its_readers_expect(tmp_path):
    assert write_exchanges([CUP, DOG], tmp_path, EXCHANGE_FORMATS) == 2
    published = read(tmp_path, "conversations.json")
    assert published[0] == {
        "conversations": [
            {"from": "human", "value": "What changed?"},
            {"from": "gpt", "value": "A cup came."},
        ],
        "bbox": "[0.12, 0.50, 1.00, 0.75]",
        "captions1": "a table",
        "captions2": "a cup \ud83d",
        "path": "images/a-0",
    }
    llava = read(tmp_path, "llava.json")
    assert llava[1]["image"] == list(DOG.images)
    assert llava[1]["conversations"][0]["value"] == "<image>\n<image>\nWhich?"
    sharegpt = read(tmp_path, "sharegpt.jsonl")
    assert sharegpt[0]["conversations"][0]["value"].count("<image>") == len(sharegpt[0]["images"])
    messages = read(tmp_path, "messages.jsonl")
    parts = messages[1]["messages"][0]["content"]
    assert [part["type"] for part in parts] == ["image", "image", "text"]
    assert messages[1]["messages"][1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "B"}],
    }


def test_only_what_is_asked_for_is_written(tmp_path):
    write_exchanges([CUP], tmp_path, ["messages"])
    assert [path.name for path in tmp_path.iterdir()] == ["messages.jsonl"]


def test_nothing_is_an_empty_list(tmp_path):
    assert write_exchanges([], tmp_path, ["llava", "sharegpt"]) == 0
    assert read(tmp_path, "llava.json") == []
    assert read(tmp_path, "sharegpt.jsonl") == []


def test_an_error_leaves_what_was_there(tmp_path):
    write_exchanges([CUP], tmp_path, ["llava"])

    def failing():
        yield DOG
        raise OSError("a picture is gone")

    with pytest.raises(OSError, match="gone"):
        write_exchanges(failing(), tmp_path, ["llava"])
    assert [item["id"] for item in read(tmp_path, "llava.json")] == ["a-0"]
    assert len(list(tmp_path.iterdir())) == 1


def test_an_unknown_form_is_refused(tmp_path):
    with pytest.raises(ValueError, match="conversations, llava, sharegpt, messages, got alpaca"):
        write_exchanges([CUP], tmp_path, ["alpaca"])
