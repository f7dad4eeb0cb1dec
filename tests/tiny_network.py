"""A small network for tests: linear models on 6x6 images of four classes, on the embedded chain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bema_py.chain.connection import Chain, embedded
from bema_py.chain.deployment import deploy, open_contract
from bema_py.chain.parameters import Parameters
from bema_py.chain.signers import NodeSigner
from bema_py.core.architecture import Architecture, Linear
from bema_py.core.rules import Rules
from bema_py.core.types import mask_of
from bema_py.learning.datasets import Dataset
from bema_py.learning.model import Model
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.content import ModelCache, publish_model
from bema_py.roles.network import Network, read_ledger
from bema_py.roles.original_party import (
    RegistrationRequest,
    Thresholds,
    approve,
    carry,
    reject,
    suspend,
    validate,
)
from bema_py.roles.outbox import Outbox
from bema_py.roles.payment import claim, withdraw_bonds
from bema_py.roles.sample_miner import PublicationPolicy, commit, find_samples, prepare_batch, reveal
from bema_py.storage.content_store import ContentStore
from bema_py.storage.memory_store import MemoryStore

CLASSES, SHAPE = 4, (1, 6, 6)
ALL = tuple(range(CLASSES))
HELD = ((0, 1), (2, 3), (0, 2), (1, 3))
FOUNDERS = 2
SPACING, INTERVAL, WINDOW = 20, 4, 100
BOND = 1000
FUNDING = 5000
OPEN = PublicationPolicy(True, "made-up patterns", 10_000)
LIMITS = Thresholds(omega=2**24, omega_min=2)

RULES = Rules(
    classes=CLASSES,
    input=SHAPE,
    alpha=(1, 1),
    delta=0,
    sigma=2**24,
    step_initial=2**24,
    step_decay=2**30 - 2**26,
    step_minimum=2**20,
    cap=2**18,
    mode="log",
    wrong_class="largest",
    round_size=5,
    max_samples=12,
    max_batch_samples=16,
    block_reward=400,
    sample_reward=30,
)


def patterns(seed: int, count: int) -> Dataset:
    """Return noisy images of four patterns, uint8 (count, 1, 6, 6)."""
    prototypes = np.random.default_rng(0).integers(0, 160, (CLASSES, *SHAPE))
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count).astype(np.uint8)
    images = prototypes[labels] + random.integers(0, 96, (count, *SHAPE))
    return Dataset(images.astype(np.uint8), labels)


def linear_model(seed: int) -> Model:
    """Return a linear model that has a faint idea of the patterns."""
    architecture = Architecture(SHAPE, (Linear(36, CLASSES + 1),))
    prototypes = np.random.default_rng(0).integers(0, 160, (CLASSES, 36)) / 256
    random = np.random.default_rng(seed)
    weight = random.normal(0, 0.3, (CLASSES + 1, 36))
    weight[:CLASSES] += 0.5 * (prototypes - prototypes.mean(axis=0))
    return Model.from_floats(architecture, ALL, [weight, random.normal(0, 0.1, CLASSES + 1)])


@dataclass
class TinyParty:
    """A party of the tiny network."""

    number: int
    signer: NodeSigner
    model: Model
    data: Dataset
    outbox: Outbox
    held: tuple[int, ...]


@dataclass
class TinyNetwork:
    """The deployed network and everyone in it."""

    chain: Chain
    network: Network
    parties: list[TinyParty]
    miner: NodeSigner
    stranger: NodeSigner
    blocks: int = 0
    salts: int = field(default=0)

    def offer(self, party: TinyParty, limit: int = 6) -> None:
        """Let a party find, commit and reveal samples."""
        history = self.network.history()
        ledger = read_ledger(self.network, history)
        start = 20 * ledger.height
        scan = party.data.select(np.arange(start, start + 20))
        samples = find_samples(self.network, history, ledger, scan, limit)
        if samples:
            pending = prepare_batch(self.network, party.number, samples, self.salt)
            commit(self.network, party.signer, party.outbox, pending, OPEN)
            self.chain.advance(1)
            reveal(self.network, party.signer, party.outbox)

    def salt(self) -> bytes:
        """Return the next of a row of fixed salts."""
        self.salts += 1
        return self.salts.to_bytes(32, "big")

    def authors(self) -> list[TinyParty]:
        """Return the parties that can offer samples for the next block."""
        history = self.network.history()
        authors = history.authors_at(len(history.blocks) + 1)
        known = {party.account for party in authors if not history.suspended(party.party)}
        return [party for party in self.parties if party.signer.address in known]

    def reject(self, height: int, reason: str = "a false block") -> None:
        """Let both founders vote a block of the chain off it."""
        block = self.network.history().blocks[height - 1]
        votes = [
            reject(self.network, party.signer, block.block_hash, reason) for party in self.parties[:FOUNDERS]
        ]
        carry(self.network, self.stranger, votes)

    def suspend(self, party: TinyParty, reason: str = "bogus samples") -> None:
        """Let both founders suspend a party."""
        account = party.signer.address
        votes = [
            suspend(self.network, founder.signer, account, reason, 2**40)
            for founder in self.parties[:FOUNDERS]
        ]
        carry(self.network, self.stranger, votes)

    def play(self, blocks: int, miner: Callable[[], BlockMiner] | None = None) -> None:
        """Let every author offer samples and a miner mine, block after block."""
        worker = miner() if miner else BlockMiner(self.network, self.miner)
        for _ in range(blocks):
            for party in self.authors():
                self.offer(party)
            self.chain.advance(1)
            worker.mine()


def tiny_network(
    directory: Path,
    store: ContentStore | None = None,
    *,
    work_bits: int = 4,
    funding: int = FUNDING,
    rules: Rules = RULES,
    chain: Chain | None = None,
    held: Sequence[tuple[int, ...]] = HELD,
    founders: int = FOUNDERS,
) -> TinyNetwork:
    """Deploy, register the founders and admit the regular parties, on the embedded chain unless one is given.

    `held` are the classes that each party holds.
    """
    chain = chain or embedded(directory / "chain.jsonl")
    accounts = [NodeSigner(chain, account) for account in chain.accounts()]
    content = store if store is not None else MemoryStore()
    content.put_object(rules.to_bytes())
    deployment = deploy(
        chain,
        accounts[0],
        Parameters(
            rules_digest=rules.digest(),
            classes=CLASSES,
            approvals_per_class=1,
            commitment_expiry=50,
            target=2 ** (256 - work_bits),
            max_target=2 ** (256 - work_bits),
            block_spacing=SPACING,
            retarget_interval=INTERVAL,
            challenge_window=WINDOW,
            quorum=FOUNDERS,
            bond=BOND,
            max_reward_per_block=BOND,
        ),
        founders=[(accounts[1 + i].address, mask_of(held[i])) for i in range(founders)],
    )
    network = Network(open_contract(chain, deployment), deployment, content, rules, ModelCache(content))
    parties = [
        TinyParty(
            1 + i,
            accounts[1 + i],
            linear_model(10 + i),
            patterns(20 + i, 400),
            Outbox(directory / f"{i}.json"),
            held[i],
        )
        for i in range(len(held))
    ]
    tiny = TinyNetwork(chain, network, parties, accounts[10], accounts[11])
    if funding:
        network.contract.fund(tiny.stranger, funding)
    for party in parties[:founders]:
        digest = publish_model(content, party.model)
        network.contract.register_original_party(party.signer, digest, mask_of(ALL))
    for party in parties[founders:]:
        admit(tiny, party)
    return tiny


def admit(tiny: TinyNetwork, party: TinyParty) -> None:
    """Collect both founders' approvals for a party and register it."""
    request = RegistrationRequest(
        party.signer.address,
        publish_model(tiny.network.store, party.model),
        mask_of(party.held),
        mask_of(ALL),
    )
    approvals = []
    for founder in tiny.parties[:FOUNDERS]:
        held = mask_of(founder.held)
        checked = validate(
            founder.model, held, founder.data, party.model, request, {1: founder.model}, LIMITS
        )
        approvals.append(
            approve(tiny.network, founder.signer, request, checked, nonce=party.number, deadline=2**40)
        )
    tiny.network.contract.register_regular_party(
        party.signer, request.model_card, request.held_classes, request.label_space, approvals
    )


def settle_accounts(tiny: TinyNetwork) -> None:
    """Let the challenge windows pass; the miner takes back its bonds, claims its rewards and takes them out."""
    tiny.chain.advance(WINDOW + 1)
    history = tiny.network.history()
    withdraw_bonds(tiny.network, history, tiny.miner)
    claim(tiny.network, history, tiny.miner)
    tiny.network.contract.withdraw(tiny.miner, tiny.stranger.address)
