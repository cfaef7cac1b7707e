"""Questions and answers in the forms that trainers of multimodal models read, as streams.

`conversations`: the form of the published Img-Diff data, a JSON list; its pictures are `PATH_0.jpg`
and `PATH_1.jpg`. `llava`: a JSON list with `image` and `<image>` marks. `sharegpt`: JSON lines of
`conversations` and `images`. `messages`: JSON lines of roles with typed parts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from spotdiff.types import Exchange
from spotdiff.writers.files import replacing

_IMAGE = "<image>"


def _conversations(exchange: Exchange) -> dict[str, object]:
    return {
        "conversations": _turns(exchange, ""),
        "bbox": "[" + ", ".join(f"{edge:.2f}" for edge in exchange.box) + "]",
        "captions1": exchange.captions[0],
        "captions2": exchange.captions[1],
        "path": exchange.images[0].removesuffix("_0.jpg"),
    }


def _llava(exchange: Exchange) -> dict[str, object]:
    return {
        "id": exchange.id,
        "image": list(exchange.images),
        "conversations": _turns(exchange, f"{_IMAGE}\n{_IMAGE}\n"),
    }


def _sharegpt(exchange: Exchange) -> dict[str, object]:
    return {
        "id": exchange.id,
        "conversations": _turns(exchange, _IMAGE + _IMAGE),
        "images": list(exchange.images),
    }


def _messages(exchange: Exchange) -> dict[str, object]:
    shown = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": exchange.question}]
    return {
        "id": exchange.id,
        "messages": [
            {"role": "user", "content": shown},
            {"role": "assistant", "content": [{"type": "text", "text": exchange.answer}]},
        ],
        "images": list(exchange.images),
    }


def _turns(exchange: Exchange, marks: str) -> list[dict[str, str]]:
    return [
        {"from": "human", "value": marks + exchange.question},
        {"from": "gpt", "value": exchange.answer},
    ]


_FORMS: dict[str, Callable[[Exchange], dict[str, object]]] = {
    "conversations.json": _conversations,
    "llava.json": _llava,
    "sharegpt.jsonl": _sharegpt,
    "messages.jsonl": _messages,
}
EXCHANGE_FORMATS = tuple(name.partition(".")[0] for name in _FORMS)


def write_exchanges(exchanges: Iterable[Exchange], folder: Path, formats: Iterable[str]) -> int:
    """Writes every exchange in each of some formats; says how many there are.

    Every file is whole or absent, and only one exchange is in memory at a time.

    Raises:
        ValueError: A format is none of `EXCHANGE_FORMATS`.
    """
    wanted = tuple(formats)
    unknown = [name for name in wanted if name not in EXCHANGE_FORMATS]
    if unknown:
        known = ", ".join(EXCHANGE_FORMATS)
        raise ValueError(f"Expected formats of {known}, got {', '.join(unknown)}.")
    with ExitStack() as stack:
        forms = [_Form(name, folder, stack) for name in _FORMS if name.split(".")[0] in wanted]
        count = 0
        for exchange in exchanges:
            for form in forms:
                form.write(exchange)
            count += 1
        for form in forms:
            form.end()
    return count


class _Form:
    """One file that is being written."""

    def __init__(self, name: str, folder: Path, stack: ExitStack) -> None:
        partial = stack.enter_context(replacing(folder / name))
        self._file: TextIO = stack.enter_context(partial.open("w", encoding="utf-8"))
        self._told = _FORMS[name]
        self._is_list = name.endswith(".json")
        self._begun = False

    def write(self, exchange: Exchange) -> None:
        """Adds an exchange."""
        before = ("[\n", ",\n")[self._begun] if self._is_list else ""
        after = "" if self._is_list else "\n"
        # half an emoji, as a caption may hold, is no UTF-8: such letters are escaped
        line = json.dumps(self._told(exchange), ensure_ascii=True)
        self._file.write(f"{before}{line}{after}")
        self._begun = True

    def end(self) -> None:
        """Closes the list."""
        if self._is_list:
            self._file.write("\n]\n" if self._begun else "[]\n")
        self._file.flush()
