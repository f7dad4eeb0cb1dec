"""The embedded chain: the same requests give the same blocks."""

import pytest
from chain_scenarios import close_genesis, new_world, word

from bema_py.chain.connection import Chain, embedded
from bema_py.chain.embedded import GENESIS_TIME
from bema_py.chain.errors import BlockMissingError, ChainResponseError

GENESIS_HASH = "0d1fc50a3aa32a0f5380db59c75fe2d0d59c3f8f01c6c0233bbb8ea0804e9579"
FIRST_ACCOUNT = "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def test_the_genesis_block_is_fixed(chain: Chain) -> None:
    head = chain.head()
    assert (head.number, head.timestamp, head.hash.hex()) == (0, GENESIS_TIME, GENESIS_HASH)


def test_the_development_accounts_are_those_of_the_mnemonic(chain: Chain) -> None:
    accounts = chain.accounts()
    assert len(accounts) == len(set(accounts)) == 40
    assert accounts[0].hex() == FIRST_ACCOUNT


def test_two_chains_with_the_same_requests_are_equal_block_for_block(chain: Chain) -> None:
    other = embedded()
    for each in (chain, other):
        close_genesis(new_world(each))
        each.advance(3)
    assert chain.head().number == 6
    assert [chain.block(number) for number in range(7)] == [other.block(number) for number in range(7)]


def test_the_clock_runs_a_second_a_block(chain: Chain) -> None:
    chain.advance(4)
    assert [chain.block_time(number) - GENESIS_TIME for number in range(5)] == [0, 1, 2, 3, 4]


def test_a_block_that_does_not_exist(chain: Chain) -> None:
    with pytest.raises(BlockMissingError, match="no block 7") as caught:
        chain.block(7)
    assert caught.value.number == 7


@pytest.mark.parametrize("method", ["evm_mine", "evm_revert", "testing_timeTravel", "eth_unknown"])
def test_nothing_changes_the_chain_past_the_journal(chain: Chain, method: str) -> None:
    with pytest.raises(ChainResponseError, match="Unknown RPC Endpoint"):
        chain.request(method, ["0x1"])


def test_an_unknown_account_cannot_send(chain: Chain) -> None:
    stranger = "0x" + word(1).hex()[24:]
    with pytest.raises(ChainResponseError):
        chain.request(
            "eth_sendTransaction", [{"from": stranger, "to": stranger, "value": "0x1", "gas": "0x5208"}]
        )
    with pytest.raises(ChainResponseError, match="no key of account"):
        chain.request("eth_signTypedData_v4", [stranger, {}])
    assert chain.head().number == 0
