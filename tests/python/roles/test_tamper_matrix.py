"""The tamper matrix forgets no field, and a share of it comes out as the committed table says."""

import json
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from auditing.block_rows import (
    BODY_FIELDS,
    HEADER_FIELDS,
    OTHERWISE,
    RULE_CHEATS,
    WITNESS_CHEATS,
    nudged,
)
from auditing.event_rows import DEPLOYMENT_FIELDS, EVENT_FIELDS, PARAMETER_FIELDS, POSITION_FIELDS
from auditing.sealing import STAGE, Work, consistent, next_block, sealed, work_at
from auditing.subject import Base, Subject, play_base
from auditing.tamper import holds, manipulations

from bema_py.chain.deployment import Deployment
from bema_py.chain.events import EVENT_TYPES, EventPosition
from bema_py.chain.parameters import Parameters
from bema_py.core.batch import Batch
from bema_py.core.block_body import BlockBody
from bema_py.core.header import BlockHeader
from bema_py.core.leaves import CalibrationRecord, ModelUpdate, RewardLeaf, SampleLeaf
from bema_py.core.model_card import ModelCard
from bema_py.core.rules import Rules
from bema_py.core.witness import Statement, WitnessRules
from bema_py.roles.checks import Check, Status
from bema_py.roles.content import card_of

RESULTS = Path(__file__).parents[3] / "docs" / "results"
ROWS: list[dict[str, Any]] = json.loads((RESULTS / "tamper.json").read_text())
SHARE = 25
"""The quick test takes every so many rows."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    made = play_base(tmp_path_factory.mktemp("base"))
    yield made
    made.stage.tiny.chain.close()


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def test_every_field_has_an_expectation() -> None:
    events = {(name, field) for name, kind in EVENT_TYPES.items() for field in names(kind) - {"position"}}
    assert set(EVENT_FIELDS) == events
    assert set(POSITION_FIELDS) == names(EventPosition)
    assert set(DEPLOYMENT_FIELDS) == names(Deployment) - {"parameters", "founders"}
    assert set(PARAMETER_FIELDS) == names(Parameters) - {"rules_digest"}
    assert set(BODY_FIELDS) == names(BlockBody)
    assert set(HEADER_FIELDS) == names(BlockHeader)
    assert set(RULE_CHEATS) | set(OTHERWISE) == names(Rules)
    assert not set(RULE_CHEATS) & set(OTHERWISE)
    assert set(WITNESS_CHEATS) == names(WitnessRules)


def test_the_committed_table_has_every_field_of_every_object() -> None:
    done = {row["manipulation"] for row in ROWS}
    for name, kind in EVENT_TYPES.items():
        assert {f"event {name}: {field}" for field in names(kind) - {"position"}} <= done
    for kind, prefix in ((SampleLeaf, "samples[0]"), (ModelUpdate, "updates[0]"), (RewardLeaf, "rewards[0]")):
        assert {f"miner: {prefix}.{field}" for field in names(kind)} <= done
    assert {f"miner: record.{field}" for field in names(CalibrationRecord)} <= done
    for stored, kind in (
        ("batch", Batch),
        ("registered model card", ModelCard),
        ("published model card", ModelCard),
        ("block body", BlockBody),
        ("rules", Rules),
        ("statements", Statement),
    ):
        found = "".join(name for name in done if name.startswith(f"stored {stored}: "))
        assert all(field in found for field in names(kind)), stored


def test_the_committed_table_is_complete_and_as_it_must_be(base: Base) -> None:
    assert [row["manipulation"] for row in ROWS] == [each.name for each in manipulations(base)]
    assert len({row["manipulation"] for row in ROWS}) == len(ROWS)
    assert [row["manipulation"] for row in ROWS if not holds(row)] == []
    assert all(row["reason"] for row in ROWS if row["check"] is None)
    assert sum(1 for row in ROWS if row["caught"]) >= 120


def test_the_honest_history_is_clean_and_a_share_of_the_table_comes_out_again(base: Base) -> None:
    assert base.subject.audited().exit_code == 0
    chosen = list(manipulations(base))[::SHARE]
    assert [each.run(base) for each in chosen] == ROWS[::SHARE]


def moved_parameter(work: Work) -> Subject:
    first, *rest = work.body.updates
    model = nudged(work.context.models[first.party])
    other = replace(first, new=card_of(model)[0].digest())
    return sealed(work, consistent(work.body, updates=(other, *rest)), models={first.party: model})


def other_height(work: Work) -> Subject:
    return sealed(work, replace(work.body, height=9))


def one_wei_more(body: BlockBody) -> BlockBody:
    first, *rest = body.rewards
    return replace(body, rewards=(replace(first, cumulative=first.cumulative + 1), *rest))


@pytest.mark.parametrize(
    ("lie", "check"), [(moved_parameter, Check.CALIBRATION), (other_height, Check.RECORD)]
)
def test_after_a_false_block_the_audit_goes_on_and_finds_the_next_lie(
    base: Base, lie: Callable[[Work], Subject], check: Check
) -> None:
    """Honest blocks on the false one are clean, and a later lie is named as well."""
    first = next_block(lie(work_at(base)), lambda body: body)
    assert named(first) == {(STAGE, check)}
    assert named(next_block(first, one_wei_more)) == {(STAGE, check), (STAGE + 2, Check.REWARDS)}


def named(subject: Subject) -> set[tuple[int | None, Check]]:
    findings = subject.audited().book.findings
    return {(each.place.block, each.check) for each in findings if each.status is not Status.NOTICE}
