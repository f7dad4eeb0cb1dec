"""What an audit cannot say, in sentences: what its method leaves open, and what this one did."""

from bema_py.roles.audit_report import AuditReport
from bema_py.roles.audit_scope import spans
from bema_py.roles.reporting.facts import Subject
from bema_py.roles.reporting.rows import Rows
from bema_py.roles.telling.words import count

ALWAYS = (
    "Whether a record that was offered as a sample is genuine and rightly labelled: models and founders' references "
    "judge it, nobody sees where it came from.",
    "What founders saw when they validated a newcomer: their private data is not published, only their signature is.",
    "Who stands behind an account, and whether two accounts are one person.",
    "What was decided outside the contract, and what was sent to no chain and no content store.",
    "Whether models leak something of the data that they were trained with.",
)


def limits(subject: Subject, report: AuditReport, rows: Rows) -> tuple[str, ...]:
    """Name what stays open, this audit's own gaps first."""
    own = list(subject.doubts)
    if report.left_out:
        own.append(
            f"Whether the samples of blocks {spans(report.left_out)} were judged and their models calibrated rightly: "
            f"this audit was told to recompute {report.selection}."
        )
    if report.repeated:
        own.append(
            f"{count(report.repeated, 'block')} were recomputed by an earlier audit, whose notes this one took over."
        )
    if report.missing:
        own.append(
            "What the missing content would show. Missing is not false: whoever still has it can put it back."
        )
    pending = [block.height for block in rows.blocks if block.standing == "pending"]
    if pending:
        own.append(
            f"Whether blocks {spans(pending)} will stay: their challenge windows were open when the record ends."
        )
    return (*own, *ALWAYS)
