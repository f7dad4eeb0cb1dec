"""The demonstration's report: one Markdown file and one self-contained HTML page."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from bema_py.demo.plots import draw_figures
from bema_py.demo.record import RunNotes

TEMPLATES = ("report.md", "report.html")


def write_report(notes: RunNotes, directory: Path) -> list[Path]:
    """Write report.md, report.html and the figures; returns the two reports."""
    figures = draw_figures(notes, directory / "plots")
    environment = Environment(
        loader=PackageLoader("bema_py.demo"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = _percent
    environment.filters["short"] = _short
    values: dict[str, Any] = {
        "notes": notes,
        "moments": ["before", "after"],
        # The SVG text is our own; everything else is escaped.
        "figures": [Markup(_inline(figure)) for figure in figures],
    }
    written = []
    for name in TEMPLATES:
        path = directory / name
        path.write_text(environment.get_template(name).render(**values))
        written.append(path)
    return written


def _inline(figure: Path) -> str:
    text = figure.read_text()
    return text[text.index("<svg") :]


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{100 * value:.2f} %"


def _short(digest: str) -> str:
    return f"{digest[:10]}…{digest[-4:]}" if len(digest) > 18 else digest
