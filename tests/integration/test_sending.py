"""Transactions that offer too little, get lost, or fall out of the chain, on a real node."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chain_scenarios import ANVIL, anvil, close_genesis, has_anvil, new_world, node_signer, word

from bema_py.chain import following, nonce_gap, transactions
from bema_py.chain.call import Call, Receipt
from bema_py.chain.connection import Chain, connect
from bema_py.chain.contract import BemaContract
from bema_py.chain.errors import ChainUnreachableError, WaitTimeoutError
from bema_py.chain.following import Follower
from bema_py.chain.send_errors import FeeCapError, OutOfGasError, RevertedAfterReorganisationError
from bema_py.chain.send_policy import GWEI, SendPolicy
from bema_py.chain.signed import SignedTransaction
from bema_py.chain.signers import local_signer
from bema_py.chain.transactions import send
from bema_py.core.types import Address

KEY = b"\x44" * 32
TO = Address(b"\x23" * 20)
GIFT = Call("transfer", TO, b"", 7)

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "LOOK_ROUND", 0.1)
    monkeypatch.setattr(following, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(following, "TAKEN_FOR", 0.3)
    monkeypatch.setattr(nonce_gap, "MISSING_FOR", 0.3)


LOOKS: list[Follower] = []
"""Who has looked for a receipt, once for each look: from the first one on a sender knows over which block it sent."""


@pytest.fixture(autouse=True)
def _looks(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Follower._look

    def look(follower: Follower) -> Any:
        found = honest(follower)
        LOOKS.append(follower)
        return found

    monkeypatch.setattr(Follower, "_look", look)


@pytest.fixture
def in_a_block(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a sender has seen the receipt, and knows what it lost where the block goes."""
    seen = threading.Event()
    honest = Follower._is_confirmed

    def see(follower: Follower, receipt: Any) -> bool:
        confirmed = honest(follower, receipt)
        seen.set()
        return confirmed

    monkeypatch.setattr(Follower, "_is_confirmed", see)
    return seen


@pytest.fixture
def url() -> Iterator[str]:
    with anvil() as url:
        chain = connect(url)
        send(chain, node_signer(chain, 8), Call("transfer", local_signer(KEY).address, b"", 10**18))
        yield url


def opened(url: str, **policy: Any) -> Chain:
    return connect(url, policy=SendPolicy(**{"timeout": 60.0, "replace_after": 0.3, **policy}))


def without_mining(chain: Chain) -> None:
    chain.request("evm_setAutomine", [False])


def next_base_fee(chain: Chain, gwei: int) -> None:
    """Let the next block, which is mined at once, have this base fee."""
    chain.request("anvil_setNextBlockBaseFeePerGas", [hex(gwei * GWEI)])
    chain.request("evm_mine", [])


def mined(chain: Chain) -> int:
    """How many transactions of the account blocks hold."""
    return int(
        chain.request("eth_getTransactionCount", ["0x" + local_signer(KEY).address.hex(), "latest"]), 16
    )


def received(chain: Chain) -> int:
    return int(chain.request("eth_getBalance", ["0x" + TO.hex(), "latest"]), 16)


def transaction(chain: Chain, receipt: Receipt) -> dict[str, Any]:
    return dict(chain.request("eth_getTransactionByHash", ["0x" + receipt.transaction_hash.hex()]))


def pool(chain: Chain) -> list[dict[str, Any]]:
    """What of the account's waits for a block."""
    content = chain.request("txpool_content", [])
    waiting = {**content["pending"], **content["queued"]}
    return [each for account in waiting.values() for each in account.values()]


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def sending(chain: Chain, call: Call = GIFT) -> Iterator[Future[Receipt]]:
    """Send in the background, until the node has it."""
    with ThreadPoolExecutor(1) as background:
        LOOKS.clear()
        future = background.submit(send, chain, local_signer(KEY), call)
        until(lambda: LOOKS or future.done())
        yield future


