"""The deduplication program: a collection in, who stays and who does not out."""

from __future__ import annotations

import logging
from dataclasses import fields
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from omegaconf import DictConfig

from spotdiff.apps.deduplication import Deduplicated, DedupRules
from spotdiff.apps.deduplication import deduplicate as deduplicated
from spotdiff.apps.places import existing
from spotdiff.cli.contact_sheet import checked_groups, write_sheet
from spotdiff.data.image_rows import read_image_rows
from spotdiff.ops.image_hashes import to_hex
from spotdiff.types import ImageRow
from spotdiff.writers.duplicates import Member, write_members, write_rows, write_traced
from spotdiff.writers.placing import ACTIONS, carry_out, planned, write_plan

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts rows that nothing is known of up to here


def deduplicate(cfg: DictConfig) -> int:
    """Finds duplicates, writes who stays, and moves nothing unless it is told to.

    Returns:
        How many images could not be read, at most 63; their rows stay.

    Raises:
        ValueError: If a setting cannot be one, or there are no rows.
    """
    if cfg.action not in ("report", *ACTIONS):
        known = ", ".join(("report", *ACTIONS))
        raise ValueError(f"Expected action to be one of {known}, got {cfg.action!r}.")
    most = checked_groups(cfg.contact_sheet_groups)
    rules = DedupRules(**{item.name: cfg[item.name] for item in fields(DedupRules)})
    source = existing(cfg.images, "a folder or a table for images")
    rows = list(read_image_rows(source, cfg.text))
    if not rows:
        raise ValueError(f"Expected images in {source}, found none: see docs/deduplication.md.")
    older: list[ImageRow] = []
    if cfg.against is not None:
        older = list(read_image_rows(existing(cfg.against, "a collection for against"), cfg.text))
    found = deduplicated([*older, *rows], rules, cache=cfg.cache, workers=cfg.workers)
    out = Path(cfg.out)
    _write(found, len(older), cfg.show_num, out)
    if cfg.contact_sheet:
        stays = _stays(found, len(older))
        write_sheet(found, len(older), stays, most, out / "contact_sheet.html")
    _told(found, len(older), out)
    if cfg.action != "report":
        _place(cfg, found, len(older), source, out)
    return min(len(found.problems), MAX_EXIT)


def _write(found: Deduplicated, older: int, show_num: int, out: Path) -> None:
    """Who stays as `kept.jsonl`, every row with its group as `groups.parquet`."""
    stays = _stays(found, older)
    kept = (dict(row.cells) for row, one in zip(found.rows, stays, strict=True) if one)
    write_rows(kept, out / "kept.jsonl")
    write_members(_members(found), found.rows, out / "groups.parquet")
    if show_num:
        shown = [group[:2] for group in found.groups[:show_num]]
        pairs = [(found.rows[first], found.rows[second]) for first, second in shown]
        write_traced(pairs, out / "traced.jsonl")


def _stays(found: Deduplicated, older: int) -> Bool[np.ndarray, " n"]:
    """Which rows of the collection stay; what the older one has already does not."""
    new = np.arange(len(found.rows)) >= older
    known = new & (found.first < older)
    return np.asarray(found.stays & new & ~known)


def _members(found: Deduplicated) -> list[Member]:
    distances = found.distances.tolist()
    members = []
    for row, (one, hashed) in enumerate(zip(found.rows, found.hashed, strict=True)):
        known = hashed.is_known and one.problem is None
        hashes = tuple(to_hex(image.bits or 0) for image in hashed.images) if known else ()
        reasons = (one.problem, *(image.problem for image in hashed.images))
        members.append(
            Member(
                row,
                int(found.first[row]),
                int(found.kept[row]),
                distances[row],
                hashes,
                next((reason for reason in reasons if reason), None),
            )
        )
    return members


def _told(found: Deduplicated, older: int, out: Path) -> None:
    for problem in found.problems[:10]:
        log.error("%s", problem)
    rows = len(found.rows) - older
    groups = found.groups
    if older:
        known = int((found.first[older:] < older).sum())
        log.info("%d of %d rows are in the other collection already.", known, rows)
    gone = rows - int(_stays(found, older).sum())
    log.info(
        "%d rows: %d stay, %d show what another one shows, in %d groups; %d images could not be "
        "read and stay. %s",
        rows,
        rows - gone,
        gone,
        len(groups),
        len(found.problems),
        out / "groups.parquet",
    )


def _place(cfg: DictConfig, found: Deduplicated, older: int, source: Path, out: Path) -> None:
    """Copies or links what stays, moves what does not, or says what would be done."""
    stays = _stays(found, older)
    wanted = ~stays if cfg.action == "move" else stays
    chosen = [row for row in range(older, len(found.rows)) if wanted[row]]
    pictures = [image for row in chosen for image in found.rows[row].images]
    if any(isinstance(image, bytes) for image in pictures):
        raise ValueError(f"Expected files for action={cfg.action}, the table holds bytes.")
    root = source if source.is_dir() else source.parent
    steps = planned(
        [image for image in pictures if isinstance(image, Path)], root, Path(cfg.target)
    )
    write_plan(steps, cfg.action, out / "plan.jsonl")
    if cfg.dry_run:
        log.info(
            "Nothing was touched: dry_run=false would %s %d pictures as %s says.",
            cfg.action,
            len(steps),
            out / "plan.jsonl",
        )
        return
    done, problems = carry_out(steps, cfg.action)
    for problem in problems:
        log.error("%s", problem)
    log.info("%s: %d pictures, %d could not be.", cfg.action, done, len(problems))
