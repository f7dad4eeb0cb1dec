"""Lays an audit's report out: Markdown, one HTML page that needs nothing else, and JSON."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bema_py.core.errors import InputError
from bema_py.roles.audit_report import report_to_plain
from bema_py.roles.reporting.facts import Facts
from bema_py.roles.stories.facts import plain
from bema_py.roles.telling.words import printable

NAME = "audit"
MOST = 200
"""Findings of one kind that a page shows; JSON has all."""
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


class ReportNotWrittenError(InputError):
    """The report's directory cannot be written."""

    def __init__(self, directory: Path, reason: str) -> None:
        """Keep the directory and the reason."""
        super().__init__(f"the report cannot be written to {directory}: {reason}")
        self.directory, self.reason = directory, reason


def write_report(facts: Facts, directory: Path) -> list[Path]:
    """Write audit.md, audit.html and audit.json; the same facts give the same bytes. Raises ReportNotWrittenError."""
    texts = {
        f"{NAME}.md": render(facts, f"{NAME}.md"),
        f"{NAME}.html": render(facts, f"{NAME}.html"),
        f"{NAME}.json": json.dumps(facts_to_plain(facts), indent=1) + "\n",
    }
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ReportNotWrittenError(directory, error.strerror or str(error)) from error
    return [directory / name for name in texts]


def render(facts: Facts, template: str) -> str:
    """Fill a template; in HTML and in Markdown alike every text of others is escaped."""
    html = template.endswith(".html")
    environment = Environment(
        loader=PackageLoader("bema_py.roles.reporting"),
        autoescape=html,
        finalize=_finalize if html else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(md=markdown, short=short, refusals=_refusals, items=_items)
    environment.globals["most"] = MOST
    values: dict[str, Any] = {
        "facts": facts,
        "audit": facts.audit,
        # The SVG text is our own: numbers of ours and names of rules.
        "figures": [(each, Markup(each.svg)) for each in facts.pictures],
    }
    return environment.get_template(template).render(**values)


def _finalize(value: object) -> object:
    """Replace what a page must not hold: control characters, also those that turn the direction of text."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def markdown(text: object) -> str:
    """Escape a text so that Markdown, and the HTML that it may become, take it as it is."""
    return MARKDOWN.sub(lambda found: _entity(found.group()), printable(str(text)))


def _entity(letter: str) -> str:
    return {"<": "&lt;", ">": "&gt;", "&": "&amp;"}.get(letter, f"\\{letter}")


def short(digest: str) -> str:
    """Shorten a digest for a narrow column."""
    return f"{digest[:10]}…" if len(digest) > 12 else digest


def _refusals(refused: Sequence[tuple[str, int]] | None) -> str:
    if refused is None:
        return "not known"
    return "; ".join(f"{why}: {number}" for why, number in refused) or "none"


def _items(lines: Sequence[str]) -> list[tuple[bool, str]]:
    """Tell lines that belong to a list from sentences."""
    return [(line.startswith("  - "), line.removeprefix("  - ")) for line in lines]


def facts_to_plain(facts: Facts) -> dict[str, Any]:
    """Return the report as JSON-ready values: the audit's own, and what the pages show beside it, without pictures."""
    parts = ("anchors", "stories", "blocks", "parties", "limits")
    return {
        "verdict_sentence": facts.verdict,
        "prepared": facts.subject.prepared,
        "source": facts.subject.source,
        "as_of": facts.subject.now,
        **{name: plain(getattr(facts, name)) for name in parts},
        "checks": plain(facts.checks),
        "audit": report_to_plain(facts.audit),
    }
