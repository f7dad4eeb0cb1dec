"""What a demonstration measured, kept in one file as it goes, so that an interrupted run loses nothing."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bema_py.core.errors import MalformedError

RECORD_FILE = "report.json"


class RecordError(MalformedError):
    """The record of an interrupted run cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        super().__init__(f"{path}: {reason}; begin anew in another directory")
        self.path, self.reason = path, reason


@dataclass
class RunNotes:
    """The numbers that the report shows; every entry is plain JSON.

    `accuracy` maps a moment ("before", "after", or "block N") to predictor names and test accuracies in 0..1.
    """

    settings: dict[str, Any]
    parties: list[dict[str, Any]] = field(default_factory=list)
    admissions: list[dict[str, Any]] = field(default_factory=list)
    blocks: list[dict[str, Any]] = field(default_factory=list)
    accuracy: dict[str, dict[str, float]] = field(default_factory=dict)
    centralised: float | None = None
    inclusion: dict[str, Any] = field(default_factory=dict)
    dispute: dict[str, Any] = field(default_factory=dict)
    rewards: list[dict[str, Any]] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)
    tampering: list[dict[str, Any]] = field(default_factory=list)
    manifest: str = ""

    def save(self, directory: Path) -> None:
        """Write the notes whole or not at all."""
        path = directory / RECORD_FILE
        temporary = path.with_suffix(".new")
        with temporary.open("w") as file:
            json.dump(asdict(self), file, indent=1)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)


def moment(height: int) -> str:
    """Return the name of the moment after a block; height 0 is the beginning."""
    return f"block {height}" if height else "before"


def open_notes(directory: Path, settings: dict[str, Any]) -> RunNotes:
    """Return the notes of an interrupted run, or empty ones."""
    path = directory / RECORD_FILE
    if not path.exists():
        return RunNotes(settings)
    try:
        return RunNotes(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise RecordError(path, f"it cannot be read ({error})") from error
