"""The studies' figures, as PNG and SVG; the same numbers give the same files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bema_py.experiments.methods import method_of
from bema_py.experiments.paper import TABLE_1

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
        axes.set_ylabel("accuracy, %")
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


def draw_resilience(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw accuracy over the percentage of bogus messages, one panel a case, the paper's numbers in grey."""
    cases = list(dict.fromkeys(row["case"] for row in rows))
    figure, panels = panels_of(len(cases))
    for case, axes in zip(cases, panels, strict=True):
        for method in dict.fromkeys(row["method"] for row in rows if row["case"] == case):
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
            paper = TABLE_1.get((case, method), {})
            axes.plot(list(paper), [100 * value for value in paper.values()], STYLES[method][2:], color="0.7")
        axes.set_title(f"case {case}", fontsize="medium")
        axes.set_xlabel("bogus messages, %")
        axes.set_ylabel("accuracy, %")
        axes.legend(fontsize="x-small")
    save(figure, path)


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
