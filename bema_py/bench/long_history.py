"""Builds a history of hundreds of blocks by fifty parties on anvil: `python -m bema_py.bench.long_history`."""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bema_py.bench.anvil import find_anvil, running_anvil
from bema_py.bench.long_cast import ACCOUNTS, long_cast
from bema_py.bench.long_founding import INDEX, found, open_genesis, train
from bema_py.bench.long_rounds import LongRounds
from bema_py.chain.event_index import open_index
from bema_py.learning.parallel import use_threads
from bema_py.roles.network import Network
from bema_py.roles.run_record import CONTENT, MANIFEST, write_run
from bema_py.storage.directory_store import DirectoryStore

STATE, MODELS, INDEXED = "anvil.json", "models.json", "index.json"
SAID_EVERY = 10


def main(arguments: list[str] | None = None) -> None:
    """Build the history, or go on where an earlier call stopped; a copy is kept at every step of its growth."""
    parser = argparse.ArgumentParser(prog="python -m bema_py.bench.long_history", description=__doc__)
    parser.add_argument("directory", type=Path, help="where the network lives; the same one resumes")
    parser.add_argument("--blocks", type=int, default=500)
    parser.add_argument("--every", type=int, default=100, help="blocks after which a copy is kept to measure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--anvil", type=Path, help="the anvil program")
    options = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    # So small models gain nothing from threads that wait for one another.
    use_threads(1)
    try:
        build(options.directory, options.blocks, options.every, options.seed, find_anvil(options.anvil))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; the same command goes on\n")
        sys.exit(130)


def build(directory: Path, blocks: int, every: int, seed: int, anvil: Path) -> None:
    """Play until the chain has so many blocks."""
    directory.mkdir(parents=True, exist_ok=True)
    store = DirectoryStore(directory / CONTENT)
    with running_anvil(anvil, directory / STATE, ACCOUNTS) as chain:
        cast = long_cast(chain, directory, seed)
        models = train(cast, store, directory / MODELS, seed)
        network = found(chain, cast, store, directory)
        open_genesis(network, cast, models)
        rounds = LongRounds(network, cast, models, seed)
        with _bars() as bars:
            bar = bars.add_task("blocks", total=blocks)
            while (height := len(network.history().blocks)) < blocks:
                if _asked_to_stop:
                    raise KeyboardInterrupt
                bars.update(bar, completed=height)
                rounds.play(height + 1)
                grown = len(network.history().blocks)
                if grown % SAID_EVERY == 0 and not bars.console.is_terminal:
                    bars.console.print(f"block {grown} of {blocks}")
                if grown % every == 0 or grown == blocks:
                    keep_copy(directory, network, grown)


def keep_copy(directory: Path, network: Network, blocks: int) -> None:
    """Keep the history as it stands as a run directory of its own; content is linked, not copied."""
    copy = directory / f"run-{blocks:04}"
    if (copy / MANIFEST).exists():
        return
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory / CONTENT, copy / CONTENT, copy_function=os.link)
    (copy / INDEXED).write_text(json.dumps(index_anew(network, copy / INDEX)) + "\n")
    write_run(copy, network.deployment, network.events())


def index_anew(network: Network, path: Path) -> dict[str, float]:
    """Read all events into a new index; gives the seconds that it took and the bytes of its file."""
    deployment, began = network.deployment, time.monotonic()
    with open_index(path, network.contract.chain, deployment.address, deployment.block_number) as index:
        index.update()
    return {"index_seconds": round(time.monotonic() - began, 1), "index_bytes": path.stat().st_size}


def _bars() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


_asked_to_stop: list[int] = []


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """End after the block in work; asked again, end at once."""
    _asked_to_stop.append(number)
    if len(_asked_to_stop) > 1:
        raise KeyboardInterrupt


if __name__ == "__main__":
    main()
