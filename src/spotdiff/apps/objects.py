"""Pipelines that answer by objects, for programs and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from torch import nn

from spotdiff.apps.loading import aligner_named, captioner_named, device_named, load
from spotdiff.apps.own_experts import siamese_embedder
from spotdiff.apps.places import shipped_checkpoint, travelling
from spotdiff.contracts import Aligner, Detector, DifferenceCaptioner, EvidenceStore
from spotdiff.data.evidence import ParquetEvidence
from spotdiff.data.evidence_memory import RecentEvidence
from spotdiff.labels import Meanings, Vocabulary
from spotdiff.ops.combination import weights_for
from spotdiff.ops.fingerprints import of_words
from spotdiff.ops.frames import Framing
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.appearance import Appearance
from spotdiff.stages.decision import HeatmapDecision, MapComparer
from spotdiff.stages.detection import Detection, Voting
from spotdiff.stages.looks import Tta
from spotdiff.stages.object_decision import ObjectDecision
from spotdiff.stages.object_evidence import Witness
from spotdiff.stages.objects import ObjectComparer
from spotdiff.training.checkpoint import Checkpoint, read
from spotdiff.types import LabelSets, ModelInfo, Registering, Tuned

OWN_LOOK = (0.5, 0.95)  # cosines of our own encoders: of different things, of one thing


def bundled_meanings() -> Meanings:
    """Which words stand for one another, as conf/labels.yaml and conf/broader.yaml say."""
    conf = travelling("conf")
    return Meanings.from_files(conf / "labels.yaml", conf / "broader.yaml")


@dataclass(frozen=True)
class OwnModel:
    """The change model beside the detectors.

    Attributes:
        comparer: Gives change maps, and cuts them into regions.
        identity: Its weights and settings, in a short name.
    """

    comparer: MapComparer
    identity: str

    @classmethod
    def of(
        cls,
        checkpoint: Checkpoint,
        device: str = "auto",
        settings: Mapping[str, Any] | None = None,
    ) -> OwnModel:
        """That of a checkpoint; `settings` are those of `spotdiff.load`."""
        settings = settings or {}
        comparer = load(checkpoint, device=device, alignment=None, **settings).comparer
        if not isinstance(comparer, MapComparer):
            raise ValueError(f"Expected a checkpoint that gives change maps, got {type(comparer)}.")
        seeing = {name: settings.get(name) for name in ("tile", "max_side", "flip", "half")}
        return cls(comparer, of_words(checkpoint.info.sha256, sorted(seeing.items())))

    @property
    def regions(self) -> HeatmapDecision | None:
        """What cuts a map into regions."""
        decision = self.comparer.decision
        return decision if isinstance(decision, HeatmapDecision) else None


@dataclass(frozen=True)
class ObjectSettings:
    """How objects are looked for and decided about, with the defaults of conf/objects.

    Attributes:
        tta: Ways to look at an image besides as it is.
        scales: Factors of the sides for `flip+scales`.
        voting: How votes become one list.
        tuned: Rules, and a combination where one was fitted.
        regions: Report hot regions that no object accounts for.
    """

    tta: Tta = "none"
    scales: tuple[float, ...] = (0.75, 1.5)
    voting: Voting = field(default_factory=Voting)
    tuned: Tuned = field(default_factory=Tuned)
    regions: bool = True


def object_comparer(
    detectors: Mapping[str, Detector],
    vocabulary: Vocabulary,
    own: OwnModel | None,
    appearance: Appearance | None,
    settings: ObjectSettings,
    store: EvidenceStore,
    device: str = "auto",
) -> ObjectComparer:
    """What compares by objects; all of its models are moved to the device.

    Args:
        detectors: By a name of one's own; may be none.
        vocabulary: What they look for, and how that is written.
        own: The change model; None leaves the pair to the detectors.
        appearance: Says what objects look like; None compares them by place alone.
        settings: All else.
        store: Keeps what models said.
        device: `auto` takes the first accelerator there is.

    Raises:
        ValueError: If there is nobody to ask, or nothing to look for.
    """
    meanings = bundled_meanings()
    for expert in [*detectors.values(), *([appearance.embedder] if appearance else [])]:
        if isinstance(expert, nn.Module):
            expert.to(device_named(device))
    detection = Detection(
        detectors,
        vocabulary,
        meanings,
        tta=settings.tta,
        scales=settings.scales,
        voting=settings.voting,
    )
    localizer = None if own is None else own.comparer.localizer
    identity = "" if own is None else own.identity
    decision = ObjectDecision(
        settings.tuned.rules,
        settings.tuned.combination,
        meanings,
        appearance.look if appearance else OWN_LOOK,
    )
    regions = own.regions if own is not None and settings.regions else None
    return ObjectComparer(
        Witness(store, detection, appearance, localizer, identity), decision, regions
    )


def object_pipeline(
    comparer: ObjectComparer,
    framing: Framing = "resize",
    alignment: Aligner | None = None,
    captioner: DifferenceCaptioner | None = None,
) -> PairPipeline:
    """The pipeline of a comparer; its records name the models and the rules.

    Raises:
        ValueError: If its combination was fitted for others than those who are asked.
    """
    combination = comparer.decision.combination
    if combination is not None:
        weights_for(combination, comparer.witnesses)
    plain = Tuned(comparer.decision.rules, combination).plain()
    name = of_words(comparer.witness.identity, plain, comparer.regions is not None)
    return PairPipeline(comparer, ModelInfo("objects", name), framing, alignment, captioner)


def detecting(
    detectors: Mapping[str, Detector],
    labels: Sequence[str],
    *,
    ckpt: str | Path | Checkpoint | None = None,
    settings: ObjectSettings | None = None,
    evidence: str | Path | None = None,
    device: str = "auto",
    alignment: Aligner | Registering | None = "shift",
    captioner: DifferenceCaptioner | Literal["template"] | None = "template",
) -> PairPipeline:
    """A pipeline that tells which objects were added, removed or changed.

    Args:
        detectors: By a name of one's own, such as `OwlViT.from_pretrained(…)`.
        labels: What they look for.
        ckpt: The change model, a file written by train.py; None takes the one that comes with the
            package.
        settings: How objects are looked for and decided about.
        evidence: Folder that keeps what models said; None keeps a little in memory.
        device: `auto` takes the first accelerator there is.
        alignment: As in `spotdiff.load`.
        captioner: Likewise.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If there is nothing to look for, or no such alignment or captioner.
    """
    if isinstance(labels, str):
        raise ValueError(f"Expected a list of labels, got {labels!r}: [{labels!r}].")
    checkpoint = ckpt if isinstance(ckpt, Checkpoint) else read(ckpt or shipped_checkpoint())
    rows = [LabelSets(added=(label,)) for label in labels]
    comparer = object_comparer(
        detectors,
        Vocabulary.from_rows(rows, 1, bundled_meanings().synonyms),
        OwnModel.of(checkpoint, device),
        Appearance(siamese_embedder(checkpoint), OWN_LOOK),
        settings or ObjectSettings(),
        store_at(evidence),
        device,
    )
    return object_pipeline(
        comparer, alignment=aligner_named(alignment), captioner=captioner_named(captioner)
    )


def store_at(folder: str | Path | None) -> EvidenceStore:
    """What keeps what models said: a folder, or a little in memory.

    Raises:
        ValueError: If that is no folder and none can be made there.
    """
    if folder is None:
        return RecentEvidence()
    try:
        return ParquetEvidence(Path(folder))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ValueError(
            f"Expected a folder for evidence, got {folder}: {reason}. evidence=null keeps a little "
            "in memory."
        ) from error
