"""One history on the embedded chain and on a real anvil process: the same calls, the same answers."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
from chain_scenarios import (
    ALL,
    ANVIL,
    EXPIRY,
    LOW,
    World,
    anvil,
    approvals,
    card,
    close_genesis,
    has_anvil,
    join,
    new_world,
    next_header,
    node_signer,
    word,
)

from bema_py.chain.approvals import approval_digest, recover_signer
from bema_py.chain.connection import Chain, connect, embedded
from bema_py.chain.deployment import open_contract
from bema_py.chain.errors import ChainUnreachableError, ContractRevertError, NoContractError, WrongChainError
from bema_py.chain.event_reader import read_events
from bema_py.chain.events import BatchRevealed, Event, RegularPartyRegistered
from bema_py.chain.signers import local_signer
from bema_py.core.merkle import merkle_proof, merkle_root
from bema_py.core.types import Commitment, PartyType

needs_anvil = [
    pytest.mark.tools,
    pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`"),
]


@pytest.fixture(scope="module")
def anvil_url() -> Iterator[str]:
    with anvil() as url:
        yield url


@pytest.fixture(params=["embedded", pytest.param("anvil", marks=needs_anvil)])
def world(request: pytest.FixtureRequest) -> World:
    url = request.getfixturevalue("anvil_url") if request.param == "anvil" else None
    return new_world(embedded() if url is None else connect(url))


def history(world: World) -> list[Event]:
    start = world.deployment.block_number
    return list(read_events(world.chain, world.contract.address, start, world.chain.head().number))


def test_the_whole_way_of_a_party_and_a_block(world: World) -> None:
    close_genesis(world)
    join(world, 2)
    contract, chain, founder = world.contract, world.chain, world.account(0)
    contract.revoke_approval(founder, 70)
    commitment = contract.batch_commitment(1, word(1), word(2), word(3))
    contract.commit_batch(founder, commitment)
    contract.reveal_batch(founder, word(1), word(2), word(3))
    leaves = [word(number) for number in range(1, 4)]
    header = next_header(world, 2, PartyType.REGULAR, root=merkle_root(leaves))
    done = contract.submit_block(world.account(2), header.encode(), word(7), 3)
    assert contract.tip().block_hash == header.hash() == done.event.block_hash
    assert contract.verify_inclusion(header.encode(), leaves[2], 2, 3, merkle_proof(leaves, 2))

    events = history(world)
    assert [type(each).__name__ for each in events] == [
        "OriginalPartyRegistered",
        "OriginalPartyRegistered",
        "GenesisClosed",
        "RegularPartyRegistered",
        "ApprovalRevoked",
        "BatchCommitted",
        "BatchRevealed",
        "BlockSubmitted",
    ]
    joined, revealed = events[3], events[6]
    assert isinstance(joined, RegularPartyRegistered)
    assert {each.signature for each in joined.approvals} == {each.signature for each in approvals(world, 2)}
    assert isinstance(revealed, BatchRevealed)
    assert revealed.commitment == commitment
    assert done.event == events[-1]
    assert chain.block_time(done.receipt.block_number) == events[-1].position.time


def test_refusals_before_and_after_sending_are_the_same(world: World) -> None:
    close_genesis(world)
    contract, founder = world.contract, world.account(0)
    header = next_header(world, 0, PartyType.NEITHER).encode()
    refused: list[tuple[str, Any, tuple[Any, ...]]] = [
        ("AlreadyRegistered", contract.register_original_party, (founder, card(1), LOW)),
        ("NoOpenCommitment", contract.reveal_batch, (founder, word(1), word(2), word(3))),
        ("ZeroCommitment", contract.commit_batch, (founder, Commitment(word(0)))),
        ("MinerInfoMismatch", contract.submit_block, (founder, header, word(7), 3)),
        ("NotRegistered", contract.commit_batch, (world.account(5), Commitment(word(1)))),
        (
            "TooFewApprovals",
            contract.register_regular_party,
            (world.account(2), card(3), ALL, ALL, approvals(world, 2)[:1]),
        ),
    ]
    for name, method, arguments in refused:
        for options in ({}, {"gas": 500_000}):
            with pytest.raises(ContractRevertError) as caught:
                method(*arguments, **options)
            assert caught.value.name == name


def test_a_reveal_right_after_its_commit_is_not_estimated_too_early(world: World) -> None:
    close_genesis(world)
    contract, founder = world.contract, world.account(0)
    for number in range(3):
        contract.commit_batch(founder, contract.batch_commitment(1, word(number), word(2), word(3)))
        contract.reveal_batch(founder, word(number), word(2), word(3))
    contract.commit_batch(founder, contract.batch_commitment(1, word(9), word(2), word(3)))
    number = world.chain.head().number
    assert world.chain.advance(EXPIRY).number == number + EXPIRY
    with pytest.raises(ContractRevertError, match="CommitmentExpired"):
        contract.reveal_batch(founder, word(9), word(2), word(3))


def test_signatures_of_node_and_keys(world: World) -> None:
    for approval in approvals(world, 2):
        chain_id, address = world.chain.chain_id, world.contract.address
        assert approval_digest(chain_id, address, approval) == world.contract.approval_digest(approval)
        assert recover_signer(chain_id, address, approval) == approval.signer


def test_a_key_of_ones_own_sends(world: World) -> None:
    signer = local_signer(b"\x42" * 32)
    funding = {"to": "0x" + signer.address.hex(), "value": 10**18, "gas": 21_000}
    node_signer(world.chain, 8).send(world.chain, funding)
    with pytest.raises(ContractRevertError, match="NotOriginalParty"):
        world.contract.revoke_approval(signer, 1, gas=200_000)
    with pytest.raises(ContractRevertError, match=r"GenesisStillOpen\(registered=0, required=2\)"):
        world.contract.commit_batch(signer, Commitment(word(1)))


def test_a_record_is_checked(world: World) -> None:
    record = world.deployment
    open_contract(world.chain, record)
    with pytest.raises(NoContractError):
        open_contract(world.chain, replace(record, address=world.account(3).address))
    with pytest.raises(WrongChainError):
        open_contract(world.chain, replace(record, chain_id=record.chain_id + 1))


def essence(event: Event) -> dict[str, Any]:
    """What must not depend on the chain that carries it."""
    bound_to_chain = {"position", "approvals", "genesis_hash", "commitment", "block_hash", "header"}
    return {each.name: getattr(event, each.name) for each in fields(event) if each.name not in bound_to_chain}


def told(chain: Chain) -> list[tuple[str, dict[str, Any], int]]:
    world = new_world(chain)
    close_genesis(world)
    join(world, 2)
    world.contract.revoke_approval(world.account(1), 3)
    events = history(world)
    return [(type(each).__name__, essence(each), each.position.log_index) for each in events]


@pytest.mark.tools
@pytest.mark.skipif(not has_anvil(), reason=f"anvil is not installed at {ANVIL}: run `make tools`")
class TestAnvil:
    def test_it_tells_the_same_story_as_the_embedded_chain(self, anvil_url: str) -> None:
        assert told(connect(anvil_url)) == told(embedded())

    def test_its_chain_id_is_read_and_compared(self, anvil_url: str) -> None:
        chain = connect(anvil_url)
        assert connect(anvil_url, expected_chain_id=chain.chain_id).chain_id == 31337
        with pytest.raises(WrongChainError, match="expected chain id 1, the node serves chain id 31337"):
            connect(anvil_url, expected_chain_id=1)

    def test_it_goes_away(self) -> None:
        with anvil() as url:
            chain = connect(url)
            assert chain.head().number == 0
        with pytest.raises(ChainUnreachableError, match="connection refused or lost"):
            chain.head()

    def test_blocks_that_come_by_themselves(self) -> None:
        with anvil("--block-time", "1") as url:
            world = new_world(connect(url))
            close_genesis(world)
            assert world.contract.genesis_closed()
