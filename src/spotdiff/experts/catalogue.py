"""What weights there are, under which licence, and where they are looked for.

The catalogue is data: conf/weights.yaml. Weights of a model hub lie in the cache of that hub,
single files in one folder of this package.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import yaml

_PACKAGE = Path(__file__).resolve().parents[1]
_CHUNK = 1 << 20


class WeightsMissing(FileNotFoundError):  # noqa: N818 it is a state of the world
    """Weights are not on this machine."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One set of weights, as conf/weights.yaml describes it.

    Attributes:
        name: An id of the model hub, or the name of a file.
        size: Bytes of the weights; rounded for ids of the hub, exact for files, None if unknown.
        code_licence: Of the library that runs them (SPDX).
        weight_licence: Of the weights (SPDX).
        used_by: Settings that take them, such as `similarity=clip`.
        sha256: Of the file; None for ids of the hub, which names its files by their hashes.
        url: Where the file is fetched from.
        ships: Path of the file within the package; None for what has to be fetched.
        files: Which files of an id hold the weights, where it has more than one copy of them.
    """

    name: str
    size: int | None
    code_licence: str
    weight_licence: str
    used_by: str
    sha256: str | None = None
    url: str | None = None
    ships: str | None = None
    files: str | None = None

    @property
    def on_hub(self) -> bool:
        """Whether the name is an id of the model hub."""
        return self.url is None and self.ships is None


@cache
def catalogue() -> dict[str, Weight]:
    """Every known set of weights by its name."""
    text = _travelling("conf/weights.yaml").read_text("utf-8")
    return {name: Weight(name, **facts) for name, facts in yaml.safe_load(text).items()}


def named(name: str) -> Weight:
    """The weights of that name; the last part of it is enough.

    Raises:
        ValueError: If there are none, with the nearest name.
    """
    known = {key.lower(): weight for key, weight in catalogue().items()}
    short = {key.rpartition("/")[2]: weight for key, weight in known.items()} | known
    if name.lower() in short:
        return short[name.lower()]
    near = get_close_matches(name.lower(), short, n=1, cutoff=0.5)
    hint = f"Did you mean '{short[near[0]].name}'?" if near else f"Known: {', '.join(catalogue())}."
    raise ValueError(f"There are no weights '{name}' in the catalogue. {hint}")


def weights_folder() -> Path:
    """Where single files lie: $SPOTDIFF_WEIGHTS, else in the cache folder of the platform."""
    if chosen := os.environ.get("SPOTDIFF_WEIGHTS"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        cache_home = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        cache_home = Path.home() / "Library" / "Caches"
    else:
        cache_home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache_home / "spotdiff" / "weights"


def place(weight: Weight) -> Path:
    """Where the file of `weight` lies or would lie; not for ids of the hub."""
    return _travelling(weight.ships) if weight.ships else weights_folder() / weight.name


def missing(name: str, looked_for: Path) -> str:
    """The sentence about weights that are not here: which, their licence, where, how to get them.

    Args:
        name: Of the weights, in the catalogue or not.
        looked_for: The file or the folder where they would be.
    """
    weight = catalogue().get(name)
    if weight is None:
        return (
            f"The weights {name} are not here: there is no such file or folder, they are not in "
            f"{looked_for}, and no catalogue names them. Give the path of a copy."
        )
    return (
        f"The weights {name} (licence {weight.weight_licence}) are not here: looked for in "
        f"{looked_for}. Run `spotdiff models fetch {name}`, or give the path of a copy."
    )


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _travelling(name: str) -> Path:
    """A file that comes with the package: in the wheel, or at the root of a clone."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parents[1] / name
