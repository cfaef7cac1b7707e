"""The programs. This is the only folder that sees a configuration.

`spotdiff VERB key=value …` and `python VERB.py key=value …` are the same thing. Nothing heavy is
imported before the verb is known.
"""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from omegaconf import DictConfig

VERBS = {
    "train": "fit a change model:        spotdiff train experiment=siamese data.root=DIR",
    "predict": "find the changes:          spotdiff predict before=a.jpg after=b.jpg",
    "evaluate": "measure a model on truth:  spotdiff evaluate data=DIR ckpt=MODEL.ckpt",
    "calibrate": "fit its thresholds:        spotdiff calibrate data.root=DIR out=NEW.ckpt",
    "tune": "fit objects to word lists: spotdiff tune pairs=TABLE",
    "pseudo_label": "boxes from word lists:     spotdiff pseudo_label pairs=TABLE out=DIR",
    "synthesize": "write synthetic pairs:     spotdiff synthesize photos=DIR out=DIR length=1000",
    "deduplicate": "rows that show the same:   spotdiff deduplicate images=DIR_OR_TABLE",
    "build": "data step by step:         spotdiff build recipe=pairs in=TABLE_OR_DIR out=DIR",
    "describe": "how two sets differ:       spotdiff describe data=TABLE a=GROUP b=GROUP",
    "models": "the weights and licences:  spotdiff models [fetch NAME | verify [NAME]]",
}


def main(verb: str | None = None) -> None:
    """Runs one program; without a verb, the first word of the command line is it."""
    arguments = sys.argv[1:]
    if verb is None and "LOCAL_RANK" in os.environ:
        verb = os.environ.get("SPOTDIFF_VERB")  # a further process of a trainer
    if verb is None:
        verb, *arguments = arguments or ["--help"]
    if verb in ("-h", "--help", "help"):
        print(_help())  # noqa: T201
        return
    if verb == "--version":
        from spotdiff.version import __version__

        print(f"spotdiff {__version__}")  # noqa: T201
        return
    if verb not in VERBS:
        near = get_close_matches(verb, VERBS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else f" Choose from: {', '.join(VERBS)}."
        print(f"spotdiff: there is no verb '{verb}'.{hint}", file=sys.stderr)  # noqa: T201
        sys.exit(64)  # as any wrong command, see spotdiff.cli.door
    if {"-h", "--help"} & {*arguments}:
        from spotdiff.cli.usage import usage

        print(usage(verb))  # noqa: T201
        return
    from spotdiff.cli.door import enter

    enter(partial(_run, verb), verb, arguments)


def _run(verb: str, cfg: DictConfig) -> object:
    """The program of a verb, imported only once its keys are known to be right."""
    from importlib import import_module

    return getattr(import_module(f"spotdiff.cli.{verb}"), verb)(cfg)


def _help() -> str:
    verbs = "\n".join(f"  {verb:<12} {what}" for verb, what in VERBS.items())
    return (
        "spotdiff: what changed between two photographs of the same place\n\n"
        f"usage: spotdiff VERB key=value …\n\n{verbs}\n\n"
        "  spotdiff VERB --help        its keys, each with what it means\n"
        "  spotdiff VERB --cfg job     its whole configuration"
    )
