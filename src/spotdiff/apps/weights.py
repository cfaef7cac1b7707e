"""Whether weights of the catalogue are on this machine, and whether they are what they should be.

Ids of the model hub lie in its cache, where large files are named by their SHA-256 and small ones
by their git hash, so that they can be checked offline. Single files have a hash in the catalogue,
or one that was written beside them when they were fetched.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from spotdiff.experts.catalogue import Weight, file_sha256, place
from spotdiff.experts.hub import cached, weight_files


class Verdict(StrEnum):
    """What a check of weights can find."""

    GOOD = "good"
    BAD = "bad"
    ABSENT = "absent"
    UNKNOWN = "unknown"  # nobody recorded what they should be


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of a check, with what was compared or what is wrong."""

    verdict: Verdict
    reason: str


def location(weight: Weight) -> Path | None:
    """The file or the folder that holds the weights on this machine; None if it is absent."""
    if not weight.on_hub:
        path = place(weight)
        return path if path.is_file() else None
    return cached(weight.name)


def check(weight: Weight) -> Check:
    """Hashes the weights and compares them with what is recorded."""
    where = location(weight)
    if where is None:
        return Check(Verdict.ABSENT, "not on this machine")
    return _check_snapshot(where) if weight.on_hub else _check_file(weight, where)


def recorded(path: Path) -> Path:
    """Where the hash of a fetched file is written."""
    return path.with_name(f"{path.name}.sha256")


def _check_file(weight: Weight, path: Path) -> Check:
    wanted, source = weight.sha256, "the catalogue"
    if wanted is None and recorded(path).is_file():
        wanted, source = recorded(path).read_text("utf-8").split()[0], "the hash noted when fetched"
    if wanted is None:
        return Check(Verdict.UNKNOWN, f"no hash is recorded for {path}")
    found = file_sha256(path)
    if found != wanted:
        return Check(Verdict.BAD, f"{path}: sha256 {found[:12]}…, but {source} says {wanted[:12]}…")
    return Check(Verdict.GOOD, f"sha256 {found[:12]}… as in {source}")


def _check_snapshot(folder: Path) -> Check:
    """Every file of a version of the hub against the hash that is its name in the cache."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    named = [path for path in files if _HASH.fullmatch(path.resolve().name)]
    for path in named:
        wanted = path.resolve().name
        found = file_sha256(path) if len(wanted) == 64 else _git_hash(path)
        if found != wanted:
            reason = (
                f"{path}: its hash is {found[:12]}…, not {wanted[:12]}…: remove it, fetch again"
            )
            return Check(Verdict.BAD, reason)
    if not set(weight_files(folder)) <= set(named):
        return Check(Verdict.UNKNOWN, f"the cache keeps no hashes in {folder}")
    return Check(Verdict.GOOD, f"{len(named)} files as the hub hashed them")


_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def _git_hash(path: Path) -> str:
    """The hash by which git, and so the hub, names a small file."""
    content = path.read_bytes()
    header = f"blob {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()
