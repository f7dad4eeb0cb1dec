"""One manipulation: what is changed, the check that must name it, and how its audit came out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auditing.subject import Base, Subject
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.checks import Check, Status

Change = Callable[[Base], Subject]


@dataclass(frozen=True)
class Manipulation:
    """A single change of an honest history; `check` is decided from the check's meaning before the audit runs.

    Where `check` is None nothing can show the change, and `reason` says why. `audit` is for what needs more than an
    audit of events and content.
    """

    name: str
    check: Check | None
    change: Change | None = None
    reason: str = ""
    audit: Callable[[Base], AuditReport] | None = None

    def run(self, base: Base) -> dict[str, Any]:
        """Audit the changed history; the row says which checks named the change."""
        report = self.audit(base) if self.audit else _changed(self, base).audited()
        named = {each.check for each in report.book.findings if each.status is not Status.NOTICE}
        expected = [each for each in report.book.findings if each.check is self.check]
        row: dict[str, Any] = {"manipulation": self.name, "check": _word(self.check)}
        row["caught"] = report.exit_code != 0 and self.check in named
        row["named"] = sorted(_word(check) or "" for check in named)
        row["says"] = f"{expected[0].place}: {expected[0].message}"[:240] if row["caught"] else ""
        if self.reason:
            row["reason"] = self.reason
        return row


def _changed(manipulation: Manipulation, base: Base) -> Subject:
    assert manipulation.change is not None
    return manipulation.change(base)


def _word(check: Check | None) -> str | None:
    return f"{check.number} {check.name.lower()}" if check else None


def altered(value: object) -> Any:
    """Give another value of the same type: the last bit of bytes or of a number flipped."""
    if isinstance(value, bytes):
        return value[:-1] + bytes([value[-1] ^ 1])
    if isinstance(value, int):
        return value ^ 1
    if isinstance(value, str):
        return value + "x"
    raise TypeError(f"no alteration for {value!r}")
