"""Deployment records: written, read strictly, and compared with the chain."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chain_scenarios import ALL, HIGH, LOW, RULES, World, new_world, node_signer

from bema_py.chain.abi import artifact
from bema_py.chain.connection import Chain, embedded
from bema_py.chain.deployment import code_hash, deploy, open_contract
from bema_py.chain.deployment_file import (
    deployment_from_plain,
    deployment_to_plain,
    load_deployment,
    save_deployment,
)
from bema_py.chain.errors import (
    ContractRevertError,
    NoContractError,
    PlainFormError,
    RecordFileError,
    WrongChainError,
    WrongContractError,
)
from bema_py.chain.hashes import EthereumHash
from bema_py.chain.parameters import Parameters
from bema_py.core.types import Address, BlockHash, Digest


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One world for the whole module: nothing here changes what another test reads."""
    with embedded() as chain:
        yield new_world(chain)


def test_a_record_says_all_that_was_deployed(world: World) -> None:
    record = world.deployment
    assert (record.chain_id, record.block_number) == (world.chain.chain_id, 1)
    assert record.rules_digest == RULES
    assert record.genesis_hash == world.contract.genesis_hash()
    assert [each.held_classes for each in record.founders] == [LOW, HIGH]
    assert [each.account for each in record.founders] == [world.account(0).address, world.account(1).address]


def test_the_code_hash_is_that_of_the_compiled_contract(world: World) -> None:
    code = world.chain.code(world.contract.address)
    assert code != artifact().runtime
    assert world.deployment.code_hash == code_hash(code) == code_hash(artifact().runtime)
    other = new_world(world.chain)
    assert other.deployment.code_hash == world.deployment.code_hash
    assert other.deployment.genesis_hash != world.deployment.genesis_hash
    assert code_hash(code[:-1] + bytes([code[-1] ^ 1])) != world.deployment.code_hash


def test_a_record_survives_its_file(world: World, tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    save_deployment(world.deployment, path)
    assert load_deployment(path) == world.deployment
    assert [each.name for each in tmp_path.iterdir()] == ["deployment.json"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda plain: plain.update(more=1), "more is unknown"),
        (lambda plain: plain.pop("code_hash"), "code_hash is missing"),
        (lambda plain: plain.update(version=2), "this program reads 1"),
        (lambda plain: plain.update(founders={}), "founders: no list"),
        (lambda plain: plain["founders"][1].pop("account"), r"founders\[1\]: account is missing"),
        (lambda plain: plain["parameters"].update(classes=True), "no integer"),
        (lambda plain: plain["parameters"].update(classes=1 << 16), "outside"),
        (lambda plain: plain.update(address="0x00"), "1 bytes, not 20"),
    ],
)
def test_a_record_is_read_strictly(world: World, change: Callable[[Any], None], problem: str) -> None:
    plain = json.loads(json.dumps(deployment_to_plain(world.deployment)))
    change(plain)
    with pytest.raises(PlainFormError, match=problem):
        deployment_from_plain(plain)


def test_files_that_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    with pytest.raises(RecordFileError, match="No such file") as caught:
        load_deployment(path)
    assert caught.value.exit_code == 2
    path.write_text("nothing")
    with pytest.raises(RecordFileError, match="no JSON"):
        load_deployment(path)
    path.write_bytes(b" " * (1 << 20) + b"1")
    with pytest.raises(RecordFileError, match="larger than"):
        load_deployment(path)


def test_another_chain(world: World) -> None:
    with pytest.raises(WrongChainError, match="expected chain id 1, the node serves") as caught:
        open_contract(world.chain, replace(world.deployment, chain_id=1))
    assert (caught.value.expected, caught.value.actual) == (1, world.chain.chain_id)
    assert caught.value.exit_code == 3


def test_no_contract_at_the_address(world: World) -> None:
    address = Address(b"\x01" * 20)
    with pytest.raises(NoContractError, match="no contract at 0x0101") as caught:
        open_contract(world.chain, replace(world.deployment, address=address))
    assert (caught.value.address, caught.value.exit_code) == (address, 3)


def test_another_contract_at_the_address(world: World) -> None:
    record = world.deployment
    parameters: Parameters = replace(record.parameters, target=5)
    for changed, what in (
        (replace(record, code_hash=Digest(bytes(32))), "code hash"),
        (replace(record, genesis_hash=BlockHash(bytes(32))), "genesis hash"),
        (replace(record, parameters=parameters), "target"),
        (replace(record, address=new_world(world.chain).contract.address), "genesis hash"),
    ):
        with pytest.raises(WrongContractError, match=f"has {what} .*, the record says") as caught:
            open_contract(world.chain, changed)
        assert caught.value.what == what
    open_contract(world.chain, replace(record, transaction_hash=EthereumHash(bytes(32))))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"classes": 1}, "ClassCountOutOfRange"),
        ({"classes": 257}, "ClassCountOutOfRange"),
        ({"approvals_per_class": 0}, "ApprovalsPerClassOutOfRange"),
        ({"commitment_expiry": 0}, "CommitmentExpiryOutOfRange"),
        ({"target": 0}, "TargetOutOfRange"),
        ({"max_target": (1 << 250) - 1}, "TargetOutOfRange"),
        ({"block_spacing": 0}, "BlockSpacingOutOfRange"),
        ({"retarget_interval": 3}, "RetargetIntervalOutOfRange"),
        ({"easing_spacings": 0}, "EasingSpacingsOutOfRange"),
        ({"challenge_window": 0}, "ChallengeWindowOutOfRange"),
        ({"quorum": 0}, "QuorumOutOfRange"),
        ({"quorum": 2}, "QuorumOutOfRange"),
        ({"bond": 1, "max_reward_per_block": 2}, "BondOutOfRange"),
        ({"founders": []}, "NoOriginalParty"),
        ({"founders": [(Address(bytes(20)), ALL)]}, "ZeroAccount"),
        ({"founders": [(Address(b"\1" * 20), ALL)] * 2}, "AccountListedTwice"),
        ({"founders": [(Address(b"\1" * 20), LOW)]}, "HeldClassesNotCovered"),
        ({"founders": [(Address(b"\1" * 20), ALL | 1 << 10)]}, "ClassOutOfRange"),
    ],
)
def test_deployments_that_the_constructor_refuses(chain: Chain, change: dict[str, Any], name: str) -> None:
    good: dict[str, Any] = {
        "rules_digest": RULES,
        "classes": 10,
        "approvals_per_class": 1,
        "commitment_expiry": 5,
        "target": 1 << 250,
        "max_target": 1 << 252,
        "block_spacing": 600,
        "challenge_window": 3600,
        "quorum": 1,
        "founders": [(Address(b"\1" * 20), ALL)],
    }
    with pytest.raises(ContractRevertError, match=f"the contract refused constructor: {name}") as caught:
        values = {**good, **change}
        founders = values.pop("founders")
        deploy(chain, node_signer(chain, 0), Parameters(**values), founders)
    assert caught.value.name == name
