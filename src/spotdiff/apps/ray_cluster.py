"""Ray itself: how it is imported, started or joined, kept quiet, and what its errors mean."""

from __future__ import annotations

import logging
import math
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spotdiff.apps.ray_rows import CarriedError

log = logging.getLogger("spotdiff")

_OBJECT_STORE = 128 * 2**20  # bytes; only rows and records pass through it
# What Ray reads when it is imported. Who sets one of them keeps it.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # no working folder is uploaded, nothing is installed
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # its core is silent
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # and so is its log: that a worker died is not the end
}
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # one machine only, which Linux obeys too


def imported(alone: bool) -> Any:  # noqa: ANN401 - a module
    """The module `ray`, with `ray.data` in it.

    Args:
        alone: Whether a cluster on this machine is wanted, which no other one can reach.

    Raises:
        ModuleNotFoundError: It is not installed.
    """
    for name, value in (_ENVIRONMENT | _LOOPBACK if alone else _ENVIRONMENT).items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        msg = f'Expected Ray for engine=ray ({error}): install it with pip install "spotdiff[ray]".'
        raise ModuleNotFoundError(msg) from None
    return ray


@contextmanager
def cluster(ray: Any, address: str | None, cpus: float) -> Iterator[None]:  # noqa: ANN401 - a module
    """Connects to a cluster or starts one, unless this process is on one already.

    What was started here is stopped at the end, in whatever way that comes.

    Args:
        ray: The module.
        address: Of a running cluster; None starts one on this machine.
        cpus: CPUs that one started here shall offer.

    Raises:
        ConnectionError: There is no cluster at the address, or it does not let us in.
    """
    mine = not ray.is_initialized()
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if mine and address is None:
        options |= {"num_cpus": max(1, math.ceil(cpus)), "object_store_memory": _OBJECT_STORE}
        with _without_stderr():
            ray.init("local", include_dashboard=False, **options)
    elif mine:
        try:
            _knock(str(address))
            with _without_stderr():
                ray.init(address, **options)
        except (OSError, RuntimeError, ValueError) as error:
            msg = (
                f"Expected a Ray cluster at {address}: {_first_line(error)} (one that asks for a "
                "token needs RAY_AUTH_MODE=token in the environment)."
            )
            raise ConnectionError(msg) from None
    try:
        with _quiet():
            yield
    finally:
        if mine:
            ray.shutdown()


def _knock(address: str) -> None:
    """Raises at once where nobody listens, which Ray would try for minutes without a word."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def gpus_of_each(ray: Any, workers: int, asked: float | None, alone: bool) -> float:  # noqa: ANN401 - a module
    """The share of a GPU that each worker takes.

    Args:
        ray: The module, connected.
        workers: Their number.
        asked: The share asked for; None shares out what the cluster has, at most one to each.
        alone: Whether the cluster is this machine and will not grow.

    Raises:
        ValueError: More is asked for than this machine has.
    """
    there = int(ray.cluster_resources().get("GPU", 0))
    if asked is None:
        return 1 / max(1, math.ceil(workers / there)) if there else 0.0
    if asked * workers > there:
        text = f"{workers} workers ask for {asked * workers:g} GPUs"
        if alone:
            msg = f"Expected fewer workers or smaller shares: {text}, and this machine has {there}."
            raise ValueError(msg)
        log.warning("%s, and the cluster has %d: waiting for more.", text, there)
    return asked


@contextmanager
def plain_errors(ray: Any) -> Iterator[None]:  # noqa: ANN401 - a module
    """What was raised on another process is raised here as if it had been raised here.

    Raises:
        Exception: The original, with the trace of that process as a note.
        RuntimeError: Ray gave up by itself.
    """
    try:
        yield
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, CarriedError):
            raised = cause.error
        else:
            raised = RuntimeError(f"Ray gave up: {_first_line(cause or error)}")
        raised.add_note(str(error))
        raise raised from None


def _first_line(error: object) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """What C code writes to standard error is lost: Ray's core says there that it is quiet."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _quiet() -> Iterator[None]:
    """Ray Data writes to its own files alone: whatever matters is raised.

    It warns where there are fewer tasks than workers, and that is no news to whoever has few pairs.
    """
    handlers = [
        handler
        for handler in logging.getLogger("ray.data").handlers
        if isinstance(handler, logging.StreamHandler)
    ]
    levels = [handler.level for handler in handlers]
    for handler in handlers:
        handler.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The minimum number of concurrent actors")
            yield
    finally:
        for handler, level in zip(handlers, levels, strict=True):
            handler.setLevel(level)
