"""The program that knows the weights: what they are called, their licences, whether they are here.

The table is for a terminal of 100 columns, or for a file: it holds no colour then.
"""

from __future__ import annotations

from difflib import get_close_matches

from omegaconf import DictConfig
from rich import box
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table

from spotdiff.apps.fetching import fetch
from spotdiff.apps.weights import Check, Verdict, check, location
from spotdiff.experts.catalogue import Weight, catalogue, named, weights_folder
from spotdiff.experts.hub import hub_cache

WIDTH = 100
ACTIONS = ("list", "fetch", "verify")


def models(cfg: DictConfig) -> int:
    """Lists, fetches or verifies weights; returns how many are not what they should be.

    Raises:
        ValueError: The action or the name does not exist.
        FetchError: The weights cannot be had.
    """
    if cfg.action not in ACTIONS:
        near = get_close_matches(str(cfg.action), ACTIONS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise ValueError(f"Expected list, fetch or verify, got '{cfg.action}'.{hint}")
    chosen = None if cfg.name is None else named(cfg.name)
    if cfg.action == "list":
        _list([chosen] if chosen else list(catalogue().values()))
        return 0
    if cfg.action == "verify":
        return _verify(chosen)
    if chosen is None:
        raise ValueError("Expected the name of weights: spotdiff models fetch NAME")
    return _fetch(chosen)


def _console(*, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, highlight=False)
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console


def _list(weights: list[Weight]) -> None:
    console = _console()
    table = _table("weights", "size", "of code", "licence", "used by", "here")
    table.columns[1].justify = "right"
    places = []
    for weight in weights:
        where = location(weight)
        licences = (weight.code_licence, weight.weight_licence)
        here = "[green]yes[/]" if where else "[yellow]no[/]"
        table.add_row(weight.name, _size(weight.size), *licences, weight.used_by, here)
        if where is not None:
            places.append((weight.name, where))
    console.print(table)
    for name, where in places:
        console.print(f" {name}: {where}", soft_wrap=True, markup=False)
    console.print(f" Ids of the hub are looked for in {hub_cache()},", soft_wrap=True, markup=False)
    console.print(f" single files in {weights_folder()}.", soft_wrap=True, markup=False)
    console.print(" Get one with: spotdiff models fetch NAME", markup=False)


def _verify(chosen: Weight | None) -> int:
    """Checks one set of weights, which must be here then, or all that are here."""
    console = _console()
    table = _table("weights", "result", "because")
    bad = 0
    for weight in [chosen] if chosen else catalogue().values():
        with console.status(f"hashing {weight.name}"):
            outcome = check(weight)
        bad += outcome.verdict is Verdict.BAD
        bad += outcome.verdict is Verdict.ABSENT and chosen is not None
        table.add_row(weight.name, _coloured(outcome), outcome.reason)
    console.print(table)
    return bad


def _fetch(weight: Weight) -> int:
    console = _console(stderr=True)
    where = location(weight)
    damaged = where is not None and weight.url and check(weight).verdict is Verdict.BAD
    if where is None or damaged:
        columns = (
            TextColumn(weight.name),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        # The hub draws bars of its own.
        hidden = weight.on_hub or not console.is_terminal
        with Progress(*columns, console=console, disable=hidden, transient=True) as bar:
            task = bar.add_task(weight.name, total=weight.size)
            where = fetch(weight, lambda done, total: bar.update(task, completed=done, total=total))
    outcome = check(weight)
    line = f"{weight.name} ({weight.weight_licence}): {where}; {outcome.reason}"
    _console().print(line, soft_wrap=True, markup=False)
    return int(outcome.verdict is Verdict.BAD)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for name in columns:
        table.add_column(name, no_wrap=name not in ("because", "used by"), overflow="fold")
    return table


def _size(size: int | None) -> str:
    """Decimal, as the hub and file managers show it."""
    if size is None:
        return "unknown"
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def _coloured(outcome: Check) -> str:
    colour = {Verdict.GOOD: "green", Verdict.BAD: "bold red"}.get(outcome.verdict, "yellow")
    return f"[{colour}]{outcome.verdict}[/]"
