"""Runs slither over the contracts and compares its findings with those that slither.toml justifies.

    python -m deploy.slither

Needs slither-analyzer 0.11.6 in an environment of its own, since it asks for an older web3 than the project uses, with
that environment's bin on the PATH. Exits 1 on a finding without a reason and on a reason without a finding.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from deploy.compile import ROOT, node_directory
from deploy.coverage import forge


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
        _run([str(forge()), "build", "--build-info", "--skip", "tests/**", *places])
        options = ["--ignore-compile", "--foundry-out-directory", f"{folder}/out"]
        said = _run(
            ["slither", ".", *options, "--filter-paths", "node_modules|tests/", "--json", str(report)]
        )
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


def _run(command: list[str]) -> str:
    """Run a tool and give what it said."""
    directory = node_directory()
    places = [str(forge().parent), os.environ["PATH"]] + ([] if directory is None else [str(directory)])
    environment = {**os.environ, "PATH": os.pathsep.join(places), "FOUNDRY_PROFILE": "coverage"}
    # Slither ends with a code of its own where it finds anything; the report is what counts.
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
