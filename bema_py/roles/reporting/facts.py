"""What an audit's report says, before it is laid out."""

from collections.abc import Sequence
from dataclasses import dataclass

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import Event
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.refusals import Refusals
from bema_py.storage.content_store import ContentStore


@dataclass(frozen=True)
class Anchor:
    """Something that the auditor confirms by itself, elsewhere: its name, its value, and how far it was confirmed."""

    name: str
    value: str
    standing: str


@dataclass(frozen=True)
class Standing:
    """How far a source confirms what fixes a history, in words: chain id, contract, its code, its events."""

    chain_id: str
    contract: str
    code: str
    events: str


@dataclass(frozen=True)
class Subject:
    """What was audited, and what the report says beside the audit.

    `now` is the chain time in seconds as of which the report speaks. `source` says in words where the events come from,
    `standing` how far that confirms them, `anchors` what else does, `doubts` what stays open, `prepared` who prepared
    the report and when.
    """

    deployment: Deployment
    events: Sequence[Event]
    store: ContentStore
    now: int
    live: bool
    source: str
    standing: Standing
    anchors: tuple[Anchor, ...] = ()
    doubts: tuple[str, ...] = ()
    prepared: str = ""


@dataclass(frozen=True)
class CheckLine:
    """A check, how often it was asked, and how often it did not hold, could not be asked, or led to a notice."""

    number: int
    name: str
    meaning: str
    asked: int
    false: int
    missing: int
    notices: int


@dataclass(frozen=True)
class FindingLine:
    """A finding in words."""

    number: int
    name: str
    status: str
    place: str
    message: str


@dataclass(frozen=True)
class BlockLine:
    """A block, on the chain or off it; what its body or its recomputation would tell is None where that is not known.

    `allotted` is in ETH as decimal text. `standing` is final, pending, rejected or orphaned, `result` the audit's.
    """

    height: int
    block_hash: str
    time: str
    miner: str
    judged: int | None
    used: int | None
    refused: Refusals | None
    updates: int | None
    allotted: str | None
    standing: str
    result: str


@dataclass(frozen=True)
class PartyLine:
    """A party; `earned` is all that blocks of the chain allotted to its account, in ETH as decimal text."""

    party: int
    kind: str
    account: str
    held: str
    batches: int
    used: int
    earned: str
    standing: str


@dataclass(frozen=True)
class Story:
    """Something that happened, told in sentences; those that belong to the one before them begin with a dash."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """A plot as SVG text of our own, and in words what it shows."""

    title: str
    description: str
    svg: str


@dataclass(frozen=True)
class Thumbnail:
    """A used sample as a PNG in base64, with what the block says of it."""

    png: str
    block: int
    party: int
    label: int
    wrong_label: int
    sample: str


@dataclass(frozen=True)
class Facts:
    """The whole report."""

    audit: AuditReport
    subject: Subject
    verdict: str
    anchors: tuple[Anchor, ...]
    checks: tuple[CheckLine, ...]
    findings: tuple[FindingLine, ...]
    missing: tuple[FindingLine, ...]
    notices: tuple[FindingLine, ...]
    stories: tuple[Story, ...]
    blocks: tuple[BlockLine, ...]
    parties: tuple[PartyLine, ...]
    pictures: tuple[Picture, ...]
    thumbnails: tuple[Thumbnail, ...]
    limits: tuple[str, ...]
