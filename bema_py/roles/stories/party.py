"""The story of one party."""

from dataclasses import dataclass

from bema_py.chain.votes import Suspension
from bema_py.core.errors import BemaError, InputError
from bema_py.core.types import (
    Address,
    BlockHash,
    Commitment,
    Digest,
    ModelDigest,
    PartyId,
    PartyType,
    classes_of,
)
from bema_py.roles.content import load_body
from bema_py.roles.history import CommittedBatch, RegisteredParty
from bema_py.roles.reasons import Reason, load_reason, read_reason
from bema_py.roles.registration_checks import ApprovalLedger
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.earnings import Earnings, earnings_of
from bema_py.roles.stories.facts import Gap, Moment, Who, Wide, gap, moment, who
from bema_py.roles.stories.lineage import lineage
from bema_py.roles.stories.standing import voters_of


class UnknownPartyError(InputError):
    """No party has this number."""

    def __init__(self, party: int, count: int) -> None:
        """Keep the number and how many parties registered."""
        known = f"parties are numbered from 1 to {count}" if count else "no party has registered yet"
        super().__init__(f"there is no party {party}: {known}")
        self.party, self.count = party, count


@dataclass(frozen=True)
class ApprovalStory:
    """A founder's approval on record: who signed, for which classes, and until when it could be used."""

    signer: Who
    vouched_classes: tuple[int, ...]
    nonce: Wide
    deadline: Wide


@dataclass(frozen=True)
class SuspensionStory:
    """A suspension: why, and who voted for it; `failed` is the block at which the data witness had failed it."""

    moment: Moment
    reason: str
    reason_digest: Digest
    failed: BlockHash | None
    deadline: Wide
    voters: tuple[Who, ...]


@dataclass(frozen=True)
class PartyBatch:
    """A batch of a party: when it was committed and revealed, which block of the chain listed it, how much it used."""

    commitment: Commitment
    committed: Moment
    revealed: Moment | None
    listed: int | None
    used: int


@dataclass(frozen=True)
class PartyStory:
    """One party: how it joined, what it holds, what it offered, found and earned, and whether it was suspended."""

    who: Who
    registered: Moment
    held_classes: tuple[int, ...]
    label_space: tuple[int, ...]
    registered_model: ModelDigest
    model: ModelDigest
    updates: int
    approvals: tuple[ApprovalStory, ...]
    suspension: SuspensionStory | None
    batches: tuple[PartyBatch, ...]
    earnings: Earnings
    gaps: tuple[Gap, ...]


def find_party(archive: Archive, number: int) -> RegisteredParty:
    """Return the party of a number; raises UnknownPartyError."""
    parties = archive.history.parties
    if number not in parties:
        raise UnknownPartyError(number, max(parties, default=0))
    return parties[PartyId(number)]


def party_story(archive: Archive, number: int) -> PartyStory:
    """Gather all that is to be said of a party; raises UnknownPartyError."""
    party = find_party(archive, number)
    earnings, _ = earnings_of(archive, party.account)
    moves = lineage(archive, party)
    batches, gaps = _batches(archive, party)
    return PartyStory(
        who=who(archive.history, party.account),
        registered=moment(party.registered),
        held_classes=classes_of(party.held_classes),
        label_space=classes_of(party.label_space),
        registered_model=party.model_card,
        model=moves.model,
        updates=len(moves.changes),
        approvals=_approvals(archive, party),
        suspension=_suspension(archive, party),
        batches=batches,
        earnings=earnings,
        gaps=gaps,
    )


def _approvals(archive: Archive, party: RegisteredParty) -> tuple[ApprovalStory, ...]:
    recovery = ApprovalLedger(archive.deployment, {}, {})
    found = []
    for approval in party.approvals:
        try:
            signer = who(archive.history, recovery.recover(party, approval))
        except BemaError:
            # A forged record: the audit names it, the story still tells the rest.
            signer = Who(Address(b""), None, PartyType.NEITHER)
        vouched = classes_of(approval.vouched_classes)
        found.append(ApprovalStory(signer, vouched, Wide(approval.nonce), Wide(approval.deadline)))
    return tuple(found)


def _suspension(archive: Archive, party: RegisteredParty) -> SuspensionStory | None:
    event = archive.history.suspensions.get(party.party)
    if event is None:
        return None
    motion = Suspension(event.account, event.reason, event.deadline)
    return SuspensionStory(
        moment=moment(event.position),
        reason=read_reason(archive.store, event.reason),
        reason_digest=event.reason,
        failed=_reason(archive, event.reason).failed,
        deadline=Wide(event.deadline),
        voters=voters_of(archive, motion, event.signatures),
    )


def _reason(archive: Archive, digest: Digest) -> Reason:
    try:
        return load_reason(archive.store, digest)
    except BemaError:
        return Reason("")


def _batches(archive: Archive, party: RegisteredParty) -> tuple[tuple[PartyBatch, ...], tuple[Gap, ...]]:
    listed, used, gaps = _uses(archive)
    own = (batch for batch in archive.history.batches.values() if batch.party == party.party)
    batches = tuple(_batch(batch, listed, used) for batch in sorted(own, key=lambda batch: batch.committed))
    return batches, gaps


def _batch(batch: CommittedBatch, listed: dict[Commitment, int], used: dict[Commitment, int]) -> PartyBatch:
    return PartyBatch(
        commitment=batch.commitment,
        committed=moment(batch.committed),
        revealed=moment(batch.opening.position) if batch.opening else None,
        listed=listed.get(batch.commitment),
        used=used.get(batch.commitment, 0),
    )


def _uses(archive: Archive) -> tuple[dict[Commitment, int], dict[Commitment, int], tuple[Gap, ...]]:
    """Return by commitment the height that listed it and how many of its samples were used, on the chain."""
    listed: dict[Commitment, int] = {}
    used: dict[Commitment, int] = {}
    gaps = []
    for event in archive.history.blocks:
        try:
            body = load_body(archive.store, event.body_digest)
        except BemaError as error:
            gaps.append(gap(f"the body of block {event.height}", error))
            continue
        listed |= dict.fromkeys(body.batches, event.height)
        for leaf in body.samples:
            used[leaf.commitment] = used.get(leaf.commitment, 0) + 1
    return listed, used, tuple(gaps)
