"""What became of a block: pending, final or off the chain, by whom and why, and where its bond is."""

from dataclasses import dataclass
from enum import Enum

from bema_py.chain.contract import BlockStatus
from bema_py.chain.events import BlockRejected, BondReturned, Fraud
from bema_py.chain.votes import Motion, Rejection, recover_voter
from bema_py.core.errors import BemaError
from bema_py.core.types import Address, BlockHash, Digest
from bema_py.roles.reasons import read_reason
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Moment, Money, Who, moment, who
from bema_py.roles.stories.known_blocks import KnownBlock


class BondFate(Enum):
    """Where a block's bond is."""

    NONE = "the deployment asks for no bond"
    HELD = "is held until the challenge window is over"
    DUE = "is free for its miner to take back"
    RETURNED = "was paid back"
    SLASHED = "went to the pool when the block was rejected"


@dataclass(frozen=True)
class RejectionStory:
    """How a block was taken off the chain; `fraud` names what the contract saw, else founders voted for a reason."""

    height: int
    block_hash: BlockHash
    moment: Moment
    fraud: str | None
    reason: str | None
    reason_digest: Digest
    voters: tuple[Who, ...]


@dataclass(frozen=True)
class Standing:
    """A block's status as of a chain time; `rejection` is of itself or of an ancestor, where `rejected` is False."""

    status: BlockStatus
    as_of: int
    window_closes: int
    rejected: bool
    rejection: RejectionStory | None
    bond: Money
    bond_fate: BondFate
    bond_returned: Moment | None


def standing_of(archive: Archive, block: KnownBlock) -> Standing:
    """Say what became of a block."""
    closes = block.event.position.time + archive.deployment.parameters.challenge_window
    if block.orphan:
        status = BlockStatus.ORPHANED
    else:
        status = BlockStatus.FINAL if archive.now > closes else BlockStatus.PENDING
    rejected = block.orphan is not None and block.orphan.rejected
    returned = _return_of(archive, block.event.block_hash)
    return Standing(
        status=status,
        as_of=archive.now,
        window_closes=closes,
        rejected=rejected,
        rejection=rejection_story(archive, block.orphan.rejection) if block.orphan else None,
        bond=Money(archive.deployment.parameters.bond),
        bond_fate=_bond_fate(archive, status, rejected, returned),
        bond_returned=returned,
    )


def rejection_story(archive: Archive, event: BlockRejected) -> RejectionStory:
    """Tell a rejection; its voters are recovered from their signatures."""
    voted = event.fraud == Fraud.NONE
    motion = Rejection(event.block_hash, event.reason)
    return RejectionStory(
        height=event.height,
        block_hash=event.block_hash,
        moment=moment(event.position),
        fraud=None if voted else fraud_name(event.fraud),
        reason=read_reason(archive.store, event.reason) if voted else None,
        reason_digest=event.reason,
        voters=voters_of(archive, motion, event.signatures),
    )


def fraud_name(number: int) -> str:
    """Give a fraud's name in words."""
    known = number in set(Fraud)
    return Fraud(number).name.lower().replace("_", " ") if known else f"fraud {number}"


def voters_of(archive: Archive, motion: Motion, signatures: tuple[bytes, ...]) -> tuple[Who, ...]:
    """Return who signed a motion; a signature that names nobody counts as an empty account."""
    return tuple(who(archive.history, _voter(archive, motion, signature)) for signature in signatures)


def _voter(archive: Archive, motion: Motion, signature: bytes) -> Address:
    try:
        return recover_voter(archive.deployment.chain_id, archive.deployment.address, motion, signature)
    except BemaError:
        return Address(b"")


def _return_of(archive: Archive, block_hash: BlockHash) -> Moment | None:
    returns = (each for each in archive.events if isinstance(each, BondReturned))
    return next((moment(each.position) for each in returns if each.block_hash == block_hash), None)


def _bond_fate(archive: Archive, status: BlockStatus, rejected: bool, returned: Moment | None) -> BondFate:
    if not archive.deployment.parameters.bond:
        return BondFate.NONE
    if rejected:
        return BondFate.SLASHED
    if returned:
        return BondFate.RETURNED
    return BondFate.HELD if status is BlockStatus.PENDING else BondFate.DUE
