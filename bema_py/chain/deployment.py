"""Putting the contract on a chain, and recognising it there again.

What needs a chain is imported where it is used: who reads a record, as auditors' processes do, does not wait for web3.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from bema_py.chain.abi import CONSTRUCTOR, artifact, encode_call
from bema_py.chain.errors import NoContractError, ResultError, WrongChainError, WrongContractError
from bema_py.chain.parameters import Parameters
from bema_py.core.types import Address, BlockHash, Digest, hex0x

if TYPE_CHECKING:
    from bema_py.chain.connection import Chain
    from bema_py.chain.contract import BemaContract
    from bema_py.chain.hashes import EthereumHash
    from bema_py.chain.signers import Signer


@dataclass(frozen=True)
class Founder:
    """An original party as the deployer lists it."""

    account: Address
    held_classes: int


@dataclass(frozen=True)
class Deployment:
    """All that is needed to find a deployed contract again and to know that it is the same.

    `code_hash` is that of `code_hash()`: equal for every deployment of one source, so an auditor compares it
    with a contract compiled by itself. `block_number` is where its history starts.
    """

    chain_id: int
    address: Address
    block_number: int
    transaction_hash: EthereumHash
    genesis_hash: BlockHash
    code_hash: Digest
    parameters: Parameters
    founders: tuple[Founder, ...]

    @property
    def rules_digest(self) -> Digest:
        """The digest of the rules object to which the contract is bound."""
        return self.parameters.rules_digest


def deploy(
    chain: Chain, signer: Signer, parameters: Parameters, founders: Sequence[tuple[Address, int]]
) -> Deployment:
    """Deploy the contract for these founders (account, held-class mask).

    They get the party ids 1, 2, ... in this order. Raises `ContractRevertError` for parameters or founders
    that the constructor refuses.
    """
    from bema_py.chain.call import Call  # noqa: PLC0415 - loads web3
    from bema_py.chain.contract import BemaContract  # noqa: PLC0415 - as above
    from bema_py.chain.transactions import send  # noqa: PLC0415 - as above

    listed = tuple(Founder(account, held) for account, held in founders)
    receipt = send(chain, signer, Call(CONSTRUCTOR, None, init_code(parameters, listed)))
    if receipt.contract is None:
        raise ResultError(f"transaction {hex0x(receipt.transaction_hash)}", "no contract address")
    return Deployment(
        chain_id=chain.chain_id,
        address=receipt.contract,
        block_number=receipt.block_number,
        transaction_hash=receipt.transaction_hash,
        genesis_hash=BemaContract(chain, receipt.contract).genesis_hash(),
        code_hash=code_hash(chain.code(receipt.contract)),
        parameters=parameters,
        founders=listed,
    )


def init_code(parameters: Parameters, founders: Sequence[Founder]) -> bytes:
    """Give what a creating transaction carries: this package's bytecode and the constructor's arguments."""
    listed = [(each.account, each.held_classes) for each in founders]
    return artifact().bytecode + encode_call(CONSTRUCTOR, (tuple(asdict(parameters).values()), listed))


def code_hash(code: bytes) -> Digest:
    """Give the SHA-256 of a contract's code with the places of its immutables set to zero.

    Immutables differ from one deployment to the next; without them the code is what the compiler produced,
    and their values are what `parameters()` and `genesisHash()` return.
    """
    blank = bytearray(code)
    for offset, length in artifact().immutables:
        blank[offset : offset + length] = bytes(length)
    return Digest(hashlib.sha256(blank).digest())


def open_contract(chain: Chain, deployment: Deployment) -> BemaContract:
    """Give the contract of a record after comparing chain id, code, parameters and genesis hash.

    Raises `WrongChainError`, `NoContractError`, `WrongContractError`.
    """
    from bema_py.chain.contract import BemaContract  # noqa: PLC0415 - loads web3

    if chain.chain_id != deployment.chain_id:
        raise WrongChainError(deployment.chain_id, chain.chain_id)
    code = chain.code(deployment.address)
    if not code:
        raise NoContractError(deployment.address, chain.chain_id)
    contract = BemaContract(chain, deployment.address)
    _compare(deployment, "code hash", hex0x(deployment.code_hash), hex0x(code_hash(code)))
    _compare(deployment, "genesis hash", hex0x(deployment.genesis_hash), hex0x(contract.genesis_hash()))
    found = asdict(contract.parameters())
    for name, expected in asdict(deployment.parameters).items():
        _compare(deployment, name, expected, found[name])
    return contract


def _compare(deployment: Deployment, what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise WrongContractError(deployment.address, what, expected, actual)
