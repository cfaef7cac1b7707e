"""Fetches weights of the catalogue: from the model hub into its cache, files into our folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.request import Request, urlopen

from spotdiff.apps.weights import location, recorded
from spotdiff.experts.catalogue import Weight, place
from spotdiff.experts.hub import WEIGHT_FILES

Progress = Callable[[int, int | None], None]
"""Told after every piece: bytes that are here, bytes that there are if known."""

_CHUNK = 1 << 20
_PATIENCE = 30.0  # seconds without a byte
# Configuration, tokeniser, processor, chat template; the weights come with WEIGHT_FILES.
_SMALL_FILES = ("*.json", "*.jinja", "*.txt", "*.model")


class FetchError(FileNotFoundError):
    """Weights could not be had, or are not what they should be."""


def fetch(weight: Weight, progress: Progress) -> Path:
    """Brings weights onto this machine and gives their file or folder.

    Raises:
        FetchError: If the network fails, or what came is not what the catalogue says.
    """
    if weight.ships:
        raise FetchError(f"{weight.name} comes with the package, but {place(weight)} is missing.")
    return _from_hub(weight) if weight.url is None else _file(weight, progress)


def _from_hub(weight: Weight) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    safe, other = WEIGHT_FILES
    try:
        HfApi().model_info(weight.name, timeout=_PATIENCE)  # fails at once where others try on
        snapshot_download(weight.name, allow_patterns=[*_SMALL_FILES, weight.files or safe])
        if weight.files is None and location(weight) is None:
            snapshot_download(weight.name, allow_patterns=[*_SMALL_FILES, other])
    except Exception as error:  # of whichever HTTP library the hub happens to use
        raise FetchError(_sentence(weight, "the model hub", error)) from error
    found = location(weight)
    if found is None:
        msg = f"Expected weights and a config.json at the hub under {weight.name}, found none."
        raise FetchError(msg)
    return found


def _file(weight: Weight, progress: Progress) -> Path:
    """Streams a file beside its name and renames it when it is whole and right."""
    path = place(weight)
    partial = path.with_name(f"{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        sha256 = _streamed(weight, partial, progress)
        _compare(weight, partial.stat().st_size, sha256)
        recorded(path).write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _streamed(weight: Weight, partial: Path, progress: Progress) -> str:
    """Writes what the address of `weight` gives; returns its SHA-256."""
    digest, done = hashlib.sha256(), 0
    request = Request(str(weight.url), headers={"User-Agent": "spotdiff"})
    try:
        with urlopen(request, timeout=_PATIENCE) as answer, partial.open("wb") as file:
            promised = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress(done, promised or weight.size)
            if done < promised:  # a connection that ends early is no error to the library
                raise ConnectionError(f"the connection ended after {done} of {promised} bytes")
    except (OSError, HTTPException) as error:
        raise FetchError(_sentence(weight, str(weight.url), error)) from error
    return digest.hexdigest()


def _compare(weight: Weight, size: int, sha256: str) -> None:
    wanted = {"bytes": (weight.size, size), "sha256": (weight.sha256, sha256)}
    for what, (expected, found) in wanted.items():
        if expected is not None and expected != found:
            msg = (
                f"Expected {weight.name} with {what} {expected} from {weight.url}, got {found}: "
                "nothing was kept. The connection may have broken off; try again."
            )
            raise FetchError(msg)


def _sentence(weight: Weight, source: str, error: Exception) -> str:
    lines = str(getattr(error, "reason", error)).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    hint = (
        "copy its snapshot into the cache of the hub"
        if weight.on_hub
        else f"copy the file to {place(weight)}"
    )
    return (
        f"Expected {weight.name} from {source}, but it cannot be reached: {reason.rstrip('.')}. "
        f"Try again, or {hint} from a machine that has it."
    )
