"""What a node is doing now, for whoever asks: its state, what it waits for, and whether it is well."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

STALE_AFTER = 300.0
"""Seconds without any sign of progress after which a node is not well."""


class LoopState(StrEnum):
    """What a node's loop does."""

    STARTING = "starting"
    WORKING = "working"
    WAITING = "waiting"
    BLOCKED = "blocked"
    FAILING = "failing"
    STOPPING = "stopping"


@dataclass(frozen=True)
class Condition:
    """A moment of a node: `detail` is what it waits for, what blocks it or what failed; `beat` when it last moved."""

    role: str
    account: str
    state: LoopState
    detail: str
    beat: float
    height: int = 0
    samples: int = 0


class Health:
    """Keeps the condition for the threads that serve it."""

    def __init__(self, role: str, clock: Callable[[], float]) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._now = Condition(role, "", LoopState.STARTING, "starting", clock())

    def introduce(self, account: str) -> None:
        """Note the account that acts, once it is known."""
        with self._lock:
            self._now = replace(self._now, account=account)

    def set(self, state: LoopState, detail: str) -> bool:
        """Enter a state; returns whether anything but the time changed."""
        with self._lock:
            changed = (self._now.state, self._now.detail) != (state, detail)
            self._now = replace(self._now, state=state, detail=detail, beat=self._clock())
            return changed

    def count(self, *, height: int | None = None, samples: int | None = None) -> None:
        """Note how high the chain is, and how many samples were offered."""
        with self._lock:
            now = self._now
            self._now = replace(
                now,
                height=now.height if height is None else height,
                samples=now.samples if samples is None else samples,
            )

    def beat(self) -> None:
        """Show that long work goes on."""
        with self._lock:
            self._now = replace(self._now, beat=self._clock())

    def condition(self) -> Condition:
        """Return the present condition."""
        with self._lock:
            return self._now

    def fault(self) -> str | None:
        """Return why the node is not well, or None if it is."""
        now = self.condition()
        if now.state in (LoopState.FAILING, LoopState.BLOCKED):
            return now.detail
        silent = self._clock() - now.beat
        if silent > STALE_AFTER:
            return f"no sign of progress for {silent:.0f} s, {STALE_AFTER:.0f} s are allowed ({now.detail})"
        return None
