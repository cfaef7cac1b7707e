"""The deduplication program: a collection in, who stays and who does not out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from spotdiff.apps.deduplication import Deduplicated, DedupRules
from spotdiff.apps.deduplication import deduplicate as deduplicated
from spotdiff.apps.places import existing
from spotdiff.cli.contact_sheet import checked_groups, write_sheet
from spotdiff.cli.deduplicate_pairs import deduplicate_pairs
from spotdiff.cli.progress import counted
from spotdiff.data.collections import Collection
from spotdiff.ops.image_hashes import to_hex
from spotdiff.types import ImageRow
from spotdiff.writers.duplicates import Member, MembersWriter, RowsWriter, write_traced
from spotdiff.writers.placing import ACTIONS, carry_out, planned, write_plan

if TYPE_CHECKING:
    from spotdiff.apps.ray_engine import RayEngine

log = logging.getLogger("spotdiff")

MAX_EXIT = 63  # the exit code counts rows that nothing is known of up to here


def deduplicate(cfg: DictConfig) -> int:
    """Finds duplicates, writes who stays, and moves nothing unless it is told to.

    Returns:
        How many images could not be read, at most 63; their rows stay.

    Raises:
        ValueError: If a setting cannot be one, or there are no rows.
    """
    for name in ("pairs", "contact_sheet"):
        if not isinstance(cfg[name], bool):
            raise ValueError(f"Expected {name} to be true or false, got {cfg[name]!r}.")
    if cfg.pairs:
        return deduplicate_pairs(cfg)
    if cfg.action not in ("report", *ACTIONS):
        known = ", ".join(("report", *ACTIONS))
        raise ValueError(f"Expected action to be one of {known}, got {cfg.action!r}.")
    most = checked_groups(cfg.contact_sheet_groups)
    rules = DedupRules(**{item.name: cfg[item.name] for item in fields(DedupRules)})
    source = existing(cfg.images, "a folder or a table for images")
    if next(iter(Collection((source,), cfg.text)), None) is None:
        raise ValueError(f"Expected images in {source}, found none: see docs/deduplication.md.")
    older = None
    if cfg.against is not None:
        older = existing(cfg.against, "a collection for against")
    found = deduplicated(
        source,
        rules,
        against=older,
        text=cfg.text,
        cache=cfg.cache,
        workers=cfg.workers,
        store=cfg.store,
        ray=_cluster(cfg),
    )
    out = Path(cfg.out)
    _write(found, cfg.show_num, out)
    if cfg.contact_sheet:
        write_sheet(found, most, out / "contact_sheet.html")
    _told(found, out)
    if cfg.action != "report":
        _place(cfg, found, source, out)
    return min(len(found.problems), MAX_EXIT)


def _cluster(cfg: DictConfig) -> RayEngine | None:
    """How to work on Ray; None for this process."""
    if cfg.engine not in ("local", "ray"):
        raise ValueError(f"Expected engine to be local or ray, got {cfg.engine!r}.")
    if cfg.engine == "local":
        return None
    from spotdiff.apps.ray_engine import RayEngine

    return RayEngine(gpus_per_worker=0, **cfg.ray)


def _write(found: Deduplicated, show_num: int, out: Path) -> None:
    """Who stays as `kept.jsonl`, every row with its group as `groups.parquet`, read once more."""
    stays = found.stays
    shown = [group[:2] for group in found.groups[: show_num or 0]]
    wanted = {row for pair in shown for row in pair}
    traced: dict[int, ImageRow] = {}
    with RowsWriter(out / "kept.jsonl") as kept, MembersWriter(out / "groups.parquet") as groups:
        for member, row in zip(_members(found), found.again(), strict=True):
            groups.write(replace(member, where=row.where))
            if stays[member.row]:
                kept.write(dict(row.cells))
            if member.row in wanted:
                traced[member.row] = row
    if show_num:
        pairs = [(traced[one], traced[other]) for one, other in shown]
        write_traced(pairs, out / "traced.jsonl")


def _members(found: Deduplicated) -> Iterator[Member]:
    """All rows in order, whose origins are not known here."""
    hashed = found.hashed
    reasons = dict(zip(hashed.problem_rows[::-1].tolist(), hashed.problems[::-1], strict=True))
    columns = (found.first, found.kept, found.distances, hashed.known, hashed.starts, hashed.counts)
    for row, cells in enumerate(zip(*columns, strict=True)):
        first, kept, distance, known, start, count = (cell.item() for cell in cells)
        images = hashed.bits[start : start + count] if known else ()
        hashes = tuple(to_hex(bits) for bits in images)
        gone = kept < 0
        one = Member(row, "", first, None if gone else kept, None if gone else distance, hashes)
        yield replace(one, problem=reasons.get(row))


def _told(found: Deduplicated, out: Path) -> None:
    for problem in found.problems[:10]:
        log.error("%s", problem)
    rows = len(found) - found.older
    if found.older:
        known = int((found.first[found.older :] < found.older).sum())
        log.info("%d of %d rows are in the other collection already.", known, rows)
    stored = int((found.kept[found.older :] < 0).sum())
    if stored:
        log.info("%d of %d rows are in the store already.", stored, rows)
    stay = int(found.stays.sum())
    log.info(
        "%s: %d stay, %d show what another one shows, in %s; %s could not be read and stay. %s",
        counted(rows, "row"),
        stay,
        rows - stay,
        counted(len(found.groups), "group"),
        counted(len(found.problems), "image"),
        out / "groups.parquet",
    )


def _place(cfg: DictConfig, found: Deduplicated, source: Path, out: Path) -> None:
    """Copies or links what stays, moves what does not, or says what would be done."""
    wanted = ~found.stays if cfg.action == "move" else found.stays
    wanted[: found.older] = False
    pictures = [
        image for row, one in zip(found.again(), wanted, strict=True) if one for image in row.images
    ]
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
