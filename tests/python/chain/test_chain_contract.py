"""Every function of the contract through its typed method, and every refusal by name with its values."""

from dataclasses import replace
from typing import Any

import pytest
from chain_scenarios import (
    ALL,
    EXPIRY,
    FAR,
    HIGH,
    LOW,
    RULES,
    TARGET,
    World,
    approvals,
    card,
    join,
    next_header,
    word,
)

from bema_py.chain.commitments import batch_commitment
from bema_py.chain.connection import Chain
from bema_py.chain.contract import Tip
from bema_py.chain.errors import (
    ApprovalMismatchError,
    CallArgumentError,
    ChainResponseError,
    ContractRevertError,
    is_error,
)
from bema_py.chain.events import GenesisClosed
from bema_py.chain.send_errors import OutOfGasError
from bema_py.core.header import genesis_hash
from bema_py.core.merkle import merkle_proof, merkle_root
from bema_py.core.types import Commitment, PartyType

SALT = word(99)


def test_parameters_and_the_genesis_phase(world: World) -> None:
    contract, chain = world.contract, world.chain
    parameters = contract.parameters()
    assert parameters == world.deployment.parameters
    assert (parameters.rules_digest, parameters.classes, parameters.target) == (RULES, 10, TARGET)
    assert contract.genesis_hash() == genesis_hash(chain.chain_id, contract.address, RULES)
    assert not contract.genesis_closed()
    assert contract.party_of(world.account(0).address) is None

    first = contract.register_original_party(world.account(0), card(1), LOW)
    assert (first.event.party, first.event.account) == (1, world.account(0).address)
    assert (first.event.held_classes, first.event.label_space) == (LOW, LOW)
    second = contract.register_original_party(world.account(1), card(2), ALL)
    closed = second.receipt.events[-1]
    assert isinstance(closed, GenesisClosed)
    assert closed.genesis_hash == contract.genesis_hash()
    assert contract.genesis_closed()
    assert (contract.party_of(world.account(1).address), contract.party_count()) == (2, 2)
    assert contract.tip() == Tip(contract.genesis_hash(), 0, second.receipt.block_time)


def test_registering_twice_is_refused_with_the_party(open_world: World) -> None:
    with pytest.raises(ContractRevertError) as caught:
        open_world.contract.register_original_party(open_world.account(0), card(1), LOW)
    account = open_world.account(0).address
    assert str(caught.value) == (
        f"the contract refused registerOriginalParty: AlreadyRegistered(account=0x{account.hex()}, party=1)"
    )
    assert caught.value.values == {"account": account, "party": 1}
    assert caught.value.exit_code == 4
    assert is_error(caught.value, "AlreadyRegistered")
    assert not is_error(caught.value, "TooFewApprovals")


def test_a_failed_transaction_is_replayed_for_its_reason(open_world: World) -> None:
    before = open_world.chain.head().number
    with pytest.raises(ContractRevertError, match=r"AlreadyRegistered\(.*party=1\)"):
        open_world.contract.register_original_party(open_world.account(0), card(1), LOW, gas=300_000)
    assert open_world.chain.head().number == before + 1


def test_too_little_gas_is_no_reason_of_the_contract(open_world: World) -> None:
    before = open_world.chain.head().number
    with pytest.raises(
        OutOfGasError, match="revokeApproval was not executed: 22500 units of gas were too few"
    ):
        open_world.contract.revoke_approval(open_world.account(0), 1, gas=22_500)
    assert open_world.chain.head().number == before + 1


