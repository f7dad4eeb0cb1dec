"""The life of one block in the demonstration: mine samples, commit, reveal, mine the block."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bema_py.chain.events import BlockSubmitted
from bema_py.core.batch import Sample
from bema_py.core.block_body import BlockBody
from bema_py.core.header import BlockHeader
from bema_py.core.types import PartyId, hex0x
from bema_py.demo.cast import Cast, Player, seeded_salt
from bema_py.demo.settings import DemoSettings
from bema_py.learning.attacks import bogus_samples
from bema_py.learning.datasets import Dataset
from bema_py.learning.progress import Progress
from bema_py.learning.scoring import class_scores
from bema_py.roles.assembly import membership_of
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.history import History
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import LedgerKeeper, Network, parent_models
from bema_py.roles.sample_miner import (
    commit,
    find_samples,
    not_offered,
    prepare_batch,
    reveal,
    settle,
)

PartyDone = Callable[[], None]


@dataclass
class Rounds:
    """The network, the players and the miners between blocks."""

    settings: DemoSettings
    network: Network
    cast: Cast
    miners: dict[str, BlockMiner] = field(init=False)
    ledger: LedgerKeeper = field(init=False)

    def __post_init__(self) -> None:
        """Give every miner its own view of the chain; the players share one."""
        self.ledger = LedgerKeeper(self.network)
        self.miners = {name: BlockMiner(self.network, signer) for name, signer in self.cast.miners}

    def play(
        self, height: int, party_done: PartyDone, on_sample: Progress, on_hashes: Callable[[int], None]
    ) -> None:
        """Let every author offer a batch, then let the miner whose turn it is mine the block."""
        self._offer(height, party_done)
        # A block may list a batch only if it was revealed at an earlier chain time than its own.
        self.network.contract.chain.advance(1)
        name, _ = self.cast.miners[(height - 1) % len(self.cast.miners)]
        self.miners[name].mine(on_sample=on_sample, on_hashes=on_hashes)

    def _offer(self, height: int, party_done: PartyDone) -> None:
        network, chain = self.network, self.network.contract.chain
        history = network.history()
        ledger = self.ledger.read(history)
        authors = {party.account for party in history.authors_at(height)}
        offering = [player for player in self.cast.players if player.signer.address in authors]
        for player in offering:
            if settle(network, history, player.signer, player.outbox):
                self._commit(player, history, ledger, height)
            party_done()
        chain.advance(1)
        for player in offering:
            if player.outbox.pending is not None:
                reveal(network, player.signer, player.outbox)

    def _commit(self, player: Player, history: History, ledger: Ledger, height: int) -> None:
        """Find samples for this block and commit to them; a batch already revealed for it is not repeated."""
        party = history.party_of(player.signer.address)
        if party is None or self._waiting(history, ledger, party.party):
            return
        scan = self._scan(player, height)
        if player.sends_bogus:
            samples = self._bogus(history, ledger, scan)
        else:
            samples = find_samples(self.network, history, ledger, scan, self.settings.tuning.quota)
        if samples:
            salt = seeded_salt(self.settings, player.name, height)
            pending = prepare_batch(self.network, party.party, samples, lambda: salt)
            commit(self.network, player.signer, player.outbox, pending, player.policy)

    @staticmethod
    def _waiting(history: History, ledger: Ledger, party: PartyId) -> bool:
        """Whether an interrupted run left a revealed batch of this party that no block has listed yet."""
        return any(
            batch.party == party and batch.opening and batch.commitment not in ledger.listed
            for batch in history.batches.values()
        )

    def _scan(self, player: Player, height: int) -> Dataset:
        """Return the part of a player's private data that it looks through for this block."""
        fresh = not_offered(player.share.private, player.outbox)
        seed = [self.settings.seed, height, int.from_bytes(player.signer.address[-4:], "big")]
        order = np.random.default_rng(seed).permutation(len(fresh))[: self.settings.tuning.scan]
        return fresh.select(order)

    def _bogus(self, history: History, ledger: Ledger, scan: Dataset) -> tuple[Sample, ...]:
        """Return type II samples (eq. 1): records with a positive margin, sent with y and y- exchanged."""
        models = parent_models(self.network, history, ledger)
        rules = self.network.rules
        scores = class_scores(list(models.values()), scan.images, rules.classes)
        membership = membership_of(history.members_at(ledger.height + 1, rules))
        bogus = bogus_samples(scores, scan.labels.astype(np.int64), membership, rules)
        return tuple(
            Sample(scan.images[sample.position].tobytes(), sample.claimed)
            for sample in bogus[: self.settings.tuning.quota]
        )


def block_row(cast: Cast, event: BlockSubmitted, body: BlockBody) -> dict[str, Any]:
    """Return what the report says about a block."""
    header = BlockHeader.decode(event.header)
    names = {signer.address: name for name, signer in cast.miners}
    return {
        "height": event.height,
        "hash": hex0x(event.block_hash),
        "root": hex0x(header.merkle_root),
        "miner": names[event.miner],
        "nonce": header.nonce,
        "batches": body.record.batch_count,
        "judged": body.record.judged,
        "used": body.record.used,
        "updates": body.record.updates,
    }
