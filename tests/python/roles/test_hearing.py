"""The data witness on a chain: founders state, miners list, auditors replay, and who keeps failing is suspended."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from tiny_network import FOUNDERS
from witnessed_network import ATTACKER, MUTED, REFERENCES, WITNESSED, Witnessed, begin

from bema_py.chain.events import PartySuspended
from bema_py.chain.votes import Suspension, Vote, sign_vote
from bema_py.core.errors import PolicyError
from bema_py.core.leaves import NO_STATEMENTS
from bema_py.core.rules import Rules
from bema_py.core.types import Commitment, Digest, PartyId
from bema_py.core.witness import SignedStatement, StatementList
from bema_py.learning.margin import Verdict
from bema_py.roles.audit_scope import Scope
from bema_py.roles.auditor import AuditPlan, audit
from bema_py.roles.batches import load_listed
from bema_py.roles.block_audit import BlockAudit, Evidence, audit_block
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.checks import Check, Status
from bema_py.roles.content import load_body
from bema_py.roles.dispute import WrongDistanceError, check_opening, open_nearest
from bema_py.roles.hearing import StatementSource, load_statements
from bema_py.roles.history import History
from bema_py.roles.network import ChainFollower, Network, read_ledger
from bema_py.roles.original_party import carry, suspend_failing
from bema_py.roles.reasons import publish_reason
from bema_py.roles.statement_files import StatementFileError, statements_in, write_statement
from bema_py.roles.witness import WrongReferencesError, state

FROM_BLOCK_2 = AuditPlan(Scope(2))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Witnessed]:
    witnessed = begin(tmp_path)
    yield witnessed
    witnessed.tiny.chain.close()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Witnessed]:
    """Three blocks; the regular parties are members from the second one on."""
    witnessed = begin(tmp_path_factory.mktemp("witnessed"))
    witnessed.play(3)
    yield witnessed
    witnessed.tiny.chain.close()


def test_an_honest_history_is_recomputed_with_its_statements(played: Witnessed) -> None:
    report = played.audit()
    assert (report.recomputed, report.exit_code) == (3, 0)
    assert report.book.passed[Check.STATEMENTS] > 0
    network = played.tiny.network
    bodies = [load_body(network.store, event.body_digest) for event in network.history().blocks]
    assert bodies[0].record.statements == NO_STATEMENTS
    rested_on = load_statements(network.store, bodies[2].record.statements)
    assert {signed.statement.founder for signed in rested_on.statements} == {1, 2}


def test_bogus_samples_are_refused_and_honest_ones_used(played: Witnessed) -> None:
    verdicts: dict[PartyId, list[Verdict]] = {}
    network = played.tiny.network

    def note(result: BlockAudit) -> None:
        assembled = result.assembled
        assert assembled is not None
        for sample, judgement in zip(assembled.candidates, assembled.calibration.judgements, strict=True):
            verdicts.setdefault(sample.owner, []).append(judgement.verdict)

    ChainFollower(network).catch_up(network.history(), on_block=note)
    assert Verdict.VALID in verdicts[PartyId(3)]
    assert Verdict.NEARER_TO_ANOTHER not in verdicts[PartyId(1)] + verdicts[PartyId(2)]
    assert set(verdicts[ATTACKER]) <= {Verdict.NEARER_TO_ANOTHER, Verdict.MARGIN_POSITIVE}
    assert verdicts[ATTACKER].count(Verdict.NEARER_TO_ANOTHER) >= 4


def test_who_keeps_failing_is_suspended_and_the_audit_agrees(played: Witnessed) -> None:
    record = played.failures()
    assert set(record.tip.failed) == {ATTACKER}
    tiny, history = played.tiny, played.tiny.network.history()
    assert [each.place.party for each in played.audit().book.findings if each.check is Check.FAILURES] == [4]
    with pytest.raises(PolicyError, match="party 3 has not failed"):
        suspend_failing(tiny.network, tiny.parties[0].signer, PartyId(3), history, record.tip, 2**40)
    votes = [
        suspend_failing(tiny.network, founder.signer, ATTACKER, history, record.tip, 2**40)
        for founder in tiny.parties[:FOUNDERS]
    ]
    carry(tiny.network, tiny.stranger, votes)
    report = played.audit()
    assert report.exit_code == 0
    assert not [each for each in report.book.findings if each.check is Check.FAILURES]
    partial = audit(tiny.network.deployment, tiny.network.events(), tiny.network.store, plan=FROM_BLOCK_2)
    (notice,) = [each for each in partial.book.findings if each.check is Check.FAILURES]
    assert (partial.exit_code, notice.status, notice.place.party) == (0, Status.NOTICE, ATTACKER)
    assert "cannot be judged: block 1 was not recomputed" in notice.message


def test_a_suspension_for_failing_that_did_not_happen_is_named(fresh: Witnessed) -> None:
    fresh.play(2)
    tiny = fresh.tiny
    block = tiny.network.history().blocks[1].block_hash
    digest = publish_reason(tiny.network.store, "the references spoke against it", block)

    def framed(founder: int) -> Vote:
        deployment = tiny.network.deployment
        motion = Suspension(tiny.parties[2].signer.address, digest, 2**40)
        return sign_vote(tiny.parties[founder].signer, deployment.chain_id, deployment.address, motion)

    carry(tiny.network, tiny.stranger, [framed(founder) for founder in range(FOUNDERS)])
    report = fresh.audit()
    false = [each for each in report.book.findings if each.status is Status.FALSE]
    assert [(each.check, each.place.party) for each in false] == [(Check.FAILURES, 3)]


def only_founder(founder: int) -> Callable[[Witnessed], StatementSource]:
    return lambda network: lambda commitment: [network.stated(founder, commitment)]


def unsigned(network: Witnessed) -> StatementSource:
    return lambda commitment: [
        replace(signed, signature=bytes(65)) for signed in network.statements(commitment)
    ]


def about_another(network: Witnessed) -> StatementSource:
    @cache
    def first(commitment: Commitment) -> Sequence[SignedStatement]:
        return network.statements(commitment)

    known: list[Commitment] = []

    def swapped(commitment: Commitment) -> Sequence[SignedStatement]:
        known.append(commitment)
        return first(known[0]) if commitment != known[0] else ()

    return swapped


@pytest.mark.parametrize("source", [only_founder(0), only_founder(1), unsigned, about_another])
def test_a_batch_without_enough_statements_waits(
    fresh: Witnessed, source: Callable[[Witnessed], StatementSource]
) -> None:
    fresh.play(1)
    for party in fresh.tiny.authors():
        fresh.tiny.offer(party)
    fresh.tiny.chain.advance(1)
    miner = BlockMiner(fresh.tiny.network, fresh.tiny.miner, statements=source(fresh))
    mined = miner.mine()
    batches = fresh.tiny.network.history().batches
    assert {batches[commitment].party for commitment in mined.left_out} == {3, 4}
    assert all("were heard" in reason for reason in mined.left_out.values())
    assert fresh.audit().exit_code == 0


def with_mute_founder(history: History) -> History:
    """The history in which founder 2 was suspended as block 1 came: here a quorum needs both, so no chain allows it."""
    (block, *_) = history.blocks
    founder = history.parties[PartyId(2)]
    reason = Digest(bytes(32))
    suspension = PartySuspended(block.position, founder.party, founder.account, reason, 2**40, ())
    return replace(history, suspensions={founder.party: suspension})


@pytest.mark.parametrize("rules", [WITNESSED, MUTED], ids=lambda rules: rules.suspended_models)
def test_a_suspended_founder_is_not_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: Rules
) -> None:
    witnessed = begin(tmp_path, rules)
    network = witnessed.tiny.network
    witnessed.play(2)
    history = with_mute_founder(network.history())
    evidence = Evidence(network.deployment, history, rules, network.store, network.models)
    audited = audit_block(evidence, read_ledger(network, history, 1), history.blocks[1])
    spoken = [each.message for each in audited.book.findings if each.check is Check.STATEMENTS]
    assert len(spoken) == 2
    assert all("party 2's statement" in each and "no founder among the authors" in each for each in spoken)

    witnessed.tiny.reject(2)
    muted = with_mute_founder(network.history())
    monkeypatch.setattr(Network, "history", lambda _: muted)
    draft = BlockMiner(network, witnessed.tiny.miner, statements=witnessed.statements).draft()
    assert {signed.statement.founder for signed in draft.assembled.statements.statements} == {1}
    assert set(draft.assembled.calibration.models) == ({1, 2, 3, 4} if rules is MUTED else {1, 3, 4})
    witnessed.tiny.chain.close()


def forged_distances(statements: StatementList) -> StatementList:
    first = statements.statements[0]
    zeros = replace(first.statement, distances=bytes(len(first.statement.distances)))
    return StatementList((replace(first, statement=zeros), *statements.statements[1:]))


def cut_distances(statements: StatementList) -> StatementList:
    first = statements.statements[0]
    cut = replace(first.statement, distances=first.statement.distances[:-4])
    return StatementList((replace(first, statement=cut), *statements.statements[1:]))


def one_founder_left_out(statements: StatementList) -> StatementList:
    return StatementList(statements.statements[1:])


@pytest.mark.parametrize("forge", [forged_distances, cut_distances, one_founder_left_out])
def test_a_block_that_rests_on_other_statements_is_false(
    fresh: Witnessed, forge: Callable[[StatementList], StatementList]
) -> None:
    fresh.play(1)
    for party in fresh.tiny.authors():
        fresh.tiny.offer(party)
    fresh.tiny.chain.advance(1)
    miner = BlockMiner(fresh.tiny.network, fresh.tiny.miner, statements=fresh.statements)
    draft = miner.draft()
    forged = forge(draft.assembled.statements)
    record = replace(draft.assembled.body.record, statements=forged.digest())
    body = replace(draft.assembled.body, record=record)
    miner.seal(replace(draft, assembled=replace(draft.assembled, body=body, statements=forged)))
    false = {each.check for each in fresh.audit().book.findings if each.status is Status.FALSE}
    assert Check.STATEMENTS in false


def test_a_founder_opens_the_reference_behind_a_distance_and_nothing_else(played: Witnessed) -> None:
    network = played.tiny.network
    batches = [batch for batch in network.history().batches.values() if batch.party == 3 and batch.opening]
    entry = load_listed(network.store, batches[0], network.rules)
    signed = played.stated(1, batches[0].commitment)
    opening = open_nearest(REFERENCES[1], entry.batch, network.rules, sample=0, label=3, rank=2)
    members = network.history().parties
    check_opening(members, entry.batch, signed.statement, opening, network.rules, sample=0, rank=2)
    with pytest.raises(WrongDistanceError):
        check_opening(members, entry.batch, signed.statement, opening, network.rules, sample=0, rank=1)


def test_references_that_are_not_the_committed_ones_are_refused(played: Witnessed) -> None:
    network = played.tiny.network
    batch = next(batch for batch in network.history().batches.values() if batch.party == 3 and batch.opening)
    entry = load_listed(network.store, batch, network.rules)
    with pytest.raises(WrongReferencesError):
        state(
            network.deployment,
            played.tiny.parties[0].signer,
            PartyId(1),
            REFERENCES[1],
            batch.commitment,
            entry.batch,
            network.rules,
        )


def test_statements_travel_as_files(played: Witnessed, tmp_path: Path) -> None:
    network = played.tiny.network
    batch = next(batch for batch in network.history().batches.values() if batch.party == 3 and batch.opening)
    stated = list(played.statements(batch.commitment))
    paths = [write_statement(tmp_path, signed) for signed in stated]
    assert list(statements_in(tmp_path)(batch.commitment)) == stated
    assert not statements_in(tmp_path)(Commitment(bytes(32)))
    paths[0].write_bytes(b"\xa0")
    with pytest.raises(StatementFileError):
        statements_in(tmp_path)(batch.commitment)
