"""What a demonstration shows while it runs and at its end."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bema_py.demo.record import RunNotes
from bema_py.roles.chain_walk import BlockOutcome

WEI = 10**18


def ether(wei: str) -> str:
    """Write an amount of wei in ether, exactly."""
    whole, rest = divmod(int(wei), WEI)
    digits = f"{rest:018d}".rstrip("0")
    return f"{whole}.{digits} ether" if digits else f"{whole} ether"


class View:
    """Prints the acts of a demonstration to a console; a quiet one prints nothing."""

    def __init__(self, console: Console) -> None:
        """Show everything on this console."""
        self.console = console

    def act(self, title: str, explanation: str) -> None:
        """Begin an act."""
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left")
        self.console.print(explanation, style="dim", soft_wrap=True)

    def line(self, text: str) -> None:
        """Print one line."""
        self.console.print(text, highlight=False, soft_wrap=True)

    @contextmanager
    def bars(self) -> Iterator[Progress]:
        """Show progress bars that disappear when done."""
        columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield progress

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Print a table."""
        drawn = Table(header_style="bold")
        for column in columns:
            drawn.add_column(column)
        for row in rows:
            drawn.add_row(*(str(cell) for cell in row))
        self.console.print(drawn)

    def admission(self, row: dict[str, Any]) -> None:
        """Print how a newcomer fared with a founder."""
        mark = "[green]approved[/]" if row["outcome"] == "approved" else "[red]refused[/]"
        self.line(
            f"  {row['newcomer']}: {row['founder']} measures {row['deviation']:.4f} a sample on classes "
            f"{row['vouched']} (omega {row['omega']:.4f}): {mark}"
        )

    def block(self, row: dict[str, Any], accuracy: float) -> None:
        """Print one line about a mined block."""
        self.line(
            f"  block {row['height']:>3} by {row['miner']:<12} {row['batches']:>2} batches, {row['judged']:>3} samples "
            f"judged, {row['used']:>3} used, {row['updates']:>2} models changed, nonce {row['nonce']:>7}; "
            f"krum-mean accuracy {100 * accuracy:.2f} %"
        )

    def audited(self, outcome: BlockOutcome) -> None:
        """Print one line about a recomputed block."""
        false, missing = outcome.verdict.mismatches, outcome.verdict.missing
        verdict = (
            "[green]recomputed, identical[/]"
            if not false + missing
            else f"[red]{false} false, {missing} missing[/]"
        )
        passed = sum(outcome.book.passed.values())
        self.line(f"  block {outcome.verdict.height:>3}  {passed:>3} checks held  {verdict}")

    def summary(self, notes: RunNotes, directory: str, seconds: float) -> None:
        """Print what a stranger should take away."""
        before, after, audit = notes.accuracy["before"], notes.accuracy["after"], notes.audit
        rows = [
            ("parties", f"{len(notes.parties)} admitted, 1 malicious newcomer refused"),
            (
                "blocks",
                f"{len(notes.blocks)} mined by {len({block['miner'] for block in notes.blocks})} miners",
            ),
            (
                "samples",
                f"{sum(b['judged'] for b in notes.blocks)} judged, {sum(b['used'] for b in notes.blocks)} used",
            ),
            *(
                (f"accuracy, {name}", f"{100 * before[name]:.2f} % -> {100 * after[name]:.2f} %")
                for name in before
            ),
            ("accuracy, all data pooled", f"{100 * (notes.centralised or 0):.2f} % (centralised model)"),
            ("false blocks", f"{1 if notes.dispute else 0} mined by a cheat, rejected, its bond slashed"),
            ("rewards", "; ".join(f"{row['who']} {ether(row['wei'])}" for row in notes.rewards)),
            (
                "audit",
                f"{audit['recomputed']} of {audit['blocks']} blocks recomputed, {audit['mismatches']} mismatches",
            ),
            (
                "tampering",
                f"{sum(t['caught'] for t in notes.tampering)} of {len(notes.tampering)} flipped bits caught",
            ),
            ("report", f"{directory}/report.html"),
            ("time", f"{seconds:.0f} s"),
        ]
        drawn = Table(show_header=False, box=None, padding=(0, 2))
        for name, value in rows:
            drawn.add_row(f"[bold]{name}", value)
        self.console.print(Panel(drawn, title="What happened", title_align="left"))
        self.console.print("Check this run again, today or years from now:")
        self.console.print(
            f"  bema audit {directory} --manifest {notes.manifest}", soft_wrap=True, highlight=False
        )
