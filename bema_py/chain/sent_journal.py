"""What was signed and sent and whose outcome nobody knows yet, on disk, so that a killed process leaves no doubt.

A file holds the transactions with one nonce of an account: the first and those that took its place with higher fees. It
is on the disk before a transaction leaves, and goes once its caller has the outcome. The process that waits for the
outcome holds the file's lock, which the operating system frees where it dies: then the next sender takes the file up.
There are no keys in it: anybody who has a signed transaction can do no more than send it.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bema_py.chain.send_errors import SentJournalError
from bema_py.chain.signed import SignedTransaction, read_signed
from bema_py.core.durable import sync_directory
from bema_py.core.json_text import read_json
from bema_py.core.types import Address, hex0x, unhex

Key = tuple[Address, int]
"""An account and a nonce of it."""


@dataclass(frozen=True)
class KeptFile:
    """A file of this process's own, open and locked, and the transactions in it, oldest first."""

    path: Path
    file: BinaryIO
    transactions: tuple[SignedTransaction, ...]


class SentJournal:
    """The files of one chain. Raises `SentJournalError` where the disk refuses one: then nothing was sent."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._own: dict[Key, KeptFile] = {}

    def keep(self, signed: SignedTransaction) -> bool:
        """Have a transaction on the disk, for this process to wait for; gives whether it was not there before."""
        before = self._own.get(_key(signed))
        if before is None:
            name = f"{signed.nonce}-{signed.hash.hex()[:16]}.json"
            self._write(self._folder(signed.sender) / name, (signed,))
            return True
        if signed.raw in {each.raw for each in before.transactions}:
            return False
        self._write(before.path, (*before.transactions, signed))
        return True

    def withdraw(self, signed: SignedTransaction) -> None:
        """Drop a transaction that the chain refused for certain."""
        own = self._own.get(_key(signed))
        if own is None:
            return
        rest = tuple(each for each in own.transactions if each.raw != signed.raw)
        if rest:
            self._write(own.path, rest)
        else:
            self.forget(signed.sender, signed.nonce)

    def forget(self, account: Address, nonce: int) -> None:
        """Drop a nonce whose outcome is known."""
        own = self._own.pop((account, nonce), None)
        if own is not None:
            with _accessing(own.path), own.file:
                own.path.unlink(missing_ok=True)

    def let_go(self, account: Address, nonce: int) -> None:
        """Leave a nonce whose outcome is not known to whoever sends next."""
        own = self._own.pop((account, nonce), None)
        if own is not None:
            own.file.close()

    def left_behind(self, account: Address) -> list[Sequence[SignedTransaction]]:
        """Take up, by nonce, what senders left who died or stopped waiting: it is this process's own from now on."""
        folder = self._folder(account)
        for unfinished in folder.glob("*.new"):
            file = _locked(unfinished)
            if file is not None:
                with file:
                    unfinished.unlink()
        taken: dict[int, Sequence[SignedTransaction]] = {}
        for path in sorted(folder.glob("*.json")):
            own = _taken(path, account)
            if own is None:
                continue
            key = _key(own.transactions[0])
            if key in self._own:  # two processes had the same nonce: one after the other
                own.file.close()
                continue
            self._own[key] = own
            taken[key[1]] = own.transactions
        return [taken[nonce] for nonce in sorted(taken)]

    def _folder(self, account: Address) -> Path:
        return self.directory / account.hex()

    def _write(self, path: Path, transactions: tuple[SignedTransaction, ...]) -> None:
        """Put a file in the place of the one before, locked from its first moment on."""
        plain = {"version": 1, "transactions": [hex0x(each.raw) for each in transactions]}
        with _accessing(path):
            path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
            new = path.with_name(path.name + ".new")
            file = _created(new)
            file.write(json.dumps(plain).encode())
            file.flush()
            os.fsync(file.fileno())
            new.replace(path)
            sync_directory(path.parent)
        key = _key(transactions[0])
        self.let_go(*key)
        self._own[key] = KeptFile(path, file, transactions)


def _key(signed: SignedTransaction) -> Key:
    return signed.sender, signed.nonce


def _taken(path: Path, account: Address) -> KeptFile | None:
    """Open a file that nobody waits for."""
    with _accessing(path):
        file = _locked(path)
        if file is None:
            return None
        content = file.read()
    try:
        raws = [unhex(each) for each in read_json(content)["transactions"]]
        transactions = tuple(read_signed(raw, account) for raw in raws)
        if len({each.nonce for each in transactions}) != 1:
            raise ValueError("not one nonce")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        file.close()
        raise SentJournalError(path, f"it cannot be read ({error}); move it away to go on") from error
    return KeptFile(path, file, transactions)


def _created(path: Path) -> BinaryIO:
    """Create a file that only its owner may read, locked; again where another process took it for a dead one's."""
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "r+b")
        fcntl.flock(file, fcntl.LOCK_EX)
        if _is_at(file, path):
            return file
        file.close()


def _locked(path: Path) -> BinaryIO | None:
    """Open and lock a file; None for one that another holds or that went meanwhile."""
    with suppress(FileNotFoundError):
        file = path.open("r+b")
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                return file
        file.close()
    return None


def _is_at(file: BinaryIO, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.fstat(file.fileno()).st_ino == path.stat().st_ino
    return False


@contextmanager
def _accessing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SentJournalError(path, error.strerror or str(error)) from error
