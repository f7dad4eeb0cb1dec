"""An IPFS node (Kubo) for a local network: a repository in its directory, without peers."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bema_py.core.errors import InputError
from bema_py.local.processes import StartError

IPFS = "ipfs"
REPOSITORY = "ipfs"
PROFILE = "test"
"""Kubo's settings for a node without the world: loopback addresses, no bootstrap, no discovery."""
PREPARED_WITHIN = 60.0


class IpfsMissingError(InputError):
    """There is no IPFS program to start."""

    def __init__(self, given: str) -> None:
        """Keep where it was looked for."""
        self.given = given
        super().__init__(
            f"{given} cannot be run: install Kubo (https://docs.ipfs.tech/install) and give its binary with --ipfs"
        )


def find_ipfs(given: str) -> str:
    """Return the binary that was given, by its place; raises IpfsMissingError."""
    found = shutil.which(given)
    if found is None:
        raise IpfsMissingError(given)
    return os.path.abspath(found)  # noqa: PTH100 - as anvil: a link may be called by its name


def prepare_ipfs(binary: str, directory: Path, address: str) -> None:
    """Make the repository where there is none, and let its API answer at the multiaddress; raises StartError."""
    if not (directory / REPOSITORY / "config").exists():
        _run(binary, directory, "init", f"--profile={PROFILE}")
    _run(binary, directory, "config", "Addresses.API", address)


def ipfs_command(binary: str) -> list[str]:
    """Return the command of the daemon."""
    return [binary, "daemon", "--offline"]


def ipfs_environment(directory: Path) -> Mapping[str, str]:
    """Return where the daemon finds its repository."""
    return {**os.environ, "IPFS_PATH": str(directory / REPOSITORY)}


def _run(binary: str, directory: Path, *arguments: str) -> None:
    try:
        done = subprocess.run(
            [binary, *arguments],
            env=dict(ipfs_environment(directory)),
            check=False,
            capture_output=True,
            text=True,
            timeout=PREPARED_WITHIN,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StartError(IPFS, f"{arguments[0]}: {error}") from error
    if done.returncode:
        raise StartError(IPFS, f"{arguments[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}")
