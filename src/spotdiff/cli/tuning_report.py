"""What a search over the rules of objects found: a table, files, and commands to go on with."""

from __future__ import annotations

import json
import logging
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from spotdiff.data.tuned import write_tuned
from spotdiff.training.checkpoint import Checkpoint, export
from spotdiff.training.cross_validation import Spread
from spotdiff.training.object_scores import LabelledEvidence
from spotdiff.types import ChangeKind, Tuned, Witnesses

log = logging.getLogger("spotdiff")

SILENCE, RULES = "nothing said (all none)", "rules, tuned"

ASKED: dict[Witnesses, str] = {
    "both": "detectors and change model",
    "objects": "detectors alone",
    "model": "change model alone",
}


def combined_name(witnesses: Witnesses) -> str:
    """How the words of a combination are called in the table."""
    return f"combination, {ASKED[witnesses]}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a search found and what that is worth.

    Attributes:
        tuned: To answer other pairs with.
        spreads: Held-out set F1, by what was scored.
        chosen: Which of these is that of `tuned`.
        labelled: The pairs.
        problems: Of pairs that failed, by their ids.
    """

    tuned: Tuned
    spreads: Mapping[str, Spread]
    chosen: str
    labelled: LabelledEvidence
    problems: Mapping[str, str]


def report(outcome: Outcome) -> None:
    """Prints what everything is worth, and which pairs failed."""
    count = len(outcome.labelled)
    table = Table(title=f"Set F1 of {count} pairs, held out in folds; 95 % by folds")
    for name in ("what is said", "F1", "95 %", *(kind.value for kind in ChangeKind)):
        table.add_column(name, justify="left" if name == "what is said" else "right")
    for name, one in outcome.spreads.items():
        kinds = (f"{value:.3f}" for value in one.kinds)
        table.add_row(name, f"{one.mean:.3f}", f"{one.low:.3f} to {one.high:.3f}", *kinds)
    Console().print(table)
    nothing, ours = (outcome.spreads[name].mean for name in (SILENCE, outcome.chosen))
    if ours <= nothing:
        log.warning(
            "To say nothing scores %.3f, what was found %.3f: the detectors see too little, or the "
            "values that were tried are too low; search=optuna looks farther.",
            nothing,
            ours,
        )
    if outcome.problems:
        failed = ", ".join(list(outcome.problems)[:5])
        log.error("%d pairs failed and are scored as none: %s", len(outcome.problems), failed)


def write(cfg: DictConfig, checkpoint: Checkpoint, outcome: Outcome) -> None:
    """Writes what was found into the folder of the run, or a checkpoint, and says how to use it."""
    out = Path(cfg.out)
    path = out / "tuned.yaml"
    best = outcome.spreads[outcome.chosen].mean
    note = f"Fitted to the words of {len(outcome.labelled)} pairs of {cfg.pairs}"
    write_tuned(outcome.tuned, path, f"{note}\nheld-out F1 {best:.3f}")
    (out / "metrics.json").write_text(json.dumps(_record(cfg, outcome), indent=2) + "\n")
    again = _ready("ckpt=", "objects.labels=")
    rules = [
        f"objects.rules.{name}={_written(value)}"
        for name, value in asdict(outcome.tuned.rules).items()
        if name != "odds" or outcome.tuned.rules.heat == "odds"
    ]
    if cfg.objects.labels is not None:
        rules.append(f"objects.labels={_written(cfg.objects.labels)}")
    log.info("The rules: %s", _command([*rules, *_ready("objects.labels=")]))
    if cfg.ckpt_out is not None:
        target = Path(cfg.ckpt_out)
        target.parent.mkdir(parents=True, exist_ok=True)
        export(replace(checkpoint, tuned=outcome.tuned), target)
        log.info("All of it: %s", _command([f"ckpt={target}", *again]))
        return
    log.info("All of it: %s", _command([f"objects.tuned={path}", *_ready("objects.labels=")]))


def _command(words: Sequence[str]) -> str:
    """A command of a shell that answers pairs."""
    return f"python predict.py experiment=objects pairs=… {shlex.join(words)}"


def _ready(*but: str) -> list[str]:
    """What was asked for on the command line about who is asked, `but` for some keys."""
    return [
        word
        for word in HydraConfig.get().overrides.task
        if word.lstrip("~+").startswith(_ASKING)
        and not word.startswith((*but, "objects.rules.", "objects.tuned="))
    ]


# Overrides that say who is asked, and how.
_ASKING = ("detector", "embedder", "objects.", "alignment", "ckpt=", "tile", "max_side", "flip")


def _written(value: Any) -> str:  # noqa: ANN401 - any value of a rule
    if isinstance(value, tuple):
        return f"[{','.join(f'{v:.4g}' for v in value)}]"
    if isinstance(value, ListConfig):
        return f"[{','.join(map(str, value))}]"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _record(cfg: DictConfig, outcome: Outcome) -> dict[str, Any]:
    return {
        "pairs": str(cfg.pairs),
        "count": len(outcome.labelled),
        "failed": dict(outcome.problems),
        "search": {
            name: OmegaConf.to_container(cfg[name]) if OmegaConf.is_config(cfg[name]) else cfg[name]
            for name in ("search", "heat", "grid", "space", "trials", "folds", "group", "seed")
        },
        "set_f1": {name: asdict(one) for name, one in outcome.spreads.items()},
        "tuned": outcome.tuned.plain(),
    }
