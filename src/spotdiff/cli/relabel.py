"""Pseudo labels during training: the pairs of a run, labelled by what it has learnt."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from hydra import compose
from hydra.utils import instantiate
from omegaconf import DictConfig

from spotdiff.cli.pseudo_label import TABLE, pseudo_label
from spotdiff.data.datamodule import PairDataModule
from spotdiff.data.sets import TableSet
from spotdiff.data.sources import open_source
from spotdiff.data.tables import JSON_LINES, checked
from spotdiff.experts.heatmap import HeatmapProposer
from spotdiff.experts.siamese import SiameseEmbedder
from spotdiff.models.localizer import SiameseLocalizer
from spotdiff.models.siamese import SiameseChangeNet
from spotdiff.pipeline import PairPipeline
from spotdiff.stages.difference_area import DifferenceAreas
from spotdiff.stages.pseudo import PseudoLabels, pseudo_labels
from spotdiff.stages.similarity import Similarity
from spotdiff.training.module import ChangeModule
from spotdiff.types import ModelInfo, PairRow
from spotdiff.writers.pseudo import write_pseudo

log = logging.getLogger("spotdiff")

_LEARNT = ModelInfo("in-training", "0" * 64)


def own_copy(root: Path, out: Path) -> Path:
    """A copy of the labels at `root` in the folder of the run, which may change there.

    Raises:
        FileNotFoundError: If nothing at `root` was written by pseudo_label.
    """
    source = root / TABLE if root.is_dir() else root
    if not source.is_file() or source.suffix.lower() not in JSON_LINES:  # such as a table of words
        raise FileNotFoundError(
            f"Expected pseudo labels in {source}, but there are none: "
            f"python scripts/pseudo_label.py pairs={root} out=DIR writes them."
        )
    target = out / "pseudo" / TABLE
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def generated_labels(cfg: DictConfig) -> Path:
    """The pseudo labels of a table of words, found by what comes with the package."""
    out = Path(f"{cfg.data.root}-pseudo")
    overrides = [f"pairs={cfg.data.root}", f"out={out}", "overlays=false"]
    pseudo_label(compose("pseudo_label", overrides))
    return out


class Relabeller:
    """Finds the boxes of the training pairs anew and writes them over those of the run.

    Validation pairs keep theirs, or its figures would follow what is learnt.

    Args:
        cfg: The part `refresh` of an experiment: rules, the least difference, pairs at a time.
        table: The pseudo labels of the run.
        data: Reloads what is written.
        module: Knows the thresholds of its last validation.
    """

    def __init__(
        self, cfg: DictConfig, table: Path, data: PairDataModule, module: ChangeModule
    ) -> None:
        self.rules = instantiate(cfg.areas)
        self.min_difference = float(cfg.min_difference)
        self.batch_size = int(cfg.batch_size)
        self.table = table
        self.data = data
        self.module = module

    def __call__(self, network: SiameseChangeNet) -> None:
        """Labels every pair, then has the sets of the data module read the labels."""
        if self.module.trainer.is_global_zero:
            rows = checked(open_source(self.table))
            write_pseudo(self._labelled(rows, network), self.table)
            log.info("%d pairs labelled anew: %s", len(self._trained()), self.table)
        self.module.trainer.strategy.barrier()
        for sets in self.data.sets.values():
            for some in sets.values():
                if isinstance(some, TableSet):
                    some.reload()

    def _labelled(
        self, rows: Sequence[PairRow], network: SiameseChangeNet
    ) -> Iterator[tuple[PairRow, PseudoLabels]]:
        """The labels of all rows, new for those that are trained on and can be read."""
        trained = self._trained()
        mine = (row for row in rows if row.pair_id in trained)
        results = self._pipeline(network).stream(mine, self.batch_size)
        for row in rows:
            result = next(results) if row.pair_id in trained else None
            if result is not None and result.status == "ok":
                yield row, pseudo_labels(result.changes, row.labels, self.min_difference)
            else:
                yield row, PseudoLabels(row.changes or (), row.outside or "unknown")

    def _trained(self) -> set[str]:
        sets = self.data.sets["train"].values()
        return {row.pair_id for some in sets if isinstance(some, TableSet) for row in some.rows}

    def _pipeline(self, network: SiameseChangeNet) -> PairPipeline:
        localizer = SiameseLocalizer(network, device=self.module.device)
        heat = self.module.thresholds.min_heat
        stage = DifferenceAreas(
            self.rules,
            HeatmapProposer(localizer, _LEARNT, heat),
            Similarity(SiameseEmbedder(network, _LEARNT), **_scales()),
        )
        return PairPipeline(stage, _LEARNT, framing="fit")


def _scales() -> dict[str, list[list[float]]]:
    """The scale of our own encoders, as conf/similarity/siamese.yaml has it."""
    similarity = compose("predict", ["experiment=areas"]).similarity
    return {
        name: [list(map(float, anchor)) for anchor in similarity[name]]
        for name in ("whole_scale", "region_scale")
    }
