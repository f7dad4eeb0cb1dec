"""Every attack sends what it says, passes the checks it claims to pass, and keeps to its limit; a small study."""

import json
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from typer.testing import CliRunner

from bema_py.cli.main import app
from bema_py.core.batch import Sample
from bema_py.core.types import PartyId
from bema_py.experiments import engine
from bema_py.experiments.adversary import full_attack
from bema_py.experiments.attack_study import attack_study
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.methods import METHODS, WITNESSED_RULES
from bema_py.experiments.notes import block_notes
from bema_py.experiments.runs import begin, open_case, run
from bema_py.experiments.scanning import Search
from bema_py.experiments.setups import Budget
from bema_py.experiments.strategies import crafting
from bema_py.experiments.strategies.altered import SHARES, Backdoor, blends, mixed
from bema_py.experiments.strategies.catalogue import STRATEGIES, UnknownAttackError, constants_of
from bema_py.experiments.strategies.claims import passing_classes
from bema_py.experiments.strategies.crafting import CleanLabel, Crafted
from bema_py.experiments.strategies.natural import (
    adaptive,
    colluding,
    common_pool,
    dilution,
    pre_checking,
    random_bogus,
    silent,
)
from bema_py.experiments.strategies.repeating import flooding, replay
from bema_py.experiments.strategies.view import AttackView, Scene
from bema_py.experiments.systems import Played, scorer_of
from bema_py.experiments.witnessing import with_references
from bema_py.experiments.world import open_world
from bema_py.learning.attacks import stamped
from bema_py.learning.margin import judge
from bema_py.learning.scoring import class_scores

LIMIT = 6


class Stage:
    """A case of ten parties before a block, seen by its five attackers."""

    def __init__(self, plan, cache, method):
        self.plan = replace(plan(method, case="D0"), attack="random", attackers=5)
        world = open_world(open_case(self.plan), 1, self.plan.setup.recipe, cache / "models")
        self.world = with_references(world, 1) if METHODS[method].witness else world
        self.system = begin(self.plan, self.world)
        self.attack = full_attack(self.world.members, "random", 5)
        self.holdings = Holdings(self.world.private, 1)
        self.ring = engine.ring_of(self.system, self.holdings, self.attack, None)

    def scene(self, height=1, records=100):
        scorer = scorer_of(self.system)
        searches = {
            party: Search(self.holdings.scan(party, height, records), self.world.private[party], scorer)
            for party in sorted(self.attack.parties)
        }
        return Scene(height, self.system, scorer, searches, self.ring)

    def views(self, scene=None, limit=LIMIT):
        scene = scene or self.scene()
        return [AttackView(party, limit, scene) for party in scene.searches]

    def valid(self, samples):
        """Whether samples pass eqs. 8 to 10, by the function that miners use."""
        models = [self.system.models[party] for party in self.system.membership.ids]
        scores = class_scores(models, images_of(samples), 10)
        judged = judge(scores, [sample.y for sample in samples], self.system.membership, self.system.rules)
        return [judgement.valid for judgement in judged]

    def true_class(self, party, sample):
        """The class under which a party holds this image, None if it holds no such image."""
        data = self.world.private[party]
        found = [int(y) for x, y in zip(data.images, data.labels, strict=True) if x.tobytes() == sample.x]
        return found[0] if found else None


def images_of(samples):
    return np.stack([np.frombuffer(sample.x, dtype=np.uint8).reshape(1, 28, 28) for sample in samples])


@pytest.fixture(scope="module")
def stages(request):
    """Stages by method, each laid out once."""
    return {}


@pytest.fixture
def stage(stages, plan, cache):
    def made(method="bema+witness"):
        if method not in stages:
            stages[method] = Stage(plan, cache, method)
        stage = stages[method]
        stage.ring.sent.clear()
        stage.ring.used.clear()
        return stage

    return made


@pytest.mark.parametrize("method", ["bema", "bema+witness"])
@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "silent"])
def test_every_attack_keeps_to_its_limit_and_repeats_itself(stage, method, name):
    ready = stage(method)
    ready.ring.remember({PartyId(1): SOME}, {sample.id() for sample in SOME})
    strategy = STRATEGIES[name]
    sent = [strategy(view) for view in ready.views()]
    assert sent == [strategy(view) for view in ready.views()]
    assert max(map(len, sent)) <= LIMIT
    assert sum(map(len, sent)) > 0
    assert all(len(sample.x) == 784 and 0 <= sample.y < 10 for samples in sent for sample in samples)


