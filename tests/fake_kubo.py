"""The three commands of Kubo that a local network gives, over a server that keeps blocks in memory."""

import json
import os
import sys
from pathlib import Path

from fake_ipfs import FakeNode

PROGRAM = """\
#!/bin/sh
exec {python} {here} "$@"
"""


def install(directory: Path) -> Path:
    """Put a program `ipfs` into a directory; gives its place."""
    program = directory / "ipfs"
    program.write_text(PROGRAM.format(python=sys.executable, here=__file__))
    program.chmod(0o700)
    return program


def main(command: str, *arguments: str) -> None:
    repository = Path(os.environ["IPFS_PATH"])
    config = repository / "config"
    if command == "init":
        assert arguments == ("--profile=test",)
        repository.mkdir()
        config.write_text("{}")
    elif command == "config":
        name, value = arguments
        config.write_text(json.dumps(json.loads(config.read_text()) | {name: value}))
    else:
        assert (command, *arguments) == ("daemon", "--offline")
        _, _, host, _, port = json.loads(config.read_text())["Addresses.API"].split("/")
        FakeNode(int(port), host).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
