"""A command whose module is imported when it is called, so that no command waits for the libraries of another."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


class LazyCommand(TyperCommand):
    """A command as its group lists it; the function behind it brings the options and the whole help."""

    def __init__(self, name: str, place: str, help: str) -> None:  # noqa: A002 - typer's own word
        """Keep where the function is: `module:function`, in bema_py.cli."""
        super().__init__(name, help=help)
        self.place = place

    def make_context(self, *given: Any, **options: Any) -> Any:
        """Go on as the command itself."""
        return self.load().make_context(*given, **options)

    def load(self) -> Any:
        """Import the function's module and make the command of it."""
        module, function = self.place.split(":")
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(getattr(import_module(f"bema_py.cli.{module}"), function))
        return get_command(alone)
