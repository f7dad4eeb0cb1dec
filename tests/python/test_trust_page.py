"""The page on trust names tests that exist, row by row."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
LINK = re.compile(r"\[(\S+)\]\((\S+)\) ([^;]+)")
NAME = re.compile(r"(?:test|invariant)[A-Z_]\w+")


def rows() -> list[str]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith(("| who |", "| what |"))]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[2:40].strip("* ").replace(" ", "_"))
def test_the_row_names_tests_that_exist(row: str) -> None:
    shown = row.removesuffix(" |").rsplit(" | ", 1)[1].split("; ")
    for each in shown:
        found = LINK.fullmatch(each)
        assert found, f"no link and names of tests: {each}"
        text, target, named = found.groups()
        file = (PAGE.parent / target).resolve()
        assert file.name == text
        source = file.read_text()
        for name in named.split(", "):
            assert NAME.fullmatch(name), name
            assert re.search(rf"\b(?:function|def) {name}\(", source), f"{text} has no test {name}"


def test_there_are_rows() -> None:
    assert len(rows()) > 30