def test_a_transaction_pays_what_recent_blocks_took_and_at_most_the_cap(url: str) -> None:
    chain = opened(url, max_fee=5 * GWEI)
    receipt = send(chain, local_signer(KEY), GIFT)
    made = transaction(chain, receipt)
    assert int(made["maxPriorityFeePerGas"], 16) == GWEI  # the only tip paid so far
    assert int(made["maxFeePerGas"], 16) <= 5 * GWEI
    fixed = opened(url, priority=3 * GWEI, max_fee=4 * GWEI)
    made = transaction(chain, send(fixed, local_signer(KEY), GIFT))
    assert (int(made["maxFeePerGas"], 16), int(made["maxPriorityFeePerGas"], 16)) == (4 * GWEI, 3 * GWEI)


def test_gas_is_the_estimate_and_the_margin(url: str) -> None:
    for margin, gas in ((0, 21_000), (50, 31_500)):
        chain = opened(url, gas_margin_percent=margin)
        assert int(transaction(chain, send(chain, local_signer(KEY), GIFT))["gas"], 16) == gas


@pytest.mark.parametrize("known", [True, False])
def test_a_call_that_ran_out_of_gas_is_estimated_and_sent_anew(
    url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, known: bool
) -> None:
    world = new_world(connect(url))
    close_genesis(world)
    founder, estimates = world.account(0), []
    honest = transactions._estimate

    def outdated(*asked: Any) -> int:
        estimates.append(honest(*asked))
        return estimates[-1] if len(estimates) > 1 else estimates[-1] * 3 // 4  # below what it takes

    monkeypatch.setattr(transactions, "_estimate", outdated)
    chain = opened(url, journal=tmp_path)
    contract = BemaContract(chain, world.contract.address)
    before = chain.transaction_count(founder.address, "latest")

    def commit() -> object:
        return contract.commit_batch(founder, contract.batch_commitment(1, word(1), word(2), word(3)))

    if not known:  # the process ends before it learns of the first one
        with monkeypatch.context() as patch:
            patch.setattr(Follower, "_look", lambda _: None)
            chain.policy = replace(chain.policy, timeout=0.1)
            with pytest.raises(WaitTimeoutError):
                commit()
        chain.policy = replace(chain.policy, timeout=60.0)
    commit()
    assert len(estimates) == 2
    assert chain.transaction_count(founder.address, "latest") == before + 2
    assert not list(tmp_path.rglob("*.json"))


def test_gas_that_the_caller_chose_is_not_raised(url: str) -> None:
    world = new_world(connect(url))
    close_genesis(world)
    contract = BemaContract(opened(url), world.contract.address)
    with pytest.raises(
        OutOfGasError, match="revokeApproval was not executed: 22500 units of gas were too few"
    ):
        contract.revoke_approval(world.account(0), 1, gas=22_500)


def test_a_base_fee_above_the_cap_is_waited_out_or_named(url: str) -> None:
    chain = opened(url, max_fee=50 * GWEI, timeout=0.5)
    without_mining(chain)
    next_base_fee(chain, 100)
    with pytest.raises(
        FeeCapError, match=r"after 0\.5 s the base fee is 87\.5 gwei, above the cap of 50 gwei"
    ) as caught:
        send(chain, local_signer(KEY), GIFT)
    assert caught.value.exit_code == 3
    assert pool(chain) == []

    patient = opened(url, max_fee=50 * GWEI)
    with ThreadPoolExecutor(1) as background:
        future = background.submit(send, patient, local_signer(KEY), GIFT)
        time.sleep(0.3)
        assert pool(chain) == []
        next_base_fee(chain, 10)
        until(lambda: pool(chain))
        chain.advance(1)
        assert future.result(60).block_number == chain.head().number


@pytest.mark.parametrize("node_keeps_the_key", [False, True])
def test_a_stuck_transaction_is_replaced_and_pays_more(url: str, node_keeps_the_key: bool) -> None:
    chain = opened(url)
    signer = node_signer(chain, 5) if node_keeps_the_key else local_signer(KEY)
    without_mining(chain)
    with ThreadPoolExecutor(1) as background:
        LOOKS.clear()
        future = background.submit(send, chain, signer, GIFT)
        until(lambda: LOOKS)
        (first,) = pool(chain)
        next_base_fee(chain, 200)
        until(lambda: pool(chain) and pool(chain)[0]["hash"] != first["hash"])
        (second,) = pool(chain)
        chain.advance(1)
        receipt = future.result(60)
    assert receipt.transaction_hash.hex() == second["hash"][2:]
    assert first["nonce"] == second["nonce"]
    for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
        assert int(second[fee], 16) * 8 >= int(first[fee], 16) * 9
    assert received(chain) == 7


