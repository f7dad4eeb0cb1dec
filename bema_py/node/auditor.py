"""An auditor's node: audits the whole history whenever it grew, and says whether it is clean."""

import json
from dataclasses import dataclass, field

from bema_py.chain.events import EventPosition
from bema_py.core.types import BlockHash
from bema_py.node.desk import Desk
from bema_py.roles.audit_report import AuditReport, report_to_plain
from bema_py.roles.auditor import AuditPlan, audit_live
from bema_py.roles.checks import Status
from bema_py.roles.history import History
from bema_py.storage.atomic_file import write_atomically

Shape = tuple[BlockHash, EventPosition, int, int, int]


@dataclass
class AuditorWorker:
    """An auditor. Blocks once recomputed are kept under its state, so that each audit recomputes only the new ones."""

    desk: Desk
    _seen: Shape | None = field(default=None, init=False)

    def step(self) -> str:
        """Audit where a block, a party or a decision is new, or where content was missing."""
        history = self.desk.read()
        if history.genesis is None:
            return "the founders' registrations"
        shape = _shape(history)
        if shape != self._seen:
            report = self._audit(history)
            # Missing content may be on its way, so it is looked for again.
            self._seen = None if report.missing else shape
            if report.missing:
                return "content that is missing"
        return "another block"

    def _audit(self, history: History) -> AuditReport:
        desk = self.desk
        plan = AuditPlan(resume=desk.state / "audited")
        report = audit_live(desk.network, desk.network.store, plan=plan, progress=desk.on_progress)
        data = json.dumps(report_to_plain(report), indent=1).encode()
        write_atomically(desk.state / "audit.json", data, desk.state / "unfinished")
        figures = desk.figures
        figures.clean.set(report.book.clean())
        figures.audited.set(report.recomputed)
        for status in Status:
            figures.findings.labels(status.value).set(report.book.count(status))
        desk.followed(history, report.recomputed)
        say = desk.log.info if report.book.clean() else desk.log.error
        say(
            "audited",
            verdict=report.verdict,
            blocks=len(report.blocks),
            recomputed=report.recomputed,
            mismatches=report.mismatches,
            missing=report.missing,
            findings=[each.message for each in report.book.findings if each.status is not Status.NOTICE][:10],
        )
        return report


def _shape(history: History) -> Shape:
    """Return what is compared to know whether an audit would find anything new."""
    tip, position = history.parent_of(len(history.blocks) + 1)
    return tip, position, len(history.orphans), len(history.parties), len(history.suspensions)
