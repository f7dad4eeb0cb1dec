"""What an honest history starts from: parties, rules and money, drawn from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

from tiny_network import FUNDING, HELD, RULES, TinyNetwork, TinyParty, linear_model, patterns, tiny_network

from bema_py.chain.signers import NodeSigner
from bema_py.core.batch import Sample
from bema_py.core.public_set import PublicSet
from bema_py.core.rules import Rules
from bema_py.core.types import Commitment, PartyId
from bema_py.core.witness import SignedStatement, WitnessRules
from bema_py.learning.attacks import swapped_labels
from bema_py.learning.references import ReferenceSet, reference_set, split_references
from bema_py.roles.batches import load_listed
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.hearing import StatementSource, no_statements
from bema_py.roles.outbox import Outbox
from bema_py.roles.witness import state
from bema_py.storage.memory_store import MemoryStore

HOLDINGS = (*HELD, (0, 3), (1, 2))
"""The classes that up to six parties hold; the first three can be founders."""


@dataclass(frozen=True)
class Setup:
    """One draw; `late` parties join in mid history, `careless` ones send samples under wrong classes."""

    seed: int
    parties: int
    founders: int
    late: int
    careless: int
    work_bits: int
    funding: int
    rules: Rules

    def to_plain(self) -> dict[str, object]:
        """Give what distinguishes this setup."""
        rules = self.rules
        options = ("mode", "wrong_class", "learners", "tau", "class_quota", "replay", "rehearsal", "shift")
        chosen = {name: getattr(rules, name) for name in (*options, "suspended_models", "max_samples")}
        numbers = {
            name: getattr(self, name) for name in ("parties", "founders", "late", "careless", "funding")
        }
        return {**numbers, **chosen, "witness": rules.witness is not None}


@dataclass
class Stage:
    """A network on which a history is played, with its founders' references."""

    setup: Setup
    tiny: TinyNetwork
    references: Sequence[ReferenceSet] = ()
    miners: dict[bytes, BlockMiner] = field(default_factory=dict)

    def statements(self) -> StatementSource:
        """Where miners hear the founders: all that are not suspended."""
        return self._stated if self.references else no_statements

    def _stated(self, commitment: Commitment) -> list[SignedStatement]:
        network, history = self.tiny.network, self.tiny.network.history()
        batch = load_listed(network.store, history.batches[commitment], network.rules).batch
        return [
            state(
                network.deployment,
                self.tiny.parties[index].signer,
                PartyId(index + 1),
                references,
                commitment,
                batch,
                network.rules,
            )
            for index, references in enumerate(self.references)
            if not history.suspended(PartyId(index + 1))
        ]


def draw(seed: int) -> Setup:
    """Draw a setup from a seed."""
    random = Random(seed)
    founders = random.choice((2, 2, 3))
    parties = random.randint(founders, len(HOLDINGS))
    return Setup(
        seed=seed,
        parties=parties,
        founders=founders,
        late=random.randint(0, min(2, parties - founders)),
        careless=random.choice((0, parties)),
        work_bits=random.randint(1, 5),
        funding=random.choice((0, 300, FUNDING, 10 * FUNDING)),
        rules=_rules(random, founders),
    )


def _rules(random: Random, founders: int) -> Rules:
    rehearsal = random.choice((0, 0, 3))
    return replace(
        RULES,
        alpha=random.choice(((1, 1), (1, 2))),
        mode=random.choice(("log", "h")),
        wrong_class=random.choice(("largest", "literal")),
        learners=random.choice(("holders", "scorers", "members")),
        tau=random.choice((0, 2**20)),
        class_quota=random.choice((0, 2)),
        replay=random.choice((0, 4)),
        rehearsal=rehearsal,
        public_set=public_set().digest() if rehearsal else b"",
        shift=random.choice((0, 1)),
        suspended_models=random.choice(("leave", "stay")),
        max_samples=random.choice((4, 12)),
        witness=_witness(random, founders) if random.random() < 0.5 else None,
    )


def public_set() -> PublicSet:
    """A few samples that every party has."""
    data = patterns(90, 6)
    return PublicSet(tuple(Sample(data.images[i].tobytes(), int(data.labels[i])) for i in range(len(data))))


def references_of(founder: int) -> ReferenceSet:
    """The references of a founder: half of each class it holds."""
    data, secret = patterns(20 + founder, 400), bytes([founder]) * 32
    chosen, _ = split_references(data, HOLDINGS[founder], secret)
    return reference_set("plain", data.select(chosen), secret)


def _witness(random: Random, founders: int) -> WitnessRules:
    return WitnessRules(
        feature="plain",
        references=tuple(references_of(founder).root for founder in range(founders)),
        witnesses=random.choice((1, 2)),
        ratio=random.choice(((1, 1), (3, 4))),
        farthest=0,
        penalty=1386,
        relief=405,
        limit=5000,
    )


def begin(setup: Setup, directory: Path) -> Stage:
    """Deploy the network of a setup and register the parties that are there from the start."""
    store = MemoryStore()
    store.put_object(public_set().to_bytes())
    tiny = tiny_network(
        directory,
        store,
        work_bits=setup.work_bits,
        funding=setup.funding,
        rules=setup.rules,
        held=HOLDINGS[: setup.parties - setup.late],
        founders=setup.founders,
    )
    witnessed = setup.rules.witness is not None
    stage = Stage(setup, tiny, tuple(references_of(i) for i in range(setup.founders)) if witnessed else ())
    for party in tiny.parties:
        prepare(stage, party.number)
    return stage


def prepare(stage: Stage, number: int) -> None:
    """Keep a founder's references out of its data, and mislabel what a careless party sends."""
    party = stage.tiny.parties[number - 1]
    if number <= len(stage.references):
        _, rest = split_references(party.data, party.held, bytes([number - 1]) * 32)
        party.data = party.data.select(rest)
    if number == stage.setup.careless:
        party.data = swapped_labels(patterns(19 + number, 1200).of_classes(party.held), 1)


def newcomer(stage: Stage, directory: Path) -> TinyParty:
    """Make the next party that has not joined yet."""
    chain, index = stage.tiny.chain, len(stage.tiny.parties)
    return TinyParty(
        1 + index,
        NodeSigner(chain, chain.accounts()[1 + index]),
        linear_model(10 + index),
        patterns(20 + index, 400),
        Outbox(directory / f"{index}.json"),
        HOLDINGS[index],
    )
