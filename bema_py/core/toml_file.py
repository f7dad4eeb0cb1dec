"""TOML files that a user writes, and errors that name the file and the fault."""

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bema_py.core.errors import InputError


class TomlFileError(InputError):
    """A file does not declare what it should."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the file and what is wrong with it."""
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


@contextmanager
def toml_file(path: Path, error: Callable[[Path, str], InputError]) -> Iterator[dict[str, Any]]:
    """Give what a file declares; `error` takes the place of every InputError of the block that reads it.

    Raises `error` also where the file cannot be read or is not TOML.
    """
    try:
        yield tomllib.loads(path.read_text())
    except OSError as fault:
        raise error(path, f"it cannot be read ({fault.strerror})") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise error(path, f"it is not TOML ({fault})") from fault
    except InputError as fault:
        raise error(path, str(fault)) from fault
