"""Chains that do not answer, answer late, or are not the ones asked for."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bema_py.chain import connection, endpoints
from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import (
    CallRevertedError,
    ChainResponseError,
    ChainUnreachableError,
    WaitTimeoutError,
    WrongChainError,
)
from bema_py.chain.signers import local_signer
from bema_py.core.types import Address

Answer = Callable[[str], Any]
"""From the method to a result, an error (dict with code), raw bytes, or None to hang up."""
BLOCK = {"number": "0x5", "timestamp": "0x64", "hash": "0x" + "ab" * 32, "baseFeePerGas": "0x7"}


@contextmanager
def node(answer: Answer) -> Iterator[str]:
    """A node that answers as told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            given = answer(asked["method"])
            if given is None:
                self.close_connection = True
                return
            kind = "error" if isinstance(given, dict) and "code" in given else "result"
            plain = {"jsonrpc": "2.0", "id": asked["id"], kind: given}
            body = given if isinstance(given, bytes) else json.dumps(plain).encode()
            # A client that waits no longer has hung up: that is what a slow answer is for.
            with suppress(ConnectionError):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "BACKOFF", 0.001)


def test_nothing_listens() -> None:
    with pytest.raises(ChainUnreachableError, match=r"no chain answers at http://127\.0\.0\.1:9: ") as caught:
        connect("http://127.0.0.1:9")
    assert (caught.value.url, caught.value.exit_code) == ("http://127.0.0.1:9", 3)


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1:9", "http://"])
def test_what_is_no_url(url: str) -> None:
    with pytest.raises(ChainUnreachableError):
        connect(url)


def test_another_chain() -> None:
    with node(lambda _: "0x7") as url:
        assert connect(url).chain_id == 7
        assert connect(url, expected_chain_id=7).chain_id == 7
        with pytest.raises(WrongChainError, match="expected chain id 8, the node serves chain id 7"):
            connect(url, expected_chain_id=8)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b"[]", b"", b'{"jsonrpc": "2.0", "id": 0}'])
def test_what_is_no_node(body: bytes) -> None:
    with node(lambda _: body) as url, pytest.raises(ChainUnreachableError, match="no JSON-RPC answer"):
        connect(url)


def test_a_node_that_takes_too_long() -> None:
    def slow(_: str) -> str:
        time.sleep(0.5)
        return "0x1"

    with node(slow) as url:
        started = time.monotonic()
        with pytest.raises(ChainUnreachableError, match="no answer in time"):
            connect(url, timeout=0.05)
        assert time.monotonic() - started < 2


def test_a_lost_answer_is_asked_for_again_a_bounded_number_of_times() -> None:
    calls: list[str] = []

    def flaky(method: str) -> str | None:
        calls.append(method)
        return None if len(calls) < 3 else "0x7"

    with node(flaky) as url:
        assert connect(url).chain_id == 7
        assert calls == ["eth_chainId"] * 3

    def dead(method: str) -> None:
        calls.append(method)

    calls.clear()
    with node(dead) as url, pytest.raises(ChainUnreachableError):
        connect(url)
    assert calls == ["eth_chainId"] * 3


def test_what_changes_the_chain_is_not_asked_for_again() -> None:
    calls: list[str] = []

    def lost(method: str) -> str | None:
        calls.append(method)
        return "0x7" if method == "eth_chainId" else None

    with node(lost) as url:
        chain = connect(url)
        for method in ("eth_sendTransaction", "hardhat_mine", "eth_signTypedData_v4"):
            calls.clear()
            with pytest.raises(ChainUnreachableError):
                chain.request(method, [])
            assert calls == [method]


def test_signed_bytes_are_sent_again_until_the_node_has_them() -> None:
    calls: list[str] = []
    signer = local_signer(b"\x01" * 32)
    fields = {"to": "0x" + "22" * 20, "gas": 21_000, "nonce": 0, "chainId": 7, "value": 0}
    fields |= {"maxFeePerGas": 1, "maxPriorityFeePerGas": 1}

    def lossy(method: str) -> Any:
        calls.append(method)
        sent = calls.count("eth_sendRawTransaction")
        known = {"code": -32000, "message": "already known"}
        answers = {"eth_chainId": "0x7", "eth_getTransactionByHash": {"hash": "0x01"}}
        return answers.get(method, None if sent == 1 else known)

    with node(lossy) as url:
        signer.send(connect(url), fields)
    assert calls == [
        "eth_chainId",
        "eth_sendRawTransaction",
        "eth_sendRawTransaction",
        "eth_getTransactionByHash",
    ]


def test_refusals_of_the_node_are_no_reverts() -> None:
    answers = {
        "eth_chainId": "0x7",
        "eth_sendTransaction": {"code": -32000, "message": "insufficient funds"},
        "eth_call": {"code": 3, "message": "execution reverted", "data": "0x1234"},
    }
    with node(lambda method: answers[method]) as url:
        chain = connect(url)
        with pytest.raises(ChainResponseError, match="answered: insufficient funds"):
            chain.request("eth_sendTransaction", [])
        with pytest.raises(CallRevertedError) as caught:
            chain.call(Address(bytes(20)), b"")
        assert caught.value.data == b"\x12\x34"


def test_a_node_that_cannot_mine_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "POLL", 0.001)
    numbers = iter([5, 5, 6, 7, 7])

    def real(method: str) -> Any:
        missing = {"code": -32601, "message": "the method hardhat_mine does not exist"}
        if method == "eth_getBlockByNumber":
            return {**BLOCK, "number": hex(next(numbers))}
        return "0x7" if method == "eth_chainId" else missing

    with node(real) as url:
        head = connect(url).advance(2)
    assert (head.number, head.timestamp, head.base_fee) == (7, 100, 7)


def test_waiting_ends() -> None:
    def still(method: str) -> Any:
        missing = {"code": -32601, "message": "no such method"}
        return {"eth_chainId": "0x7", "eth_getBlockByNumber": BLOCK}.get(method, missing)

    with node(still) as url, pytest.raises(WaitTimeoutError, match=r"waited 0.1 s for block 6") as caught:
        connect(url).advance(1, timeout=0.1)
    assert caught.value.exit_code == 3


def test_a_chain_says_where_it_is(chain: Chain) -> None:
    assert repr(chain) == f"Chain(embedded, chain_id={chain.chain_id})"
    assert chain.accounts()
    assert chain.code(chain.accounts()[0]) == b""
