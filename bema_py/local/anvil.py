"""Foundry's anvil as the chain of a local network."""

import json
import os
import shutil
from pathlib import Path

from bema_py.core.errors import InputError, MalformedError
from bema_py.storage.atomic_file import write_atomically

BINARY = "anvil"
STATE = "chain.json"


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


class ChainStateError(MalformedError):
    """The state of a local network's chain cannot be read: anvil was killed while it wrote it."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        self.path, self.reason = path, reason
        super().__init__(
            f"{path} is no state of a chain ({reason}): the network cannot go on, begin one in another directory"
        )


def find_anvil(given: str = "") -> str:
    """Return the binary that was given, or the one on the PATH; raises AnvilMissingError."""
    found = shutil.which(given or BINARY)
    if found is None:
        raise AnvilMissingError(given)
    return os.path.abspath(found)  # noqa: PTH100 - resolving a link would lose the name it is called by


def anvil_command(binary: str, directory: Path, host: str, port: int, accounts: int) -> list[str]:
    """Return the command: a block every second, its state kept in the directory every few seconds and at its end."""
    return [
        binary,
        "--hardfork",
        "prague",
        "--host",
        host,
        "--port",
        str(port),
        "--accounts",
        str(accounts),
        "--block-time",
        "1",
        "--state",
        str(directory / STATE),
        "--state-interval",
        "5",
        "--silent",
    ]


def keep_one_genesis(path: Path) -> None:
    """Leave one genesis block in a saved state, the oldest, if there is one; raises ChainStateError.

    Anvil makes a genesis block at every start and saves them all. At the next start it takes any of them, and to
    whoever knew the chain it is another one.
    """
    if not path.exists():
        return
    try:
        state = json.loads(path.read_bytes())
        places = [
            (int(each["header"]["number"], 16), int(each["header"]["timestamp"], 16))
            for each in state["blocks"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ChainStateError(path, str(error)) from error
    oldest = min((time for number, time in places if number == 0), default=0)
    pairs = zip(state["blocks"], places, strict=True)
    kept = [block for block, (number, time) in pairs if number or time == oldest]
    if len(kept) < len(places):
        write_atomically(path, json.dumps(state | {"blocks": kept}).encode(), path.parent / "unfinished")
