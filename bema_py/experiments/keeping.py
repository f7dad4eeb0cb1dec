"""What a unit of a study measured, kept as JSON: a finished unit is never measured again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from bema_py.core.errors import MalformedError
from bema_py.experiments.code import code_digest
from bema_py.experiments.machine import describe_machine
from bema_py.storage.atomic_file import write_atomically

Plain = dict[str, Any]
"""What JSON can hold."""


class KeptError(MalformedError):
    """A kept measurement cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        self.path, self.reason = path, reason
        super().__init__(f"{path} is no kept measurement ({reason}); remove it and run again")


def kept(path: Path, scratch: Path, measure: Callable[[], Plain]) -> Plain:
    """Read what was measured before, or measure it now and keep it; raises KeptError.

    Adds the "machine" and the digest of the "code" that measured it. scratch: a directory on the same file system for
    the unfinished file.
    """
    if not path.exists():
        measured = {**measure(), "machine": describe_machine(), "code": code_digest()}
        write_atomically(path, (json.dumps(measured, indent=1) + "\n").encode(), scratch)
    try:
        return cast(Plain, json.loads(path.read_text()))
    except (OSError, ValueError) as error:
        raise KeptError(path, str(error)) from error


def kept_place(directory: Path, names: Sequence[str]) -> Path:
    """Give the first file of these names that is there, or else the place of the first."""
    places = [directory / f"{name}.json" for name in names]
    return next((place for place in places if place.exists()), places[0])
