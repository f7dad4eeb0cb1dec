"""Several endpoints of one chain, of which some are down, late, busy or of another chain."""

import json
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bema_py.chain import endpoint, endpoints
from bema_py.chain.connection import Chain, connect
from bema_py.chain.endpoint import shown
from bema_py.chain.endpoints import Endpoints
from bema_py.chain.errors import ChainUnreachableError, WrongChainError
from bema_py.chain.signers import local_signer

CHAIN_ID = 7


@dataclass
class Node:
    """A node that serves a chain as told; `status` other than 200 and `None` for hanging up are its failures."""

    head: int = 100
    chain_id: int = CHAIN_ID
    status: int | None = 200
    delay: float = 0.0
    delay_each: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    deaf_to: str = ""
    url: str = ""
    on_logs: Callable[[], None] = lambda: None

    def answer(self, method: str) -> Any:
        if method == "eth_getLogs":
            self.on_logs()
        block = {
            "number": hex(self.head),
            "timestamp": "0x64",
            "hash": "0x" + "ab" * 32,
            "baseFeePerGas": "0x7",
        }
        answers = {
            "eth_chainId": hex(self.chain_id),
            "eth_blockNumber": hex(self.head),
            "eth_getLogs": [self.url],
        }
        return answers.get(method, block if method == "eth_getBlockByNumber" else None)


@contextmanager
def serving(node: Node) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            each = asked if isinstance(asked, list) else [asked]
            node.asked += [one["method"] for one in each]
            time.sleep(node.delay + node.delay_each * len(each))
            if node.status is None or node.deaf_to in node.asked[-len(each) :]:
                self.close_connection = True
                return
            answers = [
                {"jsonrpc": "2.0", "id": one["id"], "result": node.answer(one["method"])} for one in each
            ]
            body = json.dumps(answers if isinstance(asked, list) else answers[0]).encode()
            self.send_response(node.status)
            for name, value in {**node.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked has stopped waiting
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    node.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    """Three nodes that are well."""
    three = [Node() for _ in range(3)]
    with ExitStack() as stack:
        for node in three:
            stack.enter_context(serving(node))
        yield three


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "BACKOFF", 0.001)
    monkeypatch.setattr(endpoints, "COMPARED_EVERY", 0.0)


def opened(nodes: list[Node], **options: Any) -> Chain:
    return connect(
        [node.url for node in nodes], **{"expected_chain_id": CHAIN_ID, "timeout": 30.0, **options}
    )


def passed_over(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "passed over" in record.getMessage()]


