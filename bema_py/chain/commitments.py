"""The salted commitment to a batch, as the contract computes it."""

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from bema_py.core.types import Address, Commitment, Digest, PartyId

_TYPES = ("uint256", "address", "uint32", "bytes32", "bytes32", "bytes32")


def batch_commitment(
    chain_id: int,
    contract: Address,
    party: PartyId,
    batch_root: Digest,
    content_digest: Digest,
    salt: bytes,
) -> Commitment:
    """Commit a party to one batch on one chain and contract; the 32-byte salt hides which batch."""
    fields = (chain_id, contract, party, batch_root, content_digest, salt)
    return Commitment(bytes(keccak(encode(_TYPES, fields))))
