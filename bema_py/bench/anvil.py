"""A real anvil process that keeps its chain in a file, so that a long history can be interrupted and resumed."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import ChainUnreachableError
from bema_py.core.errors import InputError
from bema_py.local.anvil import keep_one_genesis

BUILDS = Path(__file__).parents[2] / "tests/tools/node_modules/@foundry-rs"
STARTS_WITHIN = 120
ENDS_WITHIN = 120
"""Seconds; writing the state of a long chain takes a while."""
SAVES_EVERY = "120"
"""Seconds between two copies of the state on disk: what a crash may cost. Whoever goes on reads the chain anew."""
TIMEOUT = 60.0


class AnvilError(InputError):
    """The anvil program is absent, or its process ended before it answered."""


def find_anvil(given: Path | None) -> Path:
    """Return the program that was named, else that of the tests' tools, else the one on the path."""
    if given is not None:
        return given
    found = next(BUILDS.glob("anvil-*/bin/anvil"), None) or shutil.which("anvil")
    if found is None:
        raise AnvilError("anvil was not found: run `make tools`, or name it with --anvil")
    return Path(found)


@contextmanager
def running_anvil(program: Path, state: Path, accounts: int) -> Iterator[Chain]:
    """Give the chain of an anvil process on a free port of this machine, as the state file left it.

    Raises AnvilError and ChainStateError.
    """
    keep_one_genesis(state)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--hardfork", "prague", "--silent", "--accounts", str(accounts)]
    options += ["--state", str(state), "--state-interval", SAVES_EVERY]
    # A session of its own: the interrupt of a terminal must not end the chain before it was saved.
    process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        with _answering(f"http://127.0.0.1:{port}", process) as chain:
            _catch_up(chain)
            yield chain
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()


def _answering(url: str, process: "subprocess.Popen[bytes]") -> Chain:
    for _ in range(STARTS_WITHIN * 5):
        try:
            return connect(url, timeout=TIMEOUT)
        except ChainUnreachableError as error:
            try:
                process.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            raise AnvilError(f"anvil ended with code {process.returncode} before it answered") from error
    raise AnvilError(f"anvil did not answer within {STARTS_WITHIN} s")


def _catch_up(chain: Chain) -> None:
    """Set the clock past the newest block: the state keeps blocks, but not how far their time was ahead."""
    ahead = chain.head().timestamp - int(time.time())
    if ahead >= 0:
        chain.request("evm_increaseTime", [hex(ahead + 1)])
