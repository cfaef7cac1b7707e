"""How two sets of pictures differ: proposed on one half of them, ranked on the other half."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spotdiff.contracts import Album, SetProposer, SetRanker, TextEmbedder
from spotdiff.ops.same_meaning import first_alike
from spotdiff.ops.set_samples import halves
from spotdiff.stages.album_parts import AlbumPart
from spotdiff.stages.hypothesis_ranking import HypothesisRanking
from spotdiff.types import Hypothesis, ImageSets, ModelInfo, SetReport

_FAILURES = (ValueError, OSError, RuntimeError, MemoryError)  # of a proposer: others may do better


@dataclass(frozen=True)
class SetRules:
    """How two sets are compared.

    Attributes:
        hypotheses: That a proposer says, or says in a round.
        level: Of the confidence of intervals, in (0, 1).
        examples: Pictures of each set that are named for a hypothesis.
        seed: Of the halves, and of what proposers draw.
        min_alike: Cosine from which on two texts mean the same, where vectors are compared.

    Raises:
        ValueError: A number cannot be one.
    """

    hypotheses: int = 10
    level: float = 0.95
    examples: int = 6
    seed: int = 0
    min_alike: float = 0.97

    def __post_init__(self) -> None:
        if self.hypotheses < 1:
            raise ValueError(f"Expected hypotheses to be 1 or more, got {self.hypotheses!r}.")
        if not 0 < self.level < 1:
            raise ValueError(f"Expected level to be between 0 and 1, got {self.level!r}.")
        if self.examples < 0:
            raise ValueError(f"Expected examples to be 0 or more, got {self.examples!r}.")


class SetDifference:
    """Says what is truer of a first set of pictures than of a second one.

    Args:
        proposers: Who says what may be; all are asked.
        rankers: Who says how much it holds, see `HypothesisRanking`.
        rules: Numbers.
        embedder: Joins texts that mean the same; None joins those of the same words.

    Raises:
        ValueError: There is no ranker.
    """

    def __init__(
        self,
        proposers: Sequence[SetProposer],
        rankers: Sequence[SetRanker],
        rules: SetRules | None = None,
        embedder: TextEmbedder | None = None,
    ) -> None:
        if not rankers:
            raise ValueError("Expected a ranker at least, got none.")
        self.proposers, self.rankers = tuple(proposers), tuple(rankers)
        self.rules = rules or SetRules()
        self.embedder = embedder
        self.rank = HypothesisRanking(self.rankers, self.rules.level, self.rules.examples)

    def __call__(
        self, sets: ImageSets, first: Album, second: Album, reference: Sequence[str] = ()
    ) -> SetReport:
        """Compares two sets.

        Args:
            sets: The pictures and what is known of them.
            first: The same pictures to be looked at.
            second: Those of the second set.
            reference: Texts that are ranked beside, such as the true difference; they count in no
                correction.

        Raises:
            ValueError: None of the pictures of a set can be looked at.
        """
        for name, album in zip(sets.names, (first, second), strict=True):
            if not len(album.rows):
                why = f": {album.problems[0]}" if album.problems else ""
                raise ValueError(
                    f"Expected pictures that can be read in the set {name}, got none of "
                    f"{len(album.items)}{why}."
                )
        seen, held, split = self._split(first, second)
        hypotheses, problems = self._proposed(*seen)
        ranked, unknown = self.rank(hypotheses, *held)
        told = [Hypothesis(text, ("reference",)) for text in dict.fromkeys(reference) if text]
        beside, _ = self.rank(told, *held)
        return SetReport(
            sets,
            tuple(ranked),
            tuple(beside),
            proposed_on=(len(seen[0].rows), len(seen[1].rows)),
            ranked_on=(len(held[0].rows), len(held[1].rows)),
            problems=(*split, *problems, *map(_unranked, unknown)),
            models=tuple(self._models()),
        )

    def _split(
        self, first: Album, second: Album
    ) -> tuple[tuple[AlbumPart, AlbumPart], tuple[AlbumPart, AlbumPart], list[str]]:
        """What hypotheses are made from, and what they are ranked on."""
        parts = [halves(album.items, album.rows, self.rules.seed) for album in (first, second)]
        if all(some and rest for some, rest in parts):
            seen, held = (
                (AlbumPart(first, parts[0][half]), AlbumPart(second, parts[1][half]))
                for half in (0, 1)
            )
            return seen, held, []
        whole = AlbumPart(first, first.rows), AlbumPart(second, second.rows)
        reason = (
            "a set has but one file: hypotheses are ranked on the pictures that they were made "
            "from, so that intervals and significance promise too much"
        )
        return whole, whole, [reason]

    def _proposed(self, first: Album, second: Album) -> tuple[list[Hypothesis], list[str]]:
        """All that proposers say, what means the same joined."""
        told: list[Hypothesis] = []
        problems: list[str] = []
        for proposer in self.proposers:
            try:
                said, wrong = proposer(first, second, self.rules.hypotheses, self.rules.seed)
            except _FAILURES as error:
                said, wrong = [], [f"the proposer {proposer.name} failed: {error}"]
            told += [one for one in said if one.text.strip()]
            problems += wrong
        if not told:
            problems.append("no hypothesis was proposed")
        return self._joined(told), problems

    def _joined(self, hypotheses: Sequence[Hypothesis]) -> list[Hypothesis]:
        """What means the same once, with all who say it; other properties are never the same."""
        texts = [one.text for one in hypotheses]
        vectors = None
        if self.embedder is not None and texts:
            vectors = self.embedder.text_embeddings(texts)
        groups: dict[int, list[Hypothesis]] = {}
        firsts = first_alike(texts, vectors, self.rules.min_alike)
        for one, first in zip(hypotheses, firsts, strict=True):
            groups.setdefault(first, []).append(one)
        return [one for group in groups.values() for one in _merged(group)]

    def _models(self) -> Iterator[tuple[str, str, str]]:
        roles: list[tuple[str, Sequence[SetProposer | SetRanker]]] = [
            ("proposer", self.proposers),
            ("ranker", self.rankers),
        ]
        for role, experts in roles:
            for expert in experts:
                info = getattr(expert, "info", None)
                if not isinstance(info, ModelInfo):
                    info = ModelInfo(expert.name, "")  # a rule: there are no weights
                yield role, info.name, info.sha256
        if self.embedder is not None:
            yield "joining", self.embedder.info.name, self.embedder.info.sha256


def _merged(group: Sequence[Hypothesis]) -> Iterator[Hypothesis]:
    """Hypotheses of one meaning as one; as several where they mean several properties."""
    names = list(dict.fromkeys(one.measure for one in group))
    for name in [name for name in names if name is not None] or names:
        alike = [one for one in group if one.measure in (name, None)]
        said = dict.fromkeys(proposer for one in alike for proposer in one.proposers)
        yield Hypothesis(alike[0].text, tuple(said), name)


def _unranked(hypothesis: Hypothesis) -> str:
    return f"no ranker could score {hypothesis.text!r}"
