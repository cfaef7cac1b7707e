"""How much each witness of a pair's words is believed; fitted on weak labels."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Float64

from spotdiff.types.objects import ObjectRules

Witnesses: TypeAlias = Literal["both", "objects", "model"]


@dataclass(frozen=True, slots=True)
class WitnessWeights:
    """Weights of the features of `spotdiff.ops.combination`, offsets last.

    The first row is for what was added or removed, which have no favourite side, the second for
    what changed.

    Attributes:
        gates: For the log-odds that a kind's set holds anything.
        words: For the log-odds that a word is in it, if it holds anything.
    """

    gates: Float64[np.ndarray, "2 g"]
    words: Float64[np.ndarray, "2 w"]


@dataclass(frozen=True, slots=True)
class Combination:
    """Joins detectors and change model; either of them alone will do.

    Attributes:
        words: The words that may be said.
        prior: Log-odds of each word in a set that is not empty, for added or removed and for
            changed.
        weights: By who is there to be asked.
    """

    words: tuple[str, ...]
    prior: Float64[np.ndarray, "2 v"]
    weights: Mapping[Witnesses, WitnessWeights] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Plain values that survive YAML, JSON and checkpoints loaded with `weights_only=True`."""
        return {
            "words": list(self.words),
            "prior": self.prior.tolist(),
            "weights": {
                name: {"gates": one.gates.tolist(), "words": one.words.tolist()}
                for name, one in self.weights.items()
            },
        }

    def among(self, words: Container[str]) -> Combination:
        """The same that says no other words."""
        kept = [column for column, word in enumerate(self.words) if word in words]
        said = tuple(self.words[column] for column in kept)
        return Combination(said, self.prior[:, kept], self.weights)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Combination:
        """The combination that `plain` gave away.

        Raises:
            ValueError: If something is missing or of another shape.
        """
        try:
            words = _words(plain["words"])
            prior = _two_rows(plain["prior"], len(words))
            weights = {
                name: WitnessWeights(_two_rows(one["gates"]), _two_rows(one["words"]))
                for name, one in plain["weights"].items()
            }
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                "Expected a combination with words, prior (2 rows) and weights, as tune writes it: "
                f"{type(error).__name__}: {error}."
            ) from error
        return cls(words, prior, weights)


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a search over weak labels found best for objects.

    Attributes:
        rules: How objects become changes.
        combination: What is said of their words; None takes those of the changes.
        labels: What was looked for; empty where nobody says.
        words: What is written for each label.
    """

    rules: ObjectRules = field(default_factory=ObjectRules)
    combination: Combination | None = None
    labels: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """Plain values, as `Combination.plain`."""
        rules = asdict(self.rules) | {"odds": list(self.rules.odds)}
        joined = None if self.combination is None else self.combination.plain()
        spoken = {"labels": list(self.labels), "words": list(self.words)}
        return {"rules": rules, "combination": joined, **spoken}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Tuned:
        """What `plain` gave away.

        Raises:
            ValueError: If something is missing, unknown or out of its range.
        """
        try:
            rules, joined = {**plain["rules"]}, plain["combination"]
            if "odds" in rules:
                rules["odds"] = tuple(rules["odds"])
            found = ObjectRules(**rules)
            labels, words = (_words(plain[name]) for name in ("labels", "words"))
        except (KeyError, TypeError) as error:
            raise ValueError(
                "Expected rules, combination, labels and words, as tune writes them: "
                f"{type(error).__name__}: {error}."
            ) from error
        if len(labels) != len(words):
            raise ValueError(
                "Expected one word to write for each label, got "
                f"{len(labels)} labels and {len(words)} words."
            )
        combination = None if joined is None else Combination.from_plain(joined)
        return cls(found, combination, labels, words)


def _words(plain: object) -> tuple[str, ...]:
    if not isinstance(plain, list | tuple):
        raise TypeError(f"expected a list of words, got {plain!r}")
    return tuple(map(str, plain))


def _two_rows(plain: object, width: int = -1) -> Float64[np.ndarray, "2 w"]:
    rows = np.array(plain, np.float64).reshape(2, width)
    if not np.isfinite(rows).all():
        raise ValueError("expected finite numbers")
    return rows
