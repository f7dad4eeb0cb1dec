"""Every lie a miner can tell in a block is named with its block, its model or sample, and its check."""

from dataclasses import replace

import pytest
from cheating import Forge, ForgeContext, cheat, nudged, with_body, with_model
from tiny_network import RULES, TinyNetwork

from bema_py.chain.events import BlockSubmitted
from bema_py.core.types import PartyId
from bema_py.roles.assembly import AssembledBlock, BlockContext
from bema_py.roles.auditor import audit
from bema_py.roles.block_audit import BlockAudit, Evidence
from bema_py.roles.block_miner import BlockMiner
from bema_py.roles.checks import Check, CheckBook, Finding, Status
from bema_py.roles.content import load_body
from bema_py.roles.ledger import Ledger
from bema_py.roles.network import TipRefusedError


def findings(tiny: TinyNetwork) -> list[Finding]:
    network = tiny.network
    report = audit(network.deployment, network.events(), network.store)
    assert report.exit_code == 1
    return [finding for finding in report.book.findings if finding.status is Status.FALSE]


def skip_valid_sample(block: AssembledBlock) -> AssembledBlock:
    return with_body(block, samples=block.body.samples[1:])


def change_label(block: AssembledBlock) -> AssembledBlock:
    first = block.body.samples[0]
    return with_body(block, samples=(replace(first, label=first.label ^ 1), *block.body.samples[1:]))


def change_wrong_label(block: AssembledBlock) -> AssembledBlock:
    first = block.body.samples[0]
    return with_body(
        block, samples=(replace(first, wrong_label=first.wrong_label ^ 1), *block.body.samples[1:])
    )


def steal_sample(block: AssembledBlock) -> AssembledBlock:
    first = block.body.samples[0]
    thief = PartyId(first.owner % 2 + 1)
    return with_body(block, samples=(replace(first, owner=thief), *block.body.samples[1:]))


def use_unknown_sample(block: AssembledBlock) -> AssembledBlock:
    last = block.body.samples[-1]
    return with_body(block, samples=(*block.body.samples, replace(last, sample=b"\xff" * 32)))


def move_parameter(block: AssembledBlock) -> AssembledBlock:
    party = block.body.updates[0].party
    return with_model(block, party, nudged(block.calibration.models[party]))


def omit_update(block: AssembledBlock) -> AssembledBlock:
    return with_body(block, updates=block.body.updates[1:])


def start_elsewhere(block: AssembledBlock) -> AssembledBlock:
    first = block.body.updates[0]
    return with_body(block, updates=(replace(first, old=first.new), *block.body.updates[1:]))


def swap_parties(block: AssembledBlock) -> AssembledBlock:
    first, second, *rest = block.body.updates
    swapped = (replace(first, new=second.new), replace(second, new=first.new))
    return with_body(block, updates=(*swapped, *rest))


def miscount_judged(block: AssembledBlock) -> AssembledBlock:
    record = replace(block.body.record, judged=block.body.record.judged + 1)
    return replace(block, body=replace(block.body, record=record))


def claim_other_rules(block: AssembledBlock) -> AssembledBlock:
    record = replace(block.body.record, rules=bytes(32))
    return replace(block, body=replace(block.body, record=record))


FORGERIES: list[tuple[Forge, Check]] = [
    (skip_valid_sample, Check.JUDGEMENT),
    (change_label, Check.JUDGEMENT),
    (change_wrong_label, Check.JUDGEMENT),
    (steal_sample, Check.JUDGEMENT),
    (use_unknown_sample, Check.JUDGEMENT),
    (move_parameter, Check.CALIBRATION),
    (omit_update, Check.CALIBRATION),
    (start_elsewhere, Check.CALIBRATION),
    (swap_parties, Check.CALIBRATION),
    (miscount_judged, Check.RECORD),
    (claim_other_rules, Check.RECORD),
]


@pytest.mark.parametrize(("forge", "check"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_forged_body_is_named(
    fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch, forge: Forge, check: Check
) -> None:
    fresh.play(1)
    cheat(monkeypatch, fresh, forge=forge)
    found = findings(fresh)
    assert check in {finding.check for finding in found}
    assert {finding.place.block for finding in found} == {2}


def other_step(context: BlockContext) -> BlockContext:
    rules = replace(context.rules, step_initial=RULES.step_initial + 2**12)
    return replace(context, rules=rules)


def stale_parents(context: BlockContext) -> BlockContext:
    return replace(context, models={party: nudged(model) for party, model in context.models.items()})


def reuse_samples(context: BlockContext) -> BlockContext:
    return replace(context, used=frozenset())


@pytest.mark.parametrize("context", [other_step, stale_parents])
def test_another_calibration_is_named(
    fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch, context: ForgeContext
) -> None:
    def hide(block: AssembledBlock) -> AssembledBlock:
        record = replace(block.body.record, rules=RULES.digest())
        return replace(block, body=replace(block.body, record=record))

    fresh.play(1)
    cheat(monkeypatch, fresh, forge=hide, context=context)
    found = findings(fresh)
    assert {finding.check for finding in found} == {Check.CALIBRATION}
    updated = {finding.place.party for finding in found}
    assert updated
    assert all("units of 2^-28" in finding.message for finding in found)


def test_one_moved_parameter_is_named_to_the_bit(fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh.play(1)
    cheat(monkeypatch, fresh, forge=move_parameter)
    (finding,) = findings(fresh)
    assert finding.place.party is not None
    assert "layers.0.weight[0, 7] is" in finding.message
    assert "1 of 185 parameters differ" in finding.message


def test_the_audit_goes_on_from_the_claimed_models(
    fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheat(monkeypatch, fresh, forge=move_parameter)
    monkeypatch.setattr("bema_py.roles.network.audit_block", _believe)
    fresh.play(1)
    monkeypatch.undo()
    network = fresh.network
    report = audit(network.deployment, network.events(), network.store)
    assert [block.mismatches for block in report.blocks] == [1, 0]
    assert report.recomputed == 2


def _believe(evidence: Evidence, _: Ledger, event: BlockSubmitted, *_progress: object) -> BlockAudit:
    return BlockAudit(event, CheckBook(), load_body(evidence.store, event.body_digest), None)


def test_an_honest_miner_does_not_build_on_a_false_block(
    fresh: TinyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheat(monkeypatch, fresh, forge=move_parameter)
    with pytest.raises(TipRefusedError, match=r"block 1 .* cannot be built on"):
        BlockMiner(fresh.network, fresh.miner).mine()
