"""A sending process that is killed at each point of its way; the next one finds out what became of the transaction."""

import os
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from chain_scenarios import ANVIL, anvil, has_anvil, node_signer

from bema_py.chain.call import Call
from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import ChainUnreachableError, WaitTimeoutError
from bema_py.chain.following import Follower
from bema_py.chain.send_errors import SentJournalError
from bema_py.chain.send_policy import SendPolicy
from bema_py.chain.sent_journal import SentJournal
from bema_py.chain.signers import LocalSigner, local_signer
from bema_py.chain.transactions import send
from bema_py.core.types import Address

KEY = b"\x45" * 32
TO = Address(b"\x24" * 20)
GIFT = Call("transfer", TO, b"", 7)
OTHER = Call("transfer", TO, b"", 1000)
ACCOUNT = "0x" + local_signer(KEY).address.hex()

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]

POINTS = {
    "before it is signed": False,
    "while the journal is written": False,
    "after the journal": False,
    "after sending": True,
    "before the receipt": True,
    "with the receipt": True,
}
"""Each point, and whether the chain has the transaction there."""


@pytest.fixture(scope="module")
def node() -> Iterator[str]:
    with anvil() as url:
        yield url


@pytest.fixture
def url(node: str) -> Iterator[str]:
    """A node on which the account has ether, as before after each test."""
    chain = connect(node)
    kept = chain.request("evm_snapshot", [])
    send(chain, node_signer(chain, 8), Call("transfer", local_signer(KEY).address, b"", 10**18))
    yield node
    chain.request("anvil_dropAllTransactions", [])
    chain.request("evm_setAutomine", [True])
    chain.request("evm_revert", [kept])


