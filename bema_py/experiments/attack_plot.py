"""The attacks' figure: what each costs, defence beside defence."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bema_py.experiments.methods import method_of
from bema_py.experiments.plots import save


def draw_losses(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw one panel for each case: the points of accuracy that each attack costs, a bar for each defence."""
    attacked = [row for row in rows if row["attack"] != "none"]
    cases = list(dict.fromkeys(row["case"] for row in rows))
    attacks = list(dict.fromkeys(row["attack"] for row in attacked))
    figure = Figure(figsize=(4.8 * len(cases), 1.4 + 0.4 * len(attacks)), layout="constrained")
    FigureCanvasAgg(figure)
    for case, axes in zip(cases, figure.subplots(1, len(cases), squeeze=False)[0], strict=True):
        draw_panel(axes, [row for row in attacked if row["case"] == case], attacks)
        axes.set_title(f"case {case}", fontsize="medium")
    save(figure, path)


def draw_panel(axes: Axes, rows: Sequence[Mapping[str, Any]], attacks: Sequence[str]) -> None:
    """Draw a case's attacks from top to bottom, the deviation over the seeds as a whisker."""
    defences = list(dict.fromkeys(row["defence"] for row in rows))
    height = 0.8 / max(len(defences), 1)
    for number, defence in enumerate(defences):
        own = [row for row in rows if row["defence"] == defence]
        axes.barh(
            [attacks.index(row["attack"]) + (number + 0.5) * height - 0.4 for row in own],
            [100 * row["lost"]["mean"] for row in own],
            height,
            xerr=[100 * row["lost"]["std"] for row in own],
            label=method_of(defence).label,
            error_kw={"elinewidth": 0.8},
        )
    axes.axvline(0, color="0.4", linewidth=0.6)
    axes.set_yticks(range(len(attacks)), attacks, fontsize="small")
    axes.invert_yaxis()
    axes.set_xlabel("accuracy lost, points")
    axes.legend(fontsize="x-small")
