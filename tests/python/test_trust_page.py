"""The page on trust names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_row_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "trust.md").read_text()
    sources = {path.name: path.read_text() for path in (ROOT / "tests" / "contracts").glob("*.t.sol")}
    rows = [
        line
        for line in page.splitlines()
        if line.startswith("| ") and not line.startswith(("| who |", "| what |"))
    ]
    assert rows
    for row in rows:
        shown = row.rstrip(" |").rsplit(" | ", 1)[1]
        named = re.findall(r"`(\w+\.t\.sol)`([^`;]*)", shown)
        assert named, row
        for file, rest in named:
            names = re.findall(r"\b(?:test|invariant)\w+|\b[A-Z]\w+Test\b", rest)
            assert names, row
            for name in names:
                assert name == "testRejects" or re.search(rf"\b{name}\b", sources[file]), f"{file}: {name}"
