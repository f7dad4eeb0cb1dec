"""The ablation's figure: how far every change moves the accuracy."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bema_py.experiments.ablation_page import base_of
from bema_py.experiments.methods import method_of
from bema_py.experiments.plots import save


def draw_changes(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw one panel for each case and method: accuracy before and after the blocks, a line for each change."""
    panels = list(dict.fromkeys((row["case"], base_of(row["method"])) for row in rows))
    tallest = max(sum((row["case"], base_of(row["method"])) == panel for row in rows) for panel in panels)
    figure = Figure(figsize=(6.4 * len(panels), 1.2 + 0.24 * tallest), layout="constrained")
    FigureCanvasAgg(figure)
    for panel, axes in zip(panels, figure.subplots(1, len(panels), squeeze=False)[0], strict=True):
        own = [row for row in rows if (row["case"], base_of(row["method"])) == panel]
        draw_panel(axes, own)
        axes.set_title(f"case {panel[0]}, {method_of(panel[1]).label}", fontsize="medium")
    save(figure, path)


def draw_panel(axes: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw a method's changes from top to bottom, and the unchanged method as a line through all of them."""
    places = list(range(len(rows)))
    before = [100 * row["before"]["mean"] for row in rows]
    after = [100 * row["after"]["mean"] for row in rows]
    deviations = [100 * row["after"]["std"] for row in rows]
    axes.hlines(places, before, after, color="0.8")
    axes.plot(before, places, "o", color="0.6", markersize=4, label="uncalibrated")
    axes.errorbar(after, places, xerr=deviations, fmt="C0o", markersize=4, capsize=2, label="calibrated")
    axes.axvline(after[0], color="C0", linewidth=0.6)
    axes.set_yticks(places, [row["change"] for row in rows], fontsize="x-small")
    axes.invert_yaxis()
    axes.set_xlabel("accuracy, %")
    axes.legend(fontsize="x-small")
