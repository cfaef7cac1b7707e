"""The evidence of a table of pairs: what is stored of it, and the models for the rest."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from spotdiff.cli.objects import comparing_objects
from spotdiff.cli.pipelines import aligner
from spotdiff.cli.progress import progress
from spotdiff.contracts import EvidenceStore, Shelf
from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.ops.fingerprints import of_words
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.objects import EvidenceOnly, ObjectComparer
from spotdiff.training.checkpoint import Checkpoint
from spotdiff.types import ObjectEvidence, PairRow

log = logging.getLogger("spotdiff")


@dataclass(frozen=True, slots=True)
class Gathering:
    """What models say of pairs.

    Attributes:
        comparer: Who said it, and how that would be decided.
        evidence: Of each row; None where a pair failed.
        problems: Why, by the id of the pair.
    """

    comparer: ObjectComparer
    evidence: tuple[ObjectEvidence | None, ...]
    problems: Mapping[str, str]


def gather(cfg: DictConfig, checkpoint: Checkpoint, rows: Sequence[PairRow]) -> Gathering:
    """The evidence of rows, in their order.

    A row whose files are as they were when it was gathered is not even read.
    """
    comparer = comparing_objects(cfg, checkpoint)
    if cfg.evidence is None:
        comparer.witness.store = RecentEvidence(pairs=len(rows))
    store = comparer.witness.store
    asked = EvidenceOnly(comparer.witness)
    answering = PairPipeline(asked, framing=cfg.framing, alignment=aligner(cfg))
    index = _Index(cfg, comparer.witness.identity, store.pairs)
    known = _read(store, [index.key_of(row) for row in rows])
    new = [row for row, evidence in zip(rows, known, strict=True) if evidence is None]
    log.info(
        "Evidence of %d pairs: %d known, %d to gather.", len(rows), len(rows) - len(new), len(new)
    )
    problems: dict[str, str] = {}
    with progress(answering.stream(new, cfg.batch_size, cfg.readers)) as results:
        for result in results:
            if result.status == "error":
                problems[result.pair_id] = result.reason or "no reason"
    index.add(new, asked.keys)
    if isinstance(store, ParquetEvidence):
        store.flush()
    gathered = iter(_read(store, [index.key_of(row) for row in new]))
    found = [next(gathered) if evidence is None else evidence for evidence in known]
    for row, evidence in zip(rows, found, strict=True):
        if evidence is None:
            problems.setdefault(row.pair_id, "what was said of it cannot be read again")
    return Gathering(comparer, tuple(found), problems)


def _read(store: EvidenceStore, keys: Sequence[str | None]) -> list[ObjectEvidence | None]:
    """What is kept under each key; None without a key, or where it cannot be read."""
    if not isinstance(store, ParquetEvidence):
        return [None if key is None else store.pairs.get(key) for key in keys]
    known = [key for key in keys if key is not None]
    stored = dict(zip(known, store.pairs.get_many(known), strict=True))
    return [None if key is None else stored[key] for key in keys]


class _Index:
    """Which evidence belongs to which row, by the identity of its files.

    Args:
        cfg: What decides an answer besides the models: how views are laid onto each other.
        identity: Of the models.
        kept: The evidence of pairs.
    """

    def __init__(self, cfg: DictConfig, identity: str, kept: Shelf[ObjectEvidence]) -> None:
        laid = OmegaConf.to_container(cfg.alignment) if cfg.get("alignment") else None
        self.identity = of_words(identity, str(laid), cfg.framing)
        self.path = (
            None if cfg.evidence is None else Path(cfg.evidence) / "rows" / f"{self.identity}.json"
        )
        self.kept = kept
        self.keys: dict[str, str] = {}
        if self.path is not None and self.path.is_file():
            self.keys = _read_keys(self.path)

    def key_of(self, row: PairRow) -> str | None:
        """The key of a row's evidence; None if there is none, or its files are others now."""
        key = self.keys.get(_files(row))
        return key if key is not None and key in self.kept else None

    def add(self, rows: Sequence[PairRow], keys: Mapping[str, str]) -> None:
        """Remembers the keys of rows, those that failed left out."""
        self.keys |= {_files(row): keys[row.pair_id] for row in rows if row.pair_id in keys}
        if self.path is not None and rows:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            partial = self.path.with_suffix(f".{os.getpid()}.part")  # others may write theirs
            partial.write_text(json.dumps(self.keys), encoding="utf-8")
            partial.replace(self.path)


def _read_keys(path: Path) -> dict[str, str]:
    """The keys of rows in a file; none, with a warning, where it is damaged: rows are read anew."""
    try:
        kept = json.loads(path.read_text("utf-8"))
    except ValueError:
        kept = None
    if isinstance(kept, dict) and all(isinstance(key, str) for key in kept.values()):
        return kept
    log.warning("%s is damaged; the pairs that it names are read anew.", path)
    return {}


def _files(row: PairRow) -> str:
    """Both files by their places, sizes and times."""
    found = []
    for path in (row.before, row.after):
        try:
            state = path.stat()
        except OSError:
            found.append((str(path), "absent"))
        else:
            found.append((str(path.resolve()), f"{state.st_size} {state.st_mtime_ns}"))
    return of_words(*found)
