"""Checks of the deployment and of every registration, from events and content alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bema_py.chain.approvals import Approval, recover_signer
from bema_py.chain.deployment import Deployment
from bema_py.chain.events import (
    ApprovalRevoked,
    Event,
    EventPosition,
    GenesisClosed,
    OriginalPartyRegistered,
    RegularPartyRegistered,
)
from bema_py.chain.packed_records import ApprovalOnRecord
from bema_py.core.errors import BemaError
from bema_py.core.header import genesis_hash
from bema_py.core.types import Address, PartyId, PartyType, classes_of, hex0x, mask_of
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.content import ModelCache, load_card
from bema_py.roles.history import History, RegisteredParty
from bema_py.storage.content_store import ContentStore


def check_order(book: CheckBook, deployment: Deployment, events: Sequence[Event]) -> None:
    """Check that events strictly follow one another from the deployment on, and that chain time never goes back."""
    for later in events:
        book.expect(
            Check.ORDER,
            later.position.block_number >= deployment.block_number,
            f"event {type(later).__name__} lies in Ethereum block {later.position.block_number}, the deployment in "
            f"{deployment.block_number}",
        )
    for earlier, later in pairwise(events):
        before, after = earlier.position, later.position
        follows = (before.block_number, before.log_index) < (after.block_number, after.log_index)
        book.expect(
            Check.ORDER,
            follows and before.time <= after.time,
            f"event {type(later).__name__} at {_words(after)} cannot come after {type(earlier).__name__} at "
            f"{_words(before)}",
        )

    for earlier, later in pairwise(events):
        fault = _fault_of_place(earlier.position, later.position)
        message = f"events {type(earlier).__name__} and {type(later).__name__} disagree: {fault}"
        book.expect(Check.ORDER, fault is None, message)
    _check_sequence(book, deployment, events)


def _check_sequence(book: CheckBook, deployment: Deployment, events: Sequence[Event]) -> None:
    """Check that the genesis phase closed once and that parties got their numbers in turn, founders the first."""
    closed = False
    free = {PartyId(number) for number in range(1, len(deployment.founders) + 1)}
    following = PartyId(len(free) + 1)
    for event in events:
        if isinstance(event, GenesisClosed):
            book.expect(Check.ORDER, not closed, "the genesis phase was closed before")
            closed = True
        elif isinstance(event, OriginalPartyRegistered | RegularPartyRegistered):
            founder = isinstance(event, OriginalPartyRegistered)
            book.expect(
                Check.ORDER,
                event.party in free if founder else event.party == following,
                f"account {hex0x(event.account)} cannot have registered as party {event.party} then",
                Place(party=event.party),
            )
            free.discard(event.party)
            following = following if founder else PartyId(event.party + 1)


def _fault_of_place(before: EventPosition, after: EventPosition) -> str | None:
    """Say why two successive events cannot both be where they are: one Ethereum block has one hash, time and order."""
    same_block = before.block_number == after.block_number
    if same_block != (before.block_hash == after.block_hash) or (same_block and before.time != after.time):
        return f"Ethereum block {after.block_number} has another hash or time in the one than in the other"
    if not same_block:
        return None
    if before.transaction_index > after.transaction_index:
        return f"transaction {after.transaction_index} comes after {before.transaction_index}"
    if (before.transaction_index == after.transaction_index) != (
        before.transaction_hash == after.transaction_hash
    ):
        return f"transaction {after.transaction_index} has another hash in the one than in the other"
    return None


def _words(position: EventPosition) -> str:
    return f"Ethereum block {position.block_number}, log {position.log_index}, time {position.time}"


def check_genesis(book: CheckBook, deployment: Deployment, history: History) -> None:
    """Recompute the genesis hash and compare the founders with the deployment's list."""
    if history.genesis is None and not history.blocks:
        book.note(Check.GENESIS, Status.NOTICE, "the genesis phase is open: not every founder has registered")
        return
    expected = genesis_hash(deployment.chain_id, deployment.address, deployment.rules_digest)
    stated = history.genesis.genesis_hash if history.genesis else b""
    book.expect(
        Check.GENESIS,
        stated == deployment.genesis_hash == expected,
        f"the genesis hash is {hex0x(stated)} on chain and {hex0x(deployment.genesis_hash)} in the record, "
        f"recomputed {hex0x(expected)}",
    )
    founders = {PartyId(number): founder for number, founder in enumerate(deployment.founders, start=1)}
    for number, founder in founders.items():
        book.expect(
            Check.FOUNDER,
            _is_founder(history, history.parties.get(number), founder.account, founder.held_classes),
            f"founder {hex0x(founder.account)} did not register as the deployment lists it",
            Place(party=number),
        )
    for number, party in history.parties.items():
        book.expect(
            Check.FOUNDER,
            (number in founders) == (party.party_type is PartyType.ORIGINAL),
            f"account {hex0x(party.account)} registered as a founder but is not listed as one",
            Place(party=number),
        )