def test_a_replacement_whose_answer_is_lost_is_found_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[bytes] = []
    honest = Chain._send_raw

    def lose(chain: Chain, signed: SignedTransaction) -> None:
        honest(chain, signed)
        sent.append(signed.raw)
        if len(sent) == 2:
            raise ChainUnreachableError(chain.url, "no answer in time")

    monkeypatch.setattr(Chain, "_send_raw", lose)
    chain = opened(url, replacements=1)
    without_mining(chain)
    with sending(chain) as future:
        next_base_fee(chain, 200)
        until(lambda: len(sent) >= 2)
        chain.advance(1)
        receipt = future.result(60)
    assert len(set(sent)) == 2
    assert (received(chain), mined(chain)) == (7, 1)
    assert receipt.block_number == chain.head().number


def test_the_first_transaction_counts_where_a_block_takes_it_after_all(url: str) -> None:
    chain = opened(url, replacements=1)
    without_mining(chain)
    with sending(chain) as future:
        (first,) = pool(chain)
        raw = chain.request("eth_getRawTransactionByHash", [first["hash"]])
        next_base_fee(chain, 200)
        until(lambda: pool(chain) and pool(chain)[0]["hash"] != first["hash"])
        # A builder that had the first one only.
        chain.request("anvil_dropAllTransactions", [])
        chain.request("anvil_setNextBlockBaseFeePerGas", [hex(GWEI)])
        chain.request("evm_mine", [])
        chain.request("anvil_dropAllTransactions", [])
        chain.request("eth_sendRawTransaction", [raw])
        chain.request("evm_mine", [])
        receipt = future.result(60)
    assert receipt.transaction_hash.hex() == first["hash"][2:]
    assert (received(chain), mined(chain)) == (7, 1)


def test_replacements_end_at_the_cap_and_at_their_number(url: str) -> None:
    for policy in ({"max_fee": 4 * GWEI, "priority": 4 * GWEI}, {"replacements": 0}):
        chain = opened(url, timeout=2.0, **policy)
        without_mining(chain)
        with sending(chain) as future:
            (first,) = pool(chain)
            next_base_fee(chain, 200)
            chain.request("evm_mine", [])
            offer = r"of transfer \(nonce 0, at most .* gwei\); .*the base fee is 1"
            said = f"waited 2 s for transaction {first['hash']} {offer}"
            with pytest.raises(WaitTimeoutError, match=said):
                future.result(60)
        assert {each["hash"] for each in pool(chain)} <= {first["hash"]}
        chain.request("anvil_dropAllTransactions", [])
        next_base_fee(chain, 1)


def test_a_transaction_that_the_node_forgot_is_sent_again(url: str) -> None:
    chain = opened(url, replace_after=60.0)
    without_mining(chain)
    with sending(chain) as future:
        (first,) = pool(chain)
        chain.request("anvil_dropAllTransactions", [])
        until(lambda: pool(chain))
        assert pool(chain)[0]["hash"] == first["hash"]
        chain.advance(1)
        assert future.result(60).transaction_hash.hex() == first["hash"][2:]


def test_a_receipt_counts_under_its_confirmations(url: str, in_a_block: threading.Event) -> None:
    chain = opened(url, confirmations=3)
    without_mining(chain)
    with sending(chain) as future:
        chain.advance(1)
        assert in_a_block.wait(60)
        chain.advance(1)
        in_a_block.clear()
        assert in_a_block.wait(60)
        assert not future.done()
        chain.advance(1)
        assert future.result(60).block_number == chain.head().number - 2


