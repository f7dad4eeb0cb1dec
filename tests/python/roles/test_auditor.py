"""An honest history is clean; every kind of lie is named with its check and its place."""

from tiny_network import TinyNetwork

from bema_py.chain.events import Event
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.checks import Check, Status
from bema_py.roles.content import load_body


def audit_tiny(tiny: TinyNetwork, events: list[Event] | None = None) -> AuditReport:
    network = tiny.network
    return audit(network.deployment, network.events() if events is None else events, network.store)


def false_checks(report: AuditReport) -> set[Check]:
    return {finding.check for finding in report.book.findings if finding.status is Status.FALSE}


def test_an_honest_history_is_recomputed_without_a_finding(played: TinyNetwork) -> None:
    report = audit_tiny(played)
    assert (report.recomputed, report.mismatches, report.missing, report.exit_code) == (3, 0, 0, 0)
    bodies = [load_body(played.network.store, event.body_digest) for event in played.network.history().blocks]
    assert all(body.samples and body.updates for body in bodies)
    assert {check for check in Check if not report.book.passed[check]} == {
        Check.CODE,
        Check.OBJECT,
        Check.MANIFEST,
    }


def test_membership_starts_with_the_founders(played: TinyNetwork) -> None:
    history = played.network.history()
    assert [party.party for party in history.members_at(1)] == [1, 2]
    assert [party.party for party in history.members_at(2)] == [1, 2, 3, 4]
