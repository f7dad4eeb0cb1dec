"""What original parties decide by quorum, off-chain: to reject a block, to suspend a party."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from bema_py.chain.errors import PlainFormError, SignatureError, VotesError
from bema_py.chain.plain import read_fields, record_from_plain, record_to_plain
from bema_py.chain.typed_data import Members, recover, typed_digest, typed_message
from bema_py.core.types import Address, BlockHash, Digest, hex0x

if TYPE_CHECKING:
    from bema_py.chain.signers import Signer

VOTE = (("signer", "address"), ("signature", "bytes"))


@dataclass(frozen=True)
class Rejection:
    """A motion to take a block off the chain; `reason` is the digest of what the voters recorded."""

    NAME: ClassVar[str] = "Rejection"
    MESSAGE: ClassVar[Members] = (("blockHash", "bytes32"), ("reason", "bytes32"))
    PLAIN: ClassVar[Members] = (("block_hash", "bytes32"), ("reason", "bytes32"))

    block_hash: BlockHash
    reason: Digest


@dataclass(frozen=True)
class Suspension:
    """A motion to suspend a party; `deadline` is the last chain time in seconds at which votes count."""

    NAME: ClassVar[str] = "Suspension"
    MESSAGE: ClassVar[Members] = (("account", "address"), ("reason", "bytes32"), ("deadline", "uint256"))
    PLAIN: ClassVar[Members] = MESSAGE

    account: Address
    reason: Digest
    deadline: int


Motion = Rejection | Suspension
MOTIONS: dict[str, type[Motion]] = {"rejection": Rejection, "suspension": Suspension}


@dataclass(frozen=True)
class Vote:
    """One original party's signature under a motion, 65 bytes r | s | v."""

    motion: Motion
    signer: Address
    signature: bytes

    def to_plain(self) -> dict[str, Any]:
        """Give the JSON form: bytes in hexadecimal, 256-bit integers as decimal text."""
        motion = {type(self.motion).NAME.lower(): record_to_plain(self.motion.PLAIN, self.motion)}
        return {**motion, **record_to_plain(VOTE, self)}

    @classmethod
    def from_plain(cls, plain: object) -> Vote:
        """Read the JSON form. Raises `PlainFormError` for an unknown, missing or ill-typed field."""
        kind = next((name for name in MOTIONS if isinstance(plain, dict) and name in plain), None)
        if kind is None:
            raise PlainFormError("vote", f"no {' and no '.join(MOTIONS)}")
        given = read_fields("vote", plain, (kind, "signer", "signature"))
        motion = MOTIONS[kind]
        signed = record_from_plain("vote", VOTE, {name: given[name] for name, _ in VOTE})
        return cls(motion(**record_from_plain(f"vote.{kind}", motion.PLAIN, given[kind])), **signed)


def motion_digest(chain_id: int, contract: Address, motion: Motion) -> bytes:
    """Give the 32 bytes that are signed, as the contract's `rejectionDigest` and `suspensionDigest` do."""
    return typed_digest(chain_id, contract, motion.NAME, motion.MESSAGE, _values(motion))


def sign_vote(signer: Signer, chain_id: int, contract: Address, motion: Motion) -> Vote:
    """Sign a motion. Raises `SignatureError` where the signer signed something else."""
    message = typed_message(chain_id, contract, motion.NAME, motion.MESSAGE, _values(motion))
    vote = Vote(motion, signer.address, signer.sign_typed_data(message))
    check_vote(chain_id, contract, vote)
    return vote


def check_vote(chain_id: int, contract: Address, vote: Vote) -> None:
    """Raise `SignatureError` unless `vote.signer` signed this motion for this chain and contract."""
    signer = recover_voter(chain_id, contract, vote.motion, vote.signature)
    if signer != vote.signer:
        raise SignatureError(f"{hex0x(signer)} signed it, not {hex0x(vote.signer)}")


def recover_voter(chain_id: int, contract: Address, motion: Motion, signature: bytes) -> Address:
    """Give the account that signed a motion. Raises `SignatureError`."""
    return recover(motion_digest(chain_id, contract, motion), signature)


def signatures_of(motion: Motion, votes: Sequence[Vote]) -> list[bytes]:
    """Give the signatures in the contract's order: one a signer, ascending by signer.

    Raises `VotesError` for a vote on another motion.
    """
    for vote in votes:
        if vote.motion != motion:
            raise VotesError(f"{hex0x(vote.signer)} voted for {vote.motion}, not for {motion}")
    ascending = {vote.signer: vote.signature for vote in sorted(votes, key=lambda each: each.signer)}
    return list(ascending.values())


def _values(motion: Motion) -> tuple[Any, ...]:
    return tuple(getattr(motion, name) for name, _ in motion.PLAIN)
