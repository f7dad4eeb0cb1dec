"""Audits the history in a bundle as any other, after its proofs were checked."""

from dataclasses import replace

from bema_py.learning.progress import Progress
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.auditor import WHOLE, AuditPlan, BlockDone, audit
from bema_py.roles.bundle.opening import Bundle
from bema_py.roles.checks import CheckBook


def audit_bundle(
    bundle: Bundle,
    book: CheckBook,
    *,
    plan: AuditPlan = WHOLE,
    on_block: BlockDone | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit an opened bundle without any network; `book` is the one in which opening it entered what it found.

    The report's anchors say what the verdict rests on.
    """
    report = audit(
        bundle.deployment,
        bundle.events,
        bundle.store,
        plan=plan,
        book=book,
        besides=bundle.check_reach,
        on_block=on_block,
        progress=progress,
    )
    return replace(report, anchors=bundle.anchors)