SOME = [Sample(bytes([grey]) * 784, grey % 10) for grey in range(20)]


def test_random_bogus_has_a_positive_margin_under_its_true_class(stage):
    ready = stage("bema")
    view = ready.views()[0]
    sent = random_bogus(view)
    for sample in sent:
        true = ready.true_class(view.party, sample)
        assert true not in (None, sample.y)


@pytest.mark.parametrize("method", ["bema", "bema+witness"])
def test_pre_checked_records_are_false_as_they_are_and_pass(stage, method):
    ready = stage(method)
    sent = 0
    for view in ready.views():
        samples = pre_checking(view)
        sent += len(samples)
        assert all(ready.valid(samples)) if samples else True
        assert all(ready.true_class(view.party, sample) not in (None, sample.y) for sample in samples)
    assert sent > 0


def test_under_which_classes_samples_pass_is_what_judging_them_says(stage):
    ready = stage("bema")
    images = ready.world.private[PartyId(2)].images[:40]
    models = [ready.system.models[party] for party in ready.system.membership.ids]
    scores = class_scores(models, images, 10)
    passing = passing_classes(ready.system, scores)
    for label in range(10):
        judged = judge(scores, [label] * 40, ready.system.membership, ready.system.rules)
        assert passing[:, label].tolist() == [judgement.valid for judgement in judged]


def test_silent_attackers_send_nothing(stage):
    assert [silent(view) for view in stage().views()] == [()] * 5


def test_what_was_sent_is_not_sent_again(stage):
    ready = stage()
    view = ready.views()[0]
    first = pre_checking(view)
    ready.ring.remember({view.party: first}, set())
    again = pre_checking(ready.views()[0])
    assert first
    assert again
    assert not {sample.id() for sample in first} & {sample.id() for sample in again}


def test_colluding_attackers_share_out_the_most_frequent_pair(stage):
    ready = stage()
    scene = ready.scene()
    sent = [colluding(view) for view in ready.views(scene)]
    pool = common_pool(scene)
    pairs = [claim.pair for claim in pool]
    assert all(pairs.count(pairs[0]) >= pairs.count(pair) for pair in pairs)
    assert len({sample.id() for samples in sent for sample in samples}) == sum(map(len, sent)) == 5 * LIMIT
    dealt = {sample.id() for samples in sent for sample in samples}
    assert dealt == {claim.sample.id() for claim in pool[: 5 * LIMIT]}
    assert all(ready.valid([claim.sample for claim in pool]))


def test_replay_sends_what_was_used_and_at_first_nothing(stage):
    ready = stage()
    view = ready.views()[0]
    assert replay(view) == ()
    ready.ring.remember({PartyId(1): SOME}, {sample.id() for sample in SOME[:15]})
    sent = replay(view)
    assert len(set(sent)) == LIMIT
    assert set(sent) <= set(SOME[:15])


