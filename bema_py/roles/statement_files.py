"""Statements as files that founders hand to miners: one directory, one file for each founder and batch."""

from pathlib import Path

from bema_py.core.encoding import decode, encode
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.types import Commitment, PartyId
from bema_py.core.witness import MAX_STATEMENTS_SIZE, SignedStatement
from bema_py.roles.hearing import StatementSource
from bema_py.storage.atomic_file import write_atomically

SUFFIX = ".statement"


class StatementFileError(MalformedError):
    """A file in the directory of statements cannot be read as one."""

    def __init__(self, path: Path, reason: str) -> None:
        """Keep the path and the reason."""
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}")


def statement_path(directory: Path, commitment: Commitment, founder: PartyId) -> Path:
    """Return the file of a founder's statement about a batch."""
    return directory / f"{commitment.hex()}-{founder}{SUFFIX}"


def write_statement(directory: Path, signed: SignedStatement) -> Path:
    """Write a statement where a miner looks for it; returns the file."""
    statement = signed.statement
    path = statement_path(directory, statement.commitment, statement.founder)
    write_atomically(path, encode(signed.to_map()), directory / "unfinished")
    return path


def statements_in(directory: Path) -> StatementSource:
    """Return a source that reads the statements about a batch when it is asked; it raises StatementFileError."""

    def read(commitment: Commitment) -> list[SignedStatement]:
        paths = sorted(directory.glob(f"{commitment.hex()}-*{SUFFIX}"))
        return [_read(path) for path in paths]

    return read


def _read(path: Path) -> SignedStatement:
    try:
        return SignedStatement.from_map(decode(path.read_bytes(), max_size=MAX_STATEMENTS_SIZE))
    except OSError as error:
        raise StatementFileError(path, f"it cannot be read ({error.strerror})") from error
    except BemaError as error:
        raise StatementFileError(path, f"it is no statement ({error})") from error
