"""Content made to harm its reader: refused by name, with little memory and few reads."""

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from multiformats import CID
from tiny_network import RULES, TinyNetwork, linear_model

from bema_py.chain.deployment_file import load_deployment, save_deployment
from bema_py.core.batch import Batch, Sample
from bema_py.core.cid import node_cid, raw_cid
from bema_py.core.dag_pb import FileLink, encode_node
from bema_py.core.encoding import CborError, ObjectTooDeepError, decode, encode
from bema_py.core.errors import BemaError, MalformedError
from bema_py.core.model_card import ModelCard
from bema_py.core.parameter_file import decode_parameters, encode_parameters
from bema_py.core.public_set import PublicSet
from bema_py.core.types import Digest, PartyId
from bema_py.core.unixfs import CHUNK, MAX_LINKS, FileShapeError
from bema_py.core.witness import StatementList
from bema_py.roles.checks import CheckBook
from bema_py.roles.content import (
    card_of,
    load_batch,
    load_body,
    load_card,
    load_model,
    load_public_set,
    load_rules,
)
from bema_py.roles.hearing import load_statements
from bema_py.roles.reasons import load_reason, publish_reason
from bema_py.roles.run_record import EVENTS, MANIFEST, check_run, read_run
from bema_py.storage.content_store import ContentStore, ContentTooLargeError
from bema_py.storage.memory_store import MemoryStore

MIB = 2**20


class CountingStore(MemoryStore):
    """A store that counts the blocks read."""

    reads = 0

    def _read(self, cid: CID, max_size: int) -> bytes:
        self.reads += 1
        return super()._read(cid, max_size)


