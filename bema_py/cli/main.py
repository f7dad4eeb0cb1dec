"""The `bema` command, and how an error becomes one line and an exit code."""

import sys
from typing import Any

import typer
from rich.markup import escape
from typer.core import TyperGroup

from bema_py.cli.commands import BEMA
from bema_py.cli.output import errors
from bema_py.core.errors import BemaError

EPILOG = (
    "Exit codes: 0 done; 1 an audit found something false; 2 bad input; 3 chain unreachable or not the expected one; "
    "4 the contract refused; 5 content missing; 6 content malformed or not matching its identifier; "
    "7 refused by policy; 130 interrupted."
)
INTERRUPTED = 130


class Bema(TyperGroup):
    """The group of all commands, for typer to make."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "commands": BEMA})


app = typer.Typer(name="bema", cls=Bema, epilog=EPILOG, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def bema() -> None:
    """Secure multiparty learning with unlike models, anchored on Ethereum and checkable bit for bit."""


def run() -> None:
    """Run the command line; users' mistakes never end in a traceback."""
    try:
        app()
    except BemaError as error:
        # Square brackets in a message are lists, not markup.
        errors.print(f"[bold red]error:[/] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except SystemExit as end:
        if end.code == INTERRUPTED:
            errors.print("interrupted; nothing is lost, the same command goes on where it stopped")
        raise
