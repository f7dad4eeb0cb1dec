"""One sender at a time for an account on a chain, among the threads and processes of one user on one machine."""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bema_py.chain.errors import AccountBusyError, AccountLockError
from bema_py.core.types import Address

PAUSE = 0.02


@contextmanager
def sending_turn(chain_id: int, account: Address, timeout: float) -> Iterator[None]:
    """Hold the account from the choice of a nonce until the node has the transaction.

    Raises `AccountBusyError` with the holder's process id after `timeout` seconds, `AccountLockError` where the
    lock file cannot be opened. The operating system frees the lock of a process that died.
    """
    path = _folder() / f"{chain_id}-{account.hex()}.lock"
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = path.open("a+b")
    except OSError as error:
        raise AccountLockError(path, error) from error
    with file:
        _take(file, account, path, timeout)
        file.truncate(0)
        file.write(str(os.getpid()).encode())
        file.flush()
        yield


def _take(file: BinaryIO, account: Address, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            # Of the open file, not of the process: two threads exclude each other as two processes do.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                holder = path.read_text(encoding="utf-8") or "unknown"
                raise AccountBusyError(account, holder, path, timeout) from None
            time.sleep(PAUSE)
        else:
            return


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"bema-{os.getuid()}"
