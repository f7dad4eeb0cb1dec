"""A rich honest history as data, and what a manipulation changes in it: deployment, events or content."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

from cheating import lie, wrong_count
from multiformats import CID
from tiny_network import FUNDING, OPEN, RULES, TinyNetwork, settle_accounts

from auditing.honest_setup import Setup, Stage, begin, public_set, references_of
from bema_py.chain.deployment import Deployment
from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.chain.events import BlockSubmitted, Event
from bema_py.core.cid import object_cid
from bema_py.core.merkle import merkle_proof
from bema_py.core.types import Digest
from bema_py.core.witness import WitnessRules
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.audit_report import AuditReport
from bema_py.roles.auditor import audit
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.content import load_body
from bema_py.roles.failures import FailureRecord
from bema_py.roles.network import ChainFollower, Network
from bema_py.roles.original_party import carry, suspend_failing
from bema_py.roles.sample_miner import commit, prepare_batch, samples_at
from bema_py.storage.content_store import ContentStore
from bema_py.storage.memory_store import MemoryStore

REVOKED = 77
"""The nonce of an approval that a founder revoked before anybody used it."""

SUBJECT_RULES = replace(
    RULES,
    class_quota=3,
    replay=4,
    rehearsal=2,
    public_set=public_set().digest(),
    suspended_models="stay",
    witness=WitnessRules(
        feature="plain",
        references=tuple(references_of(founder).root for founder in range(2)),
        witnesses=1,
        ratio=(1, 1),
        farthest=0,
        penalty=1386,
        relief=405,
        limit=3000,
    ),
)
SETUP = Setup(0, 4, 2, 0, 4, 4, FUNDING, SUBJECT_RULES)


class ChangedStore(MemoryStore):
    """A copy of a store in which blocks can be changed behind their identifiers, or be missing."""

    def __init__(self, source: ContentStore, changes: Mapping[CID, bytes | None] | None = None) -> None:
        super().__init__()
        names = {bytes(cid): data for cid, data in (changes or {}).items()}
        for cid in source.blocks():
            data = names.get(bytes(cid), source.get_block(cid))
            if data is not None:
                self._write(cid, data)


@dataclass(frozen=True)
class Subject:
    """What an auditor is given."""

    deployment: Deployment
    events: tuple[Event, ...]
    store: ContentStore

    def audited(self) -> AuditReport:
        """Audit it as anybody would."""
        return audit(self.deployment, self.events, self.store)

    def with_event(self, index: int, **changes: object) -> "Subject":
        """Change fields of one event."""
        changed = replace(self.events[index], **changes)  # type: ignore[arg-type]
        return replace(self, events=(*self.events[:index], changed, *self.events[index + 1 :]))

    def with_object(self, digest: bytes, data: bytes | None) -> "Subject":
        """Put other bytes behind an object's digest, or none."""
        return replace(self, store=ChangedStore(self.store, {object_cid(Digest(digest)): data}))

    def up_to_block(self, height: int) -> "Subject":
        """End the history with the event of the first block of this height."""
        last = next(
            index
            for index, event in enumerate(self.events)
            if isinstance(event, BlockSubmitted) and event.height == height
        )
        return replace(self, events=self.events[: last + 1])


@dataclass
class Base:
    """The honest history that everything is done to: the network it was played on, and itself as data."""

    stage: Stage
    subject: Subject

    @property
    def network(self) -> Network:
        """The live network."""
        return self.stage.tiny.network


def play_base(directory: Path) -> Base:
    """Play a history with every kind of event and object in it.

    Blocks 1 to 3 and 4 use samples of several parties under a data witness; two false blocks of height 4 are voted
    off and proved false; one party is suspended for failing the witness and another by a vote; block 5 retargets,
    block 6 comes after a wait that eases the target; everything due is paid.
    """
    stage = begin(SETUP, directory)
    tiny = stage.tiny
    worker = BlockMiner(tiny.network, tiny.miner, statements=stage.statements())
    tiny.network.contract.revoke_approval(tiny.parties[0].signer, REVOKED)
    tiny.play(3, lambda: worker)
    lie(tiny, wrong_count)
    tiny.reject(4, "it counts a sample that nobody offered")
    _prove_false(tiny)
    tiny.play(1, lambda: worker)
    _suspend_failing(tiny)
    tiny.suspend(tiny.parties[2], "it left the consortium")
    _hold(tiny)
    with patch("bema_py.roles.block_miner.eligible", return_value=()):
        worker.mine()
    tiny.chain.advance(9 * 20)
    worker.mine()
    settle_accounts(tiny)
    network = tiny.network
    return Base(stage, Subject(network.deployment, tuple(network.events()), ChangedStore(network.store)))


def _forge_height(block: AssembledBlock) -> AssembledBlock:
    return replace(block, body=replace(block.body, record=replace(block.body.record, height=9)))


def _prove_false(tiny: TinyNetwork) -> None:
    lie(tiny, _forge_height)
    event = tiny.network.history().blocks[-1]
    body = load_body(tiny.network.store, event.body_digest)
    proof = LeafProof(0, body.record.preimage(), merkle_proof(body.leaves(), 0))
    tiny.network.contract.reject_false_leaf(tiny.stranger, ProvenLeaf(event.header, event.leaf_count, proof))


def _suspend_failing(tiny: TinyNetwork) -> None:
    network = tiny.network
    record, history = FailureRecord(network.rules.witness), network.history()
    follower = ChainFollower(network)
    follower.catch_up(history, on_block=lambda result: record.take(result.event, result.counted))
    party = next(party for party in record.tip.failed if party > 2)
    votes = [
        suspend_failing(network, each.signer, party, history, record.tip, 2**40) for each in tiny.parties[:2]
    ]
    carry(network, tiny.stranger, votes)


def _hold(tiny: TinyNetwork) -> None:
    party = tiny.parties[1]
    samples = samples_at(party.data, range(100, 103))
    commit(tiny.network, party.signer, party.outbox, prepare_batch(tiny.network, 2, samples, tiny.salt), OPEN)
