"""Objects of a configuration, each made once: equal parts of it are one object."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from hydra.utils import get_object, instantiate

TARGET = "_target_"


class Sharing:
    """Makes what configurations describe, and gives what it made before to equal ones.

    So a model that several steps name with the same settings is loaded once. An empty mapping is a
    group that was left out: its argument keeps its default.
    """

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    @property
    def made(self) -> tuple[Any, ...]:
        """All objects, what others are made of first."""
        return tuple(self._made.values())

    def make(self, node: Any, where: str) -> Any:  # noqa: ANN401 - whatever is configured
        """The object of a configuration of plain values; `where` names it in messages.

        Raises:
            ValueError: A target does not take the arguments that it is given.
            HydraException: There is no such target.
        """
        if isinstance(node, Mapping):
            if TARGET not in node:
                return {name: self.make(one, f"{where}.{name}") for name, one in node.items()}
            key = json.dumps(node, sort_keys=True, default=str)
            if key not in self._made:
                self._made[key] = self._object(node, where)
            return self._made[key]
        if isinstance(node, list):
            return [self.make(one, f"{where}[{number}]") for number, one in enumerate(node)]
        return node

    def _object(self, node: Mapping[str, Any], where: str) -> Any:  # noqa: ANN401 - likewise
        arguments = {
            name: self.make(one, f"{where}.{name}")
            for name, one in node.items()
            if name != TARGET and one != {}
        }
        target = instantiate({TARGET: node[TARGET], "_partial_": True})  # as Hydra looks for it
        try:
            inspect.signature(target.func).bind(**arguments)
        except TypeError as error:
            message = f"{where}: {node[TARGET]} does not take what it is given: {error}."
            raise ValueError(message) from None
        return target(**arguments)


def takes(node: Mapping[str, Any], argument: str) -> bool:
    """Whether the target of a configuration has an argument of that name."""
    if TARGET not in node:
        return False
    return argument in inspect.signature(get_object(node[TARGET])).parameters
