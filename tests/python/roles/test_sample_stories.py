"""The story of a sample: every fate that a block can give it, and the numbers are those of the protocol."""

from collections import Counter
from dataclasses import replace

import pytest
from tiny_network import TinyNetwork
from told_network import JUDGED, TOLD, built, text, treated

from bema_py.chain.contract import BlockStatus
from bema_py.learning.margin import Verdict
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.stories.archive import Archive, archive_of_network
from bema_py.roles.stories.facts import Money
from bema_py.roles.stories.inclusion import SampleNotUsedError, prove_sample
from bema_py.roles.stories.lineage import lineage
from bema_py.roles.stories.offers import read_batches
from bema_py.roles.stories.party import find_party
from bema_py.roles.stories.rebuilding import Fate, Treatment
from bema_py.roles.stories.sample import SampleInBlock, sample_story
from bema_py.roles.stories.verdicts import Verdicts, WitnessOutcome
from bema_py.roles.telling.sample import tell_sample


def told_in(archive: Archive, height: int, treatment: Treatment) -> tuple[SampleInBlock, str]:
    """What the story of a sample says of one of its copies in a block."""
    story = sample_story(archive, treatment.sample.hex())
    (found,) = (
        each
        for each in story.blocks
        if (each.height, each.commitment) == (height, treatment.commitment)
        and each.status is not BlockStatus.ORPHANED
    )
    return found, text(tell_sample(story))


@pytest.mark.parametrize(
    ("verdict", "rule"),
    [(Verdict.MARGIN_POSITIVE, "eq. 8"), (Verdict.BELOW_DELTA, "eq. 9"), (Verdict.ABOVE_SIGMA, "eq. 10")],
)
def test_a_refused_sample_names_the_rule_with_its_numbers(
    archive: Archive, verdict: Verdict, rule: str
) -> None:
    treatment = treated(archive, JUDGED, Fate.REFUSED, verdict)
    found, told = told_in(archive, JUDGED, treatment)
    assert found.verdicts is not None
    first = next(each for each in found.verdicts.rules if not each.holds)
    assert rule in first.rule
    assert f"refused, {verdict.value}" in told
    assert f"{first.found:+.6f}" in told
    assert f"{first.bound:.6f}: fails" in told
    assert found.use is None


def test_a_used_sample_says_what_it_did(archive: Archive) -> None:
    treatment = treated(archive, JUDGED, Fate.USED)
    found, told = told_in(archive, JUDGED, treatment)
    assert found.verdicts is not None
    assert found.use is not None
    assert all(each.holds for each in found.verdicts.rules)
    total, models = found.verdicts.own_aggregate
    made = built(archive, JUDGED)
    holders = {
        party.party for party in made.context.members if party.held_classes >> found.verdicts.label & 1
    }
    # With alpha 1 the aggregate is the mean of all holders.
    own = [each.own_before for each in found.use.scores if each.party in holders]
    assert sum(own) / len(own) == pytest.approx(total / models / 2**24)
    assert found.use.earned == Money(TOLD.sample_reward)
    assert "valid and used" in told
    assert any(each.own_before != each.own_after for each in found.use.scores)


def test_the_steps_of_all_used_samples_are_those_of_the_block(archive: Archive) -> None:
    made = built(archive, JUDGED)
    enhanced: Counter[int] = Counter()
    impaired: Counter[int] = Counter()
    for leaf in made.assembled.body.samples:
        story = sample_story(archive, leaf.sample.hex())
        (used,) = (each.use for each in story.blocks if each.use)
        enhanced.update(used.trace.enhanced)
        impaired.update(used.trace.impaired)
        assert (story.used_at, story.owner and story.owner.party) == (JUDGED, leaf.owner)
    steps = made.assembled.calibration.steps
    assert {party: (enhanced[party], impaired[party]) for party in steps} == {
        party: (count.enhance, count.impair) for party, count in steps.items()
    }


