"""What may differ between two sets, in the words of a chat model that sees them on one sheet."""

from __future__ import annotations

from spotdiff.contracts import Album, ChatModel
from spotdiff.ops.set_montage import set_montage
from spotdiff.stages.chat_proposer import ask_for_items
from spotdiff.stages.prompts import with_prompts
from spotdiff.stages.set_prompts import MONTAGE
from spotdiff.stages.set_rounds import Rounds
from spotdiff.types import Chat, Hypothesis, ModelInfo


class MontageProposer:
    """Shows a chat model pictures of both sets on one sheet; a `SetProposer`.

    It shows all pictures that it is given: `Rounds` gives it samples. Sets may differ in size.

    Args:
        model: It must see.
        max_side: Pixels of the longer side of the sheet, as many as the model takes in.
        cell: Pixels of the longer side of a picture at most.

    Raises:
        ValueError: The model sees nothing.
    """

    name = "montage"

    def __init__(self, model: ChatModel, max_side: int = 1024, cell: int = 256) -> None:
        if not model.sees:
            raise ValueError(f"Expected a model that sees, got {model.info.name}, which does not.")
        self.model, self.max_side, self.cell = model, max_side, cell

    @property
    def info(self) -> ModelInfo:
        """The model with the question."""
        return with_prompts(self.model.info, MONTAGE)

    def __call__(
        self,
        first: Album,
        second: Album,
        count: int,
        seed: int,
    ) -> tuple[list[Hypothesis], list[str]]:
        """What the model lists."""
        counts = len(first.rows), len(second.rows)
        if not all(counts):
            return [], [f"{self.name}: a set has no picture that can be read"]
        images = first.images(first.rows), second.images(second.rows)
        drawn = set_montage(*images, self.max_side, self.cell)
        asked = MONTAGE.ask(first=str(counts[0]), second=str(counts[1]), count=str(count))
        return ask_for_items(self.model, Chat((drawn, asked), seed=seed), count, self.name)


def montage_in_rounds(
    model: ChatModel, rounds: int = 3, samples: int = 12, max_side: int = 1024, cell: int = 256
) -> Rounds:
    """A `MontageProposer` that is asked several times about samples of the pictures.

    Args:
        model: It must see.
        rounds: How often.
        samples: Pictures of each set on a sheet; of a smaller set all of them.
        max_side: As for `MontageProposer`.
        cell: Likewise.

    Raises:
        ValueError: The model sees nothing.
    """
    return Rounds(MontageProposer(model, max_side, cell), rounds, samples)
