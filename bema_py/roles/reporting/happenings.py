"""Rollbacks, false blocks and suspensions in sentences, with what the audit found of them."""

from itertools import groupby

from bema_py.chain.events import PartySuspended
from bema_py.chain.votes import Suspension
from bema_py.core.types import hex0x
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.chain_walk import orphans_in_order
from bema_py.roles.checks import Check, Status
from bema_py.roles.history import OrphanedBlock
from bema_py.roles.reasons import read_reason
from bema_py.roles.reporting.facts import Story
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.facts import author, moment, who
from bema_py.roles.stories.known_blocks import KnownBlock
from bema_py.roles.stories.standing import standing_of, voters_of
from bema_py.roles.telling.block import tell_standing
from bema_py.roles.telling.words import Telling, count, printable, sequence


def stories(archive: Archive, report: AuditReport) -> tuple[Story, ...]:
    """Tell every rollback, then every suspension, each in the order in which they came."""
    orphans = sorted(
        orphans_in_order(archive.history), key=lambda each: (each.rejection.position, each.event.position)
    )
    rollbacks = groupby(orphans, key=lambda each: each.rejection.position)
    found = {_named(finding.message): finding.message for finding in report.book.findings if _tells(finding)}
    told = [_rollback(archive, list(each), found) for _, each in rollbacks]
    suspended = sorted(archive.history.suspensions.values(), key=lambda event: event.position)
    return (*told, *(_suspension(archive, event) for event in suspended))


def _tells(finding: object) -> bool:
    return getattr(finding, "check", None) is Check.REJECTION and (
        getattr(finding, "status", None) is Status.NOTICE
    )


def _named(message: str) -> str:
    """Return the block hash with which a notice about an orphan begins."""
    words = message.split(maxsplit=2)
    return words[1] if len(words) > 1 else ""


def _rollback(archive: Archive, orphans: list[OrphanedBlock], found: dict[str, str]) -> Story:
    first = orphans[0].rejection
    tell = Telling(f"Rollback at height {first.height}: {count(len(orphans), 'block')} left the chain")
    for orphan in orphans:
        event = orphan.event
        miner = tell.who(who(archive.history, event.miner))
        tell.say(
            f"Block {event.height}, {hex0x(event.block_hash)}, was found by {miner} and submitted "
            f"{tell.when(moment(event.position))}."
        )
        tell_standing(tell, standing_of(archive, KnownBlock(event, orphan.ancestors, orphan)))
        notice = found.get(hex0x(event.block_hash), "")
        if orphan.rejected and "; " in notice:
            tell.say(f"The audit: {printable(notice.rpartition('; ')[2])}.")
    tell.say(
        "What these blocks did no longer counts: their samples are free again, their rewards were never payable."
    )
    return Story(tell.title, tuple(tell.lines))


def _suspension(archive: Archive, event: PartySuspended) -> Story:
    tell = Telling(f"Party {event.party} was suspended")
    motion = Suspension(event.account, event.reason, event.deadline)
    voters = sequence(tell.who(voter) for voter in voters_of(archive, motion, event.signatures))
    reason = printable(read_reason(archive.store, event.reason))
    tell.say(
        f"{tell.who(author(archive.history, event.party)).capitalize()} was suspended "
        f"{tell.when(moment(event.position))} by the votes of {voters}, for: {reason!r}."
    )
    stays = archive.rules.suspended_models == "stay"
    tell.say(
        "Its samples and statements no longer count; its model "
        + (
            "stays among those that judge and learn."
            if stays
            else "no longer takes part from the next block on."
        )
    )
    return Story(tell.title, tuple(tell.lines))
