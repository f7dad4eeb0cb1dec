"""Manipulations of events: each field of each kind, and of the records and positions in them."""

from collections.abc import Iterator
from dataclasses import fields, replace

from auditing.manipulation import Change, Manipulation, altered
from auditing.subject import Base, Subject
from bema_py.chain.deployment import Deployment, Founder
from bema_py.chain.events import (
    EVENT_TYPES,
    BatchCommitted,
    BlockRejected,
    EventPosition,
    PoolFunded,
    RegularPartyRegistered,
)
from bema_py.chain.packed_records import ApprovalOnRecord
from bema_py.chain.parameters import Parameters
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.auditor import audit_live
from bema_py.roles.checks import Check

ELSEWHERE = "no other event depends on it; a chain's receipts pin it, and so does a run's manifest"

EVENT_FIELDS: dict[tuple[str, str], Check | None] = {
    ("GenesisClosed", "genesis_hash"): Check.GENESIS,
    ("OriginalPartyRegistered", "party"): Check.FOUNDER,
    ("OriginalPartyRegistered", "account"): Check.FOUNDER,
    ("OriginalPartyRegistered", "model_card"): Check.MODEL_CARD,
    ("OriginalPartyRegistered", "held_classes"): Check.FOUNDER,
    ("OriginalPartyRegistered", "label_space"): Check.MODEL_CARD,
    ("RegularPartyRegistered", "party"): Check.ORDER,
    ("RegularPartyRegistered", "account"): Check.APPROVAL,
    ("RegularPartyRegistered", "model_card"): Check.APPROVAL,
    ("RegularPartyRegistered", "held_classes"): Check.APPROVAL,
    ("RegularPartyRegistered", "label_space"): Check.APPROVAL,
    ("RegularPartyRegistered", "approvals"): Check.APPROVAL,
    ("ApprovalRevoked", "signer"): Check.APPROVAL,
    ("ApprovalRevoked", "nonce"): None,
    ("BatchCommitted", "party"): Check.COMMITMENT,
    ("BatchCommitted", "commitment"): Check.COMMITMENT,
    ("BatchRevealed", "party"): Check.COMMITMENT,
    ("BatchRevealed", "commitment"): Check.COMMITMENT,
    ("BatchRevealed", "batch_root"): Check.COMMITMENT,
    ("BatchRevealed", "content_digest"): Check.COMMITMENT,
    ("BatchRevealed", "salt"): Check.COMMITMENT,
    ("BlockSubmitted", "height"): Check.PARENT,
    ("BlockSubmitted", "block_hash"): Check.PARENT,
    ("BlockSubmitted", "miner"): Check.MINER_INFO,
    ("BlockSubmitted", "header"): Check.PARENT,
    ("BlockSubmitted", "body_digest"): Check.BODY,
    ("BlockSubmitted", "leaf_count"): Check.ROOT,
    ("BlockSubmitted", "target"): Check.WORK,
    ("PartySuspended", "party"): Check.SUSPENSION,
    ("PartySuspended", "account"): Check.SUSPENSION,
    ("PartySuspended", "reason"): Check.SUSPENSION,
    ("PartySuspended", "deadline"): Check.SUSPENSION,
    ("PartySuspended", "signatures"): Check.SUSPENSION,
    ("BlockRejected", "height"): Check.REJECTION,
    ("BlockRejected", "block_hash"): Check.REJECTION,
    ("BlockRejected", "tip"): Check.REJECTION,
    ("BlockRejected", "fraud"): Check.REJECTION,
    ("BlockRejected", "reason"): Check.REJECTION,
    ("BlockRejected", "signatures"): Check.REJECTION,
    ("BondReturned", "block_hash"): Check.BONDS,
    ("BondReturned", "miner"): Check.BONDS,
    ("BondReturned", "to"): None,
    ("BondReturned", "amount"): Check.BONDS,
    ("PoolFunded", "from_"): None,
    ("PoolFunded", "amount"): Check.FUNDING,
    ("PoolFunded", "funded"): Check.FUNDING,
    ("RewardClaimed", "account"): Check.CLAIMS,
    ("RewardClaimed", "block_hash"): Check.CLAIMS,
    ("RewardClaimed", "amount"): Check.CLAIMS,
    ("RewardClaimed", "cumulative"): Check.CLAIMS,
    ("RewardWithdrawn", "account"): Check.WITHDRAWALS,
    ("RewardWithdrawn", "to"): None,
    ("RewardWithdrawn", "amount"): Check.WITHDRAWALS,
}
"""The check that must name each field; None where nothing can."""