@pytest.mark.parametrize("depth", [1, 2])
def test_a_transaction_whose_block_is_reorganised_away_is_sent_again(
    url: str, in_a_block: threading.Event, depth: int
) -> None:
    chain = opened(url, confirmations=3, replace_after=60.0)
    without_mining(chain)
    with sending(chain) as future:
        (first,) = pool(chain)
        chain.advance(depth)
        assert in_a_block.wait(60)
        chain.request("anvil_reorg", [depth, []])
        until(lambda: pool(chain))
        assert pool(chain)[0]["hash"] == first["hash"]
        number = chain.head().number + 1
        chain.advance(3)
        receipt = future.result(60)
    assert (receipt.transaction_hash.hex(), receipt.block_number) == (first["hash"][2:], number)
    assert received(chain) == 7


def test_a_call_that_the_contract_refuses_after_a_reorganisation_is_not_sent_again(
    url: str, in_a_block: threading.Event
) -> None:
    world = new_world(connect(url))
    close_genesis(world)
    chain = opened(url, confirmations=2)
    contract = BemaContract(chain, world.contract.address)
    founder = world.account(0)
    world.contract.commit_batch(founder, world.contract.batch_commitment(1, word(1), word(2), word(3)))
    chain.advance(1)
    in_a_block.clear()
    with ThreadPoolExecutor(1) as background:
        future = background.submit(contract.reveal_batch, founder, word(1), word(2), word(3))
        assert in_a_block.wait(60)
        chain.request("anvil_reorg", [3, []])  # the commitment goes with it
        with pytest.raises(
            RevertedAfterReorganisationError,
            match="was reorganised away; now the contract refused revealBatch",
        ) as caught:
            future.result(60)
    assert caught.value.exit_code == 4
    assert pool(chain) == []


def test_a_nonce_that_another_machine_used_gives_the_call_another(url: str) -> None:
    chain = opened(url)
    without_mining(chain)
    with sending(chain) as future:
        (first,) = pool(chain)
        fees = {"maxFeePerGas": 50 * GWEI, "maxPriorityFeePerGas": 20 * GWEI}
        rival = {"to": "0x" + "99" * 20, "value": 1, "gas": 21_000, "nonce": int(first["nonce"], 16)}
        local_signer(KEY).send(chain, {**rival, **fees, "chainId": chain.chain_id})
        chain.advance(1)
        until(lambda: pool(chain))
        chain.advance(1)
        assert future.result(60).transaction_hash.hex() != first["hash"][2:]
    assert (received(chain), mined(chain)) == (7, 2)


@pytest.mark.parametrize("lost", [1, 2])
def test_what_waits_behind_nonces_that_the_chain_took_back_runs_all_the_same(
    url: str, tmp_path: Path, lost: int
) -> None:
    """Their outcomes were given, so nobody sends them again; nor does the node keep them for another block."""
    chain = opened(url, journal=tmp_path, replace_after=60.0)
    for _ in range(lost):
        send(chain, local_signer(KEY), GIFT)
    without_mining(chain)
    with sending(chain) as future:
        chain.request("anvil_reorg", [lost, []])
        assert (received(chain), mined(chain)) == (0, 0)
        until(lambda: chain.advance(1) and future.done())
        receipt = future.result(60)
    assert (received(chain), mined(chain)) == (7, lost + 1)
    assert transaction(chain, receipt)["nonce"] == hex(lost)
    # The next sender finds the empty payments in blocks, and the journal is as empty as ever.
    chain.request("evm_setAutomine", [True])
    send(chain, local_signer(KEY), GIFT)
    assert (received(chain), mined(chain)) == (14, lost + 2)
    assert not [*tmp_path.rglob("*.json")]


def test_threads_send_side_by_side_while_a_first_one_waits(url: str, tmp_path: Path) -> None:
    chain = opened(url, journal=tmp_path)
    without_mining(chain)
    signer = local_signer(KEY)
    with ThreadPoolExecutor(4) as background:
        futures = [background.submit(send, opened(url, journal=tmp_path), signer, GIFT) for _ in range(4)]
        until(lambda: len(pool(chain)) == 4)
        chain.advance(1)
        assert len({future.result(60).transaction_hash for future in futures}) == 4
    assert received(chain) == 28
    assert not [*tmp_path.rglob("*.json")]
