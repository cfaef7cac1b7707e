"""How answers are written: the likeliest words, or words that are drawn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from spotdiff.types import Chat


@dataclass(frozen=True, slots=True)
class Generation:
    """What decides an answer besides the question and the weights.

    Attributes:
        max_new_tokens: Length of an answer at most.
        temperature: Above 0 words are drawn, the more freely the higher; 0 and None take the
            likeliest. An endpoint is not told of None: its own default holds.
        top_p: Only the likeliest words that together have this probability are drawn from; None
            draws from all.
        num_beams: Answers that are followed at once where nothing is drawn.
        seed: Of what is drawn. The same question with the same seed gets the same answer.

    Raises:
        ValueError: If a number is out of range, or beams meet with drawing.
    """

    max_new_tokens: int = 128
    temperature: float | None = None
    top_p: float | None = None
    num_beams: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1 or self.num_beams < 1:
            raise ValueError(
                "Expected max_new_tokens and num_beams of at least 1, got "
                f"{self.max_new_tokens} and {self.num_beams}."
            )
        if self.temperature is not None and not self.temperature >= 0:
            raise ValueError(f"Expected a temperature of at least 0, got {self.temperature}.")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"Expected top_p in (0, 1], got {self.top_p}.")
        if self.draws and self.num_beams > 1:
            raise ValueError(
                f"Expected num_beams of 1 where words are drawn, got {self.num_beams} with "
                f"temperature {self.temperature}: set temperature to 0, or num_beams to 1."
            )

    @property
    def draws(self) -> bool:
        """Whether words are drawn."""
        return bool(self.temperature)


class Drawing:
    """Leaves of every row of logits the one token that is drawn; for `generate` of transformers.

    Each row has random numbers of its own, so that an answer does not depend on the questions
    beside it, as it would with one stream of random numbers for all.

    Args:
        chats: The questions, one a row.
        how: The temperature, top_p, seed and length.
        device: Where the logits will be.
    """

    def __init__(self, chats: list[Chat], how: Generation, device: torch.device) -> None:
        rows = [_uniform(chat, how) for chat in chats]
        self.draws = torch.from_numpy(np.stack(rows)).to(device)
        self.temperature = how.temperature or 1.0
        self.top_p = how.top_p or 1.0
        self.step = 0

    def __call__(self, input_ids: Tensor, scores: Float[Tensor, "n v"]) -> Float[Tensor, "n v"]:
        """Logits in which all but one token a row are impossible."""
        del input_ids
        drawn = drawn_tokens(scores, self.draws[:, self.step], self.temperature, self.top_p)
        self.step += 1
        return torch.full_like(scores, -torch.inf).scatter(1, drawn[:, None], 0.0)


def drawn_tokens(
    logits: Float[Tensor, "n v"], draws: Float[Tensor, " n"], temperature: float, top_p: float = 1.0
) -> Int64[Tensor, " n"]:
    """The token of every row at which the likeliest ones before it add up to a random number.

    Holtzman et al., The Curious Case of Neural Text Degeneration, 2020 (arXiv 1904.09751),
    section 3.1: only the smallest set of tokens with probability `top_p` is drawn from.

    Args:
        logits: Of all tokens.
        draws: A number in [0, 1) for each row.
        temperature: What logits are divided by.
        top_p: Probability of the tokens that may be drawn.

    Example:
        >>> logits = torch.tensor([[0.2, 0.5, 0.3]]).log().expand(4, 3)
        >>> draws = torch.tensor([0.0, 0.49, 0.51, 0.99])
        >>> drawn_tokens(logits, draws, temperature=1.0).tolist()
        [1, 1, 2, 0]
        >>> drawn_tokens(logits, draws, temperature=1.0, top_p=0.7).tolist()
        [1, 1, 1, 2]
    """
    ranked, tokens = (logits.double() / temperature).softmax(1).sort(dim=1, descending=True)
    before = ranked.cumsum(1) - ranked
    kept = ranked * (before < top_p)
    sums = kept.cumsum(1)
    place = torch.searchsorted(sums, draws.double()[:, None] * sums[:, -1:], right=True)
    last = (kept > 0).sum(1, keepdim=True) - 1  # rounding must not reach what was left out
    return tokens.gather(1, torch.minimum(place, last))[:, 0]


def _uniform(chat: Chat, how: Generation) -> np.ndarray:
    """The random numbers of an answer, by its question and the seed."""
    seed = f"{how.seed}" if chat.seed is None else f"{how.seed} {chat.seed}"
    said = hashlib.sha256(f"{seed}\n{chat.system}".encode())
    for part in chat.parts:
        kind = "text" if isinstance(part, str) else f"picture {part.shape}"
        said.update(f"\n{kind}\n".encode())
        said.update(part.encode() if isinstance(part, str) else np.ascontiguousarray(part).data)
    return np.random.default_rng(list(said.digest())).random(how.max_new_tokens)
