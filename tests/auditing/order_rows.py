"""Manipulations of what events stand where: left out, repeated, displaced, exchanged, replayed; and of votes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from auditing.event_rows import index_of
from auditing.manipulation import Change, Manipulation
from auditing.sealing import later
from auditing.subject import Base, Subject
from bema_py.chain.events import (
    EVENT_TYPES,
    BatchRevealed,
    BlockRejected,
    BlockSubmitted,
    Event,
    OriginalPartyRegistered,
    PartySuspended,
    PoolFunded,
    RegularPartyRegistered,
)
from bema_py.roles.checks import Check

LEFT_OUT: dict[str, Check | None] = {
    "GenesisClosed": Check.GENESIS,
    "OriginalPartyRegistered": Check.FOUNDER,
    "RegularPartyRegistered": Check.ORDER,
    "ApprovalRevoked": None,
    "BatchCommitted": Check.COMMITMENT,
    "BatchRevealed": Check.BATCHES,
    "BlockSubmitted": Check.PARENT,
    "PartySuspended": None,
    "BlockRejected": Check.PARENT,
    "BondReturned": None,
    "PoolFunded": Check.FUNDING,
    "RewardClaimed": Check.WITHDRAWALS,
    "RewardWithdrawn": None,
}
"""What must name that the first event of a kind is left out."""
UNMISSED = {
    "PartySuspended": "it offers nothing more and none of its samples was used, so its suspension leaves no trace here",
    "ApprovalRevoked": "nobody used the approval, so nothing depends on its revocation; a chain's receipts tell",
    "BondReturned": "a bond may lie there for ever, so nothing shows that it was fetched; a chain's balances tell",
    "RewardWithdrawn": "a reward may lie there for ever, so nothing shows that it was fetched; a chain's balances tell",
}
AGAIN: dict[str, Check] = {
    "GenesisClosed": Check.ORDER,
    "OriginalPartyRegistered": Check.ORDER,
    "RegularPartyRegistered": Check.ORDER,
    "ApprovalRevoked": Check.APPROVAL,
    "BatchCommitted": Check.REVEAL,
    "BatchRevealed": Check.COMMITMENT,
    "BlockSubmitted": Check.PARENT,
    "PartySuspended": Check.SUSPENSION,
    "BlockRejected": Check.REJECTION,
    "BondReturned": Check.BONDS,
    "PoolFunded": Check.FUNDING,
    "RewardClaimed": Check.CLAIMS,
    "RewardWithdrawn": Check.WITHDRAWALS,
}
"""What must name that the first event of a kind happens again, right after the last event."""


def order_rows() -> Iterator[Manipulation]:
    """Every kind left out, replayed, and displaced; then exchanges, and votes."""
    for name, kind in EVENT_TYPES.items():
        yield Manipulation(f"left out: {name}", LEFT_OUT[name], _without(kind), UNMISSED.get(name, ""))
        yield Manipulation(f"replayed at the end: {name}", AGAIN[name], _again(kind))
        yield Manipulation(f"given twice: {name}", Check.ORDER, _twice(kind))
        yield Manipulation(f"before its predecessor: {name}", Check.ORDER, _displaced(kind))
    yield Manipulation("exchanged: two regular parties' accounts", Check.APPROVAL, _exchanged("account"))
    yield Manipulation("exchanged: two regular parties' numbers", Check.ORDER, _exchanged("party"))
    yield Manipulation("exchanged: two regular parties' models", Check.APPROVAL, _exchanged("model_card"))
    yield Manipulation("exchanged: two regular parties' approvals", Check.APPROVAL, _exchanged("approvals"))
    yield Manipulation("exchanged: two founders' accounts", Check.FOUNDER, _founders("account"))
    yield Manipulation("exchanged: two founders' numbers", Check.FOUNDER, _founders("party"))
    yield Manipulation(
        "left out: the suspension of a party whose samples were used",
        Check.CALIBRATION,
        _without(PartySuspended, 1),
    )
    yield Manipulation("left out: the last block", Check.BONDS, _without(BlockSubmitted, -1))
    yield Manipulation("left out: a slashed bond", Check.REJECTION, _without(PoolFunded, 1))
    yield Manipulation(
        "left out: a rejection of the last false block", Check.PARENT, _without(BlockRejected, 1)
    )
    yield Manipulation("late: a reveal after the commitment expired", Check.REVEAL, _late_reveal)
    yield Manipulation("late: an approval's deadline passed", Check.APPROVAL, _late_approval)
    for name, change in (("no approvals", lambda _: ()), ("one approval twice", lambda a: (a[0], *a))):
        check = Check.COVERAGE if name == "no approvals" else Check.APPROVAL
        yield Manipulation(f"approvals: {name}", check, _list(RegularPartyRegistered, "approvals", change))
    yield from _vote_rows()


VOTES: dict[str, Callable[[tuple[Any, ...]], tuple[Any, ...]]] = {
    "none": lambda _: (),
    "one too few": lambda votes: votes[:1],
    "one counted twice": lambda votes: (votes[0], votes[0]),
    "in another order": lambda votes: votes[::-1],
    "one of nobody": lambda votes: (votes[0], bytes(65)),
    "one cut off": lambda votes: (votes[0], votes[1][:64]),
}


def _vote_rows() -> Iterator[Manipulation]:
    for kind, check in ((PartySuspended, Check.SUSPENSION), (BlockRejected, Check.REJECTION)):
        for name, change in VOTES.items():
            yield Manipulation(
                f"votes of a {kind.__name__}: {name}", check, _list(kind, "signatures", change)
            )
    yield Manipulation("votes of a PartySuspended: those on another party", Check.SUSPENSION, _other_votes)
    yield Manipulation("votes of a BlockRejected: those of a suspension", Check.REJECTION, _suspension_votes)


def _list(kind: type, field: str, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> Change:
    def changed(base: Base) -> Subject:
        index = index_of(base, kind)
        return base.subject.with_event(index, **{field: change(getattr(base.subject.events[index], field))})

    return changed


def _other_votes(base: Base) -> Subject:
    first, second = (index_of(base, PartySuspended, number) for number in (0, 1))
    other: Any = base.subject.events[second]
    return base.subject.with_event(first, signatures=other.signatures)


def _suspension_votes(base: Base) -> Subject:
    other: Any = base.subject.events[index_of(base, PartySuspended)]
    return base.subject.with_event(index_of(base, BlockRejected), signatures=other.signatures)


def _events(base: Base, events: list[Event]) -> Subject:
    return replace(base.subject, events=tuple(events))


def _without(kind: type, number: int = 0) -> Change:
    def changed(base: Base) -> Subject:
        events = list(base.subject.events)
        del events[index_of(base, kind, number)]
        return _events(base, events)

    return changed


def _again(kind: type) -> Change:
    def changed(base: Base) -> Subject:
        events = list(base.subject.events)
        event = events[index_of(base, kind)]
        return _events(base, [*events, replace(event, position=later(events[-1].position, 1))])

    return changed


def _twice(kind: type) -> Change:
    def changed(base: Base) -> Subject:
        events, index = list(base.subject.events), index_of(base, kind)
        return _events(base, [*events[: index + 1], *events[index:]])

    return changed


def _displaced(kind: type) -> Change:
    def changed(base: Base) -> Subject:
        events, index = list(base.subject.events), max(index_of(base, kind), 1)
        events[index - 1], events[index] = events[index], events[index - 1]
        return _events(base, events)

    return changed


def _exchanged(field: str) -> Change:
    return _exchange(RegularPartyRegistered, field)


def _founders(field: str) -> Change:
    return _exchange(OriginalPartyRegistered, field)


def _exchange(kind: type, field: str) -> Change:
    def changed(base: Base) -> Subject:
        first, second = (index_of(base, kind, number) for number in (0, 1))
        values = [getattr(base.subject.events[index], field) for index in (first, second)]
        return base.subject.with_event(first, **{field: values[1]}).with_event(second, **{field: values[0]})

    return changed


def _late_reveal(base: Base) -> Subject:
    """End the history with the last reveal, moved beyond the commitment's expiry."""
    index = index_of(base, BatchRevealed, -1)
    event = base.subject.events[index]
    expiry = base.subject.deployment.parameters.commitment_expiry
    moved = replace(event, position=later(event.position, expiry + 1))
    return replace(base.subject, events=(*base.subject.events[:index], moved))


def _late_approval(base: Base) -> Subject:
    """End the history with a registration at a time after the approvals' deadline."""
    index = index_of(base, RegularPartyRegistered)
    event = base.subject.events[index]
    moved = replace(event, position=later(event.position, 2**40))
    return replace(base.subject, events=(*base.subject.events[:index], moved))
