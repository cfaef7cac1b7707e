"""Chat models behind a server: any that keeps to the protocol of OpenAI's chat completions."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

from spotdiff.experts.chat_server import ChatServer
from spotdiff.experts.completions import Coding, NoAnswer, answer, messages, shares
from spotdiff.experts.generation import Generation
from spotdiff.experts.pretrained import with_settings
from spotdiff.experts.questions import Found, unaskable
from spotdiff.types import Chat, ModelInfo, Reply, Scores

_TOPS = 20  # tokens whose probability is asked for; more are not given
_SEEDS = 2**31  # that every server takes

log = logging.getLogger("spotdiff")


class ChatEndpoint:
    """Asks a server; a `ChatModel`.

    Questions are asked side by side. Where the server is busy or fails for a moment, they are
    asked again after a while: as long as it wishes, or in growing pauses. A question that fails
    costs only itself; where one after the other does, the rest are given up at once.

    The key is no argument, for arguments go into records: an environment variable has it, and it
    is read when the first question is asked. A server that needs none is asked without.

    Args:
        model: As the server calls it.
        generation: How answers are written. There are no beams, and the seed is a wish.
        base_url: Of the server, with its `/v1`; None: $OPENAI_BASE_URL, else that of OpenAI.
        key_variable: The environment variable that has the key.
        sees: Whether the model takes pictures.
        coding: In which pictures are sent.
        max_side: Pixels of their longer side at most; larger ones are scaled down.
        limit_name: What the server calls the length of an answer.
        timeout: Seconds without a byte after which an attempt ends.
        retries: Further attempts for a question.
        at_once: Questions under way at a time.
        give_up_after: After as many failures in a row nothing is asked for a minute.

    Raises:
        ImportError: If the package openai is not installed.
        ValueError: If beams are asked for, or the address holds a password.
    """

    def __init__(  # noqa: PLR0913 each is a setting of its own
        self,
        model: str,
        generation: Generation | None = None,
        *,
        base_url: str | None = None,
        key_variable: str = "OPENAI_API_KEY",
        sees: bool = True,
        coding: Coding = "png",
        max_side: int = 1024,
        limit_name: str = "max_tokens",
        timeout: float = 60.0,
        retries: int = 2,
        at_once: int = 4,
        give_up_after: int = 3,
    ) -> None:
        self.generation = generation or Generation()
        if self.generation.num_beams > 1:
            raise ValueError("Expected num_beams of 1, got more: a server follows no beams.")
        self.server = ChatServer(
            base_url, key_variable, timeout=timeout, retries=retries, give_up_after=give_up_after
        )
        self.model, self.sees, self.at_once = model, sees, at_once
        self.coding, self.max_side, self.limit_name = coding, max_side, limit_name
        settings = {**asdict(self.generation), "where": self.server.where, "model": model}
        settings |= {"coding": coding, "max_side": max_side}
        self.info = with_settings(ModelInfo(f"{model} at {self.server.where}", ""), **settings)

    def __call__(self, chats: Sequence[Chat]) -> list[Reply]:
        """One reply a question, which does not depend on the other questions."""
        how = self.generation
        wanted = {"temperature": how.temperature, "top_p": how.top_p}
        wanted |= {self.limit_name: how.max_new_tokens}

        def ask(chat: Chat) -> Reply:
            seed = (how.seed + (chat.seed or 0)) % _SEEDS if how.draws else None
            return Reply(answer(self._completion(chat, {**wanted, "seed": seed})))

        return self._each(chats, ask, lambda problem: Reply(None, problem))

    def choose(self, chats: Sequence[Chat], words: Sequence[str]) -> list[Scores | None]:
        """How probable each word is as the beginning of the answer, summing to 1.

        None, and the reason in the log, where the server does not tell.
        """
        wanted = {"temperature": 0, self.limit_name: 1, "logprobs": True, "top_logprobs": _TOPS}

        def ask(chat: Chat) -> Scores | None:
            return shares(self._completion(chat, wanted), words)

        def refused(problem: str) -> None:
            log.warning("%s gives no choice: %s", self.info.name, problem)

        return self._each(chats, ask, refused)

    def _each(
        self,
        chats: Sequence[Chat],
        ask: Callable[[Chat], Found],
        refused: Callable[[str], Found],
    ) -> list[Found]:
        """What is answered to each question, or what `refused` makes of the reason."""

        def asked(chat: Chat) -> Found:
            if problem := unaskable(chat, self.model, self.sees):
                return refused(problem)
            try:
                return ask(chat)
            except NoAnswer as reason:
                return refused(f"{self.server.where}: {self.server.without_key(str(reason))}.")

        with ThreadPoolExecutor(max(1, self.at_once)) as threads:
            return list(threads.map(asked, chats))

    def _completion(self, chat: Chat, wanted: Mapping[str, object]) -> object:
        given = {name: value for name, value in wanted.items() if value is not None}
        said = messages(chat, self.coding, self.max_side)
        return self.server.complete(model=self.model, messages=said, **given)