def test_flooding_repeats_one_sample_across_attackers_and_blocks(stage):
    ready = stage()
    first = [flooding(view) for view in ready.views()]
    base = first[0][0]
    assert all(samples.count(base) == LIMIT // 2 for samples in first)
    assert ready.valid([base]) == [True]
    ready.ring.remember(dict(zip(sorted(ready.attack.parties), first, strict=True)), {base.id()})
    second = [flooding(view) for view in ready.views(ready.scene(height=2))]
    assert all(samples.count(base) == LIMIT // 2 for samples in second)
    for sample in second[0][LIMIT // 2 :]:
        different = [a ^ b for a, b in zip(sample.x, base.x, strict=True) if a != b]
        assert different == [1]
        assert sample.y == base.y


def test_dilution_is_half_honest_and_all_of_it_passes(stage):
    ready = stage()
    view = ready.views()[0]
    sent = dilution(view)
    honest = [sample for sample in sent if ready.true_class(view.party, sample) == sample.y]
    assert len(sent) == LIMIT
    assert len(honest) == LIMIT // 2
    assert all(ready.valid(sent))


def test_a_backdoor_sends_stamped_records_under_one_class_and_is_judged_by_its_trigger(stage):
    ready = stage()
    view = ready.views()[0]
    held = ready.world.private[view.party].labels
    backdoor = Backdoor(int(held[0]))
    sent = backdoor(view)
    assert sent
    assert {sample.y for sample in sent} == {backdoor.target}
    images = images_of(sent)
    assert (stamped(images) == images).all()
    assert all(ready.valid(sent))
    test = open_case(ready.plan).test
    triggered = backdoor.triggered(test)
    assert set(triggered.labels.tolist()) == {backdoor.target}
    assert len(triggered) == (test.labels != backdoor.target).sum()


def test_adaptive_records_pass_the_attackers_own_witness_and_are_none_of_its_references(stage):
    ready = stage()
    surrogate = ready.ring.surrogate
    sent = 0
    for view in ready.views(ready.scene(records=400), limit=50):
        for sample in adaptive(view):
            sent += 1
            assert ready.valid([sample]) == [True]
            assert surrogate.passes(images_of([sample]), np.array([sample.y])).all()
            true = ready.true_class(view.party, sample)
            assert true not in (None, sample.y)
            data = ready.world.private[view.party].select(surrogate.rows[view.party])
            assert sample.x not in {image.tobytes() for image in data.images}
    assert sent > 0
    # Far fewer than pass eqs. 8 to 10: the surrogate refuses what founders would.
    assert sent < sum(len(pre_checking(view)) for view in ready.views(ready.scene(records=400), limit=50))


def test_attackers_never_see_founders_references(stage):
    ready = stage()
    founders = ready.world.references
    assert founders
    assert not founders.keys() & ready.ring.private.keys()
    assert not founders.keys() & ready.ring.surrogate.rows.keys()
    own = np.concatenate([data.images for data in ready.ring.private.values()])
    count = sum(map(len, ready.ring.surrogate.references.by_class.values()))
    assert count < len(own)
    assert stage("bema").ring.surrogate is None


@pytest.mark.parametrize("method", ["bema", "bema+witness"])
@pytest.mark.parametrize("strategy", [Crafted(budget=40), CleanLabel(budget=40)])
def test_crafted_images_stay_within_their_budget_and_pass_every_check(stage, method, strategy):
    ready = stage(method)
    sent = 0
    for view in ready.views():
        samples = strategy(view)
        sent += len(samples)
        if not samples:
            continue
        assert all(ready.valid(samples))
        images = images_of(samples).astype(np.int64)
        if ready.ring.surrogate is not None:
            labels = np.array([sample.y for sample in samples])
            assert ready.ring.surrogate.passes(images.astype(np.uint8), labels).all()
        data = view.search.private
        for image, sample in zip(images, samples, strict=True):
            away = np.abs(data.images - image).max(axis=(1, 2, 3))
            near = data.labels[away <= 40]
            assert len(near)
            assert (sample.y in near) == isinstance(strategy, CleanLabel)
    assert sent > 0


def test_moving_images_makes_more_of_them_pass_than_there_were(stage):
    ready = stage("bema")
    moved = sum(len(Crafted()(view)) for view in ready.views())
    still = sum(len(Crafted(budget=0)(view)) for view in ready.views())
    assert moved > still


def test_clean_labels_are_seen_as_another_class(stage):
    ready = stage()
    view = ready.views()[0]
    samples = CleanLabel()(view)
    scores = ready.scene().scorer(images_of(samples))
    means = crafting.holders_mean(ready.system, scores)
    means[np.arange(len(samples)), [sample.y for sample in samples]] = 0
    assert means.max(axis=1).mean() > 0.5 * 2**24


def test_blends_are_mixtures_that_pass_with_no_more_of_the_second_than_needed(stage):
    ready = stage("bema+witness")
    sent = [(view, sample) for view in ready.views(limit=20) for sample in blends(view)]
    assert sent
    assert all(ready.valid([sample for _, sample in sent]))
    view, sample = sent[0]
    data = view.search.private
    seconds = data.images[data.labels == sample.y]
    firsts = data.images[view.search.rows[:40]]
    image = images_of([sample])[0]
    found = [
        share
        for share in SHARES
        for first in firsts
        if (mixed(first, seconds, share) == image).all(axis=(1, 2, 3)).any()
    ]
    assert len(found) == 1


def test_constants_of_an_attack_are_part_of_a_runs_name(plan):
    usual = replace(plan(), attack="crafted", attackers=2)
    assert constants_of("crafted") == {"budget": 64, "steps": 12}
    assert constants_of("replay") == {}
    names = {usual.name, replace(usual, attackers=1).name, replace(usual, attack="blends").name, plan().name}
    assert len(names) == 4
    with pytest.raises(UnknownAttackError, match="no attack 'kindness', choose one of silent, random"):
        constants_of("kindness")


def test_notes_count_samples_not_copies_and_tell_honest_from_false():
    first, second, third, fourth, fifth = SOME[:5]
    offers = {PartyId(1): [first, second], PartyId(2): [third, third, fourth, fifth]}
    ids = [sample.id() for sample in SOME[:5]]
    played = Played(
        frozenset({ids[0], ids[2], ids[3]}), frozenset(ids), frozenset({ids[1], ids[4]}), {PartyId(2): 3}
    )
    notes = block_notes(3, offers, {PartyId(2)}, {ids[3]}, played, (0.0, 0.0))
    assert notes.counts() == {
        "height": 3,
        "sent": 6,
        "bogus": 4,
        "used": 3,
        "bogus_used": 2,
        "genuine_used": 1,
        "asked": 2,
        "refused": 1,
        "bogus_refused": 1,
    }
    assert notes.suspended == (PartyId(2),)
    assert block_notes(4, offers, {PartyId(2)}, {}, played, (0.0, 0.0)).suspended == ()


def test_who_fails_the_witness_offers_nothing_more_and_its_model_stays(plan, cache):
    attacked = replace(plan("bema+witness", case="D0", blocks=4), attack="pre-checking", attackers=5)
    record = run(attacked, cache)
    assert record.attackers
    suspended = dict(record.suspended)
    assert suspended
    assert set(suspended) <= set(record.attackers)
    assert sum(block["bogus_refused"] for block in record.blocks) > 0
    last = max(suspended.values())
    if set(suspended) == set(record.attackers):
        assert all(block["bogus"] == 0 for block in record.blocks if block["height"] >= last)


def test_founders_offer_no_reference_and_are_not_asked_about_their_own(plan, cache):
    world = Stage(plan, cache, "bema+witness").world
    assert set(world.references) == {1, 4, 7, 10}
    for founder, references in world.references.items():
        kept = sum(map(len, references.by_class.values()))
        assert kept + len(world.private[founder]) == len(world.case.parties[founder - 1].private)
        assert references.classes == world.case.parties[founder - 1].held


def test_a_method_with_a_witness_has_the_rules_it_says(stage):
    rules = stage("bema+witness").system.rules
    assert rules.witness is not None
    assert len(rules.witness.references) == 4
    assert replace(rules, witness=None, suspended_models="leave") == WITNESSED_RULES
    assert stage("bema").system.rules.witness is None


def test_a_small_study_of_attacks(settings):
    small = settings(("C",), ("bema", "bema+witness"))
    rows = attack_study(small, lambda *_: None, ["pre-checking", "backdoor"], 2)
    assert [(row["defence"], row["attack"]) for row in rows] == [
        (method, attack)
        for method in ("bema", "bema+witness")
        for attack in ("none", "pre-checking", "backdoor")
    ]
    assert json.loads((small.out / "study_tune.json").read_text()) == rows
    for row in rows:
        without, under, lost = (row[name]["mean"] for name in ("accuracy_without", "accuracy", "lost"))
        assert lost == pytest.approx(without - under, abs=2e-6)
        assert (row["triggered"] is None) == (row["attack"] != "backdoor")
    calm, checked, _ = rows[3:]
    assert calm["lost"] == {"mean": 0, "std": 0}
    assert calm["attackers"] == calm["messages"]["bogus"] == 0
    assert checked["attackers"] == 2
    assert checked["messages"]["bogus_refused"] > checked["messages"]["bogus_used"]
    text = (small.out / "study_tune.md").read_text()
    assert "--attacks pre-checking,backdoor --attackers 2" in text
    assert "| C, BEMA, data witness, pre-checking |" in text
    assert (small.out / "study_tune.png").exists()
    svg = (small.out / "study_tune.svg").read_bytes()
    assert attack_study(small, lambda *_: None, ["pre-checking", "backdoor"], 2) == rows
    assert (small.out / "study_tune.svg").read_bytes() == svg


def test_the_command_names_the_attacks_there_are():
    result = CliRunner().invoke(app, ["experiment", "attacks", "--attacks", "kindness"])
    assert isinstance(result.exception, UnknownAttackError)
    help_text = CliRunner().invoke(app, ["experiment", "attacks", "--help"]).output
    assert "--attackers" in help_text


def test_searches_are_bounded_by_the_supply(stage):
    ready = stage("bema")
    attack = full_attack(ready.world.members, "pre-checking", 5)
    assert attack.supply == 4
    seen = []
    watching = replace(attack, strategy=lambda view: seen.append(len(view.search.rows)) or ())
    engine.offered(ready.system, ready.holdings, Budget(1, scan=100), watching, 1, ready.ring)
    assert seen == [40] * 5
    assert len(list(islice(ready.scene(records=40).searches[max(attack.parties)].pieces(), 3))) == 1
