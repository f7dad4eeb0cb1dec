"""The studies' figures, as PNG and SVG; the same numbers give the same files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bema_py.experiments.methods import method_of
from bema_py.experiments.paper import PaperTable

STYLES: Mapping[str, str] = MappingProxyType(
    {
        "hmr": "C3:^",
        "hmr-refit": "C1:v",
        "bema": "C0-o",
        "bema+": "C2-s",
        "bema+witness": "C5-P",
        "fedavg": "C4--d",
        "centralised": "0.4",
    }
)

FAR_TICKS = (10, 50, 80, 90, 95, 97, 98, 99, 99.5)
NEAR_TICKS = (10, 50, 80, 90, 92, 94, 95, 96, 97, 97.5, 98, 98.2, 98.4, 98.6, 98.8, 99, 99.2, 99.4)
"""Accuracies, in %, that are named where the least error is less than a third of the largest one, and elsewhere."""
LEAST_ERROR = 0.01
"""An error, in %, that counts as none: one sample of ten thousand."""


def draw_curves(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw accuracy over blocks, one panel a case, each method by its own predictor."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    figure, panels = panels_of(len(cases))
    for case, axes in zip(cases, panels, strict=True):
        for row in rows:
            if row["case"] == case:
                draw_curve(axes, row)
        axes.set_title(f"case {case}", fontsize="medium")
        axes.set_xlabel("block")
        scale_accuracy(axes)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(fontsize="x-small")
    save(figure, path)


def draw_curve(axes: Axes, row: Mapping[str, Any]) -> None:
    """Draw one method: a curve, or a line where there are no blocks."""
    method = method_of(row["method"])
    values = [100 * state["mean"][method.predictor] for state in row["curve"]]
    if method.calibration == "none":
        axes.axhline(values[0], color=STYLES[row["method"]], label=method.label)
        return
    heights = [state["block"] for state in row["curve"]]
    axes.plot(heights, values, STYLES[row["method"]], label=method.label, markersize=4)


def draw_resilience(rows: Sequence[Mapping[str, Any]], paper: PaperTable, path: Path) -> None:
    """Draw accuracy over the percentage of bogus messages, one panel a case, the paper's numbers in grey."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    figure, panels = panels_of(len(cases))
    for case, axes in zip(cases, panels, strict=True):
        methods = list(dict.fromkeys(row["method"] for row in rows if row["case"] == case))
        for method in methods:
            own = [row for row in rows if (row["case"], row["method"]) == (case, method)]
            axes.errorbar(
                [row["bogus"] for row in own],
                [100 * row["accuracy_mean"] for row in own],
                [100 * row["accuracy_std"] for row in own],
                fmt=STYLES[method],
                label=method_of(method).label,
                capsize=2,
                markersize=4,
            )
            reported = paper.get((case, method), {})
            heights = [100 * value for value in reported.values()]
            axes.plot(list(reported), heights, STYLES[method][2:], color="0.7")
        if any((case, method) in paper for method in methods):
            axes.plot([], [], color="0.7", label="the paper's")
        axes.set_title(f"case {case}", fontsize="medium")
        axes.set_xlabel("bogus messages, %")
        scale_accuracy(axes)
        axes.legend(fontsize="x-small")
    save(figure, path)


def scale_accuracy(axes: Axes) -> None:
    """Scale an axis of accuracies by the logarithm of the error: small differences near 100 % show, too."""
    least, most = axes.dataLim.intervaly
    ticks = FAR_TICKS if nines(most) - nines(least) > np.log10(3) else NEAR_TICKS
    axes.set_ylabel("accuracy, %")
    axes.set_yscale("function", functions=(nines, accuracy_of))
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    space = 0.05 * max(nines(most) - nines(least), 0.1)
    axes.set_ylim(accuracy_of(nines(least) - space), accuracy_of(nines(most) + space))
    axes.grid(axis="y", color="0.9")


def nines(accuracy: npt.ArrayLike) -> Any:
    """Give how high accuracies in % lie on such an axis: one up, a tenth of the error."""
    return -np.log10(np.maximum(LEAST_ERROR, 100 + LEAST_ERROR - np.asarray(accuracy)))


def accuracy_of(height: npt.ArrayLike) -> Any:
    """Give the accuracies at these heights."""
    return 100 + LEAST_ERROR - 10.0 ** -np.asarray(height)


def panels_of(count: int) -> tuple[Figure, list[Axes]]:
    """Make a figure with so many panels in a row."""
    figure = Figure(figsize=(3.6 * count, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, count, squeeze=False)[0])


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG and SVG without the date and with fixed names inside."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with rc_context({"svg.hashsalt": "bema"}):
        figure.savefig(path, dpi=120)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
