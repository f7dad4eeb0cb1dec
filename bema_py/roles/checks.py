"""The auditor's checks, each with a number, a name and a meaning, and the book that records how they came out."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from bema_py.core.errors import BemaError
from bema_py.storage.content_store import ContentMissingError


class Status(StrEnum):
    """How a finding counts: a false statement, content that cannot be had, or something worth knowing."""

    FALSE = "false"
    MISSING = "missing"
    NOTICE = "notice"


class Check(Enum):
    """A rule that an audit recomputes; the value is (number, meaning)."""

    CODE = (101, "the contract's code is the one the deployment record names")
    RULES = (102, "the rules object has the digest fixed at deployment and obeys its bounds")
    GENESIS = (103, "the genesis hash follows from chain id, contract and rules digest")
    ORDER = (104, "events follow one another in chain order and in a possible sequence")
    SUSPENSION = (
        105,
        "a suspension is signed in time by a quorum of founders, and a suspended party does nothing more",
    )
    REJECTION = (
        106,
        "a rejected block was on the chain, in its window, and voted off by a quorum or proved false",
    )
    FOUNDER = (
        201,
        "every founder registered once, in the genesis phase, with the held classes fixed at deployment",
    )
    APPROVAL = (
        202,
        "every approval is signed by a founder who holds what it vouches for, unused and in time",
    )
    COVERAGE = (203, "every held class of a regular party is vouched for by enough founders")
    MODEL_CARD = (204, "a registered model card is canonical and agrees with the registered classes")
    PARAMETERS = (205, "a model's parameter file is canonical, within its bounds and the one its card names")
    COMMITMENT = (301, "a commitment is the hash of what was revealed, of this party, chain and contract")
    REVEAL = (302, "a batch was revealed after its commitment's Ethereum block and before it expired")
    PARENT = (401, "a block's header hashes to the block hash and names the tip as its parent")
    WORK = (402, "the block hash is below the target that follows from chain times")
    TIME = (403, "the header's time lies between the parent's submission and the block's own")
    MINER_INFO = (404, "the header's miner info is that of the sender and its party type")
    BODY = (501, "the block body has the digest anchored on chain and is canonical")
    RECORD = (502, "the calibration record states this block's rules, miner, height, batches and counts")
    ROOT = (503, "the body's leaves, in order, give the leaf count and the header's Merkle root")
    BATCHES = (504, "listed batches were revealed before the block by authors and are listed once")
    BATCH_CONTENT = (505, "a listed batch's content is valid and gives the revealed batch root")
    JUDGEMENT = (601, "the used samples are exactly the valid, owned ones (eqs. 8 to 10, 10b)")
    CALIBRATION = (
        602,
        "every model update is what calibration from the parent models gives, to the last bit",
    )
    PUBLICATION = (603, "every updated model is published under its digest")
    REWARDS = (604, "reward leaves state what each account was allotted in all, by the rules and the pool")
    FUNDING = (701, "the pool's total is the sum of what was paid in and of the bonds slashed")
    BONDS = (702, "a bond is returned once, to its miner, for a final block or an orphaned one not rejected")
    CLAIMS = (703, "a claim is what a reward leaf of a final block states, within the pool and the cap")
    WITHDRAWALS = (704, "an account takes out exactly what it has claimed and not yet taken")
    STATEMENTS = (
        801,
        "every regular party's batch comes with statements of enough founders, each whole and signed (10b)",
    )
    FAILURES = (
        802,
        "a party suspended for failing the data witness had failed it too often at the block named",
    )
    OBJECT = (901, "a stored object matches its content identifier")
    MANIFEST = (902, "the exported files are those of the run's manifest")
    HEADERS = (
        903,
        "Ethereum headers follow one another by hash, from the deployment's block to the bundle's last one",
    )
    BLOCK_HASH = (904, "the block hash that the auditor obtained elsewhere is that of one of these headers")
    RECEIPTS = (905, "an Ethereum block's receipts give the receipts root in its header")
    BLOOM = (
        906,
        "a header's logs bloom excludes the contract where receipts are left out, and is that of the logs elsewhere",
    )
    TRANSACTIONS = (907, "a transaction with events stands under its Ethereum block's transactions root")
    EVENTS = (908, "the events listed are those in the receipts, all of them and no others")
    CREATION = (
        909,
        "the contract was created in the block named, with this program's code, the parameters and the founders",
    )
    ANCHORS = (910, "chain id and contract are those that the auditor named")
    ARCHIVE = (
        911,
        "the content archive is whole, and holds what the history reaches, each once and nothing else",
    )

    @property
    def number(self) -> int:
        """The check's stable number."""
        return int(self.value[0])

    @property
    def meaning(self) -> str:
        """What holds when the check passes."""
        return str(self.value[1])


@dataclass(frozen=True)
class Place:
    """Where in the history a finding lies; leaf is the index in the block's Merkle tree."""

    block: int | None = None
    leaf: int | None = None
    party: int | None = None

    def __str__(self) -> str:
        """Return the place in words, most general first."""
        parts = [("block", self.block), ("leaf", self.leaf), ("party", self.party)]
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None) or "deployment"


@dataclass(frozen=True)
class Finding:
    """One check that did not simply pass, where, and why."""

    check: Check
    status: Status
    place: Place
    message: str

    def to_plain(self) -> dict[str, object]:
        """Return the finding as JSON-ready values."""
        return {
            "check": self.check.number,
            "name": self.check.name.lower(),
            "status": self.status.value,
            "block": self.place.block,
            "leaf": self.place.leaf,
            "party": self.place.party,
            "message": self.message,
        }


@dataclass
class CheckBook:
    """Counts the checks that held and collects the findings of those that did not."""

    passed: Counter[Check] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)

    def expect(self, check: Check, holds: bool, message: str, place: Place | None = None) -> bool:
        """Record whether a check holds; the message says what is wrong if it does not."""
        if holds:
            self.passed[check] += 1
        else:
            self.note(check, Status.FALSE, message, place)
        return holds

    def note(self, check: Check, status: Status, message: str, place: Place | None = None) -> None:
        """Record a finding."""
        self.findings.append(Finding(check, status, place or Place(), message))

    @contextmanager
    def reading(self, check: Check, place: Place | None = None) -> Iterator[None]:
        """Turn content errors inside the block into findings: absent content is missing, any other fault false."""
        try:
            yield
        except ContentMissingError as error:
            self.note(check, Status.MISSING, str(error), place)
        except BemaError as error:
            self.note(check, Status.FALSE, str(error), place)
        else:
            self.passed[check] += 1

    def merge(self, other: "CheckBook") -> None:
        """Add another book's counts and findings after this one's."""
        self.passed.update(other.passed)
        self.findings.extend(other.findings)

    def count(self, status: Status) -> int:
        """Return the number of findings with a status."""
        return sum(1 for finding in self.findings if finding.status is status)

    def clean(self) -> bool:
        """Whether nothing false and nothing missing was found."""
        return not self.count(Status.FALSE) and not self.count(Status.MISSING)
