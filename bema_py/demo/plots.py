"""The report's figures: accuracy and samples block by block."""

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bema_py.demo.record import RunNotes, moment
from bema_py.roles.reporting.pictures import sample_bars

PREDICTOR_STYLES = {"krum mean": "-o", "krum": "--s", "max model": ":^"}
SIZE = (7.0, 3.6)


def draw_figures(notes: RunNotes, directory: Path) -> list[Path]:
    """Draw every figure as PNG and SVG; returns the SVG files."""
    directory.mkdir(exist_ok=True)
    figures = {"accuracy": _accuracy(notes), "samples": _samples(notes)}
    for name, figure in figures.items():
        FigureCanvasAgg(figure)
        figure.savefig(directory / f"{name}.png", dpi=120)
        figure.savefig(directory / f"{name}.svg")
    return [directory / f"{name}.svg" for name in figures]


def _accuracy(notes: RunNotes) -> Figure:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    heights = range(len(notes.blocks) + 1)
    for predictor, style in PREDICTOR_STYLES.items():
        axes.plot(
            heights,
            [100 * notes.accuracy[moment(height)][predictor] for height in heights],
            style,
            label=predictor,
        )
    if notes.centralised is not None:
        axes.axhline(100 * notes.centralised, color="grey", label="centralised model (all data pooled)")
    axes.set_xlabel("block")
    axes.set_ylabel("test accuracy, %")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize="small")
    return figure


def _samples(notes: RunNotes) -> Figure:
    used = [block["used"] for block in notes.blocks]
    refused = [block["judged"] - block["used"] for block in notes.blocks]
    layers = {"valid, used for calibration": used, "judged and not used": refused}
    return sample_bars([block["height"] for block in notes.blocks], layers)
