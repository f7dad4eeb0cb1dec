"""Encrypted keystore files (Web3 secret storage, version 3) and where their passwords come from."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from eth_account import Account

from bema_py.chain.errors import KeystoreError, PasswordError
from bema_py.chain.signers import LocalSigner, local_signer
from bema_py.core.json_text import read_json
from bema_py.core.types import Address, unhex

PasswordSource = Callable[[], str]
"""Asked for the password when it is needed; a password is never an argument of a command."""

OWNER_ONLY = 0o600
MAX_SIZE = 1 << 16


def password_from_file(path: Path) -> PasswordSource:
    """Take the password from the first line of a file."""

    def read() -> str:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise PasswordError(f"file {path}", str(error)) from error
        return _not_empty(lines[0] if lines else "", f"file {path}")

    return read


def password_from_environment(variable: str) -> PasswordSource:
    """Take the password from an environment variable."""
    return lambda: _not_empty(os.environ.get(variable, ""), f"environment variable {variable}")


def create_keystore(path: Path, password: PasswordSource, *, iterations: int | None = None) -> Address:
    """Draw a new key from the operating system, write it encrypted, give its account.

    `iterations` is scrypt's cost, 2^18 unless given. Raises `KeystoreError` where the file exists.
    """
    account = Account.create()
    content = json.dumps(Account.encrypt(account.key, password(), kdf="scrypt", iterations=iterations))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except OSError as error:
        raise KeystoreError(path, error.strerror or "cannot be written") from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Address(unhex(account.address))


def open_keystore(path: Path, password: PasswordSource) -> LocalSigner:
    """Decrypt a keystore file. Raises `KeystoreError`; neither the password nor the key is in its message."""
    try:
        if path.stat().st_size > MAX_SIZE:
            raise KeystoreError(path, f"larger than {MAX_SIZE} bytes")
        content = read_json(path.read_bytes())
    except OSError as error:
        raise KeystoreError(path, error.strerror or "cannot be read") from error
    except ValueError as error:
        raise KeystoreError(path, "no JSON") from error
    try:
        key = Account.decrypt(content, password())
    except (ValueError, KeyError, TypeError, NotImplementedError, AttributeError):
        raise KeystoreError(path, "wrong password, or no keystore of version 3") from None
    return local_signer(bytes(key))


def _not_empty(password: str, source: str) -> str:
    if not password:
        raise PasswordError(source, "no password there")
    return password
