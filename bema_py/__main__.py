"""`python -m bema_py`: the `bema` command of this very interpreter."""

from bema_py.cli.main import run

run()
