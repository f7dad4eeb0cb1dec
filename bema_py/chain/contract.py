"""The contract, one typed method a function."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum

from bema_py.chain.approvals import Approval, check_approval
from bema_py.chain.calls import Done, done
from bema_py.chain.dispute_calls import DisputeCalls
from bema_py.chain.events import (
    ApprovalRevoked,
    BatchCommitted,
    BatchRevealed,
    BlockSubmitted,
    OriginalPartyRegistered,
    RegularPartyRegistered,
)
from bema_py.chain.money_calls import MoneyCalls
from bema_py.chain.packed_records import pack_approvals
from bema_py.chain.parameters import Parameters
from bema_py.chain.signers import Signer
from bema_py.core.types import Address, BlockHash, Commitment, Digest, ModelDigest, PartyId, PartyType


@dataclass(frozen=True)
class Tip:
    """The newest block: its hash, its height, the chain time of its submission in seconds."""

    block_hash: BlockHash
    height: int
    submitted_at: int


class BlockStatus(IntEnum):
    """What became of a block hash: never accepted, still rejectable, on the chain for ever, off the chain for ever."""

    UNKNOWN = 0
    PENDING = 1
    FINAL = 2
    ORPHANED = 3


@dataclass(frozen=True)
class BlockState:
    """A block as the contract knows it; `bond_owner` is None once the bond was returned or slashed."""

    status: BlockStatus
    height: int
    submitted_at: int
    bond_owner: Address | None


@dataclass(frozen=True)
class Standing:
    """What an account is to the contract, and the chain time in seconds of its suspension."""

    kind: PartyType
    suspended_at: int | None


@dataclass(frozen=True)
class Reveal:
    """Who opened a commitment and when, in seconds of chain time."""

    party: PartyId
    time: int


class BemaContract(DisputeCalls, MoneyCalls):
    """A deployed contract on a chain.

    Methods that change it send as `signer`, wait for the receipt and raise what `transactions.send` raises;
    pass `gas` to send without an estimate. Views raise `ContractRevertError` and `ChainError`.
    """

    def register_original_party(
        self, signer: Signer, model_card: ModelDigest, label_space: int, *, gas: int | None = None
    ) -> Done[OriginalPartyRegistered]:
        """Register a founder's model; the last one also closes the genesis phase."""
        sent = self._send(signer, "registerOriginalParty", (model_card, label_space), gas)
        return done(sent, OriginalPartyRegistered)

    def register_regular_party(
        self,
        signer: Signer,
        model_card: ModelDigest,
        held_classes: int,
        label_space: int,
        approvals: Sequence[Approval],
        *,
        gas: int | None = None,
    ) -> Done[RegularPartyRegistered]:
        """Join with approvals in any order. Raises `ApprovalMismatchError` for one of something else."""
        for approval in approvals:
            check_approval(approval, signer.address, model_card, held_classes, label_space)
        ordered = sorted(approvals, key=lambda each: each.signer)
        function = "registerRegularParty"
        arguments = (model_card, held_classes, label_space, pack_approvals(function, ordered))
        return done(self._send(signer, function, arguments, gas), RegularPartyRegistered)

    def revoke_approval(self, signer: Signer, nonce: int, *, gas: int | None = None) -> Done[ApprovalRevoked]:
        """Make an unused nonce of a founder unusable."""
        return done(self._send(signer, "revokeApproval", (nonce,), gas), ApprovalRevoked)

    def commit_batch(
        self, signer: Signer, commitment: Commitment, *, gas: int | None = None
    ) -> Done[BatchCommitted]:
        """Commit to a batch of calibration samples."""
        return done(self._send(signer, "commitBatch", (commitment,), gas), BatchCommitted)

    def reveal_batch(
        self,
        signer: Signer,
        batch_root: Digest,
        content_digest: Digest,
        salt: bytes,
        *,
        gas: int | None = None,
    ) -> Done[BatchRevealed]:
        """Open the commitment of the signer's party."""
        arguments = (batch_root, content_digest, salt)
        return done(self._send(signer, "revealBatch", arguments, gas), BatchRevealed)

    def submit_block(
        self,
        signer: Signer,
        header: bytes,
        body_digest: Digest,
        leaf_count: int,
        *,
        bond: int = 0,
        gas: int | None = None,
    ) -> Done[BlockSubmitted]:
        """Add a block to the tip together with the deployment's bond in wei; `header` is 112 bytes."""
        arguments = (header, body_digest, leaf_count)
        return done(self._send(signer, "submitBlock", arguments, gas, bond), BlockSubmitted)

    def verify_inclusion(
        self, header: bytes, leaf: Digest, index: int, leaf_count: int, proof: Sequence[Digest]
    ) -> bool:
        """Whether `leaf` is leaf `index` of an accepted block; a proof of the wrong shape is a revert."""
        return bool(self._view("verifyInclusion", (header, leaf, index, leaf_count, list(proof)))[0])

    def approval_digest(self, approval: Approval) -> bytes:
        """Give the digest that the contract expects signed."""
        arguments = (
            approval.account,
            approval.model_card,
            approval.held_classes,
            approval.label_space,
            approval.vouched_classes,
            approval.nonce,
            approval.deadline,
        )
        return bytes(self._view("approvalDigest", arguments)[0])

    def batch_commitment(
        self, party: PartyId, batch_root: Digest, content_digest: Digest, salt: bytes
    ) -> Commitment:
        """Give the commitment as the contract computes it."""
        return Commitment(self._view("batchCommitment", (party, batch_root, content_digest, salt))[0])

    def parameters(self) -> Parameters:
        """Give what the deployment fixed."""
        names = (field.name for field in fields(Parameters))
        return Parameters(**dict(zip(names, self._view("parameters", ())[0], strict=True)))

    def tip(self) -> Tip:
        """Give the newest block; before block 1 the genesis hash at height 0."""
        return Tip(*self._view("tip", ()))

    def target_at(self, time: int) -> int:
        """Give the target of a block on the tip submitted at a chain time in seconds; 0 in the genesis phase."""
        return int(self._view("targetAt", (time,))[0])

    def block_of(self, block_hash: BlockHash) -> BlockState:
        """Say what became of a block."""
        status, height, submitted_at, owner = self._view("blockOf", (block_hash,))
        return BlockState(BlockStatus(status), height, submitted_at, owner if any(owner) else None)

    def standing_of(self, account: Address) -> Standing:
        """Say what an account is to the contract, and when it was suspended."""
        kind, suspended_at = self._view("standingOf", (account,))
        return Standing(PartyType(kind), suspended_at or None)

    def reveal_of(self, commitment: Commitment) -> Reveal | None:
        """Say who opened a commitment and when; None while it is closed."""
        party, time = self._view("revealOf", (commitment,))
        return Reveal(PartyId(party), time) if party else None

    def genesis_hash(self) -> BlockHash:
        """Give the hash on which block 1 builds."""
        return BlockHash(self._view("genesisHash", ())[0])

    def genesis_closed(self) -> bool:
        """Whether every founder has registered."""
        return bool(self._view("genesisClosed", ())[0])

    def party_of(self, account: Address) -> PartyId | None:
        """Give the party of an account; None where it is not registered."""
        return PartyId(self._view("partyOf", (account,))[0]) or None

    def party_count(self) -> int:
        """Give the number of party ids given away."""
        return int(self._view("partyCount", ())[0])