def die(*_: object, **__: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("a killed process does not get here")


def dies_after(honest: Callable[..., object]) -> Callable[..., NoReturn]:
    def then_die(*arguments: object, **options: object) -> NoReturn:
        honest(*arguments, **options)
        die()

    return then_die


def arm(point: str) -> None:
    """Have this process killed at a point of its way."""
    match point:
        case "before it is signed":
            LocalSigner.send = die  # type: ignore[method-assign]
        case "while the journal is written":
            Path.replace = die  # type: ignore[method-assign]
        case "after the journal":
            Chain._send_raw = die  # type: ignore[method-assign]
        case "after sending":
            Chain._send_raw = dies_after(Chain._send_raw)  # type: ignore[method-assign]
        case "before the receipt":
            Follower.receipt = die  # type: ignore[method-assign]
        case "with the receipt":
            SentJournal.forget = die  # type: ignore[method-assign]


def started(url: str, journal: Path, point: str, value: int = GIFT.value) -> int:
    """Send in a process of its own; gives its id. It ends with 0, or with 1 where it resumed another's call."""
    child = os.fork()
    if child:
        return child
    try:
        arm(point)
        resumed = send(opened(url, journal), local_signer(KEY), Call("transfer", TO, b"", value)).resumed
        os._exit(int(resumed))
    finally:
        os._exit(70)


def killed(url: str, journal: Path, point: str, value: int = GIFT.value) -> None:
    _, status = os.waitpid(started(url, journal, point, value), 0)
    assert os.WIFSIGNALED(status)
    assert os.WTERMSIG(status) == signal.SIGKILL


def opened(url: str, journal: Path, **policy: Any) -> Chain:
    return connect(url, policy=SendPolicy(journal=journal, **{"timeout": 60.0, **policy}))


def received(chain: Chain) -> int:
    return int(chain.request("eth_getBalance", ["0x" + TO.hex(), "latest"]), 16)


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def sent_count(chain: Chain) -> int:
    return int(chain.request("eth_getTransactionCount", [ACCOUNT, "latest"]), 16)


def pending_count(chain: Chain) -> int:
    return int(chain.request("eth_getTransactionCount", [ACCOUNT, "pending"]), 16)


def files(journal: Path) -> list[Path]:
    return [each for each in journal.rglob("*") if each.is_file()]


@pytest.mark.parametrize("mining", [True, False])
@pytest.mark.parametrize("point", POINTS)
def test_the_same_call_runs_once(url: str, tmp_path: Path, point: str, mining: bool) -> None:
    chain = opened(url, tmp_path)
    if not mining and point != "with the receipt":
        chain.request("evm_setAutomine", [False])
    killed(url, tmp_path, point)
    chain.request("evm_setAutomine", [True])
    if POINTS[point] and not mining:
        chain.request("evm_mine", [])
    receipt = send(chain, local_signer(KEY), GIFT)
    assert receipt.resumed == (point not in {"before it is signed", "while the journal is written"})
    assert (received(chain), sent_count(chain)) == (7, 1)
    assert files(tmp_path) == []
    # What was told is told: the same call again is a new one.
    assert not send(chain, local_signer(KEY), GIFT).resumed
    assert (received(chain), sent_count(chain)) == (14, 2)


@pytest.mark.parametrize("point", POINTS)
def test_another_call_comes_after_what_the_chain_has_and_in_the_place_of_what_it_never_had(
    url: str, tmp_path: Path, point: str
) -> None:
    chain = opened(url, tmp_path)
    killed(url, tmp_path, point)
    assert not send(chain, local_signer(KEY), OTHER).resumed
    arrived = POINTS[point]
    assert (received(chain), sent_count(chain)) == (1007 if arrived else 1000, 2 if arrived else 1)
    assert files(tmp_path) == []


def test_what_several_killed_processes_left_is_settled_in_order(url: str, tmp_path: Path) -> None:
    chain, living = opened(url, tmp_path), []
    chain.request("evm_setAutomine", [False])
    for number, value in enumerate((1, 2, GIFT.value), start=1):
        living.append(started(url, tmp_path, "never", value))
        until(lambda: pending_count(chain) == number)  # noqa: B023 - called before the next round
    for each in living:
        os.kill(each, signal.SIGKILL)
        os.waitpid(each, 0)
    # The node forgets all of them: the first ones hold up the nonces after them.
    chain.request("anvil_dropAllTransactions", [])
    chain.request("evm_setIntervalMining", [1])
    try:
        receipt = send(chain, local_signer(KEY), GIFT)
    finally:
        chain.request("evm_setIntervalMining", [0])
    assert receipt.resumed
    assert (received(chain), sent_count(chain)) == (1 + 2 + 7, 3)
    assert files(tmp_path) == []


def test_a_nonce_that_went_to_another_meanwhile_is_given_up(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bema_py.chain.following.TAKEN_FOR", 0.2)
    killed(url, tmp_path, "after the journal")
    elsewhere = connect(url)
    send(elsewhere, local_signer(KEY), OTHER)
    chain = opened(url, tmp_path)
    assert not send(chain, local_signer(KEY), GIFT).resumed
    assert (received(chain), sent_count(chain)) == (1007, 2)


def test_a_living_process_keeps_its_own_and_what_it_holds_is_its_owners_alone(
    url: str, tmp_path: Path
) -> None:
    chain = opened(url, tmp_path)
    chain.request("evm_setAutomine", [False])
    living = started(url, tmp_path, "never")
    until(lambda: pending_count(chain) == 1)
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert KEY.hex() not in file.read_text()
    chain.request("evm_setAutomine", [True])
    # Another process with the same call and key is no interrupted run of it, so it makes a payment of its own.
    assert not send(chain, local_signer(KEY), GIFT).resumed
    assert os.waitpid(living, 0)[1] == 0
    assert (received(chain), sent_count(chain)) == (14, 2)
    assert files(tmp_path) == []


def test_who_stopped_waiting_goes_on_waiting_with_the_same_call(url: str, tmp_path: Path) -> None:
    chain = opened(url, tmp_path, timeout=0.5)
    chain.request("evm_setAutomine", [False])
    for _ in range(2):
        with pytest.raises(WaitTimeoutError, match=r"waited 0\.5 s for transaction 0x"):
            send(chain, local_signer(KEY), GIFT)
    chain.request("evm_mine", [])
    assert send(chain, local_signer(KEY), GIFT).resumed
    assert (received(chain), sent_count(chain)) == (7, 1)


def test_a_journal_of_another_chain_is_left_alone(url: str, tmp_path: Path) -> None:
    killed(url, tmp_path, "after the journal")
    with anvil() as other:
        chain = opened(other, tmp_path)
        send(chain, node_signer(chain, 8), Call("transfer", local_signer(KEY).address, b"", 10**18))
        assert not send(chain, local_signer(KEY), GIFT).resumed
    assert send(opened(url, tmp_path), local_signer(KEY), GIFT).resumed


def test_nothing_is_sent_where_the_journal_cannot_be_written_or_read(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    chain = opened(url, tmp_path / "file")
    with pytest.raises(SentJournalError, match="Not a directory") as caught:
        send(chain, local_signer(KEY), GIFT)
    assert caught.value.exit_code == 3
    killed(url, tmp_path, "after the journal")
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text("{}")
    with pytest.raises(SentJournalError, match=r"cannot be read .* move it away to go on"):
        send(opened(url, tmp_path), local_signer(KEY), GIFT)
    assert sent_count(chain) == 0


def test_a_chain_out_of_reach_is_waited_for_and_the_outcome_is_not_lost(tmp_path: Path) -> None:
    with anvil("--no-mining", "--dump-state", str(tmp_path / "state.json")) as url:
        chain = opened(url, tmp_path / "sent", timeout=2.0)
        chain.request("anvil_setBalance", [ACCOUNT, hex(10**18)])
        killed(url, tmp_path / "sent", "after sending")
    with pytest.raises(ChainUnreachableError):
        send(chain, local_signer(KEY), GIFT)
    assert len(files(tmp_path / "sent")) == 1
