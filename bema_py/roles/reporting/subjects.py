"""What a report says about where its history comes from: a run directory, a bundle, or a live chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bema_py.core.types import hex0x
from bema_py.roles.bundle.anchors import MEANING, Anchors, Level
from bema_py.roles.reporting.facts import Anchor, Standing, Subject
from bema_py.roles.run_record import RunRecord

if TYPE_CHECKING:
    from bema_py.roles.bundle.opening import Bundle
    from bema_py.roles.network import Network

UNPINNED = (
    "Whether the chain ever held these events: the files agree among themselves, and the digest of their manifest was "
    "not given. Compare the anchors with the chain, or audit the live chain."
)
PINNED = (
    "Whether the chain ever held these events: the files are those that the run wrote, "
    "which is no proof of what it read."
)

STATED = "stated by the record; every event and signature was checked against it"
SUPPLIED, CLAIMED = "supplied to the audit", "claimed by the bundle: compare it"
MADE_UP = (
    "Whether a chain ever held these events: no hash of one of the bundle's Ethereum blocks was supplied, so somebody "
    "could have made all of it up, or left out the end. Audit it with that of a block at or after the last event."
)
UNPROVED = (
    "Whether a chain ever held these events: the bundle states them, without Ethereum headers or receipts."
)


def subject_of_run(record: RunRecord, manifest: str) -> Subject:
    """Describe a run directory; it speaks as of its last event."""
    return Subject(
        deployment=record.deployment,
        events=record.events,
        store=record.store,
        now=record.events[-1].position.time if record.events else 0,
        live=False,
        source="Audited was a run directory: an export of a contract's events with all content.",
        standing=Standing(STATED, STATED, "stated by the deployment record", "stated by the record"),
        anchors=_pin(manifest),
        doubts=(PINNED if manifest else UNPINNED,),
    )


def subject_of_bundle(bundle: Bundle, manifest: str) -> Subject:
    """Describe a bundle; it speaks as of its last Ethereum block, and its proofs come before everything else."""
    anchors = bundle.anchors
    return Subject(
        deployment=bundle.deployment,
        events=bundle.events,
        store=bundle.store,
        now=bundle.time,
        live=False,
        source="Audited was a bundle, without a network: a contract's events, what proves them, and all content.",
        standing=_standing(anchors),
        anchors=(
            Anchor("evidence", anchors.level.value, MEANING[anchors.level]),
            Anchor("Ethereum block hash", *_block_hash(anchors)),
            *_pin(manifest),
        ),
        doubts=tuple(_doubts(anchors)),
    )


def _pin(manifest: str) -> tuple[Anchor, ...]:
    return (Anchor("manifest", manifest, "given to the audit (check 902)"),) if manifest else ()


def _standing(anchors: Anchors) -> Standing:
    if anchors.last is None:
        code = events = "stated by the bundle"
    else:
        code = "that of the transaction that created the contract (check 909)"
        events = (
            "proved under the block hash"
            if anchors.proven
            else "in the receipts under the bundle's own headers"
        )
    wanted = anchors.wanted
    return Standing(
        CLAIMED if wanted.chain_id is None else SUPPLIED,
        CLAIMED if wanted.contract is None else SUPPLIED,
        code,
        events,
    )


def _block_hash(anchors: Anchors) -> tuple[str, str]:
    """Give the hash that the verdict rests on, else that with which the bundle ends, and what it proves."""
    supplied, known = anchors.wanted.block_hash, anchors.known_block
    if supplied is None:
        last = f"{hex0x(anchors.last[1])}, block {anchors.last[0]}" if anchors.last else "none"
        return last, "claimed by the bundle; none was supplied, so nothing is proven"
    if known is None:
        return hex0x(supplied), "supplied to the audit, and of none of the bundle's headers (check 904)"
    later = "" if anchors.proven else f"; events up to block {anchors.last_event} are only claimed"
    return hex0x(
        supplied
    ), f"supplied to the audit; that of block {known}: what happened up to it is proven{later}"


def _doubts(anchors: Anchors) -> Iterator[str]:
    """Say what the proofs leave open."""
    if anchors.last is None:
        yield UNPROVED
        return
    if anchors.known_block is None:
        yield MADE_UP
    elif not anchors.proven:
        yield f"Whether a chain ever held the events after block {anchors.known_block}, that of the hash supplied."
    if anchors.level is Level.DEVELOPMENT:
        yield "When anything happened: whoever runs a development chain writes what blocks he likes, whenever he likes."
    yield f"What happened after block {anchors.last[0]}, with which the bundle ends."


def subject_of_network(network: Network) -> Subject:
    """Read a live network's events once, for the audit and its report."""
    # The time first: what is told of later events then only seems earlier, never final too soon.
    head = network.contract.chain.head()
    return Subject(
        deployment=network.deployment,
        events=network.events(),
        store=network.store,
        now=head.timestamp,
        live=True,
        source="Audited was a live chain: the contract's events, and the content of the auditor's own store.",
        standing=Standing(STATED, STATED, "compared with the chain's (check 101)", "read from the chain"),
        doubts=("Whether the node that was asked told the truth about the chain.",),
    )
