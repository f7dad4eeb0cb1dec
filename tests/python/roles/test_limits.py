"""What the protocol stops off-chain and what it does not, shown by doing it; docs/trust.md names these tests."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tiny_network import OPEN, TinyNetwork, TinyParty

from bema_py.core.batch import Sample
from bema_py.core.block_body import BlockBody
from bema_py.learning.datasets import Dataset
from bema_py.learning.krum import krum_aggregate
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.content import load_batch, load_body
from bema_py.roles.network import read_ledger
from bema_py.roles.sample_miner import commit, find_samples, prepare_batch, reveal, samples_at

SCORES = st.integers(0, 2**24)


def newest_body(tiny: TinyNetwork) -> BlockBody:
    return load_body(tiny.network.store, tiny.network.history().blocks[-1].body_digest)


def audited(tiny: TinyNetwork) -> AuditReport:
    return audit(tiny.network.deployment, tiny.network.events(), tiny.network.store)


def offer(tiny: TinyNetwork, party: TinyParty, samples: tuple[Sample, ...]) -> None:
    pending = prepare_batch(tiny.network, party.number, samples, tiny.salt)
    commit(tiny.network, party.signer, party.outbox, pending, OPEN)
    tiny.chain.advance(1)
    reveal(tiny.network, party.signer, party.outbox)
    tiny.chain.advance(1)


def used_samples(tiny: TinyNetwork, author: TinyParty) -> Dataset:
    """The records of a party's data that the newest block used; since their reveal everybody has them."""
    used = {leaf.sample for leaf in newest_body(tiny).samples}
    samples = samples_at(author.data, range(len(author.data)))
    return author.data.select([index for index, sample in enumerate(samples) if sample.id() in used])


def one_pixel_lighter(dataset: Dataset) -> Dataset:
    images = dataset.images.copy()
    first = images.reshape(len(images), -1)[:, 0]
    first += np.where(first < 255, 1, -1).astype(np.uint8)
    return Dataset(images, dataset.labels)


def test_a_one_pixel_variant_of_a_used_sample_is_used_and_earns(fresh: TinyNetwork) -> None:
    author, copier = fresh.parties[0], fresh.parties[2]
    fresh.play(1)
    original = used_samples(fresh, author)
    assert len(original) > 0
    network, history = fresh.network, fresh.network.history()
    ledger = read_ledger(network, history)
    variants = find_samples(network, history, ledger, one_pixel_lighter(original), limit=len(original))
    assert variants
    commit(
        network,
        copier.signer,
        copier.outbox,
        prepare_batch(network, copier.number, variants, fresh.salt),
        OPEN,
    )
    fresh.chain.advance(1)
    reveal(network, copier.signer, copier.outbox)
    fresh.chain.advance(1)
    BlockMiner(network, fresh.miner).mine()

    used = {leaf.sample: leaf.owner for leaf in newest_body(fresh).samples}
    assert used == {sample.id(): copier.number for sample in variants}
    account = copier.signer.address
    after = read_ledger(network, network.history())
    assert after.rewards[account] > ledger.rewards.get(account, 0)
    assert audited(fresh).exit_code == 0


def test_an_exact_copy_of_a_sample_earns_its_copier_nothing(fresh: TinyNetwork) -> None:
    """Copied as soon as it is revealed, and again after it was used."""
    author, copier = fresh.parties[:2]
    fresh.offer(author)
    (batch,) = fresh.network.history().batches.values()
    assert batch.opening is not None
    copied = load_batch(fresh.network.store, batch.opening.content_digest).samples
    offer(fresh, copier, copied)
    BlockMiner(fresh.network, fresh.miner).mine()
    first = newest_body(fresh)
    assert {leaf.owner for leaf in first.samples} == {author.number}
    assert (first.record.batch_count, first.record.judged) == (2, 2 * len(copied))

    offer(fresh, copier, copied[::-1])
    BlockMiner(fresh.network, fresh.miner).mine()
    assert newest_body(fresh).samples == ()
    assert copier.signer.address not in read_ledger(fresh.network, fresh.network.history()).rewards
    assert audited(fresh).exit_code == 0


@given(
    honest=st.lists(SCORES, min_size=1, max_size=12, unique=True), lie=SCORES, neighbours=st.integers(2, 6)
)
def test_as_many_clones_as_neighbours_decide_a_class(honest: list[int], lie: int, neighbours: int) -> None:
    """m equal scores are at distance 0 of each other; m honest models that differ never are."""
    scores = np.array([*honest, *[lie] * neighbours], np.int64)[:, None]
    aggregate = krum_aggregate(scores, neighbours)
    assert (aggregate.total[0], aggregate.spread[0]) == (neighbours * lie, 0)
    outvoted = krum_aggregate(scores[: len(honest)], min(neighbours, len(honest)))
    assert len(honest) == 1 or outvoted.distances[0] > 0
