"""What was built -> the files that trainers and viewers read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from spotdiff.building.questions import Ask, Questions, in_both
from spotdiff.data.images import image_info
from spotdiff.types import PairResult, Sample, ViewInfo
from spotdiff.writers.coco import write_coco
from spotdiff.writers.datajuicer import write_built
from spotdiff.writers.exchanges import EXCHANGE_FORMATS, write_exchanges
from spotdiff.writers.image_folder import write_image_folder

Samples: TypeAlias = Callable[[], Iterable[Sample]]  # opens them anew

FORMATS = (*EXCHANGE_FORMATS, "datajuicer", "imagefolder", "coco")


def export(
    samples: Samples,
    folder: Path,
    formats: Sequence[str],
    *,
    ask: Ask = "difference",
    seed: int = 0,
) -> Mapping[str, int]:
    """Writes samples in some formats; says how many entries each file has.

    Samples are read once for each kind of file and never held in memory; each file is whole or
    absent, and writing again gives the same files.

    Args:
        samples: Opens those that were kept.
        folder: Where files go; framed pictures to `images`, an image folder to `imagefolder`.
        formats: Some of `FORMATS`.
        ask: What is asked in formats of questions, as in `Questions`.
        seed: Likewise.

    Raises:
        ValueError: There is no such format.
        ImageError: A picture of a sample cannot be read any more.
    """
    known_formats(formats)
    counts: dict[str, int] = {}
    asking = [name for name in formats if name in EXCHANGE_FORMATS]
    if asking:
        questions = Questions(folder, ask, seed)
        count = write_exchanges(questions(samples()), folder, asking)
        counts |= dict.fromkeys(asking, count)
    for name, write in _WRITERS.items():
        if name in formats:
            counts[name] = write(samples, folder)
    return counts


def known_formats(formats: Sequence[str]) -> None:
    """Refuses formats that there are not.

    Raises:
        ValueError: There is no such format.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        known = ", ".join(FORMATS)
        raise ValueError(f"Expected exports to be some of {known}, got {', '.join(unknown)}.")


def _datajuicer(samples: Samples, folder: Path) -> int:
    return write_built(map(_in_first, _pairs(samples)), folder / "datajuicer.jsonl")


def _image_folder(samples: Samples, folder: Path) -> int:
    return write_image_folder(samples(), folder / "imagefolder")


def _coco(samples: Samples, folder: Path) -> int:
    count = sum(1 for _ in _pairs(samples))
    write_coco(partial(_results, samples), folder / "coco.json")
    return count


_WRITERS: dict[str, Callable[[Samples, Path], int]] = {
    "datajuicer": _datajuicer,
    "imagefolder": _image_folder,
    "coco": _coco,
}


def _pairs(samples: Samples) -> Iterator[Sample]:
    return (sample for sample in samples() if sample.before and sample.after)


def _in_first(sample: Sample) -> Sample:
    """The sample with a box of the first view for every change: rows of the operator have no other.

    What only after shows lies at the same share of before.
    """
    if all(change.box_before is not None for change in sample.changes):
        return sample
    sizes = [_size(path) for path in (sample.before, sample.after)]
    changes = (replace(c, box_before=in_both(c, *sizes)[0]) for c in sample.changes)
    return replace(sample, changes=tuple(changes))


def _size(path: str | None) -> tuple[int, int]:
    view = _view(path)
    return view.height or 1, view.width or 1


def _results(samples: Samples) -> Iterator[PairResult]:
    for sample in _pairs(samples):
        before, after = (_view(path) for path in (sample.before, sample.after))
        yield PairResult(sample.id, before, after, changes=sample.changes, caption=sample.caption)


def _view(path: str | None) -> ViewInfo:
    return image_info(Path(path or ""))
