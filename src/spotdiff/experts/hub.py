"""Weights in the cache of the model hub, found without asking the hub.

The cache keeps a folder for every version of an id. Its files are links to blobs: large ones are
named by their SHA-256, small ones by their git hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from spotdiff.experts.catalogue import WeightsMissing, file_sha256, missing

WEIGHT_FILES = ("*.safetensors", "pytorch_model*.bin")  # the second kind where there is no first
PIPELINE = "model_index.json"  # names the networks of a folder that has a folder for each
_SHA256 = re.compile(r"[0-9a-f]{64}")


def hub_cache() -> Path:
    """The cache of the model hub; $HF_HUB_CACHE and $HF_HOME move it."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def cached(name: str) -> Path | None:
    """The folder of an id of the hub, of the version that `main` last meant if there are several.

    None if there is none that holds a configuration and weights.
    """
    repo = hub_cache() / f"models--{name.replace('/', '--')}"
    main = repo / "refs" / "main"
    newest = main.read_text("utf-8").strip() if main.is_file() else ""
    versions = sorted((repo / "snapshots").glob("*"), key=lambda path: (path.name != newest, path))
    return next((path for path in versions if _whole(path)), None)


def local(name_or_dir: str | Path) -> Path:
    """The folder of an id of the hub, or the folder itself.

    Raises:
        WeightsMissing: If it is not on this machine.
    """
    if Path(name_or_dir).is_dir():
        return Path(name_or_dir)
    found = cached(str(name_or_dir))
    if found is None:
        raise WeightsMissing(missing(str(name_or_dir), hub_cache()))
    return found


def weight_files(folder: Path) -> list[Path]:
    """The files of a model folder that hold the weights; empty if there are none.

    Of a folder of several networks, those of all of them, in every precision that is there.
    """
    if (folder / PIPELINE).is_file():
        return sorted(folder.glob("*/*.safetensors"))
    kinds = (sorted(p for p in folder.glob(pattern) if p.is_file()) for pattern in WEIGHT_FILES)
    return next(filter(None, kinds), [])


def weights_sha256(folder: Path) -> str:
    """The SHA-256 of the weights in a folder; of several files, that of their hashes in order."""
    return files_sha256(weight_files(folder))


def files_sha256(files: Sequence[Path]) -> str:
    """The SHA-256 of one file; of several, that of their hashes in order."""
    hashes = [_sha256(path) for path in files]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()


def _whole(folder: Path) -> bool:
    configured = any((folder / name).is_file() for name in ("config.json", PIPELINE))
    return configured and bool(weight_files(folder))


def _sha256(path: Path) -> str:
    """By the name of the blob where it is one: reading gigabytes takes long."""
    blob = path.resolve()
    is_blob = blob.parent.name == "blobs" and _SHA256.fullmatch(blob.name)
    return blob.name if is_blob else file_sha256(path)
