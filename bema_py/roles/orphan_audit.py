"""Blocks that left the chain: checked as far as they can be, and explained."""

from dataclasses import replace

from bema_py.chain.events import Fraud
from bema_py.core.types import hex0x
from bema_py.roles.block_audit import BlockAudit, Evidence, audit_block
from bema_py.roles.checks import Check, CheckBook, Place, Status
from bema_py.roles.fraud import frauds_of
from bema_py.roles.history import OrphanedBlock
from bema_py.roles.ledger import Ledger
from bema_py.roles.reasons import read_reason

OF_THE_CONTRACT = frozenset({Check.PARENT, Check.WORK, Check.TIME, Check.MINER_INFO, Check.REJECTION})
"""What the contract enforces of every block it accepts: false here means a false event, not a false block."""
UNSEEN = frozenset({Fraud.MALFORMED_LEAF, Fraud.FIRST_LEAF_NOT_RECORD, Fraud.LEAVES_OUT_OF_ORDER})
"""Frauds that no decodable body has; only the proof on chain can show them."""


def audit_orphan(
    evidence: Evidence, ledger: Ledger | None, orphan: OrphanedBlock, *, calibrate: bool = True
) -> BlockAudit:
    """Check a block that left the chain against the chain of its time; what is false in it is a notice.

    `ledger` is its parent's, or None where that is not known: then only the header is there to be checked. Without
    `calibrate` it is not recomputed.
    """
    seen = replace(evidence, history=replace(evidence.history, blocks=orphan.ancestors))
    parent = ledger or Ledger(height=len(orphan.ancestors))
    result = audit_block(seen, parent, orphan.event, calibrate=calibrate and ledger is not None)
    book = CheckBook()
    place = Place(block=orphan.event.height)
    for finding in result.book.findings:
        if finding.check in OF_THE_CONTRACT and finding.status is Status.FALSE:
            book.findings.append(finding)
    for check in OF_THE_CONTRACT:
        book.passed[check] += result.book.passed[check]
    explanation = _explanation(evidence, orphan, result, ledger is not None)
    if not calibrate and ledger is not None and result.recomputed is None:
        explanation += " (this audit did not recompute it)"
    book.note(Check.REJECTION, Status.NOTICE, explanation, place)
    if orphan.rejected and orphan.rejection.fraud != Fraud.NONE:
        _check_fraud(book, evidence, ledger, orphan, result)
    return replace(result, book=book)


def _explanation(evidence: Evidence, orphan: OrphanedBlock, result: BlockAudit, known_parent: bool) -> str:
    event, rejection = orphan.event, orphan.rejection
    name = f"block {hex0x(event.block_hash)} by {hex0x(event.miner)} left the chain"
    if not orphan.rejected:
        return f"{name} with its ancestor {hex0x(rejection.block_hash)}, which was rejected"
    if not known_parent:
        return f"{name}; without its parent's body it cannot be recomputed"
    faults = [each for each in result.book.findings if each.status is not Status.NOTICE]
    found = f"found in it: {faults[0].message}" if faults else "nothing false is found in it"
    if rejection.fraud == Fraud.NONE:
        reason = read_reason(evidence.store, rejection.reason)
        return f"{name} by {len(rejection.signatures)} votes, reason: {reason}; {found}"
    known = rejection.fraud in set(Fraud)
    fraud = Fraud(rejection.fraud).name.lower().replace("_", " ") if known else f"fraud {rejection.fraud}"
    return f"{name} by proof: {fraud}; {found}"


def _check_fraud(
    book: CheckBook, evidence: Evidence, ledger: Ledger | None, orphan: OrphanedBlock, result: BlockAudit
) -> None:
    """Look for the proved fraud in the body, where that can be had and is what the header commits to."""
    body, event, rejection = result.body, orphan.event, orphan.rejection
    if body is None or not result.book.passed[Check.ROOT]:
        return
    seen = frauds_of(
        evidence.deployment.rules_digest, evidence.history, ledger, event, body, rejection.position
    )
    book.expect(
        Check.REJECTION,
        rejection.fraud in seen and rejection.fraud not in UNSEEN,
        f"the block was rejected for fraud {rejection.fraud}, its body shows {sorted(seen) or 'none'}",
        Place(block=event.height),
    )
