"""The deployment guide, followed exactly as it is written, in a directory that looks like the repository's root."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from chain_scenarios import ANVIL, has_anvil

from bema_py.local.plan import make_plan

ROOT = Path(__file__).parents[2]
LIMIT = 900

pytestmark = [
    pytest.mark.tools,
    pytest.mark.slow,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.mark.timeout(LIMIT + 60)
def test_the_deployment_guide_works_as_written(tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "docs/deployment.md").read_text(), re.DOTALL)
    stop = "for file in *.pid; do kill $(cat $file) 2>/dev/null; done; kill $ANVIL_PID 2>/dev/null"
    script = "\n".join(["set -e", f"trap '{{ {stop}; }} || true' EXIT", *blocks])
    # The guide takes a port and the five after it.
    port = _free_row(6)
    guide = subprocess.Popen(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PORT": str(port), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, complained = guide.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(guide.pid, signal.SIGTERM)  # bash alone would leave the nodes running
        said, complained = guide.communicate(timeout=60)
    assert guide.returncode == 0, said[-4000:] + complained[-4000:]
    assert re.search(r"(\d+) of \1 blocks recomputed, 0 mismatches, 0 missing", said)
    assert "stopped cleanly" in said
    password = (tmp_path / "runs/deployment/password").read_text().strip()
    for log in (tmp_path / "runs/deployment").glob("*.log"):
        assert "Traceback" not in log.read_text()
        assert password not in log.read_text()


def _free_row(count: int) -> int:
    """Return the first of `count` ports in a row, all free at this moment."""
    for _ in range(100):
        first = make_plan(1, 0, 1, 0, 0).chain_port
        if first + count < 2**16 and all(_free(first + step) for step in range(count)):
            return first
    raise AssertionError("no row of free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
