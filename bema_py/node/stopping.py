"""How a node is asked to stop: at the next safe point, also in the middle of a long computation or a long wait."""

import signal
import sys
import threading
from types import FrameType

GRACE = 10.0
"""Seconds to come to a safe point; then a wait for a receipt or an answer is broken off, as a kill would end it."""
AGAIN = 1.0


class StopRequested(Exception):  # noqa: N818 - no error: it ends what is being done
    """Somebody asked the node to stop; what was begun is left as it is and taken up at the next start."""


class StopSignal:
    """Set by SIGTERM or SIGINT; long work looks at it, pauses end with it."""

    def __init__(self, grace: float = GRACE) -> None:
        self._event = threading.Event()
        self._grace = grace

    @property
    def requested(self) -> bool:
        """Whether the node is to stop."""
        return self._event.is_set()

    def request(self) -> None:
        """Ask the node to stop."""
        self._event.set()

    def check(self) -> None:
        """Raise StopRequested if the node is to stop."""
        if self.requested:
            raise StopRequested

    def pause(self, seconds: float) -> None:
        """Wait, at most until the node is to stop."""
        self._event.wait(seconds)

    def listen(self) -> None:
        """Take SIGTERM and SIGINT as the wish to stop; a second one ends the process at once.

        What does not look at the wish is broken off after the grace, in the main thread, until `done`.
        """

        def received(number: int, _frame: FrameType | None) -> None:
            self.request()
            signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGALRM, late)
            signal.setitimer(signal.ITIMER_REAL, self._grace, AGAIN)

        def late(_number: int, _frame: FrameType | None) -> None:
            raise StopRequested

        def unraisable(found: "sys.UnraisableHookArgs") -> None:
            # It came where nothing can be raised, as in the callback of a weak reference; it will come again.
            if found.exc_type is not StopRequested:
                before(found)

        before = sys.unraisablehook
        sys.unraisablehook = unraisable
        signal.signal(signal.SIGTERM, received)
        signal.signal(signal.SIGINT, received)

    @staticmethod
    def done() -> None:
        """Break nothing off any more: the loop has ended."""
        signal.setitimer(signal.ITIMER_REAL, 0)
