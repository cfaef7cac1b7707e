"""Borrowed models inside a module that is trained: carried along, and otherwise not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from torch import nn
from torch.nn.modules.module import _IncompatibleKeys


class FrozenExperts(nn.ModuleDict):
    """Experts that move to the device with their module and take part in nothing else.

    They stay in evaluation mode and without gradients. Optimisers, averages of weights, other
    ranks and checkpoints do not see them: they name no parameters and have no state. A copy of the
    module shares them.

    Args:
        experts: By role; what is no network and holds none as `net` is left out.
    """

    def __init__(self, experts: Mapping[str, object]) -> None:
        networks = {role: _network(expert) for role, expert in experts.items()}
        super().__init__({role: net for role, net in networks.items() if net is not None})
        for network in self.children():
            network.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Stays as it is."""
        del mode
        return self

    def named_modules(self, *_: Any, **__: Any) -> Iterator[tuple[str, nn.Module]]:  # noqa: ANN401
        """None: what lists modules, lists them to train, to average or to send their weights."""
        return iter(())

    def state_dict(self, *_: Any, destination: Any = None, **__: Any) -> Any:  # noqa: ANN401
        """Nothing is added to a checkpoint."""
        return {} if destination is None else destination

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenExperts:
        return self

    def forgive(self, module: nn.Module, keys: _IncompatibleKeys) -> None:
        """A hook for `register_load_state_dict_post_hook`: nobody misses what was never saved."""
        own = [name for name, child in module.named_children() if child is self]
        keys.missing_keys[:] = [
            key for key in keys.missing_keys if key.partition(".")[0] not in own
        ]


def _network(expert: object) -> nn.Module | None:
    if isinstance(expert, nn.Module):
        return expert
    network = getattr(expert, "net", None)
    return network if isinstance(network, nn.Module) else None
