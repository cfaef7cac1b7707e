"""How many rows a second each step of `build` takes, and how much of that models take.

    python benchmarks/build.py --pairs 24
    python benchmarks/build.py --pairs 24 recipe=changes

Generated pairs go through a recipe as `scripts/build.py` runs it, on the CPU, files and journal
included. What is counted is the time of the processor, all threads together, which other programs
do not change; a model is whatever torch module a step calls. The last row is all that is no step:
reading the table, the journal, the rows.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from rich.console import Console
from rich.table import Table
from torch import nn

from spotdiff.apps.places import travelling
from spotdiff.building.chain import Chain
from spotdiff.building.runs import BuildFolder, run_here
from spotdiff.building.sample_rows import read_samples
from spotdiff.cli.recipes import chain_of, plain_steps
from spotdiff.contracts import Step
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.export import write_drawn
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.types import Plain, Sample

STEPS = tuple(
    f"+step@steps.{name}={name}"
    for name in ("pair_similarity", "areas", "area", "most_different", "captions")
)


class Meter:
    """CPU seconds inside of torch modules; the outermost one counts."""

    def __init__(self) -> None:
        self.seconds, self._depth = 0.0, 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Counts as long as the block lasts."""
        call = nn.Module.__call__

        def counted(module: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            self._depth += 1
            begun = time.process_time()
            try:
                return call(module, *args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += time.process_time() - begun

        nn.Module.__call__ = counted
        try:
            yield
        finally:
            nn.Module.__call__ = call


@dataclass
class Timed:
    """A step that counts what it takes."""

    step: Step
    meter: Meter
    rows: int = 0
    seconds: float = 0.0
    in_models: float = 0.0

    @property
    def name(self) -> str:
        """Of the step."""
        return self.step.name

    @property
    def settings(self) -> Mapping[str, Plain]:
        """Of the step."""
        return self.step.settings

    def __call__(self, samples: Sequence[Sample]) -> list[Sample]:
        """What the step says."""
        begun, models = time.process_time(), self.meter.seconds
        found = self.step(samples)
        self.rows += len(samples)
        self.seconds += time.process_time() - begun
        self.in_models += self.meter.seconds - models
        return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=24)
    parser.add_argument("--size", type=int, nargs=2, default=(240, 320), metavar=("H", "W"))
    parser.add_argument("words", nargs="*", default=["recipe=step", *STEPS])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with initialize_config_dir(str(travelling("conf")), version_base="1.3"):
        cfg = compose("build", ["in=generated", *arguments.words])
    meter = Meter()
    chain = Chain({s.name: Timed(s, meter) for s in chain_of(plain_steps(cfg), "cpu").steps})
    with tempfile.TemporaryDirectory() as name, meter.running():
        pairs = SyntheticPairs(PhotoLibrary.procedural(), tuple(arguments.size))
        table = write_drawn(pairs, range(arguments.pairs), Path(name) / "set", format="manifest")
        source = partial(read_samples, table)
        run_here(chain, partial(_first, source), BuildFolder(Path(name) / "warm"), 16, id)
        for step in chain.steps:
            step.rows, step.seconds, step.in_models = 0, 0.0, 0.0
        begun = time.process_time()
        run_here(chain, source, BuildFolder(Path(name) / "out"), cfg.batch_size, id)
        _print(chain, arguments.pairs, time.process_time() - begun)


def _first(source: Any) -> list[Sample]:  # noqa: ANN401 - opens rows
    return [next(iter(source()))]


def _print(chain: Chain, rows: int, seconds: float) -> None:
    table = Table()
    for name in ("step", "rows", "rows / CPU s", "ms a row", "in models", "share of the run"):
        table.add_column(name, justify="left" if name == "step" else "right")
    steps = [(s.name, s.rows, s.seconds, s.in_models) for s in chain.steps]
    rest = seconds - sum(took for _, _, took, _ in steps)
    for name, count, took, models in (*steps, ("the frame", rows, rest, 0.0)):
        each = took / max(count, 1)
        told = (f"{1 / each:,.1f}" if each else "", f"{1000 * each:.2f}")
        share = f"{models / took:.0%}" if took and name != "the frame" else ""
        table.add_row(name, str(count), *told, share, f"{took / seconds:.1%}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
