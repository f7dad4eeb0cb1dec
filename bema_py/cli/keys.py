"""`bema keys`: encrypted keystore files."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from bema_py.chain.keystore import create_keystore, password_from_environment, password_from_file
from bema_py.cli.output import JsonOption, emit
from bema_py.core.errors import InputError
from bema_py.core.types import hex0x


def new(
    path: Annotated[Path, typer.Argument(help="Where to write the keystore; must not exist.")],
    password_file: Annotated[Path | None, typer.Option(help="File with the password.")] = None,
    password_env: Annotated[str, typer.Option(help="Environment variable with the password.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Draw a new key and keep it encrypted. Without an option the password is asked for.

    Example: bema keys new party.key --password-env BEMA_PASSWORD
    """
    if password_file:
        source = password_from_file(password_file)
    elif password_env:
        source = password_from_environment(password_env)
    else:
        source = _ask_twice
    account = hex0x(create_keystore(path, source))
    emit(as_json, {"account": account, "keystore": str(path)}, f"account {account}, keystore {path}")


def _ask_twice() -> str:
    first = getpass.getpass("New password: ")
    if first != getpass.getpass("Again: "):
        raise InputError("the two passwords differ")
    return first