POSITION_FIELDS: dict[str, Check | None] = {
    "block_number": Check.ORDER,
    "log_index": Check.ORDER,
    "transaction_index": Check.ORDER,
    "transaction_hash": Check.ORDER,
    "block_hash": Check.ORDER,
    "time": Check.ORDER,
}
"""Of an event that shares its transaction with another one; an event alone in its block can state any hash."""

APPROVAL_FIELDS = {each.name: Check.APPROVAL for each in fields(ApprovalOnRecord)}


def index_of(base: Base, kind: type, number: int = 0) -> int:
    """Find the event of a kind by its number among them."""
    found = [i for i, event in enumerate(base.subject.events) if isinstance(event, kind)]
    return found[number]


def event_rows() -> Iterator[Manipulation]:
    """Each field of the first event of each kind, one at a time."""
    for name, kind in EVENT_TYPES.items():
        for field in fields(kind):
            if field.name != "position":
                check = EVENT_FIELDS[name, field.name]
                reason = "" if check else ELSEWHERE
                yield Manipulation(f"event {name}: {field.name}", check, _event(kind, field.name), reason)
    for number in (0, 1):
        yield from _more_blocks(number)
    for field in fields(ApprovalOnRecord):
        name = f"event RegularPartyRegistered: approvals[0].{field.name}"
        yield Manipulation(name, APPROVAL_FIELDS[field.name], _approval(field.name))
    for field in fields(EventPosition):
        name = f"event BlockRejected: position.{field.name}"
        yield Manipulation(name, POSITION_FIELDS[field.name], _position(field.name))
    yield Manipulation("event BatchCommitted: position.block_hash", None, _alone, ELSEWHERE)
    yield Manipulation(
        "event PoolFunded: from_ of a slashed bond",
        Check.REJECTION,
        lambda base: _with(base, index_of(base, PoolFunded, 1), "from_"),
    )


def _more_blocks(number: int) -> Iterator[Manipulation]:
    for field in fields(BlockRejected):
        if field.name != "position":
            how = ("voted off", "proved false")[number]
            name = f"event BlockRejected ({how}): {field.name}"
            yield Manipulation(name, Check.REJECTION, _event(BlockRejected, field.name, number))


def _event(kind: type, field: str, number: int = 0) -> Change:
    return lambda base: _with(base, index_of(base, kind, number), field)


def _with(base: Base, index: int, field: str) -> Subject:
    return base.subject.with_event(index, **{field: _other(getattr(base.subject.events[index], field))})


def _other(value: object) -> object:
    if value == ():
        return (bytes(65),)
    if isinstance(value, tuple):
        first, *rest = value
        if isinstance(first, ApprovalOnRecord):
            return (replace(first, signature=_other_signature(first.signature)), *rest)
        return (_other_signature(first), *rest)
    return altered(value)


def _other_signature(signature: bytes) -> bytes:
    return bytes([signature[0] ^ 1]) + signature[1:]


def _approval(field: str) -> Change:
    def change(base: Base) -> Subject:
        index = index_of(base, RegularPartyRegistered)
        event = base.subject.events[index]
        first, *rest = event.approvals  # type: ignore[union-attr]
        value = getattr(first, field)
        other = _other_signature(value) if field == "signature" else altered(value)
        return base.subject.with_event(index, approvals=(replace(first, **{field: other}), *rest))

    return change


