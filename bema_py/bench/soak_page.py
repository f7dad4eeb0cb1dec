"""The soak's figures as a page."""

from collections.abc import Mapping
from typing import Any


def soak_page(figures: Mapping[str, Any]) -> str:
    """Lay the figures of a soak out as Markdown."""
    memory = figures["memory_mib"]
    nodes = ", ".join(f"{count} {role}" for role, count in figures["nodes"].items())
    lines = [
        "# Soak",
        "",
        f"{sum(figures['nodes'].values())} nodes ({nodes}), each a process, and anvil with a block a second, for "
        f"{figures['minutes']:g} minutes under a storm drawn from seed {figures['seed']}: `{figures['command']}`.",
        "",
        f"Machine: {figures['machine']}; its load during the storm was {figures['load']['mean']} on average and "
        f"{figures['load']['most']} at most, other work included. Nodes looked at the chain every "
        f"{figures['poll_seconds']:g} s.",
        "",
        *_table(("figure", ""), [(name.replace("_", " "), figures[name]) for name in COUNTED]),
        "",
        "## What failed, and was survived",
        "",
        *_table(("failure", "times"), figures["failures_survived"].items()),
        "",
        *_table(("killed", "times"), figures["kills_by_role"].items()),
        "",
        *_table(("moment of the kill", "times"), figures["kills_by_moment"].items()),
        "",
        "## What must hold afterwards",
        "",
        "The audit is clean and recomputed every block, every commitment can be opened, no sample was offered twice, "
        "every revealed batch came into a block, nobody was paid twice and everybody in full, every node is well, and "
        "no process ended by itself.",
        "",
        *([f"- {broken}" for broken in figures["promises_broken"]] or ["All of it holds."]),
        "",
        "## Memory",
        "",
        *_table(
            ("process", "most, MiB", "last, MiB", "its share of the last, MiB"),
            [(name, each["most"], each["last"], each["share"]) for name, each in memory.items()],
        ),
        "",
        f"What processes share, libraries above all, is in the first two columns of each of them; the shares add up to "
        f"what all of them took: {sum(each['share'] for each in memory.values())} MiB.",
    ]
    return "\n".join(lines) + "\n"


COUNTED = (
    "blocks",
    "blocks_per_minute",
    "blocks_that_left",
    "batches",
    "samples_used",
    "ethereum_blocks",
    "transactions",
    "seconds_to_found",
    "seconds_to_calm",
)


def _table(columns: tuple[str, ...], rows: Any) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return head + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
