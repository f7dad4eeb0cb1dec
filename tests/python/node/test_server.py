"""What a node answers over HTTP, and what it does not take."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from bema_py.core.types import Address, Commitment, ModelDigest
from bema_py.node.condition import Health, LoopState
from bema_py.node.figures import Figures
from bema_py.node.mailbox import MOST_WAITING, REFUSAL_LASTS, WAITING_LASTS, Mailbox
from bema_py.node.peers import MAX_ANSWER, Peer, PeerError, RefusedError
from bema_py.node.server import MAX_BODY, Answer, ListenError, NodeServer, own_routes
from bema_py.node.singleton import StateInUseError, StateLock
from bema_py.roles.original_party import RegistrationRequest
from bema_py.roles.requests import request_to_plain

REQUEST = RegistrationRequest(Address(b"\x01" * 20), ModelDigest(b"\x02" * 32), 0b11, 0b111)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mailbox", lambda: 0.0)


@pytest.fixture
def health() -> Health:
    return Health("miner", lambda: 0.0)


@pytest.fixture
def url(mailbox: Mailbox, health: Health) -> Iterator[str]:
    figures = Figures()
    figures.introduce("miner", "0xabc")
    figures.tip.set(7)
    routes = {
        **own_routes(health, figures),
        ("POST", "/registrations"): lambda _rest, body: mailbox.post(body),
        ("GET", "/votes"): lambda _rest, _body: Answer(200, b"x" * (MAX_ANSWER + 1)),
        ("GET", "/statements/"): lambda rest, _body: Answer(404 if rest == "03" * 32 else 200, b"junk"),
    }
    server = NodeServer("127.0.0.1:0", routes)
    yield server.url
    server.close()


def test_health_says_why_it_is_not_well(url: str, health: Health) -> None:
    answer = requests.get(url + "/health", timeout=5)
    assert (answer.status_code, answer.json()["healthy"]) == (200, True)
    health.set(LoopState.FAILING, "no chain answers")
    answer = requests.get(url + "/health", timeout=5)
    assert (answer.status_code, answer.json()["reason"]) == (503, "no chain answers")
    assert requests.get(url + "/status", timeout=5).json()["state"] == "failing"


def test_metrics_are_what_prometheus_reads(url: str) -> None:
    text = requests.get(url + "/metrics", timeout=5).text
    found = {family.name: family for family in text_string_to_metric_families(text)}
    assert found["bema_tip_height"].samples[0].value == 7
    assert found["bema_node"].samples[0].labels == {"role": "miner", "account": "0xabc"}
    assert "bema_audit_clean" not in found


def test_what_it_does_not_take(url: str) -> None:
    assert requests.get(url + "/etc/passwd", timeout=5).status_code == 404
    assert requests.post(url + "/health", data=b"x", timeout=5).status_code == 404
    assert requests.post(url + "/registrations", data=b"no json", timeout=5).status_code == 400
    assert requests.post(url + "/registrations", json={"account": 1}, timeout=5).status_code == 400
    host, port = url.removeprefix("http://").split(":")
    for head, status in ((f"Content-Length: {MAX_BODY + 1}", b"413"), ("X-None: 1", b"411")):
        with socket.create_connection((host, int(port)), timeout=5) as raw:
            raw.sendall(f"POST /registrations HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
            assert raw.recv(100).split()[1] == status


def test_two_servers_do_not_share_a_port(url: str) -> None:
    with pytest.raises(ListenError, match="cannot listen on"):
        NodeServer(url.removeprefix("http://"), {})
    with pytest.raises(ListenError):
        NodeServer("127.0.0.1:many", {})


def test_a_request_waits_is_answered_and_forgotten(url: str, mailbox: Mailbox) -> None:
    peer = Peer(url)
    assert peer.approval(REQUEST) is None
    assert peer.approval(REQUEST) is None
    assert list(mailbox.waiting()) == [REQUEST]
    mailbox.refuse(REQUEST, "too far away")
    assert list(mailbox.waiting()) == []
    with pytest.raises(RefusedError, match="too far away"):
        peer.approval(REQUEST)
    (answer,) = mailbox.directory.glob("*.answer")
    later = answer.stat().st_mtime + REFUSAL_LASTS
    Mailbox(mailbox.directory, lambda: later).forget(0)
    assert answer.exists()
    Mailbox(mailbox.directory, lambda: later + 1).forget(0)
    assert peer.approval(REQUEST) is None


def test_a_mailbox_takes_only_so_many(mailbox: Mailbox) -> None:
    for number in range(MOST_WAITING + 1):
        plain = request_to_plain(REQUEST) | {"account": "0x" + f"{number:040x}"}
        answer = mailbox.post(json.dumps(plain).encode())
        assert answer.status == (202 if number < MOST_WAITING else 429)
    assert len(list(mailbox.waiting())) == MOST_WAITING
    newest = max(path.stat().st_mtime for path in mailbox.directory.glob("*.request"))
    assert not list(Mailbox(mailbox.directory, lambda: newest + WAITING_LASTS + 1).waiting())


def test_a_founder_that_answers_nonsense_is_named(url: str) -> None:
    with pytest.raises(PeerError, match="exceeds"):
        Peer(url).votes()
    assert Peer(url).statement(Commitment(b"\x03" * 32)) is None
    with pytest.raises(PeerError, match="no statement"):
        Peer(url).statement(Commitment(b"\x04" * 32))
    with pytest.raises(PeerError, match="no answer"):
        Peer("http://127.0.0.1:9").votes()


def test_one_state_one_process(tmp_path: Path) -> None:
    lock = StateLock(tmp_path / "state")
    with pytest.raises(StateInUseError, match="in use by process"):
        StateLock(tmp_path / "state")
    lock.release()
    StateLock(tmp_path / "state").release()
