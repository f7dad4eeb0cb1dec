"""What events prove by themselves: an auditor recomputes it from their fields, without asking the chain."""

from dataclasses import replace

from bema_py.chain.approvals import Approval, recover_signer
from bema_py.chain.commitments import batch_commitment
from bema_py.chain.events import BatchRevealed, BlockSubmitted, RegularPartyRegistered
from bema_py.core.hashing import sha256d
from bema_py.core.types import Address, BlockHash, Commitment


def commitment_of(event: BatchRevealed, chain_id: int, contract: Address) -> Commitment:
    """Recompute the commitment that a reveal opens; the event must carry the same."""
    return batch_commitment(
        chain_id, contract, event.party, event.batch_root, event.content_digest, event.salt
    )


def block_hash_of(event: BlockSubmitted) -> BlockHash:
    """Recompute the hash of a submitted header; the event must carry it, and it must be below the target."""
    return BlockHash(sha256d(event.header))


def approvals_of(event: RegularPartyRegistered, chain_id: int, contract: Address) -> tuple[Approval, ...]:
    """Complete the approvals that admitted a party, each with the account that signed it.

    Raises `ApprovalSignatureError` for a signature the contract must have refused.
    """
    unsigned = (
        Approval(
            account=event.account,
            model_card=event.model_card,
            held_classes=event.held_classes,
            label_space=event.label_space,
            vouched_classes=each.vouched_classes,
            nonce=each.nonce,
            deadline=each.deadline,
            signer=event.account,
            signature=each.signature,
        )
        for each in event.approvals
    )
    return tuple(replace(each, signer=recover_signer(chain_id, contract, each)) for each in unsigned)
