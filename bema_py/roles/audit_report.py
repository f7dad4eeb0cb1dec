"""What an audit has to say: counts and findings of every check, a verdict a block, and what was not recomputed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bema_py.chain.events import BlockSubmitted
from bema_py.core.types import hex0x
from bema_py.roles.block_audit import BlockAudit
from bema_py.roles.bundle.anchors import Anchors
from bema_py.roles.checks import Check, CheckBook, Status
from bema_py.roles.refusals import Refusals


@dataclass(frozen=True)
class BlockVerdict:
    """One line of the report: what a block did and whether recomputation agrees.

    `left_out` is a block that the audit was told not to recompute, `repeated` one that an earlier audit recomputed.
    `refused` counts the samples that were not used, by the rule they broke; None where nothing was recomputed.
    """

    height: int
    block_hash: bytes
    miner: bytes
    judged: int | None
    used: int | None
    updates: int | None
    recomputed: bool
    left_out: bool
    repeated: bool
    mismatches: int
    missing: int
    refused: Refusals | None = None


@dataclass(frozen=True)
class AuditReport:
    """The outcome of an audit: counts and findings of every check, and a verdict a block.

    `selection` says in words which blocks were chosen to be recomputed. `orphans` are the blocks that left the chain;
    what is false in them is no mismatch of it. `money` are the contract's figures in wei. `anchors` are what the
    audit of a bundle rests on.
    """

    book: CheckBook
    blocks: tuple[BlockVerdict, ...]
    orphans: tuple[BlockVerdict, ...]
    money: Mapping[str, int]
    selection: str
    anchors: Anchors | None = None

    @property
    def recomputed(self) -> int:
        """Number of blocks whose calibration was recomputed in full."""
        return sum(1 for block in self.blocks if block.recomputed)

    @property
    def repeated(self) -> int:
        """Number of those that an earlier audit had recomputed."""
        return sum(1 for block in self.blocks if block.repeated)

    @property
    def left_out(self) -> tuple[int, ...]:
        """The heights that this audit was told not to recompute."""
        return tuple(block.height for block in self.blocks if block.left_out)

    @property
    def mismatches(self) -> int:
        """Number of false statements found."""
        return self.book.count(Status.FALSE)

    @property
    def missing(self) -> int:
        """Number of places where content could not be had."""
        return self.book.count(Status.MISSING)

    @property
    def verdict(self) -> str:
        """The outcome in a word or two."""
        if self.mismatches:
            return "false"
        if self.missing:
            return "incomplete"
        word = "proven" if self.anchors and self.anchors.proven else "consistent"
        return f"{word} as far as checked" if self.left_out else word

    @property
    def exit_code(self) -> int:
        """0 if everything checked holds, 1 if anything is false, 5 if content is only missing."""
        if self.mismatches:
            return 1
        return 5 if self.missing else 0


def verdict_of(result: BlockAudit, left_out: bool) -> BlockVerdict:
    """Return the report's line about a block that could be looked at."""
    record = result.body.record if result.body else None
    recomputed = result.recomputed is not None
    return BlockVerdict(
        height=result.event.height,
        block_hash=result.event.block_hash,
        miner=result.event.miner,
        judged=record.judged if record else None,
        used=record.used if record else None,
        updates=record.updates if record else None,
        recomputed=recomputed,
        left_out=left_out and not recomputed,
        repeated=recomputed and result.assembled is None,
        mismatches=result.book.count(Status.FALSE),
        missing=result.book.count(Status.MISSING),
        refused=result.recomputed.refused if result.recomputed else None,
    )


def unreached(event: BlockSubmitted) -> BlockVerdict:
    """Return the line about a block after one whose body cannot be had."""
    return BlockVerdict(
        event.height, event.block_hash, event.miner, None, None, None, False, False, False, 0, 1
    )


def report_to_plain(report: AuditReport) -> dict[str, Any]:
    """Return an audit's outcome as JSON-ready values."""
    anchors = {"anchors": report.anchors.to_plain()} if report.anchors else {}
    return anchors | {
        "verdict": report.verdict,
        "selection": report.selection,
        "blocks": len(report.blocks),
        "recomputed": report.recomputed,
        "repeated": report.repeated,
        "left_out": list(report.left_out),
        "mismatches": report.mismatches,
        "missing": report.missing,
        "verdicts": [_verdict_to_plain(block) for block in report.blocks],
        "orphaned": [_verdict_to_plain(block) for block in report.orphans],
        # As text: other readers of JSON keep 53 bits.
        "money": {name: str(amount) for name, amount in report.money.items()},
        "checks": [
            {
                "number": check.number,
                "name": check.name.lower(),
                "meaning": check.meaning,
                "passed": report.book.passed[check],
            }
            for check in Check
        ],
        "findings": [finding.to_plain() for finding in report.book.findings],
    }


def _verdict_to_plain(block: BlockVerdict) -> dict[str, Any]:
    plain = {**asdict(block), "block_hash": hex0x(block.block_hash), "miner": hex0x(block.miner)}
    return {**plain, "refused": None if block.refused is None else dict(block.refused)}
