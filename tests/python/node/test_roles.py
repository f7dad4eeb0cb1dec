"""Each role's work step by step; every step is taken by a worker made anew, as after a kill."""

import json
from dataclasses import replace

import pytest
from cheating import lie
from node_town import Town
from tiny_network import FOUNDERS, HELD, OPEN, WINDOW, linear_model
from witnessed_network import ATTACKER, REFERENCES, WITNESS, begin

from bema_py.chain.deployment import deploy, open_contract
from bema_py.core.hashing import sha256
from bema_py.core.types import mask_of
from bema_py.node.loop import BlockedError
from bema_py.node.miner import MiningPlan
from bema_py.node.peers import Peer
from bema_py.node.server import NodeServer, json_answer
from bema_py.roles.block_miner import StaleBlockError
from bema_py.roles.content import ModelCache, publish_model
from bema_py.roles.network import Network
from bema_py.roles.original_party import Thresholds, reject
from bema_py.storage.content_store import ContentMissingError
from bema_py.storage.sound_store import DamagedStoreError, SoundStore


def test_founders_register_in_the_genesis_phase(town: Town) -> None:
    tiny = town.tiny
    deployed = deploy(
        tiny.chain,
        tiny.stranger,
        tiny.network.deployment.parameters,
        [(party.signer.address, mask_of(held)) for party, held in zip(tiny.parties[:2], HELD, strict=False)],
    )
    store = tiny.network.store
    young = Network(
        open_contract(tiny.chain, deployed), deployed, store, tiny.network.rules, ModelCache(store)
    )
    for _ in range(2):
        assert "other founders" in town.founder(0, young).step()
    assert not young.contract.genesis_closed()
    assert "other founders" in town.founder(1, young).step()
    assert young.contract.genesis_closed()
    assert young.contract.party_count() == FOUNDERS


def test_a_newcomer_joins_offers_and_is_paid(town: Town) -> None:
    tiny, newcomer = town.tiny, town.newcomer()
    party = lambda: town.party(newcomer)  # noqa: E731
    with town.serving(0, 1):
        assert "has not answered yet" in party().step()
        town.founder(0).step()
        assert "founders' approvals for classes [2]" in party().step()
        town.founder(1).step()
        assert party().step() == "a block that makes it a member"
    assert party().step() == "a block that makes it a member"
    assert town.miner().step() == "the next revealed batch"

    assert party().step() == "an Ethereum block after the commitment"
    assert not tiny.network.history().batches[party().offering.outbox.pending.commitment].opening
    tiny.chain.advance(1)
    assert party().step() == "a block"
    assert party().step() == "a block that judges its batch"
    tiny.chain.advance(1)
    town.miner().step()
    assert tiny.network.history().blocks[-1].height == 2

    tiny.chain.advance(WINDOW + 1)
    worker = party()
    worker.step()
    earned = tiny.network.contract.rewards_of(newcomer.signer.address)
    assert earned.claimed == earned.withdrawn > 0
    # Paid once: the next steps find nothing new.
    party().step()
    assert tiny.network.contract.rewards_of(newcomer.signer.address) == earned
    assert b"bema_samples_used 6.0" in worker.desk.figures.text()
    assert b"bema_reward_claimed_wei" in worker.desk.figures.text()


def test_a_refused_newcomer_is_told_why(town: Town) -> None:
    strict = Thresholds(omega=1, omega_min=2)
    with town.serving(0, 1):
        town.party(town.newcomer()).step()
        for founder in range(FOUNDERS):
            town.founder(founder, limits=strict).step()
        said = town.party(town.newcomer()).step()
    assert "refuses: approval refused: its scores deviate by" in said
    assert town.tiny.network.history().party_of(town.newcomer().signer.address) is None


def test_approvals_that_do_not_count_are_not_used(town: Town) -> None:
    newcomer = town.newcomer()
    with town.serving(0, 1):
        town.party(newcomer).step()
        for founder in range(FOUNDERS):
            town.founder(founder).step()
        request = town.request(newcomer, (0, 2))
        approvals = [peer.approval(request) for peer in town.peers]
    forged = [replace(each, deadline=each.deadline + 1) for each in approvals if each]
    for changed in forged:
        answer = json_answer(200, {"approval": changed.to_plain()})
        server = NodeServer("127.0.0.1:0", {("POST", "/registrations"): lambda *_, given=answer: given})
        town.peers[:] = [Peer(server.url)]
        assert "sends an approval that does not count" in town.party(newcomer).step()
        server.close()


