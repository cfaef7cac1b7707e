"""What changed between two photographs of the same place.

import spotdiff

pipeline = spotdiff.load()  # the model that comes with the package, or load("model.ckpt")
result, = pipeline([spotdiff.PairRow("gate", Path("before.jpg"), Path("after.jpg"))])
print(result.changes)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotdiff.version import __version__

__all__ = [
    "PairRow",
    "__version__",
    "deduplicate",
    "deduplicate_pairs",
    "describe",
    "describe_changes",
    "detecting",
    "load",
]

if TYPE_CHECKING:
    from spotdiff.apps.deduplication import deduplicate
    from spotdiff.apps.describing import describe, describe_changes
    from spotdiff.apps.loading import load
    from spotdiff.apps.objects import detecting
    from spotdiff.apps.pair_deduplication import deduplicate_pairs
    from spotdiff.types import PairRow


def __getattr__(name: str) -> object:
    """Imports what is exported when it is first asked for: `import spotdiff` stays light."""
    if name == "load":
        from spotdiff.apps.loading import load

        return load
    if name == "deduplicate":
        from spotdiff.apps.deduplication import deduplicate

        return deduplicate
    if name == "deduplicate_pairs":
        from spotdiff.apps.pair_deduplication import deduplicate_pairs

        return deduplicate_pairs
    if name in ("describe", "describe_changes"):
        from spotdiff.apps import describing

        return getattr(describing, name)
    if name == "detecting":
        from spotdiff.apps.objects import detecting

        return detecting
    if name == "PairRow":
        from spotdiff.types import PairRow

        return PairRow
    msg = f"module 'spotdiff' has no attribute {name!r}"
    raise AttributeError(msg)
