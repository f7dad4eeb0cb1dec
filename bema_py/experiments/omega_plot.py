"""The figure of eq. 2: every measured deviation, and the ROC curve of each attack."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bema_py.experiments.impostors import ATTACKS, BACKDOOR, COPY, HONEST, RANDOM, SWAPPED
from bema_py.experiments.plots import save
from bema_py.experiments.roc import roc_curve

CURVES = {SWAPPED: "C3-", RANDOM: "C1--", BACKDOOR: "C4-.", COPY: "0.4"}


def draw_omega(results: Mapping[str, Any], path: Path) -> None:
    """Draw a column for each case: the deviations by attack with omega, and below them the curves."""
    thresholds = results["thresholds"]
    figure = Figure(figsize=(4.6 * len(thresholds), 6.4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, len(thresholds), squeeze=False)
    for chosen, (above, below) in zip(thresholds, panels.T, strict=True):
        found = {
            attack: [
                row["deviation"]
                for row in results["measurements"]
                if (row["case"], row["attack"]) == (chosen["case"], attack)
                and row["seed"] in chosen["judged"]
            ]
            for attack in (HONEST, *ATTACKS)
        }
        draw_deviations(above, found, chosen["omega"])
        above.set_title(f"case {chosen['case']}", fontsize="medium")
        draw_roc(below, found)
    save(figure, path)


def draw_deviations(axes: Axes, found: Mapping[str, list[float]], omega: float) -> None:
    """Draw one line of dots for each attack, and omega across them."""
    for place, values in enumerate(found.values()):
        axes.plot(values, np.full(len(values), place), "C3." if place else "C0.", alpha=0.5)
    axes.axvline(omega, color="0.3", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(found)), list(found), fontsize="x-small")
    axes.invert_yaxis()
    axes.set_xlabel("deviation a sample; the line is omega")


def draw_roc(axes: Axes, found: Mapping[str, list[float]]) -> None:
    """Draw the curves of the attacks, detection over false refusal."""
    for attack, style in CURVES.items():
        points = np.array(roc_curve(found[HONEST], found[attack]))
        axes.plot(points[:, 0], points[:, 1], style, label=attack)
    axes.set_xlabel("honest measurements refused")
    axes.set_ylabel("malicious ones refused")
    axes.legend(fontsize="x-small")
