"""Captions that were made beside those that people wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from spotdiff.evaluation.captions import CaptionScores, caption_scores
from spotdiff.evaluation.tables import Report, Table, number, plain
from spotdiff.writers.jsonl import read_records

_NOTE = (
    "BLEU-4 of all sentences together; means of ROUGE-L (F1 with the best reference) and CIDEr-D "
    "(0 to 10, as rare in the references as its words are). A pair of which nothing is said scores "
    "nothing. METEOR is not measured: the synonyms that it needs would have to be fetched."
)


class CaptionSuite:
    """Measures captions of `predict`; a `FileSuite`.

    Args:
        name: Of the suite.
        references: JSON lines, each with a `pair_id` and its `references`: sentences, or one.
        predictions: One `predictions.jsonl`, or several beside each other.
    """

    def __init__(
        self, name: str, references: str | Path, predictions: str | Path | Sequence[str | Path]
    ) -> None:
        given = [predictions] if isinstance(predictions, str | Path) else list(predictions or ())
        if not given:
            raise ValueError(
                "Expected predictions=OUT/predictions.jsonl beside data=REFERENCES.jsonl, got none."
            )
        self.name = name
        self.references = Path(references)
        self.predictions = [Path(path) for path in given]

    def measured(self) -> Report:
        """One row of scores for every file of predictions.

        Raises:
            ValueError: If a line of the references is malformed, or a file of predictions tells of
                none of their pairs.
        """
        known = read_references(self.references)
        rows = []
        values: dict[str, dict[str, object]] = {}
        for path in self.predictions:
            told = _Told.of(path)
            if not told.captions.keys() & known.keys():
                raise ValueError(
                    f"Expected pairs of {self.references} in {path}, got none of them."
                )
            said = [told.captions.get(pair_id) or "" for pair_id in known]
            scores = caption_scores(said, list(known.values()))
            count = sum(map(bool, said))
            name = f"{told.captioner} ({path})" if told.captioner in values else told.captioner
            rows.append((name, *_cells(scores), f"{count} of {len(said)}"))
            counts = {"file": str(path), "pairs": len(said), "captioned": count}
            values[name] = {**counts, **plain(asdict(scores))}
        columns = ("captioner", "BLEU-4", "ROUGE-L", "CIDEr-D", "captioned")
        table = Table("Captions", columns, tuple(rows), _NOTE)
        return Report(self.name, (table,), values, len(known))


@dataclass(frozen=True, slots=True)
class _Told:
    """What a file of predictions says of every pair, and who says it."""

    captioner: str
    captions: Mapping[str, str | None]

    @classmethod
    def of(cls, path: Path) -> _Told:
        captions: dict[str, str | None] = {}
        names = set()
        for result in read_records(path):
            captions[result.pair_id] = result.caption
            names |= {result.captioner.name} if result.captioner is not None else set()
        return cls(" and ".join(sorted(names)) or str(path), captions)


def read_references(path: Path) -> dict[str, tuple[str, ...]]:
    """The sentences of every pair of a file, those of repeated ids together.

    Raises:
        ValueError: If a line is no object with `pair_id` and `references`, or there are none.
    """
    known: dict[str, tuple[str, ...]] = {}
    for row, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.strip():
            pair_id, sentences = _parsed(line, f"{path} row {row}")
            known[pair_id] = known.get(pair_id, ()) + sentences
    if not known:
        raise ValueError(f"Expected lines with pair_id and references in {path}, got none.")
    return known


def _parsed(line: str, where: str) -> tuple[str, tuple[str, ...]]:
    try:
        told = json.loads(line)
        sentences = told["references"]
        sentences = [sentences] if isinstance(sentences, str) else sentences
        if not sentences or not all(isinstance(one, str) and one.strip() for one in sentences):
            raise ValueError
        return str(told["pair_id"]), tuple(sentences)
    except (ValueError, TypeError, KeyError):
        raise ValueError(
            f'{where}: expected {{"pair_id": …, "references": ["…", …]}} with sentences that are '
            f"not empty, got {line[:80]}"
        ) from None


def _cells(scores: CaptionScores) -> tuple[str, ...]:
    return tuple(number(value) for value in (scores.bleu_4, scores.rouge_l, scores.cider_d))
