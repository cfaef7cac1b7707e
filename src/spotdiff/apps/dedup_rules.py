"""The rules of deduplication as a user gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from spotdiff.data.hash_store import HashSettings
from spotdiff.data.row_hashing import RowReading
from spotdiff.ops.keepers import Keep
from spotdiff.stages.deduplication import Sameness

Compat: TypeAlias = Literal["data-juicer"]


@dataclass(frozen=True, slots=True)
class DedupRules:
    """When rows are the same, and which of them stays.

    Attributes:
        method: Of hashing, one of `ops.image_hashes.METHODS`.
        mode: `exact` decodes whole pictures, `fast` at a reduced scale where the format allows it.
        max_distance: Bits by which the hashes of two images may differ.
        consider_text: Texts must be the same too.
        lowercase: Texts that differ in capitals are the same.
        ignore_non_character: So are those that differ in spaces, digits and punctuation.
        colour: Images of one hash whose mean colours differ clearly are different.
        ordered: The images of a row are a sequence, not a set.
        mirrored: Rows are also the same if the images of one are the mirror images of the other's.
        keep: Who stays: the first, or the one with the most pixels, or the sharpest.
        compat: `data-juicer` answers as its operator does: an image that comes twice in a row
            counts once, and images without contrast are all alike.

    Raises:
        ValueError: If there is no such compatibility.
    """

    method: str = "phash"
    mode: Literal["exact", "fast"] = "exact"
    max_distance: int = 0
    consider_text: bool = False
    lowercase: bool = False
    ignore_non_character: bool = False
    colour: bool = False
    ordered: bool = True
    mirrored: bool = False
    keep: Keep = "first"
    compat: Compat | None = None

    def __post_init__(self) -> None:
        if self.compat not in (None, "data-juicer"):
            raise ValueError(f"Expected compat to be data-juicer or null, got {self.compat!r}.")

    @property
    def sameness(self) -> Sameness:
        """What has to be equal."""
        flat_alike = self.compat is not None
        return Sameness(
            self.max_distance, self.colour, self.ordered, flat_alike, mirrored=self.mirrored
        )

    @property
    def hashing(self) -> HashSettings:
        """What makes hashes comparable; texts that do not count are all one."""
        words = self.lowercase, self.ignore_non_character
        told = words if self.consider_text else (False, False)
        once = self.compat is not None
        return HashSettings(self.method, self.mode, self.consider_text, *told, once)

    @property
    def reading(self) -> RowReading:
        """What of a row counts."""
        once = self.compat is not None
        return RowReading(self.consider_text, self.lowercase, self.ignore_non_character, once)
