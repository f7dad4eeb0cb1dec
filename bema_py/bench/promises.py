"""What a network owes whoever takes part, whatever failed meanwhile: nothing accepted is lost, nobody is paid twice."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from bema_py.chain.events import BondReturned, Event, RewardClaimed, RewardWithdrawn
from bema_py.core.types import Address, PartyId, hex0x
from bema_py.roles.auditor import audit_live
from bema_py.roles.batches import load_listed
from bema_py.roles.checks import Status
from bema_py.roles.history import History
from bema_py.roles.network import Network, read_ledger
from bema_py.roles.outbox import Outbox
from bema_py.roles.payment import entitlement
from bema_py.roles.replay import replay


def broken_promises(network: Network, outboxes: Sequence[Path]) -> list[str]:
    """Return what does not hold, in sentences; nothing where all is well. `outboxes` are the files of the parties.

    The network may go on meanwhile.
    """
    events = network.events()
    history = replay(events)
    return [
        *_audited(network),
        *_opened(history, outboxes),
        *_offered_once(network, history),
        *_judged(network, history),
        *_paid_once(network, history, events),
    ]


def unpaid(network: Network, accounts: Sequence[Address]) -> list[str]:
    """Return which accounts have not taken all that final blocks allot to them."""
    history = network.history()
    owed = {account: _owed(network, history, account) for account in accounts}
    return [
        f"{hex0x(account)} has {history.claimed.get(account, 0)} of {due} wei"
        for account, due in owed.items()
        if history.claimed.get(account, 0) != due
    ]


def _audited(network: Network) -> Iterator[str]:
    report = audit_live(network, network.store)
    for finding in report.book.findings:
        if finding.status is not Status.NOTICE:
            yield f"audit: {finding.message}"
    if report.recomputed != len(report.blocks):
        yield f"audit: {report.recomputed} of {len(report.blocks)} blocks were recomputed"


def _opened(history: History, outboxes: Sequence[Path]) -> Iterator[str]:
    """A commitment that can no longer be opened would be samples lost, and its party held up until it expires."""
    # Read after the history: what is committed by then was in an outbox before.
    held = {each.commitment for path in outboxes for each in Outbox(path).held}
    for batch in history.batches.values():
        if batch.opening is None and batch.commitment not in held:
            yield f"party {batch.party} cannot open its commitment {hex0x(batch.commitment)}"


def _offered_once(network: Network, history: History) -> Iterator[str]:
    offered: dict[PartyId, Counter[bytes]] = {}
    for batch in history.batches.values():
        if batch.opening is not None:
            samples = load_listed(network.store, batch, network.rules).batch.samples
            offered.setdefault(batch.party, Counter()).update(sample.id() for sample in samples)
    for party, count in offered.items():
        twice = sum(1 for times in count.values() if times > 1)
        if twice:
            yield f"party {party} offered {twice} samples more than once"


def _judged(network: Network, history: History) -> Iterator[str]:
    """Every batch revealed before the newest block but one was taken into some block."""
    ledger = read_ledger(network, history)
    before = history.blocks[-2].position if len(history.blocks) > 1 else None
    for batch in history.batches.values():
        if batch.opening is None or before is None or batch.opening.position > before:
            continue
        if batch.commitment not in ledger.listed and not history.suspended(batch.party):
            yield f"no block lists batch {hex0x(batch.commitment)} of party {batch.party}"


def _paid_once(network: Network, history: History, events: Sequence[Event]) -> Iterator[str]:
    claimed: Counter[Address] = Counter()
    withdrawn: Counter[Address] = Counter()
    bonds: Counter[bytes] = Counter()
    for event in events:
        match event:
            case RewardClaimed():
                claimed[event.account] += event.amount
            case RewardWithdrawn():
                withdrawn[event.account] += event.amount
            case BondReturned():
                bonds[event.block_hash] += 1
    for account, amount in claimed.items():
        due = _owed(network, history, account)
        if amount > due:
            yield f"{hex0x(account)} claimed {amount} wei, final blocks allot {due}"
    for account, amount in withdrawn.items():
        if amount > claimed[account]:
            yield f"{hex0x(account)} took out {amount} wei and had claimed {claimed[account]}"
    for block_hash, times in bonds.items():
        if times > 1:
            yield f"the bond of block {hex0x(block_hash)} was paid back {times} times"


def _owed(network: Network, history: History, account: Address) -> int:
    due = entitlement(network, history, account)
    return due.cumulative if due else 0
