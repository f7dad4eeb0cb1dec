"""Audits a bundle: its proofs, then the history in it as any other."""

from dataclasses import replace
from pathlib import Path

from bema_py.core.types import Digest
from bema_py.learning.progress import Progress
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.auditor import WHOLE, AuditPlan, BlockDone, audit
from bema_py.roles.bundle.anchors import Wanted
from bema_py.roles.bundle.opening import open_bundle
from bema_py.roles.checks import CheckBook


def audit_bundle(
    directory: Path,
    wanted: Wanted,
    *,
    pinned: Digest | None = None,
    plan: AuditPlan = WHOLE,
    on_block: BlockDone | None = None,
    progress: Progress | None = None,
) -> AuditReport:
    """Audit a bundle without any network; the report's anchors say what the verdict rests on."""
    book = CheckBook()
    bundle = open_bundle(book, directory, wanted, pinned, progress)
    report = audit(
        bundle.deployment,
        bundle.events,
        bundle.store,
        plan=plan,
        book=book,
        on_block=on_block,
        progress=progress,
    )
    return replace(report, anchors=bundle.anchors)
