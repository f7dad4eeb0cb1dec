"""Stories of blocks, parties and accounts tell what happened, and what they leave out and why."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from cheating import lie
from tiny_network import BOND, FUNDING, TinyNetwork, patterns
from told_network import JUDGED, TOLD, built, text, treated

from bema_py.chain.contract import BlockStatus
from bema_py.chain.dispute_calls import LeafProof, ProvenLeaf
from bema_py.core.cid import object_cid
from bema_py.core.merkle import merkle_proof
from bema_py.core.types import Address, Digest, PartyType
from bema_py.learning.margin import Verdict
from bema_py.learning.predictors import accuracy, max_model
from bema_py.learning.scoring import class_scores
from bema_py.roles.assembly import AssembledBlock
from bema_py.roles.content import load_body
from bema_py.roles.history import CommittedBatch
from bema_py.roles.network import read_ledger
from bema_py.roles.stories.account import UnknownAccountError, account_story
from bema_py.roles.stories.archive import Archive, archive_of_network
from bema_py.roles.stories.block import BlockStory, block_story
from bema_py.roles.stories.facts import Money, plain, utc
from bema_py.roles.stories.finding import AmbiguousPrefixError, NamePrefixError, UnknownNameError
from bema_py.roles.stories.known_blocks import KnownBlock, UnknownHeightError, find_block, known_blocks
from bema_py.roles.stories.lineage import held_samples, lineage, with_effect, with_steps
from bema_py.roles.stories.offers import UnreadBatchesError
from bema_py.roles.stories.party import UnknownPartyError, find_party, party_story
from bema_py.roles.stories.rebuilding import Fate
from bema_py.roles.stories.sample import sample_story
from bema_py.roles.stories.standing import BondFate
from bema_py.roles.telling.block import tell_block
from bema_py.roles.telling.people import tell_account, tell_party
from bema_py.storage.content_store import ContentMissingError, ContentStore


@dataclass
class Lacking:
    """A store without one object."""

    store: ContentStore
    lost: Digest

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def get_object(self, digest: Digest, *, max_size: int) -> bytes:
        if digest == self.lost:
            raise ContentMissingError(object_cid(digest))
        return self.store.get_object(digest, max_size=max_size)


def lacking(archive: Archive, digest: Digest) -> Archive:
    return replace(archive, store=Lacking(archive.store, digest))


def story_of(archive: Archive, height: int) -> BlockStory:
    return block_story(archive, find_block(archive.history, str(height)))


def test_a_block_says_how_every_sample_of_its_batches_came_out(archive: Archive) -> None:
    story = story_of(archive, JUDGED)
    content, judging = story.content, story.judging
    assert content is not None
    assert judging is not None
    assert sum(judging.fates.values()) == content.judged == 64
    assert judging.fates[Fate.USED] == content.used == len(content.samples) == TOLD.max_samples
    assert judging.fates[Fate.COPY] == 4
    assert judging.fates[Fate.QUOTA] > 0
    assert judging.fates[Fate.FULL] > 0
    assert sum(judging.refused.values()) == judging.fates[Fate.REFUSED]
    assert set(judging.refused) == {Verdict.MARGIN_POSITIVE, Verdict.BELOW_DELTA, Verdict.ABOVE_SIGMA}
    assert judging.faults == ()
    assert story.gaps == ()
    told = text(tell_block(story))
    assert f"{judging.refused[Verdict.ABOVE_SIGMA]} refused, spread above sigma (eq. 10)" in told
    assert "agrees with its recomputation to the last bit" in told
    assert "It lists 4 batches:" in told


def test_a_block_says_what_it_moved_and_paid(archive: Archive) -> None:
    story, calibration = story_of(archive, JUDGED), built(archive, JUDGED).assembled.calibration
    assert story.content is not None
    moved = {model.party: (model.enhanced, model.impaired) for model in story.content.models}
    assert moved == {
        party: (calibration.steps[party].enhance, calibration.steps[party].impair)
        for party in calibration.changed
    }
    paid = sum(each.amount.wei for each in story.content.allotments)
    assert paid == TOLD.block_reward + story.content.used * TOLD.sample_reward


def test_every_block_says_where_it_stands(archive: Archive) -> None:
    stories = [block_story(archive, block) for block in known_blocks(archive.history)]
    assert [story.height for story in stories] == [1, 2, 3, 4, 4, 5, 4]
    standings = [story.standing for story in stories]
    final, orphaned = BlockStatus.FINAL, BlockStatus.ORPHANED
    assert [each.status for each in standings] == [final, final, final, orphaned, orphaned, orphaned, final]
    assert [each.rejected for each in standings] == [False, False, False, True, True, False, False]
    slashed, returned = BondFate.SLASHED, BondFate.RETURNED
    fates = [each.bond_fate for each in standings]
    assert fates == [returned, returned, returned, slashed, slashed, returned, BondFate.DUE]
    assert len(stories[-1].rivals) == 2
    assert stories[-1].miner.party is None
    assert all(story.work == 16 for story in stories[:4])


def test_a_block_is_pending_until_its_window_is_over(archive: Archive) -> None:
    newest = archive.history.blocks[-1]
    closes = newest.position.time + archive.deployment.parameters.challenge_window
    story = story_of(replace(archive, now=closes), 4)
    assert (story.standing.status, story.standing.bond_fate) == (BlockStatus.PENDING, BondFate.HELD)
    assert "It is pending as of" in text(tell_block(story))
    assert story_of(replace(archive, now=closes + 1), 4).standing.status is BlockStatus.FINAL


def test_a_block_names_the_batches_that_it_left_out(archive: Archive) -> None:
    story = story_of(archive, 4)
    assert story.content is not None
    assert story.content.left_out == (last_revealed(archive).commitment,)
    assert "that is no offence" in text(tell_block(story))


def last_revealed(archive: Archive) -> CommittedBatch:
    """The last batch that was revealed, of the party that was suspended then."""
    revealed = [batch for batch in archive.history.batches.values() if batch.opening]
    return max(revealed, key=lambda batch: batch.committed)


def orphans(archive: Archive) -> list[KnownBlock]:
    return [block for block in known_blocks(archive.history) if block.orphan]


def test_a_false_block_is_told_with_its_fault_and_its_rejection(archive: Archive) -> None:
    false, honest, descendant = (block_story(archive, block) for block in orphans(archive))
    assert false.judging is not None
    assert false.judging.faults == ("calibration record: judged is 1, recomputed 0",)
    told = text(tell_block(false))
    assert "The block is false" in told
    assert "by the votes of party 2 (founder, account" in told or "by the votes of party 1 (founder" in told
    assert "it counts a sample that nobody offered" in told
    assert honest.judging is not None
    assert honest.judging.faults == ()
    assert "its ancestor, was rejected by the votes of" in text(tell_block(descendant))
    assert descendant.standing.rejection is not None
    assert descendant.standing.rejection.block_hash == honest.block_hash


def test_what_others_wrote_cannot_speak_to_the_terminal(archive: Archive) -> None:
    told = text(tell_block(block_story(archive, orphans(archive)[1])))
    assert "[bold]test[/]" in told
    assert "\x1b" not in told


def test_a_party_tells_its_life(archive: Archive) -> None:
    story = party_story(archive, 3)
    assert [each.signer.party for each in sorted(story.approvals, key=lambda a: a.signer.party or 0)] == [
        1,
        2,
    ]
    assert {each.vouched_classes for each in story.approvals} == {(0,), (2,)}
    assert [batch.listed for batch in story.batches] == [JUDGED]
    used = {leaf.sample for leaf in built(archive, JUDGED).assembled.body.samples if leaf.owner == 3}
    assert story.batches[0].used == len(used)
    told = text(tell_party(story))
    assert "Party 3 is a regular party" in told
    assert "vouched for class 0" in told
    founder = text(tell_party(party_story(archive, 2)))
    assert "needed nobody's approval" in founder
    assert "never revealed" in founder


def test_a_suspended_party_says_why_and_by_whom(archive: Archive) -> None:
    story = party_story(archive, 4)
    assert story.suspension is not None
    assert story.suspension.reason == "it sends bogus samples"
    assert {voter.party for voter in story.suspension.voters} == {1, 2}
    assert "for: 'it sends bogus samples'" in text(tell_party(story))


def test_an_account_tells_its_money(archive: Archive, told: TinyNetwork) -> None:
    story = account_story(archive, told.miner.address)
    money = story.earnings
    rewards = read_ledger(told.network, told.network.history()).rewards
    assert money.allotted == Money(rewards[told.miner.address])
    assert money.claimed == money.withdrawn == money.final == money.allotted
    assert money.claimable == money.takeable == Money(0)
    assert [block.height for block in money.mined] == [1, 2, 3, 4, 4, 5]
    assert [each.amount for each in money.paid_in] == [Money(BOND)] * 2
    told = text(tell_account(story))
    assert "is no party" in told
    assert "0.000000000000001 ETH (1000 wei) went to the pool when the block was rejected" in told


def test_an_account_can_be_a_party_or_only_have_paid(archive: Archive, told: TinyNetwork) -> None:
    party = account_story(archive, told.parties[0].signer.address)
    assert (party.who.party, party.who.kind) == (1, PartyType.ORIGINAL)
    payer = account_story(archive, told.stranger.address)
    assert payer.earnings.paid_in[0].amount == Money(FUNDING)
    assert payer.earnings.claimable == Money(TOLD.block_reward)


def test_a_suspended_party_can_claim_only_against_blocks_before(archive: Archive, told: TinyNetwork) -> None:
    before = account_story(archive, told.parties[2].signer.address).earnings
    assert before.claimable.wei > 0
    third = archive.history.parties[3]  # type: ignore[index]
    pardoned = archive.history.suspensions[4]  # type: ignore[index]
    early = replace(pardoned.position, time=archive.history.blocks[0].position.time)
    moved = replace(pardoned, party=third.party, account=third.account, position=early)
    history = replace(archive.history, suspensions={third.party: moved})
    after = account_story(replace(archive, history=history), third.account).earnings
    assert (after.claimable, after.final) == (Money(0), before.final)


def test_a_lineage_links_digests_counts_steps_and_measures(archive: Archive, told: TinyNetwork) -> None:
    party = find_party(archive, 1)
    data = patterns(99, 60)
    moves = with_effect(archive, party, with_steps(archive, party, lineage(archive, party)), data)
    changed = [
        block for block in (1, 2, 3, 4) if party.party in built(archive, block).assembled.calibration.changed
    ]
    assert [change.height for change in moves.changes] == changed
    assert changed
    digests = [moves.first, *(change.new for change in moves.changes)]
    assert [change.old for change in moves.changes] == digests[:-1]
    assert moves.model == read_ledger(told.network, told.network.history()).model_of(party)
    own = held_samples(party, data)
    assert set(own.labels.tolist()) == {0, 1}
    models = [archive.models.load(digest) for digest in digests]
    shares = [accuracy(max_model(class_scores([model], own.images, 4)), own.labels) for model in models]
    assert [moves.accuracy, *(change.accuracy_after for change in moves.changes)] == shares
    assert all(change.enhanced or change.impaired for change in moves.changes)


def test_a_missing_body_leaves_gaps_and_the_rest_is_told(archive: Archive) -> None:
    event = archive.history.blocks[JUDGED - 1]
    poor = lacking(archive, event.body_digest)
    story = story_of(poor, JUDGED)
    assert (story.content, story.judging) == (None, None)
    assert [gap.exit_code for gap in story.gaps] == [5]
    assert "What cannot be told" in text(tell_block(story))
    later = story_of(poor, 3)
    assert later.content is not None
    assert [gap.exit_code for gap in later.gaps] == [5]
    assert lineage(poor, find_party(poor, 1)).gaps
    assert party_story(poor, 1).gaps
    assert account_story(poor, archive.history.parties[1].account).gaps  # type: ignore[index]


def test_a_missing_batch_is_named_where_it_might_hold_the_sample(archive: Archive) -> None:
    batch = next(iter(archive.history.batches.values()))
    assert batch.opening is not None
    name = treated(archive, JUDGED, Fate.USED).sample
    poor = lacking(archive, batch.opening.content_digest)
    held = sample_story(archive, name.hex()).offers[0].commitment == batch.commitment
    if not held:
        assert sample_story(poor, name.hex()).gaps[0].exit_code == 5
    with pytest.raises(UnreadBatchesError, match="1 of the revealed batches cannot be read") as error:
        sample_story(poor, "00" * 32)
    assert error.value.exit_code == 5


def test_names_that_fit_nothing_or_too_much_are_refused_with_numbers(archive: Archive) -> None:
    history = archive.history
    with pytest.raises(UnknownHeightError, match="there is no block 9: heights go from 1 to 5"):
        find_block(history, "9")
    with pytest.raises(UnknownHeightError, match="there is no block 0"):
        find_block(history, "0")
    with pytest.raises(AmbiguousPrefixError, match="block 0x0 is ambiguous: it fits 7: 0x0"):
        find_block(history, "0x0")
    with pytest.raises(UnknownNameError, match="there is no block 0xffff; 7 are known"):
        find_block(history, "0xffff")
    with pytest.raises(NamePrefixError, match="must be 1 to 64 hexadecimal digits"):
        find_block(history, "twelve")
    with pytest.raises(UnknownNameError, match="there is no sample"):
        sample_story(archive, "00" * 32)
    with pytest.raises(UnknownPartyError, match="parties are numbered from 1 to 4"):
        party_story(archive, 7)
    with pytest.raises(
        UnknownAccountError, match=f"named by none of the contract's {len(archive.events)} events"
    ):
        account_story(archive, Address(b"\x07" * 20))


def test_a_hash_finds_a_block_that_left_the_chain(archive: Archive) -> None:
    for block in known_blocks(archive.history):
        name = "0x" + block.event.block_hash.hex()[:40]
        assert find_block(archive.history, name) == block
    assert find_block(archive.history, "5").orphan is not None
    assert find_block(archive.history, "4").orphan is None


def test_every_reference_is_given_in_full(archive: Archive) -> None:
    telling = tell_block(story_of(archive, JUDGED))
    shorts = {word for word in text(telling).replace(",", " ").split() if word.startswith("0x")}
    assert shorts
    for short in shorts:
        digits = short.strip(":.;)(")
        assert any(full.startswith(digits) for full in telling.references)


def test_amounts_and_times_read_in_both_units() -> None:
    assert Money(10**18 + 1).to_plain() == {"eth": "1.000000000000000001", "wei": "1000000000000000001"}
    assert Money(0).eth == "0"
    assert utc(0) == "1970-01-01T00:00:00Z"
    assert utc(2**60) == "beyond the calendar"
    assert plain({Fate.USED: (1, None, b"\x01")}) == {"used": [1, None, "0x01"]}


def of_height_nine(block: AssembledBlock) -> AssembledBlock:
    return replace(block, body=replace(block.body, record=replace(block.body.record, height=9)))


def test_a_block_rejected_by_proof_names_the_fraud(fresh: TinyNetwork) -> None:
    lie(fresh, of_height_nine)
    event = fresh.network.history().blocks[0]
    body = load_body(fresh.network.store, event.body_digest)
    proof = LeafProof(0, body.record.preimage(), merkle_proof(body.leaves(), 0))
    fresh.network.contract.reject_false_leaf(
        fresh.stranger, ProvenLeaf(event.header, event.leaf_count, proof)
    )
    archive = archive_of_network(fresh.network)
    story = story_of(archive, 1)
    assert story.standing.rejection is not None
    assert story.standing.rejection.voters == ()
    assert "by proof that the contract checked: record of other height" in text(tell_block(story))
