"""Paths that are addresses: `s3://bucket/pairs.jsonl`, `gs://…`, all that fsspec knows.

They are paths of universal_pathlib, which can be joined, opened and read like those of pathlib; as
text they are the address again. Storage options and credentials come from the environment and from
the configuration files of fsspec.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

# a scheme of two letters or more, so that C:// is a drive; or several, as in simplecache::s3://
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(::[A-Za-z][A-Za-z0-9+.-]+)*://")
_PACKAGE = re.compile(r"install[ \"'`]+([a-z0-9_-]+)", re.IGNORECASE)


class RemoteError(OSError):
    """What lies behind an address cannot be had; the message is the reason, in one sentence."""


def is_address(name: object) -> bool:
    """Whether a text is an address with a scheme, such as `s3://bucket/key`.

    Example:
        >>> is_address("s3://bucket/a.png"), is_address("photos/a.png"), is_address("C://a.png")
        (True, False, False)
    """
    return _ADDRESS.match(str(name)) is not None


def is_remote(path: object) -> bool:
    """Whether a path was made of an address."""
    return not isinstance(path, Path)


def located(name: Path | str) -> Path:
    """The path of a file of this machine, where `~` is the home folder, or of an address.

    Raises:
        RemoteError: The scheme of the address is unknown.
    """
    if not isinstance(name, str) and is_remote(name):
        return name
    if not is_address(name):
        return Path(name).expanduser()
    from upath import UPath  # costs a twentieth of a second, and most paths are none

    try:
        address: Path = UPath(name)
    except ValueError as error:
        raise RemoteError(f"expected a path or an address, got {name}: {error}") from error
    return address


def beside(folder: Path, name: str) -> Path:
    """The path that a table in `folder` means: an address, an absolute path, or one from there.

    Raises:
        RemoteError: The scheme of the address is unknown.

    Example:
        >>> beside(Path("data"), "a.png").as_posix(), str(beside(Path("data"), "memory://x/a.png"))
        ('data/a.png', 'memory://x/a.png')
    """
    if is_address(name):
        return located(name)
    if not is_remote(folder):
        return folder / name
    if Path(name).is_absolute():
        return Path(name)
    path = folder
    for part in PurePosixPath(name).parts:  # an object store takes `..` for a name
        path = path.parent if part == ".." else path / part
    return path


def walked(folder: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """A folder and its sub-folders, each with the names of the folders and the files in it.

    The list of folders may be sorted and shortened in place: it says where to go on.
    """
    if is_remote(folder):
        address: Any = folder
        yield from address.walk()
    else:
        for root, folders, names in os.walk(folder):
            yield Path(root), folders, names


@contextmanager
def reaching(path: Path) -> Iterator[None]:
    """Lets every error of the other side be an `OSError`, whatever its library raises.

    Raises:
        RemoteError: A package is missing, there are no credentials, nobody answers.
    """
    try:
        yield
    except OSError:
        raise
    except ImportError as error:
        if not is_remote(path):
            raise
        found = _PACKAGE.search(str(error))
        command = f": pip install {found[1]}" if found else ""
        raise RemoteError(f"its file system needs a further package ({error}){command}") from error
    except Exception as error:
        if not is_remote(path):
            raise
        reason = next(iter(str(error).strip().splitlines()), "it says no more")
        raise RemoteError(f"{type(error).__name__}: {reason}") from error
