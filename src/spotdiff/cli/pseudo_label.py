"""The pseudo-label program: difference areas of a table of words become boxes to train on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from omegaconf import DictConfig

from spotdiff.cli.predict import predict
from spotdiff.cli.tally import is_main_process
from spotdiff.data.sources import open_source
from spotdiff.pipeline import Row
from spotdiff.stages.pseudo import PseudoLabels, pseudo_labels
from spotdiff.types import PairRow
from spotdiff.writers.jsonl import Records
from spotdiff.writers.pseudo import write_pseudo

log = logging.getLogger("spotdiff")

TABLE = "pseudo.jsonl"


def pseudo_label(cfg: DictConfig) -> int:
    """Answers the pairs of a table, then writes their pseudo labels; returns how many failed.

    Raises:
        ValueError: If there is no table, or difference areas are not configured.
    """
    if cfg.pairs is None:
        raise ValueError("Expected pairs=TABLE with a table of words, got none.")
    if not cfg.get("areas"):
        raise ValueError("Expected the rules of difference areas, got none: add areas=paper.")
    failed = predict(cfg)
    if not is_main_process():
        return failed
    out = Path(cfg.out)
    rows = open_source(cfg.pairs, pattern=cfg.pattern)
    records = out / "predictions.jsonl"
    count = write_pseudo(labelled(rows, records, cfg.min_difference), out / TABLE)
    log.info(
        "%d pairs with pseudo labels: %s    python train.py experiment=siamese_pseudo data.root=%s",
        count,
        out / TABLE,
        out,
    )
    return failed


def labelled(
    rows: Iterator[Row], records: Path, min_difference: float
) -> Iterator[tuple[PairRow, PseudoLabels]]:
    """The rows that could be answered, each with what is taken for true of it."""
    with Records(records) as found:
        for row in rows:
            if isinstance(row, PairRow) and (result := found[row.pair_id]).status == "ok":
                seen = result.alignment.registration if result.alignment else None
                overlap = 1.0 if seen is None else seen.overlap
                yield row, pseudo_labels(result.changes, row.labels, min_difference, overlap)
