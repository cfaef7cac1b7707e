"""Searches for rules of objects: a search is a function from pairs to the rules that suit them."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Int64

from spotdiff.ops.object_scores import kind_heat
from spotdiff.ops.objects import kinds_of, seen_scores
from spotdiff.training.combining import fit_odds
from spotdiff.training.object_scores import LabelledEvidence, pooled_things, scores_of, subset
from spotdiff.types import ObjectRules

Rows: TypeAlias = Int64[np.ndarray, " k"]
Search: TypeAlias = Callable[[Rows], ObjectRules]
ODDS_SCORES = tuple(round(0.05 * step, 2) for step in range(1, 19))  # least scores tried for odds


def grid(base: ObjectRules, levels: Mapping[str, Sequence[float]]) -> list[ObjectRules]:
    """Every combination of some values of the rules, the rest as in `base`.

    Raises:
        ValueError: If a name is no rule, or a value is out of its range.

    Example:
        >>> [r.alpha for r in grid(ObjectRules(), {"alpha": [0.3, 0.7]})]
        [0.3, 0.7]
    """
    known = set(ObjectRules.__dataclass_fields__)
    if strange := sorted(set(levels) - known):
        raise ValueError(f"Expected rules of {sorted(known)}, got {', '.join(strange)}.")
    return [
        _with(base, dict(zip(levels, values, strict=True))) for values in product(*levels.values())
    ]


def _with(base: ObjectRules, values: Mapping[str, Any]) -> ObjectRules:
    return replace(base, **values)


class GridSearch:
    """The best of a list of settings; all pairs are scored once, whatever folds are asked for.

    Args:
        labelled: The pairs.
        settings: To choose from; of equals the first.
    """

    def __init__(self, labelled: LabelledEvidence, settings: Sequence[ObjectRules]) -> None:
        self.settings = list(settings)
        self.scores = scores_of(labelled, self.settings)

    def __call__(self, rows: Rows) -> ObjectRules:
        """The settings with the largest mean F1 of some pairs."""
        return self.settings[int(self.scores[:, rows].mean(axis=(1, 2)).argmax())]


class OddsSearch:
    """Rules whose scores are log-odds of score and heat, fitted on top of another search.

    Args:
        labelled: The pairs.
        inner: Finds how partners are chosen.
    """

    def __init__(self, labelled: LabelledEvidence, inner: Search) -> None:
        self.labelled = labelled
        self.inner = inner

    def __call__(self, rows: Rows) -> ObjectRules:
        """The better one on some pairs: what `inner` finds, or the same with fitted odds."""
        base = self.inner(rows)
        chosen = subset(self.labelled, rows)
        fitted = replace(base, heat="odds", odds=odds_of(chosen, base))
        tried = [base, *(replace(fitted, min_score=level) for level in ODDS_SCORES)]
        return tried[int(scores_of(chosen, tried).mean(axis=(1, 2)).argmax())]


def odds_of(labelled: LabelledEvidence, rules: ObjectRules) -> tuple[float, float, float]:
    """The odds of `ObjectRules` that suit the words of some pairs best."""
    things = pooled_things(labelled, rules)
    kinds = kinds_of(things.seen, rules.max_shift, rules.min_alike)
    pooled = labelled.pooled
    scores = seen_scores(
        things.seen, pooled.before.detections.scores, pooled.after.detections.scores
    )
    heat = kind_heat(pooled, things.seen, kinds)
    kept = kinds >= 0
    places = np.ravel_multi_index(
        (things.pairs[kept], kinds[kept], things.words[kept]), labelled.holds.shape
    )
    cells, sets = np.unique(places, return_inverse=True)
    answers = labelled.holds.reshape(-1)[cells]
    return fit_odds(scores[kept].astype(np.float64), heat[kept].astype(np.float64), sets, answers)


class OptunaSearch:
    """The best of settings that a tree-structured Parzen estimator proposes.

    Bergstra et al., Algorithms for Hyper-Parameter Optimization, 2011; through Optuna. The first
    one tried is `base`.

    Args:
        labelled: The pairs.
        base: What is not searched stays as it is here.
        space: Lowest and highest value of each rule that is searched; `min_heat` goes in steps.
        trials: Settings to try.
        seed: Of the proposals.

    Raises:
        ImportError: If Optuna is not installed.
        ValueError: If a name is no rule.
    """

    def __init__(
        self,
        labelled: LabelledEvidence,
        base: ObjectRules,
        space: Mapping[str, Sequence[float]],
        trials: int,
        seed: int,
    ) -> None:
        grid(base, {name: ends[:1] for name, ends in space.items()})  # are these rules?
        if find_spec("optuna") is None:
            raise ImportError('search=optuna needs Optuna: pip install "spotdiff[sweep]"')
        self.labelled, self.base, self.space = labelled, base, space
        self.trials, self.seed = trials, seed

    def __call__(self, rows: Rows) -> ObjectRules:
        """The settings with the largest mean F1 of some pairs."""
        import optuna

        chosen = subset(self.labelled, rows)
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(logging.WARNING)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                sampler = optuna.samplers.TPESampler(seed=self.seed)
                study = optuna.create_study(direction="maximize", sampler=sampler)
                study.enqueue_trial({name: getattr(self.base, name) for name in self.space})
                study.optimize(lambda trial: self._score(chosen, self._rules(trial)), self.trials)
        finally:
            optuna.logging.set_verbosity(verbosity)
        return self._rules(study.best_trial)

    def _rules(self, trial: Any) -> ObjectRules:  # noqa: ANN401 - a trial of Optuna, running or done
        values = {}
        for name, (low, high) in self.space.items():
            step = 0.05 if name == "min_heat" else None
            values[name] = round(trial.suggest_float(name, low, high, step=step), 4)
        return _with(self.base, values)

    def _score(self, chosen: LabelledEvidence, rules: ObjectRules) -> float:
        return float(scores_of(chosen, [rules]).mean())
