"""Times and memory as a history grows: `python -m bema_py.bench.growth DIRECTORY` after `long_history`."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bema_py.bench.anvil import find_anvil, running_anvil
from bema_py.bench.long_cast import ACCOUNTS
from bema_py.bench.long_history import INDEXED, STATE
from bema_py.chain.events import BlockSubmitted, PartySuspended
from bema_py.experiments.machine import describe_machine
from bema_py.roles.replay import replay
from bema_py.roles.run_record import CONTENT, DEPLOYMENT, EVENTS, read_run

BEMA = "import sys; from bema_py.cli.main import run; run()"
AUDITS = {
    "audit, 1 job": "audit {run} --jobs 1",
    "audit, 2 jobs": "audit {run} --jobs 2",
    "audit of a tenth": "audit {run} --jobs 1 --sample 1/10",
    "audit of a tenth, report": "audit {run} --jobs 1 --sample 1/10 --report {scratch}/report",
}
EXPORTS = {
    "export": "export {scratch}/bundle --profile {scratch}/auditor.toml --last {last}",
    "audit of the bundle, a tenth": "audit {scratch}/bundle --jobs 1 --sample 1/10",
}
"""What is measured, as arguments of `bema`; an export reads the whole chain up to the last event of a copy."""
MIB, KIB = 2**20, 2**10


class CommandFailedError(Exception):
    """A measured command did not end well, so its figures mean nothing."""


@dataclass(frozen=True)
class Measured:
    """One command on one history: seconds of the clock and of the processors, and the most memory of a process, MiB.

    The memory is that of the largest of its processes, not their sum.
    """

    blocks: int
    command: str
    seconds: float
    processor_seconds: float
    peak_mib: float


def main(arguments: list[str] | None = None) -> None:
    """Measure what was not measured before; figures are written after each command, so that this can be resumed."""
    parser = argparse.ArgumentParser(prog="python -m bema_py.bench.growth", description=__doc__)
    parser.add_argument("directory", type=Path, help="where long_history keeps its copies")
    parser.add_argument("--out", type=Path, required=True, help="file for the figures, JSON; .md beside it")
    parser.add_argument("--only", nargs="*", help="names of what to measure; without it everything")
    parser.add_argument("--runs", nargs="*", help="names of the copies to measure; without it all")
    parser.add_argument("--note", help="what a reader of the figures must know, kept with them")
    options = parser.parse_args(arguments)
    result = (
        json.loads(options.out.read_text()) if options.out.exists() else {"histories": [], "commands": []}
    )
    result["machine"] = describe_machine()
    result["note"] = options.note or result.get("note", "")
    runs = [
        run for run in sorted(options.directory.glob("run-*")) if not options.runs or run.name in options.runs
    ]
    for run in runs:
        history = describe(run)
        others = [each for each in result["histories"] if each["blocks"] != history["blocks"]]
        result["histories"] = sorted([*others, history], key=lambda each: int(each["blocks"]))
    wanted = options.only or [*AUDITS, *EXPORTS]
    scratch = options.directory / "scratch"
    with _chain_where(any(name in EXPORTS for name in wanted), options.directory, scratch):
        for run in runs:
            for name in wanted:
                measure_once(result, run, name, scratch)
                write(result, options.out)


@contextmanager
def _chain_where(needed: bool, directory: Path, scratch: Path) -> Iterator[None]:
    """Serve the whole history's chain, if it is needed, to a profile in the scratch directory."""
    if not needed:
        yield
        return
    with running_anvil(find_anvil(None), directory / STATE, ACCOUNTS) as chain:
        scratch.mkdir(exist_ok=True)
        (scratch / "auditor.toml").write_text(
            f'[chain]\nurl = "{chain.url}"\ndeployment = "{(directory / DEPLOYMENT).resolve()}"\nindex = "off"\n'
            f'[content]\ndirectory = "{(directory / CONTENT).resolve()}"\n'
        )
        yield


