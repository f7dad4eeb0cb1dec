"""Runs the symbolic tests of tests/symbolic: halmos proves each `check_` function for all inputs at once, or finds one.

    python -m deploy.symbolic [options of halmos]

Runs under the Python that has halmos; `make symbolic` makes one. The exit code is that of halmos.
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

import halmos.sevm
from halmos.__main__ import main as run_halmos
from z3 import BitVecSort

_ROOT = Path(__file__).resolve().parent.parent
# Proof depths up to 3 have 8 indices; a symbolic leaf count needs 32 levels.
_OPTIONS = ["--loop", "40", "--solver-timeout-assertion", "300s", "--forge-build-out", "cache/symbolic/out"]
# Without the IR and the optimizer, in folders of its own.
_SETTINGS = {
    "FOUNDRY_PROFILE": "coverage",
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_TEST": "tests/symbolic",
    "FOUNDRY_OUT": "cache/symbolic/out",
    "FOUNDRY_CACHE_PATH": "cache/symbolic",
}
_SHA256 = re.compile(r"f_sha256_(\d+)")


def main(arguments: list[str]) -> int:
    """Run halmos in the repository; `forge` and `node` must be on the path."""
    os.chdir(_ROOT)
    os.environ.update(_SETTINGS)
    halmos.sevm.Function = _sized_function(halmos.sevm.Function)
    sys.argv = ["halmos", *_OPTIONS, *arguments]
    code: int = run_halmos()
    return code


def _sized_function(declare: Any) -> Any:
    """Halmos 0.3.3 declares SHA-256 over as many bits as its input has bytes, which no input fits."""

    def declare_sized(name: str, *sorts: Any) -> Any:
        sized = _SHA256.fullmatch(name)
        return declare(name, BitVecSort(8 * int(sized[1])), sorts[-1]) if sized else declare(name, *sorts)

    return declare_sized


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
