"""The front door of every program: Hydra behind it, and one line instead of a traceback.

A wrong key, option, path or value ends the program with exit code 64 and a sentence that names the
nearest valid one. Set HYDRA_FULL_ERROR=1 to see the whole traceback.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from spotdiff.apps.places import travelling

Program = Callable[[DictConfig], Any]

WRONG_COMMAND = 64  # exit code, EX_USAGE of sysexits; smaller ones count failed pairs
_SPOKEN = (
    HydraException,
    OmegaConfBaseException,
    ValueError,
    OSError,
    RuntimeError,
    ImportError,  # of an extra that is not installed
)


def enter(program: Program, config: str, arguments: Sequence[str]) -> None:
    """Runs `program` on the configuration named `config`, changed by command-line `arguments`.

    An integer that the program returns is the exit code of a single run; a sweep goes on.
    """
    wants_trace = os.environ.get("HYDRA_FULL_ERROR") == "1"
    code = 0

    def task(cfg: DictConfig) -> Any:  # noqa: ANN401
        nonlocal code
        if HydraConfig.get().mode != RunMode.RUN:
            return program(cfg)
        try:
            _complete(cfg)
            _check_types(cfg, OmegaConf.load(travelling("conf") / f"{config}.yaml"))
            result = program(cfg)
        except _SPOKEN as error:
            if wants_trace or not _ours_to_say(error):
                raise
            code = _refused(error, config)
        else:
            code = result if isinstance(result, int) else 0

    # A trainer that starts further processes calls this command again: see `spotdiff.cli.main`.
    sys.argv = [sys.argv[0], *_spelled_out(arguments, config)]
    main = hydra.main(version_base="1.3", config_path=str(travelling("conf")), config_name=config)
    try:
        # The full error is let through to the lines below.
        with _environment(HYDRA_FULL_ERROR="1", SPOTDIFF_VERB=config):
            main(task)()
    except _SPOKEN as error:
        if wants_trace or not _ours_to_say(error):
            raise
        code = _refused(error, config)
    sys.exit(code)


def _complete(cfg: DictConfig) -> None:
    """Asks for what only the user knows before anything heavy is imported."""
    for key in map(str, cfg):
        if OmegaConf.is_missing(cfg, key):
            raise MissingMandatoryValue(f"Missing mandatory value: {key}")


def _check_types(cfg: Any, own: Any, prefix: str = "") -> None:  # noqa: ANN401 - of omegaconf
    """Refuses a word where the configuration of a program has a number or true or false."""
    for key in own:
        if key not in cfg or any(
            OmegaConf.is_missing(one, key) or OmegaConf.is_interpolation(one, key)
            for one in (cfg, own)
        ):
            continue
        default, value, name = own[key], cfg[key], f"{prefix}{key}"
        if isinstance(default, DictConfig) and isinstance(value, DictConfig):
            _check_types(value, default, f"{name}.")
        if value is None:
            continue
        if isinstance(default, bool):
            if not isinstance(value, bool):
                raise ValueError(f"Expected {name} to be true or false, got {value!r}.")
        elif isinstance(default, int | float) and (
            isinstance(value, bool) or not isinstance(value, int | float)
        ):
            raise ValueError(f"Expected {name} to be a number, got {value!r}.")


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Environment variables for as long as a program runs, and for the processes it starts."""
    earlier = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in earlier.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


# Words without a key, by their place: `models fetch NAME` is `models action=fetch name=NAME`.
_POSITIONAL = {"models": ("action", "name")}


def _spelled_out(words: Sequence[str], config: str) -> Iterator[str]:
    """The arguments as Hydra takes them."""
    keys = iter(_POSITIONAL.get(config, ()))
    for word in words:
        if config in ("evaluate", "describe") and word.startswith("data="):
            yield f"data.path={word[5:]}"  # Hydra would seek a path given as `data=` in conf/data
        elif word[:1] not in "-~+" and "=" not in word and (key := next(keys, None)):
            yield f"{key}={word}"
        else:
            yield word


def _refused(error: BaseException, config: str) -> int:
    print(f"{config}: {sentence(error, config)}", file=sys.stderr)  # noqa: T201
    return WRONG_COMMAND


def _ours_to_say(error: BaseException) -> bool:
    """Whether a sentence is enough; errors from inside other libraries keep their traceback."""
    if isinstance(error, HydraException | OmegaConfBaseException | FileNotFoundError):
        return True
    if str(error).startswith(_NO_NAME):
        return True
    frames = error.__traceback__
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames is not None and "/spotdiff/" in frames.tb_frame.f_code.co_filename


def sentence(error: BaseException, config: str) -> str:
    """What to tell the user: the innermost cause, and the nearest name where one is wrong."""
    while error.__cause__ is not None and not isinstance(error, OmegaConfBaseException):
        inner = error.__cause__
        ours = isinstance(error, ValueError | FileNotFoundError)
        if ours and not isinstance(error, HydraException):
            break
        error = inner
    text = str(error).strip()
    if wrong := re.search(r"Missing mandatory value: ([\w.]+)", text):
        return f"Expected a value for {wrong[1]}, got none: add {wrong[1]}=… to the command."
    if text.startswith(_NO_NAME):
        return "Expected the name of an option for a group, got null: ~GROUP leaves a group out."
    if wrong := _NO_KEY.search(text) or re.search(r"Key '([\w.]+)' is not in", text):
        name = wrong[1]
        return f"There is no key '{name}'.{_nearest(name, _keys(config))}"
    if wrong := _NO_OPTION.search(text):
        option = wrong[1].rpartition("/")[2]
        options = wrong[3].split()
        hint = _nearest(option, options)
        return f"There is no {wrong[2]} '{option}'.{hint} Choose from: {', '.join(options)}."
    return " ".join(text.split())


_NO_NAME = "Config group override must be a string"
_NO_KEY = re.compile(r"(?:Could not override|full_key:) '?([\w./@]+)'?")
_NO_OPTION = re.compile(
    r"Could not find '([\w./-]+)'\n+Available options in '([^']*)':\n((?:\s+.*\n?)+)"
)


def _nearest(name: str, names: Sequence[str]) -> str:
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""


def _keys(config: str) -> list[str]:
    """Every key of the configuration as it is without overrides, groups included."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(travelling("conf")), version_base="1.3"):
        return list(_flat(compose(config), ""))


def _flat(node: DictConfig, prefix: str) -> Iterator[str]:
    for key in map(str, node):
        name = f"{prefix}{key}"
        yield name
        if not OmegaConf.is_missing(node, key) and not OmegaConf.is_interpolation(node, key):
            child = node[key]
            if isinstance(child, DictConfig):
                yield from _flat(child, f"{name}.")
