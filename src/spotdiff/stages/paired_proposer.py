"""What tells two generators of pictures apart that were asked for the same things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from spotdiff.contracts import Album, ChatModel
from spotdiff.stages.chat_proposer import ask_for_items
from spotdiff.stages.prompts import with_prompts
from spotdiff.stages.set_captions import Told, told_of
from spotdiff.stages.set_prompts import PAIRED, one_line
from spotdiff.types import Chat, Hypothesis, ModelInfo


class PairedProposer:
    """Has a chat model read captions of both sets, request by request; a `SetProposer`.

    Pictures go together by the prompt that they were generated from, of which each set may have
    several pictures. It draws by itself, so that both sets show the same prompts.

    Args:
        model: Reads and writes; it need not see.
        rounds: How often it is asked, each time with other prompts where there are enough.
        samples: Prompts of a round.
        each: Pictures of each set that are shown for a prompt at most.

    Raises:
        ValueError: A number is below 1.
    """

    name = "chat_paired"

    def __init__(self, model: ChatModel, rounds: int = 3, samples: int = 20, each: int = 2) -> None:
        for name, number in (("rounds", rounds), ("samples", samples), ("each", each)):
            if number < 1:
                raise ValueError(f"Expected {name} to be 1 or more, got {number}.")
        self.model, self.rounds, self.samples, self.each = model, rounds, samples, each

    @property
    def info(self) -> ModelInfo:
        """The model with the question."""
        return with_prompts(self.model.info, PAIRED)

    def __call__(
        self, first: Album, second: Album, count: int, seed: int
    ) -> tuple[list[Hypothesis], list[str]]:
        """What the model lists in each round, the best ones of each round first."""
        groups = by_prompt(first), by_prompt(second)
        shared = sorted(groups[0].keys() & groups[1].keys())
        if not shared:
            reason = "no prompt has pictures in both sets: the table needs the column prompt"
            return [], [f"{self.name}: {reason}"]
        told: list[list[Hypothesis]] = []
        problems: list[str] = []
        for turn in range(self.rounds):
            rng = np.random.default_rng((seed, turn))
            size = min(self.samples, len(shared))
            prompts = [shared[i] for i in rng.choice(len(shared), size, replace=False)]
            rows = [self._drawn(group, prompts, rng) for group in groups]
            said, wrong = self._asked(prompts, rows, (first, second), count, seed + turn)
            told.append(said)
            problems += wrong
        longest = max(map(len, told))
        return [said[i] for i in range(longest) for said in told if i < len(said)], problems

    def _drawn(
        self, group: Mapping[str, Sequence[int]], prompts: Sequence[str], rng: np.random.Generator
    ) -> list[list[int]]:
        """Pictures of each prompt."""
        return [
            rng.choice(group[prompt], min(self.each, len(group[prompt])), replace=False).tolist()
            for prompt in prompts
        ]

    def _asked(
        self,
        prompts: Sequence[str],
        rows: Sequence[Sequence[Sequence[int]]],
        albums: Sequence[Album],
        count: int,
        seed: int,
    ) -> tuple[list[Hypothesis], list[str]]:
        told = [
            told_of(album, [row for some in own for row in some])
            for album, own in zip(albums, rows, strict=True)
        ]
        problems = [f"{self.name}: {reason}" for one in told for reason in one.problems]
        blocks = [
            block
            for prompt, one, other in zip(prompts, *rows, strict=True)
            if (block := _block(prompt, (told[0], told[1]), (one, other)))
        ]
        if not blocks:
            return [], [*problems, f"{self.name}: no prompt has captions in both sets"]
        asked = PAIRED.ask(captions="\n\n".join(blocks), count=str(count))
        said, wrong = ask_for_items(self.model, Chat((asked,), seed=seed), count, self.name)
        return said, problems + wrong


def by_prompt(album: Album) -> dict[str, list[int]]:
    """The pictures of each prompt; those of none are left out."""
    groups: dict[str, list[int]] = {}
    for row in album.rows:
        if prompt := album.items[row].prompt:
            groups.setdefault(prompt, []).append(row)
    return groups


def _block(prompt: str, told: tuple[Told, Told], rows: tuple[Sequence[int], Sequence[int]]) -> str:
    """A request with what both drew; empty where a caption of a set is missing."""
    lines = [f"Request: {one_line(prompt)}"]
    for name, one, some in zip("AB", told, rows, strict=True):
        captions = [one.captions[row] for row in some if row in one.captions]
        if not captions:
            return ""
        lines += [f"Group {name}: {one_line(caption)}" for caption in captions]
    return "\n".join(lines)