def _position(field: str) -> Change:
    def change(base: Base) -> Subject:
        index = index_of(base, BlockRejected)
        position = base.subject.events[index].position
        value = getattr(position, field)
        # The event before stands in the same transaction, at a lower log index; later ones follow at once.
        later = 0 if field == "log_index" else None
        if isinstance(value, int) and later is None:
            later = value + 1000
        other = altered(value) if later is None else later
        return base.subject.with_event(index, position=replace(position, **{field: other}))

    return change


def _alone(base: Base) -> Subject:
    index = index_of(base, BatchCommitted)
    position = base.subject.events[index].position
    return base.subject.with_event(index, position=replace(position, block_hash=altered(position.block_hash)))


RECORD_ONLY = (
    "it says where the deployment is found and enters nothing else; a live audit finds the contract by it"
)

DEPLOYMENT_FIELDS: dict[str, Check | None] = {
    "chain_id": Check.GENESIS,
    "address": Check.GENESIS,
    "block_number": Check.ORDER,
    "transaction_hash": None,
    "genesis_hash": Check.GENESIS,
    "code_hash": Check.CODE,
}
PARAMETER_FIELDS: dict[str, tuple[int, Check]] = {
    "classes": (5, Check.RULES),
    "approvals_per_class": (2, Check.COVERAGE),
    "commitment_expiry": (0, Check.REVEAL),
    "target": (2**251, Check.WORK),
    "max_target": (2**251, Check.WORK),
    "block_spacing": (5, Check.WORK),
    "retarget_interval": (3, Check.WORK),
    "easing_spacings": (60, Check.WORK),
    "challenge_window": (300, Check.BONDS),
    "quorum": (3, Check.SUSPENSION),
    "bond": (1001, Check.BONDS),
    "max_reward_per_block": (100, Check.REWARDS),
}
"""The forged value of each parameter but the rules digest, and the check that must name it."""
FOUNDER_FIELDS = {"account": Check.FOUNDER, "held_classes": Check.FOUNDER}


def deployment_rows() -> Iterator[Manipulation]:
    """Each field of the deployment record, its parameters and its founders."""
    for field in fields(Deployment):
        if field.name in ("parameters", "founders"):
            continue
        check = DEPLOYMENT_FIELDS[field.name]
        name = f"deployment: {field.name}"
        if check is Check.CODE:
            yield Manipulation(name, check, audit=lambda base: _live(base, "code_hash"))
        else:
            yield Manipulation(name, check, _record(field.name), "" if check else RECORD_ONLY)
    for field in fields(Parameters):
        yield _parameter(field.name)
    for field in fields(Founder):
        yield Manipulation(
            f"deployment: founders[0].{field.name}", FOUNDER_FIELDS[field.name], _founder(field.name)
        )


def _record(field: str) -> Change:
    def change(base: Base) -> Subject:
        deployment = base.subject.deployment
        value = getattr(deployment, field)
        other = value + 10**6 if field == "block_number" else altered(value)
        return replace(base.subject, deployment=replace(deployment, **{field: other}))

    return change


def _parameter(field: str) -> Manipulation:
    def change(base: Base) -> Subject:
        deployment = base.subject.deployment
        parameters = deployment.parameters
        digest = field == "rules_digest"
        value = altered(parameters.rules_digest) if digest else PARAMETER_FIELDS[field][0]
        other = replace(parameters, **{field: value})
        return replace(base.subject, deployment=replace(deployment, parameters=other))

    check = Check.RULES if field == "rules_digest" else PARAMETER_FIELDS[field][1]
    return Manipulation(f"deployment: parameters.{field}", check, change)


def _founder(field: str) -> Change:
    def change(base: Base) -> Subject:
        deployment = base.subject.deployment
        first, *rest = deployment.founders
        other = (replace(first, **{field: altered(getattr(first, field))}), *rest)
        return replace(base.subject, deployment=replace(deployment, founders=other))

    return change


def _live(base: Base, field: str) -> AuditReport:
    deployment = base.network.deployment
    other = replace(deployment, **{field: altered(getattr(deployment, field))})
    return audit_live(replace(base.network, deployment=other), base.subject.store)
