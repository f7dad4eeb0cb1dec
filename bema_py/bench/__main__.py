"""Measures the exact arithmetic and writes bench.json and bench.md: `make bench`."""

import argparse
import json
import sys
from pathlib import Path

from bema_py.bench.blocks import block_time
from bema_py.bench.page import bench_page
from bema_py.bench.scoring import scan_time, scoring_times
from bema_py.bench.subjects import CANDIDATES, USED
from bema_py.core.architecture import ARCHITECTURES
from bema_py.experiments.machine import describe_machine
from bema_py.learning.parallel import threads_allowed

SIZES = {1: 1280, 10: 256, 50: 64}
"""Images for each number of models."""

PARTY_COUNTS = (10, 50, 200)
SCANNED = 3000


def main(arguments: list[str] | None = None) -> None:
    """Measure, print the tables and write both files."""
    parser = argparse.ArgumentParser(prog="python -m bema_py.bench", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="directory for the results")
    parser.add_argument("--threads", type=int, default=1, help="threads for exact and float scores alike")
    parser.add_argument("--turns", type=int, default=3, help="turns of which the least time counts")
    parser.add_argument("--quick", action="store_true", help="sizes that show only that everything runs")
    options = parser.parse_args(arguments)
    with threads_allowed(options.threads):
        figures = measure(options.turns, quick=options.quick)
    result = figures | {
        "command": f"python -m bema_py.bench --threads {options.threads} --turns {options.turns}",
        "threads": options.threads,
        "turns": options.turns,
        "machine": describe_machine(),
    }
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    page = bench_page(result)
    (options.out / "bench.md").write_text(page)
    print(page, end="")


def measure(turns: int, *, quick: bool) -> dict[str, object]:
    """Give every figure of the benchmark as it is written to JSON."""
    sizes, scanned = ({1: 8, 2: 4}, 8) if quick else (SIZES, SCANNED)
    parties, candidates, used = ((2, 4), 10, 4) if quick else (PARTY_COUNTS, CANDIDATES, USED)
    return {
        "scan": told(scan_time(scanned, turns).to_plain()),
        "scoring": [told(time.to_plain()) for time in scoring_times(tuple(ARCHITECTURES), sizes, turns)],
        "blocks": [told(block_time(count, candidates, used, min(turns, 2)).to_plain()) for count in parties],
    }


def told(entry: dict[str, object]) -> dict[str, object]:
    """Show an entry as soon as it is measured: the whole takes minutes."""
    print(json.dumps(entry), file=sys.stderr, flush=True)
    return entry


if __name__ == "__main__":
    main()