def _is_founder(history: History, party: RegisteredParty | None, account: Address, held: int) -> bool:
    return (
        party is not None
        and party.party_type is PartyType.ORIGINAL
        and (party.account, party.held_classes) == (account, held)
        and history.genesis is not None
        and party.registered < history.genesis.position
    )


@dataclass
class ApprovalLedger:
    """Which approvals a deployment's founders have spent or revoked so far."""

    deployment: Deployment
    revoked: Mapping[tuple[Address, int], EventPosition]
    suspended: Mapping[Address, EventPosition]
    spent: set[tuple[Address, int]] = field(default_factory=set)

    def recover(self, party: RegisteredParty, approval: ApprovalOnRecord) -> Address:
        """Return who signed an approval on record; raises SignatureError."""
        full = Approval(
            account=party.account,
            model_card=party.model_card,
            held_classes=party.held_classes,
            label_space=party.label_space,
            vouched_classes=approval.vouched_classes,
            nonce=approval.nonce,
            deadline=approval.deadline,
            signer=Address(b""),
            signature=approval.signature,
        )
        return recover_signer(self.deployment.chain_id, self.deployment.address, full)

    def fault(self, party: RegisteredParty, approval: ApprovalOnRecord, signer: Address) -> str | None:
        """Say why an approval does not count, or None if it does."""
        held = {founder.account: founder.held_classes for founder in self.deployment.founders}
        suspension = self.suspended.get(signer)
        withdrawn = self.revoked.get((signer, approval.nonce))
        if signer not in held:
            return "the signer is no founder"
        if approval.vouched_classes & ~held[signer]:
            return "it vouches for classes the founder does not hold"
        if party.registered.time > approval.deadline:
            return f"its deadline {approval.deadline} lies before the registration at {party.registered.time}"
        if suspension and suspension < party.registered:
            return f"the signer was suspended in Ethereum block {suspension.block_number}"
        if (signer, approval.nonce) in self.spent:
            return f"nonce {approval.nonce} was used before"
        if withdrawn and withdrawn < party.registered:
            return f"it was revoked in Ethereum block {withdrawn.block_number}"
        return None


def check_approvals(
    book: CheckBook, deployment: Deployment, history: History, events: Sequence[Event]
) -> None:
    """Recompute the signer of every approval and count the vouching founders of every held class."""
    revocations = [event for event in events if isinstance(event, ApprovalRevoked)]
    revoked = {(event.signer, event.nonce): event.position for event in revocations}
    suspended = {event.account: event.position for event in history.suspensions.values()}
    ledger = ApprovalLedger(deployment, revoked, suspended)
    for party in sorted(history.parties.values(), key=lambda party: party.registered):
        if party.party_type is PartyType.REGULAR:
            _check_admission(book, ledger, party)
    _check_revocations(book, ledger, revocations)


def _check_revocations(
    book: CheckBook, ledger: ApprovalLedger, revocations: Sequence[ApprovalRevoked]
) -> None:
    """Check that only founders revoked approvals, none that was used, and each once."""
    founders = {founder.account for founder in ledger.deployment.founders}
    seen = set(ledger.spent)
    for event in revocations:
        name = (event.signer, event.nonce)
        book.expect(
            Check.APPROVAL,
            event.signer in founders and name not in seen,
            f"account {hex0x(event.signer)} revoked approval {event.nonce}, which is no founder's, or was used or "
            "revoked before",
        )
        seen.add(name)


def _check_admission(book: CheckBook, ledger: ApprovalLedger, party: RegisteredParty) -> None:
    place = Place(party=party.party)
    vouching: Counter[int] = Counter()
    previous = Address(b"")
    for approval in party.approvals:
        try:
            signer = ledger.recover(party, approval)
        except BemaError as error:
            book.expect(Check.APPROVAL, False, str(error), place)
            continue
        fault = "signers do not ascend" if signer <= previous else ledger.fault(party, approval, signer)
        if book.expect(Check.APPROVAL, fault is None, f"approval by {hex0x(signer)}: {fault}", place):
            vouching.update(classes_of(approval.vouched_classes))
        ledger.spent.add((signer, approval.nonce))
        previous = signer
    required = ledger.deployment.parameters.approvals_per_class
    lacking = [label for label in classes_of(party.held_classes) if vouching[label] < required]
    book.expect(
        Check.COVERAGE,
        not lacking,
        f"classes {lacking} are vouched for by fewer than {required} founders",
        place,
    )


def check_models(book: CheckBook, history: History, store: ContentStore, models: ModelCache) -> None:
    """Check that each registered model card agrees with the registered classes and that its parameters are there."""
    for party in history.parties.values():
        place = Place(party=party.party)
        with book.reading(Check.PARAMETERS, place):
            models.load(party.model_card)
        with book.reading(Check.MODEL_CARD, place):
            card = load_card(store, party.model_card)
            book.expect(
                Check.MODEL_CARD,
                mask_of(card.classes) == party.label_space and not party.held_classes & ~party.label_space,
                f"the card's classes {list(card.classes)} do not fit the registered label space "
                f"{list(classes_of(party.label_space))} and held classes {list(classes_of(party.held_classes))}",
                place,
            )