def measure_once(result: dict[str, Any], run: Path, name: str, scratch: Path) -> None:
    """Measure a command on a copy of the history, unless that was done before."""
    record = read_run(run)
    blocks = len(replay(record.events).blocks)
    if any((each["blocks"], each["command"]) == (blocks, name) for each in result["commands"]):
        return
    sys.stderr.write(f"{run.name}: {name}\n")
    bundle = scratch / "bundle"
    if name == "export":
        shutil.rmtree(bundle, ignore_errors=True)
    values = {"run": run, "scratch": scratch, "last": record.events[-1].position.block_number}
    command = {**AUDITS, **EXPORTS}[name].format(
        **{key: shlex.quote(str(each)) for key, each in values.items()}
    )
    measured = asdict(measure(blocks, name, command))
    if name == "export":
        measured["bytes"] = sum(path.stat().st_size for path in bundle.iterdir())
    result["commands"].append(measured)


def measure(blocks: int, name: str, command: str) -> Measured:
    """Run one command by itself and ask the system what it took."""
    parts = shlex.split(command)
    began = time.monotonic()
    # Its own process: the memory of this one, or of an earlier command, must not count.
    process = subprocess.Popen(
        [sys.executable, "-c", BEMA, *parts], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailedError(f"bema {command}: code {process.returncode}\n{errors.decode()[-2000:]}")
    took = time.monotonic() - began
    processor = usage.ru_utime + usage.ru_stime
    return Measured(blocks, name, round(took, 1), round(processor, 1), round(usage.ru_maxrss * KIB / MIB, 1))


def describe(run: Path) -> dict[str, Any]:
    """Count what a history holds, and its bytes."""
    record = read_run(run)
    history = replay(record.events)
    content = [path.stat().st_size for path in (run / CONTENT).rglob("*") if path.is_file()]
    return {
        "blocks": len(history.blocks),
        "blocks_that_left": len(history.orphans),
        "parties": len(history.parties),
        "suspensions": sum(isinstance(event, PartySuspended) for event in record.events),
        "batches": len(history.batches),
        "events": len(record.events),
        "submitted": sum(isinstance(event, BlockSubmitted) for event in record.events),
        "claims": len(history.claimed),
        "objects": len(content),
        "content_bytes": sum(content),
        "event_bytes": sum((run / name).stat().st_size for name in (EVENTS, DEPLOYMENT)),
        **(json.loads((run / INDEXED).read_text()) if (run / INDEXED).exists() else {}),
    }


def write(result: dict[str, Any], out: Path) -> None:
    """Write the figures and their page."""
    out.write_text(json.dumps(result, indent=1) + "\n")
    out.with_suffix(".md").write_text(page(result))


def page(result: dict[str, Any]) -> str:
    """Lay the figures out as Markdown."""
    lines = ["# A long history", "", f"Machine: {result['machine']}.", ""]
    lines += [result["note"], ""] if result.get("note") else []
    lines += ["`make long-history` builds the network and measures it; both parts can be interrupted.", ""]
    names = list(dict.fromkeys(name for each in result["histories"] for name in each))
    lines += _table(
        [name.replace("_", " ") for name in names],
        [[each.get(name, "") for name in names] for each in result["histories"]],
    )
    columns = ("command", "blocks", "seconds", "processor seconds", "peak of a process, MiB", "bytes written")
    order = [*AUDITS, *EXPORTS]
    ordered = sorted(result["commands"], key=lambda each: (order.index(each["command"]), each["blocks"]))
    keys = ("command", "blocks", "seconds", "processor_seconds", "peak_mib", "bytes")
    lines += ["", *_table(columns, [[each.get(key, "") for key in keys] for each in ordered])]
    return "\n".join(lines) + "\n"


def _table(columns: Any, rows: list[list[Any]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [
        f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in row)} |"
        for row in rows
    ]


if __name__ == "__main__":
    main()
