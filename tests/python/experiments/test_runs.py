import json
from dataclasses import asdict, replace
from itertools import islice

import numpy as np
import pytest

from bema_py.experiments import engine, runs
from bema_py.experiments.adversary import Attack, BogusShareError, random_attack
from bema_py.experiments.holdings import Holdings
from bema_py.experiments.records import RunRecordError, record_path
from bema_py.experiments.runs import begin, open_case, played_blocks, run
from bema_py.experiments.scanning import Search
from bema_py.experiments.setups import BlockCountError, Budget
from bema_py.experiments.strategies.view import AttackView, Scene
from bema_py.experiments.systems import scorer_of
from bema_py.experiments.world import open_world
from bema_py.learning.datasets import Dataset
from bema_py.learning.margin import judge
from bema_py.learning.scoring import class_scores

NO_ATTACK = Attack()


def world_of(plan, cache):
    return open_world(open_case(plan), plan.seed, plan.setup.recipe, cache / "models")


def without_seconds(record):
    return {name: value for name, value in asdict(record).items() if name != "seconds"}


@pytest.mark.parametrize("method", ["bema", "bema+", "bema+witness", "hmr", "hmr-refit"])
def test_same_seed_same_record(plan, cache, method):
    first = run(plan(method, bogus=20), cache)
    again = played_blocks(plan(method, bogus=20), cache / "models", lambda *_: None)
    assert without_seconds(first) == without_seconds(again)
    assert sum(block["used"] for block in first.blocks) > 0
    other = played_blocks(plan(method, bogus=20, seed=2), cache / "models", lambda *_: None)
    assert without_seconds(other) != without_seconds(first)


def test_an_interrupted_study_goes_on_where_it_stopped(plan, cache, monkeypatch):
    first, second = plan("bema", blocks=1), plan("hmr", blocks=1)

    def interrupt(done, _total):
        if done == 1:
            raise KeyboardInterrupt

    whole = run(first, cache)
    with pytest.raises(KeyboardInterrupt):
        run(second, cache, interrupt)
    assert record_path(first, cache).exists()
    assert not record_path(second, cache).exists()

    resumed = run(second, cache)
    assert without_seconds(resumed) == without_seconds(
        played_blocks(second, cache / "models", lambda *_: None)
    )
    monkeypatch.setattr(runs, "played_blocks", lambda *_: pytest.fail("a finished run was played again"))
    assert run(first, cache) == whole


