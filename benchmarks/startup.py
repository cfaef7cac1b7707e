"""How long the programs take to begin.

    python benchmarks/startup.py --repeats 7

`spotdiff --help`, and the time from the start of predict.py to its first record on disk beside
`python -c "import lightning, timm"`, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2

from spotdiff.data.cutouts import PhotoLibrary
from spotdiff.data.synthetic import SyntheticPairs

PREDICT = Path(__file__).resolve().parents[1] / "predict.py"
HELP = [sys.executable, "-c", "from spotdiff.cli import main; main()", "--help"]
IMPORTS = [sys.executable, "-c", "import lightning, timm"]
_PATIENCE = 300.0  # seconds
_GLANCE = 0.005  # seconds between two looks for the record


def main() -> None:
    """Prints medians, and the median of the paired ratios."""
    asked = _arguments()
    helped, first, imports = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        views = _photographs(Path(folder), asked.size)
        for number in range(asked.repeats + 1):
            helped.append(_seconds(HELP))
            imports.append(_seconds(IMPORTS))
            first.append(_first_record(views, Path(folder) / str(number), asked.ckpt))
    # The first turn reads everything from the disk.
    helped, first, imports = helped[1:], first[1:], imports[1:]
    ratios = [record / base for record, base in zip(first, imports, strict=True)]
    height, width = asked.size
    print(f"{asked.repeats} repeats in turns, a pair of {width}x{height}\n")
    print("| | seconds, median | min | max |\n| --- | --- | --- | --- |")
    rows = {
        "spotdiff --help": helped,
        "predict.py, first record": first,
        "import lightning, timm": imports,
        "first record / imports": ratios,
    }
    for name, values in rows.items():
        print(
            f"| {name} | {statistics.median(values):.2f} | {min(values):.2f} | {max(values):.2f} |"
        )


def _photographs(folder: Path, size: tuple[int, int]) -> tuple[Path, Path]:
    pair = SyntheticPairs(PhotoLibrary.procedural(), (size[0], size[1]))(1)
    paths = (folder / "before.jpg", folder / "after.jpg")
    for path, image in zip(paths, (pair.before, pair.after), strict=True):
        cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return paths


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def _first_record(views: tuple[Path, Path], out: Path, ckpt: str | None) -> float:
    """Seconds from the start of predict.py to a whole line in its file of records."""
    records = out / "predictions.jsonl"
    command = [sys.executable, str(PREDICT), f"before={views[0]}", f"after={views[1]}"]
    command += [f"out={out}", *([f"ckpt={Path(ckpt).resolve()}"] if ckpt else [])]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while not (records.is_file() and records.read_bytes().endswith(b"\n")):
        time.sleep(_GLANCE)
        if time.perf_counter() - start > _PATIENCE:
            process.kill()
            raise TimeoutError(f"no record in {_PATIENCE:.0f} s")
        if process.poll():
            told = process.stderr.read().decode() if process.stderr else ""
            raise RuntimeError(f"predict.py ended with {process.returncode}: {told}")
    seconds = time.perf_counter() - start
    process.communicate()
    return seconds


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--repeats", type=int, default=7)
    add("--ckpt", help="checkpoint; the shipped one if left out")
    add("--size", type=int, nargs=2, default=(480, 640), help="height and width of the pair")
    return parser.parse_args()


if __name__ == "__main__":
    main()
