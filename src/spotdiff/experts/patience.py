"""How long one goes on asking somebody who does not answer."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic


class Patience:
    """Counts failures in a row, from any thread, and says when to stop.

    After a rest one more is let through: should it fail, the rest begins anew.

    Args:
        failures: As many in a row end it.
        rest: Seconds after which it is tried again.
        clock: Tells seconds.

    Raises:
        ValueError: If not even one failure is borne.

    Example:
        >>> now = [0.0]
        >>> patience = Patience(failures=2, rest=60, clock=lambda: now[0])
        >>> patience.failed("no server"); patience.ended is None
        True
        >>> patience.failed("no server"); patience.ended
        'no server'
        >>> now[0] = 61; patience.ended is None
        True
        >>> patience.failed("still none"); patience.ended
        'still none'
        >>> now[0] = 122; patience.answered(); patience.failed("again"); patience.ended is None
        True
    """

    def __init__(
        self, failures: int, rest: float = 60.0, clock: Callable[[], float] = monotonic
    ) -> None:
        if failures < 1:
            raise ValueError(f"Expected give_up_after of at least 1, got {failures}.")
        self.failures, self.rest, self.clock = failures, rest, clock
        self._lock = Lock()
        self._count, self._until, self._reason = 0, 0.0, ""

    @property
    def ended(self) -> str | None:
        """What the last failure was, while nothing should be asked; None: go on."""
        with self._lock:
            over = self._count < self.failures or self.clock() >= self._until
            return None if over else self._reason

    def failed(self, reason: str) -> None:
        """Counts a failure."""
        with self._lock:
            self._count, self._reason = self._count + 1, reason
            if self._count >= self.failures:
                self._until = self.clock() + self.rest

    def answered(self) -> None:
        """Forgets all failures."""
        with self._lock:
            self._count = 0
