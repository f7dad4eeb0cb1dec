"""Gathers an audit's report from the audit's outcome, the events and the content."""

from bema_py.chain.events import Event
from bema_py.core.errors import BemaError
from bema_py.core.types import hex0x
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.checks import Check, Finding, Status
from bema_py.roles.content import ModelCache, load_rules
from bema_py.roles.history import History
from bema_py.roles.replay import replay
from bema_py.roles.reporting.facts import Anchor, CheckLine, Facts, FindingLine, Standing, Subject
from bema_py.roles.reporting.happenings import stories
from bema_py.roles.reporting.limits import limits
from bema_py.roles.reporting.pictures import plots, thumbnails
from bema_py.roles.reporting.rows import gather, party_lines
from bema_py.roles.stories.archive import Archive
from bema_py.roles.telling.words import clock, count


def compose(subject: Subject, report: AuditReport) -> Facts:
    """Gather the whole report; where the rules object cannot be had, the tables have gaps and no story is told."""
    history = replay(subject.events)
    archive = _archive(subject, history)
    rows = gather(subject, history, report)
    findings = {status: _findings(report, status) for status in Status}
    return Facts(
        audit=report,
        subject=subject,
        verdict=verdict_sentence(report),
        anchors=(*subject.anchors, *anchors(subject, history)),
        checks=check_lines(report),
        findings=findings[Status.FALSE],
        missing=findings[Status.MISSING],
        notices=findings[Status.NOTICE],
        stories=stories(archive, report) if archive else (),
        blocks=tuple(rows.blocks),
        parties=party_lines(history, rows),
        pictures=plots(history, rows),
        thumbnails=thumbnails(subject.store, history, archive.rules, rows) if archive else (),
        limits=limits(subject, report, rows),
    )


def _archive(subject: Subject, history: History) -> Archive | None:
    try:
        rules = load_rules(subject.store, subject.deployment.rules_digest)
    except BemaError:
        return None
    events, models = tuple(subject.events), ModelCache(subject.store)
    return Archive(
        subject.deployment, events, history, rules, subject.store, models, subject.now, subject.live
    )


def anchors(subject: Subject, history: History) -> tuple[Anchor, ...]:
    """Name what fixes this history, for a reader to compare with what is known elsewhere."""
    deployment, standing = subject.deployment, subject.standing
    named = [
        Anchor("chain id", str(deployment.chain_id), standing.chain_id),
        Anchor("contract", hex0x(deployment.address), standing.contract),
        Anchor("contract code", hex0x(deployment.code_hash), standing.code),
        Anchor("rules", hex0x(deployment.rules_digest), "fixed by the contract (check 102)"),
    ]
    if subject.events:
        named.append(_last_event(subject.events[-1], standing))
    if history.blocks:
        tip = history.blocks[-1]
        named.append(
            Anchor(f"tip, block {tip.height}", hex0x(tip.block_hash), "its header and work (401, 402)")
        )
    return tuple(named)


def _last_event(event: Event, standing: Standing) -> Anchor:
    position = event.position
    return Anchor(
        f"Ethereum block {position.block_number}, that of the last event",
        hex0x(position.block_hash),
        f"{clock(position.time)}; {standing.events}",
    )


def verdict_sentence(report: AuditReport) -> str:
    """Give the outcome in one sentence."""
    blocks = count(len(report.blocks), "block")
    if report.mismatches:
        return (
            f"False: of what was checked in {blocks}, {count(report.mismatches, 'statement')} did not hold; "
            "they are named below."
        )
    if report.missing:
        return f"Incomplete: nothing false was found in {blocks}, but {count(report.missing, 'check')} lacked content."
    verdict = report.verdict.capitalize()
    if report.left_out:
        held = f"every check that was asked of {blocks} held"
        return f"{verdict}: {held}, and {report.recomputed} of them were recomputed."
    return f"{verdict}: every check held, and {blocks} were recomputed from their parent models, to the last bit."


def check_lines(report: AuditReport) -> tuple[CheckLine, ...]:
    """Give every check with how often it was asked and how it came out, also those that were never asked."""
    lines = []
    for check in Check:
        found = [finding.status for finding in report.book.findings if finding.check is check]
        false, missing = found.count(Status.FALSE), found.count(Status.MISSING)
        lines.append(
            CheckLine(
                number=check.number,
                name=check.name.lower(),
                meaning=check.meaning,
                asked=report.book.passed[check] + false + missing,
                false=false,
                missing=missing,
                notices=found.count(Status.NOTICE),
            )
        )
    return tuple(lines)


def _findings(report: AuditReport, status: Status) -> tuple[FindingLine, ...]:
    return tuple(_finding(each) for each in report.book.findings if each.status is status)


def _finding(finding: Finding) -> FindingLine:
    check = finding.check
    return FindingLine(
        check.number, check.name.lower(), finding.status.value, str(finding.place), finding.message
    )
