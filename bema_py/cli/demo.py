"""`bema demo`: the ten-party demonstration."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bema_py.cli.output import JsonOption, console, errors
from bema_py.demo.scenario import run_demo
from bema_py.demo.settings import DemoSettings
from bema_py.learning.partition import read_partition


def demo(
    dataset: Annotated[str, typer.Option(help="digits (embedded), mnist or a file FILE.npz.")] = "digits",
    data_dir: Annotated[
        str, typer.Option(help="Directory of MNIST's IDX files; without it they are downloaded.")
    ] = "",
    chain: Annotated[
        str, typer.Option(help="URL of a development chain (anvil); without it one is embedded.")
    ] = "",
    parties: Annotated[int, typer.Option(help="10, 20 or 50 parties.")] = 10,
    blocks: Annotated[int, typer.Option(help="How many blocks to mine.")] = 6,
    seed: Annotated[int, typer.Option(help="Everything random follows from it.")] = 1,
    partition: Annotated[
        str, typer.Option(help="A file FILE.toml that deals the data set to parties, in place of --parties.")
    ] = "",
    out: Annotated[Path, typer.Option(help="The run directory; an interrupted run is resumed.")] = Path(
        "runs/demo"
    ),
    as_json: JsonOption = False,
) -> None:
    """Watch parties with unlike models register, mine samples and blocks, and an auditor recompute everything.

    Example: bema demo --dataset mnist --data-dir mnist --blocks 15
    """
    if partition:
        parties = len(read_partition(Path(partition)).parties)
    settings = DemoSettings(dataset, data_dir, chain, parties, blocks, seed, partition)
    notes, exit_code = run_demo(settings, out, errors if as_json else console)
    if as_json:
        sys.stdout.write(json.dumps(asdict(notes), indent=1) + "\n")
    raise typer.Exit(exit_code)
