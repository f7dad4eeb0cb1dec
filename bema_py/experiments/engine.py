"""One run: block after block, every party looks through its data, offers samples, and a block is built of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import process_time

import numpy as np

from bema_py.chain.commitments import batch_commitment
from bema_py.core.batch import Batch, Sample
from bema_py.core.types import Address, Commitment, Digest, PartyId
from bema_py.experiments.adversary import Attack, AttackView
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.setups import Budget
from bema_py.experiments.systems import System
from bema_py.experiments.world import position
from bema_py.learning.datasets import Dataset, IndexArray
from bema_py.learning.scoring import Scores, class_scores
from bema_py.roles.assembly import ListedBatch
from bema_py.roles.history import CommittedBatch

_CHAIN, _CONTRACT = 0, Address(bytes(20))
"""A run has neither chain nor contract; commitments need some."""


@dataclass(frozen=True, slots=True)
class BlockNotes:
    """What happened in one block: messages sent and used, of all and of the bogus ones, and processor seconds."""

    height: int
    sent: int
    bogus: int
    used: int
    bogus_used: int
    scan_seconds: float
    block_seconds: float

    def counts(self) -> dict[str, int]:
        """Give what does not differ when the run is repeated."""
        return {
            "height": self.height,
            "sent": self.sent,
            "bogus": self.bogus,
            "used": self.used,
            "bogus_used": self.bogus_used,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What a party looked through for a block: the rows of its private data, the samples, and their scores."""

    rows: IndexArray
    samples: Dataset
    scores: Scores


def play(system: System, holdings: Holdings, budget: Budget, attack: Attack) -> Iterator[BlockNotes]:
    """Build the budget's blocks one by one; after each the system holds its models."""
    for height in range(1, budget.blocks + 1):
        start = process_time()
        offers = offered(system, holdings, budget, attack, height)
        scanned = process_time()
        listed = [listed_batch(party, samples, height) for party, samples in offers.items() if samples]
        used = system.play(listed)
        bogus = [sample for party in sorted(attack.parties) for sample in offers.get(party, ())]
        yield BlockNotes(
            height,
            sent=sum(map(len, offers.values())),
            bogus=len(bogus),
            used=len(used),
            bogus_used=sum(sample.id() in used for sample in bogus),
            scan_seconds=scanned - start,
            block_seconds=process_time() - scanned,
        )


def offered(
    system: System, holdings: Holdings, budget: Budget, attack: Attack, height: int
) -> dict[PartyId, tuple[Sample, ...]]:
    """Give what every party offers for a block: honest ones what is valid, attackers what their strategy chooses."""
    parties = system.membership.ids
    quota = budget.messages // len(parties)
    scans = scan_all(system, holdings, height, budget.scan // len(parties))
    offers: dict[PartyId, tuple[Sample, ...]] = {}
    for party in parties:
        if party not in attack.parties:
            scan = scans[party]
            valid = np.flatnonzero(system.wanted(scan.scores, scan.samples.labels.astype(np.int64)))
            offers[party] = holdings.offer(party, scan.rows[valid[:quota]])
    limits = attack.limits(sum(map(len, offers.values())), quota)
    for party, limit in limits.items():
        scan = scans[party]
        view = AttackView(party, height, system, scan.samples, scan.scores, limit)
        offers[party] = attack.strategy(view)[:limit]
    return offers


def scan_all(system: System, holdings: Holdings, height: int, size: int) -> Mapping[PartyId, Scan]:
    """Let every party look through a fresh part of its data at the current models."""
    rows = {party: holdings.scan(party, height, size) for party in system.membership.ids}
    samples = {party: holdings.private[party].select(chosen) for party, chosen in rows.items()}
    images = np.concatenate([part.images for part in samples.values()])
    models = [system.models[party] for party in system.membership.ids]
    scores = class_scores(models, images, system.rules.classes)
    ends = np.cumsum([len(part) for part in samples.values()])
    return {
        party: Scan(rows[party], samples[party], part)
        for party, part in zip(rows, np.split(scores, ends[:-1], axis=1), strict=True)
    }


def listed_batch(party: PartyId, samples: Sequence[Sample], height: int) -> ListedBatch:
    """Give a party's samples as a block lists them; equal samples of one party count once, as in any batch."""
    batch = Batch(party, tuple({sample.id(): sample for sample in samples}.values()))
    salt = Digest(bytes(32))
    commitment = batch_commitment(_CHAIN, _CONTRACT, party, batch.root(), batch.digest(), salt)
    return ListedBatch(CommittedBatch(Commitment(commitment), party, position(height, party)), batch)
