"""Runs slither over the contracts and compares its findings with those that slither.toml justifies.

    python -m deploy.slither

Needs slither-analyzer 0.11.6 in an environment of its own, since it asks for an older web3 than the project uses, with
that environment's bin on the PATH. Exits 1 on a finding without a reason and on a reason without a finding.
"""

import json
import re
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from deploy.tools import ROOT, run


def main() -> int:
    """Run slither; the exit code is 1 where findings and reasons do not match."""
    accepted = tomllib.loads((ROOT / "slither.toml").read_text())
    problems = compare(findings(), accepted)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def findings() -> list[tuple[str, str]]:
    """Return every finding in contracts/ as detector and first line of the description."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        places = ["--out", f"{folder}/out", "--cache-path", f"{folder}/cache"]
        run(["forge", "build", "--build-info", "--skip", "tests/**", *places], FOUNDRY_PROFILE="coverage")
        options = ["--ignore-compile", "--foundry-out-directory", f"{folder}/out"]
        command = ["slither", ".", *options, "--filter-paths", "node_modules|tests/", "--json", str(report)]
        # Slither ends with a code of its own where it finds anything; the report is what counts.
        said = run(command, check=False, FOUNDRY_PROFILE="coverage")
        if not report.exists():
            raise SystemExit(f"slither wrote no report:\n{said}")
        results: list[dict[str, Any]] = json.loads(report.read_text())["results"].get("detectors", [])
    return [(each["check"], each["description"].split("\n")[0]) for each in results]


def compare(found: list[tuple[str, str]], accepted: dict[str, dict[str, Any]]) -> list[str]:
    """List findings that no entry covers, and places that cover no finding."""
    unused = {(detector, place) for detector, entry in accepted.items() for place in entry["places"]}
    problems = []
    for detector, description in found:
        element = re.sub(r"^(Variable|Low level call in) ", "", description)
        places = [each for each in accepted.get(detector, {}).get("places", []) if element.startswith(each)]
        if not places:
            problems.append(f"no reason for {detector}: {description}")
        unused -= {(detector, place) for place in places}
    return problems + [f"no finding for the reason {detector}: {place}" for detector, place in sorted(unused)]


if __name__ == "__main__":
    sys.exit(main())