def test_a_record_that_is_no_record_is_named(plan, cache):
    broken = plan("bema", seed=4)
    path = record_path(broken, cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    with pytest.raises(RunRecordError, match=broken.name):
        run(broken, cache)


def test_every_constant_of_a_run_changes_its_name(plan, setup):
    usual = plan()
    others = [
        replace(usual, seed=2),
        replace(usual, bogus=10),
        replace(usual, budget=Budget(3)),
        replace(usual, source=replace(usual.source, tune=False)),
        replace(usual, setup=replace(setup, recipe=replace(setup.recipe, smoothing=0.1))),
    ]
    assert len({usual.name, *(other.name for other in others)}) == 6
    assert replace(usual, source=replace(usual.source, directory="elsewhere")).name == usual.name


@pytest.mark.parametrize(
    ("method", "used"),
    [
        ("bema", {"recipe"}),
        ("bema+", {"recipe"}),
        ("hmr", {"recipe"}),
        ("hmr-refit", {"recipe", "refit_steps"}),
        ("fedavg", {"recipe", "fedavg_steps"}),
        ("centralised", {"centralised_recipe"}),
    ],
)
def test_a_baselines_constants_change_the_names_of_its_own_runs_only(plan, setup, method, used):
    usual = plan(method)
    longer = replace(setup.recipe, steps=setup.recipe.steps + 1)
    changes = {"recipe": longer, "centralised_recipe": longer, "refit_steps": 99, "fedavg_steps": 99}
    changed = {
        field
        for field, value in changes.items()
        if replace(usual, setup=replace(setup, **{field: value})).name != usual.name
    }
    assert changed == used


def offers_of(system, holdings, height, attack=NO_ATTACK, scan=400, suspended=()):
    """What every party sends for a block."""
    ring = engine.ring_of(system, holdings, attack, None)
    return engine.offered(system, holdings, Budget(2, scan=scan), attack, height, ring, suspended)


def test_what_honest_parties_offer_is_valid_and_offered_once(plan, cache):
    usual = plan()
    world = world_of(usual, cache)
    system = begin(usual, world)
    holdings = Holdings(world.private, 1)
    offers = offers_of(system, holdings, 1)
    samples = [sample for offered in offers.values() for sample in offered]
    images = np.stack([np.frombuffer(sample.x, dtype=np.uint8).reshape(1, 28, 28) for sample in samples])
    models = [system.models[party] for party in system.membership.ids]
    scores = class_scores(models, images, 10)
    judged = judge(scores, [sample.y for sample in samples], system.membership, system.rules)
    assert all(judgement.valid for judgement in judged)

    later = offers_of(system, holdings, 2)
    seen = {sample.id() for sample in samples}
    assert samples
    assert not seen & {sample.id() for offered in later.values() for sample in offered}


def full_scan(system, world, attack, height, scan, quota):
    """What parties offer where everything is scored first, and every party then takes the first it wants."""
    models = [system.models[party] for party in system.membership.ids]
    offers, rows = {}, {}
    for party, data in world.private.items():
        rows[party] = Holdings(world.private, 1).scan(party, height, scan // len(world.private))
        looked = data.select(rows[party])
        scores, labels = class_scores(models, looked.images, 10), looked.labels.astype(np.int64)
        if party in attack.parties:
            found = [
                (looked.images[one.position].tobytes(), one.claimed) for one in system.bogus(scores, labels)
            ]
        else:
            valid = np.flatnonzero(system.wanted(scores, labels))[:quota]
            found = [(looked.images[position].tobytes(), int(labels[position])) for position in valid]
        offers[party] = found
    honest = sum(len(offers[party]) for party in offers if party not in attack.parties)
    limits = attack.limits(honest, 200 - honest, quota)
    return {party: found[: limits.get(party, quota)] for party, found in offers.items()}


@pytest.mark.parametrize("method", ["bema", "bema+", "hmr"])
@pytest.mark.parametrize("percent", [0, 50])
def test_looking_through_no_more_than_needed_offers_the_same(plan, cache, method, percent):
    usual = plan(method)
    world = world_of(usual, cache)
    system = begin(usual, world)
    attack = random_attack(world.members, percent)
    lazily = offers_of(system, Holdings(world.private, 1), 1, attack, scan=700)
    fully = full_scan(system, world, attack, 1, scan=700, quota=40)
    assert {party: [(one.x, one.y) for one in samples] for party, samples in lazily.items()} == fully
    assert sum(map(len, fully.values())) > 0


def test_a_search_scores_only_what_is_asked_for_and_nothing_twice():
    scored = []

    def scorer(images):
        scored.append(len(images))
        return np.zeros((1, len(images), 10), dtype=np.int64)

    data = Dataset(np.zeros((100, 1, 4, 4), np.uint8), np.zeros(100, np.uint8))
    search = Search(np.arange(100), data, scorer)
    assert [len(piece.rows) for piece in islice(search.pieces(32), 2)] == [32, 32]
    assert scored == [32, 32]
    assert [len(piece.rows) for piece in search.pieces(20)] == [32, 32, 20, 16]
    assert [len(piece.rows) for piece in search.pieces()] == [32, 32, 20, 16]
    assert scored == [32, 32, 20, 16]


def test_random_bogus_messages_cost_little_more_than_their_number(plan, cache):
    world = world_of(plan(), cache)
    system, attack = begin(plan(), world), random_attack(world.members, 50)
    scorer, scored = scorer_of(system), []

    def watching(images):
        scored.append(len(images))
        return scorer(images)

    holdings = Holdings(world.private, 1)
    searches = {
        party: Search(holdings.scan(party, 1, 40), world.private[party], watching) for party in attack.parties
    }
    scene = Scene(1, system, scorer, searches, engine.ring_of(system, holdings, attack, None))
    sent = [attack.strategy(AttackView(party, 3, scene)) for party in searches]
    assert [len(samples) for samples in sent] == [3] * len(searches)
    assert 3 * len(searches) <= sum(scored) <= 6 * len(searches)
    assert not any(attack.strategy(AttackView(party, 0, scene)) for party in searches)


@pytest.mark.parametrize("percent", [10, 20, 50])
def test_the_percentage_counts_messages_and_founders_stay_honest(plan, cache, percent):
    world = world_of(plan(), cache)
    attack = random_attack(world.members, percent)
    founders = {
        number for number, party in zip(world.models, world.case.parties, strict=True) if party.original
    }
    assert attack.parties
    assert not attack.parties & founders
    bogus = sum(attack.limits(honest=90, room=110, quota=20).values())
    assert abs(bogus / (90 + bogus) - percent / 100) < 0.01


def test_a_share_stays_within_the_block(plan, cache):
    attack = random_attack(world_of(plan(), cache).members, 50)
    assert sum(attack.limits(honest=165, room=35, quota=33).values()) == 35


def test_the_room_of_failed_authors_falls_to_the_others(plan, cache):
    usual = plan("bema+")
    world = world_of(usual, cache)
    system, failed = begin(usual, world), {world.members[-1].party}
    all_offer = offers_of(system, Holdings(world.private, 1), 1, scan=2000)
    fewer_offer = offers_of(system, Holdings(world.private, 1), 1, scan=2000, suspended=failed)
    assert max(map(len, all_offer.values())) == 200 // len(world.members)
    assert fewer_offer.keys() == all_offer.keys() - failed
    assert max(map(len, fewer_offer.values())) == 200 // (len(world.members) - 1)


def test_bogus_messages_mislead_hmr_and_not_bema(plan, cache):
    misled = run(plan("hmr", bogus=20), cache)
    assert sum(block["bogus_used"] for block in misled.blocks) > 0
    guarded = run(plan("bema", bogus=20), cache)
    sent = sum(block["bogus"] for block in guarded.blocks)
    assert sent > 0
    assert sum(block["bogus_used"] for block in guarded.blocks) < sent


def test_a_share_and_a_number_of_blocks_have_bounds(plan, cache):
    with pytest.raises(BogusShareError, match="95 %, 0 to 90"):
        random_attack((), 95)
    with pytest.raises(BlockCountError, match="51, 1 to 50"):
        Budget(51)


def test_tuning_sees_no_test_sample(plan, setup):
    tuned, reported = plan().source, replace(plan().source, tune=False)
    held_out, whole = tuned.load(setup), reported.load(setup)

    def rows(dataset):
        return {image.tobytes() for image in dataset.images}

    assert len(held_out.training) + len(held_out.test) == len(whole.training)
    assert rows(held_out.test) <= rows(whole.training)
    assert len(held_out.test) == setup.held_out


def test_records_are_json(plan, cache):
    record = run(plan(), cache)
    assert json.loads(record.to_json())["curve"][0][0] == 0
