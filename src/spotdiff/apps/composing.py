"""What pairs are composed of: photographs with outlined objects, and nouns that fit them."""

from __future__ import annotations

from pathlib import Path

from spotdiff.apps.places import existing, travelling
from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.labels.swaps import CompatibleNouns


def photo_library(
    annotations: str | Path, photos: str | Path | None = None, split: str | None = None
) -> PhotoLibrary:
    """The photographs of a COCO instances file; cut out of them is what is seen as a whole.

    Args:
        annotations: The file.
        photos: Their folder; None takes that of the file, or its subfolder `images`.
        split: Keeps the images whose `split` begins with this word.

    Raises:
        FileNotFoundError: There is no such file or folder, or a photograph is missing.
        ValueError: Nothing is left.
    """
    table = existing(annotations, "a COCO instances file for annotations")
    folder = table.parent if photos is None else existing(photos, "a folder for photos")
    return PhotoLibrary.from_folder(folder, table, split, whole=True)


def compatible_nouns(
    table: str | Path | None = None, library: PhotoLibrary | None = None
) -> CompatibleNouns:
    """Which nouns can stand in for one another.

    Args:
        table: A YAML file of groups; None takes the one that comes with the package.
        library: Only what it has cut-outs of comes in.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no mapping of lists of nouns.
    """
    path = travelling("conf") / "swaps.yaml" if table is None else Path(table)
    words = None if library is None else library.labels
    return CompatibleNouns.from_file(existing(path, "a table of nouns"), words)
