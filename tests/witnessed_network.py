"""A tiny network with a data witness, whose fourth party sends every sample under a wrong class."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tiny_network import FOUNDERS, HELD, RULES, TinyNetwork, patterns, tiny_network

from bema_py.core.rules import Rules
from bema_py.core.types import Commitment, PartyId
from bema_py.core.witness import SignedStatement, WitnessRules
from bema_py.learning.attacks import swapped_labels
from bema_py.learning.references import ReferenceSet, reference_set, split_references
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.batches import load_listed
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.failures import FailureRecord
from bema_py.roles.hearing import StatementSource
from bema_py.roles.network import ChainFollower
from bema_py.roles.witness import state

ATTACKER = PartyId(4)


def references_of(founder: int) -> ReferenceSet:
    """The references of founder 0 or 1: half of each class it holds."""
    data, secret = patterns(20 + founder, 400), bytes([founder]) * 32
    chosen, _ = split_references(data, HELD[founder], secret)
    return reference_set("plain", data.select(chosen), secret)


REFERENCES = tuple(references_of(founder) for founder in range(FOUNDERS))
WITNESS = WitnessRules(
    feature="plain",
    references=tuple(references.root for references in REFERENCES),
    witnesses=1,
    ratio=(1, 1),
    farthest=0,
    penalty=1386,
    relief=405,
    limit=5000,
)
WITNESSED = replace(RULES, witness=WITNESS)
MUTED = replace(WITNESSED, suspended_models="stay")


@dataclass
class Witnessed:
    """A tiny network whose fourth party sends every sample under a wrong class."""

    tiny: TinyNetwork

    def statements(self, commitment: Commitment) -> Sequence[SignedStatement]:
        """What both founders state about a batch."""
        return [self.stated(founder, commitment) for founder in range(FOUNDERS)]

    def stated(self, founder: int, commitment: Commitment) -> SignedStatement:
        network = self.tiny.network
        entry = load_listed(network.store, network.history().batches[commitment], network.rules)
        return state(
            network.deployment,
            self.tiny.parties[founder].signer,
            PartyId(founder + 1),
            REFERENCES[founder],
            commitment,
            entry.batch,
            network.rules,
        )

    def play(self, blocks: int = 1, source: StatementSource | None = None) -> BlockMiner:
        miner = BlockMiner(self.tiny.network, self.tiny.miner, statements=source or self.statements)
        self.tiny.play(blocks, lambda: miner)
        return miner

    def audit(self) -> AuditReport:
        network = self.tiny.network
        return audit(network.deployment, network.events(), network.store)

    def failures(self) -> FailureRecord:
        network = self.tiny.network
        record = FailureRecord(network.rules.witness)
        ChainFollower(network).catch_up(
            network.history(), on_block=lambda result: record.take(result.event, result.counted)
        )
        return record


def begin(directory: Path, rules: Rules = WITNESSED) -> Witnessed:
    tiny = tiny_network(directory, rules=rules)
    for founder in range(FOUNDERS):
        party = tiny.parties[founder]
        _, rest = split_references(party.data, HELD[founder], bytes([founder]) * 32)
        party.data = party.data.select(rest)
    attacker = tiny.parties[ATTACKER - 1]
    attacker.data = swapped_labels(attacker.data.of_classes(HELD[ATTACKER - 1]), 1)
    return Witnessed(tiny)
