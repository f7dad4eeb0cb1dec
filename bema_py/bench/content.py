"""How long contents take to and from an IPFS node: `python -m bema_py.bench.content NODE`."""

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from bema_py.bench.subjects import CLASSES, random_model
from bema_py.core.batch import Batch, Sample
from bema_py.core.types import Digest, ModelDigest, PartyId
from bema_py.experiments.machine import describe_machine
from bema_py.roles.content import load_batch, load_model, publish_model
from bema_py.storage.content_store import ContentStore
from bema_py.storage.directory_store import DirectoryStore
from bema_py.storage.ipfs_node import IpfsNode
from bema_py.storage.ipfs_store import IpfsStore

MODELS = ("lenet5", "lenet4", "mlp")
BATCH = 64

Stores = Callable[[Path], tuple[ContentStore, ContentStore]]
"""Gives in a new directory the store to put into and the one to get from."""

Put = Callable[[ContentStore], Digest]
Get = Callable[[ContentStore, Digest], object]


def main(arguments: list[str] | None = None) -> None:
    """Measure a node beside a directory, print the figures and write them as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bema_py.bench.content", description=__doc__)
    parser.add_argument("node", help="the multiaddress of the node's API")
    parser.add_argument("--turns", type=int, default=5, help="turns of which the median counts")
    parser.add_argument("--out", type=Path, help="file for the figures")
    options = parser.parse_args(arguments)
    node = IpfsNode(options.node)

    def over_node(path: Path) -> tuple[ContentStore, ContentStore]:
        # The reader's cache is empty, as of a machine that reads for the first time.
        return IpfsStore([node], DirectoryStore(path / "put")), IpfsStore(
            [node], DirectoryStore(path / "get")
        )

    def in_directory(path: Path) -> tuple[ContentStore, ContentStore]:
        store = DirectoryStore(path)
        return store, store

    result = {
        "machine": describe_machine(),
        "node": node.version(),
        "turns": options.turns,
        "seconds over the node": measure(over_node, options.turns),
        "seconds in a directory": measure(in_directory, options.turns),
    }
    text = json.dumps(result, indent=1) + "\n"
    if options.out:
        options.out.write_text(text)
    sys.stdout.write(text)


def measure(stores: Stores, turns: int) -> dict[str, dict[str, float]]:
    """Give the median seconds to put and to get each kind of content, another one in each turn."""
    generator = np.random.default_rng()
    works = {kind: [_model(kind, generator) for _ in range(turns)] for kind in MODELS}
    works[f"batch of {BATCH}"] = [_batch(generator) for _ in range(turns)]
    return {name: _median(stores, each) for name, each in works.items()}


def _median(stores: Stores, works: list[tuple[Put, Get]]) -> dict[str, float]:
    times = [_times(stores, put, get) for put, get in works]
    return {name: round(statistics.median(each[name] for each in times), 4) for name in ("put", "get")}


def _times(stores: Stores, put: Put, get: Get) -> dict[str, float]:
    with TemporaryDirectory() as directory:
        writer, reader = stores(Path(directory))
        start = perf_counter()
        digest = put(writer)
        middle = perf_counter()
        get(reader, digest)
        return {"put": middle - start, "get": perf_counter() - middle}


def _model(kind: str, generator: np.random.Generator) -> tuple[Put, Get]:
    model = random_model(kind, generator)
    return (
        lambda store: Digest(publish_model(store, model)),
        lambda store, digest: load_model(store, ModelDigest(digest)),
    )


def _batch(generator: np.random.Generator) -> tuple[Put, Get]:
    samples = tuple(Sample(generator.bytes(784), index % CLASSES) for index in range(BATCH))
    batch = Batch(PartyId(1), samples)
    return lambda store: store.put_object(batch.to_bytes()), load_batch


if __name__ == "__main__":
    main()
