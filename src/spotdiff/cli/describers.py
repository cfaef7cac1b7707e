"""Who describes sets, from the settings of a program: models, proposers, rankers, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from spotdiff.apps.describing import Describer
from spotdiff.apps.remembering import remember
from spotdiff.data.kept_answers import KeptTexts
from spotdiff.data.picture_store import PictureStore
from spotdiff.stages.set_difference import SetRules

EXPERTS = ("image_text", "image_captioner", "chat_model", "detector")  # models of a run


def experts_of(cfg: DictConfig) -> dict[str, Any]:
    """The models of a run by name, on its device; None for those that it does without.

    Raises:
        ValueError: There is no such device.
    """
    experts = {name: made(cfg.get(name), {}) for name in EXPERTS}
    movable = [one for one in experts.values() if hasattr(one, "to")]
    if movable:
        from spotdiff.apps.loading import device_named  # imports torch

        place = device_named(cfg.device)
        for one in movable:
            one.to(place)
    return experts


def made(node: DictConfig | None, experts: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """What settings describe; where they refer to a model of the run, that one and not a second.

    `model: ${chat_model}` in the settings of a proposer is such a reference.

    Raises:
        ValueError: The run has no such model.
    """
    if not node:
        return None
    plain: Any = OmegaConf.to_container(node, resolve=False)
    wanted = {
        str(key): name
        for key, value in plain.items()
        for name in experts
        if value == f"${{{name}}}"
    }
    for name in wanted.values():
        if experts[name] is None:
            who = str(node._target_).rpartition(".")[2]
            raise ValueError(
                f"Expected {name} for {who}, there is none: add {name}=OPTION to the command."
            )
    shared = {key: experts[name] for key, name in wanted.items()}
    return instantiate(node, _convert_="all", **shared)


def describer_of(
    cfg: DictConfig,
    on_look: Callable[[], None] = lambda: None,
    experts: Mapping[str, Any] | None = None,
) -> Describer:
    """Who is asked; no model is asked the same twice, in this run or a later one.

    Args:
        cfg: The settings.
        on_look: Called for each picture that is read.
        experts: The models of the run, where they are made already.

    Raises:
        ValueError: A number cannot be one, or a model is named that there is not.
    """
    experts = experts_of(cfg) if experts is None else experts
    proposers, rankers = (
        [one for node in (cfg[group] or {}).values() if (one := made(node, experts)) is not None]
        for group in ("proposers", "rankers")
    )
    store = PictureStore(None if cfg.cache is None else Path(cfg.cache))
    remember([*proposers, *rankers], store)
    texts = experts["image_text"]
    return Describer(
        proposers,
        rankers,
        SetRules(cfg.hypotheses, cfg.level, cfg.examples, cfg.seed, cfg.min_alike),
        purity=cfg.purity,
        max_images=cfg.max_images,
        captioner=experts["image_captioner"],
        embedder=texts,
        text_embedder=None if texts is None else KeptTexts(texts, store.embeddings),
        detector=experts["detector"],
        objects=tuple(map(str, cfg.detect)),
        store=store,
        batch=cfg.batch_size,
        workers=cfg.workers,
        on_look=on_look,
    )