def test_one_endpoint_answers_as_long_as_it_is_well(nodes: list[Node]) -> None:
    chain = opened(nodes)
    for _ in range(3):
        assert chain.head().number == 100
    assert nodes[0].asked.count("eth_getBlockByNumber") == 3
    assert {method for node in nodes[1:] for method in node.asked} <= {"eth_blockNumber"}
    assert str(chain.url) == ", ".join(node.url for node in nodes)


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "down": ({"status": None}, r"connection refused or lost"),
    "ill": ({"status": 503}, r"it answers HTTP 503"),
    "busy": ({"status": 429}, r"it answers HTTP 429, too many requests"),
    "slow": ({"delay": 5.0}, r"no answer in time \(0\.5 s\)"),
    "late": ({"head": 94}, r"it is 6 blocks behind the others"),
    "boastful": ({"head": 10**9}, r"it claims to be 999999900 blocks ahead"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_endpoint_that_fails_is_passed_over_with_its_reason(
    nodes: list[Node], caplog: pytest.LogCaptureFixture, name: str
) -> None:
    failure, reason = FAILURES[name]
    chain = opened(nodes, timeout=0.5 if name == "slow" else 30.0)
    for setting, value in failure.items():
        setattr(nodes[0], setting, value)
    with caplog.at_level(logging.WARNING):
        assert chain.head().number == 100
    (said, *_) = passed_over(caplog)
    assert said.startswith(f"{nodes[0].url} is passed over for 5 s: ")
    assert re.search(reason, said), said
    assert nodes[1].asked.count("eth_getBlockByNumber") == 1


def test_an_endpoint_a_little_late_stays(nodes: list[Node]) -> None:
    chain = opened(nodes)
    nodes[0].head = 95
    assert chain.head().number == 95


def test_an_endpoint_of_another_chain_is_passed_over(
    nodes: list[Node], caplog: pytest.LogCaptureFixture
) -> None:
    nodes[0].chain_id = 8
    with caplog.at_level(logging.WARNING):
        chain = opened(nodes)
    assert passed_over(caplog) == [
        f"{nodes[0].url} is passed over for 5 s: it serves chain id 8, {CHAIN_ID} is expected"
    ]
    assert chain.chain_id == CHAIN_ID
    with pytest.raises(WrongChainError):
        connect(nodes[0].url, expected_chain_id=CHAIN_ID)


def test_who_failed_is_asked_again_after_its_rest(nodes: list[Node], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "FIRST_REST", 0.2)
    chain = opened(nodes)
    nodes[0].status = None
    chain.head()
    assert nodes[1].asked.count("eth_getBlockByNumber") == 1
    nodes[0].status = 200
    for node in nodes[1:]:
        node.status = None
    time.sleep(0.25)
    assert chain.head().number == 100
    assert nodes[0].asked.count("eth_getBlockByNumber") == 1


def test_where_every_endpoint_fails_each_reason_is_named(nodes: list[Node]) -> None:
    chain = opened(nodes)
    nodes[0].status, nodes[1].status, nodes[2].status = None, 500, 429
    with pytest.raises(ChainUnreachableError) as caught:
        chain.head()
    reasons = ("connection refused or lost", "it answers HTTP 500", "it answers HTTP 429, too many requests")
    for node, reason in zip(nodes, reasons, strict=True):
        assert f"{node.url}: {reason}" in str(caught.value)
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_busy_endpoint_gets_the_time_it_asks_for(form: str) -> None:
    node = Node()
    with serving(node):
        chain = connect(node.url)
        retry_after = "1" if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
        node.status, node.headers = 429, {"Retry-After": retry_after}
        threading.Timer(0.3, lambda: setattr(node, "status", 200)).start()
        began = time.monotonic()
        assert chain.head().number == 100
        assert time.monotonic() - began > 0.7
        assert node.asked.count("eth_getBlockByNumber") == 2


def test_a_wish_for_too_much_time_is_named_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node()
    with serving(node):
        chain = connect(node.url)
        node.status, node.headers = 429, {"Retry-After": "3600"}
        for _ in range(2):
            with pytest.raises(ChainUnreachableError, match="too many requests and asks to wait 3600 s"):
                chain.head()
        assert node.asked.count("eth_getBlockByNumber") == 1


def test_what_was_read_is_never_older_after_a_change(
    nodes: list[Node], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = opened(nodes)
    nodes[0].head = 101
    assert chain.head().number == 101
    nodes[0].status, nodes[2].head = None, 101
    with caplog.at_level(logging.WARNING):
        assert chain.head().number == 101
    assert (
        f"{nodes[1].url} is passed over for 5 s: it is at block 100, block 101 was read already"
        in passed_over(caplog)
    )
    # Unless the chain itself went back, as a development chain does that begins anew.
    monkeypatch.setattr(endpoints, "NEVER_BACK_FOR", 0.0)
    nodes[2].status = None
    provider = chain.web3.provider
    assert isinstance(provider, Endpoints)
    for each in provider.all:
        each.rests_until = 0.0
    assert chain.head().number == 100


def test_a_read_whose_parts_must_agree_begins_anew_at_another_endpoint(nodes: list[Node]) -> None:
    chain = opened(nodes)
    nodes[0].on_logs = lambda: setattr(nodes[0], "status", None)

    def read() -> list[list[str]]:
        return [chain.request("eth_getLogs", [{}]) for _ in range(2)]

    assert chain.together(read) == [[nodes[1].url]] * 2

    for node in nodes:
        node.status = None
    with pytest.raises(ChainUnreachableError):
        chain.together(read)


def test_a_batch_comes_from_one_endpoint(nodes: list[Node]) -> None:
    chain = opened(nodes)
    nodes[0].status = None
    assert chain.request_all([("eth_getLogs", [{}])] * 2) == [[nodes[1].url]] * 2


def test_a_batch_that_is_not_answered_in_time_is_asked_for_in_parts(nodes: list[Node]) -> None:
    nodes[0].delay_each = 0.01
    chain = opened(nodes[:1], timeout=0.5)
    asked = [("eth_getLogs", [{}])] * endpoints.LARGEST_BATCH
    for _ in range(5):
        with suppress(ChainUnreachableError):
            answers = chain.request_all(asked)
            break
    assert answers == [[nodes[0].url]] * len(asked)
    # Once it is quick again it is soon asked for everything at once.
    nodes[0].delay_each = 0.0
    for _ in range(6):
        chain.request_all(asked)
    assert chain.web3.provider._batch == endpoints.LARGEST_BATCH


def test_signed_bytes_go_to_the_next_endpoint_and_other_changes_do_not(nodes: list[Node]) -> None:
    chain = opened(nodes)
    nodes[0].status = None
    with pytest.raises(ChainUnreachableError):
        chain.request("hardhat_mine", ["0x1"])
    assert nodes[1].asked.count("hardhat_mine") == 0
    nodes[1].deaf_to = "eth_sendRawTransaction"
    fields = {"to": "0x" + "22" * 20, "gas": 21_000, "nonce": 0, "chainId": CHAIN_ID, "value": 0}
    local_signer(b"\x01" * 32).send(chain, {**fields, "maxFeePerGas": 1, "maxPriorityFeePerGas": 1})
    assert [node.asked.count("eth_sendRawTransaction") for node in nodes] == [0, 1, 1]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://user:secret@node.example/", "https://node.example"),
        ("https://node.example:8/v3/secret", "https://node.example:8/..."),
        ("https://node.example?key=secret", "https://node.example/..."),
        ("nonsense", "nonsense"),
    ],
)
def test_the_key_of_a_paid_service_does_not_show(url: str, said: str) -> None:
    assert shown(url) == said
