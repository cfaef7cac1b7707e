"""The program that writes sets of synthetic pairs: drawn in processes, written in order here."""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import cv2
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.progress import track

from spotdiff.apps.places import existing
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.export import TABLES, SetWriter
from spotdiff.data.synthetic import SyntheticPairs
from spotdiff.types import Pair

log = logging.getLogger("spotdiff")

SEEDS_APART = 1_000_003  # sets of different seeds share no pair, up to this length
_AHEAD = 4  # pairs that each process may be ahead of the writer
_SETTINGS = ("photos", "annotations", "split", "size", "format", "seed", "unchanged_rate")


def synthesize(cfg: DictConfig) -> int:
    """Writes the pairs that are not there yet; returns 0.

    Raises:
        ValueError: The folder holds a set with other settings, or a value makes no sense.
        FileNotFoundError: The photographs or their annotations do not exist.
    """
    if cfg.format not in TABLES:
        raise ValueError(f"Expected format to be one of {', '.join(TABLES)}, got {cfg.format!r}.")
    if not 0 < cfg.length <= SEEDS_APART:
        raise ValueError(f"Expected length to be 1 to {SEEDS_APART}, got {cfg.length}.")
    composer = _composer(cfg)
    out = Path(cfg.out)
    _same_settings(out, OmegaConf.to_container(cfg, resolve=True))
    seeds = range(cfg.seed * SEEDS_APART, cfg.seed * SEEDS_APART + cfg.length)
    with SetWriter(out, cfg.format) as target:
        missing = [seed for seed in seeds if f"{seed:08d}" not in target]
        pairs = _drawn(composer, missing, cfg.workers or os.cpu_count() or 1)
        console = Console(stderr=True)
        bar = track(pairs, "pairs", len(missing), console=console, disable=not console.is_terminal)
        for pair in bar:
            target.write(pair)
    earlier = cfg.length - len(missing)
    told = f" ({earlier} of them by an earlier run)" if earlier else ""
    log.info("%d synthetic pairs%s: %s", cfg.length, told, target.table)
    return 0


def _composer(cfg: DictConfig) -> SyntheticPairs:
    """Draws pairs as the settings want them; a table of words names every change."""
    library = PhotoLibrary.procedural()
    if cfg.photos is not None:
        photos = existing(cfg.photos, "a folder of photographs for photos")
        table = cfg.annotations and existing(cfg.annotations, "a COCO file for annotations")
        library = PhotoLibrary.from_folder(photos, table, cfg.split)
    elif cfg.annotations is not None:
        raise ValueError("Expected photos=DIR beside annotations=…, got none.")
    return SyntheticPairs(
        library,
        size=(cfg.size[0], cfg.size[1]),
        unchanged_rate=cfg.unchanged_rate,
        named_only=cfg.format == "weak",
    )


def _same_settings(out: Path, settings: Any) -> None:  # noqa: ANN401
    """Refuses to mix pairs of different settings in one folder."""
    chosen = {name: settings[name] for name in _SETTINGS}
    path = out / "settings.json"
    if path.is_file():
        earlier = json.loads(path.read_text(encoding="utf-8"))
        different = sorted(name for name in chosen if chosen[name] != earlier.get(name))
        if different:
            msg = (
                f"Expected the settings of the set in {out}, but {', '.join(different)} differ: "
                "choose another out=…"
            )
            raise ValueError(msg)
    out.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(chosen, indent=2) + "\n", encoding="utf-8")
    partial.replace(path)


def _drawn(composer: SyntheticPairs, seeds: Sequence[int], workers: int) -> Iterator[Pair]:
    """The pairs of some seeds, in their order; processes draw a bounded number of them ahead."""
    workers = min(workers, len(seeds))
    if workers <= 1:
        yield from map(composer, seeds)
        return
    context = multiprocessing.get_context("spawn")
    waiting: deque[Future[Pair]] = deque()
    with ProcessPoolExecutor(workers, context, _Drawer.start, (composer,)) as pool:
        for seed in seeds:
            waiting.append(pool.submit(_Drawer.draw, seed))
            if len(waiting) > _AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


class _Drawer:
    """The composer of a process that draws, with the photographs that it keeps decoded."""

    composer: ClassVar[SyntheticPairs]

    @classmethod
    def start(cls, composer: SyntheticPairs) -> None:
        """Processes share the machine: OpenCV must not spread each of them over all cores."""
        cv2.setNumThreads(1)
        cls.composer = composer

    @classmethod
    def draw(cls, seed: int) -> Pair:
        """The pair of a seed."""
        return cls.composer(seed)
