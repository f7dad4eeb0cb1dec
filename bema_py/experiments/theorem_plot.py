"""The figure of Theorem 2: where aggregates lie between their bounds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from bema_py.experiments.plots import panels_of, save


def draw_places(places: Mapping[str, Sequence[int]], path: Path) -> None:
    """Draw one panel for each source of scores: the share of its aggregates in each part between the bounds."""
    figure, panels = panels_of(len(places))
    for (source, counts), axes in zip(places.items(), panels, strict=True):
        shares = np.array(counts) / max(sum(counts), 1)
        edges = np.linspace(0, 1, len(counts) + 1)
        axes.stairs(shares, edges, fill=True)
        axes.set_yscale("symlog", linthresh=1e-4)
        axes.set_title(source, fontsize="medium")
        axes.set_xlabel("place between the bounds of eqs. 16, 17")
        axes.set_ylabel("share of the aggregates")
    save(figure, path)
