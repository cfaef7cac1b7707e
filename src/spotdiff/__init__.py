"""What changed between two photographs of the same place.

import spotdiff

pipeline = spotdiff.load()  # the model that comes with the package, or load("model.ckpt")
result, = pipeline([spotdiff.PairRow("gate", Path("before.jpg"), Path("after.jpg"))])
print(result.changes)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotdiff.version import __version__

__all__ = ["PairRow", "__version__", "load"]

if TYPE_CHECKING:
    from spotdiff.apps.loading import load
    from spotdiff.types import PairRow


def __getattr__(name: str) -> object:
    """Imports `load` and `PairRow` when they are first asked for: `import spotdiff` stays light."""
    if name == "load":
        from spotdiff.apps.loading import load

        return load
    if name == "PairRow":
        from spotdiff.types import PairRow

        return PairRow
    msg = f"module 'spotdiff' has no attribute {name!r}"
    raise AttributeError(msg)
