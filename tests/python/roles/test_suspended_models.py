"""A suspended party is no author any more; whether its model takes part is for the rules to say."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cheating import ForgeContext, cheat
from tiny_network import CLASSES, RULES, TinyNetwork, patterns, tiny_network

from bema_py.cli.miner import _waiting
from bema_py.cli.party import _find
from bema_py.cli.profile import Profile
from bema_py.cli.status import _parties
from bema_py.core.block_body import BlockBody
from bema_py.core.errors import PolicyError
from bema_py.core.rules import Rules
from bema_py.core.types import PartyId
from bema_py.learning.predictors import max_model
from bema_py.learning.scoring import class_scores
from bema_py.roles.assembly import BlockContext, block_context
from bema_py.roles.auditor import AuditReport, audit
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.checks import Check, Finding, Status
from bema_py.roles.content import load_body
from bema_py.roles.network import parent_models, read_ledger
from bema_py.roles.prediction import predict_all
from bema_py.roles.recollection import recalled_samples

SUSPENDED = PartyId(3)
LEAVE = replace(RULES, replay=40)
STAY = replace(LEAVE, suspended_models="stay")
BOTH = pytest.mark.parametrize("rules", [LEAVE, STAY], ids=lambda rules: rules.suspended_models)


def begin(directory: Path, rules: Rules) -> TinyNetwork:
    """Three blocks, the third without samples; party 3 was suspended before it and is no author from the fourth on.

    The third block left a batch of party 3 out.
    """
    tiny = tiny_network(directory, rules=rules)
    tiny.play(2)
    tiny.offer(tiny.parties[SUSPENDED - 1])
    tiny.suspend(tiny.parties[SUSPENDED - 1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bema_py.roles.block_miner.eligible", lambda *_: ())
        BlockMiner(tiny.network, tiny.miner).mine()
    return tiny


@pytest.fixture
def tiny(tmp_path: Path, rules: Rules) -> Iterator[TinyNetwork]:
    tiny = begin(tmp_path, rules)
    yield tiny
    tiny.chain.close()


def audited(tiny: TinyNetwork) -> AuditReport:
    return audit(tiny.network.deployment, tiny.network.events(), tiny.network.store)


def false(tiny: TinyNetwork) -> list[Finding]:
    return [each for each in audited(tiny).book.findings if each.status is Status.FALSE]


def newest_body(tiny: TinyNetwork) -> BlockBody:
    return load_body(tiny.network.store, tiny.network.history().blocks[-1].body_digest)


def expected(rules: Rules) -> list[int]:
    return [1, 2, 3, 4] if rules.suspended_models == "stay" else [1, 2, 4]


@BOTH
def test_everything_about_models_follows_the_rule_and_everything_about_samples_does_not(
    tiny: TinyNetwork, rules: Rules
) -> None:
    network, history = tiny.network, tiny.network.history()
    assert [party.party for party in history.authors_at(3)] == [1, 2, 3, 4]
    assert [party.party for party in history.members_at(3, rules)] == [1, 2, 3, 4]
    assert [party.party for party in history.authors_at(4)] == [1, 2, 4]
    assert [party.party for party in history.members_at(4, rules)] == expected(rules)

    ledger = read_ledger(network, history)
    assert SUSPENDED in {leaf.owner for leaf in ledger.used.values()}
    recalled = recalled_samples(network.store, history, ledger, rules)
    owners = {ledger.used[sample.sample_id].owner for sample in recalled}
    assert owners == {1, 2, 4}

    models = parent_models(network, history, ledger)
    assert list(models) == expected(rules)
    account = tiny.miner.address
    context = block_context(
        history, ledger, rules, 1, models, recalled, account, history.party_type_of(account)
    )
    assert [party.party for party in context.members] == list(context.digests) == expected(rules)


@BOTH
def test_predictions_follow_the_rule(tiny: TinyNetwork, rules: Rules) -> None:
    network, history = tiny.network, tiny.network.history()
    ledger = read_ledger(network, history)
    images = patterns(7, 60).images
    by_party = {
        number: network.models.load(ledger.model_of(party)) for number, party in history.parties.items()
    }
    found = predict_all(network, history, ledger, images)["max model"]
    answers = {
        choice: max_model(class_scores([by_party[PartyId(n)] for n in numbers], images, CLASSES))
        for choice, numbers in (("leave", (1, 2, 4)), ("stay", (1, 2, 3, 4)))
    }
    assert not np.array_equal(answers["leave"], answers["stay"])
    assert np.array_equal(found, answers[rules.suspended_models])


@BOTH
def test_commands_ask_authors_for_samples_and_show_members(
    tiny: TinyNetwork, tmp_path: Path, rules: Rules
) -> None:
    network, party = tiny.network, tiny.parties[SUSPENDED - 1]
    assert not _waiting(network)
    with pytest.raises(PolicyError, match="this account is no author"):
        _find(Profile(tmp_path / "party.toml"), network, party.signer, party.outbox, 1, 1)
    rows = {row["party"]: row for row in _parties(network.history(), rules)}
    assert [number for number, row in rows.items() if row["member_of_next_block"]] == expected(rules)
    assert [number for number, row in rows.items() if row["suspended"]] == [SUSPENDED]


@BOTH
def test_a_suspended_partys_model_is_calibrated_only_where_it_stays(tiny: TinyNetwork, rules: Rules) -> None:
    tiny.play(1)
    body = newest_body(tiny)
    assert (SUSPENDED in {update.party for update in body.updates}) is (rules.suspended_models == "stay")
    assert body.samples
    assert SUSPENDED not in {leaf.owner for leaf in body.samples}
    report = audited(tiny)
    assert (report.mismatches, report.missing, report.recomputed) == (0, 0, 4)
    left_out = [each for each in report.book.findings if "left out" in each.message]
    assert [(each.place.block, each.place.party) for each in left_out] == [(3, SUSPENDED)]


@BOTH
def test_a_suspended_party_earns_nothing_more(tiny: TinyNetwork, rules: Rules) -> None:
    account = tiny.parties[SUSPENDED - 1].signer.address
    before = read_ledger(tiny.network, tiny.network.history()).rewards[account]
    tiny.play(1)
    assert read_ledger(tiny.network, tiny.network.history()).rewards[account] == before


@BOTH
def test_a_block_that_lists_a_suspended_partys_batch_is_false(
    tiny: TinyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = BlockMiner(tiny.network, tiny.miner)
    assert worker.draft().assembled.body.batches == ()
    ledger = read_ledger(tiny.network, tiny.network.history())

    def whatever_was_revealed(batches, *_):  # type: ignore[no-untyped-def]
        return tuple(batch for batch in batches.values() if batch.commitment not in ledger.listed)

    monkeypatch.setattr("bema_py.roles.block_miner.eligible", whatever_was_revealed)
    worker.mine()
    assert newest_body(tiny).batches
    assert [(each.check, each.place.party) for each in false(tiny)] == [(Check.BATCHES, SUSPENDED)]


def without_the_suspended(context: BlockContext) -> BlockContext:
    """What a miner under the default would build on."""
    members = tuple(party for party in context.members if party.party != SUSPENDED)
    models = {party: model for party, model in context.models.items() if party != SUSPENDED}
    return replace(context, members=members, models=models)


def with_the_suspended(tiny: TinyNetwork) -> ForgeContext:
    """What a miner would build on where the model stays."""
    network, history = tiny.network, tiny.network.history()
    ledger = read_ledger(network, history)
    members = history.members_at(4, STAY)
    models = {party.party: network.models.load(ledger.model_of(party)) for party in members}
    digests = {party.party: ledger.model_of(party) for party in members}
    return lambda context: replace(context, members=members, models=models, digests=digests)


@BOTH
def test_a_block_of_other_members_is_false(
    tiny: TinyNetwork, monkeypatch: pytest.MonkeyPatch, rules: Rules
) -> None:
    stays = rules.suspended_models == "stay"
    cheat(monkeypatch, tiny, context=without_the_suspended if stays else with_the_suspended(tiny))
    found = false(tiny)
    assert {each.place.block for each in found} == {4}
    (finding,) = (each for each in found if each.place.party == SUSPENDED)
    assert finding.check is Check.CALIBRATION
    assert ("has no update of it" if stays else "must not change") in finding.message


@BOTH
def test_a_block_that_replays_a_suspended_partys_samples_is_false(
    tiny: TinyNetwork, monkeypatch: pytest.MonkeyPatch, rules: Rules
) -> None:
    network = tiny.network
    history = network.history()
    pardoned = replace(history, suspensions={})
    recalled = recalled_samples(network.store, pardoned, read_ledger(network, history), rules)
    cheat(monkeypatch, tiny, context=lambda context: replace(context, recalled=recalled))
    found = false(tiny)
    assert {each.place.block for each in found} == {4}
    assert Check.CALIBRATION in {each.check for each in found}
