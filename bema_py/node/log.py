"""A node's log: one JSON object a line, with the same four fields first."""

import json
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TextIO


class Log:
    """Writes what happened; values are numbers, text and lists, never keys or passwords."""

    def __init__(
        self, role: str, stream: TextIO | None = None, clock: Callable[[], float] | None = None
    ) -> None:
        self._role = role
        self._stream = stream or sys.stderr
        self._clock = clock or (lambda: datetime.now(UTC).timestamp())

    def info(self, event: str, **fields: object) -> None:
        """Write what went as it should."""
        self._write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """Write what the node deals with by itself."""
        self._write("warning", event, fields)

    def error(self, event: str, **fields: object) -> None:
        """Write what a person should look at."""
        self._write("error", event, fields)

    def _write(self, level: str, event: str, fields: dict[str, object]) -> None:
        time = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds")
        line = json.dumps(
            {"time": time, "level": level, "role": self._role, "event": event, **fields}, default=str
        )
        # One write a line: threads of the server log too. A full disk must not end the node through its log.
        with suppress(OSError):
            self._stream.write(line + "\n")
            self._stream.flush()


class Notes(logging.Handler):
    """Takes what the parts below a node and its libraries log, as lines like the node's own."""

    def __init__(self, log: Log) -> None:
        """Write into a node's log, from warnings upwards."""
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        say = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        say("note", source=record.name, text=record.getMessage())