def test_nothing_is_offered_without_consent(town: Town) -> None:
    town.miner(plan=MiningPlan(empty_after=1)).step()
    closed = replace(OPEN, publish_samples=False)
    assert "publish_samples = true" in town.party(town.tiny.parties[2], policy=closed).step()
    assert not town.tiny.network.history().batches
    spent = replace(OPEN, budget=0)
    assert "budget of 0" in town.party(town.tiny.parties[2], policy=spent).step()


def test_a_miner_waits_gathers_mines_and_takes_its_bond_back(town: Town) -> None:
    tiny = town.tiny
    assert town.miner().step() == "the next revealed batch"  # an empty block lets the parties in
    assert town.miner().step() == "a revealed batch"
    tiny.offer(tiny.parties[0])
    tiny.chain.advance(1)
    assert town.miner(plan=MiningPlan(gather=50)).step() == "more batches before the next block"
    worker = town.miner()
    assert worker.step() == "the next revealed batch"
    assert len(tiny.network.history().blocks) == 2
    tiny.chain.advance(WINDOW + 1)
    town.miner().step()
    history = tiny.network.history()
    assert history.returned == {block.block_hash for block in history.blocks}
    assert history.claimed[tiny.miner.address] > 0


def test_a_miner_starts_over_when_another_block_comes_first(town: Town) -> None:
    tiny = town.tiny
    first, second = town.miner(), town.miner(tiny.stranger)
    draft = second.miner.draft()
    first.step()
    ticks = iter(range(10, 100, 10))
    second.clock = lambda: next(ticks)
    with pytest.raises(StaleBlockError, match="another block of height 1 was accepted first"):
        second._keep_searching(1, draft.assembled.body.parent)
    assert second.step() == "a revealed batch"
    assert [block.miner for block in tiny.network.history().blocks] == [tiny.miner.address]


def test_a_batch_without_content_gives_no_empty_block(town: Town) -> None:
    tiny = town.tiny
    town.miner().step()
    tiny.offer(tiny.parties[0])
    tiny.chain.advance(1)
    (batch,) = tiny.network.history().batches.values()
    assert batch.opening
    _forget(town, batch.opening.content_digest)
    assert "is missing" in town.miner().step()
    assert len(tiny.network.history().blocks) == 1


def test_founders_reject_a_false_block_together(town: Town) -> None:
    tiny = town.tiny
    town.miner().step()
    false = lie(tiny)
    assert "the founders' decision: block 2" in town.miner().step()
    auditor = town.auditor()
    auditor.step()
    assert b"bema_audit_clean 0.0" in auditor.desk.figures.text()
    with town.serving(0, 1):
        assert "1 of 2" in town.founder(0).step()
        assert "1 of 2" in town.founder(0).step()
        town.founder(1).step()
        history = tiny.network.history()
        assert [orphan.event.block_hash for orphan in history.orphans] == [false]
        for founder in range(FOUNDERS):
            assert "votes" not in town.founder(founder).step()
            assert not list((town.directory / f"founder{founder}/votes").glob("*.json"))
    assert len(town.logged("voted")) == FOUNDERS
    assert len(town.logged("votes sent")) == 1
    auditor.step()
    assert b"bema_audit_clean 1.0" in auditor.desk.figures.text()
    report = json.loads((auditor.desk.state / "audit.json").read_text())
    assert (report["verdict"], report["recomputed"], len(report["orphaned"])) == ("consistent", 1, 1)


def test_votes_of_others_do_not_make_a_quorum(town: Town) -> None:
    """A stranger's vote, a founder's on another reason, and a forged one."""
    tiny = town.tiny
    town.miner().step()
    false = lie(tiny)
    founder, stranger = tiny.parties[1].signer, tiny.stranger
    with town.serving(0):
        town.founder(0).step()
        (own,) = town.peers[0].votes()
    other = reject(tiny.network, founder, false, "another reason")
    by_stranger = replace(own, signer=stranger.address)
    forged = replace(own, signer=founder.address)
    answer = json_answer(200, {"votes": [vote.to_plain() for vote in (other, by_stranger, forged)]})
    server = NodeServer("127.0.0.1:0", {("GET", "/votes"): lambda *_: answer})
    town.peers[:] = [Peer(server.url), Peer("http://127.0.0.1:9")]
    assert "1 of 2" in town.founder(0).step()
    server.close()
    assert len(town.logged("vote does not count")) == 1
    assert town.logged("founder not reached")
    assert not tiny.network.history().orphans


