"""Stories under a data witness and under replay: what founders' references say, and what recalled samples change."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_network import RULES, tiny_network
from witnessed_network import ATTACKER, WITNESS, WITNESSED, begin

from bema_py.core.rules import Rules
from bema_py.learning.margin import Verdict
from bema_py.roles.original_party import carry, suspend_failing
from bema_py.roles.stories.archive import Archive, archive_of_network
from bema_py.roles.stories.known_blocks import find_block
from bema_py.roles.stories.party import party_story
from bema_py.roles.stories.rebuilding import Fate, RebuiltBlock, rebuild, treatments
from bema_py.roles.stories.sample import SampleStory, sample_story
from bema_py.roles.telling.sample import tell_sample

NARROW = replace(WITNESSED, witness=replace(WITNESS, ratio=(2**16, 1), farthest=1))
"""Any class may be nearer, but only a copy of a reference is near enough."""


def built(archive: Archive, height: int) -> RebuiltBlock:
    made = rebuild(archive, find_block(archive.history, str(height)))
    assert isinstance(made, RebuiltBlock)
    return made


def refused(archive: Archive, height: int, verdict: Verdict) -> SampleStory:
    found = (
        each
        for each in treatments(built(archive, height))
        if each.judgement and each.judgement.verdict is verdict
    )
    return sample_story(archive, next(found).sample.hex())


@pytest.mark.parametrize(
    ("rules", "verdict"), [(WITNESSED, Verdict.NEARER_TO_ANOTHER), (NARROW, Verdict.FAR_FROM_ITS_CLASS)]
)
def test_a_sample_that_references_speak_against_names_their_distances(
    tmp_path: Path, rules: Rules, verdict: Verdict
) -> None:
    witnessed = begin(tmp_path, rules)
    witnessed.play(2)
    story = refused(archive_of_network(witnessed.tiny.network), 2, verdict)
    witnessed.tiny.chain.close()
    (found,) = (each.verdicts for each in story.blocks)
    assert found is not None
    assert all(rule.holds for rule in found.rules)
    assert found.witness is not None
    own, nearest = found.witness.own, found.witness.nearest
    assert own is not None
    assert nearest is not None
    if verdict is Verdict.NEARER_TO_ANOTHER:
        assert own > nearest
    else:
        assert own > 1
    told = "\n".join(tell_sample(story).lines)
    assert f"refused, {verdict.value}" in told
    assert f"squared distance {own} to references of its class, {nearest} to the nearest other" in told


def test_a_party_suspended_for_failing_names_the_block(tmp_path: Path) -> None:
    witnessed = begin(tmp_path)
    witnessed.play(3)
    tiny, record = witnessed.tiny, witnessed.failures()
    history = tiny.network.history()
    founders = (founder.signer for founder in tiny.parties[:2])
    carry(
        tiny.network,
        tiny.stranger,
        [suspend_failing(tiny.network, each, ATTACKER, history, record.tip, 2**40) for each in founders],
    )
    story = party_story(archive_of_network(tiny.network), ATTACKER)
    tiny.chain.close()
    assert story.suspension is not None
    assert story.suspension.failed == history.blocks[record.tip.failed[ATTACKER] - 1].block_hash


def test_recalled_samples_come_between_and_only_enhance(tmp_path: Path) -> None:
    tiny = tiny_network(tmp_path, rules=replace(RULES, replay=4))
    tiny.play(3)
    archive = archive_of_network(tiny.network)
    tiny.chain.close()
    made = built(archive, 3)
    assert made.context.recalled
    enhanced: Counter[int] = Counter()
    impaired: Counter[int] = Counter()
    keys = {each.sample_id: each.key for each in made.candidates}
    used = [leaf.sample for leaf in made.assembled.body.samples]
    order = sorted([*(keys[name] for name in used), *(each.key for each in made.context.recalled)])
    for name in used:
        (use,) = (each.use for each in sample_story(archive, name.hex()).blocks if each.fate is Fate.USED)
        assert use is not None
        assert use.trace.round == 1 + order.index(keys[name]) // archive.rules.round_size
        enhanced.update(use.trace.enhanced)
        impaired.update(use.trace.impaired)
    steps = made.assembled.calibration.steps
    assert {party: impaired[party] for party in steps} == {
        party: each.impair for party, each in steps.items()
    }
    assert all(enhanced[party] <= each.enhance for party, each in steps.items())
    assert sum(enhanced.values()) < sum(each.enhance for each in steps.values())
