"""The contract's methods for suspending parties and rejecting blocks."""

from collections.abc import Sequence
from dataclasses import dataclass

from bema_py.chain.calls import ContractCalls, Done, done
from bema_py.chain.events import BlockRejected, PartySuspended
from bema_py.chain.packed_records import pack_signatures
from bema_py.chain.signers import Signer
from bema_py.chain.votes import Motion, Rejection, Suspension, Vote, signatures_of
from bema_py.core.types import Digest


@dataclass(frozen=True)
class LeafProof:
    """A leaf of a block as bytes, and its proof: siblings from the lowest level up."""

    index: int
    preimage: bytes
    siblings: tuple[Digest, ...]

    def to_struct(self) -> tuple[int, bytes, list[Digest]]:
        """Give the contract's struct."""
        return self.index, self.preimage, list(self.siblings)


@dataclass(frozen=True)
class ProvenLeaf:
    """A leaf together with the header and leaf count of the block that holds it."""

    header: bytes
    leaf_count: int
    proof: LeafProof


class DisputeCalls(ContractCalls):
    """Votes in any order are sent ascending by signer; `gas` sends without an estimate."""

    def suspend_party(
        self, signer: Signer, suspension: Suspension, votes: Sequence[Vote], *, gas: int | None = None
    ) -> Done[PartySuspended]:
        """Suspend a party by votes; anybody may send them. Raises `VotesError`."""
        function = "suspendParty"
        signatures = pack_signatures(function, signatures_of(suspension, votes))
        arguments = (suspension.account, suspension.reason, suspension.deadline, signatures)
        return done(self._send(signer, function, arguments, gas), PartySuspended)

    def reject_block(
        self,
        signer: Signer,
        header: bytes,
        rejection: Rejection,
        votes: Sequence[Vote],
        *,
        gas: int | None = None,
    ) -> Done[BlockRejected]:
        """Take a block off the chain by votes; anybody may send them. Raises `VotesError`."""
        function = "rejectByVote"
        signatures = pack_signatures(function, signatures_of(rejection, votes))
        arguments = (header, rejection.reason, signatures)
        return done(self._send(signer, function, arguments, gas), BlockRejected)

    def reject_false_leaf(
        self, signer: Signer, leaf: ProvenLeaf, *, gas: int | None = None
    ) -> Done[BlockRejected]:
        """Take a block off the chain by one leaf that is false on its face."""
        arguments = (leaf.header, leaf.leaf_count, leaf.proof.to_struct())
        return done(self._send(signer, "rejectFalseLeaf", arguments, gas), BlockRejected)

    def reject_unordered_leaves(
        self, signer: Signer, first: ProvenLeaf, second: LeafProof, *, gas: int | None = None
    ) -> Done[BlockRejected]:
        """Take a block off the chain by two leaves in the wrong order, `first` at the lower index."""
        arguments = (first.header, first.leaf_count, first.proof.to_struct(), second.to_struct())
        return done(self._send(signer, "rejectUnorderedLeaves", arguments, gas), BlockRejected)

    def reject_decreased_reward(
        self, signer: Signer, leaf: ProvenLeaf, earlier: ProvenLeaf, *, gas: int | None = None
    ) -> Done[BlockRejected]:
        """Take a block off the chain by a cumulative reward below the same account's in an ancestor."""
        arguments = (
            leaf.header,
            leaf.leaf_count,
            leaf.proof.to_struct(),
            earlier.header,
            earlier.leaf_count,
            earlier.proof.to_struct(),
        )
        return done(self._send(signer, "rejectDecreasedReward", arguments, gas), BlockRejected)

    def motion_digest(self, motion: Motion) -> bytes:
        """Give the digest that the contract expects signed."""
        if isinstance(motion, Rejection):
            return bytes(self._view("rejectionDigest", (motion.block_hash, motion.reason))[0])
        arguments = (motion.account, motion.reason, motion.deadline)
        return bytes(self._view("suspensionDigest", arguments)[0])