def test_a_withheld_body_is_waited_for_then_voted_against(town: Town) -> None:
    tiny = town.tiny
    town.miner().step()
    (block,) = tiny.network.history().blocks
    _forget(town, block.body_digest)
    with town.serving(0, 1):
        assert town.founder(0).step() == "the content of a block that came without it"
        assert not town.logged("voted")
        tiny.chain.advance(WINDOW // 2 + 1)
        assert "1 of 2" in town.founder(0).step()
        tiny.chain.advance(WINDOW)
        with pytest.raises(BlockedError, match=r"it is final, .* fetch its content from another node"):
            town.founder(1).step()


def test_a_false_block_that_became_final_is_for_a_person(town: Town) -> None:
    town.miner().step()
    lie(town.tiny)
    town.tiny.chain.advance(WINDOW + 1)
    with pytest.raises(BlockedError, match="it is final, so the contract keeps it for ever"):
        town.founder(0).step()
    assert not town.logged("voted")


def test_an_auditor_looks_again_for_what_was_missing(town: Town) -> None:
    tiny = town.tiny
    town.miner().step()
    auditor = town.auditor()
    (block,) = tiny.network.history().blocks
    body = _forget(town, block.body_digest)
    assert auditor.step() == "content that is missing"
    tiny.network.store.put_object(body)
    assert auditor.step() == "another block"
    assert b"bema_audited_blocks 1.0" in auditor.desk.figures.text()
    assert auditor.step() == "another block"
    assert len(town.logged("audited")) == 2


def test_a_founder_blames_nobody_for_its_own_disk(town: Town) -> None:
    tiny = town.tiny
    town.miner().step()
    (block,) = tiny.network.history().blocks
    blocks = tiny.network.store._blocks
    (name,) = [cid for cid, held in blocks.items() if sha256(held) == block.body_digest]
    blocks[name] = blocks[name][:-1] + b"?"
    store = SoundStore(tiny.network.store)
    sound = replace(tiny.network, store=store, models=ModelCache(store))
    with pytest.raises(DamagedStoreError, match="does not match its identifier"):
        town.founder(0, sound).step()
    assert not town.logged("voted")
    # Without it the founder takes its own damage for the miner's lie.
    town.founder(1).step()
    assert len(town.logged("voted")) == 1


def test_a_node_holds_the_models_of_two_blocks(town: Town) -> None:
    tiny, store = town.tiny, town.tiny.network.store
    digests = [publish_model(store, linear_model(100 + number)) for number in range(30)]
    network = replace(tiny.network, models=ModelCache(store))
    for digest in digests:
        network.models.load(digest)
    for digest in digests:
        _forget(town, digest)
    history = town.desk("miner", network).read()
    held = 2 * len(history.parties) + 4
    assert held < len(digests)
    for digest in digests[-held:]:
        network.models.load(digest)
    with pytest.raises(ContentMissingError):
        network.models.load(digests[-held - 1])


def _forget(town: Town, digest: bytes) -> bytes:
    """Take an object out of the store; gives its bytes."""
    store = town.tiny.network.store
    data = store.get_object(digest)
    blocks = store._blocks
    for cid in [cid for cid, held in blocks.items() if held == data]:
        del blocks[cid]
    return data


def test_founders_witness_batches_and_suspend_who_keeps_failing(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The fourth party sends every sample under a wrong class."""
    witnessed = begin(tmp_path_factory.mktemp("witnessed"))
    tiny = witnessed.tiny
    town = Town(tiny, tmp_path_factory.mktemp("nodes"), references=REFERENCES)
    town.miner().step()
    tiny.offer(tiny.parties[3])
    tiny.chain.advance(1)
    with town.serving(0, 1):
        assert "are required" in town.miner().step()
        for founder in range(FOUNDERS):
            town.founder(founder).step()
        assert town.miner().step() == "the next revealed batch"
        failing = town.founder(0)
        failing.judging.failures.rules = replace(WITNESS, limit=1)
        assert "founders' votes on the suspension" in failing.step()
        other = town.founder(1)
        other.judging.failures.rules = replace(WITNESS, limit=1)
        other.step()
    assert set(tiny.network.history().suspensions) == {ATTACKER}
    assert "nothing any more" in town.party(tiny.parties[3]).step()
    tiny.chain.close()
