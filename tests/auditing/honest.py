"""`python -m auditing.honest`: audits random honest histories; any finding but a notice is a false alarm."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from rich.progress import track

from auditing.honest_play import Play, played
from bema_py.core.errors import BemaError
from bema_py.experiments.machine import describe_machine
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.auditor import audit
from bema_py.roles.checks import Check, Status

COUNT = 200
OUT = Path(__file__).parents[2] / "docs" / "results" / "honest.json"
COMMAND = "make honest"


def row_of(seed: int) -> dict[str, Any]:
    """Play and audit the history of a seed; the row says what happened in it and what the audit found."""
    with tempfile.TemporaryDirectory() as scratch:
        play = played(seed, Path(scratch))
        network = play.stage.tiny.network
        report = audit(network.deployment, network.events(), network.store)
        row = _row(play, report)
        play.stage.tiny.chain.close()
    return row


def _row(play: Play, report: AuditReport) -> dict[str, Any]:
    history = play.stage.tiny.network.history()
    alarms = [each.to_plain() for each in report.book.findings if each.status is not Status.NOTICE]
    return {
        "seed": play.stage.setup.seed,
        **play.stage.setup.to_plain(),
        "steps": dict(sorted(play.done.items())),
        "blocks": len(report.blocks),
        "recomputed": report.recomputed,
        "orphans": len(report.orphans),
        "suspended": len(history.suspensions),
        "miners": len({each.miner for each in history.blocks}),
        "samples": sum(block.used or 0 for block in report.blocks),
        "checks": sorted(check.number for check in Check if report.book.passed[check]),
        "alarms": alarms,
    }


def main(arguments: list[str] | None = None) -> int:
    """Audit the histories of some seeds and write one row each; goes on where the file left off."""
    parser = argparse.ArgumentParser(prog="python -m auditing.honest", description=__doc__)
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--count", type=int, default=COUNT, help="number of seeds")
    parser.add_argument("--out", type=Path, default=OUT, help="file for the rows")
    options = parser.parse_args(arguments)
    progress_file = options.out.with_suffix(".partial")
    rows = _known(progress_file)
    for seed in track(range(options.first, options.first + options.count), "honest histories"):
        if seed not in rows:
            try:
                rows[seed] = row_of(seed)
            except BemaError as error:
                raise SystemExit(f"seed {seed}: {error}") from error
            with progress_file.open("a") as lines:
                lines.write(json.dumps(rows[seed]) + "\n")
    chosen = [rows[seed] for seed in range(options.first, options.first + options.count)]
    options.out.write_text(page(chosen))
    progress_file.unlink()
    alarms = sum(len(row["alarms"]) for row in chosen)
    print(f"{len(chosen)} histories, {alarms} false alarms; written to {options.out}")
    return 1 if alarms else 0


def _known(path: Path) -> dict[int, dict[str, Any]]:
    if not path.exists():
        return {}
    return {row["seed"]: row for row in map(json.loads, path.read_text().splitlines())}


def page(rows: list[dict[str, Any]]) -> str:
    """Write the rows as JSON, one a line."""
    head = {"command": COMMAND, "machine": describe_machine(), "histories": len(rows)}
    total = {
        name: sum(row[name] for row in rows)
        for name in ("blocks", "recomputed", "orphans", "suspended", "samples")
    }
    alarms = sum(len(row["alarms"]) for row in rows)
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    top = json.dumps({**head, "total": total, "false_alarms": alarms}, indent=1)[:-2]
    return f'{top},\n "rows": [\n{lines}\n ]\n}}\n'


if __name__ == "__main__":
    raise SystemExit(main())