def test_a_failure_is_known_where_the_node_refuses_the_replay(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = Chain.request

    def forgetful(chain: Chain, method: str, parameters: list[Any]) -> Any:
        if method == "eth_call":
            raise ChainResponseError(chain.url, "missing trie node")
        return honest(chain, method, parameters)

    monkeypatch.setattr(Chain, "request", forgetful)
    with pytest.raises(ContractRevertError, match="NoReason"):
        open_world.contract.register_original_party(open_world.account(0), card(1), LOW, gas=300_000)


def test_joining_takes_approvals_in_any_order(open_world: World) -> None:
    contract, joining = open_world.contract, open_world.account(2)
    signed = approvals(open_world, 2)
    done = contract.register_regular_party(joining, card(3), ALL, ALL, [*reversed(signed)])
    assert done.event.party == 3
    ascending = sorted(signed, key=lambda each: each.signer)
    assert [each.signature for each in done.event.approvals] == [each.signature for each in ascending]


def test_approvals_must_cover_every_held_class(open_world: World) -> None:
    with pytest.raises(ContractRevertError) as caught:
        open_world.contract.register_regular_party(
            open_world.account(2), card(3), ALL, ALL, approvals(open_world, 2)[:1]
        )
    assert caught.value.name == "TooFewApprovals"
    assert caught.value.values == {"classesMissing": HIGH, "required": 1}


def test_an_approval_for_another_party_is_named_before_anything_is_sent(open_world: World) -> None:
    for_another = approvals(open_world, 3)
    with pytest.raises(ApprovalMismatchError, match="the approval is for account") as caught:
        open_world.contract.register_regular_party(open_world.account(2), card(3), ALL, ALL, for_another)
    assert caught.value.exit_code == 4


def test_the_contract_itself_refuses_an_approval_for_another_party(open_world: World) -> None:
    account = open_world.account(2).address
    relabelled = [replace(each, account=account) for each in approvals(open_world, 3)]
    with pytest.raises(ContractRevertError) as caught:
        open_world.contract.register_regular_party(open_world.account(2), card(3), ALL, ALL, relabelled)
    assert caught.value.name in {"SignerNotOriginalParty", "SignersNotAscending"}


def test_revoked_used_and_expired_approvals(open_world: World) -> None:
    contract = open_world.contract
    signed = approvals(open_world, 2, nonce=7)
    done = contract.revoke_approval(open_world.account(0), 7)
    assert (done.event.signer, done.event.nonce) == (open_world.account(0).address, 7)
    with pytest.raises(ContractRevertError) as caught:
        contract.register_regular_party(open_world.account(2), card(3), ALL, ALL, signed)
    assert caught.value.name == "ApprovalNonceUsed"
    assert caught.value.values == {"signer": open_world.account(0).address, "nonce": 7}
    old = approvals(open_world, 2, deadline=open_world.chain.head().timestamp)
    with pytest.raises(ContractRevertError, match="ApprovalExpired"):
        contract.register_regular_party(open_world.account(2), card(3), ALL, ALL, old)


def test_a_batch_is_committed_and_revealed(open_world: World) -> None:
    contract, founder = open_world.contract, open_world.account(0)
    commitment = batch_commitment(open_world.chain.chain_id, contract.address, 1, word(1), word(2), SALT)
    assert contract.batch_commitment(1, word(1), word(2), SALT) == commitment
    committed = contract.commit_batch(founder, commitment)
    assert (committed.event.party, committed.event.commitment) == (1, commitment)
    assert contract.reveal_of(commitment) is None
    with pytest.raises(ContractRevertError, match="CommitmentOpen"):
        contract.commit_batch(founder, Commitment(word(8)))
    with pytest.raises(ContractRevertError, match="CommitmentMismatch"):
        contract.reveal_batch(founder, word(1), word(2), word(3))
    revealed = contract.reveal_batch(founder, word(1), word(2), SALT)
    reveal = contract.reveal_of(commitment)
    assert reveal is not None
    assert (reveal.party, reveal.time) == (1, revealed.receipt.block_time)
    with pytest.raises(ContractRevertError, match=r"NoOpenCommitment\(party=1\)"):
        contract.reveal_batch(founder, word(1), word(2), SALT)
    with pytest.raises(ContractRevertError, match="CommitmentAlreadyRevealed"):
        contract.commit_batch(founder, commitment)


def test_a_commitment_expires(open_world: World) -> None:
    contract, founder = open_world.contract, open_world.account(0)
    commitment = contract.batch_commitment(1, word(1), word(2), SALT)
    committed = contract.commit_batch(founder, commitment)
    open_world.chain.advance(EXPIRY)
    with pytest.raises(ContractRevertError) as caught:
        contract.reveal_batch(founder, word(1), word(2), SALT)
    assert caught.value.name == "CommitmentExpired"
    latest = committed.receipt.block_number + EXPIRY
    assert caught.value.values == {"blockNumber": latest + 1, "latest": latest}


def test_a_block_joins_the_chain(open_world: World) -> None:
    join(open_world, 2)
    contract = open_world.contract
    for height, (miner, kind) in enumerate(
        [(0, PartyType.ORIGINAL), (2, PartyType.REGULAR), (5, PartyType.NEITHER)], start=1
    ):
        header = next_header(open_world, miner, kind)
        done = contract.submit_block(open_world.account(miner), header.encode(), word(7), 3)
        event = done.event
        assert (event.height, event.block_hash, event.header) == (height, header.hash(), header.encode())
        assert (event.body_digest, event.leaf_count, event.target) == (word(7), 3, TARGET)
        assert contract.tip() == Tip(header.hash(), height, done.receipt.block_time)


def test_blocks_that_are_refused(open_world: World) -> None:
    contract, miner = open_world.contract, open_world.account(0)
    good = next_header(open_world, 0, PartyType.ORIGINAL)
    now = open_world.chain.head().timestamp
    refusals = {
        "HeaderLength": (good.encode()[:-1], word(7), 3),
        "ZeroBodyDigest": (good.encode(), word(0), 3),
        "LeafCountOutOfRange": (good.encode(), word(7), 0),
        "ParentNotTip": (next_header(open_world, 0, PartyType.ORIGINAL, parent=word(4)).encode(), word(7), 3),
        "TimestampOutOfRange": (
            next_header(open_world, 0, PartyType.ORIGINAL, timestamp=now + 100).encode(),
            word(7),
            3,
        ),
        "MinerInfoMismatch": (next_header(open_world, 0, PartyType.NEITHER).encode(), word(7), 3),
        "WorkTooLow": (replace(good, nonce=_bad_nonce(good)).encode(), word(7), 3),
    }
    for name, arguments in refusals.items():
        with pytest.raises(ContractRevertError) as caught:
            contract.submit_block(miner, *arguments)
        assert caught.value.name == name
    contract.submit_block(miner, good.encode(), word(7), 3)
    with pytest.raises(ContractRevertError) as caught:
        contract.submit_block(miner, good.encode(), word(7), 3)
    assert caught.value.name in {"ParentNotTip", "BlockAlreadyAccepted"}


def test_inclusion(open_world: World) -> None:
    contract = open_world.contract
    leaves = [word(number) for number in range(1, 6)]
    header = next_header(open_world, 0, PartyType.ORIGINAL, root=merkle_root(leaves))
    with pytest.raises(ContractRevertError, match="BlockUnknown"):
        contract.verify_inclusion(header.encode(), leaves[0], 0, 5, merkle_proof(leaves, 0))
    contract.submit_block(open_world.account(0), header.encode(), word(7), 5)
    for index, leaf in enumerate(leaves):
        assert contract.verify_inclusion(header.encode(), leaf, index, 5, merkle_proof(leaves, index))
    assert not contract.verify_inclusion(header.encode(), word(9), 0, 5, merkle_proof(leaves, 0))
    with pytest.raises(ContractRevertError, match=r"ProofDepth\(given=2, required=3\)"):
        contract.verify_inclusion(header.encode(), leaves[0], 0, 5, merkle_proof(leaves, 0)[:-1])
    with pytest.raises(ContractRevertError, match=r"IndexOutOfRange\(index=5, leafCount=5\)"):
        contract.verify_inclusion(header.encode(), leaves[0], 5, 5, merkle_proof(leaves, 0))


def test_a_class_outside_the_rules_is_refused(world: World) -> None:
    with pytest.raises(ContractRevertError, match="ClassOutOfRange"):
        world.contract.register_original_party(world.account(0), card(1), LOW | 1 << 10)


@pytest.mark.parametrize("mask", [-1, 1 << 256])
def test_a_value_its_type_cannot_hold(world: World, mask: int) -> None:
    with pytest.raises(CallArgumentError, match="registerOriginalParty") as caught:
        world.contract.register_original_party(world.account(0), card(1), mask)
    assert caught.value.exit_code == 2


def test_who_is_not_registered_cannot_commit(open_world: World) -> None:
    with pytest.raises(ContractRevertError, match="NotRegistered"):
        open_world.contract.commit_batch(open_world.account(4), Commitment(word(1)))
    with pytest.raises(ContractRevertError, match="NotOriginalParty"):
        open_world.contract.revoke_approval(open_world.account(4), FAR)


def _bad_nonce(header: object) -> int:
    nonce = 0
    while int.from_bytes(replace(header, nonce=nonce).hash(), "big") < TARGET:  # type: ignore[type-var]
        nonce += 1
    return nonce
