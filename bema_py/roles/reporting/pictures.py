"""The report's plots, as SVG that says the same for the same history, and its thumbnails of used samples."""

import base64
import io
from collections.abc import Sequence
from math import ceil
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.image import imsave
from matplotlib.ticker import MaxNLocator

from bema_py.core.errors import BemaError
from bema_py.core.leaves import SampleLeaf
from bema_py.core.rules import Rules
from bema_py.core.types import hex0x
from bema_py.roles.history import History
from bema_py.roles.recollection import load_used
from bema_py.roles.refusals import Refusals, total
from bema_py.roles.reporting.facts import BlockLine, Picture, Thumbnail
from bema_py.roles.reporting.rows import Rows
from bema_py.roles.stories.facts import WEI, Money
from bema_py.storage.content_store import ContentStore

UNSIGNED: Any = {"Software": None}
"""For a picture that does not say which version of a library drew it; the library's types do not know of None."""
SIZE = (7.0, 3.4)
BARS = 100
COLOURS = ("#0072B2", "#E69F00", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#009E73", "#999999")
"""Okabe and Ito's colours, which people who see colours otherwise can tell apart."""
HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "--", "++")
NOT_RECOMPUTED = "not used, why was not recomputed"
MUCH = 3
LEAST_SIDE = 4
"""Pixels: a row of a table is no image."""
STYLE: Any = {
    "svg.hashsalt": "bema",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "hatch.linewidth": 0.6,
}


def plots(history: History, rows: Rows) -> tuple[Picture, ...]:
    """Draw what became of samples and how rewards grew, where there is anything to draw."""
    blocks = rows.blocks[: len(history.blocks)]
    if not blocks:
        return ()
    with mpl.rc_context(STYLE):
        return (_samples(blocks), _rewards(history, rows))


def _samples(blocks: Sequence[BlockLine]) -> Picture:
    width = ceil(len(blocks) / BARS)
    groups = [blocks[start : start + width] for start in range(0, len(blocks), width)]
    layers = {"used": [sum(block.used or 0 for block in group) for group in groups]}
    refused = [total(_refused(block) for block in group) for group in groups]
    for reason in dict.fromkeys(why for each in refused for why in each):
        layers[reason] = [each.get(reason, 0) for each in refused]
    figure = sample_bars([group[0].height for group in groups], layers, width)
    sums = "; ".join(f"{name}: {sum(numbers)}" for name, numbers in layers.items())
    each = "block" if width == 1 else f"{width} blocks"
    return Picture("What became of the samples", f"Samples per {each}. {sums}.", svg_of(figure))


def _refused(block: BlockLine) -> Refusals:
    """Return what a block did not use, also where this audit did not recompute why."""
    if block.refused is not None:
        return block.refused
    rest = (block.judged or 0) - (block.used or 0)
    return ((NOT_RECOMPUTED, rest),) if rest > 0 else ()


def sample_bars(heights: Sequence[int], layers: dict[str, list[int]], width: int = 1) -> Figure:
    """Stack what became of samples, a bar for each height or group of `width` heights."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    below = np.zeros(len(heights))
    for number, (name, values) in enumerate(layers.items()):
        colour, hatch = COLOURS[number % len(COLOURS)], HATCHES[number % len(HATCHES)]
        axes.bar(
            heights,
            values,
            width=0.8 * width,
            bottom=below,
            label=name,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
            align="edge" if width > 1 else "center",
        )
        below += np.asarray(values)
    axes.set_xlabel("block" if width == 1 else f"block ({width} to a bar)")
    axes.set_ylabel("calibration samples")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    figure.legend(loc="outside lower center", fontsize="small", ncols=2, frameon=False)
    return figure


def _rewards(history: History, rows: Rows) -> Picture:
    heights = [block.height for block in rows.blocks[: len(history.blocks)]]
    funded = [history.funded_at(number) for number in range(1, len(heights) + 1)]
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.subplots()
    lines = {"allotted": (rows.allotted, "-", COLOURS[0])}
    if max(funded) <= MUCH * max(rows.allotted):
        # Beside a pool that much larger the rewards would lie on the axis.
        lines["paid into the pool"] = (funded, "--", COLOURS[2])
    for label, (amounts, style, colour) in lines.items():
        eth = [wei / WEI for wei in amounts]
        axes.step(heights, eth, style, where="post", color=colour, label=label)
    axes.set_xlabel("block")
    axes.set_ylabel("ETH in all")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    axes.legend(fontsize="small", frameon=False)
    allotted, pool = Money(rows.allotted[-1]).eth, Money(funded[-1]).eth
    words = f"Up to block {heights[-1]} blocks allotted {allotted} ETH; {pool} ETH had come into the pool."
    return Picture("Rewards, in all", words, svg_of(figure))


def svg_of(figure: Figure) -> str:
    """Draw a figure as an SVG element: no date, no random names, no declaration."""
    FigureCanvasSVG(figure)
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    text = file.getvalue()
    return text[text.index("<svg") :].strip()


def thumbnails(store: ContentStore, history: History, rules: Rules, rows: Rows) -> tuple[Thumbnail, ...]:
    """Show a few used samples, where the input is an image; one whose content cannot be had is left out."""
    if min(rules.input[1:]) < LEAST_SIDE or rules.input[0] not in (1, 3):
        return ()
    found = []
    for height, leaf in rows.shown:
        try:
            found.append(_thumbnail(store, history, rules, height, leaf))
        except BemaError:
            continue
    return tuple(found)


def _thumbnail(
    store: ContentStore, history: History, rules: Rules, height: int, leaf: SampleLeaf
) -> Thumbnail:
    sample = load_used(store, history, leaf, rules)
    pixels = np.frombuffer(sample.x, dtype=np.uint8).reshape(rules.input).transpose(1, 2, 0)
    if rules.input[0] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    file = io.BytesIO()
    imsave(file, np.ascontiguousarray(pixels), format="png", metadata=UNSIGNED)
    return Thumbnail(
        png=base64.b64encode(file.getvalue()).decode(),
        block=height,
        party=leaf.owner,
        label=leaf.label,
        wrong_label=leaf.wrong_label,
        sample=hex0x(leaf.sample),
    )
