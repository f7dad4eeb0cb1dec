"""Measures how much of the contracts the forge tests reach, and requires all of it.

    python -m deploy.coverage

Lines, statements, branches and functions of every file under contracts/ must be at 100 %; nothing is excluded. The
profile `coverage` of foundry.toml says how the contracts are compiled for it. Gas figures and the shipped bytecode are
left to the ordinary run: both belong to optimised code.
"""

import re
import sys

from deploy.tools import ROOT, run

_COMMAND = ("forge", "coverage", "--no-match-contract", "GasTest|ArtifactTest", "--report", "summary")
_KINDS = ("lines", "statements", "branches", "functions")
_ROW = re.compile(r"^\| (contracts/\S+\.sol) +\|(.+)\|$", re.MULTILINE)
_CELL = re.compile(r"\((\d+)/(\d+)\)")


def main() -> int:
    """Run the tests under coverage; the exit code is 1 where something of the contracts is not reached."""
    table = reached(run(_COMMAND, FOUNDRY_PROFILE="coverage"))
    gaps = missing(table)
    for gap in gaps:
        print(gap, file=sys.stderr)
    if not gaps:
        print(f"{len(table)} contract files: all lines, statements, branches and functions reached")
    return 1 if gaps else 0


def reached(report: str) -> dict[str, dict[str, tuple[int, int]]]:
    """Read forge's summary: for each file under contracts/ and each kind, how many were reached of how many."""
    table = {}
    for name, cells in _ROW.findall(report):
        counts = [(int(hit), int(total)) for hit, total in _CELL.findall(cells)]
        table[name] = dict(zip(_KINDS, counts, strict=True))
    return table


def missing(table: dict[str, dict[str, tuple[int, int]]]) -> list[str]:
    """List what is not reached, and the files that the report leaves out; interfaces and types have no code."""
    gaps = [
        f"{name}: {hit} of {total} {kind}"
        for name, kinds in table.items()
        for kind, (hit, total) in kinds.items()
        if hit < total
    ]
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "contracts").rglob("*.sol")}
    code = {name for name in files if "/interfaces/" not in name and "/types/" not in name}
    return gaps + [f"{name}: not measured" for name in sorted(code - table.keys())]


if __name__ == "__main__":
    sys.exit(main())
