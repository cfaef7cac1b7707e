"""The real photographs that scikit-image carries in its wheel: there without any download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

# Photographs only; the drawings, scans and microscope slides beside them are left out.
NAMES = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "clock_motion.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "motorcycle_left.png",
    "rocket.jpg",
)


def bundled_photographs() -> list[Path]:
    """The photographs that are there, sorted by name.

    Raises:
        ModuleNotFoundError: scikit-image is not installed.
    """
    folder = _folder()
    return [folder / name for name in NAMES if (folder / name).is_file()]


def bundled_photograph(name: str) -> Path:
    """The photograph of that file name.

    Raises:
        FileNotFoundError: The installed scikit-image does not carry it.
        ModuleNotFoundError: scikit-image is not installed.
    """
    path = _folder() / name
    if not path.is_file():
        there = ", ".join(found.name for found in bundled_photographs()) or "none"
        raise FileNotFoundError(f"{path}: expected a photograph of scikit-image; there are {there}")
    return path


def _folder() -> Path:
    # Asking for skimage.data would import skimage; its own spec is found without running it.
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "the demonstration pictures come with scikit-image, which is not installed: "
            "pip install scikit-image"
        )
    return Path(spec.submodule_search_locations[0]) / "data"
