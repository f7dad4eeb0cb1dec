"""Replays a history from contract events and content alone, and says what holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bema_py.chain.deployment import Deployment, open_contract
from bema_py.chain.events import Event
from bema_py.core.errors import BemaError
from bema_py.core.rules import Rules
from bema_py.learning.progress import Progress
from bema_py.roles.audit_jobs import Outcomes, auditing
from bema_py.roles.audit_report import AuditReport, BlockVerdict, unreached
from bema_py.roles.audit_scope import EVERY_BLOCK, Scope, select
from bema_py.roles.chain_walk import AuditWork, BlockOutcome
from bema_py.roles.checks import Check, CheckBook, Status
from bema_py.roles.commitment_checks import check_commitments
from bema_py.roles.content import ModelCache, load_rules
from bema_py.roles.decision_checks import check_decisions
from bema_py.roles.failures import FailureRecord
from bema_py.roles.history import History
from bema_py.roles.money_checks import check_money
from bema_py.roles.registration_checks import check_approvals, check_genesis, check_models, check_order
from bema_py.roles.replay import replay
from bema_py.roles.witness_checks import check_failures
from bema_py.storage.content_store import ContentMissingError, ContentStore

if TYPE_CHECKING:
    from bema_py.roles.network import Network

BlockDone = Callable[[BlockOutcome], None]
STAGE = "blocks"
"""The stage that an audit's progress names; its units are the blocks of the chain."""


@dataclass(frozen=True)
class AuditPlan:
    """How an audit goes about the blocks: which it recomputes, on how many processes, and where it keeps them.

    `jobs` processes of one thread each; None is this process with all the threads it may use. Blocks kept under
    `resume` are not recomputed again as long as nothing has changed of what they follow from.
    """

    scope: Scope = EVERY_BLOCK
    jobs: int | None = None
    resume: Path | None = None


WHOLE = AuditPlan()
"""Every block, in this process."""


def audit(
    deployment: Deployment,
    events: Sequence[Event],
    store: ContentStore,
    *,
    plan: AuditPlan = WHOLE,
    book: CheckBook | None = None,
    besides: Callable[[CheckBook], None] | None = None,
    on_block: BlockDone | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Check a whole history: registrations, commitments, then every block recomputed from its parent models.

    A block that is false or cannot be recomputed is named, and the audit goes on from what it claims. What the plan
    leaves out is everything else but recomputed. `besides` is what else there is to check of the files that the history
    came in. Raises ScopeError for a plan that chooses no block.
    """
    book = book or CheckBook()
    history = replay(events)
    selection = select(plan.scope, history)
    rules = _rules(book, deployment, store)
    work = AuditWork(deployment, tuple(events), store, selection.heights, plan.resume)
    with auditing(work, history, plan.jobs) if rules and history.genesis else nullcontext() as found:
        # Worker processes, where there are any, are at the blocks meanwhile.
        if besides:
            besides(book)
        money = _check_events(book, deployment, history, store, events)
        if rules is None or found is None:
            unseen = history.blocks if rules else ()
            return AuditReport(book, tuple(map(unreached, unseen)), (), money, selection.rule)
        failures = FailureRecord(rules.witness)
        blocks = tuple(_take_blocks(book, history, found, failures, on_block, progress))
        check_failures(book, store, history, failures)
        orphans = tuple(_take_orphans(book, found))
        return AuditReport(book, blocks, orphans, money, selection.rule)


def _check_events(
    book: CheckBook, deployment: Deployment, history: History, store: ContentStore, events: Sequence[Event]
) -> Mapping[str, int]:
    """Check all that needs no block recomputed, and return the contract's figures in wei."""
    check_order(book, deployment, events)
    check_genesis(book, deployment, history)
    check_approvals(book, deployment, history, events)
    check_models(book, history, store, ModelCache(store))
    check_commitments(book, deployment, events)
    check_decisions(book, deployment, history, events)
    return check_money(book, deployment, history, store, events)


def audit_live(
    network: Network,
    store: ContentStore,
    *,
    plan: AuditPlan = WHOLE,
    events: Sequence[Event] | None = None,
    on_block: BlockDone | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit a network from its chain's events and a store, after comparing the contract's code with the record.

    `events` are the chain's, where the caller has read them already.
    """
    book = CheckBook()
    with book.reading(Check.CODE):
        open_contract(network.contract.chain, network.deployment)
    return audit(
        network.deployment,
        network.events() if events is None else events,
        store,
        plan=plan,
        book=book,
        on_block=on_block,
        progress=progress,
    )


def _rules(book: CheckBook, deployment: Deployment, store: ContentStore) -> Rules | None:
    try:
        rules = load_rules(store, deployment.rules_digest)
    except ContentMissingError as error:
        book.note(Check.RULES, Status.MISSING, str(error))
        return None
    except BemaError as error:
        book.note(Check.RULES, Status.FALSE, str(error))
        return None
    book.expect(
        Check.RULES,
        rules.classes == deployment.parameters.classes,
        f"the rules have {rules.classes} classes, the contract {deployment.parameters.classes}",
    )
    roots = len(deployment.founders) if rules.witness is None else len(rules.witness.references)
    book.expect(
        Check.RULES,
        roots == len(deployment.founders),
        f"the rules name {roots} reference roots for {len(deployment.founders)} founders",
    )
    return rules


def _take_blocks(
    book: CheckBook,
    history: History,
    found: Outcomes,
    failures: FailureRecord,
    on_block: BlockDone | None,
    progress: Progress | None,
) -> Iterator[BlockVerdict]:
    """Enter the blocks of the chain in the book, in the order of their heights, and yield their verdicts."""
    for done, event in enumerate(history.blocks):
        if progress:
            progress(STAGE, done, len(history.blocks))
        outcome = next(found)
        if outcome is None:
            yield unreached(event)
            continue
        failures.take(event, outcome.counted)
        book.merge(outcome.book)
        yield outcome.verdict
        if on_block:
            on_block(outcome)
    if progress:
        progress(STAGE, len(history.blocks), len(history.blocks))


def _take_orphans(book: CheckBook, found: Outcomes) -> Iterator[BlockVerdict]:
    """Enter the blocks that left the chain in the book, and yield their verdicts."""
    for outcome in found:
        if outcome is not None:
            book.merge(outcome.book)
            yield outcome.verdict
