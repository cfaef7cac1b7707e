"""Says how two sets of pictures differ, for programs and for Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from spotdiff.apps.places import existing
from spotdiff.contracts import (
    Detector,
    ImageCaptioner,
    RegionEmbedder,
    SetProposer,
    SetRanker,
    TextEmbedder,
)
from spotdiff.data.album import PictureAlbum
from spotdiff.data.change_sets import change_sets
from spotdiff.data.picture_store import PictureStore
from spotdiff.data.set_tables import ReadSets, read_set_folders, read_set_table
from spotdiff.ops.set_samples import limited, with_purity
from spotdiff.stages.attribute_proposer import AttributeProposer
from spotdiff.stages.attribute_ranker import AttributeRanker
from spotdiff.stages.set_difference import SetDifference, SetRules
from spotdiff.types import ChangeKind, ImageSets, SetItem, SetReport
from spotdiff.writers.jsonl import read_records


@dataclass(frozen=True)
class Describer:
    """Describes any number of pairs of sets by the same settings.

    Attributes:
        proposers: Who says what may differ; by default measured properties in words.
        rankers: Who says how much it holds, the first that knows; by default by measuring.
        rules: Numbers.
        purity: Share of the smaller set that stays in it; the rest trades places.
        max_images: Of each set; more are drawn by the seed.
        captioner: Says what pictures show where their table does not.
        embedder: Describes pictures by vectors.
        text_embedder: Joins hypotheses that mean the same.
        detector: Finds objects, so that their numbers are measured, too.
        objects: Their names; empty for the classes of the detector.
        store: Keeps what was measured and what models said of pictures.
        batch: Pictures that a model is shown together.
        workers: Threads that decode; None for one a core.
        on_look: Called for each picture that is read.
    """

    proposers: Sequence[SetProposer] = field(default_factory=lambda: (AttributeProposer(),))
    rankers: Sequence[SetRanker] = field(default_factory=lambda: (AttributeRanker(),))
    rules: SetRules = field(default_factory=SetRules)
    purity: float = 1.0
    max_images: int = 5000
    captioner: ImageCaptioner | None = None
    embedder: RegionEmbedder | None = None
    text_embedder: TextEmbedder | None = None
    detector: Detector | None = None
    objects: Sequence[str] = ()
    store: PictureStore = field(default_factory=PictureStore)
    batch: int = 16
    workers: int | None = None
    on_look: Callable[[], None] = lambda: None

    def __call__(
        self, sets: ImageSets, problems: Sequence[str] = (), reference: Sequence[str] | None = None
    ) -> SetReport:
        """What is truer of the first set.

        Args:
            sets: The pictures.
            problems: Of reading them, told in the report.
            reference: Texts that are ranked beside; None for the true difference and the names.

        Raises:
            ValueError: A setting cannot be one, or no picture of a set can be read.
        """
        if self.max_images < 1:
            raise ValueError(f"Expected max_images to be 1 or more, got {self.max_images!r}.")
        if reference is None:
            reference = [*([sets.difference] if sets.difference else []), *sets.names]
        seed = self.rules.seed
        sets = replace(
            sets,
            first=limited(sets.first, self.max_images, seed),
            second=limited(sets.second, self.max_images, seed),
        )
        sets = with_purity(sets, self.purity, seed)
        compare = SetDifference(self.proposers, self.rankers, self.rules, self.text_embedder)
        first, second = self.album(sets.first), self.album(sets.second)
        try:
            report = compare(sets, first, second, reference)
        finally:
            self.store.flush()
        told = (*problems, *first.problems, *second.problems, *report.problems)
        return replace(report, problems=told, models=(*report.models, *self._models()))

    def album(self, items: Sequence[SetItem]) -> PictureAlbum:
        """Pictures to be looked at, with those who look."""
        album = PictureAlbum(
            items,
            self.store,
            self.captioner,
            self.embedder,
            self.detector,
            self.objects,
            self.batch,
            self.workers,
        )
        album.on_look = self.on_look
        return album

    def _models(self) -> list[tuple[str, str, str]]:
        experts = (
            ("captioner", self.captioner),
            ("embedder", self.embedder),
            ("detector", self.detector),
        )
        return [(role, one.info.name, one.info.sha256) for role, one in experts if one is not None]


def describe(
    a: str | Path,
    b: str | Path,
    *,
    data: str | Path | None = None,
    subset: str | None = None,
    using: Describer | None = None,
) -> SetReport:
    """How the pictures of two groups or folders differ.

    Args:
        a: The group of the table that is described, or a folder.
        b: What it is compared with, likewise.
        data: A table with the columns `path` and `group_name`; None for folders.
        subset: The rows of the table that count; None for all.
        using: Who is asked, and how; None measures properties.

    Raises:
        FileNotFoundError: There is no such table or folder.
        ValueError: There is no such group, or nothing in it can be read.
    """
    sets, problems = read_sets(a, b, data, subset)
    return (using or Describer())(sets, problems)


def read_sets(
    a: str | Path, b: str | Path, data: str | Path | None = None, subset: str | None = None
) -> ReadSets:
    """The sets of `describe`; errors likewise."""
    if data is not None:
        table = existing(data, "a table of pictures for data")
        return read_set_table(table, str(a), str(b), subset)
    if subset is not None:
        raise ValueError(f"Expected a table for subset={subset}, got two folders.")
    return read_set_folders(
        existing(a, "a folder of pictures for a"), existing(b, "a folder of pictures for b")
    )


def describe_changes(
    predictions: str | Path, *, using: Describer | None = None
) -> dict[ChangeKind, SetReport]:
    """What was added, removed and changed over many pairs; kinds without changes are left out.

    Args:
        predictions: The records of `predict`, OUT/predictions.jsonl.
        using: Who is asked, and how; None measures properties.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no records, or there are no changes in it.
    """
    path = existing(predictions, "a file of predictions for from")
    found, problems = change_sets(read_records(path), path.parent)
    if not found:
        told = f"; {problems[0]}" if problems else ""
        raise ValueError(f"{path}: expected changes, none of its pairs has any{told}.")
    describer = using or Describer()
    return {
        one.kind: replace(describer(one.sets, problems, reference=()), labels=one.labels)
        for one in found
    }