@contextmanager
def little_memory(limit: int = 4 * MIB) -> Iterator[None]:
    """Fail where more than this is allocated inside the block, in bytes."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


def node_of(store: MemoryStore, links: list[FileLink]) -> FileLink:
    """Store an inner node."""
    block = encode_node(links)
    cid = node_cid(Digest(sha256(block).digest()))
    store.put_block(cid, block)
    return FileLink(cid, sum(each.file_size for each in links), len(block) + sum(x.total_size for x in links))


def leaf_of(store: MemoryStore, data: bytes) -> FileLink:
    cid = raw_cid(Digest(sha256(data).digest()))
    store.put_block(cid, data)
    return FileLink(cid, len(data), len(data))


def test_a_small_model_with_a_bomb_for_parameters_is_refused_for_its_size() -> None:
    store = CountingStore()
    bomb = leaf_of(store, bytes(CHUNK))
    for _ in range(3):
        bomb = node_of(store, [bomb] * MAX_LINKS)
    card = ModelCard(linear_model(1).architecture, (0, 1, 2, 3), bomb.cid, Digest(bytes(32)))
    digest = store.put_object(card.to_bytes())
    with little_memory(), pytest.raises(ContentTooLargeError):
        load_model(store, digest)  # type: ignore[arg-type]


def test_a_deep_chain_of_nodes_is_refused_after_its_first_links() -> None:
    store = CountingStore()
    chain = leaf_of(store, b"abc")
    for _ in range(2000):
        chain = node_of(store, [chain])
    store.reads = 0
    with little_memory(), pytest.raises(FileShapeError):
        store.get_file(chain.cid)
    assert store.reads <= 3


LOADERS: dict[str, Callable[[ContentStore, Digest], object]] = {
    "rules": load_rules,
    "card": load_card,  # type: ignore[dict-item]
    "batch": load_batch,
    "body": load_body,
    "public set": lambda store, digest: load_public_set(store, digest, RULES),
    "statements": load_statements,
    "reason": load_reason,
}


@pytest.fixture(scope="module")
def kinds(played: TinyNetwork) -> dict[str, bytes]:
    """One object of each kind."""
    store = MemoryStore()
    sample = Sample(bytes(36), 0)
    reason = publish_reason(store, "because")
    return {
        "rules": RULES.to_bytes(),
        "card": card_of(linear_model(1))[0].to_bytes(),
        "batch": Batch(PartyId(1), (sample,)).to_bytes(),
        "body": played.network.store.get_object(played.network.history().blocks[-1].body_digest),
        "public set": PublicSet((sample,)).to_bytes(),
        "statements": StatementList(()).to_bytes(),
        "reason": store.get_object(reason),
    }


@pytest.mark.parametrize("wanted", LOADERS)
def test_an_object_of_another_kind_is_refused(kinds: dict[str, bytes], wanted: str) -> None:
    store = MemoryStore()
    for kind, data in kinds.items():
        digest = store.put_object(data)
        if kind == wanted:
            LOADERS[wanted](store, digest)
        else:
            with pytest.raises(MalformedError):
                LOADERS[wanted](store, digest)


HUGE = (
    b"\x9b" + b"\xff" * 8,
    b"\xbb" + b"\xff" * 8,
    b"\x5b" + b"\x7f" + b"\xff" * 7,
    b"\x7b" + b"\x7f" + b"\xff" * 7,
    b"\x9a\xff\xff\xff\xff" + b"\x00" * 1000,
    b"\xc2\x5a\xff\xff\xff\xff",
    b"\xa2\x61a\x00\x61a\x01",
    b"\x3b" + b"\x00" * 8,
)
DEEP = (b"\x81" * MIB, b"\xa1\x61a" * (MIB // 3), b"\xd8\x2a" * (MIB // 2))


@pytest.mark.parametrize("data", [*HUGE, *DEEP], ids=lambda data: data[:6].hex())
def test_objects_that_claim_much_cost_little(data: bytes) -> None:
    with little_memory(), pytest.raises((CborError, ObjectTooDeepError)):
        decode(data, max_size=2 * MIB)


@pytest.mark.parametrize("kind", LOADERS)
def test_objects_above_their_kinds_limit_are_not_read(kind: str) -> None:
    store = MemoryStore()
    digest = store.put_object(encode([bytes(2**26)]))
    with little_memory(), pytest.raises(MalformedError):
        LOADERS[kind](store, digest)


HEADERS = {
    "a hole": lambda text: text.replace(b"[720,740]", b"[724,744]"),
    "an overlap": lambda text: text.replace(b"[720,740]", b"[716,736]"),
    "a tensor twice": lambda text: text.replace(b"layers.0.bias", b"layers.0.weight"),
    "another type": lambda text: text.replace(b"I32", b"F32"),
    "another shape": lambda text: text.replace(b"[5,36]", b"[36,5]"),
    "metadata": lambda text: text.replace(b"{", b'{"__metadata__":{},', 1),
    "spaces": lambda text: text.replace(b":", b": "),
    "a negative offset": lambda text: text.replace(b"[0,720]", b"[-1,720]"),
    "a huge offset": lambda text: text.replace(b"740]", b"99999999999999999999]"),
    "deep nesting": lambda _: b"[" * 100_000,
    "no JSON": lambda text: text[:-20],
}


@pytest.mark.parametrize("lie", HEADERS)
@pytest.mark.parametrize("honest_length", [True, False])
def test_parameter_files_with_lying_headers_are_refused(lie: str, honest_length: bool) -> None:
    model = linear_model(1)
    file = encode_parameters(model.architecture, model.to_bytes())
    length = int.from_bytes(file[:8], "little")
    text = HEADERS[lie](file[8 : 8 + length])
    assert text != file[8 : 8 + length]
    stated = len(text) if honest_length else 2**63
    with little_memory(), pytest.raises(MalformedError):
        decode_parameters(model.architecture, stated.to_bytes(8, "little") + text + file[8 + length :])


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, "9" * 10_000, "\x00", "nul", '{"files":1}']
)
def test_record_files_of_nested_or_no_json_are_refused(tmp_path: Path, text: str) -> None:
    for name, read in (
        ("deployment.json", lambda: load_deployment(tmp_path / "deployment.json")),
        (MANIFEST, lambda: check_run(CheckBook(), tmp_path, None)),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(BemaError):
            read()


@pytest.mark.parametrize(
    "line", ["[" * 200_000, '{"event":' * 200_000, "{}", "null", '{"event":"PoolFunded"}']
)
def test_event_lines_that_are_no_events_are_refused(played: TinyNetwork, tmp_path: Path, line: str) -> None:
    save_deployment(played.network.deployment, tmp_path / "deployment.json")
    (tmp_path / EVENTS).write_text(line + "\n")
    with pytest.raises(MalformedError, match="line 1 is not an event"):
        read_run(tmp_path)
