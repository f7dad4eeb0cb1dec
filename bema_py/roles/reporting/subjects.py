"""What a report says about where its history comes from: a run directory, or a live chain."""

from bema_py.roles.network import Network
from bema_py.roles.reporting.facts import Anchor, Subject
from bema_py.roles.run_record import RunRecord

UNPINNED = (
    "Whether the chain ever held these events: the files agree among themselves, and the digest of their manifest was "
    "not given. Compare the anchors with the chain, or audit the live chain."
)
PINNED = (
    "Whether the chain ever held these events: the files are those that the run wrote, "
    "which is no proof of what it read."
)


def subject_of_run(record: RunRecord, manifest: str) -> Subject:
    """Describe a run directory; it speaks as of its last event."""
    pin = (Anchor("manifest", manifest, "given to the audit (check 902)"),) if manifest else ()
    return Subject(
        deployment=record.deployment,
        events=record.events,
        store=record.store,
        now=record.events[-1].position.time if record.events else 0,
        live=False,
        source="Audited was a run directory: an export of a contract's events with all content.",
        anchors=pin,
        doubts=(PINNED if manifest else UNPINNED,),
    )


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
        doubts=("Whether the node that was asked told the truth about the chain.",),
    )
