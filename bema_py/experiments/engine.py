"""One run: block after block, every party looks through its data, offers samples, and a block is built of them."""

from collections.abc import Collection, Iterator, Sequence
from time import process_time

from bema_py.chain.commitments import batch_commitment
from bema_py.core.batch import Batch, Sample
from bema_py.core.types import Address, Commitment, Digest, PartyId
from bema_py.experiments.adversary import Attack
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.notes import BlockNotes, Offers, block_notes
from bema_py.experiments.scanning import Look, Search, wanted_rows
from bema_py.experiments.setups import Budget
from bema_py.experiments.strategies.view import AttackView, Ring, Scene
from bema_py.experiments.systems import System, scorer_of
from bema_py.experiments.world import position
from bema_py.learning.datasets import Dataset
from bema_py.roles.assembly import ListedBatch
from bema_py.roles.history import CommittedBatch

_CHAIN, _CONTRACT = 0, Address(bytes(20))
"""A run has neither chain nor contract; commitments need some."""


def play(
    system: System, holdings: Holdings, budget: Budget, attack: Attack, public: Dataset | None = None
) -> Iterator[BlockNotes]:
    """Build the budget's blocks one by one; after each the system holds its models.

    Authors who have failed the data witness offer nothing more, and their models stay members. `public` are the public
    samples, which attackers know as well.
    """
    ring = ring_of(system, holdings, attack, public)
    suspended: set[PartyId] = set()
    for height in range(1, budget.blocks + 1):
        start = process_time()
        offers = offered(system, holdings, budget, attack, height, ring, suspended)
        scanned = process_time()
        listed = [listed_batch(party, samples, height) for party, samples in offers.items() if samples]
        played = system.play(listed)
        seconds = scanned - start, process_time() - scanned
        yield block_notes(height, offers, attack.parties, ring.genuine, played, seconds)
        ring.remember(offers, played.used)
        suspended |= played.failed.keys()


def ring_of(system: System, holdings: Holdings, attack: Attack, public: Dataset | None) -> Ring:
    """Give the attackers what they know before the first block."""
    own = {party: holdings.private[party] for party in sorted(attack.parties)}
    return Ring(own, public, holdings.seed, system.rules.classes, system.rules.witness)


def offered(
    system: System,
    holdings: Holdings,
    budget: Budget,
    attack: Attack,
    height: int,
    ring: Ring,
    suspended: Collection[PartyId] = frozenset(),
) -> Offers:
    """Give what every party offers for a block: honest ones what is valid, attackers what their strategy chooses."""
    parties = system.membership.ids
    # The room that a failed author leaves falls to all others, attackers among them.
    quota, size = budget.messages // len(set(parties) - set(suspended)), budget.scan // len(parties)
    looks = {
        party: Look(holdings.scan(party, height, size), holdings.private[party])
        for party in parties
        if party not in attack.parties and party not in suspended
    }
    offers: dict[PartyId, tuple[Sample, ...]] = {
        party: holdings.offer(party, rows)
        for party, rows in wanted_rows(system.chooser(), looks, quota).items()
    }
    honest = sum(map(len, offers.values()))
    limits = attack.limits(honest, budget.messages - honest, quota, suspended)
    scorer = scorer_of(system)
    searches = {
        party: Search(holdings.scan(party, height, size * attack.supply), holdings.private[party], scorer)
        for party in limits
    }
    scene = Scene(height, system, scorer, searches, ring)
    for party, limit in limits.items():
        offers[party] = attack.strategy(AttackView(party, limit, scene))[:limit]
    return offers


def listed_batch(party: PartyId, samples: Sequence[Sample], height: int) -> ListedBatch:
    """Give a party's samples as a block lists them; equal samples of one party count once, as in any batch."""
    batch = Batch(party, tuple({sample.id(): sample for sample in samples}.values()))
    salt = Digest(bytes(32))
    commitment = batch_commitment(_CHAIN, _CONTRACT, party, batch.root(), batch.digest(), salt)
    return ListedBatch(CommittedBatch(Commitment(commitment), party, position(height, party)), batch)
