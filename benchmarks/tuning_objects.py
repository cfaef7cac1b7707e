"""Our way to tune the rules of objects, with the seconds of its parts; see objects.py."""

from __future__ import annotations

import tempfile
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from notebook_objects import Counts, Models, Notebook, counted_decoding

from spotdiff.apps.loading import aligner_named
from spotdiff.apps.objects import OWN_LOOK, OwnModel, bundled_meanings
from spotdiff.apps.own_experts import siamese_embedder
from spotdiff.apps.places import shipped_checkpoint, travelling
from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.row_words import words_of
from spotdiff.experts.yolo import Yolo
from spotdiff.labels import Vocabulary
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.detection import Detection
from spotdiff.stages.object_evidence import Witness
from spotdiff.stages.objects import EvidenceOnly
from spotdiff.training.checkpoint import read
from spotdiff.training.cross_validation import combination_of, cross_validate, folds
from spotdiff.training.object_scores import LabelledEvidence
from spotdiff.training.tuning import GridSearch, grid
from spotdiff.types import LabelSets, ObjectEvidence, ObjectRules, PairRow, Witnesses

WITNESSES: tuple[Witnesses, ...] = ("both", "objects", "model")
FOLDS = 5


def settings_of_tune() -> list[ObjectRules]:
    """The grid of conf/tune.yaml around the rules as they are."""
    described = yaml.safe_load((travelling("conf") / "tune.yaml").read_text("utf-8"))
    return grid(ObjectRules(), described["grid"])


@contextmanager
def timed(spent: dict[str, float], name: str) -> Iterator[None]:
    """Adds the seconds that something takes."""
    start = time.perf_counter()
    yield
    spent[name] = spent.get(name, 0.0) + time.perf_counter() - start


def searched(labelled: LabelledEvidence, spent: dict[str, float]) -> ObjectRules:
    """What tune does once evidence is there, with its seconds."""
    with timed(spent, "grid"):
        search = GridSearch(labelled, settings_of_tune())
    with timed(spent, "cross-validation"):
        parts = folds(labelled.pair_ids, FOLDS, 0)
        cross_validate(labelled, search, parts, WITNESSES)
    with timed(spent, "rules and combination of all pairs"):
        rules = search(np.arange(len(labelled)))
        combination_of(labelled, rules, WITNESSES)
    return rules


@dataclass(frozen=True)
class Run:
    """What was counted, and the seconds of the parts."""

    counts: Counts
    spent: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """Of all parts."""
        return sum(self.spent.values())


class Tuning:
    """Both ways to tune, by the same models."""

    def __init__(self, asked: Namespace) -> None:
        self.asked = asked
        checkpoint = read(asked.ckpt or shipped_checkpoint())
        self.own = OwnModel.of(checkpoint, asked.device)
        detector = Yolo.from_pretrained(asked.weights).to(asked.device)
        embedder = siamese_embedder(checkpoint).to(asked.device)
        self.models = Models(detector, embedder, self.own.comparer.localizer)

    def notebook(self, rows: Sequence[PairRow], rules: ObjectRules) -> Run:
        """The notebook's way, one setting."""
        counts: Counts = Counter()
        spent: dict[str, float] = {}
        answering = Notebook(self.models.counted(counts), self.asked.labels)
        with counted_decoding(counts), timed(spent, "all"):
            for row in rows:
                answering(row, rules)
        return Run(counts, spent)

    def ours(self, rows: Sequence[PairRow]) -> Run:
        """Our way, all settings."""
        counts: Counts = Counter()
        spent: dict[str, float] = {}
        with tempfile.TemporaryDirectory() as folder, counted_decoding(counts):
            with timed(spent, "gathering"), ParquetEvidence(Path(folder)) as store:
                evidence = self._gathered(rows, self.models.counted(counts), store)
            labelled = LabelledEvidence(
                tuple(row.pair_id for row in rows),
                tuple(evidence),
                tuple(words_of(row) or LabelSets() for row in rows),
                OWN_LOOK,
                bundled_meanings().group,
                tuple(self.asked.labels),
            )
            searched(labelled, spent)
        return Run(counts, spent)

    def _gathered(
        self, rows: Sequence[PairRow], models: Models, store: ParquetEvidence
    ) -> list[ObjectEvidence | None]:
        """From the files into the store and out of it, as the tuning program does."""
        vocabulary = Vocabulary.from_rows([LabelSets(added=tuple(self.asked.labels))], 1)
        detectors = {"yolo": models.detector}
        witness = Witness(
            store,
            Detection(detectors, vocabulary, bundled_meanings(), tta="flip"),
            Appearance(models.embedder, OWN_LOOK),
            models.localizer,
            self.own.identity,
        )
        asked = EvidenceOnly(witness)
        pipeline = PairPipeline(asked, alignment=aligner_named("shift"))
        for result in pipeline.stream(rows, batch_size=4):
            if result.status == "error":
                raise ValueError(f"Expected evidence of every pair, got {result.reason}")
        store.flush()
        return store.pairs.get_many([asked.keys[row.pair_id] for row in rows])
