"""Foundry's anvil as the chain of a local network."""

import os
import shutil
from pathlib import Path

from bema_py.core.errors import InputError

BINARY = "anvil"


class AnvilMissingError(InputError):
    """There is no anvil to start."""

    def __init__(self, given: str) -> None:
        """Keep where it was looked for."""
        self.given = given
        where = given or f"{BINARY} on the PATH"
        super().__init__(
            f"{where} cannot be run: install Foundry (https://getfoundry.sh), or run `make tools` and give the "
            f"binary under tests/tools/node_modules/@foundry-rs/ with --anvil"
        )


def find_anvil(given: str = "") -> str:
    """Return the binary that was given, or the one on the PATH; raises AnvilMissingError."""
    found = shutil.which(given or BINARY)
    if found is None:
        raise AnvilMissingError(given)
    return os.path.abspath(found)  # noqa: PTH100 - resolving a link would lose the name it is called by


def anvil_command(binary: str, directory: Path, port: int, accounts: int) -> list[str]:
    """Return the command: a block every second, its state kept in the directory every few seconds and at its end."""
    return [
        binary,
        "--hardfork",
        "prague",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--accounts",
        str(accounts),
        "--block-time",
        "1",
        "--state",
        str(directory / "chain.json"),
        "--state-interval",
        "5",
        "--silent",
    ]
