"""Files of all answers of a run, made from its records when it ends; `writer` names them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from omegaconf import DictConfig

from spotdiff.cli.engines import Job
from spotdiff.data.datajuicer import PATH_COLUMNS, operator_cells
from spotdiff.data.remote import located
from spotdiff.data.tables import JSON_LINES, columns, did_you_mean, pair_ids
from spotdiff.writers.coco import write_coco
from spotdiff.writers.datajuicer import write_datajuicer
from spotdiff.writers.funnel import write_funnel
from spotdiff.writers.jsonl import compact, read_records
from spotdiff.writers.submission import write_submission

log = logging.getLogger("spotdiff")

FILES = ("submission", "coco", "datajuicer")
_SHOWN = 5  # ids in a message


def files_asked(cfg: DictConfig) -> tuple[str, ...]:
    """The files that `writer` names, each once.

    Raises:
        ValueError: There is no file of that name, or it cannot be had with the other settings.
    """
    given = cfg.writer
    names = [given] if isinstance(given, str) else list(given or ())
    for name in names:
        if name not in FILES:
            raise ValueError(
                f"Expected writer to name some of {', '.join(FILES)}, got {name!r}."
                f"{did_you_mean(str(name), FILES)}"
            )
    if "submission" in names and cfg.get("areas") and not cfg.get("matcher"):
        raise ValueError(
            "Expected a matcher for writer=submission with difference areas, got none: nobody else "
            "gives them words. Add matcher=blip."
        )
    if "datajuicer" in names and not _holds_operator_rows(cfg.pairs):
        raise ValueError(
            "Expected pairs=FILE.jsonl with the operator's rows for writer=datajuicer, got "
            f"pairs={cfg.pairs}."
        )
    return tuple(dict.fromkeys(names))


def export(job: Job) -> None:
    """Leaves one record a pair and writes the files that are asked for.

    Raises:
        ValueError: A file cannot be made of the records; the message says of which one.
    """
    compact(job.records)
    makers = {"submission": _submission, "coco": _coco, "datajuicer": _datajuicer}
    for name in files_asked(job.cfg):
        makers[name](job)
    if job.cfg.get("areas"):
        write_funnel(job.records, job.out / "funnel.json")


def _submission(job: Job) -> None:
    """The rows of the pairs table again, with words; what failed is told, and is `none`."""
    path = job.out / "submission.csv"
    failed = write_submission(job.records, path, pair_ids(job.source()), _known_words(job))
    if failed:
        log.warning(
            "%d pairs failed and are scored as none in %s: %s", len(failed), path, _first(failed)
        )


def _known_words(job: Job) -> tuple[str, ...] | None:
    """The words that may be written; None where they come from captions."""
    if job.cfg.get("areas"):
        return None
    if job.cfg.get("objects"):
        from spotdiff.cli.objects import words_to_say

        return words_to_say(job.cfg, job.checkpoint)
    return job.checkpoint.vocabulary.words


def _coco(job: Job) -> None:
    write_coco(partial(read_records, job.records), job.out / "coco.json")


def _datajuicer(job: Job) -> None:
    cells = operator_cells(located(job.cfg.pairs))
    write_datajuicer(cells, job.records, job.out / "datajuicer.jsonl")


def _holds_operator_rows(pairs: str | None) -> bool:
    if pairs is None or not pairs.endswith(JSON_LINES):
        return False
    return set(PATH_COLUMNS) <= set(columns(located(pairs)))


def _first(pair_ids: Sequence[str]) -> str:
    """Some of the ids, for one line.

    Example:
        >>> _first(["1", "2", "3", "4", "5", "6", "7"])
        '1, 2, 3, 4, 5 and 2 more'
    """
    more = f" and {len(pair_ids) - _SHOWN} more" if len(pair_ids) > _SHOWN else ""
    return ", ".join(pair_ids[:_SHOWN]) + more
