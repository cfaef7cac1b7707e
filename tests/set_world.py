"""Two planted sets of pictures, and models that answer about them as they are told to.

A picture of one colour stands for a thing; models know the thing of a colour, and count how often
they are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from spotdiff.types import Boxes, Chat, Embeddings, Image, ImageSets, ModelInfo, Reply, SetItem
from tests.fakes import write_image

THINGS = {"red car": (200, 20, 20), "blue dog": (20, 20, 200), "green tree": (20, 160, 20)}


def picture(thing: str, number: int = 0, shape: tuple[int, int] = (24, 32)) -> Image:
    """A picture of a thing; the number makes its pixels others than those of its kind."""
    image = np.zeros((*shape, 3), np.uint8)
    image[:] = THINGS[thing]
    image[0, 0] = number % 250, number // 250, 7
    return image


def thing_of(image: Image) -> str:
    middle = image[len(image) // 2, image.shape[1] // 2].astype(int)
    return min(THINGS, key=lambda thing: int(np.abs(middle - THINGS[thing]).sum()))


def planted(folder: Path, first: Sequence[str], second: Sequence[str]) -> ImageSets:
    """Files of two sets with these things."""
    sets = []
    for name, things in (("a", first), ("b", second)):
        paths = [
            write_image(folder / name / f"{i:03}.png", picture(thing, i))
            for i, thing in enumerate(things)
        ]
        sets.append(tuple(SetItem(str(path)) for path in paths))
    return ImageSets(("a", "b"), *sets, difference=first[0])


class FakeClip:
    """Embeds pictures and texts by which things are in them."""

    info = ModelInfo("fake-clip", "c1")

    def __init__(self) -> None:
        self.images = self.texts = 0

    def __call__(
        self, images: Sequence[Image], boxes: Sequence[Boxes] | None = None
    ) -> list[Embeddings]:
        assert boxes is None
        self.images += len(images)
        return [self._unit(thing_of(image))[None] for image in images]

    def text_embeddings(self, texts: Sequence[str]) -> Embeddings:
        self.texts += len(texts)
        return np.array([self._unit(text) for text in texts]).reshape(len(texts), 7)

    def _unit(self, text: str) -> np.ndarray:
        words = [word for thing in THINGS for word in thing.split()]
        vector = np.array([float(word in text.split()) for word in words] + [0.1], np.float32)
        return vector / np.linalg.norm(vector)


class FakeCaptioner:
    """Says what a picture shows."""

    info = ModelInfo("fake-captioner", "k1")

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, images: Sequence[Image]) -> list[str]:
        self.asked += len(images)
        return [f"a {thing_of(image)} on a street" for image in images]


class FakeChat:
    """A chat model that answers by a rule; of single pictures it knows what they show."""

    info = ModelInfo("fake-chat", "m1")

    def __init__(
        self, rule: Callable[[Chat], str | Reply] = lambda _: "- red car", *, sees: bool = True
    ) -> None:
        self.rule, self.sees = rule, sees
        self.chats: list[Chat] = []
        self.chosen: list[Chat] = []
        self.broken = False

    def __call__(self, chats: Sequence[Chat]) -> list[Reply]:
        self.chats += chats
        if self.broken:
            return [Reply(None, "the server cannot be reached.") for _ in chats]
        told = [self.rule(chat) for chat in chats]
        return [one if isinstance(one, Reply) else Reply(one) for one in told]

    def choose(self, chats: Sequence[Chat], words: Sequence[str]) -> list[np.ndarray | None]:
        self.chosen += chats
        assert list(words) == ["Yes", "No"]
        return [None if self.broken else self._yes(chat) for chat in chats]

    def _yes(self, chat: Chat) -> np.ndarray:
        asked = str(chat.parts[-1])
        if isinstance(chat.parts[0], str):  # of a caption: the last of the worked examples
            *_, caption, idea, _ = asked.splitlines()
            shown = idea.removeprefix("Idea: ") in caption
        else:
            shown = thing_of(chat.parts[0]) in asked
        return np.array([0.9, 0.1] if shown else [0.2, 0.8], np.float32)