@pytest.mark.parametrize(
    ("verdict", "witness", "words"),
    [
        (Verdict.NO_HOLDERS, None, "nobody among the members held its class"),
        (Verdict.NO_WRONG_CLASS, None, "nobody among the members held any other class"),
        (
            Verdict.UNHEARD,
            WitnessOutcome(None, 7, 1, (1, 1), 0, Verdict.UNHEARD),
            "no founder was heard about its class and another one: fails",
        ),
    ],
)
def test_what_cannot_be_compared_is_said(
    archive: Archive, verdict: Verdict, witness: WitnessOutcome | None, words: str
) -> None:
    """Here every class has holders and references, so the facts are made up."""
    story = sample_story(archive, treated(archive, JUDGED, Fate.REFUSED).sample.hex())
    wrong = 1 if verdict is Verdict.UNHEARD else None
    bare = Verdicts(verdict, 0, wrong, (0, 0), (0, 0), (), witness)
    blocks = tuple(replace(each, verdicts=bare) for each in story.blocks)
    assert words in text(tell_sample(replace(story, blocks=blocks)))


def test_a_copy_belongs_to_the_earlier_commitment(archive: Archive) -> None:
    treatment = treated(archive, JUDGED, Fate.COPY)
    found, told = told_in(archive, JUDGED, treatment)
    story = sample_story(archive, treatment.sample.hex())
    assert [offer.author.party for offer in story.offers] == [1, 3]
    assert story.offers[0].committed.time < story.offers[1].committed.time
    assert found.verdicts is None
    assert "A later copy was committed by party 3" in told
    assert "an earlier one owns it" in told


@pytest.mark.parametrize("fate", [Fate.FULL, Fate.QUOTA])
def test_a_valid_sample_that_came_too_late_says_so(archive: Archive, fate: Fate) -> None:
    found, told = told_in(archive, JUDGED, treated(archive, JUDGED, fate))
    assert found.verdicts is not None
    assert found.verdicts.verdict is Verdict.VALID
    assert fate.value in told


def test_a_spent_sample_is_not_used_again(archive: Archive) -> None:
    found, told = told_in(archive, 3, treated(archive, 3, Fate.SPENT))
    assert (found.fate, found.verdicts) == (Fate.SPENT, None)
    assert f"Block {JUDGED} used it" in told
    assert "used in an earlier block" in told


def test_a_batch_of_a_suspended_party_is_void(archive: Archive) -> None:
    story = sample_story(archive, last_batch(archive, 4)[0].hex())
    assert story.offers[0].listed == ()
    told = text(tell_sample(story))
    assert "party 4 was suspended before any block listed it" in told
    assert "No block of the chain has used it." in told
    assert story.blocks == ()
    assert story.used_at is None


def last_batch(archive: Archive, party: int) -> tuple[bytes, ...]:
    batches, _ = read_batches(archive)
    return next(each.names for each in reversed(batches) if each.on_chain.party == party)


def test_a_sample_of_an_orphaned_block_is_free_and_used_again(fresh: TinyNetwork) -> None:
    fresh.play(1)
    first = archive_of_network(fresh.network)
    name = built(first, 1).assembled.body.samples[0].sample.hex()
    fresh.reject(1)
    freed = archive_of_network(fresh.network)
    story = sample_story(freed, name)
    assert (story.used_at, [block.status for block in story.blocks]) == (None, [BlockStatus.ORPHANED])
    assert "No block of the chain has used it." in text(tell_sample(story))
    with pytest.raises(SampleNotUsedError):
        prove_sample(freed, name)
    assert (
        len(lineage(freed, find_party(freed, 1)).undone) + len(lineage(freed, find_party(freed, 2)).undone)
        > 0
    )
    BlockMiner(fresh.network, fresh.miner).mine()
    again = archive_of_network(fresh.network)
    story = sample_story(again, name)
    statuses = [block.status for block in story.blocks]
    assert (story.used_at, statuses) == (1, [BlockStatus.ORPHANED, BlockStatus.PENDING])
    assert prove_sample(again, name).block_hash == again.history.blocks[0].block_hash
