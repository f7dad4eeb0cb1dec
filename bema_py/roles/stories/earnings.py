"""What an account came by: allotted by blocks, claimed, taken out, paid in; and the bonds of its blocks."""

from dataclasses import dataclass

from bema_py.chain.contract import BlockStatus
from bema_py.chain.events import PoolFunded, RewardClaimed, RewardWithdrawn
from bema_py.core.errors import BemaError
from bema_py.core.types import Address, BlockHash
from bema_py.roles.content import load_body
from bema_py.roles.history import RegisteredParty
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import Gap, Moment, Money, Who, gap, moment, who
from bema_py.roles.stories.known_blocks import KnownBlock, known_blocks
from bema_py.roles.stories.standing import BondFate, standing_of


@dataclass(frozen=True)
class BlockEarning:
    """What a block of the chain allotted to an account, as its miner or for used samples, and all allotted up to it.

    `payable` says whether the contract pays claims against it: it is final and came before a suspension of the party.
    """

    height: int
    block_hash: BlockHash
    status: BlockStatus
    payable: bool
    mined: bool
    samples: int
    amount: Money
    cumulative: Money


@dataclass(frozen=True)
class ClaimMade:
    """A claim that the contract paid, against the block of this hash."""

    moment: Moment
    block_hash: BlockHash
    amount: Money
    cumulative: Money


@dataclass(frozen=True)
class Payment:
    """Money that an account took out to another one (or itself), or paid into the pool."""

    moment: Moment
    other: Who
    amount: Money


@dataclass(frozen=True)
class MinedBlock:
    """A block that an account found, on the chain or off it, and its bond."""

    height: int
    block_hash: BlockHash
    moment: Moment
    status: BlockStatus
    rejected: bool
    bond: Money
    bond_fate: BondFate
    bond_returned: Moment | None


@dataclass(frozen=True)
class Earnings:
    """An account's money; `allotted` is all of it, `final` what no rejection can take back any more.

    `claimable` is what is final and not yet claimed, for a suspended party only up to blocks submitted before its
    suspension; `takeable` is claimed and not yet taken out. `paid_in` went into the pool, slashed bonds included.
    """

    allotted: Money
    final: Money
    claimed: Money
    claimable: Money
    withdrawn: Money
    takeable: Money
    blocks: tuple[BlockEarning, ...]
    claims: tuple[ClaimMade, ...]
    withdrawals: tuple[Payment, ...]
    paid_in: tuple[Payment, ...]
    mined: tuple[MinedBlock, ...]


def earnings_of(archive: Archive, account: Address) -> tuple[Earnings, tuple[Gap, ...]]:
    """Add up an account's money; also returns the blocks whose body cannot be had."""
    blocks, gaps = _allotted(archive, account)
    claims = _claims(archive, account)
    withdrawals = _withdrawals(archive, account)
    final = [each.cumulative.wei for each in blocks if each.status is BlockStatus.FINAL]
    payable = [each.cumulative.wei for each in blocks if each.payable]
    allotted, claimed = _last(blocks), _last(claims)
    withdrawn = sum(each.amount.wei for each in withdrawals)
    earnings = Earnings(
        allotted=Money(allotted),
        final=Money(max(final, default=0)),
        claimed=Money(claimed),
        claimable=Money(max(max(payable, default=0) - claimed, 0)),
        withdrawn=Money(withdrawn),
        takeable=Money(claimed - withdrawn),
        blocks=blocks,
        claims=claims,
        withdrawals=withdrawals,
        paid_in=_paid_in(archive, account),
        mined=mined_blocks(archive, account),
    )
    return earnings, gaps


def mined_blocks(archive: Archive, account: Address) -> tuple[MinedBlock, ...]:
    """Return every block that an account found, as they came."""
    found = (block for block in known_blocks(archive.history) if block.event.miner == account)
    return tuple(_mined(archive, block) for block in found)


def _mined(archive: Archive, block: KnownBlock) -> MinedBlock:
    standing = standing_of(archive, block)
    return MinedBlock(
        block.event.height,
        block.event.block_hash,
        moment(block.event.position),
        standing.status,
        standing.rejected,
        standing.bond,
        standing.bond_fate,
        standing.bond_returned,
    )


def _allotted(archive: Archive, account: Address) -> tuple[tuple[BlockEarning, ...], tuple[Gap, ...]]:
    """Return what each block of the chain added; after a missing body the next one also adds what that had."""
    owner = archive.history.party_of(account)
    found, gaps, before = [], [], 0
    for block in known_blocks(archive.history):
        if block.orphan:
            continue
        try:
            body = load_body(archive.store, block.event.body_digest)
        except BemaError as error:
            gaps.append(gap(f"the body of block {block.event.height}", error))
            continue
        cumulative = next((leaf.cumulative for leaf in body.rewards if leaf.account == account), before)
        if cumulative == before:
            continue
        samples = sum(1 for leaf in body.samples if owner is not None and leaf.owner == owner.party)
        status = standing_of(archive, block).status
        found.append(
            BlockEarning(
                block.event.height,
                block.event.block_hash,
                status,
                status is BlockStatus.FINAL and not _suspended_by(archive, owner, block),
                block.event.miner == account,
                samples,
                Money(cumulative - before),
                Money(cumulative),
            )
        )
        before = cumulative
    return tuple(found), tuple(gaps)


def _suspended_by(archive: Archive, owner: RegisteredParty | None, block: KnownBlock) -> bool:
    """Whether a party was suspended when a block was submitted, by chain time as the contract compares it."""
    suspension = archive.history.suspensions.get(owner.party) if owner else None
    return suspension is not None and suspension.position.time <= block.event.position.time


def _claims(archive: Archive, account: Address) -> tuple[ClaimMade, ...]:
    return tuple(
        ClaimMade(moment(event.position), event.block_hash, Money(event.amount), Money(event.cumulative))
        for event in archive.events
        if isinstance(event, RewardClaimed) and event.account == account
    )


def _withdrawals(archive: Archive, account: Address) -> tuple[Payment, ...]:
    return tuple(
        Payment(moment(event.position), who(archive.history, event.to), Money(event.amount))
        for event in archive.events
        if isinstance(event, RewardWithdrawn) and event.account == account
    )


def _paid_in(archive: Archive, account: Address) -> tuple[Payment, ...]:
    """Return what an account paid into the pool, its slashed bonds included: the contract books them so."""
    return tuple(
        Payment(moment(event.position), who(archive.history, account), Money(event.amount))
        for event in archive.events
        if isinstance(event, PoolFunded) and event.from_ == account
    )


def _last(rows: tuple[BlockEarning, ...] | tuple[ClaimMade, ...]) -> int:
    return rows[-1].cumulative.wei if rows else 0
