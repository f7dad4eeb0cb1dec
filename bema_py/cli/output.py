"""How commands speak: one console for people, JSON for programs, one line and an exit code for errors."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def emit(as_json: bool, values: Mapping[str, Any], text: str | Table) -> None:
    """Print a result as JSON or as text."""
    if as_json:
        sys.stdout.write(json.dumps(values, indent=1, default=str) + "\n")
    else:
        console.print(text)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """Return a table; the first column is left-aligned, numbers are right-aligned."""
    drawn = Table(title=title, title_justify="left", header_style="bold")
    numeric = [all(isinstance(row[index], int | float) for row in rows) for index in range(len(columns))]
    for column, right in zip(columns, numeric, strict=True):
        drawn.add_column(column, justify="right" if right else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    return drawn


@contextmanager
def progress(quiet: bool = False) -> Iterator[Progress]:
    """Show progress bars on the error stream, so that output stays clean for programs."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=quiet or not errors.is_terminal,
    )
    with bars:
        yield bars


@contextmanager
def watched(name: str, quiet: bool = False) -> Iterator[Callable[[str, int, int], None]]:
    """Show one bar, and give what moves it: called with the stage, the units done and all units."""
    with progress(quiet) as bars:
        bar = bars.add_task(name, total=None)
        yield lambda stage, done, total: bars.update(bar, description=stage, completed=done, total=total)
