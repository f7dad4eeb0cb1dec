"""Founders' statements about revealed batches: EIP-712 messages that no contract reads, only miners and auditors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bema_py.chain.errors import SignatureError
from bema_py.chain.typed_data import recover, typed_digest, typed_message
from bema_py.core.types import Address, hex0x
from bema_py.core.witness import SignedStatement, Statement

if TYPE_CHECKING:
    from bema_py.chain.signers import Signer

NAME = "Statement"
MESSAGE = (("founder", "uint256"), ("commitment", "bytes32"), ("distances", "bytes32"))


def sign_statement(signer: Signer, chain_id: int, contract: Address, statement: Statement) -> SignedStatement:
    """Sign a statement; `distances` is the SHA-256 of the distances. Raises `SignatureError` for another signer."""
    message = typed_message(chain_id, contract, NAME, MESSAGE, _values(statement))
    signed = SignedStatement(statement, signer.sign_typed_data(message))
    check_statement_signature(chain_id, contract, signed, signer.address)
    return signed


def check_statement_signature(
    chain_id: int, contract: Address, signed: SignedStatement, founder: Address
) -> None:
    """Raise `SignatureError` unless this founder's account signed for this chain and contract."""
    digest = typed_digest(chain_id, contract, NAME, MESSAGE, _values(signed.statement))
    signer = recover(digest, signed.signature)
    if signer != founder:
        raise SignatureError(f"{hex0x(signer)} signed it, not {hex0x(founder)}")


def _values(statement: Statement) -> tuple[object, ...]:
    return statement.founder, statement.commitment, statement.digest()
