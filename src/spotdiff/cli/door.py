"""The front door of every program: Hydra behind it, and one line instead of a traceback.

A wrong key, option, path or value ends the program with exit code 2 and a sentence that names the
nearest valid one. Set HYDRA_FULL_ERROR=1 to see the whole traceback.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from spotdiff.cli.places import travelling

Program = Callable[[DictConfig], Any]


def enter(program: Program, config: str, arguments: Sequence[str]) -> None:
    """Runs `program` on the configuration named `config`, changed by command-line `arguments`.

    An integer that the program returns is the exit code of a single run; a sweep goes on.
    """
    wants_trace = os.environ.get("HYDRA_FULL_ERROR") == "1"
    os.environ["HYDRA_FULL_ERROR"] = "1"  # lets errors through to the lines below
    code = 0

    def task(cfg: DictConfig) -> Any:  # noqa: ANN401
        nonlocal code
        result = program(cfg)
        if isinstance(result, int) and HydraConfig.get().mode == RunMode.RUN:
            code = result
        return result

    sys.argv = [f"{config}.py", *arguments]
    main = hydra.main(version_base="1.3", config_path=str(travelling("conf")), config_name=config)
    try:
        main(task)()
    except (HydraException, OmegaConfBaseException, ValueError, OSError, RuntimeError) as error:
        if wants_trace or not _ours_to_say(error):
            raise
        print(f"{config}: {sentence(error, config)}", file=sys.stderr)  # noqa: T201
        code = 2
    sys.exit(code)


def _ours_to_say(error: BaseException) -> bool:
    """Whether a sentence is enough; errors from deep inside other libraries keep their traceback."""
    if isinstance(error, HydraException | OmegaConfBaseException | FileNotFoundError):
        return True
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames is not None and "/spotdiff/" in frames.tb_frame.f_code.co_filename


def sentence(error: BaseException, config: str) -> str:
    """What to tell the user: the innermost cause, and the nearest name where one is wrong."""
    while error.__cause__ is not None and not isinstance(error, OmegaConfBaseException):
        inner = error.__cause__
        if isinstance(error, ValueError | FileNotFoundError) and not isinstance(error, HydraException):
            break
        error = inner
    text = str(error).strip()
    if wrong := re.search(r"(?:Could not override|full_key:) '?([\w./@]+)'?|Key '([\w.]+)' is not in", text):
        name = wrong[1] or wrong[2]
        return f"There is no key '{name}'.{_nearest(name, _keys(config))}"
    if wrong := re.search(r"Could not find '([\w./-]+)'\n+Available options in '([^']*)':\n((?:\s+.*\n?)+)", text):
        option = wrong[1].rpartition("/")[2]
        options = wrong[3].split()
        hint = _nearest(option, options)
        return f"There is no {wrong[2]} '{option}'.{hint} Choose from: {', '.join(options)}."
    if wrong := re.search(r"Missing mandatory value: ([\w.]+)", text):
        return f"Expected a value for {wrong[1]}, got none: add {wrong[1]}=… to the command."
    return " ".join(text.split())


def _nearest(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def _keys(config: str) -> list[str]:
    """Every key of the configuration as it is without overrides, groups included."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(travelling("conf")), version_base="1.3"):
        return list(_flat(compose(config), ""))


def _flat(node: DictConfig, prefix: str) -> Iterator[str]:
    for key in node:
        name = f"{prefix}{key}"
        yield name
        if not OmegaConf.is_missing(node, key) and not OmegaConf.is_interpolation(node, key):
            child = node[key]
            if isinstance(child, DictConfig):
                yield from _flat(child, f"{name}.")
