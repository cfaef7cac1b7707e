"""A server of chat completions: its address, its key, its failures."""

from __future__ import annotations

import os
from functools import cached_property
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from spotdiff.experts.completions import NoAnswer
from spotdiff.experts.patience import Patience

PUBLIC = "https://api.openai.com/v1"
_OWN_FAULT = (400, 413, 422)  # of a question, not of the server


class ChatServer:
    """Gives what a server sends, or why it sends nothing of use; from any number of threads.

    Args:
        base_url: With its `/v1`; None: $OPENAI_BASE_URL, else that of OpenAI.
        key_variable: The environment variable that has the key; it is read at the first question.
        timeout: Seconds without a byte after which an attempt ends.
        retries: Further attempts for a question, as the server wishes or in growing pauses.
        give_up_after: After as many failures in a row nothing is asked for a minute.

    Raises:
        ImportError: If the package openai is not installed.
        ValueError: If the address is none, or holds a password.
    """

    def __init__(
        self,
        base_url: str | None,
        key_variable: str,
        *,
        timeout: float,
        retries: int,
        give_up_after: int,
    ) -> None:
        if find_spec("openai") is None:
            raise ImportError(
                'A chat endpoint needs the package openai: pip install "spotdiff[endpoint]"'
            )
        self.base_url = base_url or os.environ.get("OPENAI_BASE_URL") or PUBLIC
        self.where = _public(self.base_url)
        self.key_variable = key_variable
        self.timeout, self.retries = timeout, retries
        self.patience = Patience(give_up_after)

    def complete(self, **request: Any) -> object:  # noqa: ANN401 - as the protocol has it
        """What the server sends.

        Raises:
            NoAnswer: If it sends nothing of use, or was given up.
        """
        if last := self.patience.ended:
            raise NoAnswer(
                f"given up after {self.patience.failures} failures in a row, the last: {last}"
            )
        from openai import APIStatusError, OpenAIError

        try:
            found: object = self._client.chat.completions.create(**request)
        except APIStatusError as error:
            reason = f"status {error.status_code}, {_line(error)}"
            if error.status_code in _OWN_FAULT:
                self.patience.answered()
                raise NoAnswer(reason) from None
        except (OpenAIError, ValueError) as error:  # the second: what came is no JSON
            reason = self._reason(error)
        else:
            self.patience.answered()
            return found
        self.patience.failed(reason)
        raise NoAnswer(reason)

    def _reason(self, error: Exception) -> str:
        from openai import APIConnectionError, APITimeoutError

        attempts = f"asked {self.retries + 1} times"
        if isinstance(error, APITimeoutError):
            return f"no answer within {self.timeout:g} seconds, {attempts}"
        if isinstance(error, APIConnectionError):
            cause = _line(error.__cause__ or error)
            return f"the server cannot be reached, {attempts}: {cause}"
        return f"what came cannot be read: {_line(error)}"

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - openai is imported where it is used
        """The connections; the key is read here.

        Raises:
            NoAnswer: If OpenAI itself is to be asked and there is no key.
        """
        from openai import OpenAI

        key = os.environ.get(self.key_variable)
        if key is None and self.base_url == PUBLIC:
            raise NoAnswer(
                f"a key is needed, and ${self.key_variable} holds none: set it, or base_url to a "
                "server that needs none"
            )
        return OpenAI(
            base_url=self.base_url,
            api_key=key or "none",
            timeout=self.timeout,
            max_retries=self.retries,
        )

    def without_key(self, reason: str) -> str:
        """A sentence in which the key does not appear, should the server have sent it back."""
        key = os.environ.get(self.key_variable)
        return reason.replace(key, "…") if key else reason


def _public(base_url: str) -> str:
    """The address as it may stand in records.

    Raises:
        ValueError: If it is none, or holds a password.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"Expected base_url as http://HOST:PORT/v1, got {parts.netloc!r}.")
    if "@" in parts.netloc or parts.query:
        raise ValueError(
            f"Expected base_url without a name, a password or a query, for it goes into records, "
            f"got one for {parts.hostname}: keys belong into an environment variable."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _line(error: BaseException) -> str:
    """The first line of an error, without its end."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300].rstrip(".")
