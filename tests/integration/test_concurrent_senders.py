"""Several senders with one key: each of their transactions is sent once, with a nonce of its own."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from chain_scenarios import ANVIL, anvil, has_anvil, node_signer

from bema_py.chain.account_lock import sending_turn
from bema_py.chain.call import Call
from bema_py.chain.connection import Chain, connect
from bema_py.chain.errors import AccountBusyError, ChainResponseError
from bema_py.chain.signed import Transaction
from bema_py.chain.signers import LocalSigner, local_signer
from bema_py.chain.transactions import ATTEMPTS, send
from bema_py.core.types import Address

KEY = b"\x43" * 32
TO = Address(b"\x22" * 20)

pytestmark = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


def transfers(url: str, count: int) -> list[bytes]:
    chain, signer = connect(url), local_signer(KEY)
    return [send(chain, signer, Call("transfer", TO, b"", 1)).transaction_hash for _ in range(count)]


def funded(url: str) -> Chain:
    chain = connect(url)
    send(chain, node_signer(chain, 8), Call("transfer", local_signer(KEY).address, b"", 10**18))
    return chain


def balance(chain: Chain, account: Address) -> int:
    return int(chain.request("eth_getBalance", ["0x" + account.hex(), "latest"]), 16)


def sent_count(chain: Chain) -> int:
    account = "0x" + local_signer(KEY).address.hex()
    return int(chain.request("eth_getTransactionCount", [account, "latest"]), 16)


def test_threads_and_processes_with_one_key() -> None:
    with anvil("--block-time", "1") as url:
        chain = funded(url)
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(2, spawn) as processes, ThreadPoolExecutor(4) as threads:
            work = [pool.submit(transfers, url, 3) for pool in (processes, threads) for _ in range(2)]
            hashes = [each for done in work for each in done.result()]
        assert len(set(hashes)) == 12
        assert balance(chain, TO) == sent_count(chain) == 12


class Overtaken(LocalSigner):
    """A key whose nonce a sender elsewhere takes, this many times, between our choice and our sending."""

    times = 1

    def send(self, chain: Chain, transaction: Transaction) -> bytes:  # type: ignore[override]
        if self.times:
            self.times -= 1
            super().send(chain, {**transaction, "value": 1000})
        return super().send(chain, transaction)


def overtaken(times: int) -> Overtaken:
    signer = Overtaken(local_signer(KEY)._account)
    signer.times = times
    return signer


def test_a_nonce_taken_elsewhere_is_chosen_again_a_bounded_number_of_times() -> None:
    with anvil() as url:
        chain = funded(url)
        send(chain, overtaken(2), Call("transfer", TO, b"", 1))
        assert (balance(chain, TO), sent_count(chain)) == (2001, 3)
        with pytest.raises(ChainResponseError, match="nonce too low"):
            send(chain, overtaken(ATTEMPTS), Call("transfer", TO, b"", 1))
        assert balance(chain, TO) == 2001 + 1000 * ATTEMPTS


def test_an_account_that_is_kept_names_its_holder() -> None:
    busy = pytest.raises(AccountBusyError, match=f"process {os.getpid()} is sending from 0x{TO.hex()}")
    with sending_turn(7, TO, 1.0), sending_turn(8, TO, 1.0), busy, sending_turn(7, TO, 0.1):
        pass
    with sending_turn(7, TO, 0.1):
        pass
