"""The loop that every role runs: one step after the other, whatever fails in between."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from bema_py.chain.errors import ChainResponseError, ChainUnreachableError, ContractRevertError
from bema_py.chain.index_file import IndexBusyError, IndexStorageError
from bema_py.core.errors import BemaError
from bema_py.node.condition import Health, LoopState
from bema_py.node.figures import Figures
from bema_py.node.log import Log
from bema_py.node.stopping import StopRequested, StopSignal
from bema_py.roles.freed_memory import give_back
from bema_py.storage.content_store import ContentMissingError

LONGEST_PAUSE = 60.0
LONG_STEP = 1.0
"""Seconds after which a step has computed something, and may have left the models of whole blocks as garbage."""
TRANSIENT = (
    ChainUnreachableError,
    ChainResponseError,
    ContentMissingError,
    IndexStorageError,
    IndexBusyError,
)


class BlockedError(BemaError):
    """The node cannot go on by itself: a person must do what the message says."""

    exit_code = 7


class Worker(Protocol):
    """One role's work."""

    def step(self) -> str:
        """Do what can be done now; return what is waited for. Safe to be killed anywhere and begun again."""


@dataclass
class Loop:
    """Calls a worker again and again; faults are logged and waited out, each time longer.

    `build` makes the worker; it is called again while chain or content are out of reach, other faults of it end the
    node. Seconds.
    """

    build: Callable[[], Worker]
    health: Health
    figures: Figures
    log: Log
    stop: StopSignal
    poll: float
    worker: Worker | None = None
    failures: int = field(default=0, init=False)

    def run(self) -> None:
        """Go on until the node is to stop."""
        while not self.stop.requested:
            with suppress(StopRequested):
                self._turn()
        self.stop.done()
        self.health.set(LoopState.STOPPING, "stopping")
        self.log.info("stopped")

    def _turn(self) -> None:
        began = time.monotonic()
        self.once()
        if time.monotonic() - began > LONG_STEP:
            give_back()
        self.stop.pause(self.pause())

    def once(self) -> None:
        """Take one step."""
        try:
            if self.worker is None:
                self.worker = self.build()
            waits_for = self.worker.step()
        except StopRequested:
            return
        except BlockedError as error:
            self._end(LoopState.BLOCKED, "blocked", str(error))
        except BemaError as error:
            if self.worker is None and not isinstance(error, TRANSIENT):
                raise
            if isinstance(error, ContractRevertError):
                self.figures.transactions.labels("refused").inc()
            self._fail(f"{type(error).__name__}: {error}")
        except OSError as error:
            self._fail(f"{error} (the disk is full or faulty: the node goes on by itself once it is not)")
        else:
            self.failures = 0
            self._end(LoopState.WAITING, "done", waits_for)

    def _fail(self, reason: str) -> None:
        self.failures += 1
        self._end(LoopState.FAILING, "failed", reason)

    def pause(self) -> float:
        """Return the seconds until the next step."""
        return min(self.poll * float(1 << min(self.failures, 10)), LONGEST_PAUSE)

    def _end(self, state: LoopState, outcome: str, detail: str) -> None:
        self.figures.steps.labels(outcome).inc()
        self.figures.state.state(state)
        if not self.health.set(state, detail):
            return
        if state is LoopState.WAITING:
            self.log.info("waiting", waits_for=detail)
        elif state is LoopState.BLOCKED:
            self.log.error("blocked", reason=detail)
        else:
            self.log.warning("failed", reason=detail, next_try_in=self.pause())
