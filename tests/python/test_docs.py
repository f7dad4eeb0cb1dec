"""The documents say what the code does."""

import re
from pathlib import Path

from bema_py.roles.checks import Check

ROOT = Path(__file__).parents[2]


def test_the_audit_page_lists_every_check() -> None:
    page = (ROOT / "docs/audit.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.+) \|$", page, re.MULTILINE)
    assert rows == [(str(check.number), check.name.lower(), check.meaning) for check in Check]


def test_links_between_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]:
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)#:]+)\)", prose):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_tree_names_every_module() -> None:
    readme = (ROOT / "README.md").read_text()
    for module in (ROOT / "bema_py").rglob("*.py"):
        if module.name != "__init__.py":
            assert f" {module.name} " in readme, f"the tree misses {module.relative_to(ROOT)}"
