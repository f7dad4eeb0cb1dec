"""No command waits for the libraries of another: what each call loads, seen in a process of its own."""

import subprocess
import sys
from collections.abc import Iterable, Iterator

import pytest
from typer.core import TyperGroup

from bema_py.cli.commands import BEMA
from bema_py.cli.lazy import LazyCommand

HEAVY = ("torch", "matplotlib", "sklearn", "scipy", "eth_tester", "eth")
PROGRAM = f"""
import sys
from bema_py.cli.main import run
try:
    run()
finally:
    print(*({{*sys.modules}} & {{*{HEAVY}}}), file=sys.stderr)
"""


def every_command(commands: Iterable[object]) -> Iterator[LazyCommand]:
    for each in commands:
        if isinstance(each, TyperGroup):
            yield from every_command(each.commands.values())
        else:
            assert isinstance(each, LazyCommand)
            yield each


def loaded(*arguments: str) -> set[str]:
    """Say which heavy libraries a call loads that ends with exit code 0."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def test_the_list_of_commands_loads_none_of_them():
    call = "import sys; from bema_py.cli import main; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True, check=True, timeout=120
    )
    ours = {name for name in done.stdout.split() if name.startswith("bema_py.")}
    assert "bema_py.cli.commands" in ours
    assert not {
        name for name in ours if name.startswith(("bema_py.roles", "bema_py.learning", "bema_py.chain"))
    }


@pytest.mark.parametrize(
    "arguments",
    [("--help",), ("audit", "--help"), ("node", "--help"), ("experiment", "--help")],
    ids=" ".join,
)
def test_a_help_page_loads_no_heavy_library(arguments):
    assert loaded(*arguments) == set()


def test_who_audits_files_or_works_for_an_audit_does_not_wait_for_web3():
    call = "import sys; import bema_py.cli.audit, bema_py.roles.audit_workers; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", call], capture_output=True, text=True, check=True, timeout=120
    )
    assert not {"web3", "eth_account", "torch", "matplotlib"} & set(done.stdout.split())


def test_a_key_is_made_without_a_heavy_library(tmp_path, monkeypatch):
    monkeypatch.setenv("BEMA_PASSWORD", "a password")
    assert loaded("keys", "new", str(tmp_path / "key"), "--password-env", "BEMA_PASSWORD") == set()


def test_what_computes_is_noticed():
    # The twin of the tests above: they could not fail if this did.
    assert "matplotlib" in loaded("experiment", "fig6", "--help")


@pytest.mark.parametrize("command", list(every_command(BEMA)), ids=lambda command: command.place)
def test_every_command_is_where_the_tree_says(command):
    found = command.load()
    assert found.name == command.name
    assert found.help.splitlines()[0]
