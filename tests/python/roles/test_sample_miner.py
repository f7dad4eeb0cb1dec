"""Nothing is published without consent, nothing is lost by an interruption, nothing is offered twice."""

import json
import stat
from pathlib import Path

import pytest
from tiny_network import OPEN, TinyNetwork, TinyParty

from bema_py.core.batch import Batch
from bema_py.core.errors import PolicyError
from bema_py.roles.network import read_ledger
from bema_py.roles.outbox import Outbox, OutboxError
from bema_py.roles.sample_miner import (
    PublicationPolicy,
    commit,
    find_samples,
    not_offered,
    prepare_batch,
    reveal,
    samples_at,
    settle,
)


def prepare(tiny: TinyNetwork, party: TinyParty):  # type: ignore[no-untyped-def]
    return prepare_batch(tiny.network, party.number, samples_at(party.data, range(3)))


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (PublicationPolicy(False, "patterns", 100), "publish_samples = true"),
        (PublicationPolicy(True, "", 100), "no data set cleared"),
        (PublicationPolicy(True, "patterns", 2), "exceed the budget of 2"),
    ],
)
def test_nothing_is_committed_without_consent(
    fresh: TinyNetwork, policy: PublicationPolicy, reason: str
) -> None:
    party = fresh.parties[0]
    with pytest.raises(PolicyError, match=reason):
        commit(fresh.network, party.signer, party.outbox, prepare(fresh, party), policy)
    assert party.outbox.pending is None
    assert not party.outbox.offered
    assert not fresh.network.history().batches


def test_a_committed_batch_stays_secret_until_its_reveal(fresh: TinyNetwork) -> None:
    party = fresh.parties[0]
    pending = prepare(fresh, party)
    commit(fresh.network, party.signer, party.outbox, pending, OPEN)
    assert not fresh.network.store.has_object(pending.content_digest)
    fresh.chain.advance(1)
    reveal(fresh.network, party.signer, party.outbox)
    assert fresh.network.store.get_object(pending.content_digest) == pending.content
    assert party.outbox.pending is None


def test_two_batches_of_the_same_samples_have_unlike_commitments(fresh: TinyNetwork) -> None:
    party = fresh.parties[0]
    assert prepare(fresh, party).commitment != prepare(fresh, party).commitment


def reopened(party: TinyParty) -> Outbox:
    party.outbox = Outbox(party.outbox.path)
    return party.outbox


def test_an_interruption_before_or_after_the_commitment_loses_nothing(fresh: TinyNetwork) -> None:
    party, network = fresh.parties[0], fresh.network
    pending = prepare(fresh, party)
    party.outbox.hold(pending, {sample.id() for sample in Batch.from_bytes(pending.content).samples})
    assert not settle(network, network.history(), party.signer, reopened(party))
    fresh.chain.advance(1)
    assert settle(network, network.history(), party.signer, reopened(party))
    batch = network.history().batches[pending.commitment]
    assert batch.opening is not None
    assert len(reopened(party).offered) == 3


def test_an_interruption_after_the_reveal_only_clears_the_outbox(fresh: TinyNetwork) -> None:
    party, network = fresh.parties[0], fresh.network
    pending = prepare(fresh, party)
    commit(network, party.signer, party.outbox, pending, OPEN)
    fresh.chain.advance(1)
    reveal(network, party.signer, party.outbox)
    party.outbox.hold(pending, set())
    assert settle(network, network.history(), party.signer, reopened(party))
    assert reopened(party).pending is None


def test_found_samples_are_valid_and_never_offered_twice(fresh: TinyNetwork) -> None:
    network, party = fresh.network, fresh.parties[0]
    history = network.history()
    found = find_samples(network, history, read_ledger(network, history), party.data, 5)
    assert len(found) == 5
    party.outbox.offered |= {sample.id() for sample in found}
    assert len(not_offered(party.data, party.outbox)) == len(party.data) - 5


def test_the_outbox_is_private_and_a_broken_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "outbox.json"
    Outbox(path).release()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for text in ("", "[]", json.dumps({"offered": ["zz"], "pending": None}), json.dumps({"offered": []})):
        path.write_text(text)
        with pytest.raises(OutboxError, match=r"outbox\.json"):
            Outbox(path)
