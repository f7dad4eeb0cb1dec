"""The tables of blocks and parties, gathered body by body: no body stays in memory."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bema_py.chain.events import BlockSubmitted
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import BemaError
from bema_py.core.leaves import SampleLeaf
from bema_py.core.types import Address, PartyId, classes_of, hex0x
from bema_py.roles.audit_report import AuditReport, BlockVerdict
from bema_py.roles.chain_walk import orphans_in_order
from bema_py.roles.content import load_body
from bema_py.roles.history import History, RegisteredParty
from bema_py.roles.reporting.facts import BlockLine, PartyLine, Subject
from bema_py.roles.stories.facts import Money, utc, who
from bema_py.roles.telling.words import KINDS, SHORT

THUMBNAILS = 24


@dataclass
class Rows:
    """The rows so far, and what the plots and thumbnails need: cumulative figures by height, and a few used samples.

    `allotted` is in wei, all of the chain up to each height; a body that cannot be had changes nothing in it.
    """

    blocks: list[BlockLine] = field(default_factory=list)
    allotted: list[int] = field(default_factory=list)
    shown: list[tuple[int, SampleLeaf]] = field(default_factory=list)
    used: Counter[PartyId] = field(default_factory=Counter)
    earned: dict[Address, int] = field(default_factory=dict)


def gather(subject: Subject, history: History, report: AuditReport) -> Rows:
    """Read every body once, in the order of the chain, then those that left it."""
    rows = Rows()
    verdicts = {each.block_hash: each for each in report.blocks}
    shown = set(_spread(len(history.blocks), THUMBNAILS))
    for number, event in enumerate(history.blocks):
        body = _body(subject, event)
        before = rows.allotted[-1] if rows.allotted else 0
        after = sum(leaf.cumulative for leaf in body.rewards) if body else before
        rows.allotted.append(after)
        standing = _standing(subject, event)
        allotted = Money(after - before) if body else None
        rows.blocks.append(_line(history, event, verdicts.get(event.block_hash), body, standing, allotted))
        if body:
            rows.used.update(leaf.owner for leaf in body.samples)
            rows.earned.update({leaf.account: leaf.cumulative for leaf in body.rewards})
            rows.shown += [(event.height, leaf) for leaf in body.samples[:1] if number in shown]
    rows.blocks += _orphans(subject, history, report.orphans)
    return rows


def _orphans(subject: Subject, history: History, verdicts: Sequence[BlockVerdict]) -> list[BlockLine]:
    known = {each.block_hash: each for each in verdicts}
    lines = []
    for orphan in orphans_in_order(history):
        event, standing = orphan.event, "rejected" if orphan.rejected else "orphaned"
        line = _line(
            history, event, known.get(event.block_hash), _body(subject, event), standing, allotted=None
        )
        # What is false in a block that left the chain is told as a notice, so its verdict does not say it.
        lines.append(replace(line, result=f"{line.result}; see the disputes"))
    return lines


def _spread(count: int, most: int) -> list[int]:
    """Choose at most `most` of the numbers below `count`, evenly spread."""
    return [count * place // most for place in range(most)] if count > most else list(range(count))


def _body(subject: Subject, event: BlockSubmitted) -> BlockBody | None:
    """Read a body; where it cannot be had, the audit has said so and the row has gaps."""
    try:
        return load_body(subject.store, event.body_digest)
    except BemaError:
        return None


def _line(
    history: History,
    event: BlockSubmitted,
    verdict: BlockVerdict | None,
    body: BlockBody | None,
    standing: str,
    allotted: Money | None,
) -> BlockLine:
    return BlockLine(
        height=event.height,
        block_hash=hex0x(event.block_hash),
        time=utc(event.position.time),
        miner=name_account(history, event.miner),
        judged=body.record.judged if body else None,
        used=len(body.samples) if body else None,
        refused=verdict.refused if verdict else None,
        updates=len(body.updates) if body else None,
        allotted=allotted.eth if allotted else None,
        standing=standing,
        result=result_of(verdict),
    )


def name_account(history: History, account: Address) -> str:
    """Name an account by its party, where it is one."""
    known = who(history, account)
    short = hex0x(account)[:SHORT]
    return f"party {known.party} ({short})" if known.party else f"account {short}"


def result_of(verdict: BlockVerdict | None) -> str:
    """Say in a few words how a block came out."""
    if verdict is None:
        return "not looked at"
    if verdict.mismatches:
        return "false"
    if verdict.missing:
        return "content missing"
    if verdict.recomputed:
        return "identical, by an earlier audit" if verdict.repeated else "recomputed"
    return "not recomputed"


def _standing(subject: Subject, event: BlockSubmitted) -> str:
    closes = event.position.time + subject.deployment.parameters.challenge_window
    return "final" if subject.now > closes else "pending"


def party_lines(history: History, rows: Rows) -> tuple[PartyLine, ...]:
    """Give every party by its number."""
    batches = Counter(batch.party for batch in history.batches.values())
    return tuple(_party_line(history, party, batches, rows) for _, party in sorted(history.parties.items()))


def _party_line(
    history: History, party: RegisteredParty, batches: Mapping[PartyId, int], rows: Rows
) -> PartyLine:
    suspension = history.suspensions.get(party.party)
    return PartyLine(
        party=party.party,
        kind=KINDS[party.party_type],
        account=hex0x(party.account),
        held=", ".join(map(str, classes_of(party.held_classes))),
        batches=batches.get(party.party, 0),
        used=rows.used[party.party],
        earned=Money(rows.earned.get(party.account, 0)).eth,
        standing=f"suspended {utc(suspension.position.time)}" if suspension else "member",
    )
